// SPDX-License-Identifier: MIT OR Apache-2.0
/* Waiting for a word to change, as musl's locks do: lib/sync's words. */
#include "posix.h"
#include "signal.h"

#include <runtime/runtime.h>
#include <sync/wait.h>
#include <time.h>

enum { WAIT, WAKE, REQUEUE = 3, OPERATION = 0x7f };

static long wait_for(uint32_t *word, uint32_t seen, const struct timespec *timeout)
{
	uint64_t deadline = 0;

	if (timeout) {
		if (timeout->tv_sec < 0 || (timeout->tv_sec == 0 && timeout->tv_nsec <= 0))
			deadline = SYNC_AT_ONCE;
		else
			deadline = runtime_now() + (uint64_t)timeout->tv_sec * 1'000'000'000 +
				   (uint64_t)timeout->tv_nsec;
	}
	return posix_errno(sync_wait(word, seen, deadline));
}

POSIX_CALL(futex)
{
	uint32_t *word = POSIX_POINTER(a);

	switch (b & OPERATION) {
	case WAIT:
		return wait_for(word, (uint32_t)c, POSIX_POINTER(d));
	case WAKE:
		return sync_wake(word, (uint32_t)c);
	case REQUEUE: /* d: how many move; musl moves one, the mutex's waiters all wait in line anyway */
		return sync_wake_and_move(word, (uint32_t)c, POSIX_POINTER(e));
	default:
		return -ENOSYS;
	}
}
