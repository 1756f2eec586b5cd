// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Editing a line: bytes from a keyboard in, a line of UTF-8 and the bytes that a VT100 needs to show it out.
 *
 * - Pure: no input or output of its own, no allocation, no clock. The terminal process drives it; host tests
 *   too.
 * - Keys: printable characters, Backspace, Delete, arrows, Home, End, Ctrl-A E B F (start, end, left, right),
 *   Ctrl-U K W (kill to the start, to the end, the word before), Ctrl-Y (yank), Ctrl-P N (history), Ctrl-L
 *   (clear the screen), Ctrl-C (drop the line), Ctrl-D (end of input on an empty line, else delete), Alt-B F
 *   and Ctrl-arrows (words).
 * - Unknown escape sequences are swallowed whole; other control characters do nothing. Tab is a space.
 * - Typed at the end of the line, a character is echoed as it is, so a transcript of piped input is plain
 *   text.
 * - What is not UTF-8 becomes U+FFFD. A full line rings the bell.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LINE_MAX 960u /* bytes in a line; one fits into a message of 1 KiB */
#define LINE_PROMPT_MAX 128u
#define LINE_HISTORY_BYTES 8192u

enum line_event : uint8_t {
	LINE_MORE,    /* the line goes on */
	LINE_READY,   /* text, len: the line */
	LINE_ENDED,   /* Ctrl-D on an empty line */
	LINE_DROPPED, /* Ctrl-C: the line is empty again, its prompt not yet shown: line_begin */
};

/* Where the bytes for the screen go. */
struct line_output {
	void (*write)(void *self, const char *bytes, size_t len);
	void *self;
};

/* Earlier lines, the oldest first, each ended by a NUL; the oldest make room for new ones. */
struct line_history {
	char bytes[LINE_HISTORY_BYTES];
	uint32_t len;
};

struct line_editor {
	struct line_output out;
	uint32_t columns;
	char prompt[LINE_PROMPT_MAX];
	uint32_t prompt_len;
	char text[LINE_MAX];
	uint32_t len, cursor;
	bool open;     /* between line_begin and the event that ends the line */
	bool shown;    /* prompt and text are on the screen */
	bool remember; /* the line goes into the history */

	/* Private */
	uint32_t row;        /* of the screen cursor, counted from the prompt's first row */
	uint32_t history_at; /* 0: the new line; n: the n-th newest */
	struct line_history history;
	char draft[LINE_MAX]; /* the new line, while the person looks at older ones */
	uint32_t draft_len;
	char killed[LINE_MAX];
	uint32_t killed_len;
	uint8_t state;
	uint8_t parameter[2];
	uint8_t parameter_count;
	char utf8[4];
	uint8_t utf8_len, utf8_want;
	bool after_return;
};

void line_init(struct line_editor *editor, struct line_output out, uint32_t columns);
/*
 * Shows prompt (cut to LINE_PROMPT_MAX) and starts with an empty line. The first `shown` bytes of prompt are
 * on the screen already, and the cursor is behind them.
 */
void line_begin(struct line_editor *editor, const char *prompt, size_t prompt_len, size_t shown,
		bool remember);
/* One byte from the keyboard. Must be called only between line_begin and the end of the line. */
enum line_event line_feed(struct line_editor *editor, uint8_t byte);
/* Around output of others while a line is open: takes the line off the screen; puts it back as it was. */
void line_hide(struct line_editor *editor);
void line_show(struct line_editor *editor);
