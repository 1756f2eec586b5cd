// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ProcessSpawner.clone: two processes out of one. Clones are checked by what they exit with, so each counts what is as it
 * should be.
 */
#include <abi/cap.h>
#include <runtime/clone.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "process.h"

#define PAGE 4096ull
#define READ_WRITE VIRTUAL_MEMORY_PROTECTION_READ_WRITE

static volatile uint64_t in_data = 7;
static _Thread_local volatile uint64_t of_thread = 8;

struct parts {
	volatile uint64_t *heap;         /* allocated: 3 pages */
	volatile uint64_t *shared;       /* a memory object that is mapped shared */
	volatile uint64_t *copies;       /* the same one, copy-on-write */
	const volatile uint64_t *region; /* the parent's */
	cap_id endpoint, memory;
};

/* Never returns in the clone. */
static cap_id clone(int64_t (*body)(const struct parts *), const struct parts *parts, enum status *status)
{
	cap_id handle = CAP_ID_NULL;

	*status = runtime_clone(w.spawner, NULL, &handle);
	if (*status == STATUS_OK && handle.raw == 0)
		runtime_exit(body(parts));
	return handle;
}

static struct spawn_exit run(int64_t (*body)(const struct parts *), const struct parts *parts)
{
	struct spawn_exit e = {.reason = PROCESS_HANDLE_EXIT_REASON_RUNNING};
	enum status status;
	cap_id handle = clone(body, parts, &status);

	if (status != STATUS_OK) {
		tap_note("clone: %s", tap_status_name(status));
		return e;
	}
	(void)!spawn_wait(w.t, handle, runtime_now() + 20'000 * MS, &e);
	ring_release(w.ring, handle);
	return e;
}

static bool exits(struct spawn_exit e, int64_t code)
{
	if (e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == code)
		return true;
	tap_note("reason %u, code %lld, address %llx", (unsigned)e.reason, (long long)e.code,
		 (unsigned long long)e.address);
	return false;
}

static int64_t sees_and_writes(const struct parts *p)
{
	int64_t good = 0;
	uint64_t on_stack = 5;
	volatile uint64_t *local = &on_stack;

	good += in_data == 7 && of_thread == 8;
	good += p->heap[0] == 1 && p->heap[512] == 2 && p->heap[1024] == 0;
	good += p->shared[0] == 3 && p->copies[0] == 3;
	in_data = 70;
	of_thread = 80;
	*local = 50;
	for (unsigned i = 0; i < 3; i++)
		p->heap[512 * i] = 100 + i;
	p->shared[0] = 33;
	p->copies[512] = 44;
	good += in_data == 70 && of_thread == 80 && *local == 50;
	good += p->heap[0] == 100 && p->heap[512] == 101 && p->heap[1024] == 102 && p->copies[512] == 44;
	return good;
}

/* The same ids; its own space behind that one; no right to receive. */
static int64_t uses_capabilities(const struct parts *p)
{
	struct rpc_transport *t = runtime_transport();
	int64_t good = 0;
	uint64_t now, at = 0, bytes;
	cap_id made, again;

	good += timer_now(t, w.timer, &now) == STATUS_OK;
	good += memory_object_size(t, p->memory, &bytes) == STATUS_OK && bytes == 2 * PAGE;
	/* Were it the parent's, the parent's heap would go. */
	good += virtual_memory_unmap(t, w.space, (uint64_t)(uintptr_t)p->heap, 3 * PAGE) == STATUS_OK;
	good += virtual_memory_allocate(t, w.space, PAGE, (uint64_t)(uintptr_t)p->heap, &at) == STATUS_OK &&
		p->heap[0] == 0;
	good += endpoint_receive(t, p->endpoint) == STATUS_BAD_ID;
	/* Whatever comes now has another id. */
	bool reused = false;
	for (unsigned i = 0; i < 40; i++) {
		good += virtual_memory_create_memory(t, w.space, PAGE, &made) != STATUS_OK;
		reused |= made.raw == p->endpoint.raw;
	}
	good += !reused;
	good += endpoint_receive(t, p->endpoint) == STATUS_BAD_ID;
	good += ring_dup(runtime_ring(), w.timer, &again) == STATUS_OK && again.raw != w.timer.raw;
	return good;
}

static int64_t clones_again(const struct parts *p)
{
	struct spawn_exit e;

	p->heap[0] = 11;
	e = run(sees_and_writes, p); /* heap[0] differs from what it expects: 4 of 5 */
	return e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 4 && p->heap[0] == 11 ? 9 : 0;
}

static int64_t reads_the_region(const struct parts *p)
{
	return (int64_t)*p->region;
}

static int64_t stays(const struct parts *p)
{
	(void)p;
	for (;;)
		(void)!timer_sleep(runtime_transport(), w.timer, 1'000'000'000ull);
}

static enum status map_both(struct parts *p)
{
	uint64_t at = 0, again = 0;
	enum status status = virtual_memory_create_memory(w.t, w.space, 2 * PAGE, &p->memory);

	if (status == STATUS_OK)
		status = virtual_memory_map(w.t, w.space, p->memory, 0, 2 * PAGE, 0, READ_WRITE, &at);
	if (status == STATUS_OK)
		status = virtual_memory_map_as(w.t, w.space, p->memory, 0, 2 * PAGE, 0, READ_WRITE,
					       VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE, &again);
	p->shared = (volatile uint64_t *)(uintptr_t)at;
	p->copies = (volatile uint64_t *)(uintptr_t)again;
	return status;
}

/* Raised when the clone is there already, and its handle on the way back. */
static bool geometry_raises(uint32_t submissions)
{
	struct rpc_call call;
	struct process_spawner_clone_params_builder b = process_spawner_clone_begin(&call, w.t, w.spawner);

	process_spawner_clone_params_builder_set_entry(b, PAGE);
	process_spawner_clone_params_builder_set_stack(b, PAGE);
	process_spawner_clone_params_builder_set_submissions(b, submissions);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "submissions or arenaBytes");
}

static void test_refusals(const struct parts *p)
{
	const struct runtime_clone_options small = {.pages = 8}, few = {.capabilities = 2};
	struct child_counts before = child_counts();
	cap_id less = CAP_ID_NULL, handle;
	uint64_t without = ~(1ull << PROCESS_SPAWNER_CLONE);

	tap_is(runtime_clone(w.spawner, &small, &handle), STATUS_NO_QUOTA,
	       "limits too small for its pages: no clone");
	tap_is(runtime_clone(w.spawner, &few, &handle), STATUS_NO_QUOTA, "nor for its capabilities");
	(void)!capability_manager_attenuate(w.t, w.manager, w.spawner, PROCESS_SPAWNER_INTERFACE_ID, without,
					    &less);
	tap_is(runtime_clone(less, NULL, &handle), STATUS_DENIED, "nor without the method");
	ring_release(w.ring, less);
	tap_ok(geometry_raises(3), "nor with a geometry that is none");
	tap_ok(child_counts_return(&before) && p->heap[0] == 1, "and nothing is left of the attempts");
}

void test_clone(void)
{
	struct child_counts before;
	struct parts p = {};
	struct spawn_exit e;
	uint64_t at = 0;
	enum status status;

	(void)!virtual_memory_allocate(w.t, w.space, 3 * PAGE, 0, &at);
	p.heap = (volatile uint64_t *)(uintptr_t)at;
	p.heap[0] = 1;
	p.heap[512] = 2;
	tap_is(map_both(&p), STATUS_OK, "a memory object mapped shared, and copy-on-write");
	p.shared[0] = 3;
	tap_ok(p.copies[0] == 3, "a copy-on-write mapping shows the memory");
	p.copies[1] = 4;
	p.shared[0] = 5;
	tap_ok(p.shared[1] == 0 && p.copies[0] == 3 && p.copies[1] == 4,
	       "and from the first write on a copy of the page");
	p.shared[512] = 6;
	tap_ok(p.copies[512] == 6, "but not of others");
	p.shared[512] = 0;
	p.shared[0] = 3;
	(void)!capability_manager_create_endpoint(w.t, w.manager, 256, 1, &p.endpoint);
	p.heap[1024] = 0; /* all that this will ever need */
	before = child_counts();

	e = run(sees_and_writes, &p);
	tap_ok(exits(e, 5), "a clone has the memory of its parent, and writes its own");
	tap_ok(in_data == 7 && of_thread == 8 && p.heap[0] == 1 && p.heap[512] == 2 && p.heap[1024] == 0 &&
		       p.copies[512] == 0,
	       "of which the parent sees nothing");
	tap_ok(p.shared[0] == 33, "but what is mapped shared is shared");
	p.shared[0] = 3;
	e = run(uses_capabilities, &p);
	tap_ok(exits(e, 8), "the same capabilities under the same ids, its own space, no right to receive");
	tap_ok(p.heap[0] == 1 && endpoint_receive(w.t, p.endpoint) == STATUS_OK,
	       "the parent keeps its memory and its right");
	e = run(clones_again, &p);
	tap_ok(exits(e, 9), "a clone can be cloned");
	p.region = (const volatile uint64_t *)runtime_region();
	e = run(reads_the_region, &p);
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT, "the parent's region is not there");

	cap_id handle = clone(stays, &p, &status);
	p.heap[0] = 21; /* the parent writes first */
	p.heap[1024] = 22;
	(void)!process_handle_kill(w.t, handle, 0);
	e = child_wait(handle);
	ring_release(w.ring, handle);
	tap_ok(status == STATUS_OK && e.reason == PROCESS_HANDLE_EXIT_REASON_KILLED && p.heap[0] == 21 &&
		       p.heap[512] == 2,
	       "a clone is killed as any process");
	p.heap[0] = 1;
	test_refusals(&p);
	tap_ok(child_counts_return(&before), "counts return to the baseline");

	(void)!virtual_memory_unmap(w.t, w.space, at, 3 * PAGE);
	(void)!virtual_memory_unmap(w.t, w.space, (uint64_t)(uintptr_t)p.shared, 2 * PAGE);
	(void)!virtual_memory_unmap(w.t, w.space, (uint64_t)(uintptr_t)p.copies, 2 * PAGE);
	ring_release(w.ring, p.memory);
	ring_release(w.ring, p.endpoint);
}
