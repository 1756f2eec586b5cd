// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ring by itself: an entry with nothing to do, NOPs and kernel-object calls, and, on a thread with a ring of 64,
 * batches of them.
 */
#include <runtime/enter.h>
#include <schema/kernel/timer.capnp.h>

#include "bench.h"

enum { LARGEST_BATCH = 64 };

static void enter_and_return(uint32_t operations, void *)
{
	while (operations--)
		(void)runtime_cap_enter(0, 0);
}

/* ---- NOP ---- */

struct nops {
	struct ring_op op; /* first */
	struct ring_client *ring;
	uint32_t batch, completed;
};

static void nop_completed(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct nops *nops = (struct nops *)(void *)op;

	nops->completed += cqe->status == STATUS_OK;
}

static void submit_nops(uint32_t operations, void *context)
{
	static const struct cap_sqe nop = {.op = CAP_OP_NOP};
	struct nops *nops = context;

	nops->completed = 0;
	for (uint32_t done = 0; done < operations; done += nops->batch) {
		for (uint32_t i = 0; i < nops->batch; i++)
			ring_submit(nops->ring, &nop, &nops->op);
		while (nops->completed < done + nops->batch)
			ring_wait(nops->ring, 0);
	}
}

static void bench_nop(struct bench *b, const char *key, uint32_t batch)
{
	struct nops nops = {.op.complete = nop_completed, .ring = b->ring, .batch = batch};

	bench_run(key, 1280, submit_nops, &nops);
}

/* ---- Kernel-object calls ---- */

static uint64_t last_ns;

static void call_timer(uint32_t operations, void *context)
{
	const struct bench *b = context;

	while (operations--) {
		uint64_t ns;

		if (timer_now(b->transport, b->timer, &ns) != STATUS_OK || ns < last_ns)
			bench_fail("kcall", STATUS_INVALID);
		last_ns = ns;
	}
}

static void call_timer_batch(uint32_t operations, void *context)
{
	static struct rpc_call calls[LARGEST_BATCH];
	const struct bench *b = context;

	for (uint32_t done = 0; done < operations; done += LARGEST_BATCH) {
		for (uint32_t i = 0; i < LARGEST_BATCH; i++) {
			(void)timer_now_begin(&calls[i], b->transport, b->timer);
			(void)timer_now_send(&calls[i]);
		}
		for (uint32_t i = LARGEST_BATCH; i-- > 0;) { /* the last block first: the arena is a stack */
			if (rpc_wait(&calls[i]) != STATUS_OK ||
			    timer_now_results_reader_ns(timer_now_results(&calls[i])) == 0)
				bench_fail("kcall_64", calls[i].status);
			rpc_end(&calls[i]);
		}
	}
}

/* ---- Capabilities ---- */

struct dups {
	struct ring_op op; /* first */
	struct ring_client *ring;
	cap_id cap;
	uint32_t count;
	cap_id copies[LARGEST_BATCH];
};

static void dup_completed(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct dups *dups = (struct dups *)(void *)op;

	if (cqe->status == STATUS_OK)
		dups->copies[dups->count++] = (cap_id){cqe->token};
}

static void dup_drop(uint32_t operations, void *context)
{
	struct dups *dups = context;

	for (uint32_t done = 0; done < operations; done += LARGEST_BATCH) {
		dups->count = 0;
		for (uint32_t i = 0; i < LARGEST_BATCH; i++)
			ring_submit(dups->ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = dups->cap.raw},
				    &dups->op);
		ring_flush(dups->ring);
		if (dups->count != LARGEST_BATCH)
			bench_fail("cap_dup_drop", STATUS_NO_QUOTA);
		for (uint32_t i = 0; i < dups->count; i++)
			ring_release(dups->ring, dups->copies[i]);
		ring_flush(dups->ring);
	}
}

void bench_captured_row(struct bench *b)
{
	bench_run("kcall_1_captured", 1000, call_timer, b);
}

void bench_ring(struct bench *b)
{
	bench_run("enter", 2000, enter_and_return, nullptr);
	bench_nop(b, "nop_1", 1);
	bench_nop(b, "nop_8", 8);
	bench_run("kcall_1", 1000, call_timer, b);
}

void bench_batches(struct bench *b)
{
	struct dups dups = {.op.complete = dup_completed, .ring = b->ring, .cap = b->timer};

	bench_nop(b, "nop_64", 64);
	bench_run("kcall_64", 1280, call_timer_batch, b);
	bench_run("cap_dup_drop", 1280, dup_drop, &dups);
}
