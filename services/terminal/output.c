// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Output: bytes as they are, but for the newline, which becomes carriage return and newline.
 *
 * - If somebody is editing a line, the line leaves the screen, the text takes its place, and the line comes back below.
 * - A line that one has begun and another goes on with is ended first: two programs never share a line.
 * - While one has the whole screen, what the others write is held back, the last HELD_MAX bytes of it.
 */
#include "terminal.h"

/* The alternate screen, emptied, and back; a terminal without one shows what was drawn. */
#define SCREEN_TAKE "\x1b[?1049h\x1b[H\x1b[2J"
#define SCREEN_LEAVE "\x1b[0m\x1b[?25h\x1b[?1049l"

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

void output_end_line(struct terminal *t)
{
	if (t->tail_len == 0 || t->screen)
		return;
	line_hide(&t->editor);
	device_write(t, "\r\n", 2);
	t->tail_len = 0;
	line_show(&t->editor);
}

static void hold(struct terminal *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		t->held[t->held_put++ % HELD_MAX] = bytes[i];
}

static void write_text(struct face *writer, const char *bytes, size_t len, bool end_line)
{
	struct terminal *t = writer->terminal;

	line_hide(&t->editor);
	if (t->tail_len > 0 && t->writer != writer) {
		device_write(t, "\r\n", 2);
		t->tail_len = 0;
	}
	t->writer = writer;
	write_lines(t, bytes, len);
	keep_tail(t, bytes, len);
	if (end_line || (t->editor.open && t->tail_len > 0)) {
		device_write(t, "\r\n", 2);
		t->tail_len = 0;
	}
	line_show(&t->editor);
}

void output_text(struct face *writer, const char *bytes, size_t len, bool end_line)
{
	struct terminal *t = writer->terminal;

	if (len == 0 && !end_line)
		return;
	if (t->screen == writer) {
		write_lines(t, bytes, len);
	} else if (t->screen) {
		hold(t, bytes, len);
		hold(t, "\n", end_line ? 1 : 0);
	} else {
		write_text(writer, bytes, len, end_line);
	}
}

/* ---- The whole screen ---- */

bool output_take_screen(struct face *face)
{
	struct terminal *t = face->terminal;

	if (t->screen)
		return t->screen == face;
	line_hide(&t->editor);
	t->screen = face;
	t->held_put = 0;
	device_write(t, SCREEN_TAKE, sizeof(SCREEN_TAKE) - 1);
	return true;
}

static void write_held(struct terminal *t)
{
	uint64_t at = t->held_put > HELD_MAX ? t->held_put - HELD_MAX : 0;
	char byte;

	if (at > 0)
		write_text(&t->console, "(earlier output was lost while the screen was taken)", 52, true);
	for (; at < t->held_put; at++) {
		byte = t->held[at % HELD_MAX];
		write_text(&t->console, &byte, 1, false);
	}
	t->held_put = 0;
}

void output_leave_screen(struct face *face)
{
	struct terminal *t = face->terminal;

	if (t->screen != face)
		return;
	t->screen = nullptr;
	device_write(t, SCREEN_LEAVE, sizeof(SCREEN_LEAVE) - 1);
	write_held(t);
	line_show(&t->editor);
}
