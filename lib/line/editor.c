// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Keys: bytes become characters, control characters and escape sequences, and each of those an edit.
 *
 * Escape sequences are those that xterm, tmux and the Linux console send: ESC [ parameters final, ESC O
 * final, ESC letter. Whatever is not known is read to its end and dropped.
 */
#include "internal.h"

enum state : uint8_t { PLAIN, ESCAPE, CONTROL, SINGLE };

#define CTRL(c) ((c) & 0x1f)

void line_init(struct line_editor *editor, struct line_output out, uint32_t columns)
{
	__builtin_memset(editor, 0, sizeof(*editor));
	editor->out = out;
	editor->columns = columns < 8 ? 8 : columns;
}

static void move_to(struct line_editor *editor, uint32_t at)
{
	if (at == editor->cursor)
		return;
	editor->cursor = at;
	line_redraw(editor);
}

static void go_back_in_history(struct line_editor *editor, bool older)
{
	uint32_t len, at = editor->history_at;

	if (!older && at == 0)
		return;
	if (older && at == 0) {
		__builtin_memcpy(editor->draft, editor->text, editor->len);
		editor->draft_len = editor->len;
	}
	at = older ? at + 1 : at - 1;
	if (at == 0) {
		editor->history_at = 0;
		line_replace(editor, editor->draft, editor->draft_len);
		return;
	}

	const char *found = line_history_find(&editor->history, at, &len);
	if (!found) {
		line_bell(editor);
		return;
	}
	editor->history_at = at;
	line_replace(editor, found, len < LINE_MAX ? len : LINE_MAX);
}

static enum line_event finish(struct line_editor *editor, enum line_event event)
{
	line_to_end(editor);
	if (event == LINE_DROPPED)
		line_put(editor, "^C", 2);
	line_put(editor, "\r\n", 2);
	editor->open = editor->shown = false;
	if (event == LINE_READY && editor->remember)
		line_history_add(&editor->history, editor->text, editor->len);
	if (event != LINE_READY)
		editor->len = editor->cursor = 0;
	return event;
}

static enum line_event end_or_delete(struct line_editor *editor)
{
	if (editor->len == 0)
		return finish(editor, LINE_ENDED);
	line_erase(editor, editor->cursor, line_after(editor, editor->cursor));
	return LINE_MORE;
}

/* One column back at the end of a row that does not wrap there: what every terminal understands. */
static void backspace(struct line_editor *editor)
{
	uint32_t from = line_before(editor, editor->cursor);
	uint32_t column = line_width(editor->prompt, editor->prompt_len) +
			  line_width(editor->text, editor->cursor);
	bool simple = editor->shown && editor->cursor == editor->len && column % editor->columns != 0 &&
		      editor->cursor > from && line_width(editor->text + from, editor->cursor - from) == 1;

	if (!simple) {
		line_erase(editor, from, editor->cursor);
		return;
	}
	editor->len = editor->cursor = from;
	line_put(editor, "\b \b", 3);
	/*
	 * The row cannot have changed: the column was not the first one. But it may be the row's last
	 * position now.
	 */
	if ((column - 1) % editor->columns == 0 && column > 1)
		line_redraw(editor);
}

static enum line_event control_key(struct line_editor *editor, uint8_t byte)
{
	switch (byte) {
	case CTRL('A'):
		move_to(editor, 0);
		break;
	case CTRL('E'):
		move_to(editor, editor->len);
		break;
	case CTRL('B'):
		move_to(editor, line_before(editor, editor->cursor));
		break;
	case CTRL('F'):
		move_to(editor, line_after(editor, editor->cursor));
		break;
	case CTRL('C'):
		return finish(editor, LINE_DROPPED);
	case CTRL('D'):
		return end_or_delete(editor);
	case CTRL('H'):
	case 0x7f:
		backspace(editor);
		break;
	case CTRL('I'):
		line_insert(editor, " ", 1);
		break;
	case CTRL('K'):
		line_kill(editor, editor->cursor, editor->len);
		break;
	case CTRL('L'):
		line_clear_screen(editor);
		break;
	case CTRL('N'):
		go_back_in_history(editor, false);
		break;
	case CTRL('P'):
		go_back_in_history(editor, true);
		break;
	case CTRL('U'):
		line_kill(editor, 0, editor->cursor);
		break;
	case CTRL('W'):
		line_kill(editor, line_word_before(editor, editor->cursor), editor->cursor);
		break;
	case CTRL('Y'):
		line_insert(editor, editor->killed, editor->killed_len);
		break;
	case CTRL('['):
		editor->state = ESCAPE;
		break;
	default:
		break;
	}
	return LINE_MORE;
}

/* ESC [ n ~ */
static void numbered_key(struct line_editor *editor)
{
	switch (editor->parameter[0]) {
	case 1:
	case 7:
		move_to(editor, 0);
		break;
	case 4:
	case 8:
		move_to(editor, editor->len);
		break;
	case 3:
		line_erase(editor, editor->cursor, line_after(editor, editor->cursor));
		break;
	default:
		break;
	}
}

static void escape_key(struct line_editor *editor, uint8_t final)
{
	bool words = editor->parameter_count > 1 && editor->parameter[1] != 0;

	switch (final) {
	case 'A':
		go_back_in_history(editor, true);
		break;
	case 'B':
		go_back_in_history(editor, false);
		break;
	case 'C':
		move_to(editor,
			words ? line_word_after(editor, editor->cursor) : line_after(editor, editor->cursor));
		break;
	case 'D':
		move_to(editor, words ? line_word_before(editor, editor->cursor)
				      : line_before(editor, editor->cursor));
		break;
	case 'H':
		move_to(editor, 0);
		break;
	case 'F':
		move_to(editor, editor->len);
		break;
	case '~':
		numbered_key(editor);
		break;
	default:
		break;
	}
}

static void alt_key(struct line_editor *editor, uint8_t byte)
{
	if (byte == 'b')
		move_to(editor, line_word_before(editor, editor->cursor));
	else if (byte == 'f')
		move_to(editor, line_word_after(editor, editor->cursor));
	else if (byte == 'd')
		line_kill(editor, editor->cursor, line_word_after(editor, editor->cursor));
}

static void add_parameter_digit(struct line_editor *editor, uint8_t byte)
{
	if (byte == ';') {
		if (editor->parameter_count < 2)
			editor->parameter_count++;
		return;
	}
	if (editor->parameter_count == 0)
		editor->parameter_count = 1;

	uint8_t *p = &editor->parameter[editor->parameter_count - 1];
	unsigned value = *p * 10u + (byte - '0');
	*p = value > 255 ? 255 : (uint8_t)value;
}

/* Inside an escape sequence. */
static void escape_byte(struct line_editor *editor, uint8_t byte)
{
	if (editor->state == ESCAPE) {
		editor->state = byte == '[' ? CONTROL : byte == 'O' ? SINGLE : PLAIN;
		editor->parameter_count = editor->parameter[0] = editor->parameter[1] = 0;
		if (editor->state == PLAIN)
			alt_key(editor, byte);
		return;
	}
	if (editor->state == SINGLE || (byte >= 0x40 && byte <= 0x7e)) {
		editor->state = PLAIN;
		escape_key(editor, byte);
	} else if ((byte >= '0' && byte <= '9') || byte == ';') {
		add_parameter_digit(editor, byte);
	} else if (byte < 0x20 || byte >= 0x7f) {
		editor->state = PLAIN;
	}
}

static bool is_valid_character(const char *bytes, uint8_t len)
{
	uint8_t a = (uint8_t)bytes[0], b = (uint8_t)bytes[1];

	if (len == 3)
		return !(a == 0xe0 && b < 0xa0) && !(a == 0xed && b > 0x9f);
	if (len == 4)
		return !(a == 0xf0 && b < 0x90) && !(a == 0xf4 && b > 0x8f);
	return true;
}

static void insert_replacement(struct line_editor *editor)
{
	editor->utf8_len = editor->utf8_want = 0;
	line_insert(editor, "\xef\xbf\xbd", 3);
}

/* A byte of a character of several. */
static void utf8_byte(struct line_editor *editor, uint8_t byte)
{
	bool continuation = (byte & 0xc0) == 0x80;

	if (editor->utf8_want != 0 && !continuation)
		insert_replacement(editor);
	if (editor->utf8_want == 0) {
		if (byte < 0xc2 || byte > 0xf4) {
			insert_replacement(editor);
			return;
		}
		editor->utf8_want = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
	}
	editor->utf8[editor->utf8_len++] = (char)byte;
	if (editor->utf8_len < editor->utf8_want)
		return;
	if (!is_valid_character(editor->utf8, editor->utf8_len)) {
		insert_replacement(editor);
		return;
	}

	uint8_t len = editor->utf8_len;
	editor->utf8_len = editor->utf8_want = 0;
	line_insert(editor, editor->utf8, len);
}

enum line_event line_feed(struct line_editor *editor, uint8_t byte)
{
	bool second_half = byte == '\n' && editor->after_return;

	editor->after_return = byte == '\r';
	if (second_half)
		return LINE_MORE;
	if (editor->state != PLAIN) {
		escape_byte(editor, byte);
		return LINE_MORE;
	}
	if (byte >= 0x80) {
		utf8_byte(editor, byte);
		return LINE_MORE;
	}
	if (editor->utf8_want != 0)
		insert_replacement(editor);
	if (byte == '\r' || byte == '\n')
		return finish(editor, LINE_READY);
	if (byte < 0x20 || byte == 0x7f)
		return control_key(editor, byte);

	char c = (char)byte;
	line_insert(editor, &c, 1);
	return LINE_MORE;
}
