// SPDX-License-Identifier: MIT OR Apache-2.0
/* What each key does to the line. */
#include "internal.h"

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
	if (event == LINE_READY && editor->remember && !editor->hidden)
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
	bool simple = editor->shown && !editor->hidden && editor->cursor == editor->len &&
		      column % editor->columns != 0 && editor->cursor > from &&
		      line_width(editor->text + from, editor->cursor - from) == 1;

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

/* Ctrl and a letter. */
static enum line_event control_key(struct line_editor *editor, uint32_t letter)
{
	switch (letter) {
	case 'A':
		move_to(editor, 0);
		break;
	case 'E':
		move_to(editor, editor->len);
		break;
	case 'B':
		move_to(editor, line_before(editor, editor->cursor));
		break;
	case 'F':
		move_to(editor, line_after(editor, editor->cursor));
		break;
	case 'C':
		return finish(editor, LINE_DROPPED);
	case 'D':
		return end_or_delete(editor);
	case 'K':
		line_kill(editor, editor->cursor, editor->len);
		break;
	case 'L':
		line_clear_screen(editor);
		break;
	case 'N':
		go_back_in_history(editor, false);
		break;
	case 'P':
		go_back_in_history(editor, true);
		break;
	case 'R':
		line_search_begin(editor);
		break;
	case 'U':
		line_kill(editor, 0, editor->cursor);
		break;
	case 'W':
		line_kill(editor, line_word_before(editor, editor->cursor), editor->cursor);
		break;
	case 'Y':
		line_insert(editor, editor->killed, editor->killed_len);
		break;
	default:
		break;
	}
	return LINE_MORE;
}

/* Alt and a key: words. */
static void alt_key(struct line_editor *editor, const struct line_key *key)
{
	uint32_t at = editor->cursor;

	if (key->code == LINE_KEY_BACKSPACE)
		line_kill(editor, line_word_before(editor, at), at);
	else if (key->code == LINE_KEY_LEFT || (key->code == LINE_KEY_CHARACTER && key->character == 'b'))
		move_to(editor, line_word_before(editor, at));
	else if (key->code == LINE_KEY_RIGHT || (key->code == LINE_KEY_CHARACTER && key->character == 'f'))
		move_to(editor, line_word_after(editor, at));
	else if (key->code == LINE_KEY_CHARACTER && key->character == 'd')
		line_kill(editor, at, line_word_after(editor, at));
}

static enum line_event tab(struct line_editor *editor)
{
	if (editor->completes)
		return LINE_TAB;
	line_insert(editor, " ", 1);
	return LINE_MORE;
}

static enum line_event named_key(struct line_editor *editor, const struct line_key *key)
{
	uint32_t at = editor->cursor;

	switch (key->code) {
	case LINE_KEY_ENTER:
		return finish(editor, LINE_READY);
	case LINE_KEY_TAB:
		return tab(editor);
	case LINE_KEY_BACKSPACE:
		backspace(editor);
		break;
	case LINE_KEY_DELETE:
		line_erase(editor, at, line_after(editor, at));
		break;
	case LINE_KEY_UP:
		go_back_in_history(editor, true);
		break;
	case LINE_KEY_DOWN:
		go_back_in_history(editor, false);
		break;
	case LINE_KEY_LEFT:
		move_to(editor, key->control ? line_word_before(editor, at) : line_before(editor, at));
		break;
	case LINE_KEY_RIGHT:
		move_to(editor, key->control ? line_word_after(editor, at) : line_after(editor, at));
		break;
	case LINE_KEY_HOME:
		move_to(editor, 0);
		break;
	case LINE_KEY_END:
		move_to(editor, editor->len);
		break;
	default:
		break;
	}
	return LINE_MORE;
}

enum line_event line_press(struct line_editor *editor, const struct line_key *key)
{
	if (editor->searching && line_search_key(editor, key))
		return LINE_MORE;
	if (key->alt) {
		alt_key(editor, key);
		return LINE_MORE;
	}
	if (key->code == LINE_KEY_CONTROL)
		return control_key(editor, key->character);
	if (key->code != LINE_KEY_CHARACTER)
		return named_key(editor, key);
	line_insert(editor, key->utf8, key->len);
	return LINE_MORE;
}

enum line_event line_feed(struct line_editor *editor, uint8_t byte)
{
	struct line_key keys[2];
	unsigned count = line_decode(&editor->decoder, byte, keys);
	enum line_event event = LINE_MORE;

	/* Two: the first is a character that was broken off, and ends nothing. */
	for (unsigned i = 0; i < count && event == LINE_MORE; i++)
		event = line_press(editor, &keys[i]);
	return event;
}

void line_set(struct line_editor *editor, const char *text, uint32_t len, uint32_t cursor)
{
	len = len < LINE_MAX ? len : LINE_MAX;
	bool same = len == editor->len && cursor == editor->cursor &&
		    __builtin_memcmp(text, editor->text, len) == 0;

	if (same)
		return;
	/* At the end, only what is new is shown: a completed word is typed, so to speak. */
	bool longer = editor->cursor == editor->len && cursor == len && len > editor->len &&
		      __builtin_memcmp(text, editor->text, editor->len) == 0;
	uint32_t from = editor->len;

	__builtin_memmove(editor->text, text, len);
	editor->len = len;
	editor->cursor = cursor < len ? cursor : len;
	if (longer)
		line_appended(editor, from);
	else
		line_redraw(editor);
}
