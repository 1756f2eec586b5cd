// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Timers, and waking a parked thread. A sleep that is cancelled at once arms and cancels one timer in the kernel; `make bench-profile
 * ROW=sleep_cancel_20` says what of it is timer_arm and timer_cancel.
 */
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/timer.capnp.h>

#include "bench.h"

#define HOUR_NS 3600'000'000'000ull

static void begin_sleep(struct rpc_call *call, struct bench *b, uint64_t ns)
{
	timer_sleep_params_builder_set_ns(timer_sleep_begin(call, b->transport, b->timer), ns);
	(void)timer_sleep_send(call);
}

static void sleep_and_cancel(uint32_t operations, void *context)
{
	struct bench *b = context;

	for (uint32_t i = 0; i < operations; i++) {
		struct rpc_call call;

		begin_sleep(&call, b, HOUR_NS + i % 7 * 1000);
		rpc_end(&call);
	}
}

/* Among sleepers whose ends lie before and behind. */
static void among_sleepers(struct bench *b)
{
	enum { SLEEPERS = 20 };
	struct rpc_call sleepers[SLEEPERS];

	for (uint32_t i = 0; i < SLEEPERS; i++)
		begin_sleep(&sleepers[i], b, HOUR_NS / 2 + i * 17 % SLEEPERS * (HOUR_NS / SLEEPERS));
	ring_flush(b->ring);
	bench_run("sleep_cancel_20", 500, sleep_and_cancel, b);
	for (uint32_t i = 0; i < SLEEPERS; i++)
		rpc_end(&sleepers[i]);
}

struct pair {
	cap_id first, second;
	bool over;
};

static int64_t answer_wakes(void *context)
{
	struct pair *pair = context;

	while (!__atomic_load_n(&pair->over, __ATOMIC_ACQUIRE))
		if (thread_hand_over(pair->first, 0) != STATUS_OK)
			return 1;
	return 0;
}

/* There and back: two threads of one process wake each other. */
static void wake_rounds(uint32_t operations, void *context)
{
	const struct pair *pair = context;

	for (uint32_t done = 0; done < operations; done += 2)
		if (thread_hand_over(pair->second, 0) != STATUS_OK)
			bench_fail("thread_wake", STATUS_INVALID);
}

static void wake_row(void)
{
	static struct pair pair;
	struct thread thread;
	enum status status = thread_self(&pair.first);

	if (status == STATUS_OK)
		status = thread_start(&thread, answer_wakes, &pair, nullptr);
	if (status != STATUS_OK) {
		bench_fail("thread_wake", status);
		return;
	}
	pair.second = thread.handle;
	(void)thread_park(0); /* until it has begun */
	bench_run("thread_wake", 1000, wake_rounds, &pair);
	__atomic_store_n(&pair.over, true, __ATOMIC_RELEASE);
	(void)thread_unpark(thread.handle);
	(void)thread_join(&thread, nullptr);
}

void bench_time(struct bench *b)
{
	bench_run("sleep_cancel", 500, sleep_and_cancel, b);
	among_sleepers(b);
	wake_row();
}
