// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where everything that the prompt says goes through: at a person's terminal, long output stops after each screenful. What
 * comes from a pipe is never asked, and views that go on by themselves (top, live traces) turn it off.
 *
 * The terminal's size is asked for once for each statement, and only when that says more than a line.
 */
#include "prompt.h"

#define PLAIN_COLUMNS 120u /* where nobody knows the width */
#define LEAST_ROWS 6u

static enum { UNKNOWN, OFF, ON, SKIPPING } state;
static enum { TEXT, ESCAPE, SEQUENCE } escape;
static bool person; /* valid unless UNKNOWN; so are columns and rows */
static uint32_t columns, rows;
static uint32_t column, lines;

static void look(void)
{
	if (state != UNKNOWN)
		return;
	state = OFF; /* asking says nothing, but who knows */
	person = terminal_size(&columns, &rows);
	if (person && rows >= LEAST_ROWS)
		state = ON;
}

void page_begin(void)
{
	state = UNKNOWN;
	escape = TEXT;
	column = lines = 0;
}

void page_never(void)
{
	look();
	state = OFF;
}

bool page_is_person(void)
{
	look();
	return person;
}

uint32_t page_columns(void)
{
	return page_is_person() ? columns : PLAIN_COLUMNS;
}

/* True: the byte ended a row of the screen. */
static bool ends_row(char c)
{
	if (escape == ESCAPE || (escape == TEXT && c == '\x1b')) {
		escape = escape == TEXT ? ESCAPE : c == '[' ? SEQUENCE : TEXT;
		return false;
	}
	if (escape == SEQUENCE) {
		escape = c >= '@' && c <= '~' ? TEXT : SEQUENCE;
		return false;
	}
	if (c == '\n') {
		column = 0;
		return true;
	}
	if ((uint8_t)c < ' ' || ((uint8_t)c & 0xc0) == 0x80 || ++column <= page_columns())
		return false;
	column = 1;
	return true;
}

/* Waits for a key that goes on. False: the person has seen enough. */
static bool ask(void)
{
	static const char question[] = "-- more: space, Enter; q ends --", erase[] = "\r\x1b[K";
	struct terminal_pressed key = {};
	bool on = true, known = false;

	terminal_collect(question, sizeof(question) - 1);
	while (on && !known) {
		on = terminal_read_key(&key, 0);
		known = true;
		if (key.code == TERMINAL_KEY_CODE_CHARACTER && key.character == ' ')
			lines = 0;
		else if (key.code == TERMINAL_KEY_CODE_PAGE_DOWN)
			lines = 0;
		else if (key.code == TERMINAL_KEY_CODE_ENTER || key.code == TERMINAL_KEY_CODE_DOWN)
			lines = rows - 2;
		else if ((key.code == TERMINAL_KEY_CODE_CHARACTER && key.character == 'q') ||
			 (key.code == TERMINAL_KEY_CODE_CONTROL && key.character == 'D'))
			on = false;
		else
			known = false;
	}
	terminal_collect(erase, sizeof(erase) - 1);
	return on;
}

static void write(void *self, const char *bytes, size_t len)
{
	size_t from = 0;

	(void)self;
	for (size_t i = 0; i < len && state != SKIPPING; i++) {
		if (!ends_row(bytes[i]) || ++lines < 2)
			continue;
		look();
		if (state != ON || lines < rows - 1)
			continue;
		terminal_collect(bytes + from, i + 1 - from);
		from = i + 1;
		if (!ask()) {
			state = SKIPPING;
			terminal_interrupt(); /* what goes on printing has no reader any more */
		}
	}
	if (state != SKIPPING)
		terminal_collect(bytes + from, len - from);
}

static void flush(void *self)
{
	(void)self;
	terminal_flush();
}

const struct text_out out = {write, nullptr, flush};

/* ---- Words that are not cut ---- */

void put_wrapped(struct msg_text text, uint32_t indent, uint32_t used)
{
	uint32_t width = page_columns();
	bool first = true;

	for (uint32_t at = 0; at < text.len;) {
		uint32_t start = at, shown = 0;

		while (at < text.len && text.ptr[at] != ' ' && text.ptr[at] != '\n') {
			shown += ((uint8_t)text.ptr[at] & 0xc0) != 0x80;
			at++;
		}
		if (shown > 0) {
			if (!first && used + 1 + shown > width) {
				text_put(&out, "\n");
				text_put_pad(&out, 0, indent);
				used = indent;
				first = true;
			}
			text_put(&out, first ? "" : " ");
			used += shown + !first;
			first = false;
			text_put_text(&out, (struct msg_text){text.ptr + start, at - start});
		}
		/* An empty line parts paragraphs; a line that is indented stays a line. */
		while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\n')) {
			bool ends = text.ptr[at] == '\n' && at + 1 < text.len &&
				    (text.ptr[at + 1] == '\n' || text.ptr[at + 1] == ' ');

			at++;
			if (ends && !first) {
				text_put(&out, "\n");
				text_put_pad(&out, 0, indent);
				used = indent;
				first = true;
			}
		}
	}
	text_put(&out, "\n");
}

static void collect(void *self, const char *bytes, size_t len)
{
	struct passage *passage = self;
	size_t room = sizeof(passage->text) - passage->len;

	len = len < room ? len : room;
	__builtin_memcpy(passage->text + passage->len, bytes, len);
	passage->len += (uint32_t)len;
}

struct text_out passage_out(struct passage *passage)
{
	return (struct text_out){collect, passage, nullptr};
}

void put_passage(const struct passage *passage, uint32_t indent, uint32_t used)
{
	struct msg_text text = {passage->text, passage->len};

	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	if (page_is_person()) {
		put_wrapped(text, indent, used);
	} else {
		text_put_text(&out, text);
		text_put(&out, "\n");
	}
}
