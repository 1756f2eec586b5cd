// SPDX-License-Identifier: MIT OR Apache-2.0
/* A mutex in one word. Who has slept takes it as waited for, because others may sleep still. */
#include <sync/mutex.h>
#include <sync/order.h>
#include <sync/wait.h>

#include "mutex_private.h"

enum { MUTEX_FREE, MUTEX_HELD, MUTEX_AWAITED };

[[gnu::noinline]] static enum status lock_slowly(uint32_t *word, uint64_t deadline_ns)
{
	for (int i = 0; i < SYNC_SPINS; i++) {
		sync_pause();
		if (sync_load(word) == MUTEX_FREE && sync_change(word, MUTEX_FREE, MUTEX_HELD) == MUTEX_FREE)
			return STATUS_OK;
	}
	while (sync_swap(word, MUTEX_AWAITED) != MUTEX_FREE)
		if (sync_wait(word, MUTEX_AWAITED, deadline_ns) == STATUS_TIMED_OUT)
			return STATUS_TIMED_OUT;
	return STATUS_OK;
}

bool mutex_try_lock(struct mutex *mutex)
{
	return sync_change(&mutex->word, MUTEX_FREE, MUTEX_HELD) == MUTEX_FREE;
}

enum status mutex_lock_until(struct mutex *mutex, uint64_t deadline_ns)
{
	return mutex_try_lock(mutex) ? STATUS_OK : lock_slowly(&mutex->word, deadline_ns);
}

void mutex_lock(struct mutex *mutex)
{
	(void)mutex_lock_until(mutex, 0);
}

void mutex_lock_again(struct mutex *mutex)
{
	while (sync_swap(&mutex->word, MUTEX_AWAITED) != MUTEX_FREE)
		(void)sync_wait(&mutex->word, MUTEX_AWAITED, 0);
}

void mutex_unlock(struct mutex *mutex)
{
	if (sync_swap(&mutex->word, MUTEX_FREE) == MUTEX_AWAITED)
		(void)sync_wake(&mutex->word, 1);
}
