// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The page-table walk, portable over arch/paging.h. Callers hold the space's lock and do the TLB work.
 *
 * Tables are never freed while the space lives (a CPU may have them in its paging-structure caches); they form a chain
 * through their frame records, so that freeing a space walks no tables.
 */
#pragma once

#include <abi/status.h>
#include <arch/paging.h>
#include <core/types.h>

struct ledger;

struct pagetable_frames { /* where table frames come from; counts them for the ledger */
	struct ledger *ledger;
	uint64_t used;  /* tables, the root included */
	uint64_t chain; /* frame number of the newest one, 0 = none */
	/* The leaf table used last, and which 2 MiB it is for, plus 1 (0 = none): most faults come in rows. */
	uint64_t hint_region;
	pte_t *hint_table;
};

/* Which pages' translations are to be forgotten. More than fit: all. */
#define TLB_BATCH 16u
struct tlb_batch {
	unsigned count; /* may exceed TLB_BATCH: then `pages` does not name all of them */
	vaddr_t pages[TLB_BATCH];
};

/* A new root table with the kernel's half; charged. */
enum status pagetable_create(struct pagetable_frames *frames, paddr_t *root);
/* Enters one 4 KiB leaf; replaces none: EXISTS if present. NO_QUOTA, NO_MEMORY: nothing changed. */
enum status pagetable_enter(paddr_t root, vaddr_t va, paddr_t page, unsigned prot,
			    struct pagetable_frames *frames);
/* The same; a leaf that is there is replaced. Only for one that no CPU may have cached with more rights or another frame. */
enum status pagetable_replace(paddr_t root, vaddr_t va, paddr_t page, unsigned prot,
			      struct pagetable_frames *frames);
/* Clears all leaves in a range, and adds those that were present to the batch. */
void pagetable_clear(paddr_t root, vaddr_t va, uint64_t pages, struct pagetable_frames *frames,
		     struct tlb_batch *batch);
/* Gives all present leaves in a range other rights, and adds those that lost some to the batch. */
void pagetable_set_prot(paddr_t root, vaddr_t va, uint64_t pages, unsigned prot,
			struct pagetable_frames *frames, struct tlb_batch *batch);
/* The leaf's entry, or 0. `level` out, may be NULL. */
pte_t pagetable_lookup(paddr_t root, vaddr_t va, unsigned *level);
/* Frees all tables, the root included, and credits them, a piece of work at a time; false: not all yet, call it again. All leaves were
 * cleared (pagetable_clear): so no table needs to be scrubbed. */
bool pagetable_free(struct pagetable_frames *frames);
