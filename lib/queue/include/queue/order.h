// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The accesses to memory that is shared with another process: the only place in lib/queue, lib/pipe and
 * lib/shared_buffer where such memory is touched, and where its ordering is decided.
 *
 * - What is loaded is a value of the peer's choosing: it is loaded once, and then checked against private copies.
 * - QUEUE_STEP is where tests/queue_explore_test.c switches between the two sides, and simulates a store buffer; in
 *   everything else it is nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifndef QUEUE_SHARED_ACCESS
#define QUEUE_SHARED_ACCESS

/* What was written before is seen by whoever observes the new value. */
static inline void queue_publish(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* What the peer wrote before it published the value is seen after. */
static inline uint64_t queue_observe(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Between publishing a word of one's own and observing one of the peer's: without it each could miss the other. */
static inline void queue_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif

/*
 * Copies from or to shared memory. Behind it the compiler cannot take the private copy for the shared bytes and read
 * those a second time.
 */
static inline void queue_copy(void *to, const void *from, size_t bytes)
{
	__builtin_memcpy(to, from, bytes);
	__asm__ volatile("" ::: "memory");
}
