// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Editing a line: bytes from a keyboard in, a line of UTF-8 and the bytes that a VT100 needs to show it out.
 *
 * - Pure: no input or output of its own, no allocation, no clock. The terminal process drives it; host tests
 *   too.
 * - Keys: printable characters, Backspace, Delete, arrows, Home, End, Ctrl-A E B F (start, end, left, right),
 *   Ctrl-U K W (kill to the start, to the end, the word before), Ctrl-Y (yank), Ctrl-P N (history), Ctrl-R (search
 *   it backwards), Ctrl-L (clear the screen), Ctrl-C (drop the line), Ctrl-D (end of input on an empty line, else
 *   delete), Alt-B F and Ctrl-arrows (words), Alt-D and Alt-Backspace (kill a word).
 * - Unknown escape sequences are swallowed whole; other control characters do nothing. Tab is a space, unless the
 *   owner completes.
 * - Typed at the end of the line, a character is echoed as it is, so a transcript of piped input is plain
 *   text.
 * - What is not UTF-8 becomes U+FFFD. A full line rings the bell.
 */
#pragma once

#include <line/key.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_MAX 960u /* bytes in a line; one fits into a message of 1 KiB */
#define LINE_PROMPT_MAX 128u
#define LINE_HISTORY_BYTES 8192u
#define LINE_QUERY_MAX 64u /* bytes that Ctrl-R looks for */

enum line_event : uint8_t {
	LINE_MORE,    /* the line goes on */
	LINE_READY,   /* text, len: the line */
	LINE_ENDED,   /* Ctrl-D on an empty line */
	LINE_DROPPED, /* Ctrl-C: the line is empty again, its prompt not yet shown: line_begin */
	LINE_TAB,     /* Tab, if the editor `completes`: the line stays open; line_set changes it */
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
	/* For the owner to set, before line_begin: */
	bool completes; /* Tab is an event */
	bool hidden;    /* the text is not shown (and not remembered): a password */

	/* Private */
	uint32_t row;        /* of the screen cursor, counted from the prompt's first row */
	uint32_t history_at; /* 0: the new line; n: the n-th newest */
	struct line_history history;
	char draft[LINE_MAX]; /* the new line, while the person looks at older ones */
	uint32_t draft_len;
	char killed[LINE_MAX];
	uint32_t killed_len;
	struct line_decoder decoder;
	bool searching; /* Ctrl-R: text is what was found, the prompt shows what for */
	bool not_found;
	char query[LINE_QUERY_MAX];
	uint32_t query_len;
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
/* The same with a key that was decoded elsewhere. */
enum line_event line_press(struct line_editor *editor, const struct line_key *key);
/* The open line becomes this (cut to LINE_MAX), with the cursor at that byte, which must begin a character. */
void line_set(struct line_editor *editor, const char *text, uint32_t len, uint32_t cursor);
/* The window has another size now. */
void line_resize(struct line_editor *editor, uint32_t columns);
/* Around output of others while a line is open: takes the line off the screen; puts it back as it was. */
void line_hide(struct line_editor *editor);
void line_show(struct line_editor *editor);
