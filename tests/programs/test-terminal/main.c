// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The terminal, from a program that uses it in every way at once: StdIO, TerminalSession, Console. What is
 * typed comes through a pipe (tests/system/terminal.test); what is seen is checked there, what is answered is
 * checked here. TAP goes to the kernel's log, so that it is not part of what is seen.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <runtime/thread.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/terminal.capnp.h>
#include <testing/child.h>
#include <testing/tap.h>

#include "terminal_test.h"

#define MS 1'000'000ull

static struct rpc_transport *t;
static cap_id screen, session, stdio, timer;

static void say(const char *text)
{
	(void)!console_write_line(t, screen, msg_text_from(text));
}

/* Reads, and is what comes this? */
static bool read_is(uint32_t count, const char *expected)
{
	struct std_io_read_results_reader r;
	struct rpc_call call;
	bool same = false;

	std_io_read_params_builder_set_count(std_io_read_begin(&call, t, stdio), count);
	enum status status = std_io_read_call(&call, &r);
	if (status == STATUS_OK) {
		struct msg_data data = std_io_read_results_reader_bytes(r);

		same = data.len == strlen(expected) && memcmp(data.ptr, expected, data.len) == 0;
		if (!same)
			tap_note("read \"%.*s\"", (int)data.len, (const char *)data.ptr);
	} else {
		tap_note("read: %s", tap_status_name(status));
	}
	rpc_end(&call);
	return same;
}

static bool line_is(struct rpc_transport *transport, const char *prompt, const char *expected, bool end)
{
	struct terminal_session_read_line_results_reader r;
	struct rpc_call call;
	bool same = false;

	terminal_session_read_line_params_builder_set_prompt(
		terminal_session_read_line_begin(&call, transport, session), msg_text_from(prompt));
	enum status status = terminal_session_read_line_call(&call, &r);
	if (status == STATUS_OK) {
		struct msg_text line = terminal_session_read_line_results_reader_line(r);

		same = terminal_session_read_line_results_reader_end(r) == end &&
		       msg_text_equal(line, msg_text_from(expected));
		if (!same)
			tap_note("line \"%.*s\"", (int)line.len, line.ptr);
	} else {
		tap_note("readLine: %s", tap_status_name(status));
	}
	rpc_end(&call);
	return same;
}

static bool read_raises(uint32_t count)
{
	struct rpc_call call;

	std_io_read_params_builder_set_count(std_io_read_begin(&call, t, stdio), count);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "count");
}

static void test_stdio(void)
{
	say("name?");
	tap_ok(read_is(4, "hell") && read_is(100, "o\n"), "stdio.read: a line in two parts");
	tap_ok(read_is(4096, "second line\n"), "the next one whole");
	tap_ok(read_is(100, "\n"), "an empty line");
	tap_ok(read_raises(0) && read_raises(4097) && read_raises(UINT32_MAX), "counts out of range");
	tap_is(std_io_write(t, stdio, (struct msg_data){(const uint8_t *)"out\n", 4}), STATUS_OK,
	       "stdio.write");
	tap_is(std_io_write_error(t, stdio, (struct msg_data){(const uint8_t *)"err\n", 4}), STATUS_OK,
	       "stdio.writeError");
	tap_is(std_io_write(t, stdio, (struct msg_data){}), STATUS_OK, "nothing is written, too");
	(void)!std_io_write(t, stdio, (struct msg_data){(const uint8_t *)"your name: ", 11});
	tap_ok(read_is(100, "ada\n"), "a prompt that the program writes itself");
}

static void test_session(void)
{
	uint16_t columns = 0, rows = 0;
	struct terminal_session_size_results_reader r;
	struct rpc_call call;

	tap_ok(line_is(t, "first> ", "one", false), "session.readLine");
	tap_ok(line_is(t, "second> ", "t\xc3\xa4st", false), "a line of UTF-8");
	terminal_session_size_begin(&call, t, session);
	if (terminal_session_size_call(&call, &r) == STATUS_OK) {
		columns = terminal_session_size_results_reader_columns(r);
		rows = terminal_session_size_results_reader_rows(r);
	}
	rpc_end(&call);
	tap_ok(columns == 80 && rows == 24, "session.size");
	tap_is(terminal_session_write(t, session, (struct msg_data){(const uint8_t *)"a\nb\n", 4}), STATUS_OK,
	       "session.write");
}

/* ---- Several who wait ---- */

static uint32_t in_turn[3], next_turn;

static int64_t reads_in_turn(void *argument)
{
	uint32_t *mine = argument;

	if (line_is(runtime_transport(), "turn> ", "same", false))
		*mine = ++next_turn;
	return 0;
}

static void test_queue(void)
{
	struct thread threads[3];

	for (unsigned i = 0; i < 3; i++) {
		(void)!thread_start(&threads[i], reads_in_turn, &in_turn[i], nullptr);
		(void)!timer_sleep(t, timer, 20 * MS); /* so that they queue in this order */
	}
	for (unsigned i = 0; i < 3; i++)
		(void)!thread_join(&threads[i], nullptr);
	tap_ok(in_turn[0] && in_turn[1] && in_turn[2] && next_turn == 3, "three who wait get a line each");
}

#define MANY 20u

/* They are all there before the first line is typed. */
static void test_too_many(void)
{
	struct rpc_call calls[MANY];
	unsigned refused = 0, answered = 0;

	for (unsigned i = 0; i < MANY; i++) {
		terminal_session_read_line_params_builder_set_prompt(
			terminal_session_read_line_begin(&calls[i], t, session), MSG_TEXT("many> "));
		(void)!rpc_send(&calls[i]);
		if (i % 4 == 3)
			ring_flush(runtime_ring());
	}
	for (unsigned i = 0; i < MANY; i++) {
		enum status status = rpc_wait(&calls[i]);

		refused += status == STATUS_EXCEPTION;
		answered += status == STATUS_OK;
		rpc_end(&calls[i]);
	}
	tap_ok(refused == MANY - 16, "of twenty who wait four are too many (%u)", refused);
	tap_ok(answered == 16, "the others get a line each (%u)", answered);
	tap_ok(line_is(t, "after> ", "still here", false), "and there is room again");
}

/* Who gives up gets no line: it goes to who asks next. */
static void test_give_up(void)
{
	struct rpc_call calls[3];

	for (unsigned i = 0; i < 3; i++) {
		terminal_session_read_line_params_builder_set_prompt(
			terminal_session_read_line_begin(&calls[i], t, session), MSG_TEXT("never> "));
		(void)!rpc_send(&calls[i]);
	}
	ring_flush(runtime_ring());
	(void)!timer_sleep(t, timer, 50 * MS);
	for (unsigned i = 0; i < 3; i++)
		rpc_end(&calls[i]); /* cancels */
	(void)!timer_sleep(t, timer, 50 * MS);
	tap_ok(line_is(t, "instead> ", "for the living", false), "who gives up gets no line");
}

/* Output while a line is being edited goes above it. */
static int64_t interrupts(void *argument)
{
	(void)argument;
	(void)!timer_sleep(runtime_transport(), timer, 50 * MS);
	(void)!console_write_line(runtime_transport(), screen, MSG_TEXT("meanwhile"));
	return 0;
}

static void test_output_meanwhile(void)
{
	struct thread thread;

	(void)!thread_start(&thread, interrupts, nullptr, nullptr);
	tap_ok(line_is(t, "last> ", "the end", false), "output while a line is open");
	(void)!thread_join(&thread, nullptr);
}

int main(void)
{
	t = runtime_transport();
	screen = runtime_need("screen", CONSOLE_INTERFACE_ID);
	session = runtime_need("session", TERMINAL_SESSION_INTERFACE_ID);
	stdio = runtime_need("stdio", STD_IO_INTERFACE_ID);
	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	tap_start();
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("programs"))) {
		test_programs(t, session, screen, timer);
		return tap_end();
	}
	test_stdio();
	test_session();
	test_queue();
	test_too_many();
	test_give_up();
	test_output_meanwhile();
	tap_ok(line_is(t, "", "", true), "session.readLine at the end of the input");
	tap_ok(read_is(10, ""), "stdio.read at the end of the input");
	return tap_end();
}
