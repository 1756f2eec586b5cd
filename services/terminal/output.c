// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Output: bytes as they are, but for the newline, which becomes carriage return and newline.
 *
 * If somebody is editing a line, the line leaves the screen, the text takes its place, and the line comes
 * back below.
 */
#include "terminal.h"

void output_raw(void *terminal, const char *bytes, size_t len)
{
	struct terminal *t = terminal;

	device_write(t, bytes, len);
}

static void write_lines(struct terminal *t, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *newline = __builtin_memchr(bytes, '\n', len);
		size_t piece = newline ? (size_t)(newline - bytes) : len;

		device_write(t, bytes, piece);
		if (!newline)
			break;
		device_write(t, "\r\n", 2);
		bytes += piece + 1;
		len -= piece + 1;
	}
}

/* Remembers the line that is not ended. */
static void keep_tail(struct terminal *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			t->tail_len = 0;
		else if (t->tail_len < sizeof(t->tail))
			t->tail[t->tail_len++] = bytes[i];
	}
}

void output_text(struct terminal *t, const char *bytes, size_t len, bool end_line)
{
	if (len == 0 && !end_line)
		return;
	line_hide(&t->editor);
	write_lines(t, bytes, len);
	keep_tail(t, bytes, len);
	if (end_line || (t->editor.open && t->tail_len > 0)) {
		device_write(t, "\r\n", 2);
		t->tail_len = 0;
	}
	line_show(&t->editor);
}
