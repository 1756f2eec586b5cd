// SPDX-License-Identifier: MIT OR Apache-2.0
/* Exit values, detaching, handles, thread-local memory. */
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <sync/semaphore.h>

#include "threads.h"

static struct semaphore ready, go;
static _Thread_local struct {
	uint64_t words[600]; /* more than a page, with an alignment of its own */
	alignas(64) uint32_t aligned;
} local = {.words = {[599] = 99}, .aligned = 7};

static int64_t leave_early(void *argument)
{
	if (argument)
		thread_exit(41);
	return 0;
}

static void test_exit(void)
{
	struct thread thread;
	int64_t code = 0;
	int word;

	tap_ok(thread_start(&thread, leave_early, &word, nullptr) == STATUS_OK &&
		       thread_join(&thread, &code) == STATUS_OK && code == 41,
	       "a thread may leave from anywhere, with a value");
}

static int64_t use_local(void *argument)
{
	bool good = local.words[599] == 99 && local.aligned == 7 && (uintptr_t)&local.aligned % 64 == 0;

	(void)argument;
	for (int i = 0; i < 600; i++)
		local.words[i] = (uintptr_t)&local;
	(void)semaphore_give(&ready);
	(void)semaphore_take(&go, 0);
	for (int i = 0; i < 600; i++)
		good &= local.words[i] == (uintptr_t)&local;
	return !good;
}

static void test_local(void)
{
	struct thread threads[3];
	bool good = true;

	for (int i = 0; i < 3; i++)
		good &= thread_start(&threads[i], use_local, nullptr, nullptr) == STATUS_OK;
	for (int i = 0; i < 3; i++)
		good &= semaphore_take(&ready, 0) == STATUS_OK;
	for (int i = 0; i < 3; i++)
		(void)semaphore_give(&go);
	for (int i = 0; i < 3; i++) {
		int64_t code = 1;

		good &= thread_join(&threads[i], &code) == STATUS_OK && code == 0;
	}
	tap_ok(good && local.words[599] == 99,
	       "large and aligned thread-local variables are each thread's own");
}

static cap_id told;

static int64_t tell_handle(void *argument)
{
	cap_id again;

	(void)argument;
	if (thread_self(&told) != STATUS_OK || thread_self(&again) != STATUS_OK || again.raw != told.raw)
		return 1;
	(void)semaphore_give(&ready);
	return thread_park(0);
}

static void test_self(void)
{
	struct thread thread;
	int64_t code = 1;
	cap_id mine;

	tap_is(thread_start(&thread, tell_handle, nullptr, nullptr), STATUS_OK, "a thread tells its handle");
	(void)semaphore_take(&ready, 0);
	tap_ok(told.raw != thread.handle.raw && thread_unpark(told) == STATUS_OK &&
		       thread_join(&thread, &code) == STATUS_OK && code == 0,
	       "by which it is woken");
	tap_is(thread_unpark(told), STATUS_BAD_ID, "it takes it along when it ends");
	tap_ok(thread_self(&mine) == STATUS_OK && thread_unpark(mine) == STATUS_OK &&
		       thread_park(0) == STATUS_OK,
	       "the first thread has one too");
}

enum { ROUNDS = 50 };
static cap_id first;
static uint32_t rounds;

static int64_t hand_back(void *argument)
{
	(void)argument;
	enum status status = thread_park(0);

	while (status == STATUS_OK && ++rounds < ROUNDS)
		status = thread_hand_over(first, 0);
	return status == STATUS_OK ? thread_unpark(first) : status;
}

static int64_t only_park(void *argument)
{
	(void)argument;
	return thread_park(0);
}

static void test_hand_over(void)
{
	struct thread thread;
	int64_t code = 1;
	bool good = thread_self(&first) == STATUS_OK &&
		    thread_start(&thread, hand_back, nullptr, nullptr) == STATUS_OK;

	for (uint32_t i = 0; good && i < ROUNDS; i++)
		good = thread_hand_over(thread.handle, 0) == STATUS_OK && rounds == i + 1;
	tap_ok(good && thread_join(&thread, &code) == STATUS_OK && code == 0,
	       "two threads hand over to each other, and each sleeps meanwhile");
	tap_is(thread_hand_over((cap_id){first.raw + (1ull << 40)}, 0), STATUS_BAD_ID,
	       "who cannot wake the other does not sleep");
	tap_is(thread_hand_over(first, 0), STATUS_OK, "who hands over to itself goes on");
	good = thread_start(&thread, only_park, nullptr, nullptr) == STATUS_OK;
	tap_ok(good && thread_hand_over(thread.handle, runtime_now() + 20 * MS) == STATUS_TIMED_OUT &&
		       thread_join(&thread, &code) == STATUS_OK && code == 0,
	       "a hand-over ends at its deadline; the other was woken");
	tap_ok(thread_unpark(first) == STATUS_OK &&
		       thread_hand_over((cap_id){first.raw + (1ull << 40)}, 0) == STATUS_BAD_ID &&
		       thread_hand_over(first, 0) == STATUS_OK,
	       "who was woken before does not sleep, and hears that the other could not be");
	tap_is(thread_park(runtime_now() + MS), STATUS_TIMED_OUT, "permits do not add up");
}

static int64_t wait_and_end(void *argument)
{
	(void)semaphore_take(argument, 0);
	return 0;
}

/* All detached threads of this test have ended, their memory is back: as many frames free as before, but for what the kernel keeps in
 * caches for each CPU. 200 threads have 600 at least. */
#define CACHED_FRAMES 16u

static bool settled(const struct child_counts *before)
{
	for (int i = 0; i < 500; i++) {
		struct child_counts now = child_counts();

		if (now.threads == before->threads &&
		    now.frames_free + CACHED_FRAMES >= before->frames_free && now.entries == before->entries)
			return true;
		(void)ring_wait(runtime_ring(), runtime_now() + 10 * MS);
	}
	return false;
}

static bool start_detached(struct semaphore *gate, bool open_first)
{
	struct thread thread;
	bool good = thread_start(&thread, wait_and_end, gate, nullptr) == STATUS_OK;

	if (open_first)
		(void)semaphore_give(gate);
	good = good && thread_detach(&thread) == STATUS_OK;
	if (!open_first)
		(void)semaphore_give(gate);
	return good;
}

enum { BATCH = 20, BATCHES = 10 };

static bool detach_some(void)
{
	static struct semaphore gate;
	bool good = true;

	for (int i = 0; i < BATCH; i++)
		good &= start_detached(&gate, i & 1); /* while it waits, or while it ends */
	return run_threads(1, leave_early) && good;   /* what is kept from one for the next is there again */
}

static void test_detach(void)
{
	struct child_counts before = child_counts();
	bool good = detach_some(); /* whatever is made once is made now */

	before.frames_free = 0;
	(void)settled(&before);
	before.frames_free = child_counts().frames_free;
	for (int i = 0; i < BATCHES && good; i++)
		good = detach_some() && settled(&before);
	tap_ok(good, "200 threads are detached, and leave no thread, memory or capability behind");
}

void test_lives(void)
{
	child_start_up();
	test_exit();
	test_local();
	test_self();
	test_hand_over();
	test_detach();
}
