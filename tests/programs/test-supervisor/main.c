// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Supervision, from where it is seen: a client of services that end, and a holder of the Supervisor.
 */
#include <schema/kernel/system_inspector.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "supervisor.h"

struct world w;

struct process_status status_of(const char *name)
{
	struct supervisor_status_results_reader results;
	struct process_status s = {};
	struct rpc_call call;
	struct supervisor_status_params_builder p = supervisor_status_begin(&call, w.t, w.supervisor);

	supervisor_status_params_builder_set_name(p, msg_text_from(name));
	if (supervisor_status_call(&call, &results) == STATUS_OK) {
		struct supervisor_process_reader process = supervisor_status_results_reader_process(results);

		s = (struct process_status){
			supervisor_process_reader_state(process),
			supervisor_process_reader_pid(process),
			supervisor_process_reader_restarts(process),
			supervisor_process_reader_recent(process),
		};
	}
	rpc_end(&call);
	return s;
}

bool comes_to(const char *name, enum supervisor_state state)
{
	for (unsigned i = 0; i < 1000; i++) {
		if (status_of(name).state == state)
			return true;
		(void)!timer_sleep(w.t, w.timer, 10 * MS);
	}
	tap_note("%s is in state %u", name, status_of(name).state);
	return false;
}

uint64_t crash_count(void)
{
	struct supervisor_image_results_reader results;
	struct rpc_call call;
	uint64_t count = 0;

	supervisor_image_begin(&call, w.t, w.supervisor);
	if (supervisor_image_call(&call, &results) == STATUS_OK)
		count = supervisor_image_results_reader_crashes(results);
	rpc_end(&call);
	return count;
}

enum status end_service(cap_id service, enum crasher_how how)
{
	return crasher_end(w.t, service, how);
}

/* The budget and period of the first thread of a process of the image. */
static bool has_cpu_time(const char *name, uint64_t budget_ns, uint64_t period_ns)
{
	struct system_inspector_threads_results_reader results;
	struct rpc_call call;
	bool good = false;

	system_inspector_threads_params_builder_set_pid(
		system_inspector_threads_begin(&call, w.t,
					       runtime_need("inspector", SYSTEM_INSPECTOR_INTERFACE_ID)),
		status_of(name).pid);
	if (system_inspector_threads_call(&call, &results) == STATUS_OK) {
		struct system_inspector_thread_list_reader list =
			system_inspector_threads_results_reader_threads(results);
		struct system_inspector_thread_reader t = system_inspector_thread_list_reader_at(list, 0);

		good = system_inspector_thread_list_reader_count(list) > 0 &&
		       system_inspector_thread_reader_budget_ns(t) == budget_ns &&
		       system_inspector_thread_reader_period_ns(t) == period_ns &&
		       !system_inspector_thread_reader_lent(t);
	}
	rpc_end(&call);
	return good;
}

static void test_cpu_time(void)
{
	uint32_t pid = status_of("steady").pid;

	tap_ok(has_cpu_time("steady", 2 * MS, 20 * MS) && has_cpu_time("keeper", 0, 0),
	       "the image sets CPU time aside for one");
	tap_is(end_service(w.steady, CRASHER_HOW_PAGE_FAULT), STATUS_DISCONNECTED, "that ends");
	for (unsigned i = 0; i < 500 && (status_of("steady").pid == pid ||
					 status_of("steady").state != SUPERVISOR_STATE_RUNNING);
	     i++)
		(void)!timer_sleep(w.t, w.timer, 10 * MS);
	tap_ok(status_of("steady").pid != pid && has_cpu_time("steady", 2 * MS, 20 * MS),
	       "and has it again in its next life");
}

int main(void)
{
	tap_start();
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.timer = runtime_need("timer", 0);
	w.supervisor = runtime_need("supervisor", SUPERVISOR_INTERFACE_ID);
	w.looker = runtime_need("looker", SUPERVISOR_INTERFACE_ID);
	w.steady = runtime_need("steady", CRASHER_INTERFACE_ID);
	w.keeper = runtime_need("keeper", CRASHER_INTERFACE_ID);
	w.fragile = runtime_need("fragile", CRASHER_INTERFACE_ID);
	w.single = runtime_need("single", CRASHER_INTERFACE_ID);
	w.loop = runtime_need("loop", CRASHER_INTERFACE_ID);
	test_clients();
	test_crashes();
	test_cpu_time();
	test_limits();
	return tap_end();
}
