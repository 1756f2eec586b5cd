// SPDX-License-Identifier: MIT OR Apache-2.0
/* The shape of a memory's tree, for its two halves: growing (memory.c) and freeing (memory_free.c). */
#pragma once

#include <arch/memory.h>
#include <mm/memory.h>
#include <mm/slab.h>

#define LEVEL_BITS 9u
#define LEVEL_PAGES (1u << LEVEL_BITS)

extern struct slab_cache memory_cache;

/* The page is there: another frame in its place. The former one's reference is the caller's. */
void memory_replace_page(struct memory *memory, uint64_t index, paddr_t frame);

static inline uint64_t *memory_table(uint64_t entry)
{
	return phys_to_virt(PADDR(entry));
}

static inline size_t memory_root_bytes(const struct memory *memory)
{
	return memory->depth == 1 ? memory->pages * sizeof(uint64_t) : PAGE_SIZE;
}
