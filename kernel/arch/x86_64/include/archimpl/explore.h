// SPDX-License-Identifier: MIT OR Apache-2.0
/* On a real machine other CPUs go on whenever they like. */
#pragma once

#include <core/types.h>

static inline void arch_switch_point(void)
{
}

/* One instruction and a branch. */
static inline bool arch_is_zero_8(const volatile void *p)
{
	bool zero;

	__asm__ volatile("cmpb $0, %1" : "=@cce"(zero) : "m"(*(const volatile uint8_t *)p));
	return zero;
}

static inline bool arch_is_zero_32(const volatile void *p)
{
	bool zero;

	__asm__ volatile("cmpl $0, %1" : "=@cce"(zero) : "m"(*(const volatile uint32_t *)p));
	return zero;
}

static inline bool arch_is_zero_64(const volatile void *p)
{
	bool zero;

	__asm__ volatile("cmpq $0, %1" : "=@cce"(zero) : "m"(*(const volatile uint64_t *)p));
	return zero;
}

static inline bool arch_is_64(const volatile void *p, uint64_t value)
{
	bool same;

	__asm__ volatile("cmpq %2, %1" : "=@cce"(same) : "m"(*(const volatile uint64_t *)p), "r"(value));
	return same;
}

static inline void arch_count_32(uint32_t *p, uint32_t n)
{
	__asm__ volatile("addl %1, %0" : "+m"(*p) : "ri"(n) : "cc");
}
