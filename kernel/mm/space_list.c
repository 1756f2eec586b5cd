// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The sorted array of mappings of a space: searching, growing, splitting, gaps. All under the space's lock; nothing here
 * knows page tables.
 *
 * An array, not a tree: spaces have few mappings, a binary search touches few cache lines, and the bound
 * (SPACE_MAX_MAPPINGS) keeps the worst insertion short.
 */
#include <arch/cpu.h>
#include <core/log.h>
#include <mm/slab.h>

#include "space_private.h"

unsigned space_find(const struct space *space, uint64_t va)
{
	unsigned low = 0, high = space->len;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (mapping_end(&space->mappings[middle]) <= va)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_busy(const struct space *space, uint64_t base, uint64_t end) REQUIRES(space->lock)
{
	for (unsigned i = space_find(space, base); i < space->len && space->mappings[i].base.raw < end; i++) {
		if (space->mappings[i].busy)
			return true;
	}
	return false;
}

void space_lock_settled(struct space *space, uint64_t base, uint64_t end)
{
	spin_lock(&space->lock);
	while (unlikely(is_busy(space, base, end))) {
		spin_unlock(&space->lock);
		arch_poll_ipi();
		arch_pause();
		spin_lock(&space->lock);
	}
}

static uint64_t array_pages(unsigned capacity)
{
	if (capacity <= SPACE_INLINE_MAPPINGS)
		return 0;
	return align_up(capacity * sizeof(struct mapping), PAGE_SIZE) >> PAGE_SHIFT;
}

/* Arrays fill their heap block: half a page, then 1, 2, 4 ... pages. */
static unsigned next_capacity(unsigned needed)
{
	size_t bytes = PAGE_SIZE / 2;

	while (bytes / sizeof(struct mapping) < needed)
		bytes *= 2;
	needed = (unsigned)(bytes / sizeof(struct mapping));
	return needed < SPACE_MAX_MAPPINGS ? needed : SPACE_MAX_MAPPINGS;
}

static enum status grow(struct space *space, unsigned needed) REQUIRES(space->lock)
{
	unsigned capacity = next_capacity(needed);
	uint64_t charge = array_pages(capacity) - array_pages(space->capacity);
	struct mapping *array;
	enum status status;

	if (needed > SPACE_MAX_MAPPINGS)
		return STATUS_NO_QUOTA;
	status = ledger_charge(space->ledger, LEDGER_PAGES, charge);
	if (status != STATUS_OK)
		return status;
	array = heap_alloc(capacity * sizeof(*array));
	if (!array) {
		ledger_credit(space->ledger, LEDGER_PAGES, charge);
		return STATUS_NO_MEMORY;
	}
	__builtin_memcpy(array, space->mappings, space->len * sizeof(*array));
	if (space->mappings != space->few)
		heap_free(space->mappings, space->capacity * sizeof(*array));
	space->mappings = array;
	space->capacity = capacity;
	return STATUS_OK;
}

enum status space_make_room(struct space *space, unsigned extra)
{
	if (likely(space->len + extra <= space->capacity))
		return STATUS_OK;
	return grow(space, space->len + extra);
}

void space_insert(struct space *space, const struct mapping *mapping)
{
	unsigned index = space_find(space, mapping->base.raw);

	kassert(space->len < space->capacity);
	__builtin_memmove(&space->mappings[index + 1], &space->mappings[index],
			  (space->len - index) * sizeof(*mapping));
	space->mappings[index] = *mapping;
	space->len++;
}

void space_remove(struct space *space, unsigned index, unsigned count)
{
	__builtin_memmove(&space->mappings[index], &space->mappings[index + count],
			  (space->len - index - count) * sizeof(struct mapping));
	space->len -= count;
}

/* True if a mapping begins below `va` and ends above. */
static bool is_inside(const struct space *space, uint64_t va) REQUIRES(space->lock)
{
	unsigned i = space_find(space, va);

	return i < space->len && space->mappings[i].base.raw < va;
}

/* The mapping around `va` becomes two. There is room. */
static void split(struct space *space, uint64_t va) REQUIRES(space->lock)
{
	struct mapping *lower = &space->mappings[space_find(space, va)];
	struct mapping upper = *lower;

	lower->pages = (va - lower->base.raw) >> PAGE_SHIFT;
	upper.base = VADDR(va);
	upper.pages -= lower->pages;
	upper.first_page += lower->pages;
	memory_get(upper.memory);
	space_insert(space, &upper);
}

static enum status check_range(const struct space *space, uint64_t base, uint64_t end) REQUIRES(space->lock)
{
	uint64_t at = base;

	for (unsigned i = space_find(space, base); at < end; i++) {
		if (i == space->len || space->mappings[i].base.raw > at)
			return STATUS_NOT_FOUND;
		if (space->mappings[i].pinned)
			return STATUS_DENIED;
		at = mapping_end(&space->mappings[i]);
	}
	return STATUS_OK;
}

enum status space_isolate(struct space *space, uint64_t base, uint64_t end)
{
	enum status status = check_range(space, base, end);
	bool split_base, split_end;

	if (status != STATUS_OK)
		return status;
	split_base = is_inside(space, base);
	split_end = is_inside(space, end);
	status = space_make_room(space, (unsigned)split_base + split_end);
	if (status != STATUS_OK)
		return status;
	if (split_base)
		split(space, base);
	if (split_end)
		split(space, end);
	return STATUS_OK;
}

uint64_t space_find_gap(const struct space *space, uint64_t pages)
{
	uint64_t size = pages * PAGE_SIZE, candidate = SPACE_LOWEST;

	for (unsigned i = 0; i < space->len; i++) {
		const struct mapping *m = &space->mappings[i];

		if (candidate < m->base.raw && m->base.raw - candidate >= size + PAGE_SIZE)
			return candidate;
		candidate = mapping_end(m) + PAGE_SIZE;
	}
	return candidate + size <= arch_user_end - PAGE_SIZE ? candidate : 0;
}

bool space_mapping(struct space *space, unsigned index, struct mapping *out)
{
	bool found;

	spin_lock(&space->lock);
	found = index < space->len;
	if (found)
		*out = space->mappings[index];
	spin_unlock(&space->lock);
	return found;
}
