// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The hot parts of the ring client, inlined into its own files: entering, and emptying the completion queue.
 *
 * The client counts submissions as the kernel does, so the queue's tail and a submission's name are one number.
 * Completion queues change only inside cap_enter; so after an entry they are emptied once, and there is nothing to
 * watch between entries.
 *
 * Invariants:
 * R1  region->sq_tail is published only by ring_enter(), which is followed by ring_dispatch() on every path (or by
 *     ring_reap_only, when that succeeds).
 * R2  Nothing here holds a pointer into either queue across an entry or an op's function: both may reuse the slot.
 */
#pragma once

#include <runtime/enter.h>
#include <runtime/ring.h>

static inline uint32_t ring_queued(const struct ring_client *ring)
{
	/* K writes sq_head inside cap_enter only, on this thread's behalf: no ordering needed. */
	return (uint32_t)ring->transport.sequence - __atomic_load_n(&ring->region->sq_head, __ATOMIC_RELAXED);
}

static inline uint64_t ring_op_data(struct ring_op *op)
{
	return (uint64_t)(uintptr_t)op + RING_OP_TAG;
}

static inline uint64_t ring_note_reasons(struct ring_client *ring, uint64_t reasons)
{
	if (__builtin_expect(reasons & CAP_ENTER_WOKEN, 0))
		ring->woken = true;
	return reasons;
}

/* The kernel's reasons, for ring_note_reasons if they are not COMPLETIONS alone. What completed is still to be dispatched. */
static inline uint64_t ring_enter_only(struct ring_client *ring, uint64_t min, uint64_t deadline_ns)
{
	/* Orders the entries before the tail that publishes them, for a kernel that looks from another CPU. */
	__atomic_store_n(&ring->region->sq_tail, (uint32_t)ring->transport.sequence, __ATOMIC_RELEASE);

	return runtime_cap_enter(min, deadline_ns).reason;
}

/* The kernel's reasons. What completed is still to be dispatched. */
static inline uint64_t ring_enter(struct ring_client *ring, uint64_t min, uint64_t deadline_ns)
{
	return ring_note_reasons(ring, ring_enter_only(ring, min, deadline_ns));
}

/*
 * After an entry, the usual case: exactly one completion came, and it has this user_data. It is reaped, and stays as it is until
 * the next entry. Null: it is not so, and nothing was done.
 */
static inline const struct cap_cqe *ring_reap_only(struct ring_client *ring, uint64_t user_data)
{
	struct cap_region *region = ring->region;
	uint32_t head = region->cq_head;
	uint32_t tail = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE);
	const struct cap_cqe *cqe = &ring->cq[head & ring->cq_mask];

	if (__builtin_expect(tail != head + 1 || cqe->user_data != user_data, 0))
		return nullptr;
	__atomic_store_n(&region->cq_head, tail, __ATOMIC_RELEASE);
	return cqe;
}

static inline void ring_dispatch(struct ring_client *ring)
{
	struct cap_region *region = ring->region;
	uint32_t tail = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE), head = region->cq_head;

	if (head == tail)
		return;
	const struct cap_cqe *cq = ring->cq;
	uint32_t mask = ring->cq_mask;
	do {
		/* The slot stays as it is until the next entry. */
		const struct cap_cqe *cqe = &cq[head & mask];
		uint64_t data = cqe->user_data;

		__atomic_store_n(&region->cq_head, ++head, __ATOMIC_RELEASE);
		if (data & RING_OP_TAG) {
			struct ring_op *op = (struct ring_op *)(uintptr_t)(data - RING_OP_TAG);

			op->complete(op, cqe);
			/* It may have entered and dispatched. */
			tail = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE);
			head = region->cq_head;
		} else if (data) {
			rpc_complete((struct rpc_call *)(uintptr_t)data, (enum status)cqe->status, cqe->len,
				     cqe->caps);
		}
	} while (head != tail);
}

/* An operation that is submitted and waited for. In the usual case only its address is used. */
struct ring_waited {
	struct ring_op op; /* first */
	struct cap_cqe cqe;
	bool done;
};

/* Until it is done; its entry is behind, and was not the usual case. */
void ring_finish(struct ring_client *ring, struct ring_waited *waited);

/* Submits and waits for its completion. */
[[gnu::always_inline]] static inline struct cap_cqe ring_do_now(struct ring_client *ring,
								const struct cap_sqe *sqe)
{
	RPC_UNCLEARED struct ring_waited waited;

	(void)ring_submit(ring, sqe, &waited.op);
	ring_enter(ring, 1, 0);

	const struct cap_cqe *cqe = ring_reap_only(ring, ring_op_data(&waited.op));

	if (__builtin_expect(cqe != nullptr, 1))
		return *cqe;
	ring_finish(ring, &waited);
	return waited.cqe;
}
