// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ring client: one thread's view of its submission and completion queues, and the transport (rpc/client.h) that
 * generated client stubs use.
 *
 * - Sending only queues. An entry into the kernel happens when somebody waits, when the submission queue is full, and
 *   in ring_flush: so several sends and one wait are one entry.
 * - Completions are dispatched by user_data: a call's is its struct rpc_call; of anything else (RECV, WAIT, SIGNAL...)
 *   a struct ring_op with a function of its own; 0 is dropped. While one call is waited for, others complete. An op's
 *   function runs wherever its completion is reaped, also inside a wait of somebody else's: it records what came, and
 *   leaves the work to a loop. It may submit, but calls nobody and does not wait.
 * - The ring and all that hangs on it belong to its thread.
 * - A wake permit that arrives while a call is waited for is kept in `woken`, for the next park (runtime/thread.h).
 */
#pragma once

#include <abi/region.h>
#include <abi/ring.h>
#include <rpc/client.h>

struct ring_client {
	struct rpc_transport
		transport;         /* first: the transport is the ring, and its queue the submission queue */
	struct cap_region *region; /* cq_head there is the only count of what was reaped */
	const struct cap_cqe *cq;
	struct cap_sqe *sq;
	uint32_t cq_mask;
	uint32_t sq_mask; /* counts are powers of two */
	bool woken;
	/* Of user_data RPC_ALONE and RING_WAITED, when their completion did not come first. */
	struct rpc_call *alone;
	struct ring_waited *waited;
};

/*
 * Anything that is not a call. Must not move until its completion was dispatched. *cqe is in the queue: copy what is
 * needed later.
 */
struct ring_op {
	void (*complete)(struct ring_op *op, const struct cap_cqe *cqe);
};

/* The region's header is the kernel's word and is believed. */
void ring_client_init(struct ring_client *ring, struct cap_region *region);

static inline struct ring_client *ring_of(struct rpc_transport *transport)
{
	return (struct ring_client *)(void *)transport;
}

/* user_data says whose a completion is: the address of a struct rpc_call; that of a struct ring_op plus 1; RPC_ALONE; RING_WAITED; or 0. */
#define RING_OP_TAG 1ull
#define RING_WAITED 4ull /* ring_do's; at most one at a time, as with RPC_ALONE */

/* Queues a copy of *sqe with that user_data. Most of it are constants, and for the compiler its first word is one. */
static inline uint64_t ring_submit_as(struct ring_client *ring, const struct cap_sqe *sqe, uint64_t user_data)
{
	struct cap_sqe *slot = rpc_slot(&ring->transport);

	static_assert(offsetof(struct cap_sqe, target) == 8);
	msg_store64((uint8_t *)slot, msg_load64((const uint8_t *)sqe));
	slot->target = sqe->target;
	__builtin_memcpy(&slot->interface_id, &sqe->interface_id, sizeof(*sqe) - 16);
	slot->user_data = user_data;
	return rpc_submit(&ring->transport);
}

/*
 * Queues a copy of *sqe, with op as its user_data (null: completion dropped), entering the kernel first if the queue
 * is full. Gives the submission's sequence number; it cannot fail.
 */
static inline uint64_t ring_submit(struct ring_client *ring, const struct cap_sqe *sqe, struct ring_op *op)
{
	return ring_submit_as(ring, sqe, op ? (uint64_t)(uintptr_t)op + RING_OP_TAG : 0);
}

/* Hands everything queued to the kernel and dispatches what has completed. Does not wait. */
void ring_flush(struct ring_client *ring);

/* Is something queued that the kernel has not taken? */
static inline bool ring_has_queued(const struct ring_client *ring)
{
	return (uint32_t)ring->transport.sequence !=
	       __atomic_load_n(&ring->region->sq_head, __ATOMIC_RELAXED);
}

/*
 * One entry: hands over what is queued, waits until at least one completion came or the deadline (0: none) has passed,
 * dispatches all. Returns the kernel's reasons; a wake permit is also kept in ring->woken.
 */
uint32_t ring_wait(struct ring_client *ring, uint64_t deadline_ns);

/* The same for `count` completions at least, without a deadline: for who has sent that many. */
uint32_t ring_wait_for(struct ring_client *ring, uint32_t count);

/* Submits and waits for its completion. For operations that may wait, deadline_ns is the SQE's own. */
struct cap_cqe ring_do(struct ring_client *ring, const struct cap_sqe *sqe);

/* For who enters the kernel without the ring client, to leave for good: what is queued is there to be taken. */
static inline void ring_publish(struct ring_client *ring)
{
	__atomic_store_n(&ring->region->sq_tail, (uint32_t)ring->transport.sequence, __ATOMIC_RELEASE);
}

/* ---- Operations on capabilities ---- */

/* Queued, not waited for; an id that was released already is ignored. The null id is allowed. */
void ring_release(struct ring_client *ring, cap_id id);
enum status ring_dup(struct ring_client *ring, cap_id id, cap_id *copy);
/* bits 0: all that the facet may set. Queued, not waited for. */
void ring_signal_bits(struct ring_client *ring, cap_id notification, uint64_t bits);

/* What a single operation came to; both come back in registers. */
struct ring_result {
	enum status status;
	uint64_t token; /* 0 if it failed */
};

struct ring_result ring_take_bits(struct ring_client *ring, cap_id notification, uint64_t bits,
				  uint64_t deadline_ns);

/* bits 0: all of the facet's. Errors: TIMED_OUT, BAD_ID, DENIED, REVOKED. */
static inline enum status ring_wait_bits(struct ring_client *ring, cap_id notification, uint64_t bits,
					 uint64_t deadline_ns, uint64_t *taken)
{
	struct ring_result r = ring_take_bits(ring, notification, bits, deadline_ns);

	*taken = r.token;
	return r.status;
}

/* Wakes the thread of that ThreadHandle and sleeps until somebody wakes this one, in one entry: thread_hand_over (runtime/thread.h). */
enum status ring_hand_over(struct ring_client *ring, cap_id thread, uint64_t deadline_ns);

/* Monotonic nanoseconds at the cycle count `tsc`, by the region's clock parameters. */
uint64_t ring_now(const struct ring_client *ring, uint64_t tsc);
