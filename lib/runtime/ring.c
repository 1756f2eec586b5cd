// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ring client: queues submissions, enters the kernel, dispatches completions.
 *
 * The client counts submissions as the kernel does, so the queue's tail and a submission's name are one number.
 * Completion queues change only inside cap_enter; so after an entry they are emptied once, and there is nothing to
 * watch between entries.
 *
 * user_data says whose a completion is: the address of a struct rpc_call; that of a struct ring_op plus 1; or 0.
 *
 * Invariants:
 * R1  region->sq_tail is published only by enter(), which is followed by dispatch() on every path.
 * R2  Nothing here holds a pointer into either queue across an entry or an op's function: both may reuse the slot.
 */
#include <runtime/enter.h>
#include <runtime/ring.h>

#define OP_TAG 1ull

static inline uint32_t queued(const struct ring_client *ring)
{
	/* K writes sq_head inside cap_enter only, on this thread's behalf: no ordering needed. */
	return (uint32_t)ring->sequence - __atomic_load_n(&ring->region->sq_head, __ATOMIC_RELAXED);
}

static inline uint32_t enter(struct ring_client *ring, uint64_t min, uint64_t deadline_ns)
{
	/* Orders the entries before the tail that publishes them, for a kernel that looks from another CPU. */
	__atomic_store_n(&ring->region->sq_tail, (uint32_t)ring->sequence, __ATOMIC_RELEASE);

	struct cap_enter_result result = runtime_cap_enter(min, deadline_ns);

	if (__builtin_expect(result.reason & CAP_ENTER_WOKEN, 0))
		ring->woken = true;
	return (uint32_t)result.reason;
}

static void complete_op(struct ring_client *ring, uint32_t index)
{
	struct cap_cqe cqe = ring->cq[index];
	struct ring_op *op = (struct ring_op *)(uintptr_t)(cqe.user_data - OP_TAG);

	op->complete(op, &cqe);
}

static inline void dispatch(struct ring_client *ring)
{
	struct cap_region *region = ring->region;

	while (ring->reaped != __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE)) {
		uint32_t index = ring->reaped++ & ring->cq_mask;
		const struct cap_cqe *cqe = &ring->cq[index];
		uint64_t data = cqe->user_data;

		/* The slot stays as it is until the next entry, which no one makes before it was read (R2). */
		__atomic_store_n(&region->cq_head, ring->reaped, __ATOMIC_RELEASE);
		if (__builtin_expect(data & OP_TAG, 0))
			complete_op(ring, index);
		else if (data)
			rpc_complete((struct rpc_call *)(uintptr_t)data, (enum status)cqe->status, cqe->len, cqe->caps);
	}
}

/* Until the kernel has taken some. It takes none only while completions fill the queue, and those are dispatched. */
static void make_room(struct ring_client *ring)
{
	while (queued(ring) == ring->sq_count) {
		enter(ring, 0, 0);
		dispatch(ring);
	}
}

static inline uint64_t put(struct ring_client *ring, const struct cap_sqe *sqe, uint64_t user_data)
{
	if (__builtin_expect(queued(ring) == ring->sq_count, 0))
		make_room(ring);

	uint64_t sequence = ring->sequence++;
	struct cap_sqe *slot = &ring->sq[(uint32_t)sequence & (ring->sq_count - 1)];

	*slot = *sqe;
	slot->user_data = user_data;
	return sequence;
}

uint64_t ring_submit(struct ring_client *ring, const struct cap_sqe *sqe, struct ring_op *op)
{
	return put(ring, sqe, op ? (uint64_t)(uintptr_t)op + OP_TAG : 0);
}

void ring_flush(struct ring_client *ring)
{
	do {
		enter(ring, 0, 0);
		dispatch(ring);
	} while (queued(ring) > 0);
}

uint32_t ring_wait(struct ring_client *ring, uint64_t deadline_ns)
{
	uint32_t reason = enter(ring, 1, deadline_ns);

	dispatch(ring);
	return reason;
}

/* ---- The transport ---- */

static inline void put_call(struct ring_client *ring, struct rpc_call *call)
{
	call->sequence = put(ring, &call->sqe, (uint64_t)(uintptr_t)call);
	ring->calls = ring->sequence;
}

static enum status send_call(struct rpc_call *call)
{
	put_call(ring_of(call->transport), call);
	return STATUS_OK;
}

static enum status wait_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	while (!call->done) {
		enter(ring, 1, 0);
		dispatch(ring);
	}
	return STATUS_OK;
}

static enum status make_call(struct rpc_call *call)
{
	put_call(ring_of(call->transport), call);
	return wait_call(call);
}

static void end_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	if (!call->done) {
		put(ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .flags = CAP_SQE_QUIET, .target = call->sequence}, 0);
		(void)wait_call(call);
	}
	if (call->sqe.flags & CAP_SQE_KEEP_ANSWER) {
		/* A call in the queue may name this answer, whose buffer is about to be reused: it goes first. */
		if (ring->calls > ring->sequence - queued(ring))
			ring_flush(ring);
		put(ring,
		    &(struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER, .flags = CAP_SQE_QUIET, .target = call->sequence},
		    0);
	}
}

static const struct rpc_transport_ops ring_ops = {
	.send = send_call,
	.wait = wait_call,
	.call = make_call,
	.end = end_call,
};

void ring_client_init(struct ring_client *ring, struct cap_region *region)
{
	uint8_t *base = (uint8_t *)region;

	*ring = (struct ring_client){
		.region = region,
		.sq = (struct cap_sqe *)(void *)(base + region->sq_off),
		.cq = (const struct cap_cqe *)(const void *)(base + region->cq_off),
		.sequence = region->sq_tail,
		.reaped = region->cq_head,
		.sq_count = region->sq_count,
		.cq_mask = region->cq_count - 1,
	};
	rpc_transport_init(&ring->transport, &ring_ops, base + region->arena_off, 0, region->arena_len);
}
