// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Many readers or one writer. Zeroed memory is a free one. Not recursive, not even for readers: while somebody waits, new
 * readers wait too, so that a writer gets its turn.
 */
#pragma once

#include <abi/status.h>
#include <stdint.h>

struct rwlock {
	uint32_t word; /* bit 0: waited for; above: readers, or all ones: a writer */
};

/* Errors: TIMED_OUT (deadline_ns absolute; 0: none). */
[[nodiscard]] enum status rwlock_lock_read(struct rwlock *lock, uint64_t deadline_ns);
[[nodiscard]] enum status rwlock_lock_write(struct rwlock *lock, uint64_t deadline_ns);
void rwlock_unlock_read(struct rwlock *lock);
void rwlock_unlock_write(struct rwlock *lock);
