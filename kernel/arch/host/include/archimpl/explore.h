// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The switch point of the simulated machine: called before every atomic operation (core/atomic.h). While no schedule
 * is being explored it is one predictable branch.
 */
#pragma once

#include <core/types.h>

extern bool host_exploring;
void host_switch_point(void);

static inline void arch_switch_point(void)
{
	if (unlikely(host_exploring))
		host_switch_point();
}

static inline bool arch_is_zero_8(const volatile void *p)
{
	return __atomic_load_n((const volatile uint8_t *)p, __ATOMIC_RELAXED) == 0;
}

static inline bool arch_is_zero_32(const volatile void *p)
{
	return __atomic_load_n((const volatile uint32_t *)p, __ATOMIC_RELAXED) == 0;
}

static inline bool arch_is_zero_64(const volatile void *p)
{
	return __atomic_load_n((const volatile uint64_t *)p, __ATOMIC_RELAXED) == 0;
}

static inline bool arch_is_64(const volatile void *p, uint64_t value)
{
	return __atomic_load_n((const volatile uint64_t *)p, __ATOMIC_RELAXED) == value;
}

static inline void arch_count_32(uint32_t *p, uint32_t n)
{
	__atomic_store_n(p, __atomic_load_n(p, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}
