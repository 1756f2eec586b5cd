// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * All of lib/sync, its own code (compiled into this file), in small cases through every interleaving, or the first of them (explore.h). In each:
 * nobody sleeps for ever, and what the primitive promises holds. That the test can fail: with waiters that do not look
 * at the word again under the lock, it must find a run in which somebody is stuck; with a mutex that anybody can take, one in
 * which two are inside.
 */
#include "explore.h"

/* NOLINTBEGIN(bugprone-suspicious-include): with the accesses of explore.h */
#include "../channel.c"
#include "../condition.c"
#include "../mutex.c"
#include "../once.c"
#include "../rwlock.c"
#include "../semaphore.c"
/* NOLINTEND(bugprone-suspicious-include) */

static struct mutex mutex;
static struct condition condition;
static struct semaphore semaphore;
static struct once once;
static struct rwlock rwlock;
static struct channel channel;
static uint32_t records[1];
/* Plain memory, under the lock of the case. */
static uint32_t inside, readers, counter, flag, timed_out;

static uint64_t hash_buckets(void)
{
	uint64_t hash = 1;

	for (unsigned i = 0; i < BUCKETS; i++)
		if (buckets[i].first)
			hash = mix(mix(hash, i), hash_list(&buckets[i]));
	return hash;
}

static uint64_t hash_plain(void)
{
	uint64_t hash = mix(mix(inside, readers), mix(counter, flag));

	hash = mix(hash, timed_out);
	return mix(mix(hash, records[0]),
		   (uint64_t)channel.used << 33 | (uint64_t)channel.first << 1 | channel.closed);
}

static void reset_all(void)
{
	memset(buckets, 0, sizeof(buckets));
	mutex = (struct mutex){};
	condition = (struct condition){};
	semaphore = (struct semaphore){};
	once = (struct once){};
	rwlock = (struct rwlock){};
	channel_init(&channel, records, sizeof(records[0]), 1);
	inside = readers = counter = flag = timed_out = 0;
}

/* A moment inside, in which another one may come. */
static void be_inside(void)
{
	wrong |= inside++ != 0;
	forget(1);
	step(ACCESS);
	inside--;
}

/* ---- Mutex ---- */

static void lock_and_count(void)
{
	mutex_lock(&mutex);
	be_inside();
	counter++;
	mutex_unlock(&mutex);
}

static void lock_or_give_up(void)
{
	if (mutex_lock_until(&mutex, 99) == STATUS_OK) {
		be_inside();
		mutex_unlock(&mutex);
	}
}

static void force_lock(void)
{
	sync_store(&mutex.word, MUTEX_HELD);
	be_inside();
}

/* ---- Condition ---- */

static void wait_for_flag(void)
{
	mutex_lock(&mutex);
	forget(10);
	while (!flag) {
		(void)condition_wait(&condition, &mutex, 0);
		forget(11);
	}
	be_inside();
	counter++;
	mutex_unlock(&mutex);
}

static void wait_for_flag_or_give_up(void)
{
	mutex_lock(&mutex);
	forget(10);
	while (!flag && condition_wait(&condition, &mutex, 99) != STATUS_TIMED_OUT)
		forget(11);
	be_inside();
	mutex_unlock(&mutex);
}

static void raise_flag(void)
{
	mutex_lock(&mutex);
	flag = 1;
	forget(12);
	mutex_unlock(&mutex);
	forget(13);
	condition_broadcast(&condition, &mutex);
}

static void take_ticket(void)
{
	mutex_lock(&mutex);
	forget(10);
	while (flag == 0) {
		(void)condition_wait(&condition, &mutex, 0);
		forget(11);
	}
	forget(2);
	flag--;
	mutex_unlock(&mutex);
}

static void give_two_tickets(void)
{
	mutex_lock(&mutex);
	flag = 2;
	forget(3);
	condition_signal(&condition);
	forget(4);
	condition_signal(&condition);
	forget(5);
	mutex_unlock(&mutex);
}

/* ---- Semaphore, once, rwlock ---- */

static void semaphore_user(void)
{
	wrong |= semaphore_take(&semaphore, 0) != STATUS_OK;
}

static void semaphore_user_or_not(void)
{
	if (semaphore_take(&semaphore, 99) == STATUS_OK)
		(void)semaphore_give(&semaphore);
}

static void semaphore_giver(void)
{
	(void)semaphore_give(&semaphore);
	(void)semaphore_give(&semaphore);
}

static void make_it(void)
{
	be_inside();
	counter++;
}

static void need_it(void)
{
	once_do(&once, make_it);
	wrong |= counter != 1;
}

static void read_locked(void)
{
	wrong |= rwlock_lock_read(&rwlock, 0) != STATUS_OK;
	readers++;
	wrong |= inside != 0;
	forget(1);
	step(ACCESS);
	readers--;
	rwlock_unlock_read(&rwlock);
}

static void write_locked(void)
{
	wrong |= rwlock_lock_write(&rwlock, 0) != STATUS_OK;
	wrong |= readers != 0;
	be_inside();
	rwlock_unlock_write(&rwlock);
}

static void write_locked_or_not(void)
{
	if (rwlock_lock_write(&rwlock, 99) != STATUS_OK)
		return;
	wrong |= readers != 0;
	be_inside();
	rwlock_unlock_write(&rwlock);
}

/* ---- Channel ---- */

static void send_two(void)
{
	for (uint32_t i = 1; i <= 2; i++) {
		wrong |= channel_send(&channel, &i, 0) != STATUS_OK;
		forget(i);
	}
	channel_close(&channel);
}

static void receive_all(void)
{
	uint32_t got, last = 0;

	while (channel_receive(&channel, &got, 0) == STATUS_OK) {
		wrong |= got <= last || got > 2;
		last = got;
		counter += got;
		forget(got);
	}
	wrong |= counter > 3;
}

/* ---- The cases ---- */

struct explored_case {
	const char *what;
	void (*bodies[MAX_ACTORS])(void);
	bool stale, fails;
};

static const struct explored_case cases[] = {
	{.what = "a mutex lets one in at a time, and everybody at last",
	 .bodies = {lock_and_count, lock_and_count, lock_and_count}},
	{.what = "who gives up waiting for a mutex takes no wake-up away",
	 .bodies = {lock_and_count, lock_and_count, lock_or_give_up}},
	{.what = "a broadcast reaches all that wait", .bodies = {wait_for_flag, wait_for_flag, raise_flag}},
	{.what = "with others at the mutex to which it moves them",
	 .bodies = {wait_for_flag_or_give_up, raise_flag, lock_and_count}},
	{.what = "two signals wake two", .bodies = {take_ticket, take_ticket, give_two_tickets}},
	{.what = "a semaphore's two go to two", .bodies = {semaphore_user, semaphore_user, semaphore_giver}},
	{.what = "also if one gives up", .bodies = {semaphore_user, semaphore_user_or_not, semaphore_giver}},
	{.what = "what is done once is done when others go on", .bodies = {need_it, need_it, need_it}},
	{.what = "readers and writers keep apart", .bodies = {read_locked, write_locked, read_locked}},
	{.what = "writers among themselves, one of whom gives up",
	 .bodies = {write_locked, read_locked, write_locked_or_not}},
	{.what = "a channel carries everything once, in order, to its end",
	 .bodies = {send_two, receive_all}},
	{.what = "to two receivers", .bodies = {send_two, receive_all, receive_all}},
	{.what = "waiters that do not look again sleep for ever, and that is found",
	 .bodies = {lock_and_count, lock_and_count},
	 .stale = true,
	 .fails = true},
	{.what = "two inside a mutex are found", .bodies = {lock_and_count, force_lock}, .fails = true},
};

int main(void)
{
	int count = sizeof(cases) / sizeof(cases[0]), failures = 0;

	reset = reset_all;
	extra = hash_plain;
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		stale = cases[i].stale;
		memcpy(bodies, cases[i].bodies, sizeof(bodies));
		for (actor_count = 0; actor_count < MAX_ACTORS && bodies[actor_count]; actor_count++)
			;
		struct found f = explore();
		bool good = cases[i].fails ? f.stuck || f.wrong : !f.stuck && !f.wrong;

		printf("%s %d - %s: %s%llu states%s%s\n", good ? "ok" : "not ok", i + 1, cases[i].what,
		       f.all || cases[i].fails ? "" : "the first ", (unsigned long long)f.states,
		       f.stuck ? ", somebody stuck" : "", f.wrong ? ", wrong" : "");
		fflush(stdout);
		failures += !good;
	}
	for (int i = 0; i < MAX_ACTORS; i++)
		free(actors[i].stack);
	free(known_states);
	return failures != 0;
}
