// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The accesses to words that threads share: the only place in lib/sync where such a word is touched, and where its
 * ordering is decided.
 *
 * Each read-modify-write is acquire and release, so what was written before one is seen behind a later one of the same
 * word. tests/explore.h puts its own in their place, and switches between threads there.
 */
#pragma once

#include <stdint.h>

#ifndef SYNC_SHARED_ACCESS
#define SYNC_SHARED_ACCESS

static inline uint32_t sync_load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void sync_store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline uint32_t sync_swap(uint32_t *word, uint32_t value)
{
	return __atomic_exchange_n(word, value, __ATOMIC_ACQ_REL);
}

/* What the word was before; it is `to` afterwards if that was `from`. */
static inline uint32_t sync_change(uint32_t *word, uint32_t from, uint32_t to)
{
	__atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	return from;
}

/* What the word was before. */
static inline uint32_t sync_add(uint32_t *word, uint32_t amount)
{
	return __atomic_fetch_add(word, amount, __ATOMIC_ACQ_REL);
}

#define SYNC_SPINS 50 /* looks at a word before sleeping: a short section on another CPU is over by then */

/* While a word is expected to change at once. */
static inline void sync_pause(void)
{
	__builtin_ia32_pause();
}

#endif
