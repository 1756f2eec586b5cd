// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Mutual exclusion between threads of one process. Zeroed memory is a free one. Not recursive; a thread that ends while
 * it holds one leaves it held. Free: one atomic operation each to lock and unlock. Not fair: who comes may be
 * quicker than who was woken.
 */
#pragma once

#include <abi/status.h>
#include <stdint.h>

struct mutex {
	uint32_t word; /* 0 free, 1 held, 2 held and perhaps waited for */
};

void mutex_lock(struct mutex *mutex);
/* Errors: TIMED_OUT (deadline_ns absolute; 0: none). */
[[nodiscard]] enum status mutex_lock_until(struct mutex *mutex, uint64_t deadline_ns);
[[nodiscard]] bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
