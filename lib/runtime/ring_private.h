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
 *     ring_reap_first, when that succeeds).
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

static inline bool ring_has_completions(const struct ring_client *ring)
{
	return ring->region->cq_head != __atomic_load_n(&ring->region->cq_tail, __ATOMIC_ACQUIRE);
}

/* The first completion; there is one. */
static inline const struct cap_cqe *ring_first(const struct ring_client *ring)
{
	return &ring->cq[ring->region->cq_head & ring->cq_mask];
}

/* Reaps it; it stays as it is until the next entry. */
static inline void ring_take_first(struct ring_client *ring)
{
	__atomic_store_n(&ring->region->cq_head, ring->region->cq_head + 1, __ATOMIC_RELEASE);
}

/*
 * After an entry that waited for one, the usual case: something completed, by the kernel's reasons, and what did first has this user_data.
 * It is reaped, and stays as it is until the next entry; what came behind it is dispatched by the next who looks. Null: it is not so,
 * and nothing was done.
 */
static inline const struct cap_cqe *ring_reap_first(struct ring_client *ring, uint64_t reasons,
						    uint64_t user_data)
{
	const struct cap_cqe *cqe = ring_first(ring);

	if (__builtin_expect(reasons != CAP_ENTER_COMPLETIONS || cqe->user_data != user_data, 0))
		return nullptr;
	ring_take_first(ring);
	return cqe;
}

/* An operation that is submitted and waited for. */
struct ring_waited {
	struct cap_cqe cqe;
	bool done;
};

/* ring.c: there are some. */
void ring_dispatch_all(struct ring_client *ring);

static inline void ring_dispatch(struct ring_client *ring)
{
	if (ring_has_completions(ring))
		ring_dispatch_all(ring);
}

/* Until the completion that is RING_WAITED's has come; its entry is behind, and was not the usual case. */
struct cap_cqe ring_finish(struct ring_client *ring);

/*
 * Submits and waits for its completion, which stays as it is until the next entry. Null: it is not the usual case, ring_finish
 * has it.
 */
[[gnu::always_inline]] static inline const struct cap_cqe *ring_do_usual(struct ring_client *ring,
									 const struct cap_sqe *sqe)
{
	(void)ring_submit_as(ring, sqe, RING_WAITED);
	uint64_t reasons = ring_enter_only(ring, 1, 0);
	const struct cap_cqe *cqe = ring_reap_first(ring, reasons, RING_WAITED);

	if (__builtin_expect(!cqe, 0))
		(void)ring_note_reasons(ring, reasons);
	return cqe;
}
