// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Freeing a memory object. Clearing a frame takes some 500 instructions, so what has many is freed a piece at a time (core/work.h):
 * the first at once, or, for who unmaps it and holds no lock, the first 16 (he has his memory back then, not only soon), the others as a
 * chore. `cursor` is the first page that may still have its frame.
 */
#include <core/log.h>
#include <core/work.h>
#include <mm/frame.h>

#include "memory_private.h"

#define DIRECT_MAX (WORK_PIECE / PAGE_SIZE) /* frames that are one piece */

static void free_frames(uint64_t *entries, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (entries[i] != 0)
			frame_put(PADDR(entries[i]));
		entries[i] = 0;
	}
}

/* The slot that names the leaf table `leaf`, or NULL if the table above it is missing. */
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

/* Frees what one leaf table names, from the cursor on; true: all of it. */
static bool free_leaf(struct memory *memory, uint64_t *entries, uint64_t count, uint64_t begin)
{
	while (count > 0) {
		uint64_t *entry = &entries[memory->cursor & (LEVEL_PAGES - 1)];

		if (work_is_enough(begin))
			return false;
		if (*entry != 0)
			frame_put(PADDR(*entry));
		*entry = 0;
		memory->cursor++;
		count--;
	}
	return true;
}

/* The frames behind the next leaf table, and that itself; false: enough was done. */
static bool free_below(struct memory *memory, uint64_t begin)
{
	uint64_t *slot = leaf_slot(memory, memory->cursor >> LEVEL_BITS);
	uint64_t left = LEVEL_PAGES - (memory->cursor & (LEVEL_PAGES - 1)),
		 pages = memory->pages - memory->cursor;

	if (slot == NULL || *slot == 0) {
		unsigned level = slot == NULL ? 2 : 1;

		memory->cursor = align_down(memory->cursor, 1ull << LEVEL_BITS * level) +
				 (1ull << LEVEL_BITS * level);
		work_done(sizeof(*slot) * 8);
		return !work_is_enough(begin);
	}
	if (!free_leaf(memory, memory_table(*slot), left < pages ? left : pages, begin))
		return false;
	frame_free_clean(PADDR(*slot));
	*slot = 0;
	work_done(PAGE_SIZE); /* looking at all of them */
	return true;
}

/* True: every frame is free. */
static bool free_some(struct memory *memory)
{
	uint64_t begin = work_begin();

	if (memory->depth == 1)
		return free_leaf(memory, memory->table, memory->pages - memory->cursor, begin);
	while (memory->cursor < memory->pages)
		if (!free_below(memory, begin))
			return false;
	return true;
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

	if (free_some(memory))
		free_rest(memory);
	else
		quiesce_again(node, free_step);
}

/* As many pieces as one entry may take for what it gives back itself. */
#define PAUSED_PIECES 16u

/* True: freed. With `pause`, interrupts come in between: see memory_put_paused. */
static bool free_now(struct memory *memory, bool pause)
{
	for (unsigned left = PAUSED_PIECES; !free_some(memory);) {
		if (!pause || --left == 0)
			return false;
		arch_take_interrupts();
	}
	free_rest(memory);
	return true;
}

static inline void put(struct memory *memory, bool pause)
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
		if (likely(memory->depth == 1 && memory->committed <= DIRECT_MAX)) {
			if (memory->committed)
				free_frames(memory->table, memory->pages);
			free_rest(memory);
		} else if (!free_now(memory, pause)) {
			quiesce_free(&memory->node, free_step);
		}
	}
	ledger_put(ledger);
}

void memory_put(struct memory *memory)
{
	put(memory, false);
}

void memory_put_paused(struct memory *memory)
{
	put(memory, true);
}
