// SPDX-License-Identifier: MIT OR Apache-2.0
/* The whole machine, as SystemInspector tells it. */
#include <schema/kernel/process_handle.capnp.h>

#include "inspector.h"

struct found {
	bool there;
	uint32_t creator, threads, capabilities;
	uint64_t session;
};

static struct found find_process(uint32_t pid)
{
	struct found f = {};

	for (uint32_t from = 1; from != 0;) {
		struct system_inspector_processes_results_reader results;
		struct rpc_call call;
		struct system_inspector_processes_params_builder p = system_inspector_processes_begin(
			&call, w.t, w.inspector);

		system_inspector_processes_params_builder_set_from(p, from);
		from = 0;
		if (system_inspector_processes_call(&call, &results) == STATUS_OK) {
			struct system_inspector_process_list_reader list =
				system_inspector_processes_results_reader_processes(results);

			for (uint32_t i = 0; i < system_inspector_process_list_reader_count(list); i++) {
				struct system_inspector_process_reader r =
					system_inspector_process_list_reader_at(list, i);

				if (system_inspector_process_reader_pid(r) == pid)
					f = (struct found){true, system_inspector_process_reader_creator(r),
							   system_inspector_process_reader_threads(r),
							   system_inspector_process_reader_capabilities(r),
							   system_inspector_process_reader_session(r)};
			}
			from = system_inspector_processes_results_reader_next(results);
		}
		rpc_end(&call);
	}
	return f;
}

static void test_processes(void)
{
	struct found init = find_process(INIT_PID), self = find_process(w.pid);

	tap_ok(init.there && init.creator == 0 && init.threads == 1, "init, which the kernel made");
	tap_ok(self.there && self.creator == INIT_PID && self.threads >= 1 && self.session == init.session,
	       "this process, which init made, in the same session");
	tap_ok(!find_process(1000000).there, "and nobody else");
}

static void test_tables(void)
{
	uint32_t next = 1, mine = 0, same = 0, boot = 0, held = 0;
	enum status status = STATUS_OK;

	while (next != 0 && status == STATUS_OK) {
		struct entry e = first_of(w.pid, next, &next, &status), own;

		mine++;
		own = describe((cap_id){e.id});
		same += own.id == e.id && own.object == e.object && own.provenance == e.provenance &&
			own.via == e.via;
	}
	tap_ok(mine > 8 && same == mine,
	       "this process's table is what CapabilityManager says of it (%u of %u)", same, mine);
	for (next = 1; next != 0 && status == STATUS_OK;) {
		struct entry e = first_of(INIT_PID, next, &next, &status);

		boot += e.provenance == CAPABILITY_MANAGER_PROVENANCE_BOOT && e.giver == 0;
		held += e.interface_id == PROCESS_HANDLE_INTERFACE_ID && e.key == w.pid;
	}
	tap_ok(boot > 8, "init holds what the kernel gave it at boot (%u)", boot);
	tap_ok(held == 1, "and the handle of this process, which names it");
	(void)first_of(1000000, 1, &next, &status);
	tap_is(status, STATUS_EXCEPTION, "a process that there is not");
}

static void test_keys(void)
{
	cap_id endpoint, facet_template, facet;
	uint32_t next;
	enum status status;

	(void)!raw_endpoint(1024, 4, &endpoint, &facet_template);
	(void)!raw_mint(&w.raw, endpoint, facet_template, 4711, &facet);
	struct entry e = first_of(w.pid, cap_id_slot(facet), &next, &status), end = describe(endpoint);
	tap_ok(e.id == facet.raw && e.key == 4711 && e.object == end.object && !(e.flags & 1),
	       "a facet shows its key, and its endpoint's number: the edge to who receives there");
	ring_release(w.ring, facet);
	ring_release(w.ring, facet_template);
	ring_release(w.ring, endpoint);
}

static void test_threads(void)
{
	struct system_inspector_threads_results_reader results;
	struct rpc_call call;
	struct system_inspector_threads_params_builder p = system_inspector_threads_begin(&call, w.t,
											  w.inspector);

	system_inspector_threads_params_builder_set_pid(p, w.pid);
	tap_is(system_inspector_threads_call(&call, &results), STATUS_OK, "threads");
	struct system_inspector_thread_list_reader list = system_inspector_threads_results_reader_threads(
		results);
	struct system_inspector_thread_reader t = system_inspector_thread_list_reader_at(list, 0);
	tap_ok(system_inspector_thread_list_reader_count(list) == 1 &&
		       system_inspector_thread_reader_state(t) == SYSTEM_INSPECTOR_THREAD_STATE_RUNNING,
	       "this one, which runs");
	rpc_end(&call);
}

static void test_events(void)
{
	bool own = false, others = false;
	uint64_t from = 0;

	for (unsigned page = 0; page < 400 && from != UINT64_MAX; page++) {
		struct system_inspector_events_results_reader results;
		struct rpc_call call;
		struct system_inspector_events_params_builder p = system_inspector_events_begin(&call, w.t,
												w.inspector);

		system_inspector_events_params_builder_set_from(p, from);
		from = UINT64_MAX;
		if (system_inspector_events_call(&call, &results) == STATUS_OK) {
			struct process_handle_event_list_reader list =
				system_inspector_events_results_reader_events(results);

			for (uint32_t i = 0; i < process_handle_event_list_reader_count(list); i++) {
				uint32_t pid = process_handle_event_reader_process(
					process_handle_event_list_reader_at(list, i));

				own |= pid == w.pid;
				others |= pid != w.pid && pid != 0;
			}
			from = system_inspector_events_results_reader_next(results);
		}
		rpc_end(&call);
	}
	tap_ok(own, "events of this process");
	(void)others; /* whether they are still in the recorder is a matter of time */
}

void test_graph(void)
{
	test_processes();
	test_tables();
	test_keys();
	test_threads();
	test_events();
}
