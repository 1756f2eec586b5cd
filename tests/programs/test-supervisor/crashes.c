// SPDX-License-Identifier: MIT OR Apache-2.0
/* What is kept of a crash, and how it is told. */
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "supervisor.h"

static bool contains(struct msg_text text, const char *part)
{
	struct msg_text p = msg_text_from(part);

	for (uint32_t i = 0; i + p.len <= text.len; i++)
		if (__builtin_memcmp(text.ptr + i, p.ptr, p.len) == 0)
			return true;
	return false;
}

static uint64_t register_value(struct process_handle_register_list_reader list, const char *name)
{
	for (uint32_t i = 0; i < process_handle_register_list_reader_count(list); i++) {
		struct process_handle_register_reader r = process_handle_register_list_reader_at(list, i);

		if (msg_text_equal(process_handle_register_reader_name(r), msg_text_from(name)))
			return process_handle_register_reader_value(r);
	}
	return 0;
}

static void test_record(uint64_t number, uint32_t pid)
{
	struct supervisor_crash_results_reader results;
	struct rpc_call call;
	struct supervisor_crash_params_builder p = supervisor_crash_begin(&call, w.t, w.supervisor);

	supervisor_crash_params_builder_set_number(p, number);
	if (!tap_ok(supervisor_crash_call(&call, &results) == STATUS_OK, "its record")) {
		rpc_end(&call);
		return;
	}
	struct supervisor_crash_reader c = supervisor_crash_results_reader_crash(results);
	struct process_handle_exit_reader exit = supervisor_crash_reader_exit(c);
	struct msg_list frames = supervisor_crash_reader_backtrace(c);
	struct process_handle_register_list_reader registers = supervisor_crash_reader_registers(c);

	tap_ok(supervisor_crash_reader_pid(c) == pid &&
		       msg_text_equal(supervisor_crash_reader_name(c), MSG_TEXT("steady")) &&
		       msg_text_equal(supervisor_crash_reader_program(c), MSG_TEXT("crasher")),
	       "it names the process");
	tap_ok(process_handle_exit_reader_reason(exit) == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT &&
		       process_handle_exit_reader_address(exit) == 0x18,
	       "and the reason, with the address");
	tap_ok(register_value(registers, "rip") == process_handle_exit_reader_instruction(exit) &&
		       register_value(registers, "rsp") != 0,
	       "registers: the instruction's address is among them");
	tap_ok(frames.count >= 3 && contains(msg_list_text(frames, 0), "crash_here") &&
		       contains(msg_list_text(frames, frames.count - 1), "_start"),
	       "a backtrace with names, down to the start");
	rpc_end(&call);
}

static void test_calls(uint64_t number, uint32_t pid)
{
	struct supervisor_calls_results_reader results;
	struct rpc_call call;
	struct supervisor_calls_params_builder p = supervisor_calls_begin(&call, w.t, w.supervisor);
	bool order = true, timer = false, fault = false, own = true;
	uint64_t time = 0;

	supervisor_calls_params_builder_set_number(p, number);
	tap_is(supervisor_calls_call(&call, &results), STATUS_OK, "its last calls");
	struct process_handle_event_list_reader list = supervisor_calls_results_reader_calls(results);
	for (uint32_t i = 0; i < process_handle_event_list_reader_count(list); i++) {
		struct process_handle_event_reader e = process_handle_event_list_reader_at(list, i);

		order &= process_handle_event_reader_time_ns(e) >= time;
		time = process_handle_event_reader_time_ns(e);
		own &= process_handle_event_reader_process(e) == pid;
		timer |= process_handle_event_reader_interface_id(e) == TIMER_INTERFACE_ID &&
			 process_handle_event_reader_method(e) == TIMER_NOW;
		fault = process_handle_event_reader_kind(e) == 5;
	}
	tap_ok(order && own, "in the order of their times, of that process alone");
	tap_ok(timer, "the call that it made last is there");
	tap_ok(fault, "and the fault is the last event");
	rpc_end(&call);
}

static void test_summary(uint64_t number)
{
	struct supervisor_crashes_results_reader results;
	struct rpc_call call;
	struct supervisor_crashes_params_builder p = supervisor_crashes_begin(&call, w.t, w.looker);

	supervisor_crashes_params_builder_set_from(p, number);
	tap_is(supervisor_crashes_call(&call, &results), STATUS_OK, "crashes, from that one on");
	struct supervisor_summary_list_reader list = supervisor_crashes_results_reader_crashes(results);
	struct supervisor_summary_reader s = supervisor_summary_list_reader_at(list, 0);
	tap_ok(supervisor_summary_list_reader_count(list) == 1 &&
		       supervisor_summary_reader_number(s) == number &&
		       contains(supervisor_summary_reader_function(s), "crash_here+0x"),
	       "in a line: which, and where");
	tap_ok(supervisor_crashes_results_reader_next(results) == number + 1 &&
		       supervisor_crashes_results_reader_lost(results) == 0,
	       "and where to go on");
	rpc_end(&call);
}

/* Waiting for one that is still to come, and being told. */
static void test_wait(void)
{
	uint64_t next = crash_count(), ns;
	struct rpc_call wait, late;
	struct supervisor_wait_crash_params_builder p = supervisor_wait_crash_begin(&wait, w.t, w.supervisor);

	supervisor_wait_crash_params_builder_set_number(p, next);
	(void)!supervisor_wait_crash_send(&wait);
	p = supervisor_wait_crash_begin(&late, w.t, w.supervisor);
	supervisor_wait_crash_params_builder_set_number(p, next + 1000);
	rpc_set_deadline(&late, runtime_now() + 50 * MS);
	tap_is(rpc_call(&late), STATUS_TIMED_OUT, "who waits for a crash that does not come, waits");
	rpc_end(&late);
	tap_ok(!wait.done, "so does who waits for the next one");
	(void)end_service(w.steady, CRASHER_HOW_EXIT_WITH_FAILURE);
	tap_is(rpc_wait(&wait), STATUS_OK, "until it comes");
	rpc_end(&wait);
	tap_ok(crash_count() == next + 1, "an exit with a failure counts");
	(void)!crasher_started(w.t, w.steady, &ns);
}

static void test_refusals(void)
{
	struct supervisor_crash_params_builder c;
	struct supervisor_status_params_builder s;
	struct supervisor_restart_params_builder r;
	struct rpc_call call;

	c = supervisor_crash_begin(&call, w.t, w.supervisor);
	supervisor_crash_params_builder_set_number(c, 1000);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "number"), "a crash that there was not");
	s = supervisor_status_begin(&call, w.t, w.supervisor);
	supervisor_status_params_builder_set_name(s, MSG_TEXT("nobody"));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "name"), "the status of nobody");
	r = supervisor_restart_begin(&call, w.t, w.supervisor);
	supervisor_restart_params_builder_set_name(r, MSG_TEXT("single"));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_FAILED, "name"), "restarting what is not supervised");
	r = supervisor_restart_begin(&call, w.t, w.looker);
	supervisor_restart_params_builder_set_name(r, MSG_TEXT("steady"));
	tap_is(rpc_call(&call), STATUS_DENIED, "restarting without the method");
	rpc_end(&call);
}

void test_crashes(void)
{
	uint64_t number = crash_count(), ns;
	uint32_t pid = status_of("steady").pid;

	(void)end_service(w.steady, CRASHER_HOW_PAGE_FAULT);
	(void)!crasher_started(w.t, w.steady, &ns);
	tap_ok(crash_count() == number + 1, "a crash is counted");
	test_record(number, pid);
	test_calls(number, pid);
	test_summary(number);
	test_wait();
	test_refusals();
}
