// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The hot parts of the ring client, inlined into its own files: taking a slot of the submission queue, entering, and
 * emptying the completion queue.
 *
 * The client counts submissions as the kernel does, so the queue's tail and a submission's name are one number.
 * Completion queues change only inside cap_enter; so after an entry they are emptied once, and there is nothing to
 * watch between entries.
 *
 * user_data says whose a completion is: the address of a struct rpc_call; that of a struct ring_op plus 1; or 0.
 *
 * Invariants:
 * R1  region->sq_tail is published only by ring_enter(), which is followed by ring_dispatch() on every path.
 * R2  Nothing here holds a pointer into either queue across an entry or an op's function: both may reuse the slot.
 */
#pragma once

#include <runtime/enter.h>
#include <runtime/ring.h>

#define RING_OP_TAG 1ull

static inline uint32_t ring_queued(const struct ring_client *ring)
{
	/* K writes sq_head inside cap_enter only, on this thread's behalf: no ordering needed. */
	return (uint32_t)ring->sequence - __atomic_load_n(&ring->region->sq_head, __ATOMIC_RELAXED);
}

/* Until the kernel has taken some submissions. */
void ring_make_room(struct ring_client *ring);

/* The next submission's slot, to be filled before anything else is done with the ring. Its number: *sequence. */
static inline struct cap_sqe *ring_slot(struct ring_client *ring, uint64_t *sequence)
{
	if (__builtin_expect(ring_queued(ring) == ring->sq_count, 0))
		ring_make_room(ring);
	*sequence = ring->sequence++;
	return &ring->sq[(uint32_t)*sequence & (ring->sq_count - 1)];
}

static inline uint64_t ring_op_data(struct ring_op *op)
{
	return op ? (uint64_t)(uintptr_t)op + RING_OP_TAG : 0;
}

/* The kernel's reasons. What completed is still to be dispatched. */
static inline uint64_t ring_enter(struct ring_client *ring, uint64_t min, uint64_t deadline_ns)
{
	/* Orders the entries before the tail that publishes them, for a kernel that looks from another CPU. */
	__atomic_store_n(&ring->region->sq_tail, (uint32_t)ring->sequence, __ATOMIC_RELEASE);

	struct cap_enter_result result = runtime_cap_enter(min, deadline_ns);

	if (__builtin_expect(result.reason & CAP_ENTER_WOKEN, 0))
		ring->woken = true;
	return result.reason;
}

static inline void ring_dispatch(struct ring_client *ring)
{
	struct cap_region *region = ring->region;
	uint32_t tail = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE);

	/* An op's function may enter and dispatch more than this tail knows of. */
	while ((int32_t)(tail - ring->reaped) > 0) {
		uint32_t reaped = ring->reaped;
		const struct cap_cqe *cqe = &ring->cq[reaped & ring->cq_mask];
		uint64_t data = cqe->user_data;

		ring->reaped = ++reaped;
		/* The slot stays as it is until the next entry. */
		__atomic_store_n(&region->cq_head, reaped, __ATOMIC_RELEASE);
		if (data & RING_OP_TAG) {
			struct ring_op *op = (struct ring_op *)(uintptr_t)(data - RING_OP_TAG);

			op->complete(op, cqe);
		} else if (data) {
			rpc_complete((struct rpc_call *)(uintptr_t)data, (enum status)cqe->status, cqe->len,
				     cqe->caps);
		}
	}
}
