// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ring client: queues submissions, enters the kernel, dispatches completions (ring_private.h), and is the
 * transport of generated client stubs, whose queue is the submission queue itself.
 *
 * The usual call is alone: queued, entered, and its completion is the only one that comes. make_call does that in one
 * piece; everything else takes the general way.
 */
#include "ring_private.h"

/* The same, where it is most often one, of an operation. */
static inline void ring_dispatch_few(struct ring_client *ring)
{
	if (!ring_has_completions(ring))
		return;

	const struct cap_cqe *cqe = ring_first(ring);

	if (cqe->user_data & RING_OP_TAG) {
		struct ring_op *op = (struct ring_op *)(uintptr_t)(cqe->user_data - RING_OP_TAG);

		ring_take_first(ring);
		op->complete(op, cqe);
	}
	ring_dispatch(ring);
}

[[gnu::noinline]] void ring_dispatch_all(struct ring_client *ring)
{
	struct cap_region *region = ring->region;
	uint32_t tail = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE), head = region->cq_head;
	const struct cap_cqe *cq = ring->cq;
	uint32_t mask = ring->cq_mask;
	for (;;) {
		/* The slot stays as it is until the next entry. */
		const struct cap_cqe *cqe = &cq[head++ & mask];
		uint64_t data = cqe->user_data;

		if (data & RING_OP_TAG) {
			struct ring_op *op = (struct ring_op *)(uintptr_t)(data - RING_OP_TAG);

			__atomic_store_n(&region->cq_head, head, __ATOMIC_RELEASE);
			op->complete(op, cqe);
			/* It may have entered and dispatched. */
			tail = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE);
			head = region->cq_head;
			if (head == tail)
				return;
			continue;
		}
		if (__builtin_expect(data > RING_WAITED, 1)) {
			rpc_complete_by((struct rpc_call *)(uintptr_t)data, cqe);
		} else if (data == RPC_ALONE) {
			rpc_complete_by(ring->alone, cqe);
		} else if (data == RING_WAITED) {
			*ring->waited = (struct ring_waited){*cqe, true};
		}
		if (head == tail)
			break;
	}
	__atomic_store_n(&region->cq_head, head, __ATOMIC_RELEASE);
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

	ring_dispatch_few(ring);
	return (uint32_t)reason;
}

uint32_t ring_wait_for(struct ring_client *ring, uint32_t count)
{
	uint64_t reason = ring_enter(ring, count, 0);

	ring_dispatch(ring);
	return (uint32_t)reason;
}

/* ---- The transport ---- */

/* What is free from the next submission's slot on, up to the end of the queue's memory. */
[[gnu::hot]] RPC_ASIDE static void advance(struct rpc_transport *t)
{
	struct ring_client *ring = ring_of(t);
	uint32_t index = (uint32_t)t->sequence & ring->sq_mask, count = ring->sq_mask + 1;
	uint32_t room = count - ring_queued(ring);

	t->slot = &ring->sq[index];
	t->left = room < count - index ? room : count - index;
	t->building = t->left == 0 ? RPC_FULL : nullptr;
}

/* The kernel takes none only while completions fill the queue, and those are dispatched. */
static void make_room(struct rpc_transport *t)
{
	struct ring_client *ring = ring_of(t);

	while (ring_queued(ring) > ring->sq_mask) {
		ring_enter(ring, 0, 0);
		ring_dispatch(ring);
	}
	if (t->building == RPC_FULL)
		advance(t);
}

static uint32_t completions_before(const struct rpc_call *call);

/* How many completions are sure to come up to that of the answer, itself included. */
static uint32_t completions_up_to(const struct rpc_transport *t, uint64_t sequence)
{
	for (const struct rpc_call *kept = t->kept; kept; kept = kept->next_kept)
		if (kept->sequence == sequence)
			return kept->done ? 0 : completions_before(kept) + 1;
	return 0;
}

/* The same before the call's own, if nothing ends it earlier: a call depends on older ones only. */
static uint32_t completions_before(const struct rpc_call *call)
{
	const struct rpc_transport *t = call->transport;
	const struct cap_sqe *sqe = &call->own;
	const struct cap_desc *descs = (const void *)(t->arena + sqe->caps_off);
	uint32_t most = 0;

	if ((call->special & RPC_COMPOSED) == 0)
		return 0;
	if (sqe->flags & CAP_SQE_TARGET_IS_ANSWER)
		most = completions_up_to(t, sqe->target);
	for (uint32_t i = 0; i < sqe->caps_len; i++) {
		uint32_t n = descs[i].kind == CAP_DESC_ANSWER ? completions_up_to(t, descs[i].id) : 0;

		most = n > most ? n : most;
	}
	return most;
}

/* A chain of calls is one entry: the first one waits for all of it, or for the deadline of the call that is wanted. */
[[gnu::hot]] static enum status wait_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);
	uint32_t before = completions_before(call);

	if (!rpc_was_sent(call))
		return STATUS_BAD_STATE;

	if (before != 0) {
		ring_enter(ring, before + 1, call->own.deadline_ns);
		ring_dispatch(ring);
	}
	while (!call->done) {
		ring_enter(ring, 1, 0);
		ring_dispatch(ring);
	}
	return STATUS_OK;
}

/* What make_call's entry gave was not its completion, or not first. */
[[gnu::noinline]] static struct rpc_outcome finish_call(struct rpc_transport *t)
{
	struct ring_client *ring = ring_of(t);
	RPC_UNCLEARED struct rpc_call call;

	call.done = false;
	ring->alone = &call;
	ring_dispatch(ring);
	while (!call.done) {
		ring_enter(ring, 1, 0);
		ring_dispatch(ring);
	}
	return rpc_outcome(call.status, call.result_len, call.result_caps);
}

/* What was submitted is the ring's call in one. It calls nobody but at its end: so there is little to be saved. */
[[gnu::always_inline]] static inline struct rpc_outcome enter_for_call(struct rpc_transport *t)
{
	struct ring_client *ring = ring_of(t);
	uint64_t reasons = ring_enter_only(ring, 1, 0);
	const struct cap_cqe *cqe = ring_reap_first(ring, reasons, RPC_ALONE);

	if (__builtin_expect(!cqe, 0)) {
		(void)ring_note_reasons(ring, reasons);
		[[clang::musttail]] return finish_call(t);
	}
	/* status and len lie side by side. */
	static_assert(offsetof(struct cap_cqe, len) == offsetof(struct cap_cqe, status) + 4);
	return (struct rpc_outcome){msg_load64((const uint8_t *)&cqe->status), cqe->caps};
}

[[gnu::noinline]] static struct rpc_outcome call_from_last_slot(struct rpc_transport *t)
{
	advance(t);
	return enter_for_call(t);
}

[[gnu::hot]] static struct rpc_outcome make_call(struct rpc_transport *t)
{
	if (__builtin_expect(!rpc_count_submission(t), 0)) [[clang::musttail]]
		return call_from_last_slot(t);
	return enter_for_call(t);
}

static void put_simple(struct ring_client *ring, enum cap_op op, uint64_t target)
{
	ring_submit(ring, &(struct cap_sqe){.op = op, .flags = CAP_SQE_QUIET, .target = target}, nullptr);
}

static void end_call(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	if (!call->done) {
		put_simple(ring, CAP_OP_CANCEL, call->sequence);
		(void)wait_call(call);
	}
	if (call->special & RPC_KEPT) {
		/* A call in the queue may name this answer, whose buffer is about to be reused: it goes first. */
		if (call->transport->composed > call->transport->sequence - ring_queued(ring))
			ring_flush(ring);
		put_simple(ring, CAP_OP_RELEASE_ANSWER, call->sequence);
	}
}

static const struct rpc_transport_ops ring_ops = {
	.advance = advance,
	.make_room = make_room,
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
		.sq_mask = region->sq_count - 1,
		.cq_mask = region->cq_count - 1,
	};
	rpc_transport_init(&ring->transport, &ring_ops, base + region->arena_off, region->arena_len);
	ring->transport.sequence = region->sq_tail;
	advance(&ring->transport);
}
