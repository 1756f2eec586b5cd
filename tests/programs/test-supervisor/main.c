// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Supervision, from where it is seen: a client of services that end, and a holder of the Supervisor.
 */
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
	test_limits();
	return tap_end();
}
