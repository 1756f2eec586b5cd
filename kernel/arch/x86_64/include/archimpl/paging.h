// SPDX-License-Identifier: MIT OR Apache-2.0
/* x86-64 page-table entries, four-level paging: Intel SDM vol. 3A, section 4.5. */
#pragma once

#include <arch/pte.h>
#include <core/types.h>

#define X86_PTE_PRESENT (1ull << 0)
#define X86_PTE_WRITE (1ull << 1)
#define X86_PTE_USER (1ull << 2)
#define X86_PTE_PWT (1ull << 3)
#define X86_PTE_PCD (1ull << 4)
#define X86_PTE_ACCESSED (1ull << 5)
#define X86_PTE_DIRTY (1ull << 6)
#define X86_PTE_LARGE (1ull << 7)
#define X86_PTE_GLOBAL (1ull << 8)
#define X86_PTE_NX (1ull << 63)
#define X86_PTE_ADDRESS 0x000ffffffffff000ull

/* Lower levels decide: tables allow everything that a user mapping may have. */
static inline pte_t arch_pte_table(paddr_t table)
{
	return table.raw | X86_PTE_PRESENT | X86_PTE_WRITE | X86_PTE_USER | X86_PTE_ACCESSED;
}

/* ACCESSED is set at once: nobody evicts pages, and the processor need not write it. PCD|PWT selects entry 3 of the
 * page attribute table, which is uncached at reset (SDM vol. 3A, table 12-12). */
static inline pte_t arch_pte_leaf(paddr_t page, unsigned prot, unsigned level)
{
	pte_t pte = page.raw | X86_PTE_PRESENT | X86_PTE_ACCESSED;

	if (prot & PAGE_WRITE)
		pte |= X86_PTE_WRITE;
	if (!(prot & PAGE_EXEC))
		pte |= X86_PTE_NX;
	if (prot & PAGE_USER)
		pte |= X86_PTE_USER;
	if (prot & PAGE_DEVICE)
		pte |= X86_PTE_PCD | X86_PTE_PWT;
	if (prot & PAGE_GLOBAL)
		pte |= X86_PTE_GLOBAL;
	if (level > 0)
		pte |= X86_PTE_LARGE;
	return pte;
}

static inline bool arch_pte_present(pte_t pte)
{
	return pte & X86_PTE_PRESENT;
}

static inline bool arch_pte_is_leaf(pte_t pte, unsigned level)
{
	return level == 0 || (pte & X86_PTE_LARGE);
}

/* In a large leaf bit 12 is an attribute bit that we never set, so one mask serves all levels. */
static inline paddr_t arch_pte_address(pte_t pte)
{
	return PADDR(pte & X86_PTE_ADDRESS);
}

static inline unsigned arch_pte_prot(pte_t pte)
{
	unsigned prot = PAGE_READ;

	if (pte & X86_PTE_WRITE)
		prot |= PAGE_WRITE;
	if (!(pte & X86_PTE_NX))
		prot |= PAGE_EXEC;
	if (pte & X86_PTE_USER)
		prot |= PAGE_USER;
	if (pte & X86_PTE_PCD)
		prot |= PAGE_DEVICE;
	if (pte & X86_PTE_GLOBAL)
		prot |= PAGE_GLOBAL;
	return prot;
}

static inline bool arch_pte_dirty(pte_t pte)
{
	return pte & X86_PTE_DIRTY;
}
