// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The line on the screen: prompt and text, wrapped by the terminal itself at `columns`.
 *
 * A terminal that has just filled its last column waits there until the next character comes. So the position
 * behind the last character of a full row is still on that row, and only a position in front of a character
 * is on the next.
 */
#include "internal.h"

static uint32_t end_row(uint32_t position, uint32_t columns)
{
	return position == 0 ? 0 : (position - 1) / columns;
}

static uint32_t position_of(const struct line_editor *editor, uint32_t at)
{
	char prompt[LINE_PROMPT_MAX];
	uint32_t before = line_width(prompt, line_shown_prompt(editor, prompt));

	return before + (editor->hidden ? 0 : line_width(editor->text, at));
}

void line_put(struct line_editor *editor, const char *bytes, size_t len)
{
	editor->out.write(editor->out.self, bytes, len);
}

void line_bell(struct line_editor *editor)
{
	line_put(editor, "\a", 1);
}

/* ESC [ n final; nothing if n is 0. */
static void move(struct line_editor *editor, uint32_t n, char final)
{
	char bytes[16] = {'\x1b', '['}, digits[10];
	uint32_t len = 2, count = 0;

	if (n == 0)
		return;
	for (; n > 0; n /= 10)
		digits[count++] = (char)('0' + n % 10);
	while (count > 0)
		bytes[len++] = digits[--count];
	bytes[len++] = final;
	line_put(editor, bytes, len);
}

/* From the end of the text, where the terminal is after writing it, to the cursor. */
static void place_cursor(struct line_editor *editor)
{
	uint32_t end = position_of(editor, editor->len), at = position_of(editor, editor->cursor);

	editor->row = end_row(end, editor->columns);
	if (editor->cursor == editor->len)
		return;
	move(editor, editor->row - at / editor->columns, 'A');
	line_put(editor, "\r", 1);
	move(editor, at % editor->columns, 'C');
	editor->row = at / editor->columns;
}

static void erase_all(struct line_editor *editor)
{
	move(editor, editor->row, 'A');
	line_put(editor, "\r\x1b[J", 4);
	editor->row = 0;
}

static void draw(struct line_editor *editor)
{
	char prompt[LINE_PROMPT_MAX];

	line_put(editor, prompt, line_shown_prompt(editor, prompt));
	if (!editor->hidden)
		line_put(editor, editor->text, editor->len);
	editor->shown = true;
	place_cursor(editor);
}

void line_redraw(struct line_editor *editor)
{
	if (!editor->shown)
		return;
	erase_all(editor);
	draw(editor);
}

void line_appended(struct line_editor *editor, uint32_t from)
{
	if (!editor->shown || editor->hidden)
		return;
	line_put(editor, editor->text + from, editor->len - from);
	editor->row = end_row(position_of(editor, editor->len), editor->columns);
}

void line_to_end(struct line_editor *editor)
{
	if (editor->cursor == editor->len)
		return;
	editor->cursor = editor->len;
	line_redraw(editor);
}

void line_clear_screen(struct line_editor *editor)
{
	line_put(editor, "\x1b[H\x1b[2J", 7);
	editor->row = 0;
	draw(editor);
}

void line_hide(struct line_editor *editor)
{
	if (!editor->open || !editor->shown)
		return;
	if (editor->prompt_len != 0 || editor->len != 0)
		erase_all(editor);
	editor->shown = false;
}

void line_show(struct line_editor *editor)
{
	if (editor->open && !editor->shown)
		draw(editor);
}

void line_begin(struct line_editor *editor, const char *prompt, size_t prompt_len, size_t shown,
		bool remember)
{
	if (prompt_len > LINE_PROMPT_MAX)
		prompt_len = LINE_PROMPT_MAX;
	__builtin_memcpy(editor->prompt, prompt, prompt_len);
	editor->prompt_len = (uint32_t)prompt_len;
	editor->len = editor->cursor = 0;
	editor->row = 0;
	editor->history_at = 0;
	editor->searching = false;
	editor->remember = remember;
	editor->open = editor->shown = true;
	if (shown < prompt_len)
		line_put(editor, prompt + shown, prompt_len - shown);
	place_cursor(editor);
}

void line_resize(struct line_editor *editor, uint32_t columns)
{
	columns = columns < 8 ? 8 : columns;
	if (columns == editor->columns)
		return;
	/* Terminals wrap long lines anew, or do not: only a line of one row is where it was. */
	editor->columns = columns;
	if (editor->open && editor->shown && editor->row > 0)
		line_redraw(editor);
}
