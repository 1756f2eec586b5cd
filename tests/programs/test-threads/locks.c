// SPDX-License-Identifier: MIT OR Apache-2.0
/* lib/sync with real threads on real CPUs. Small cases in every interleaving: lib/sync/tests. */
#include <sync/channel.h>
#include <sync/once.h>
#include <sync/rwlock.h>
#include <sync/semaphore.h>
#include <sync/wait.h>

#include "threads.h"

enum { THREADS = 6, ROUNDS = 400 };

static struct mutex mutex;
static struct condition condition;
static struct semaphore semaphore;
static struct rwlock rwlock;
static struct once once;
static struct channel channel;
static uint64_t counter, pair[2];
static uint32_t inside, most_inside, made;

/* Now and then a holder sleeps with the lock, so that others really wait. */
static void linger(unsigned round)
{
	if (round % 64 == 0)
		(void)ring_wait(runtime_ring(), runtime_now() + 200'000);
}

static int64_t count_locked(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ROUNDS; i++) {
		mutex_lock(&mutex);
		uint64_t before = counter;
		linger(i);
		counter = before + 1;
		mutex_unlock(&mutex);
	}
	return 0;
}

static void test_mutex(void)
{
	counter = 0;
	tap_ok(run_threads(THREADS, count_locked) && counter == THREADS * ROUNDS,
	       "a mutex keeps increments apart, also while holders sleep");
	mutex_lock(&mutex);
	tap_ok(!mutex_try_lock(&mutex), "one that is held cannot be had at once");
	tap_is(mutex_lock_until(&mutex, runtime_now() + 3 * MS), STATUS_TIMED_OUT, "nor before its deadline");
	mutex_unlock(&mutex);
	tap_ok(mutex_try_lock(&mutex), "but when it was unlocked");
	mutex_unlock(&mutex);
}

/* Each waits for its turn: everybody waits for the same condition, one of them may go on. */
static int64_t take_turns(void *argument)
{
	static uint32_t number;
	uint32_t me = __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED) % THREADS;

	(void)argument;
	for (unsigned i = 0; i < 50; i++) {
		mutex_lock(&mutex);
		while (counter % THREADS != me)
			if (condition_wait(&condition, &mutex, runtime_now() + 60'000 * MS) != STATUS_OK) {
				mutex_unlock(&mutex);
				return 1;
			}
		counter++;
		condition_broadcast(&condition, &mutex);
		mutex_unlock(&mutex);
	}
	return 0;
}

static void test_condition(void)
{
	counter = 0;
	tap_ok(run_threads(THREADS, take_turns) && counter == THREADS * 50,
	       "threads take turns by a condition");
	mutex_lock(&mutex);
	tap_is(condition_wait(&condition, &mutex, runtime_now() + 3 * MS), STATUS_TIMED_OUT,
	       "a wait for a condition ends at its deadline");
	tap_ok(!mutex_try_lock(&mutex), "with the mutex locked again");
	mutex_unlock(&mutex);
}

static int64_t three_at_a_time(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (semaphore_take(&semaphore, 0) != STATUS_OK)
			return 1;
		uint32_t now = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		if (now > __atomic_load_n(&most_inside, __ATOMIC_RELAXED))
			__atomic_store_n(&most_inside, now, __ATOMIC_RELAXED);
		linger(i);
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		(void)semaphore_give(&semaphore);
	}
	return 0;
}

static void test_semaphore(void)
{
	semaphore_init(&semaphore, 3);
	tap_ok(run_threads(THREADS, three_at_a_time) && most_inside <= 3 && semaphore_count(&semaphore) == 3,
	       "a semaphore of 3 lets 3 in (%u were)", most_inside);
	semaphore_init(&semaphore, 0);
	tap_is(semaphore_take(&semaphore, SYNC_AT_ONCE), STATUS_TIMED_OUT, "an empty one is not waited for");
	semaphore_init(&semaphore, INT32_MAX);
	tap_is(semaphore_give(&semaphore), STATUS_TOO_LARGE, "a full one takes no more");
}

static void make(void)
{
	linger(0);
	made++;
}

static int64_t need(void *argument)
{
	(void)argument;
	once_do(&once, make);
	return made != 1;
}

static int64_t read_and_write(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 8 != 0) {
			if (rwlock_lock_read(&rwlock, 0) != STATUS_OK || pair[0] != pair[1])
				return 1;
			linger(i + 1);
			rwlock_unlock_read(&rwlock);
			continue;
		}
		if (rwlock_lock_write(&rwlock, 0) != STATUS_OK)
			return 1;
		pair[0]++;
		linger(i);
		pair[1]++;
		rwlock_unlock_write(&rwlock);
	}
	return 0;
}

static void test_once_and_rwlock(void)
{
	tap_ok(run_threads(THREADS, need) && made == 1, "what is done once is done when anybody goes on");
	tap_ok(run_threads(THREADS, read_and_write) && pair[0] == THREADS * (ROUNDS / 8) &&
		       pair[1] == pair[0],
	       "readers never see half of a writer's work");
}

static int64_t send(void *argument)
{
	(void)argument;
	for (uint64_t i = 1; i <= ROUNDS; i++)
		if (channel_send(&channel, &i, 0) != STATUS_OK)
			return 1;
	return 0;
}

static uint64_t received;

static int64_t receive(void *argument)
{
	uint64_t record, sum = 0;

	(void)argument;
	while (channel_receive(&channel, &record, 0) == STATUS_OK)
		sum += record;
	__atomic_fetch_add(&received, sum, __ATOMIC_RELAXED);
	return 0;
}

static void test_channel(void)
{
	static uint64_t records[4];
	struct thread receivers[2];
	uint64_t record = 5;
	bool good = true;

	channel_init(&channel, records, sizeof(records[0]), 4);
	for (int i = 0; i < 2; i++)
		good &= thread_start(&receivers[i], receive, nullptr, nullptr) == STATUS_OK;
	good &= run_threads(3, send);
	channel_close(&channel);
	for (int i = 0; i < 2; i++)
		good &= thread_join(&receivers[i], nullptr) == STATUS_OK;
	tap_ok(good && received == 3ull * ROUNDS * (ROUNDS + 1) / 2,
	       "three send, two receive, through room for four: nothing is lost");
	tap_is(channel_send(&channel, &record, 0), STATUS_DISCONNECTED, "a closed channel takes nothing");
	channel_init(&channel, records, sizeof(records[0]), 1);
	tap_ok(channel_receive(&channel, &record, SYNC_AT_ONCE) == STATUS_TIMED_OUT &&
		       channel_send(&channel, &record, 0) == STATUS_OK &&
		       channel_send(&channel, &record, runtime_now() + MS) == STATUS_TIMED_OUT,
	       "an empty and a full one are given up at the deadline");
}

/* ---- The words below ---- */

static uint32_t word;

static int64_t wait_for_word(void *argument)
{
	(void)argument;
	while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0)
		(void)sync_wait(&word, 0, 0);
	return 0;
}

static void test_words(void)
{
	struct thread threads[3];
	uint32_t woken = 0;
	bool good = true;

	tap_is(sync_wait(&word, 1, 0), STATUS_AGAIN, "a word that is another already is not waited for");
	for (int i = 0; i < 3; i++)
		good &= thread_start(&threads[i], wait_for_word, nullptr, nullptr) == STATUS_OK;
	(void)ring_wait(runtime_ring(), runtime_now() + 20 * MS);
	__atomic_store_n(&word, 1, __ATOMIC_RELEASE);
	woken = sync_wake(&word, 1);
	woken += sync_wake(&word, SYNC_ALL);
	for (int i = 0; i < 3; i++)
		good &= thread_join(&threads[i], nullptr) == STATUS_OK;
	tap_ok(good && woken <= 3, "who waits for a word is woken (%u were asleep)", woken);
	tap_ok(sync_wake(&word, SYNC_ALL) == 0, "nobody is left");
}

void test_locks(void)
{
	test_words();
	test_mutex();
	test_condition();
	test_semaphore();
	test_once_and_rwlock();
	test_channel();
}
