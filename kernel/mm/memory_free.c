// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Freeing a memory object. Clearing a frame takes some 500 instructions, so a large object is freed one leaf table (512
 * pages) at a time: each step retires itself again (quiesce_free) until nothing is left.
 */
#include <core/log.h>
#include <mm/frame.h>

#include "memory_private.h"

static void free_frames(uint64_t *entries, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (entries[i] != 0)
			frame_put(PADDR(entries[i]));
		entries[i] = 0;
	}
}

/* The slot of the leaf table `leaf`, or NULL if the table above it is missing. */
static uint64_t *leaf_slot(struct memory *memory, uint64_t leaf)
{
	uint64_t *table = memory->table;

	if (memory->depth == 3) {
		uint64_t entry = table[leaf >> LEVEL_BITS];

		if (entry == 0)
			return NULL;
		table = memory_table(entry);
	}
	return &table[leaf & (LEVEL_PAGES - 1)];
}

/* True if a leaf table was freed; false: there are no more. */
static bool free_next_leaf(struct memory *memory)
{
	uint64_t leaves = (memory->pages + LEVEL_PAGES - 1) >> LEVEL_BITS;

	while (memory->cursor < leaves) {
		uint64_t *slot = leaf_slot(memory, memory->cursor);

		if (!slot) {
			memory->cursor = align_down(memory->cursor, LEVEL_PAGES) + LEVEL_PAGES;
			continue;
		}
		memory->cursor++;
		if (*slot == 0)
			continue;
		free_frames(memory_table(*slot), LEVEL_PAGES);
		frame_free_clean(PADDR(*slot));
		*slot = 0;
		return true;
	}
	return false;
}

static void free_rest(struct memory *memory)
{
	if (memory->depth == 3) {
		for (unsigned i = 0; i < LEVEL_PAGES; i++) {
			if (memory->table[i] != 0)
				frame_free_clean(PADDR(memory->table[i]));
		}
	}
	if (memory->table != memory->direct)
		heap_free(memory->table, memory_root_bytes(memory));
	slab_free(&memory_cache, memory);
}

static void free_step(struct quiesce_node *node)
{
	struct memory *memory = container_of(node, struct memory, node);

	if (free_next_leaf(memory))
		quiesce_free(node, free_step);
	else
		free_rest(memory);
}

void memory_put(struct memory *memory)
{
	struct ledger *ledger = memory->ledger;

	if (atomic_sub(&memory->refs, 1ull) != 1)
		return;
	if (unlikely(memory->source != NULL))
		memory_put(memory->source); /* which has none itself */
	if (memory->physical) {
		slab_free(&memory_cache, memory);
	} else {
		ledger_credit(ledger, LEDGER_PAGES, memory->committed + memory->tables);
		if (likely(memory->depth == 1)) {
			if (memory->committed)
				free_frames(memory->table, memory->pages);
			free_rest(memory);
		} else {
			free_step(&memory->node);
		}
	}
	ledger_put(ledger);
}
