// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The contended half of spin locks: wait by reading only, so that the holder's cache line is left alone, then try
 * again. There is no queue: critical sections are a few dozen instructions, and CPUs are few.
 */
#include <core/lock.h>

#include <arch/cpu.h>

SLOW_PATH void spin_lock_slow(struct spinlock *lock) NO_LOCK_ANALYSIS
{
	do {
		while (load_relaxed(&lock->word) != 0)
			arch_pause();
	} while (atomic_swap(&lock->word, 1u) != 0);
}
