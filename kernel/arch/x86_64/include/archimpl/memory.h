// SPDX-License-Identifier: MIT OR Apache-2.0
/* x86-64: the direct map starts at a base chosen at boot (arch/x86_64/paging.c). */
#pragma once

#include <core/types.h>

extern uint64_t arch_direct_map;

static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(arch_direct_map + pa.raw);
}

static inline paddr_t virt_to_phys(const void *va)
{
	return PADDR((uint64_t)va - arch_direct_map);
}

/* The processor's own loop: quicker than ours from some hundred bytes on, and the direction flag is clear (FMASK). */
static inline void arch_copy_words(void *to, const void *from, size_t words)
{
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}
