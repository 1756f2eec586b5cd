// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipes at the edges: who waits while its completions are full, who gives up, and a writing end on the move. */
#include <runtime/enter.h>
#include <testing/raw.h>

#include "pipes.h"

#define OURS 77u /* user_data */

static struct {
	cap_id pipe;
	uint32_t stage; /* 1: reads, and has no completion free; 2: the other end is closed */
	int32_t status;
	uint16_t outcome;
	bool found;
} full;

/* Hands over as many of this entry as the kernel takes; its reasons. Behind the ring client's back, on a thread of its own. */
static uint64_t push(struct ring_client *ring, const struct cap_sqe *sqe, uint32_t count)
{
	struct cap_region *region = ring->region;
	uint32_t tail = region->sq_tail;

	for (uint32_t i = 0; i < count; i++)
		ring->sq[(tail + i) & ring->sq_mask] = *sqe;
	__atomic_store_n(&region->sq_tail, tail + count, __ATOMIC_RELEASE);
	return (uint64_t)runtime_cap_enter(0, 0).reason;
}

/* Reaps everything; the one that is ours is looked at. */
static void reap(struct ring_client *ring, const struct raw *raw)
{
	struct cap_region *region = ring->region;
	uint32_t head = region->cq_head, tail = __atomic_load_n(&region->cq_tail, __ATOMIC_ACQUIRE);

	for (; head != tail; head++) {
		const struct cap_cqe *cqe = &ring->cq[head & ring->cq_mask];

		if (cqe->user_data != OURS)
			continue;
		full.found = true;
		full.status = cqe->status;
		/* The second word of the results: after the root pointer comes the data section, outcome first. */
		full.outcome = (uint16_t)((const uint64_t *)raw_at(raw, raw->buffer))[1];
	}
	__atomic_store_n(&region->cq_head, head, __ATOMIC_RELEASE);
}

static int64_t reads_with_full_queue(void *argument)
{
	struct ring_client *ring = runtime_ring();
	struct raw raw = raw_start();
	struct cap_sqe read = raw_call(&raw, full.pipe, PIPE_READ, raw_fill(&raw, 1, 10));
	uint64_t reasons = 0, end = soon();

	(void)argument;
	read.interface_id = PIPE_INTERFACE_ID;
	read.user_data = OURS;
	(void)push(ring, &read, 1);
	while (!(reasons & CAP_ENTER_CQ_FULL) && runtime_now() < end)
		reasons = push(ring, &(struct cap_sqe){.op = CAP_OP_NOP},
			       ring->sq_mask + 1 -
				       (ring->region->sq_tail -
					__atomic_load_n(&ring->region->sq_head, __ATOMIC_ACQUIRE)));
	__atomic_store_n(&full.stage, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&full.stage, __ATOMIC_ACQUIRE) != 2 && runtime_now() < end)
		(void)runtime_cap_enter(0, 0);
	while (!full.found && runtime_now() < end) {
		reap(ring, &raw);
		(void)runtime_cap_enter(0, 0);
	}
	runtime_cap_exit(0, CAP_EXIT_THREAD);
}

static void test_full_queue(void)
{
	struct ends e = pipe_make();
	struct thread thread;

	__builtin_memset(&full, 0, sizeof(full));
	full.pipe = e.reader;
	if (thread_start(&thread, reads_with_full_queue, nullptr, nullptr) != STATUS_OK)
		return;
	while (__atomic_load_n(&full.stage, __ATOMIC_ACQUIRE) == 0)
		nap(MS);
	(void)!pipe_close_write(w.t, e.writer);
	__atomic_store_n(&full.stage, 2, __ATOMIC_RELEASE);
	(void)!thread_join(&thread, nullptr);
	tap_ok(full.found && full.status == STATUS_OK && full.outcome == PIPE_OUTCOME_END,
	       "a read that waits while its completion queue is full completes all the same (%d, %u)",
	       full.status, full.outcome);
	pipe_drop(e);
}

/* An end, or a broken pipe, that nobody was there to be told of is told to the next, and the next. */
static void test_given_up(void)
{
	struct ends e = pipe_make();
	struct rpc_call call;

	begin_read(&call, e.reader, 10);
	ring_flush(w.ring);
	rpc_end(&call); /* gives it up */
	(void)!pipe_close_write(w.t, e.writer);
	tap_ok(is(read_now(e.reader, 10), PIPE_OUTCOME_END, 0) &&
		       is(read_now(e.reader, 10), PIPE_OUTCOME_END, 0),
	       "a read is given up before the end: the next sees it, and the next");
	pipe_drop(e);

	e = pipe_make();
	pipe_fill(e.writer);
	begin_write(&call, e.writer, 1, 10);
	ring_flush(w.ring);
	rpc_end(&call);
	(void)!pipe_close_read(w.t, e.reader);
	tap_ok(is(write_now(e.writer, 1, 10), PIPE_OUTCOME_BROKEN, 0) &&
		       is(write_now(e.writer, 1, 10), PIPE_OUTCOME_BROKEN, 0),
	       "a write is given up before the pipe breaks: the next sees it, and the next");
	pipe_drop(e);
}

/* The last writer is on its way in a message, then its receiver's. */
static void test_moved(void)
{
	struct ends e = pipe_make();
	struct raw raw = raw_start();
	cap_id endpoint, facets, facet;
	struct rpc_call call;

	(void)!raw_endpoint(256, 1, &endpoint, &facets);
	(void)!raw_mint(&raw, endpoint, facets, 1, &facet);
	struct raw_remote r = {
		.target = facet, .caps = 1, .descs = {{.id = e.writer.raw, .kind = CAP_DESC_MOVE}}};
	(void)write_now(e.writer, 3, 5);
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = raw_do(&raw, raw_recv(&raw, endpoint));
	cap_id came = raw_received_cap(&raw, 0);
	(void)!raw_status(&raw, raw_return(&raw, cqe.token, raw_fill(&raw, 0, 0)));
	raw_remote_join(&r);
	tap_ok(is(read_now(e.reader, 10), PIPE_OUTCOME_DONE, 5), "what a moved writer wrote is read");
	begin_read(&call, e.reader, 10);
	ring_flush(w.ring);
	nap(5 * MS);
	tap_ok(!call.done, "no end while whoever it was moved to has it");
	ring_release(w.ring, came);
	ring_flush(w.ring);
	tap_ok(is(end_read(&call), PIPE_OUTCOME_END, 0), "when that lets go, the end");
	e.writer = CAP_ID_NULL;
	pipe_drop(e);
	rpc_arena_free(&w.ring->transport, raw.message - 8);
	ring_release(w.ring, facet);
	ring_release(w.ring, facets);
	ring_release(w.ring, endpoint);
	ring_flush(w.ring);
}

void test_pipe_races(void)
{
	test_full_queue();
	test_given_up();
	test_moved();
}
