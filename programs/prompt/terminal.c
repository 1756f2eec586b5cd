// SPDX-License-Identifier: MIT OR Apache-2.0
/* Output is collected, so that an answer of many pieces is few calls. */
#include <runtime/ring.h>
#include <runtime/runtime.h>

#include "view.h"

#define OUTPUT_MAX 896u

static cap_id session;
static char pending[OUTPUT_MAX];
static uint32_t pending_len;

/* ---- Output ---- */

void terminal_flush(void)
{
	if (pending_len == 0)
		return;
	/* Without a terminal there is nobody to tell. */
	(void)!terminal_session_write(runtime_transport(), session,
				      (struct msg_data){(const uint8_t *)pending, pending_len});
	pending_len = 0;
}

void terminal_collect(const char *bytes, size_t len)
{
	while (len > 0) {
		if (pending_len == OUTPUT_MAX)
			terminal_flush();

		size_t room = OUTPUT_MAX - pending_len, piece = len < room ? len : room;

		__builtin_memcpy(pending + pending_len, bytes, piece);
		pending_len += (uint32_t)piece;
		bytes += piece;
		len -= piece;
	}
}

/* ---- Events ---- */

static struct rpc_call event_call;
static bool event_open, interrupted;

static void ask_for_event(void)
{
	terminal_session_next_event_begin(&event_call, runtime_transport(), session);
	event_open = rpc_send(&event_call) == STATUS_OK;
	if (!event_open)
		rpc_end(&event_call);
}

/* Looks at what has come, without waiting. */
static void poll_events(void)
{
	if (!event_open || !event_call.done)
		return;

	enum status status = rpc_wait(&event_call);
	if (status == STATUS_OK) {
		struct terminal_event_reader event = terminal_session_next_event_results_reader_event(
			terminal_session_next_event_results(&event_call));
		enum terminal_event_kind kind = terminal_event_reader_kind(event);

		interrupted |= kind == TERMINAL_EVENT_KIND_INTERRUPT || kind == TERMINAL_EVENT_KIND_QUIT;
	}
	rpc_end(&event_call);
	event_open = false;
	/* Without events Ctrl-C does nothing; everything else works. */
	if (status == STATUS_OK)
		ask_for_event();
}

bool terminal_interrupted(void)
{
	poll_events();
	return interrupted;
}

void terminal_interrupt(void)
{
	interrupted = true;
}

static void cancel(struct rpc_call *call)
{
	ring_submit(runtime_ring(),
		    &(struct cap_sqe){.op = CAP_OP_CANCEL, .flags = CAP_SQE_QUIET, .target = call->sequence},
		    nullptr);
}

/* One wait; while something is captured a short one, so that its records are read before they are overwritten. */
static void wait_once(uint64_t deadline_ns)
{
	static uint64_t pause_ns;
	uint64_t soon = runtime_now() + pause_ns;

	if (!trace_is_live()) {
		ring_wait(runtime_ring(), deadline_ns);
		return;
	}
	ring_wait(runtime_ring(), deadline_ns && deadline_ns < soon ? deadline_ns : soon);
	pause_ns = trace_poll();
}

/* Until the call is done, or somebody presses Ctrl-C. */
static enum status finish_call(struct rpc_call *call, uint64_t deadline_ns)
{
	while (!call->done && !terminal_interrupted()) {
		if (deadline_ns != 0 && runtime_now() >= deadline_ns)
			break;
		wait_once(deadline_ns);
	}
	if (!call->done)
		cancel(call);
	return rpc_wait(call);
}

enum status terminal_call(struct rpc_call *call)
{
	terminal_flush();

	enum status status = rpc_send(call);

	return status == STATUS_OK ? finish_call(call, 0) : status;
}

enum status terminal_wait(struct rpc_call *call)
{
	terminal_flush();
	return finish_call(call, 0);
}

bool terminal_sleep_until(uint64_t ns)
{
	while (!terminal_interrupted() && runtime_now() < ns)
		wait_once(ns);
	return !interrupted;
}

void terminal_start(void)
{
	session = runtime_need("session", TERMINAL_SESSION_INTERFACE_ID);
	ask_for_event();
	ring_flush(runtime_ring());
}

/* ---- Input ---- */

/* The terminal process is gone: nothing typed here will ever arrive. */
static void leave_if_gone(enum status status)
{
	if (status != STATUS_OK && status != STATUS_EXCEPTION)
		runtime_exit(1);
}

/* One edit: from what is in line to what the person made of it. */
static enum terminal_session_end edit_once(const char *prompt, char *line, uint32_t size, uint32_t *len,
					   uint32_t *cursor)
{
	enum terminal_session_end end = TERMINAL_SESSION_END_END_OF_INPUT;
	struct rpc_call call;
	struct msg_text text = {line, *len};
	struct terminal_session_edit_params_builder params = terminal_session_edit_begin_sized(
		&call, runtime_transport(), rpc_target_cap(session),
		rpc_text_room(*len) + rpc_text_room((uint32_t)__builtin_strlen(prompt)));

	terminal_session_edit_params_builder_set_prompt(params, msg_text_from(prompt));
	terminal_session_edit_params_builder_set_line(params, text);
	terminal_session_edit_params_builder_set_cursor(params, *cursor);

	enum status status = rpc_send(&call);
	while (status == STATUS_OK && !call.done)
		wait_once(0);
	if (status == STATUS_OK)
		status = rpc_wait(&call);
	*len = 0;
	if (status == STATUS_OK) {
		struct terminal_session_edit_results_reader results = terminal_session_edit_results(&call);

		text = terminal_session_edit_results_reader_line(results);
		*len = text.len < size ? text.len : size;
		if (*len > 0)
			__builtin_memcpy(line, text.ptr, *len);
		*cursor = terminal_session_edit_results_reader_cursor(results);
		end = terminal_session_edit_results_reader_end(results);
	}
	rpc_end(&call);
	leave_if_gone(status);
	return end;
}

enum terminal_end terminal_edit(const char *prompt, char *line, uint32_t size, uint32_t *len)
{
	enum terminal_session_end end;
	uint32_t cursor = 0;

	*len = 0;
	terminal_flush();
	(void)terminal_interrupted();
	interrupted = false;
	while ((end = edit_once(prompt, line, size, len, &cursor)) == TERMINAL_SESSION_END_TAB)
		tab_complete(line, size, len, &cursor);
	(void)terminal_interrupted();
	interrupted = false;
	page_begin();
	return end == TERMINAL_SESSION_END_LINE        ? TERMINAL_LINE
	       : end == TERMINAL_SESSION_END_INTERRUPT ? TERMINAL_INTERRUPT
						       : TERMINAL_END;
}

bool terminal_read_key(struct terminal_pressed *key, uint64_t deadline_ns)
{
	struct rpc_call call;

	terminal_flush();
	terminal_session_read_key_begin(&call, runtime_transport(), session);

	enum status status = rpc_send(&call);
	if (status == STATUS_OK)
		status = finish_call(&call, deadline_ns);
	if (status == STATUS_OK) {
		struct terminal_key_reader k = terminal_session_read_key_results_reader_key(
			terminal_session_read_key_results(&call));

		*key = (struct terminal_pressed){
			.code = terminal_key_reader_code(k),
			.character = terminal_key_reader_character(k),
			.alt = terminal_key_reader_alt(k),
			.control = terminal_key_reader_control(k),
		};
	}
	rpc_end(&call);
	return status == STATUS_OK;
}

/* ---- The screen, and those who share it ---- */

bool terminal_size(uint32_t *columns, uint32_t *rows)
{
	struct terminal_session_size_results_reader results;
	struct rpc_call call;
	bool known = false;

	*columns = 80;
	*rows = 24;
	terminal_session_size_begin(&call, runtime_transport(), session);
	if (terminal_session_size_call(&call, &results) == STATUS_OK) {
		*columns = terminal_session_size_results_reader_columns(results);
		*rows = terminal_session_size_results_reader_rows(results);
		known = terminal_session_size_results_reader_known(results);
	}
	rpc_end(&call);
	return known;
}

bool terminal_screen(bool whole)
{
	terminal_flush();
	return terminal_session_set_screen(runtime_transport(), session, whole) == STATUS_OK;
}

enum status terminal_open_stdio(bool foreground, cap_id *stdio, uint32_t *number)
{
	struct terminal_session_open_std_io_results_reader results;
	struct rpc_call call;

	terminal_session_open_std_io_params_builder_set_foreground(
		terminal_session_open_std_io_begin(&call, runtime_transport(), session), foreground);

	enum status status = terminal_session_open_std_io_call(&call, &results);
	*stdio = CAP_ID_NULL;
	*number = 0;
	if (status == STATUS_OK) {
		*stdio = rpc_result_cap(&call, terminal_session_open_std_io_results_reader_stdio(results));
		*number = terminal_session_open_std_io_results_reader_number(results);
	}
	rpc_end(&call);
	return status;
}

void terminal_set_foreground(uint32_t number)
{
	(void)!terminal_session_set_foreground(runtime_transport(), session, number);
}
