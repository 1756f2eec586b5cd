// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Input: bytes go to the line editor as long as somebody waits for a line. While nobody does they stay with
 * the UART's buffer and behind it in the UART itself, so what is typed or piped ahead reaches whoever reads
 * next.
 */
#include <schema/service/terminal.capnp.h>

#include "terminal.h"

#define ANSWER_OVERHEAD 64u /* bytes of an answer that are not the line */

/* What was written before on the same line belongs to the prompt. */
static void begin_line(struct terminal *t)
{
	struct reader *r = &t->readers[0];
	uint32_t before = t->tail_len;
	char prompt[LINE_PROMPT_MAX];

	if (before + r->prompt_len > LINE_PROMPT_MAX) {
		output_text(t, "", 0, true);
		before = 0;
	}
	__builtin_memcpy(prompt, t->tail, before);
	__builtin_memcpy(prompt + before, r->prompt, r->prompt_len);
	t->tail_len = 0;
	line_begin(&t->editor, prompt, before + r->prompt_len, before, !r->wants_bytes);
}

enum status input_add_reader(struct terminal *t, struct rpc_request *request, const struct reader *reader)
{
	if (t->reader_count == MAX_READERS)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED,
				 "too many wait for this terminal already", nullptr);

	struct reader *r = &t->readers[t->reader_count];
	*r = *reader;
	enum status status = service_defer(request, &r->reply);
	if (status == RPC_DEFERRED)
		t->reader_count++;
	return status;
}

static void drop_reader(struct terminal *t, uint32_t index)
{
	t->reader_count--;
	__builtin_memmove(&t->readers[index], &t->readers[index + 1],
			  (t->reader_count - index) * sizeof(t->readers[0]));
}

void input_cancel(struct terminal *t, uint64_t token)
{
	for (uint32_t i = 0; i < t->reader_count; i++) {
		if (t->readers[i].reply.token != token)
			continue;
		(void)service_reply_raise(&t->readers[i].reply, EXCEPTION_TYPE_FAILED, "cancelled", nullptr);
		drop_reader(t, i);
		/* Its prompt goes; what was typed there goes with it. */
		if (i == 0 && t->editor.open) {
			line_hide(&t->editor);
			t->editor.open = false;
		}
		return;
	}
}

/* A refused answer is one whose caller is gone. */
static void answer_line(struct terminal *t, const char *text, uint32_t len, bool end)
{
	struct reader *r = &t->readers[0];

	if (service_reply_begin(&r->reply, len + ANSWER_OVERHEAD, 0) == STATUS_OK) {
		struct terminal_session_read_line_results_builder results =
			terminal_session_read_line_results_builder_root(&r->reply.results);

		terminal_session_read_line_results_builder_set_line(results, (struct msg_text){text, len});
		terminal_session_read_line_results_builder_set_end(results, end);
	}
	(void)service_reply_send(&r->reply);
	drop_reader(t, 0);
}

static void answer_bytes(struct terminal *t, const char *bytes, uint32_t len)
{
	struct reader *r = &t->readers[0];

	if (service_reply_begin(&r->reply, len + ANSWER_OVERHEAD, 0) == STATUS_OK) {
		struct std_io_read_results_builder results = std_io_read_results_builder_root(
			&r->reply.results);

		std_io_read_results_builder_set_bytes(results,
						      (struct msg_data){(const uint8_t *)bytes, len});
	}
	(void)service_reply_send(&r->reply);
	drop_reader(t, 0);
}

static void answer_rest(struct terminal *t)
{
	struct reader *r = &t->readers[0];
	uint32_t len = t->rest_len - t->rest_at, at = t->rest_at;

	if (len > r->max_bytes)
		len = r->max_bytes;
	if (r->reply.max_bytes < ANSWER_OVERHEAD + len)
		len = r->reply.max_bytes - ANSWER_OVERHEAD;
	t->rest_at += len;
	answer_bytes(t, t->rest + at, len);
}

static void line_ended(struct terminal *t, enum line_event event)
{
	bool end = event == LINE_ENDED;

	if (event == LINE_DROPPED) {
		begin_line(t);
		return;
	}
	if (!t->readers[0].wants_bytes) {
		answer_line(t, t->editor.text, t->editor.len, end);
	} else if (end) {
		answer_bytes(t, nullptr, 0);
	} else {
		__builtin_memcpy(t->rest, t->editor.text, t->editor.len);
		t->rest_len = t->editor.len;
		t->rest[t->rest_len++] = '\n';
		t->rest_at = 0;
		answer_rest(t);
	}
}

/* The first of the queue is served as far as it can be without more input; true: it got its answer. */
static bool serve_first(struct terminal *t)
{
	uint32_t before = t->reader_count;
	uint8_t byte;

	if (t->readers[0].wants_bytes && t->rest_at < t->rest_len) {
		answer_rest(t);
		return true;
	}
	if (!t->editor.open)
		begin_line(t);
	while (t->reader_count == before && uart16550_receive(&t->uart, &byte, 1) == 1) {
		enum line_event event = line_feed(&t->editor, byte);

		if (event != LINE_MORE)
			line_ended(t, event);
	}
	return t->reader_count < before;
}

void input_poll(struct terminal *t)
{
	while (t->reader_count > 0 && serve_first(t))
		;
}
