// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Spin locks, known to clang's thread-safety analysis.
 *
 * - Held with interrupts off (the kernel always runs so), never across cap_enter's return, never while waiting for
 *   another CPU.
 * - One global order, outermost first (docs/architecture.md repeats it; debug kernels check it by `rank`):
 *     process > space > endpoint > notification > gate > thread > table > budget > timer > runqueue > memory > slab > frames > capture > log
 * - Taking a free lock is a handful of instructions in line. With CAPOS_DEBUG each acquisition is checked by
 *   lock_debug.c: the order, and that nobody releases what this CPU does not hold.
 */
#pragma once

#include <core/atomic.h>
#include <core/types.h>

enum lock_rank : uint8_t {
	LOCK_RANK_PROCESS = 1,
	LOCK_RANK_SPACE,
	LOCK_RANK_ENDPOINT,
	LOCK_RANK_NOTIFICATION,
	LOCK_RANK_GATE,
	LOCK_RANK_THREAD,
	LOCK_RANK_TABLE,
	LOCK_RANK_BUDGET,
	LOCK_RANK_TIMER,
	LOCK_RANK_RUNQUEUE,
	LOCK_RANK_MEMORY,
	LOCK_RANK_SLAB,
	LOCK_RANK_FRAMES,
	LOCK_RANK_CAPTURE,
	LOCK_RANK_LOG,
};

#define CAPABILITY(x) __attribute__((capability(x)))
#define ACQUIRES(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...) __attribute__((release_capability(__VA_ARGS__)))
#define TRY_ACQUIRES(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define NO_LOCK_ANALYSIS __attribute__((no_thread_safety_analysis))

struct CAPABILITY("spinlock") spinlock {
	uint32_t word; /* 0 = free, 1 = held */
	uint8_t rank;  /* enum lock_rank */
};

#define SPINLOCK_INIT(r) {.word = 0, .rank = (r)}

/* Saves all registers itself: so that the callers of spin_lock need not keep theirs out of its way. */
#define SLOW_PATH __attribute__((noinline, cold, preserve_most, zero_call_used_regs("skip")))
SLOW_PATH void spin_lock_slow(struct spinlock *lock);
/* lock_debug.c; called only with CAPOS_DEBUG. */
void lock_debug_acquire(const struct spinlock *lock);
void lock_debug_release(const struct spinlock *lock);
bool lock_debug_held(const struct spinlock *lock);

#ifdef CAPOS_DEBUG
#define LOCK_DEBUG true
#else
#define LOCK_DEBUG false
#endif

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	lock->word = 0;
	lock->rank = rank;
}

static inline void spin_lock(struct spinlock *lock) ACQUIRES(lock) NO_LOCK_ANALYSIS
{
	if (LOCK_DEBUG)
		lock_debug_acquire(lock);
	if (unlikely(atomic_swap(&lock->word, 1u) != 0))
		spin_lock_slow(lock);
}

static inline bool spin_trylock(struct spinlock *lock) TRY_ACQUIRES(true, lock) NO_LOCK_ANALYSIS
{
	if (load_relaxed(&lock->word) != 0 || atomic_swap(&lock->word, 1u) != 0)
		return false;
	if (LOCK_DEBUG)
		lock_debug_acquire(lock);
	return true;
}

static inline void spin_unlock(struct spinlock *lock) RELEASES(lock) NO_LOCK_ANALYSIS
{
	if (LOCK_DEBUG)
		lock_debug_release(lock);
	store_release(&lock->word, 0u);
}

/* By this CPU in a debug kernel; by anybody otherwise: for assertions only. */
static inline bool spin_is_held(const struct spinlock *lock)
{
	return LOCK_DEBUG ? lock_debug_held(lock) : load_relaxed(&lock->word) != 0;
}
