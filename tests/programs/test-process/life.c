// SPDX-License-Identifier: MIT OR Apache-2.0
/* Handles: create, grant, start, wait, kill, info, backtrace, events; and the bounds that a creator sets. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "process.h"

static enum status create(struct msg_text name, cap_id *process, cap_id *space)
{
	struct process_spawner_create_results_reader results;
	struct rpc_call call;

	process_spawner_create_params_builder_set_name(process_spawner_create_begin(&call, w.t, w.spawner),
						       name);
	enum status status = process_spawner_create_call(&call, &results);
	if (status == STATUS_OK) {
		*process = rpc_result_cap(&call, process_spawner_create_results_reader_process(results));
		*space = rpc_result_cap(&call, process_spawner_create_results_reader_space(results));
	}
	rpc_end(&call);
	return status;
}

static enum status start(const char *what, cap_id *handle)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer")};

	return child_start("test-process",
			   &(struct child_options){.grants = grants, .grant_count = 2, .arguments = {what}},
			   handle);
}

static enum process_handle_state state_of(cap_id handle)
{
	struct process_handle_info_results_reader r;
	struct rpc_call call;
	enum process_handle_state state = (enum process_handle_state)99;

	process_handle_info_begin(&call, w.t, handle);
	if (process_handle_info_call(&call, &r) == STATUS_OK)
		state = process_handle_info_results_reader_state(r);
	rpc_end(&call);
	return state;
}

void test_life(void)
{
	struct child_counts before = child_counts();
	struct spawn_exit e;
	cap_id handle = CAP_ID_NULL;

	tap_is(start("stands by", &handle), STATUS_OK, "a child that stays");
	tap_ok(state_of(handle) == PROCESS_HANDLE_STATE_RUNNING, "process.info: running");
	tap_is(spawn_wait(w.t, handle, runtime_now() + 5 * MS, &e), STATUS_TIMED_OUT, "process.wait waits");
	tap_is(process_handle_kill(w.t, handle, -3), STATUS_OK, "process.kill");
	tap_ok(spawn_wait(w.t, handle, 0, &e) == STATUS_OK && e.reason == PROCESS_HANDLE_EXIT_REASON_KILLED &&
		       e.code == -3,
	       "killed, with the killer's code");
	tap_ok(spawn_wait(w.t, handle, 0, &e) == STATUS_OK && e.code == -3,
	       "process.wait of what has ended completes at once");
	tap_is(process_handle_kill(w.t, handle, 9), STATUS_OK, "process.kill of what has ended");
	tap_ok(spawn_wait(w.t, handle, 0, &e) == STATUS_OK && e.code == -3, "changes nothing");
	tap_ok(state_of(handle) == PROCESS_HANDLE_STATE_ENDED, "process.info: ended");
	ring_release(w.ring, handle);
	tap_ok(child_counts_return(&before), "counts return to the baseline");

	/* A handle is no lifeline: the process lives without one. */
	(void)!start("returns 0", &handle);
	ring_release(w.ring, handle);
	tap_ok(child_counts_return(&before), "a child whose handle was dropped ends by itself, and is gone");

	unsigned ended = 0;
	for (unsigned i = 0; i < 40; i++) {
		(void)!start(i % 2 ? "returns 42" : "stands by", &handle);
		if (i % 2 == 0)
			(void)!process_handle_kill(w.t, handle, 1);
		e = child_wait(handle);
		ended += i % 2 ? e.code == 42 : e.reason == PROCESS_HANDLE_EXIT_REASON_KILLED;
	}
	tap_ok(ended == 40, "forty more come and go");
	tap_ok(child_counts_return(&before), "and leave nothing");
}

static bool create_raises(struct msg_text name)
{
	struct rpc_call call;

	process_spawner_create_params_builder_set_name(process_spawner_create_begin(&call, w.t, w.spawner),
						       name);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static bool start_raises(cap_id process, uint32_t submissions, uint32_t arena, enum exception_type type)
{
	struct rpc_call call;
	struct process_handle_start_params_builder p = process_handle_start_begin(&call, w.t, process);

	process_handle_start_params_builder_set_entry(p, 0x1000);
	process_handle_start_params_builder_set_submissions(p, submissions);
	process_handle_start_params_builder_set_arena_bytes(p, arena);
	return tap_raises(&call, type, nullptr);
}

static void test_created(void)
{
	cap_id process = CAP_ID_NULL, space = CAP_ID_NULL;
	struct spawn_exit e;
	struct rpc_call call;
	uint64_t id = 0;

	tap_ok(create_raises(MSG_TEXT("a name of more than 31 bytes is refused")),
	       "names have at most 31 bytes");
	tap_is(create(MSG_TEXT("a name of exactly 31 bytes ...."), &process, &space), STATUS_OK,
	       "31 are allowed");
	tap_ok(state_of(process) == PROCESS_HANDLE_STATE_CREATED, "process.info: created");
	tap_ok(process_handle_grant(w.t, process, 5, w.timer, 0, &id) == STATUS_OK &&
		       id == cap_id_make(5, 1).raw,
	       "process.grant: the id is the slot's first generation");
	struct process_handle_grant_params_builder g = process_handle_grant_begin(&call, w.t, process);
	process_handle_grant_params_builder_set_slot(g, 5);
	process_handle_grant_params_builder_set_capability(g, rpc_add_cap(&call, w.timer));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_FAILED, nullptr), "a taken slot");
	g = process_handle_grant_begin(&call, w.t, process);
	process_handle_grant_params_builder_set_slot(g, 70000);
	process_handle_grant_params_builder_set_capability(g, rpc_add_cap(&call, w.timer));
	enum status status = rpc_call(&call);
	tap_ok(status != STATUS_OK, "a slot that no table has (%s)", tap_status_name(status));
	rpc_end(&call);
	tap_ok(start_raises(process, 33, 0, EXCEPTION_TYPE_INVALID_ARGUMENT) &&
		       start_raises(process, 2048, 0, EXCEPTION_TYPE_INVALID_ARGUMENT) &&
		       start_raises(process, 0, UINT32_MAX, EXCEPTION_TYPE_INVALID_ARGUMENT),
	       "process.start with geometries that are none");

	/* It starts where nothing is mapped. */
	tap_is(process_handle_start(w.t, process, 0x1000, 0, 0, 0, 0, 0, 0, CAP_ID_NULL), STATUS_OK,
	       "process.start");
	tap_ok(spawn_wait(w.t, process, runtime_now() + 1000 * MS, &e) == STATUS_OK &&
		       e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT && e.address == 0x1000 &&
		       e.instruction == 0x1000,
	       "an empty process faults at its first instruction");
	tap_ok(start_raises(process, 0, 0, EXCEPTION_TYPE_FAILED), "process.start a second time");
	uint64_t address;
	status = virtual_memory_allocate(w.t, space, 4096, 0, &address);
	tap_ok(status != STATUS_OK, "nothing can be mapped where nobody lives (%s)", tap_status_name(status));
	ring_release(w.ring, process);
	ring_release(w.ring, space);

	(void)!create(MSG_TEXT("never started"), &process, &space);
	(void)!process_handle_kill(w.t, process, 12);
	tap_ok(spawn_wait(w.t, process, runtime_now() + 1000 * MS, &e) == STATUS_OK &&
		       e.reason == PROCESS_HANDLE_EXIT_REASON_KILLED && e.code == 12,
	       "a process can be killed before it starts");
	ring_release(w.ring, process);
	ring_release(w.ring, space);
}

static uint32_t backtrace_of(const char *what)
{
	struct process_handle_backtrace_results_reader r;
	struct rpc_call call;
	struct spawn_exit e;
	cap_id handle = CAP_ID_NULL;
	uint32_t len = 0;

	(void)!start(what, &handle);
	(void)!spawn_wait(w.t, handle, 0, &e);
	process_handle_backtrace_begin(&call, w.t, handle);
	if (process_handle_backtrace_call(&call, &r) == STATUS_OK)
		len = process_handle_backtrace_results_reader_text(r).len;
	rpc_end(&call);
	ring_release(w.ring, handle);
	return len;
}

struct events_seen {
	bool called, left;
	uint64_t next, last, lost;
	unsigned count;
};

/* All that there are by now, from the first. */
static void read_events(cap_id handle, struct events_seen *seen)
{
	*seen = (struct events_seen){};
	struct process_handle_events_results_reader r;
	struct rpc_call call;
	uint32_t count = 1;

	while (count > 0) {
		struct process_handle_events_params_builder p = process_handle_events_begin(&call, w.t,
											    handle);

		process_handle_events_params_builder_set_from(p, seen->next);
		if (process_handle_events_call(&call, &r) != STATUS_OK) {
			rpc_end(&call);
			return;
		}
		struct process_handle_event_list_reader list = process_handle_events_results_reader_events(r);

		count = process_handle_event_list_reader_count(list);
		for (uint32_t i = 0; i < count; i++) {
			struct process_handle_event_reader ev = process_handle_event_list_reader_at(list, i);

			seen->called |= process_handle_event_reader_kind(ev) == 1;
			seen->left |= process_handle_event_reader_kind(ev) == 6;
			seen->last = process_handle_event_reader_sequence(ev);
		}
		seen->next = process_handle_events_results_reader_next(r);
		seen->lost += process_handle_events_results_reader_lost(r);
		seen->count += count;
		rpc_end(&call);
	}
}

static void test_events(void)
{
	const uint64_t until = runtime_now() + 20'000 * MS;
	struct events_seen seen = {};
	struct spawn_exit e;
	cap_id handle = CAP_ID_NULL;

	(void)!start("stands by", &handle);
	for (read_events(handle, &seen); !seen.called && runtime_now() < until; read_events(handle, &seen))
		(void)!timer_sleep(w.t, w.timer, 5 * MS);
	(void)!process_handle_kill(w.t, handle, 0);
	(void)!spawn_wait(w.t, handle, 0, &e);
	read_events(handle, &seen);
	if (!tap_ok(seen.called && seen.left && seen.last < seen.next,
		    "process.events: its calls and its end"))
		tap_note("%u events, called %d, left %d, last %llu, next %llu, lost %llu", seen.count,
			 seen.called, seen.left, (unsigned long long)seen.last, (unsigned long long)seen.next,
			 (unsigned long long)seen.lost);
	ring_release(w.ring, handle);
}

void test_handles(void)
{
	struct child_counts before = child_counts();

	test_created();
	tap_ok(backtrace_of("reads at 0") > 0, "process.backtrace of one that faulted");
	tap_ok(backtrace_of("returns 0") == 0, "of one that did not: empty");
	test_events();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}

/* A process of a single page budget: what it asks for is refused to it, and to nobody else. */
void test_limits(void)
{
	struct process_spawner_create_results_reader results;
	struct rpc_call call;
	cap_id process, space;
	uint64_t id;
	unsigned granted = 0;

	struct child_counts before = child_counts();
	struct process_spawner_create_params_builder p = process_spawner_create_begin(&call, w.t, w.spawner);
	process_spawner_create_params_builder_set_name(p, MSG_TEXT("small"));
	struct process_spawner_limits_builder l = process_spawner_create_params_builder_init_limits(p);
	process_spawner_limits_builder_set_capabilities(l, 10);
	process_spawner_limits_builder_set_pages(l, 32);
	tap_is(process_spawner_create_call(&call, &results), STATUS_OK, "a process with small limits");
	process = rpc_result_cap(&call, process_spawner_create_results_reader_process(results));
	space = rpc_result_cap(&call, process_spawner_create_results_reader_space(results));
	rpc_end(&call);

	enum status status = STATUS_OK;
	for (; granted < 20 && status == STATUS_OK; granted += status == STATUS_OK)
		status = process_handle_grant(w.t, process, 0, w.timer, 0, &id);
	tap_ok(granted == 10, "ten capabilities fit, no more (%u, then %s)", granted,
	       tap_status_name(status));
	uint64_t address = 0;
	status = virtual_memory_allocate(w.t, space, 1 << 20, 0, &address);
	tap_note("mapping 256 pages into it, which are charged when touched: %s", tap_status_name(status));
	(void)!process_handle_kill(w.t, process, 0);
	ring_release(w.ring, process);
	ring_release(w.ring, space);
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
