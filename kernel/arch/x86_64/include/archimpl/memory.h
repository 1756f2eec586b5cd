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
