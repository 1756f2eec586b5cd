// SPDX-License-Identifier: MIT OR Apache-2.0
/* Threads, thread-local memory, parking, the spin lock. */
#include <runtime/thread.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "test.h"

#define MS 1'000'000ull

enum { THREADS = 6, ROUNDS = 500 };

static _Thread_local int own = 5;
static struct spin_lock lock;
static uint64_t counter;
static uint32_t flag, stage;

static int64_t count(void *argument)
{
	own += *(const int *)argument;
	for (int i = 0; i < ROUNDS; i++) {
		spin_lock_acquire(&lock);
		counter++;
		spin_lock_release(&lock);
	}
	return own;
}

static void test_many(void)
{
	struct thread threads[THREADS];
	int numbers[THREADS];
	bool started = true, codes = true;

	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i * 100;
		started &= thread_start(&threads[i], count, &numbers[i], nullptr) == STATUS_OK;
	}
	tap_ok(started, "threads start");
	for (int i = 0; i < THREADS; i++) {
		int64_t code = 0;

		codes &= thread_join(&threads[i], &code) == STATUS_OK && code == i * 100 + 5;
	}
	tap_ok(codes, "each ends with its own code, from its own thread-local variable");
	tap_ok(own == 5, "the first thread's variable is untouched");
	tap_ok(counter == THREADS * ROUNDS, "a spin lock keeps increments apart");
}

static int64_t park(void *argument)
{
	(void)argument;
	__atomic_store_n(&stage, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&flag, __ATOMIC_ACQUIRE))
		(void)thread_park(0);
	return 17;
}

static int64_t nap_then_park(void *argument)
{
	cap_id timer = *(const cap_id *)argument;

	/* The permit comes during this call; the park behind it must not miss it. */
	(void)timer_sleep(runtime_transport(), timer, 20 * MS);
	return thread_park(runtime_now() + 2000 * MS);
}

static void test_parking(void)
{
	struct thread thread = {};
	cap_id timer;
	int64_t code = 0;
	uint64_t before = runtime_now();

	tap_is(thread_park(before + 3 * MS), STATUS_TIMED_OUT, "a park ends at its deadline");
	tap_ok(runtime_now() >= before + 3 * MS, "and not before");

	flag = stage = 0;
	(void)runtime_cap("timer", TIMER_INTERFACE_ID, &timer);
	tap_is(thread_start(&thread, park, nullptr, nullptr), STATUS_OK, "a thread that parks");
	while (!__atomic_load_n(&stage, __ATOMIC_ACQUIRE))
		(void)timer_sleep(runtime_transport(), timer, MS);
	__atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
	tap_is(thread_unpark(thread.handle), STATUS_OK, "is unparked");
	tap_ok(thread_join(&thread, &code) == STATUS_OK && code == 17, "and goes on");

	tap_is(thread_start(&thread, nap_then_park, &timer, nullptr), STATUS_OK,
	       "a thread that sleeps in a call");
	(void)timer_sleep(runtime_transport(), timer, 5 * MS);
	tap_is(thread_unpark(thread.handle), STATUS_OK, "is unparked meanwhile");
	tap_ok(thread_join(&thread, &code) == STATUS_OK && code == STATUS_OK,
	       "its next park returns at once");
	tap_is(thread_unpark((cap_id){12345}), STATUS_BAD_ID,
	       "a thread that is not there cannot be unparked");
}

void test_threads(void)
{
	struct thread thread = {};
	int number = 1;
	struct thread_options geometry = {.stack_bytes = 16384, .submissions = 8, .arena_bytes = 4096};
	int64_t code = 0;

	test_many();
	tap_ok(thread_start(&thread, count, &number, &geometry) == STATUS_OK &&
		       thread_join(&thread, &code) == STATUS_OK && code == 6,
	       "a thread may have a ring of another size");
	geometry.submissions = 7;
	tap_ok(thread_start(&thread, count, &number, &geometry) != STATUS_OK && thread.handle.raw == 0,
	       "one of an impossible size is refused");
	test_parking();
}
