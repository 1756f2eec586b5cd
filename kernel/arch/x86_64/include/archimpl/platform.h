// SPDX-License-Identifier: MIT OR Apache-2.0
/* x86-64: the tick counter is the time-stamp counter. */
#pragma once

#include <stdint.h>

static inline uint64_t arch_ticks(void)
{
	uint64_t low, high; /* their upper halves come as zero */

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return high << 32 | low;
}

/* In halves, as it comes. */
static inline void arch_ticks_store(uint64_t *to)
{
	uint32_t *halves = (uint32_t *)(void *)to, low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	halves[0] = low;
	halves[1] = high;
}
