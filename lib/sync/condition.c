// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A count of signals is what is waited on: a signal between a waiter's unlock and its sleep has changed the word.
 *
 * A broadcast wakes one thread and moves the others to the mutex, where they would meet anyway. It need not know whether
 * that is locked: the one that is awake locks it as waited for, and its unlock wakes the next, and so on (mutex_lock_again).
 */
#include <sync/condition.h>
#include <sync/order.h>
#include <sync/wait.h>

#include "mutex_private.h"

#define CONDITION_AWAITED 1u
#define CONDITION_SIGNAL 2u

enum status condition_wait(struct condition *condition, struct mutex *mutex, uint64_t deadline_ns)
{
	uint32_t seen = sync_load(&condition->word), before;

	while (!(seen & CONDITION_AWAITED)) {
		before = sync_change(&condition->word, seen, seen | CONDITION_AWAITED);
		seen = before == seen ? seen | CONDITION_AWAITED : before;
	}
	mutex_unlock(mutex);

	enum status status = sync_wait(&condition->word, seen, deadline_ns);

	mutex_lock_again(mutex);
	return status == STATUS_TIMED_OUT ? STATUS_TIMED_OUT : STATUS_OK;
}

void condition_signal(struct condition *condition)
{
	if (!(sync_load(&condition->word) & CONDITION_AWAITED))
		return;

	uint32_t now = sync_add(&condition->word, CONDITION_SIGNAL) + CONDITION_SIGNAL;

	/* Nobody there: forgotten, unless the word has changed. One that is on its way to sleep sees that it has. */
	if (sync_wake(&condition->word, 1) == 0)
		(void)sync_change(&condition->word, now, now & ~CONDITION_AWAITED);
}

void condition_broadcast(struct condition *condition, struct mutex *mutex)
{
	uint32_t seen = sync_load(&condition->word), before;

	while (seen & CONDITION_AWAITED) {
		before = sync_change(&condition->word, seen, (seen + CONDITION_SIGNAL) & ~CONDITION_AWAITED);
		if (before == seen) {
			(void)sync_wake_and_move(&condition->word, 1, &mutex->word);
			return;
		}
		seen = before;
	}
}
