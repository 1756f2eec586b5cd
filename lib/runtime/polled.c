// SPDX-License-Identifier: MIT OR Apache-2.0
/* The user's side of polled submission: docs/abi.md, "Polling". */
#include <runtime/polled.h>

#include <runtime/runtime.h>
#include <schema/kernel/cpu_isolation.capnp.h>

#include "ring_private.h"

#define SPINS 2000
#define BACKOFF_NS 50000u

enum polled_stage : uint32_t { POLLED_STARTING, POLLED_RUNNING, POLLED_STOPPING };

static struct polled_ring *polled_of(struct rpc_transport *t)
{
	return (struct polled_ring *)(void *)ring_of(t);
}

/* ---- The thread ---- */

static int64_t poll_for_others(void *argument)
{
	struct polled_ring *polled = argument;
	struct ring_client *ring = runtime_ring();

	polled->status = cpu_isolation_lease_bind(&ring->transport, polled->lease);
	if (polled->status == STATUS_OK)
		polled->status = cpu_isolation_lease_poll(&ring->transport, polled->lease, polled->idle_ns);
	polled->region = ring->region;
	__atomic_store_n(&polled->stage, POLLED_RUNNING, __ATOMIC_RELEASE);
	while (polled->status == STATUS_OK &&
	       __atomic_load_n(&polled->stage, __ATOMIC_ACQUIRE) != POLLED_STOPPING)
		(void)runtime_cap_enter(UINT64_MAX, 0);
	ring_client_init(ring, polled->region); /* it is its own again */
	return 0;
}

/* ---- The transport ---- */

static uint32_t queued(const struct ring_client *ring)
{
	/* Acquire: the kernel has read what it has taken. */
	return (uint32_t)ring->transport.sequence - __atomic_load_n(&ring->region->sq_head, __ATOMIC_ACQUIRE);
}

RPC_ASIDE static void advance(struct rpc_transport *t)
{
	struct ring_client *ring = ring_of(t);
	uint32_t index = (uint32_t)t->sequence & ring->sq_mask, count = ring->sq_mask + 1;
	uint32_t room = count - queued(ring);

	t->slot = &ring->sq[index];
	t->left = room < count - index ? room : count - index;
	t->building = t->left == 0 ? RPC_FULL : nullptr;
}

void polled_ring_publish(struct polled_ring *polled)
{
	struct cap_region *region = polled->ring.region;

	__atomic_store_n(&region->sq_tail, (uint32_t)polled->ring.transport.sequence, __ATOMIC_RELEASE);
	/* Published, before looking whether it sleeps; against the kernel's fall_asleep. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&region->polled, __ATOMIC_RELAXED) == 0)
		(void)thread_unpark(polled->thread.handle);
}

bool polled_ring_reap(struct polled_ring *polled)
{
	const struct cap_region *region = polled->ring.region;

	if (__atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE) == region->cq_head)
		return false;
	ring_dispatch(&polled->ring);
	return true;
}

/* Until something has come, or somebody else had the CPU for a moment. */
static void wait_a_little(struct polled_ring *polled)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (polled_ring_reap(polled))
			return;
		__builtin_ia32_pause();
	}
	(void)ring_wait(runtime_ring(), runtime_now() + BACKOFF_NS);
}

static void make_room(struct rpc_transport *t)
{
	struct polled_ring *polled = polled_of(t);

	polled_ring_publish(polled);
	while (queued(&polled->ring) > polled->ring.sq_mask)
		wait_a_little(polled);
	if (t->building == RPC_FULL)
		advance(t);
}

static void finish(struct polled_ring *polled, const struct rpc_call *call)
{
	polled_ring_publish(polled);
	while (!__atomic_load_n(&call->done, __ATOMIC_RELAXED))
		wait_a_little(polled);
}

static enum status wait_call(struct rpc_call *call)
{
	if (!rpc_was_sent(call))
		return STATUS_BAD_STATE;
	finish(polled_of(call->transport), call);
	return STATUS_OK;
}

static struct rpc_outcome make_call(struct rpc_transport *t)
{
	RPC_UNCLEARED struct rpc_call call;

	call.done = false;
	ring_of(t)->alone = &call;
	(void)rpc_submit(t);
	finish(polled_of(t), &call);
	return rpc_outcome(call.status, call.result_len, call.result_caps);
}

static void end_call(struct rpc_call *call)
{
	struct polled_ring *polled = polled_of(call->transport);
	struct cap_sqe sqe = {.flags = CAP_SQE_QUIET, .target = call->sequence};

	if (!call->done) {
		sqe.op = CAP_OP_CANCEL;
		ring_submit(&polled->ring, &sqe, nullptr);
		finish(polled, call);
	}
	if (call->special & RPC_KEPT) {
		sqe.op = CAP_OP_RELEASE_ANSWER;
		ring_submit(&polled->ring, &sqe, nullptr);
		polled_ring_publish(polled);
		while (queued(&polled->ring) != 0) /* its buffer is reused: nobody may name it any more */
			wait_a_little(polled);
	}
}

static const struct rpc_transport_ops polled_ops = {
	.advance = advance,
	.make_room = make_room,
	.wait = wait_call,
	.call = make_call,
	.end = end_call,
};

/* ---- Its life ---- */

static enum status stop(struct polled_ring *polled)
{
	__atomic_store_n(&polled->stage, POLLED_STOPPING, __ATOMIC_RELEASE);
	(void)thread_unpark(polled->thread.handle);
	return thread_join(&polled->thread, nullptr);
}

enum status polled_ring_open(struct polled_ring *polled, cap_id lease, uint64_t idle_ns,
			     const struct thread_options *options)
{
	enum status status;

	*polled = (struct polled_ring){.lease = lease, .idle_ns = idle_ns};
	status = thread_start(&polled->thread, poll_for_others, polled, options);
	if (status != STATUS_OK)
		return status;
	while (__atomic_load_n(&polled->stage, __ATOMIC_ACQUIRE) == POLLED_STARTING)
		(void)ring_wait(runtime_ring(), runtime_now() + BACKOFF_NS);
	if (polled->status != STATUS_OK) {
		status = polled->status;
		(void)stop(polled);
		return status;
	}
	ring_client_init(&polled->ring, polled->region);
	polled->ring.transport.ops = &polled_ops;
	advance(&polled->ring.transport);
	return STATUS_OK;
}

enum status polled_ring_close(struct polled_ring *polled)
{
	polled_ring_publish(polled);
	while (queued(&polled->ring) != 0)
		wait_a_little(polled);
	return stop(polled);
}
