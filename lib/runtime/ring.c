// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ring client: queues submissions, enters the kernel, dispatches completions (ring_private.h), and is the
 * transport of generated client stubs.
 *
 * The usual call is alone: queued, entered, and its completion is the only one that comes. make_call does that in one
 * piece; everything else takes the general way.
 */
#include "ring_private.h"

/* The kernel takes none only while completions fill the queue, and those are dispatched. */
void ring_make_room(struct ring_client *ring)
{
	while (ring_queued(ring) == ring->sq_count) {
		ring_enter(ring, 0, 0);
		ring_dispatch(ring);
	}
}

uint64_t ring_submit(struct ring_client *ring, const struct cap_sqe *sqe, struct ring_op *op)
{
	uint64_t sequence;
	struct cap_sqe *slot = ring_slot(ring, &sequence);

	*slot = *sqe;
	slot->user_data = ring_op_data(op);
	return sequence;
}

void ring_flush(struct ring_client *ring)
{
	do {
		ring_enter(ring, 0, 0);
		ring_dispatch(ring);
	} while (ring_queued(ring) > 0);
}

uint32_t ring_wait(struct ring_client *ring, uint64_t deadline_ns)
{
	uint64_t reason = ring_enter(ring, 1, deadline_ns);

	ring_dispatch(ring);
	return (uint32_t)reason;
}

uint32_t ring_wait_for(struct ring_client *ring, uint32_t count)
{
	uint64_t reason = ring_enter(ring, count, 0);

	ring_dispatch(ring);
	return (uint32_t)reason;
}

/* ---- The transport ---- */

static inline void put_call(struct ring_client *ring, struct rpc_call *call)
{
	struct cap_sqe *slot = ring_slot(ring, &call->sequence);

	*slot = call->sqe;
	slot->user_data = (uint64_t)(uintptr_t)call;
	ring->calls = call->sequence + 1;
}

static enum status send_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	put_call(ring, call);
	if (call->sqe.flags & CAP_SQE_KEEP_ANSWER) {
		call->next_kept = ring->kept;
		ring->kept = call;
	}
	return STATUS_OK;
}

static uint32_t completions_before(const struct ring_client *ring, const struct rpc_call *call);

/* How many completions are sure to come up to that of the answer, itself included. */
static uint32_t completions_up_to(const struct ring_client *ring, uint64_t sequence)
{
	for (const struct rpc_call *kept = ring->kept; kept; kept = kept->next_kept)
		if (kept->sequence == sequence)
			return kept->done ? 0 : completions_before(ring, kept) + 1;
	return 0;
}

/* The same before the call's own, if nothing ends it earlier: a call depends on older ones only. */
static uint32_t completions_before(const struct ring_client *ring, const struct rpc_call *call)
{
	const struct cap_sqe *sqe = &call->sqe;
	const struct cap_desc *descs = (const void *)(ring->transport.arena + sqe->caps_off);
	uint32_t most = 0;

	if (sqe->flags & CAP_SQE_TARGET_IS_ANSWER)
		most = completions_up_to(ring, sqe->target);
	for (uint32_t i = 0; i < sqe->caps_len; i++) {
		uint32_t n = descs[i].kind == CAP_DESC_ANSWER ? completions_up_to(ring, descs[i].id) : 0;

		most = n > most ? n : most;
	}
	return most;
}

/* A chain of calls is one entry: the first one waits for all of it, or for the deadline of the call that is wanted. */
[[gnu::noinline]] static enum status wait_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	ring_dispatch(ring); /* of make_call's entry */
	uint32_t before = call->sqe.user_data && !call->done ? completions_before(ring, call) : 0;

	if (before != 0) {
		ring_enter(ring, before + 1, call->sqe.deadline_ns);
		ring_dispatch(ring);
	}
	while (!call->done) {
		ring_enter(ring, 1, 0);
		ring_dispatch(ring);
	}
	return STATUS_OK;
}

static enum status make_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	put_call(ring, call);
	ring_enter(ring, 1, 0);

	uint32_t tail = __atomic_load_n(&ring->region->cq_tail, __ATOMIC_ACQUIRE), reaped = ring->reaped;
	const struct cap_cqe *cqe = &ring->cq[reaped & ring->cq_mask];

	if (__builtin_expect(tail != reaped + 1 || cqe->user_data != (uint64_t)(uintptr_t)call, 0))
		return wait_call(call);
	ring->reaped = tail;
	__atomic_store_n(&ring->region->cq_head, tail, __ATOMIC_RELEASE);
	rpc_complete(call, (enum status)cqe->status, cqe->len, cqe->caps);
	return STATUS_OK;
}

static void put_simple(struct ring_client *ring, enum cap_op op, uint64_t target)
{
	ring_submit(ring, &(struct cap_sqe){.op = op, .flags = CAP_SQE_QUIET, .target = target}, nullptr);
}

static void forget_kept(struct ring_client *ring, const struct rpc_call *call)
{
	struct rpc_call **at = &ring->kept;

	while (*at && *at != call)
		at = &(*at)->next_kept;
	if (*at)
		*at = call->next_kept;
}

static void end_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	if (!call->done) {
		put_simple(ring, CAP_OP_CANCEL, call->sequence);
		(void)wait_call(call);
	}
	if (call->sqe.flags & CAP_SQE_KEEP_ANSWER) {
		forget_kept(ring, call);
		/* A call in the queue may name this answer, whose buffer is about to be reused: it goes first. */
		if (ring->calls > ring->sequence - ring_queued(ring))
			ring_flush(ring);
		put_simple(ring, CAP_OP_RELEASE_ANSWER, call->sequence);
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
