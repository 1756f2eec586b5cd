// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A table of lists of waiters, by the word's address. A waiter looks at the word under its bucket's lock, a waker takes
 * that lock after the word has changed: so either the waiter sees the change, or the waker sees the waiter.
 */
#include <sync/wait.h>

#include "waiters.h"

#define BUCKETS 64u

static struct sync_bucket buckets[BUCKETS];

static struct sync_bucket *bucket_of(const uint32_t *word)
{
	return &buckets[((uintptr_t)word >> 2) * 0x9e3779b97f4a7c15ull >> 58];
}
static_assert(BUCKETS == 1u << (64 - 58));

void sync_forget(void)
{
	__builtin_memset(buckets, 0, sizeof(buckets));
}

static void append(struct sync_bucket *bucket, struct sync_waiter *waiter)
{
	waiter->next = nullptr;
	if (bucket->first)
		bucket->last->next = waiter;
	else
		bucket->first = waiter;
	bucket->last = waiter;
}

/* The first waiter for `word`, or, if not null, this one: out of the list. Null: it is not there. */
static struct sync_waiter *take(struct sync_bucket *bucket, const uint32_t *word,
				const struct sync_waiter *which)
{
	struct sync_waiter *before = nullptr, *waiter = bucket->first;

	while (waiter && (which ? waiter != which : waiter->word != word)) {
		before = waiter;
		waiter = waiter->next;
	}
	if (!waiter)
		return nullptr;
	if (before)
		before->next = waiter->next;
	else
		bucket->first = waiter->next;
	if (bucket->last == waiter)
		bucket->last = before;
	return waiter;
}

/* Its time is over: true if it was still listed. It may have been moved to another bucket meanwhile (W3). */
static bool withdraw(struct sync_waiter *waiter)
{
	for (;;) {
		uint32_t *word = __atomic_load_n(&waiter->word, __ATOMIC_RELAXED);
		struct sync_bucket *bucket = bucket_of(word);

		sync_bucket_lock(bucket);
		if (waiter->word == word || sync_load(&waiter->state) != SYNC_LISTED) {
			bool listed = sync_load(&waiter->state) == SYNC_LISTED;

			if (listed)
				(void)take(bucket, nullptr, waiter);
			sync_bucket_unlock(bucket);
			return listed;
		}
		sync_bucket_unlock(bucket);
	}
}

static enum status sleep_as(struct sync_waiter *waiter, uint64_t deadline_ns)
{
	while (sync_load(&waiter->state) != SYNC_WOKEN) {
		if (!sync_sleep(deadline_ns))
			continue;
		if (withdraw(waiter))
			return STATUS_TIMED_OUT;
		deadline_ns = 0; /* somebody has taken it, and is about to rouse it */
	}
	return STATUS_OK;
}

enum status sync_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
	struct sync_bucket *bucket = bucket_of(word);
	struct sync_waiter waiter = {.word = word, .thread = sync_self(), .state = SYNC_LISTED};

	if (!waiter.thread) {
		if (sync_load(word) != seen)
			return STATUS_AGAIN;
		return sync_nap(deadline_ns) ? STATUS_TIMED_OUT : STATUS_OK;
	}
	sync_bucket_lock(bucket);
	if (sync_load(word) != seen) {
		sync_bucket_unlock(bucket);
		return STATUS_AGAIN;
	}
	append(bucket, &waiter);
	sync_bucket_unlock(bucket);
	return sleep_as(&waiter, deadline_ns);
}

/* Takes up to `count` out of a locked bucket, as a list of their own. */
static struct sync_waiter *take_some(struct sync_bucket *bucket, const uint32_t *word, uint32_t count)
{
	struct sync_waiter *taken = nullptr, **end = &taken, *waiter;

	for (; count > 0 && (waiter = take(bucket, word, nullptr)); count--) {
		sync_store(&waiter->state, SYNC_TAKEN);
		waiter->next = nullptr;
		*end = waiter;
		end = &waiter->next;
	}
	return taken;
}

static uint32_t rouse_all(struct sync_waiter *taken)
{
	uint32_t count = 0;

	for (struct sync_waiter *next; taken; taken = next, count++) {
		uint64_t thread = taken->thread;

		next = taken->next;
		sync_store(&taken->state, SYNC_WOKEN); /* W2 */
		sync_rouse(thread);
	}
	return count;
}

uint32_t sync_wake(uint32_t *word, uint32_t count)
{
	struct sync_bucket *bucket = bucket_of(word);

	sync_bucket_lock(bucket);
	struct sync_waiter *taken = take_some(bucket, word, count);
	sync_bucket_unlock(bucket);
	return rouse_all(taken);
}

/* Two locks are always taken in the order of their addresses. */
static void lock_both(struct sync_bucket *a, struct sync_bucket *b)
{
	sync_bucket_lock(a < b ? a : b);
	if (a != b)
		sync_bucket_lock(a < b ? b : a);
}

uint32_t sync_wake_and_move(uint32_t *word, uint32_t count, uint32_t *other)
{
	struct sync_bucket *from = bucket_of(word), *to = bucket_of(other);
	struct sync_waiter *waiter;

	lock_both(from, to);
	struct sync_waiter *taken = take_some(from, word, count);
	while (word != other && (waiter = take(from, word, nullptr))) {
		__atomic_store_n(&waiter->word, other, __ATOMIC_RELAXED);
		append(to, waiter);
	}
	sync_bucket_unlock(from);
	if (to != from)
		sync_bucket_unlock(to);
	return rouse_all(taken);
}
