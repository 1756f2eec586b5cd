// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The text of the line: UTF-8, of which only whole, valid characters get in, so that moving is a matter of
 * continuation bytes.
 */
#include "internal.h"

static bool is_continuation(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

static bool is_word(char c)
{
	return (uint8_t)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_';
}

/* The character at text[0], and its length in bytes. */
static uint32_t decode(const char *text, uint32_t len, uint32_t *bytes)
{
	uint8_t first = (uint8_t)text[0];
	uint32_t want = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = want == 1 ? first : first & (0x7fu >> want);

	if (want > len)
		want = len;
	for (uint32_t i = 1; i < want; i++)
		c = c << 6 | ((uint8_t)text[i] & 0x3f);
	*bytes = want;
	return c;
}

/* Columns of one character, by the coarse ranges of Unicode's East Asian Width and combining marks. */
static uint32_t columns_of(uint32_t c)
{
	static const struct {
		uint32_t first, last, width;
	} ranges[] = {
		{0x0300, 0x036f, 0},   {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0}, {0x20d0, 0x20ff, 0},
		{0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},
		{0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2},
		{0x20000, 0x3fffd, 2},
	};

	for (unsigned i = 0; c >= ranges[0].first && i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].width;
	return 1;
}

uint32_t line_width(const char *text, uint32_t len)
{
	uint32_t width = 0, bytes;

	for (uint32_t at = 0; at < len; at += bytes)
		width += columns_of(decode(text + at, len - at, &bytes));
	return width;
}

uint32_t line_before(const struct line_editor *editor, uint32_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && is_continuation(editor->text[at]))
		at--;
	return at;
}

uint32_t line_after(const struct line_editor *editor, uint32_t at)
{
	if (at < editor->len)
		at++;
	while (at < editor->len && is_continuation(editor->text[at]))
		at++;
	return at;
}

uint32_t line_word_before(const struct line_editor *editor, uint32_t at)
{
	while (at > 0 && !is_word(editor->text[at - 1]))
		at--;
	while (at > 0 && is_word(editor->text[at - 1]))
		at--;
	return at;
}

uint32_t line_word_after(const struct line_editor *editor, uint32_t at)
{
	while (at < editor->len && !is_word(editor->text[at]))
		at++;
	while (at < editor->len && is_word(editor->text[at]))
		at++;
	return at;
}

void line_insert(struct line_editor *editor, const char *bytes, uint32_t len)
{
	uint32_t at = editor->cursor;

	if (len > LINE_MAX - editor->len) {
		line_bell(editor);
		return;
	}
	__builtin_memmove(editor->text + at + len, editor->text + at, editor->len - at);
	__builtin_memcpy(editor->text + at, bytes, len);
	editor->len += len;
	editor->cursor += len;
	if (editor->cursor == editor->len)
		line_appended(editor, at);
	else
		line_redraw(editor);
}

void line_erase(struct line_editor *editor, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	__builtin_memmove(editor->text + from, editor->text + to, editor->len - to);
	editor->len -= to - from;
	editor->cursor = from;
	line_redraw(editor);
}

void line_kill(struct line_editor *editor, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	__builtin_memcpy(editor->killed, editor->text + from, to - from);
	editor->killed_len = to - from;
	line_erase(editor, from, to);
}

void line_replace(struct line_editor *editor, const char *text, uint32_t len)
{
	__builtin_memcpy(editor->text, text, len);
	editor->len = editor->cursor = len;
	line_redraw(editor);
}
