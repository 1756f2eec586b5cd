// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who frees it wakes all that wait, and they try again: nobody can be forgotten. */
#include <sync/order.h>
#include <sync/rwlock.h>
#include <sync/wait.h>

#define RWLOCK_AWAITED 1u
#define RWLOCK_READER 2u
#define RWLOCK_WRITER (~RWLOCK_AWAITED)

/* Sleeps until the word may have changed for the better. */
static enum status sleep_for_change(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
	if (!(seen & RWLOCK_AWAITED) && sync_change(word, seen, seen | RWLOCK_AWAITED) != seen)
		return STATUS_OK;
	return sync_wait(word, seen | RWLOCK_AWAITED, deadline_ns);
}

enum status rwlock_lock_read(struct rwlock *lock, uint64_t deadline_ns)
{
	uint32_t *word = &lock->word;

	for (;;) {
		uint32_t seen = sync_load(word);

		if (!(seen & RWLOCK_AWAITED) && seen < RWLOCK_WRITER - RWLOCK_READER) {
			if (sync_change(word, seen, seen + RWLOCK_READER) == seen)
				return STATUS_OK;
		} else if (sleep_for_change(word, seen, deadline_ns) == STATUS_TIMED_OUT) {
			return STATUS_TIMED_OUT;
		}
	}
}

enum status rwlock_lock_write(struct rwlock *lock, uint64_t deadline_ns)
{
	uint32_t *word = &lock->word;

	for (;;) {
		uint32_t seen = sync_load(word);

		if (seen < RWLOCK_READER) {
			if (sync_change(word, seen, seen | RWLOCK_WRITER) == seen)
				return STATUS_OK;
		} else if (sleep_for_change(word, seen, deadline_ns) == STATUS_TIMED_OUT) {
			return STATUS_TIMED_OUT;
		}
	}
}

void rwlock_unlock_read(struct rwlock *lock)
{
	/* The last reader of one that is waited for: unless a writer has just come, it is nobody's now. */
	if (sync_add(&lock->word, (uint32_t)-RWLOCK_READER) == (RWLOCK_READER | RWLOCK_AWAITED) &&
	    sync_change(&lock->word, RWLOCK_AWAITED, 0) == RWLOCK_AWAITED)
		(void)sync_wake(&lock->word, SYNC_ALL);
}

void rwlock_unlock_write(struct rwlock *lock)
{
	if (sync_swap(&lock->word, 0) & RWLOCK_AWAITED)
		(void)sync_wake(&lock->word, SYNC_ALL);
}
