// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The monotonic clock: a tick counter of the machine times a 32.32 factor that is set once at boot. Users compute the
 * same from struct cap_clock in their control page, without entering the kernel.
 */
#include <core/clock.h>

uint64_t clock_base_tsc, clock_mult;

static struct arch_clock_rate rate = {.ticks_per_second = 1000000000, .source = "none"};

void clock_init(void)
{
	uint64_t base = arch_ticks();

	rate = arch_clock_calibrate();
	if (rate.ticks_per_second == 0)
		rate.ticks_per_second = 1000000000;
	clock_base_tsc = base;
	clock_mult = (uint64_t)(((unsigned __int128)1000000000 << 32) / rate.ticks_per_second);
}

struct cap_clock clock_parameters(void)
{
	return (struct cap_clock){.base_tsc = clock_base_tsc, .mult = clock_mult};
}

uint64_t clock_ticks_per_second(void)
{
	return rate.ticks_per_second;
}

struct arch_clock_rate clock_rate(void)
{
	return rate;
}
