// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Page-table entries and translation caches. The walk itself is mm/pagetable.c, the same for every architecture:
 * four levels of 512 entries, a table is one page.
 *
 * <archimpl/paging.h> defines, inline (level 0 = 4 KiB leaf, 1 = 2 MiB, 2 = 1 GiB):
 *   pte_t arch_pte_table(paddr_t table);                     an entry that points to a lower table (user tables)
 *   pte_t arch_pte_leaf(paddr_t page, unsigned prot, unsigned level);
 *   bool arch_pte_present(pte_t); bool arch_pte_is_leaf(pte_t, unsigned level);
 *   paddr_t arch_pte_address(pte_t); unsigned arch_pte_prot(pte_t); bool arch_pte_dirty(pte_t);
 * A non-present entry is 0: it keeps no address bits (L1TF).
 */
#pragma once

#include <arch/pte.h>
#include <core/types.h>

#include <archimpl/paging.h>

/* First address after the user half (page-aligned; the last page below it is never mapped). */
extern const uint64_t arch_user_end;

/* Fills the kernel half of a new root table. */
void arch_root_init(pte_t *root);
/* Clears what that filled, of one that nobody uses any more. */
void arch_root_fini(pte_t *root);

/* Makes `root` this CPU's address space; a switch to the one that is active already does nothing. */
void arch_space_activate(paddr_t root);
/* The kernel's own space, where no user half is mapped: for CPUs that idle, and after an address space's death. */
void arch_space_activate_kernel(void);

/* This CPU only; mm/space.c does the shootdown. */
void arch_tlb_flush_page(vaddr_t va);
void arch_tlb_flush_all(void);
