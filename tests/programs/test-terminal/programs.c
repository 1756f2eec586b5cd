// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a shell and its programs do with a terminal: edits that stop and go on, keys, events, StdIO of one's own, modes,
 * the whole screen. Each step says a word on the screen that the typist (tests/system/terminal-programs.test) waits for.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/terminal.capnp.h>
#include <testing/tap.h>

#include "terminal_test.h"

#define MS 1'000'000ull

static struct rpc_transport *t;
static cap_id session, screen, timer;

static void say(const char *text)
{
	(void)!console_write_line(t, screen, msg_text_from(text));
}

/* ---- Edits ---- */

static bool edit_is(const char *begin, uint32_t cursor, bool hidden, enum terminal_session_end end,
		    const char *expected, uint32_t expected_cursor)
{
	struct rpc_call call;
	struct terminal_session_edit_params_builder p = terminal_session_edit_begin(&call, t, session);
	bool good = false;

	terminal_session_edit_params_builder_set_prompt(p, MSG_TEXT("edit> "));
	terminal_session_edit_params_builder_set_line(p, msg_text_from(begin));
	terminal_session_edit_params_builder_set_cursor(p, cursor);
	terminal_session_edit_params_builder_set_hidden(p, hidden);
	if (rpc_call(&call) == STATUS_OK) {
		struct terminal_session_edit_results_reader r = terminal_session_edit_results(&call);

		good = terminal_session_edit_results_reader_end(r) == end &&
		       terminal_session_edit_results_reader_cursor(r) == expected_cursor &&
		       msg_text_equal(terminal_session_edit_results_reader_line(r), msg_text_from(expected));
		if (!good)
			tap_note("end %d, cursor %u, \"%.*s\"",
				 (int)terminal_session_edit_results_reader_end(r),
				 terminal_session_edit_results_reader_cursor(r),
				 (int)terminal_session_edit_results_reader_line(r).len,
				 terminal_session_edit_results_reader_line(r).ptr);
	}
	rpc_end(&call);
	return good;
}

static bool edit_raises(const char *line, uint32_t cursor, const char *field)
{
	struct rpc_call call;
	struct terminal_session_edit_params_builder p = terminal_session_edit_begin(&call, t, session);

	terminal_session_edit_params_builder_set_line(p, msg_text_from(line));
	terminal_session_edit_params_builder_set_cursor(p, cursor);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
}

static void test_edits(void)
{
	tap_ok(edit_is("abc", 1, false, TERMINAL_SESSION_END_TAB, "aXbc", 2), "an edit stops at Tab");
	say("candidates");
	tap_ok(edit_is("aXbc!", 5, false, TERMINAL_SESSION_END_LINE, "aXbc!?", 6),
	       "and goes on, with what was changed");
	tap_ok(edit_is("", 0, true, TERMINAL_SESSION_END_LINE, "secret", 6), "a hidden line");
	tap_ok(edit_is("", 0, false, TERMINAL_SESSION_END_INTERRUPT, "", 0), "Ctrl-C ends an edit");
	tap_ok(edit_is("", 0, false, TERMINAL_SESSION_END_END_OF_INPUT, "", 0), "so does Ctrl-D");
	tap_ok(edit_raises("a\xc3\xa4", 2, "cursor") && edit_raises("abc", 4, "cursor"),
	       "a cursor that is nowhere is refused");
}

/* ---- Keys ---- */

static bool key_is(enum terminal_key_code code, uint32_t character, bool alt)
{
	struct rpc_call call;
	bool good = false;

	terminal_session_read_key_begin(&call, t, session);
	if (rpc_call(&call) == STATUS_OK) {
		struct terminal_key_reader k = terminal_session_read_key_results_reader_key(
			terminal_session_read_key_results(&call));

		good = terminal_key_reader_code(k) == code && terminal_key_reader_character(k) == character &&
		       terminal_key_reader_alt(k) == alt;
		if (!good)
			tap_note("code %d, character %u, alt %d", (int)terminal_key_reader_code(k),
				 terminal_key_reader_character(k), terminal_key_reader_alt(k));
	}
	rpc_end(&call);
	return good;
}

static void test_keys(void)
{
	say("keys?");
	tap_ok(key_is(TERMINAL_KEY_CODE_CHARACTER, 0xe4, false) && key_is(TERMINAL_KEY_CODE_UP, 0, false) &&
		       key_is(TERMINAL_KEY_CODE_CONTROL, 'X', false) &&
		       key_is(TERMINAL_KEY_CODE_CHARACTER, 'b', true) &&
		       key_is(TERMINAL_KEY_CODE_PAGE_DOWN, 0, false),
	       "session.readKey");
}

/* ---- Events ---- */

static bool event_is(struct rpc_call *call, enum terminal_event_kind kind, uint32_t number)
{
	bool good = false;

	if (rpc_wait(call) == STATUS_OK) {
		struct terminal_event_reader e = terminal_session_next_event_results_reader_event(
			terminal_session_next_event_results(call));

		good = terminal_event_reader_kind(e) == kind && terminal_event_reader_number(e) == number;
		if (!good)
			tap_note("event %d, number %u", (int)terminal_event_reader_kind(e),
				 terminal_event_reader_number(e));
	}
	rpc_end(call);
	return good;
}

static bool session_event_is(enum terminal_event_kind kind, uint32_t number)
{
	struct rpc_call call;

	terminal_session_next_event_begin(&call, t, session);
	(void)!rpc_send(&call);
	return event_is(&call, kind, number);
}

static bool program_event_is(cap_id stdio, enum terminal_event_kind kind)
{
	struct rpc_call call;

	std_io_next_event_begin(&call, t, stdio);
	(void)!rpc_send(&call);
	return event_is(&call, kind, 0);
}

static cap_id open_stdio(bool foreground, uint32_t *number)
{
	struct rpc_call call;
	cap_id id = CAP_ID_NULL;

	terminal_session_open_std_io_params_builder_set_foreground(
		terminal_session_open_std_io_begin(&call, t, session), foreground);
	if (rpc_call(&call) == STATUS_OK) {
		struct terminal_session_open_std_io_results_reader r = terminal_session_open_std_io_results(
			&call);

		id = rpc_result_cap(&call, terminal_session_open_std_io_results_reader_stdio(r));
		*number = terminal_session_open_std_io_results_reader_number(r);
	}
	rpc_end(&call);
	return id;
}

static void test_events(void)
{
	uint32_t number = 0;
	cap_id stdio;

	say("interrupt me");
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_INTERRUPT, 0), "Ctrl-C while nobody reads is an event");
	stdio = open_stdio(true, &number);
	tap_ok(stdio.raw != 0 && number != 0, "session.openStdIO");
	say("interrupt the shell");
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_INTERRUPT, 0), "a program that does not ask is not told");
	say("interrupt the program");
	tap_ok(program_event_is(stdio, TERMINAL_EVENT_KIND_INTERRUPT), "one that does is");
	say("interrupt twice");
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_INTERRUPT, 0),
	       "but not twice, if it does not fetch the first");
	tap_ok(program_event_is(stdio, TERMINAL_EVENT_KIND_INTERRUPT), "which is kept for it");
	say("quit");
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_QUIT, 0), "Ctrl-\\ is always the session's");
	ring_release(runtime_ring(), stdio);
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_CLOSED, number),
	       "the end of a program's StdIO is an event");
}

/* ---- Modes ---- */

static bool read_is(cap_id stdio, const char *expected, uint32_t len)
{
	struct rpc_call call;
	bool same = false;

	std_io_read_params_builder_set_count(std_io_read_begin(&call, t, stdio), 100);
	if (rpc_call(&call) == STATUS_OK) {
		struct msg_data data = std_io_read_results_reader_bytes(std_io_read_results(&call));

		same = data.len == len && memcmp(data.ptr, expected, len) == 0;
		if (!same)
			tap_note("read %u bytes", data.len);
	}
	rpc_end(&call);
	return same;
}

static void test_modes(void)
{
	uint32_t number, other;
	cap_id stdio = open_stdio(true, &number), behind = open_stdio(false, &other);
	struct rpc_call waiting;

	tap_is(std_io_set_mode(t, stdio, STD_IO_INPUT_MODE_RAW, false), STATUS_OK, "stdio.setMode");
	say("raw?");
	tap_ok(read_is(stdio, "\x03", 1), "raw: Ctrl-C is a byte");
	(void)!std_io_set_mode(t, stdio, STD_IO_INPUT_MODE_HIDDEN, false);
	say("hidden?");
	tap_ok(read_is(stdio, "pass word\n", 10), "hidden: a line");
	std_io_read_params_builder_set_count(std_io_read_begin(&waiting, t, behind), 100);
	(void)!rpc_send(&waiting);
	(void)!std_io_set_mode(t, stdio, STD_IO_INPUT_MODE_LINE, false);
	say("foreground?");
	tap_ok(read_is(stdio, "front\n", 6) && !waiting.done, "who is not in the foreground waits");
	(void)!terminal_session_set_foreground(t, session, other);
	say("background?");
	tap_ok(rpc_wait(&waiting) == STATUS_OK &&
		       std_io_read_results_reader_bytes(std_io_read_results(&waiting)).len == 5,
	       "until it comes to the foreground");
	rpc_end(&waiting);
	ring_release(runtime_ring(), stdio);
	ring_release(runtime_ring(), behind);
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_CLOSED, number) &&
		       session_event_is(TERMINAL_EVENT_KIND_CLOSED, other),
	       "both ends are told, one after the other");
}

static void test_screen(void)
{
	uint32_t number;
	cap_id stdio = open_stdio(true, &number);

	tap_is(terminal_session_set_screen(t, session, true), STATUS_OK, "session.setScreen");
	tap_ok(std_io_set_mode(t, stdio, STD_IO_INPUT_MODE_LINE, true) == STATUS_EXCEPTION,
	       "it is one's alone");
	(void)!terminal_session_write(t, session, (struct msg_data){(const uint8_t *)"\x1b[5;5Hdrawn", 11});
	say("held back");
	(void)!timer_sleep(t, timer, 300 * MS);
	tap_is(terminal_session_set_screen(t, session, false), STATUS_OK, "and given back");
	(void)!std_io_set_mode(t, stdio, STD_IO_INPUT_MODE_RAW, true);
	ring_release(runtime_ring(), stdio);
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_CLOSED, number),
	       "who leaves it taken gives it back at its end");
	say("there again");
}

static bool size_is(uint16_t columns, uint16_t rows)
{
	struct rpc_call call;
	bool good = false;

	terminal_session_size_begin(&call, t, session);
	if (rpc_call(&call) == STATUS_OK) {
		struct terminal_session_size_results_reader r = terminal_session_size_results(&call);

		good = terminal_session_size_results_reader_columns(r) == columns &&
		       terminal_session_size_results_reader_rows(r) == rows;
	}
	rpc_end(&call);
	return good;
}

static void test_size(void)
{
	tap_ok(terminal_session_set_size(t, session, 100, 30) == STATUS_OK && size_is(100, 30),
	       "session.setSize");
	tap_ok(session_event_is(TERMINAL_EVENT_KIND_RESIZED, 0), "is an event");
	tap_ok(terminal_session_set_size(t, session, 7, 30) == STATUS_EXCEPTION &&
		       terminal_session_set_size(t, session, 80, 2000) == STATUS_EXCEPTION &&
		       size_is(100, 30),
	       "sizes out of range");
}

void test_programs(struct rpc_transport *transport, cap_id the_session, cap_id the_screen, cap_id the_timer)
{
	t = transport;
	session = the_session;
	screen = the_screen;
	timer = the_timer;
	test_edits();
	test_keys();
	test_events();
	test_modes();
	test_screen();
	test_size();
}
