// SPDX-License-Identifier: MIT OR Apache-2.0
/* Four states in one word. */
#include <sync/once.h>
#include <sync/order.h>
#include <sync/wait.h>

enum { ONCE_NEW, ONCE_UNDER_WAY, ONCE_AWAITED, ONCE_DONE };

void once_do(struct once *once, void (*what)(void))
{
	uint32_t *word = &once->word, seen = sync_load(word);

	while (seen != ONCE_DONE) {
		if (seen == ONCE_NEW) {
			seen = sync_change(word, ONCE_NEW, ONCE_UNDER_WAY);
			if (seen != ONCE_NEW)
				continue;
			what();
			if (sync_swap(word, ONCE_DONE) == ONCE_AWAITED)
				(void)sync_wake(word, SYNC_ALL);
			return;
		}
		if (seen == ONCE_AWAITED || sync_change(word, ONCE_UNDER_WAY, ONCE_AWAITED) == ONCE_UNDER_WAY)
			(void)sync_wait(word, ONCE_AWAITED, 0);
		seen = sync_load(word);
	}
}
