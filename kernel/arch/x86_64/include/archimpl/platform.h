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
