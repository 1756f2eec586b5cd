// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ends that are too many, and being taken up again by hand. */
#include <schema/kernel/timer.capnp.h>

#include "supervisor.h"

static enum status call_named(enum status (*call)(struct rpc_transport *, cap_id, struct msg_text),
			      const char *name)
{
	return call(w.t, w.supervisor, msg_text_from(name));
}

static void test_give_up(void)
{
	uint64_t ns = 0, first = 0;
	bool good = true;

	for (unsigned i = 0; i < 3; i++) {
		/* always: also after an exit with 0. */
		good &= (i == 1 ? crasher_exit(w.t, w.fragile, 0)
				: end_service(w.fragile, CRASHER_HOW_PAGE_FAULT)) == STATUS_DISCONNECTED;
		good &= crasher_started(w.t, w.fragile, &ns) == STATUS_OK && ns > first;
		first = ns;
	}
	tap_ok(good, "three ends, three restarts");
	tap_is(end_service(w.fragile, CRASHER_HOW_PAGE_FAULT), STATUS_DISCONNECTED,
	       "the fourth is one too many");
	tap_ok(comes_to("fragile", SUPERVISOR_STATE_GIVEN_UP), "it is given up");
	tap_is(crasher_started(w.t, w.fragile, &ns), STATUS_DISCONNECTED, "and its clients are told so");
	tap_is(call_named(supervisor_restart, "fragile"), STATUS_OK, "restart takes it up again");
	tap_ok(crasher_started(w.t, w.fragile, &ns) == STATUS_OK && ns > first,
	       "and the same capability reaches it again");
	struct process_status s = status_of("fragile");
	tap_ok(s.state == SUPERVISOR_STATE_RUNNING && s.recent == 0 && s.restarts == 4, "with a clean count");
}

static void test_loop(void)
{
	uint64_t ns;

	tap_ok(comes_to("loop", SUPERVISOR_STATE_GIVEN_UP), "one that ends at once, each time, is given up");
	tap_ok(status_of("loop").restarts == 4, "after as many restarts as its limit allows");
	tap_is(crasher_started(w.t, w.loop, &ns), STATUS_DISCONNECTED, "its clients are told");
}

static void test_by_hand(void)
{
	uint64_t ns = 0, first = 0, crashes = crash_count();
	uint32_t restarts = status_of("steady").restarts;
	struct rpc_call call;

	(void)!crasher_started(w.t, w.steady, &first);
	tap_is(call_named(supervisor_restart, "steady"), STATUS_OK, "restart of what runs");
	tap_ok(crasher_started(w.t, w.steady, &ns) == STATUS_OK && ns > first &&
		       status_of("steady").restarts == restarts + 1,
	       "ends it and starts it anew");
	tap_is(call_named(supervisor_stop, "steady"), STATUS_OK, "stop");
	tap_ok(status_of("steady").state == SUPERVISOR_STATE_STOPPED && status_of("steady").pid == 0,
	       "it is stopped");
	crasher_started_begin(&call, w.t, w.steady);
	rpc_set_deadline(&call, runtime_now() + 2000 * MS);
	tap_is(rpc_call(&call), STATUS_DISCONNECTED, "calls do not wait for what will not come");
	rpc_end(&call);
	tap_is(call_named(supervisor_stop, "steady"), STATUS_OK, "stop again");
	tap_is(call_named(supervisor_restart, "steady"), STATUS_OK, "restart");
	tap_is(crasher_started(w.t, w.steady, &ns), STATUS_OK, "and it answers again");
	tap_ok(crash_count() == crashes, "none of this was a crash");
	/* While its first start is still being waited for. */
	tap_is(crasher_exit(w.t, w.steady, 0), STATUS_DISCONNECTED, "it exits with 0");
	tap_ok(comes_to("steady", SUPERVISOR_STATE_ENDED), "which its policy, on failure, takes for its end");
	tap_is(crasher_started(w.t, w.steady, &ns), STATUS_DISCONNECTED, "its clients are told");
}

static void test_list(void)
{
	struct supervisor_list_results_reader results;
	struct rpc_call call;
	uint32_t count, supervised = 0;

	supervisor_list_begin(&call, w.t, w.looker);
	tap_is(supervisor_list_call(&call, &results), STATUS_OK, "the list");
	struct supervisor_process_list_reader list = supervisor_list_results_reader_processes(results);
	count = supervisor_process_list_reader_count(list);
	for (uint32_t i = 0; i < count; i++)
		supervised += supervisor_process_reader_policy(supervisor_process_list_reader_at(list, i)) !=
			      IMAGE_RESTART_POLICY_NEVER;
	tap_ok(count == 6 && supervised == 4 && supervisor_list_results_reader_next(results) == 0,
	       "six processes, four of them supervised");
	rpc_end(&call);
}

void test_limits(void)
{
	test_give_up();
	test_loop();
	test_by_hand();
	test_list();
}
