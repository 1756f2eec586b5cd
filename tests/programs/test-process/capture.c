// SPDX-License-Identifier: MIT OR Apache-2.0
/* Message capture: what a child calls, its creator reads in the memory that it gave; a child without it costs nothing. */
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <trace/trace.h>

#include "process.h"

#define PAGE 4096ull

static cap_id make_memory(uint64_t bytes, const void **mapped)
{
	struct virtual_memory_create_memory_results_reader r;
	struct rpc_call call;
	cap_id memory = CAP_ID_NULL;
	uint64_t address = 0;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&call, w.t, w.space), bytes);
	if (virtual_memory_create_memory_call(&call, &r) == STATUS_OK)
		memory = rpc_result_cap(&call, virtual_memory_create_memory_results_reader_memory(r));
	rpc_end(&call);
	if (mapped && virtual_memory_map(w.t, w.space, memory, 0, bytes, 0, VIRTUAL_MEMORY_PROTECTION_READ,
					 &address) == STATUS_OK)
		*mapped = (const void *)(uintptr_t)address;
	return memory;
}

static struct spawn_exit run_captured(const char *what, cap_id memory)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer")};

	return child_run("test-process",
			 &(struct child_options){
				 .grants = grants, .grant_count = 2, .arguments = {what}, .capture = memory});
}

/* The n-th call of Timer's method. */
static bool find_call(const void *mapped, uint64_t bytes, uint16_t method, unsigned n, struct trace_call *out)
{
	static struct trace_calls calls;
	struct trace_source source;
	struct capture_record r;

	calls = (struct trace_calls){};
	trace_source_init(&source, mapped, bytes);
	while (trace_source_next(&source, &r))
		if (trace_calls_take(&calls, &r, out) && out->interface_id == TIMER_INTERFACE_ID &&
		    out->method == method && n-- == 0)
			return true;
	return false;
}

static void test_records(const void *mapped, uint64_t bytes)
{
	struct trace_source source;
	struct trace_call call;
	struct capture_record r = {};

	tap_ok(find_call(mapped, bytes, TIMER_NOW, 0, &call) && call.status == STATUS_OK &&
		       call.end_ns >= call.start_ns && call.results_length == 16,
	       "capture: a call that is answered at once");
	bool slept = find_call(mapped, bytes, TIMER_SLEEP, 0, &call);
	tap_ok(slept && call.status == STATUS_OK && call.end_ns - call.start_ns >= 2 * MS,
	       "one that waits, with its duration");
	trace_source_init(&source, mapped, bytes);
	tap_ok(trace_source_at(&source, call.call_record, &r) && r.kind == CAPTURE_CALL && r.length == 16 &&
		       r.kept == 16 && r.message[1] == 2 * MS,
	       "with its arguments");
	tap_ok(find_call(mapped, bytes, TIMER_NOW, 1, &call) && call.status == STATUS_BAD_ID &&
		       call.results_length == 0,
	       "one that is refused");
}

static void test_wrap(void)
{
	const void *mapped = nullptr;
	struct trace_source source;
	struct capture_record r;
	cap_id memory = make_memory(PAGE, &mapped);
	uint64_t seen = 0, last = 0;

	struct spawn_exit e = run_captured("makes calls", memory);
	trace_source_init(&source, mapped, PAGE);
	while (trace_source_next(&source, &r)) {
		last = r.sequence;
		seen++;
	}
	tap_ok(e.code == 3 && seen == PAGE / CAPTURE_SLOT && seen + source.lost == last && last >= 46,
	       "more records than slots: the newest stay, the others are counted (%llu, %llu lost)",
	       (unsigned long long)seen, (unsigned long long)source.lost);
	(void)!virtual_memory_unmap(w.t, w.space, (uint64_t)(uintptr_t)mapped, PAGE);
	ring_release(w.ring, memory);
}

/* Read while they come, at whatever rate: seen and lost are all there were. */
static void test_rate(void)
{
	const uint64_t bytes = 256 * PAGE;
	const void *mapped = nullptr;
	cap_id memory = make_memory(bytes, &mapped), handle = CAP_ID_NULL;
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer")};
	struct trace_source source;
	struct capture_record r;
	struct rpc_call call;
	uint64_t seen = 0, last = 0, first_ns = 0, last_ns = 0;

	(void)!child_start("test-process",
			   &(struct child_options){.grants = grants,
						   .grant_count = 2,
						   .arguments = {"makes many calls"},
						   .capture = memory},
			   &handle);
	trace_source_init(&source, mapped, bytes);
	process_handle_wait_begin(&call, w.t, handle);
	(void)!rpc_send(&call);
	for (bool ended = false, over = false; !over;) {
		over = ended;
		for (; trace_source_next(&source, &r); seen++) {
			first_ns = first_ns ? first_ns : r.time_ns;
			last_ns = r.time_ns;
			last = r.sequence;
		}
		ring_wait(w.ring, runtime_now() + MS);
		ended = call.done;
	}
	(void)!rpc_wait(&call);
	rpc_end(&call);
	uint64_t span = last_ns > first_ns ? last_ns - first_ns : 1;
	tap_ok(seen + source.lost == last && last >= 40000,
	       "%llu records, read as they come: %llu seen, %llu lost, none uncounted",
	       (unsigned long long)last, (unsigned long long)seen, (unsigned long long)source.lost);
	tap_note("%llu records a second", (unsigned long long)(last * 1000 * MS / span));
	(void)!virtual_memory_unmap(w.t, w.space, (uint64_t)(uintptr_t)mapped, bytes);
	ring_release(w.ring, memory);
	ring_release(w.ring, handle);
}

static bool refuses(cap_id capture)
{
	struct rpc_call call;
	struct process_spawner_create_params_builder p = process_spawner_create_begin(&call, w.t, w.spawner);

	process_spawner_create_params_builder_set_name(p, MSG_TEXT("captured"));
	process_spawner_create_params_builder_set_capture(p, rpc_add_cap(&call, capture));
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "capture");
}

/* What stays with this process: the page table of the largest mapping, and memory of its own that it touches first here. */
static void warm_up(void)
{
	const void *mapped = nullptr;
	cap_id memory = make_memory(256 * PAGE, &mapped);
	struct trace_call none;

	(void)find_call(mapped, 256 * PAGE, 0, 0, &none);
	(void)!virtual_memory_unmap(w.t, w.space, (uint64_t)(uintptr_t)mapped, 256 * PAGE);
	ring_release(w.ring, memory);
}

void test_capture(void)
{
	warm_up();

	struct child_counts before = child_counts();
	const void *mapped = nullptr;
	uint64_t bytes = 16 * PAGE;
	cap_id memory = make_memory(bytes, &mapped), large = make_memory(513 * PAGE, nullptr);

	tap_ok(run_captured("makes calls", memory).code == 3, "a captured child does what it does");
	if (tap_ok(mapped != nullptr, "its creator sees the memory"))
		test_records(mapped, bytes);
	(void)!virtual_memory_unmap(w.t, w.space, (uint64_t)(uintptr_t)mapped, bytes);
	test_wrap();
	test_rate();
	tap_ok(refuses(w.timer) && refuses(large), "what is no memory, or too large, is refused");
	tap_ok(run_captured("reads at 0", memory).reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT,
	       "a captured child that faults");
	ring_release(w.ring, memory);
	ring_release(w.ring, large);
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
