// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A program that calls as fast as it can, and a reader that is too slow: each record is either read or counted as lost. What reading a
 * record costs says how many a second can be kept up with.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <testing/child.h>
#include <testing/tap.h>
#include <trace/trace.h>

#include "parts.h"

#define MEMORY (128u * 1024)
#define CALLS 20000u

static struct trace_source source;
static struct trace_calls calls;
static struct trace_stats stats;
static uint64_t taken, last;

static cap_id make_memory(void)
{
	struct virtual_memory_create_memory_results_reader results;
	cap_id space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID), id = CAP_ID_NULL;
	struct rpc_call call;
	uint64_t address;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&call, runtime_transport(), space), MEMORY);
	if (virtual_memory_create_memory_call(&call, &results) == STATUS_OK)
		id = rpc_result_cap(&call, virtual_memory_create_memory_results_reader_memory(results));
	rpc_end(&call);
	if (virtual_memory_map(runtime_transport(), space, id, 0, MEMORY, 0, VIRTUAL_MEMORY_PROTECTION_READ,
			       &address) != STATUS_OK)
		return CAP_ID_NULL;
	trace_source_init(&source, (const void *)(uintptr_t)address, MEMORY);
	return id;
}

static void drain(void)
{
	struct capture_record record;
	struct trace_call call;

	while (trace_source_next(&source, &record)) {
		taken++;
		last = record.sequence;
		if (trace_calls_take(&calls, &record, &call))
			trace_stats_add(&stats, &call);
	}
}

void test_traces(void)
{
	cap_id timer = runtime_need("timer", TIMER_INTERFACE_ID), memory = make_memory(), child;
	const struct spawn_grant grants[] = {child_grant("timer")};
	const struct child_options options = {
		.grants = grants, .grant_count = 1, .capture = memory, .arguments = {"20000", "0"}};

	if (!tap_ok(memory.raw != 0 && child_start("pace", &options, &child) == STATUS_OK,
		    "a traced program"))
		return;
	(void)!timer_sleep(runtime_transport(), timer, 1'000'000); /* once while it runs, once at the end */
	drain();

	struct spawn_exit exit = child_wait(child);
	tap_ok(exit.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && exit.code == 0, "it did not notice");

	uint64_t before = taken, began = tsc();
	drain();
	uint64_t cost = tsc() - began;

	tap_ok(source.lost > 0, "the reader was too slow: %llu records were overwritten",
	       (unsigned long long)source.lost);
	tap_ok(taken + source.lost == last && last == 2ull * CALLS,
	       "each of %llu records was read (%llu) or counted as lost (%llu)", (unsigned long long)last,
	       (unsigned long long)taken, (unsigned long long)source.lost);
	tap_ok(taken > before && stats.calls <= CALLS, "what was left at the end was read");
	if (taken > before)
		tap_note("row trace_record %llu", (unsigned long long)(cost / (taken - before)));
}
