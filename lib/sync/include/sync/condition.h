// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Condition variables. Zeroed memory is one that nobody waits for. The state that is waited for belongs to a mutex; it is
 * changed, and looked at, under that mutex. A wait may end without a reason: look again.
 */
#pragma once

#include <sync/mutex.h>

struct condition {
	uint32_t word; /* bit 0: perhaps waited for; above: signals, modulo 2^31 */
};

/*
 * Unlocks the mutex, sleeps until a signal (or no reason at all), locks it again; what is signalled after the mutex was unlocked is
 * not missed. All waiters of a condition use the same mutex. Errors: TIMED_OUT (deadline_ns absolute; 0: none): it is
 * locked again then, too.
 */
enum status condition_wait(struct condition *condition, struct mutex *mutex, uint64_t deadline_ns);
/* Wakes one that waits; if nobody does, nothing happens. The caller holds the mutex, or has since it changed the state. */
void condition_signal(struct condition *condition);
/* Wakes one, and the others, one after the other, as they get the mutex. */
void condition_broadcast(struct condition *condition, struct mutex *mutex);
