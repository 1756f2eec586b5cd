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

/* Inside a system call the thread's vector registers are dead (docs/abi.md), and no interrupt comes: so these may use them. */
static inline void arch_copy_first_64(void *to, const void *from)
{
	__asm__ volatile("movups (%1), %%xmm0\n\t"
			 "movups 16(%1), %%xmm1\n\t"
			 "movups 32(%1), %%xmm2\n\t"
			 "movups 48(%1), %%xmm3\n\t"
			 "movups %%xmm0, (%0)\n\t"
			 "movups %%xmm1, 16(%0)\n\t"
			 "movups %%xmm2, 32(%0)\n\t"
			 "movups %%xmm3, 48(%0)" ::"r"(to),
			 "r"(from)
			 : "memory");
}

static inline void arch_copy_last_64(void *to, const void *from, size_t bytes)
{
	arch_copy_first_64((char *)to + bytes - 64, (const char *)from + bytes - 64);
}

static inline void arch_copy_last_16(void *to, const void *from, size_t bytes)
{
	__asm__ volatile("movups -16(%1,%2), %%xmm0\n\t"
			 "movups %%xmm0, -16(%0,%2)" ::"r"(to),
			 "r"(from), "r"(bytes)
			 : "memory");
}

static inline bool arch_is_same_48(const volatile void *shared, const void *own)
{
	bool same;
	uint32_t mask;

	__asm__ volatile("movups (%3), %%xmm0\n\t"
			 "movups 16(%3), %%xmm1\n\t"
			 "movups 32(%3), %%xmm2\n\t"
			 "pcmpeqd (%2), %%xmm0\n\t"
			 "pcmpeqd 16(%2), %%xmm1\n\t"
			 "pcmpeqd 32(%2), %%xmm2\n\t"
			 "pand %%xmm1, %%xmm0\n\t"
			 "pand %%xmm2, %%xmm0\n\t"
			 "pmovmskb %%xmm0, %1\n\t"
			 "cmpl $0xffff, %1"
			 : "=@cce"(same), "=&r"(mask)
			 : "r"(shared), "r"(own)
			 : "memory");
	return same;
}
