// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The count and "perhaps waited for" in one word. Who gives clears the bit and wakes one; that one sets the bit again,
 * because others may sleep still. If two were given before it ran, the second woke nobody: so one that has slept and leaves
 * some behind wakes the next.
 */
#include <sync/order.h>
#include <sync/semaphore.h>
#include <sync/wait.h>

#define SEMAPHORE_AWAITED 1u
#define SEMAPHORE_ONE 2u

void semaphore_init(struct semaphore *semaphore, uint32_t count)
{
	sync_store(&semaphore->word, count * SEMAPHORE_ONE);
}

enum status semaphore_take(struct semaphore *semaphore, uint64_t deadline_ns)
{
	uint32_t *word = &semaphore->word, slept = 0;

	for (;;) {
		uint32_t seen = sync_load(word);

		if (seen >= SEMAPHORE_ONE) {
			if (sync_change(word, seen, (seen - SEMAPHORE_ONE) | slept) != seen)
				continue;
			if (slept && seen >= 2 * SEMAPHORE_ONE)
				(void)sync_wake(word, 1);
			return STATUS_OK;
		}
		if (seen == 0 && sync_change(word, 0, SEMAPHORE_AWAITED) != 0)
			continue;
		if (sync_wait(word, SEMAPHORE_AWAITED, deadline_ns) == STATUS_TIMED_OUT)
			return STATUS_TIMED_OUT;
		slept = SEMAPHORE_AWAITED;
	}
}

enum status semaphore_give(struct semaphore *semaphore)
{
	uint32_t seen = sync_load(&semaphore->word), before;

	for (;; seen = before) {
		if (seen >= (uint32_t)-SEMAPHORE_ONE)
			return STATUS_TOO_LARGE;
		before = sync_change(&semaphore->word, seen, (seen + SEMAPHORE_ONE) & ~SEMAPHORE_AWAITED);
		if (before == seen)
			break;
	}
	if (seen & SEMAPHORE_AWAITED)
		(void)sync_wake(&semaphore->word, 1);
	return STATUS_OK;
}

uint32_t semaphore_count(const struct semaphore *semaphore)
{
	return sync_load(&semaphore->word) / SEMAPHORE_ONE;
}
