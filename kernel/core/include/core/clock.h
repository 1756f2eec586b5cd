// SPDX-License-Identifier: MIT OR Apache-2.0
/* The monotonic clock: nanoseconds since boot, the same on all CPUs, and the parameters that user space reads it by. */
#pragma once

#include <abi/region.h>
#include <arch/platform.h>
#include <core/types.h>

/* Written once, by clock_init, before other CPUs run. */
extern uint64_t clock_base_tsc, clock_mult;

void clock_init(void); /* calibrates, at most 1 ms */
struct cap_clock clock_parameters(void);
uint64_t clock_ticks_per_second(void);
/* For the boot log: what arch_clock_calibrate said. */
struct arch_clock_rate clock_rate(void);

static inline uint64_t clock_ticks_to_ns(uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * clock_mult >> 32);
}

/* 0 until clock_init. */
static inline uint64_t clock_now_ns(void)
{
	return clock_ticks_to_ns(arch_ticks() - clock_base_tsc);
}
