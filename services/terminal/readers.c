// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Readers: who waits for a line, a key or bytes. The first of the queue whose turn it is gets what is typed; of programs,
 * only the one in the foreground has its turn.
 */
#include "terminal.h"

#define ANSWER_OVERHEAD 64u /* bytes of an answer that are not the line */

static bool may_read(const struct terminal *t, const struct face *face)
{
	return face->number == 0 || face->number == t->foreground;
}

struct reader *readers_first(struct terminal *t)
{
	struct reader *silent = nullptr;

	for (uint32_t i = 0; i < t->reader_count; i++) {
		struct reader *r = &t->readers[i];

		if (!may_read(t, r->face))
			continue;
		if (!r->silent)
			return r;
		silent = silent ? silent : r;
	}
	return silent; /* nobody who waits */
}

static bool is_of_bytes(const struct reader *r)
{
	return r->kind == READ_BYTES || r->kind == READ_READY;
}

static bool is_raw(const struct reader *r)
{
	return is_of_bytes(r) && r->face->mode == STD_IO_INPUT_MODE_RAW;
}

static bool wants_line(const struct reader *r)
{
	return r->kind != READ_KEY && !is_raw(r);
}

bool readers_take_interrupts(struct terminal *t)
{
	const struct reader *r = readers_first(t);
	const struct face *program = face_numbered(t, t->foreground);

	/* A program in raw mode means all bytes, also those that come between two reads. */
	return r ? r->kind != READ_KEY : program && program->mode == STD_IO_INPUT_MODE_RAW;
}

static void drop_reader(struct terminal *t, struct reader *r)
{
	uint32_t index = (uint32_t)(r - t->readers);

	t->reader_count--;
	__builtin_memmove(r, r + 1, (t->reader_count - index) * sizeof(*r));
}

/* Who asked before, and now reads or asks again, goes on with the line that was begun. Null: there is none. */
static struct reader *silent_of(struct terminal *t, const struct face *face)
{
	for (uint32_t i = 0; i < t->reader_count; i++)
		if (t->readers[i].silent && t->readers[i].face == face)
			return &t->readers[i];
	return nullptr;
}

enum status readers_add(struct terminal *t, struct rpc_request *request, const struct reader *reader)
{
	struct reader *silent = silent_of(t, reader->face);

	if (silent)
		drop_reader(t, silent);
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

/* ---- The line on the screen ---- */

/* The prompt goes; what was typed there goes with it. */
static void close_line(struct terminal *t)
{
	if (!t->editor.open)
		return;
	line_hide(&t->editor);
	t->editor.open = t->suspended = false;
}

/* What was written before on the same line belongs to the prompt. */
static void begin_line(struct terminal *t, const struct reader *r)
{
	uint32_t before = t->tail_len;
	char prompt[LINE_PROMPT_MAX];

	if (before + r->prompt_len > LINE_PROMPT_MAX) {
		output_end_line(t);
		before = 0;
	}
	__builtin_memcpy(prompt, t->tail, before);
	__builtin_memcpy(prompt + before, r->prompt, r->prompt_len);
	t->tail_len = 0;
	t->editor.completes = r->kind == READ_EDIT;
	t->editor.hidden = r->hidden || (is_of_bytes(r) && r->face->mode == STD_IO_INPUT_MODE_HIDDEN);
	line_begin(&t->editor, prompt, before + r->prompt_len, before, !is_of_bytes(r));
	input_ask_size(t);
}

/* An edit goes on with the line that the last one left on the screen. */
static bool resume_line(struct terminal *t, const struct reader *r)
{
	bool same = t->suspended && r->kind == READ_EDIT && t->tail_len == 0 &&
		    t->editor.prompt_len == r->prompt_len && !r->hidden &&
		    __builtin_memcmp(t->editor.prompt, r->prompt, r->prompt_len) == 0;

	if (!same)
		close_line(t);
	t->suspended = false;
	return same;
}

static void open_line(struct terminal *t, const struct reader *r)
{
	if (t->suspended)
		(void)resume_line(t, r);
	if (!t->editor.open) {
		if (r->kind == READ_EDIT)
			event_forget(&t->session, TERMINAL_EVENT_KIND_INTERRUPT);
		begin_line(t, r);
		if (r->line_len == 0)
			return;
	}
	if (r->kind == READ_EDIT)
		line_set(&t->editor, r->line, r->line_len, r->cursor);
}

void readers_drop_face(struct terminal *t, struct face *face)
{
	struct reader *first = readers_first(t);

	if (first && first->face == face && wants_line(first))
		close_line(t);
	for (uint32_t i = 0; i < t->reader_count;) {
		if (t->readers[i].face != face) {
			i++;
			continue;
		}
		if (!t->readers[i].silent)
			(void)!service_reply_raise(&t->readers[i].reply, EXCEPTION_TYPE_DISCONNECTED,
						   "closed", nullptr);
		drop_reader(t, &t->readers[i]);
	}
}

void readers_set_foreground(struct terminal *t, uint32_t number)
{
	struct reader *before = readers_first(t);
	struct face *face = before ? before->face : nullptr;

	t->foreground = number;
	/* Who loses the keyboard in the middle of a line loses the line. */
	if (face && wants_line(before) && !may_read(t, face))
		close_line(t);
}

bool readers_cancel(struct terminal *t, uint64_t token)
{
	for (uint32_t i = 0; i < t->reader_count; i++) {
		struct reader *r = &t->readers[i];

		if (r->reply.token != token || r->silent)
			continue;
		if (is_of_bytes(r) && !silent_of(t, r->face)) { /* what was typed stays, for the next read */
			(void)service_reply_raise(&r->reply, EXCEPTION_TYPE_FAILED, "cancelled", nullptr);
			r->kind = READ_READY;
			r->silent = true;
			return true;
		}
		if (r == readers_first(t) && wants_line(r))
			close_line(t);
		(void)service_reply_raise(&r->reply, EXCEPTION_TYPE_FAILED, "cancelled", nullptr);
		drop_reader(t, r);
		return true;
	}
	return false;
}

/* ---- Answers. A refused one is one whose caller is gone. ---- */

static void answer_line(struct terminal *t, struct reader *r, bool end)
{
	struct msg_text line = {t->editor.text, t->editor.len};

	if (service_reply_begin(&r->reply, line.len + ANSWER_OVERHEAD, 0) == STATUS_OK) {
		struct terminal_session_read_line_results_builder results =
			terminal_session_read_line_results_builder_root(&r->reply.results);

		terminal_session_read_line_results_builder_set_line(results, line);
		terminal_session_read_line_results_builder_set_end(results, end);
	}
	(void)service_reply_send(&r->reply);
	drop_reader(t, r);
}

static void answer_edit(struct terminal *t, struct reader *r, enum terminal_session_end end)
{
	struct msg_text line = {t->editor.text, t->editor.len};

	if (service_reply_begin(&r->reply, line.len + ANSWER_OVERHEAD, 0) == STATUS_OK) {
		struct terminal_session_edit_results_builder results =
			terminal_session_edit_results_builder_root(&r->reply.results);

		terminal_session_edit_results_builder_set_line(results, line);
		terminal_session_edit_results_builder_set_cursor(results, t->editor.cursor);
		terminal_session_edit_results_builder_set_end(results, end);
	}
	(void)service_reply_send(&r->reply);
	drop_reader(t, r);
}

static void answer_bytes(struct terminal *t, struct reader *r, const void *bytes, uint32_t len)
{
	if (service_reply_begin(&r->reply, len + ANSWER_OVERHEAD, 0) == STATUS_OK)
		std_io_read_results_builder_set_bytes(std_io_read_results_builder_root(&r->reply.results),
						      (struct msg_data){bytes, len});
	(void)service_reply_send(&r->reply);
	drop_reader(t, r);
}

static bool has_rest(const struct terminal *t)
{
	return t->rest_at < t->rest_len || t->rest_ended;
}

static void answer_ready(struct terminal *t, struct reader *r)
{
	if (!r->silent) {
		if (service_reply_begin(&r->reply, 0, 0) == STATUS_OK)
			std_io_readable_results_builder_set_ready(
				std_io_readable_results_builder_root(&r->reply.results), true);
		(void)service_reply_send(&r->reply);
	}
	drop_reader(t, r);
}

static uint32_t most_bytes(const struct reader *r, uint32_t len)
{
	len = len < r->max_bytes ? len : r->max_bytes;
	return r->reply.max_bytes < ANSWER_OVERHEAD + len ? r->reply.max_bytes - ANSWER_OVERHEAD : len;
}

static void answer_rest(struct terminal *t, struct reader *r)
{
	uint32_t len = most_bytes(r, t->rest_len - t->rest_at), at = t->rest_at;

	if (r->kind == READ_READY) {
		answer_ready(t, r);
		return;
	}
	if (len == 0)
		t->rest_ended = false;
	t->rest_at += len;
	answer_bytes(t, r, t->rest + at, len);
}

/* ---- What is typed ---- */

static void line_became_bytes(struct terminal *t, struct reader *r, enum line_event event)
{
	t->rest_at = t->rest_len = 0;
	t->rest_ended = event == LINE_ENDED;
	if (!t->rest_ended) {
		__builtin_memcpy(t->rest, t->editor.text, t->editor.len);
		t->rest_len = t->editor.len;
		t->rest[t->rest_len++] = '\n';
	}
	answer_rest(t, r);
}

static void line_ended(struct terminal *t, struct reader *r, enum line_event event)
{
	static const enum terminal_session_end ends[] = {
		[LINE_READY] = TERMINAL_SESSION_END_LINE,
		[LINE_ENDED] = TERMINAL_SESSION_END_END_OF_INPUT,
		[LINE_DROPPED] = TERMINAL_SESSION_END_INTERRUPT,
		[LINE_TAB] = TERMINAL_SESSION_END_TAB,
	};

	t->suspended = event == LINE_TAB;
	if (r->kind == READ_EDIT) {
		answer_edit(t, r, ends[event]);
	} else if (event == LINE_DROPPED) {
		if (is_of_bytes(r))
			event_raise(t, TERMINAL_EVENT_KIND_INTERRUPT);
		else
			begin_line(t, r);
	} else if (r->kind == READ_LINE) {
		answer_line(t, r, event == LINE_ENDED);
	} else {
		line_became_bytes(t, r, event);
	}
}

static void answer_key(struct terminal *t, struct reader *r, const struct line_key *key)
{
	if (service_reply_begin(&r->reply, 0, 0) == STATUS_OK) {
		struct terminal_key_builder k = terminal_session_read_key_results_builder_init_key(
			terminal_session_read_key_results_builder_root(&r->reply.results));

		static_assert((int)LINE_KEY_PAGE_DOWN == (int)TERMINAL_KEY_CODE_PAGE_DOWN &&
			      (int)LINE_KEY_ENTER == (int)TERMINAL_KEY_CODE_ENTER);
		terminal_key_builder_set_code(k, (enum terminal_key_code)key->code);
		terminal_key_builder_set_character(k, key->character);
		terminal_key_builder_set_alt(k, key->alt);
		terminal_key_builder_set_control(k, key->control);
	}
	(void)service_reply_send(&r->reply);
	drop_reader(t, r);
}

/* Of two keys that one byte completes the first is a character that was broken off, and is dropped. */
static void key_byte(struct terminal *t, struct reader *r, uint8_t byte)
{
	struct line_key keys[2];
	unsigned count = line_decode(&t->keys, byte, keys);

	if (count > 0)
		answer_key(t, r, &keys[count - 1]);
}

static void raw_bytes(struct terminal *t, struct reader *r, uint8_t first)
{
	uint8_t bytes[256] = {first};
	uint32_t most = r->kind == READ_READY ? 1 : most_bytes(r, sizeof(bytes)), len = 1;

	while (len < most && input_next(t, &bytes[len]))
		len++;
	if (r->kind == READ_READY) {
		t->rest[0] = (char)first;
		t->rest_at = 0;
		t->rest_len = 1;
		answer_ready(t, r);
		return;
	}
	answer_bytes(t, r, bytes, len);
}

static void line_byte(struct terminal *t, struct reader *r, uint8_t byte)
{
	struct line_key keys[2];
	unsigned count = line_decode(&t->editor.decoder, byte, keys);

	for (unsigned i = 0; i < count; i++) {
		enum line_event event = line_press(&t->editor, &keys[i]);

		if (event == LINE_MORE)
			continue;
		line_ended(t, r, event);
		return; /* the reader may be gone */
	}
}

/* The first is served as far as it can be without more input; true: somebody else may be first now. */
static bool serve_first(struct terminal *t, struct reader *r)
{
	uint8_t byte;

	if (is_of_bytes(r) && has_rest(t)) {
		answer_rest(t, r);
		return true;
	}
	if (wants_line(r)) {
		if (!t->editor.open || t->suspended)
			open_line(t, r);
	}
	if (!input_next(t, &byte))
		return false;
	/* An interrupt among the input may have made another the first. */
	if (readers_first(t) != r)
		return true;
	if (r->kind == READ_KEY)
		key_byte(t, r, byte);
	else if (is_raw(r))
		raw_bytes(t, r, byte);
	else
		line_byte(t, r, byte);
	return true;
}

void readers_poll(struct terminal *t)
{
	struct reader *r;

	while ((r = readers_first(t)) != nullptr && serve_first(t, r))
		;
	if (!r)
		input_poll(t);
}

bool readers_ready(struct terminal *t, struct face *face)
{
	if (!silent_of(t, face) && t->reader_count < MAX_READERS)
		t->readers[t->reader_count++] = (struct reader){
			.face = face, .kind = READ_READY, .silent = true};
	readers_poll(t);
	return may_read(t, face) && has_rest(t);
}

void readers_mode_changed(struct terminal *t, struct face *face)
{
	struct reader *silent = silent_of(t, face);

	if (!silent)
		return;
	if (silent == readers_first(t))
		close_line(t);
	drop_reader(t, silent);
}
