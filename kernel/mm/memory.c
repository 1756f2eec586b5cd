// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory objects' frames.
 *
 * - Up to 4 pages their frames are named in the struct, up to 512 in an array of just that size, beyond that in a tree
 *   of 512-entry tables, as deep as the size needs. The root is made with the object, the rest on demand.
 * - A table costs its ledger a page, except arrays of up to 64 entries: those are what the object's own charge is for.
 * - memory_page takes everything that it needs (charge, frame, tables) before it changes anything.
 */
#include <mm/memory.h>

#include <arch/memory.h>
#include <core/log.h>
#include <mm/frame.h>
#include <mm/slab.h>

#include "memory_private.h"

#define DEPTH_MAX 3u
#define FREE_ARRAY 64u /* entries that are not charged */

struct slab_cache memory_cache = SLAB_CACHE(memory);

static unsigned depth_for(uint64_t pages)
{
	unsigned depth = 1;

	while (pages > 1ull << LEVEL_BITS * depth)
		depth++;
	return depth;
}

static enum status create_root(struct memory *memory)
{
	enum status status;

	memory->depth = depth_for(memory->pages);
	if (memory->pages <= MEMORY_DIRECT) {
		memory->table = memory->direct;
		return STATUS_OK;
	}
	memory->tables = memory->pages > FREE_ARRAY;
	status = ledger_charge(memory->ledger, LEDGER_PAGES, memory->tables);
	if (status != STATUS_OK)
		return status;
	memory->table = heap_alloc(memory_root_bytes(memory));
	if (!memory->table) {
		ledger_credit(memory->ledger, LEDGER_PAGES, memory->tables);
		return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

enum status memory_create(struct ledger *ledger, uint64_t pages, struct memory **out)
{
	struct memory *memory;
	enum status status;

	if (pages == 0 || pages > MEMORY_MAX_PAGES)
		return STATUS_INVALID;
	memory = slab_alloc(&memory_cache);
	if (!memory)
		return STATUS_NO_MEMORY;
	memory->refs = 1;
	memory->pages = pages;
	memory->ledger = ledger;
	spin_init(&memory->lock, LOCK_RANK_MEMORY);
	status = create_root(memory);
	if (status != STATUS_OK) {
		slab_free(&memory_cache, memory);
		return status;
	}
	ledger_get(ledger);
	*out = memory;
	return STATUS_OK;
}

enum status memory_create_physical(struct ledger *ledger, paddr_t base, uint64_t pages, bool device,
				   bool read_only, struct memory **out)
{
	struct memory *memory;

	if (pages == 0 || pages > MEMORY_MAX_PAGES || base.raw & PAGE_MASK ||
	    base.raw > UINT64_MAX - pages * PAGE_SIZE)
		return STATUS_INVALID;
	memory = slab_alloc(&memory_cache);
	if (!memory)
		return STATUS_NO_MEMORY;
	memory->refs = 1;
	memory->pages = pages;
	memory->ledger = ledger;
	memory->physical = true;
	memory->device = device;
	memory->read_only = read_only;
	memory->base = base;
	spin_init(&memory->lock, LOCK_RANK_MEMORY);
	ledger_get(ledger);
	*out = memory;
	return STATUS_OK;
}

/* The deepest existing slot on the way to page `index`, and how many tables are missing below it. */
static uint64_t *find_slot(struct memory *memory, uint64_t index, unsigned *missing) REQUIRES(memory->lock)
{
	uint64_t *table = memory->table, *slot;

	for (unsigned level = memory->depth - 1;; level--) {
		slot = &table[index >> LEVEL_BITS * level & (LEVEL_PAGES - 1)];
		*missing = level;
		if (level == 0 || *slot == 0)
			return slot;
		table = memory_table(*slot);
	}
}

/* The frame and `missing` tables above it, chained; the charge is taken already. */
static enum status build_chain(uint64_t index, unsigned missing, paddr_t *frame, paddr_t *top)
{
	paddr_t made[DEPTH_MAX];
	unsigned count = 0;

	for (; count <= missing; count++) {
		made[count] = frame_alloc(0);
		if (made[count].raw == PADDR_NONE.raw)
			break;
		if (count > 0) {
			unsigned shift = LEVEL_BITS * (count - 1);

			memory_table(
				made[count].raw)[index >> shift & (LEVEL_PAGES - 1)] = made[count - 1].raw;
		}
	}
	if (count <= missing) {
		while (count > 0)
			frame_free(made[--count], 0);
		return STATUS_NO_MEMORY;
	}
	*frame = made[0];
	*top = made[missing];
	return STATUS_OK;
}

[[gnu::noinline]] static enum status commit_chain(struct memory *memory, uint64_t index, uint64_t *slot,
						  unsigned missing, paddr_t *out) REQUIRES(memory->lock)
{
	enum status status = ledger_charge(memory->ledger, LEDGER_PAGES, missing + 1);
	paddr_t top;

	if (unlikely(status != STATUS_OK))
		return status;
	status = build_chain(index, missing, out, &top);
	if (unlikely(status != STATUS_OK)) {
		ledger_credit(memory->ledger, LEDGER_PAGES, missing + 1);
		return status;
	}
	*slot = top.raw;
	memory->committed++;
	memory->tables += missing;
	return STATUS_OK;
}

static enum status commit(struct memory *memory, uint64_t index, uint64_t *slot, unsigned missing,
			  paddr_t *out) REQUIRES(memory->lock)
{
	if (unlikely(missing != 0))
		return commit_chain(memory, index, slot, missing, out);
	if (unlikely(ledger_charge(memory->ledger, LEDGER_PAGES, 1) != STATUS_OK))
		return STATUS_NO_QUOTA;
	*out = frame_alloc(0);
	if (unlikely(out->raw == PADDR_NONE.raw)) {
		ledger_credit(memory->ledger, LEDGER_PAGES, 1);
		return STATUS_NO_MEMORY;
	}
	*slot = out->raw;
	memory->committed++;
	return STATUS_OK;
}

enum status memory_page(struct memory *memory, uint64_t index, paddr_t *out)
{
	enum status status = STATUS_OK;
	unsigned missing;
	uint64_t *slot;

	if (unlikely(index >= memory->pages))
		return STATUS_BAD_RANGE;
	if (memory->physical) {
		*out = PADDR(memory->base.raw + index * PAGE_SIZE);
		return STATUS_OK;
	}
	spin_lock(&memory->lock);
	slot = find_slot(memory, index, &missing);
	if (*slot != 0)
		*out = PADDR(*slot);
	else
		status = commit(memory, index, slot, missing, out);
	spin_unlock(&memory->lock);
	return status;
}

paddr_t memory_page_if_present(struct memory *memory, uint64_t index)
{
	unsigned missing;
	uint64_t entry;

	if (index >= memory->pages)
		return PADDR_NONE;
	if (memory->physical)
		return PADDR(memory->base.raw + index * PAGE_SIZE);
	spin_lock(&memory->lock);
	entry = *find_slot(memory, index, &missing);
	spin_unlock(&memory->lock);
	return entry ? PADDR(entry) : PADDR_NONE;
}

void memory_replace_page(struct memory *memory, uint64_t index, paddr_t frame)
{
	unsigned missing;

	spin_lock(&memory->lock);
	*find_slot(memory, index, &missing) = frame.raw;
	spin_unlock(&memory->lock);
}

static bool is_in_range(const struct memory *memory, uint64_t offset, size_t len)
{
	uint64_t size = memory->pages * PAGE_SIZE;

	return offset <= size && len <= size - offset;
}

/* Bytes up to the end of the page, at most `len`. */
static size_t part_of_page(uint64_t offset, size_t len)
{
	size_t left = PAGE_SIZE - (offset & PAGE_MASK);

	return left < len ? left : len;
}

enum status memory_read(struct memory *memory, uint64_t offset, void *to, size_t len)
{
	if (memory->device)
		return STATUS_INVALID;
	if (!is_in_range(memory, offset, len))
		return STATUS_BAD_RANGE;
	while (len) {
		size_t part = part_of_page(offset, len);
		paddr_t page = memory_page_if_present(memory, offset >> PAGE_SHIFT);

		if (page.raw == PADDR_NONE.raw)
			__builtin_memset(to, 0, part);
		else
			__builtin_memcpy(to, (char *)phys_to_virt(page) + (offset & PAGE_MASK), part);
		to = (char *)to + part;
		offset += part;
		len -= part;
	}
	return STATUS_OK;
}

enum status memory_write(struct memory *memory, uint64_t offset, const void *from, size_t len)
{
	if (memory->device || memory->read_only)
		return STATUS_INVALID;
	if (!is_in_range(memory, offset, len))
		return STATUS_BAD_RANGE;
	while (len) {
		size_t part = part_of_page(offset, len);
		enum status status;
		paddr_t page;

		status = memory_page(memory, offset >> PAGE_SHIFT, &page);
		if (status != STATUS_OK)
			return status;
		__builtin_memcpy((char *)phys_to_virt(page) + (offset & PAGE_MASK), from, part);
		from = (const char *)from + part;
		offset += part;
		len -= part;
	}
	return STATUS_OK;
}
