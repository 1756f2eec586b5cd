// SPDX-License-Identifier: MIT OR Apache-2.0
/* x86-64: the tick counter is the time-stamp counter. */
#pragma once

#include <stdint.h>

static inline uint64_t arch_ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}
