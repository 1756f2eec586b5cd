// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Notifications and wake permits. For signal_wake and switch the other side is a thread of the server's process, so a
 * switch changes the address space; a round is two of them.
 */
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/service/bench.capnp.h>

#include "bench.h"

struct pair {
	struct bench *bench;
	cap_id out, in; /* notifications */
	cap_id partner; /* ThreadHandle */
};

/* One entry: the signal, then the wait that takes it. */
static void signal_and_take(uint32_t operations, void *context)
{
	struct pair *pair = context;

	while (operations--) {
		uint64_t taken;

		ring_signal_bits(pair->bench->ring, pair->out, 1);

		enum status status = ring_wait_bits(pair->bench->ring, pair->out, 0, 0, &taken);

		if (status != STATUS_OK || taken != 1)
			bench_fail("signal_poll", status);
	}
}

/* There and back. */
static void signal_rounds(uint32_t operations, void *context)
{
	struct pair *pair = context;

	for (uint32_t done = 0; done < operations; done += 2) {
		uint64_t taken;

		ring_signal_bits(pair->bench->ring, pair->out, 1);

		enum status status = ring_wait_bits(pair->bench->ring, pair->in, 0, 0, &taken);

		if (status != STATUS_OK || taken != 1)
			bench_fail("signal_wake", status);
	}
}

static void wake_rounds(uint32_t operations, void *context)
{
	struct pair *pair = context;

	for (uint32_t done = 0; done < operations; done += 2) {
		if (thread_hand_over(pair->partner, 0) != STATUS_OK)
			bench_fail("switch", STATUS_INVALID);
	}
}

static void bench_notifications(struct bench *b)
{
	struct pair pair = {.bench = b};
	enum status status = capability_manager_create_notification(b->transport, b->manager, &pair.out);

	if (status == STATUS_OK)
		status = capability_manager_create_notification(b->transport, b->manager, &pair.in);
	if (status != STATUS_OK) {
		bench_fail("signal", status);
		return;
	}
	bench_run("signal_poll", 1000, signal_and_take, &pair);
	status = bench_answer_signals(b->transport, b->server, pair.out, pair.in);
	if (status == STATUS_OK)
		bench_run("signal_wake", 1000, signal_rounds, &pair);
	else
		bench_fail("signal_wake", status);
}

/* ---- The switch alone: two threads that wake each other ---- */

static struct thread measuring;
static cap_id measuring_handle;

/* Runs on a thread of its own, because a program has no ThreadHandle of its first thread. */
static int64_t switch_rows(void *context)
{
	struct bench b = *(const struct bench *)context;
	struct pair pair = {.bench = &b};
	enum status status;

	b.transport = runtime_transport();
	b.ring = runtime_ring();
	(void)thread_park(0); /* until measuring_handle is known */
	status = bench_partner(b.transport, b.server, measuring_handle, &pair.partner);
	if (status == STATUS_OK)
		bench_run("switch", 1000, wake_rounds, &pair);
	else
		bench_fail("switch", status);
	return 0;
}

void bench_signals(struct bench *b)
{
	bench_notifications(b);

	enum status status = thread_start(&measuring, switch_rows, b, nullptr);

	if (status == STATUS_OK) {
		measuring_handle = measuring.handle;
		status = thread_unpark(measuring.handle);
	}
	if (status == STATUS_OK)
		status = thread_join(&measuring, nullptr);
	if (status != STATUS_OK)
		bench_fail("switch", status);
}
