// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Atomics and barriers: the only place that names memory orders.
 *
 * - Each operation is a possible switch point of the simulated CPUs (arch_switch_point, empty on real machines), so
 *   that the explorer can interleave CPUs exactly where the hardware could.
 * - load_acquire pairs with store_release: what was written before the release is seen after the acquire.
 * - full_fence orders earlier stores before later loads: needed where two sides each write one word and read the
 *   other's (publish BLOCKED, then look at the done list).
 * - store_fence orders earlier stores before later stores, load_fence earlier loads before later loads: the two sides
 *   of a sequence lock.
 */
#pragma once

#include <arch/explore.h>

#define load_relaxed(p) (arch_switch_point(), __atomic_load_n((p), __ATOMIC_RELAXED))
/* load_relaxed(p) == 0, of a bool, or of 32 or 64 bits. */
#define is_zero_relaxed(p)                                               \
	(arch_switch_point(), sizeof(*(p)) == 1   ? arch_is_zero_8((p))  \
			      : sizeof(*(p)) == 4 ? arch_is_zero_32((p)) \
						  : arch_is_zero_64((p)))
/* load_relaxed(p) == v, of 64 bits. */
#define is_relaxed(p, v) (arch_switch_point(), arch_is_64((p), (uint64_t)(v)))
#define load_acquire(p) (arch_switch_point(), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define store_relaxed(p, v) (arch_switch_point(), __atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define store_release(p, v) (arch_switch_point(), __atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define atomic_swap(p, v) (arch_switch_point(), __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL))
#define atomic_add(p, v) (arch_switch_point(), __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)) /* old value */
#define atomic_sub(p, v) (arch_switch_point(), __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)) /* old value */
#define atomic_or(p, v) (arch_switch_point(), __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL))   /* old value */
#define atomic_and(p, v) (arch_switch_point(), __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)) /* old value */

/* A count that one CPU changes and any may read; no switch point. */
#define count_own(p, n) __atomic_store_n((p), __atomic_load_n((p), __ATOMIC_RELAXED) + (n), __ATOMIC_RELAXED)
/* The same in one instruction, where nobody needs the result. */
#define count_own_32(p, n) arch_count_32((p), (n))

/* Words in an arena, which its program, and other CPUs for other messages, may read and write meanwhile: each is read or written
 * once, and whole. No switch points. */
#define load_shared_word(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define store_shared_word(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define copy_shared_word(out, in) store_shared_word((out), load_shared_word(in))

/* True if *p was `expected` and is now `desired`; otherwise *expected is what was found. */
#define atomic_cas(p, expected, desired) \
	(arch_switch_point(),            \
	 __atomic_compare_exchange_n((p), (expected), (desired), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))

/* A store and a full fence in one: the exchange is both on x86; another architecture would put a fence behind it. */
#define store_fenced(p, v)                                                           \
	(arch_switch_point(), (void)__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST), \
	 __atomic_signal_fence(__ATOMIC_SEQ_CST), arch_switch_point())
#define full_fence() (arch_switch_point(), __atomic_thread_fence(__ATOMIC_SEQ_CST))
#define store_fence() __atomic_thread_fence(__ATOMIC_RELEASE)
#define load_fence() (arch_switch_point(), __atomic_thread_fence(__ATOMIC_ACQUIRE))
