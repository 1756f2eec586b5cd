// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The simulated machine's page-table entry. Not x86's on purpose: the portable walk must not know any format.
 *
 *   63 present   62 leaf   61 dirty   60 accessed   52..57 enum page_prot   12..51 address
 */
#pragma once

#include <arch/pte.h>
#include <core/types.h>

#define HOST_PTE_PRESENT (1ull << 63)
#define HOST_PTE_LEAF (1ull << 62)
#define HOST_PTE_DIRTY (1ull << 61)
#define HOST_PTE_ACCESSED (1ull << 60)
#define HOST_PTE_PROT_SHIFT 52u
#define HOST_PTE_PROT_MASK 0x3full
#define HOST_PTE_ADDRESS 0x000ffffffffff000ull

static inline pte_t arch_pte_table(paddr_t table)
{
	return HOST_PTE_PRESENT | (table.raw & HOST_PTE_ADDRESS);
}

static inline pte_t arch_pte_leaf(paddr_t page, unsigned prot, unsigned level)
{
	(void)level;
	return HOST_PTE_PRESENT | HOST_PTE_LEAF | (page.raw & HOST_PTE_ADDRESS) |
	       (prot & HOST_PTE_PROT_MASK) << HOST_PTE_PROT_SHIFT;
}

static inline bool arch_pte_present(pte_t pte)
{
	return pte & HOST_PTE_PRESENT;
}

static inline bool arch_pte_is_leaf(pte_t pte, unsigned level)
{
	(void)level;
	return pte & HOST_PTE_LEAF;
}

static inline paddr_t arch_pte_address(pte_t pte)
{
	return PADDR(pte & HOST_PTE_ADDRESS);
}

static inline unsigned arch_pte_prot(pte_t pte)
{
	return (unsigned)(pte >> HOST_PTE_PROT_SHIFT & HOST_PTE_PROT_MASK);
}

static inline bool arch_pte_dirty(pte_t pte)
{
	return pte & HOST_PTE_DIRTY;
}
