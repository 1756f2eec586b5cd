// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Simulated physical memory: an arena of the host process. Its first byte has the physical address
 * HOST_MEMORY_BASE, so that 0 names nothing. An address outside it ends the run.
 */
#pragma once

#include <archimpl/explore.h>
#include <core/types.h>

#define HOST_MEMORY_BASE 0x100000ull

extern uint8_t *host_arena;
extern uint64_t host_arena_size;
[[noreturn]] void host_bad_physical(uint64_t raw);

static inline void *phys_to_virt(paddr_t pa)
{
	uint64_t offset = pa.raw - HOST_MEMORY_BASE;

	if (unlikely(offset >= host_arena_size))
		host_bad_physical(pa.raw);
	return host_arena + offset;
}

static inline paddr_t virt_to_phys(const void *p)
{
	uint64_t offset = (uint64_t)((const uint8_t *)p - host_arena);

	if (unlikely(offset >= host_arena_size))
		host_bad_physical(offset);
	return PADDR(offset + HOST_MEMORY_BASE);
}

/* In C, for the sanitizers to see. */
static inline void arch_copy_words(void *to, const void *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		__atomic_store_n((uint64_t *)to + i,
				 __atomic_load_n((const uint64_t *)from + i, __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

static inline void arch_copy_first_64(void *to, const void *from)
{
	arch_copy_words(to, from, 8);
}

static inline void arch_copy_last_64(void *to, const void *from, size_t bytes)
{
	arch_copy_words((char *)to + bytes - 64, (const char *)from + bytes - 64, 8);
}

static inline void arch_copy_last_16(void *to, const void *from, size_t bytes)
{
	arch_copy_words((char *)to + bytes - 16, (const char *)from + bytes - 16, 2);
}

static inline bool arch_is_same_48(const volatile void *shared, const void *own)
{
	uint64_t differs = 0;

	arch_switch_point(); /* another thread of its process may have changed it since it was looked at */
	for (size_t i = 0; i < 6; i++)
		differs |= ((const volatile uint64_t *)shared)[i] ^ ((const uint64_t *)own)[i];
	return differs == 0;
}
