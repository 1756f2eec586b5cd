// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Credits: waiting operations have half of the completion queue, the other half serves what completes at
 * once.
 */
#include <runtime/enter.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>

#include "ipc.h"

#define MAX_WAITS 64u

struct counted {
	struct ring_op op; /* first */
	int32_t status;
	uint64_t token;
	bool done;
};

static void count(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct counted *c = (struct counted *)(void *)op;

	c->status = cqe->status;
	c->token = cqe->token;
	c->done = true;
}

static void test_waits(void)
{
	static struct counted waits[MAX_WAITS];
	uint32_t again = 0, waiting = 0, half = w.ring->region->cq_count / 2, taken = 0;
	cap_id n;

	(void)!capability_manager_create_notification(w.t, w.manager, &n);
	for (unsigned i = 0; i < MAX_WAITS; i++) {
		waits[i] = (struct counted){.op.complete = count};
		ring_submit(w.ring,
			    &(struct cap_sqe){
				    .op = CAP_OP_WAIT, .target = n.raw, .interface_id = 1ull << (i % 64)},
			    &waits[i].op);
		if (i % 8 == 7)
			ring_flush(w.ring);
	}
	ring_flush(w.ring);
	for (unsigned i = 0; i < MAX_WAITS; i++) {
		again += waits[i].done && waits[i].status == STATUS_AGAIN;
		waiting += !waits[i].done;
	}
	tap_ok(waiting <= half && waiting >= half - 1 && again == MAX_WAITS - waiting,
	       "of %u WAITs %u wait and %u are AGAIN", MAX_WAITS, waiting, again);

	uint64_t ns;
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_NOP}), STATUS_OK,
	       "what completes at once still does");
	/* All bits at once: every one that waits gets its own. */
	ring_signal_bits(w.ring, n, ~0ull);
	uint64_t end = runtime_now() + 1000 * MS;
	for (bool all = false; !all && runtime_now() < end;) {
		ring_wait(w.ring, runtime_now() + 10 * MS);
		all = true;
		for (unsigned i = 0; i < MAX_WAITS; i++)
			all &= waits[i].done;
	}
	for (unsigned i = 0; i < MAX_WAITS; i++)
		taken += waits[i].done && waits[i].status == STATUS_OK && waits[i].token == 1ull << (i % 64);
	tap_ok(taken == waiting, "a signal of all bits wakes each of them with its own bit (%u)", taken);
	tap_is(timer_now(w.t, w.timer, &ns), STATUS_OK, "and all credits are back");
	ring_release(w.ring, n);
}

/* A reader that never reaps: the kernel stops taking, and loses nothing. */
static int64_t never_reap(void *argument)
{
	struct ring_client *ring = runtime_ring();
	struct cap_region *region = ring->region;
	uint32_t tail = region->sq_tail, *result = argument;
	uint64_t consumed = 0;

	/* Behind the ring client's back, on a thread of its own. */
	for (unsigned round = 0; round < 6; round++) {
		for (uint32_t i = 0; i < ring->sq_mask + 1; i++)
			ring->sq[(tail + i) & ring->sq_mask] = (struct cap_sqe){.op = CAP_OP_NOP,
										.user_data = 1};
		/* Only what the kernel has consumed may be written again. */
		uint32_t room = ring->sq_mask + 1 -
				(tail - __atomic_load_n(&region->sq_head, __ATOMIC_ACQUIRE));
		tail += room;
		__atomic_store_n(&region->sq_tail, tail, __ATOMIC_RELEASE);
		struct cap_enter_result r = runtime_cap_enter(0, 0);
		if (r.consumed > 0)
			consumed += (uint64_t)r.consumed;
		result[2] |= (uint32_t)r.reason & CAP_ENTER_CQ_FULL;
	}
	result[0] = (uint32_t)consumed;
	result[1] = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE) - region->cq_head;
	runtime_cap_exit(0, CAP_EXIT_THREAD);
}

static void test_never_reaping(void)
{
	struct child_counts before = child_counts();
	uint32_t result[3] = {};
	struct thread thread;

	(void)!thread_start(&thread, never_reap, result, nullptr);
	(void)!thread_join(&thread, nullptr);
	tap_ok(result[2] != 0, "who never reaps is told CQ_FULL");
	tap_ok(result[0] == result[1] && result[1] <= CAP_SQ_DEFAULT * 2 && result[1] >= CAP_SQ_DEFAULT,
	       "%u were accepted, %u have completed", result[0], result[1]);
	tap_ok(child_counts_return(&before), "and the kernel's memory is as before");
}

void test_credits(void)
{
	test_waits();
	test_never_reaping();
}
