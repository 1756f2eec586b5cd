// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Input, before anybody reads it. What is typed while nobody reads waits here, and behind that in the UART's buffer and in
 * the UART itself, so that nothing is lost; but Ctrl-C and Ctrl-\ are seen at once, and what was typed ahead of them is
 * dropped, as whoever presses them means to start anew.
 *
 * The size. A terminal on a serial line does not say when its window changes, so it is asked where the lower right corner
 * is. Only a person's terminal answers: the first question is asked when three bytes came as keys come; from then on, if it
 * was answered, before each line. Input from a pipe gets no question, and its transcript stays plain text.
 */
#include <runtime/runtime.h>

#include "terminal.h"

#define KEY_NS 10'000'000ull /* nobody types faster */
#define PERSON_KEYS 3u
#define CTRL_C 0x03u
#define CTRL_BACKSLASH 0x1cu
/* To the lower right corner, where is that?, and back. */
#define ASK                         \
	"\x1b"                      \
	"7\x1b[999;999H\x1b[6n\x1b" \
	"8"

static uint32_t typed_count(const struct terminal *t)
{
	return t->typed_tail - t->typed_head;
}

static void put_typed(struct terminal *t, uint8_t byte)
{
	if (typed_count(t) < TYPED_MAX)
		t->typed[t->typed_tail++ % TYPED_MAX] = byte;
}

/* ---- The size ---- */

void input_ask_size(struct terminal *t)
{
	if (t->size_told || !t->size_answers)
		return;
	t->size_asked = true;
	output_raw(t, ASK, sizeof(ASK) - 1);
}

void input_set_size(struct terminal *t, uint16_t columns, uint16_t rows)
{
	if (columns == t->columns && rows == t->rows)
		return;
	t->columns = columns;
	t->rows = rows;
	line_resize(&t->editor, columns);
	event_raise(t, TERMINAL_EVENT_KIND_RESIZED);
}

static void forget_report(struct terminal *t)
{
	for (uint32_t i = 0; i < t->report_len; i++)
		put_typed(t, t->report[i]);
	t->report_len = 0;
}

/* ESC [ rows ; columns R */
static void take_report(struct terminal *t)
{
	uint32_t numbers[2] = {0}, at = 0;

	for (uint32_t i = 2; i < t->report_len; i++) {
		if (t->report[i] == ';')
			at = 1;
		else
			numbers[at] = numbers[at] * 10 + (t->report[i] - '0');
	}
	t->report_len = 0;
	t->size_asked = false;
	t->size_answers = t->size_answered = true;
	if (!t->size_told && numbers[1] >= 8 && numbers[1] <= 1000 && numbers[0] >= 2 && numbers[0] <= 1000)
		input_set_size(t, (uint16_t)numbers[1], (uint16_t)numbers[0]);
}

/* True: the byte belongs to the answer, as far as one can tell; it is kept. */
static bool is_report(struct terminal *t, uint8_t byte)
{
	uint32_t len = t->report_len;
	bool semicolon = len > 2 && __builtin_memchr(t->report, ';', len) != nullptr;

	if (!t->size_asked)
		return false;
	if (len == 0   ? byte == 0x1b
	    : len == 1 ? byte == '['
		       : (byte >= '0' && byte <= '9') || (byte == ';' && len > 2 && !semicolon)) {
		if (len < sizeof(t->report)) {
			t->report[t->report_len++] = byte;
			return true;
		}
	} else if (byte == 'R' && semicolon && t->report[len - 1] != ';' && len <= 12) {
		take_report(t);
		return true;
	}
	forget_report(t);
	return false;
}

/* ---- Bytes ---- */

static void take_byte(struct terminal *t, uint8_t byte)
{
	bool interrupt = byte == CTRL_C && !readers_take_interrupts(t);

	if (is_report(t, byte))
		return;
	if (!interrupt && byte != CTRL_BACKSLASH) {
		put_typed(t, byte);
		return;
	}
	t->typed_head = t->typed_tail;
	t->rest_at = t->rest_len;
	event_raise(t, interrupt ? TERMINAL_EVENT_KIND_INTERRUPT : TERMINAL_EVENT_KIND_QUIT);
}

/* Bytes that come one by one, with time between them, are keys; a pipe gives more at once. */
static void look_for_a_person(struct terminal *t)
{
	uint64_t now = runtime_now();
	bool key = uart16550_waiting(&t->uart) == 0 && now - t->last_byte_ns >= KEY_NS;

	t->last_byte_ns = now;
	t->lone_keys = key ? t->lone_keys + 1 : 0;
	if (t->lone_keys < PERSON_KEYS || !t->editor.open || t->size_answers || t->size_asked || t->size_told)
		return;
	t->size_asked = true;
	output_raw(t, ASK, sizeof(ASK) - 1);
}

bool input_next(struct terminal *t, uint8_t *byte)
{
	uint8_t raw;

	while (typed_count(t) == 0) {
		if (uart16550_receive(&t->uart, &raw, 1) != 1)
			return false;
		look_for_a_person(t);
		take_byte(t, raw);
	}
	*byte = t->typed[t->typed_head++ % TYPED_MAX];
	return true;
}

void input_poll(struct terminal *t)
{
	uint8_t raw;

	while (typed_count(t) < TYPED_MAX - sizeof(t->report) && uart16550_receive(&t->uart, &raw, 1) == 1)
		take_byte(t, raw);
}
