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

unsigned space_search(struct space *space, uint64_t va)
{
	unsigned low = 0, high = space->len;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (mapping_end(&space->mappings[middle]) <= va)
			low = middle + 1;
		else
			high = middle;
	}
	space->last = low;
	return low;
}

static bool is_busy(struct space *space, uint64_t base, uint64_t end) REQUIRES(space->lock)
{
	for (unsigned i = space_find(space, base); i < space->len && space->mappings[i].base.raw < end; i++) {
		if (space->mappings[i].busy)
			return true;
	}
	return false;
}

void space_settle(struct space *space, uint64_t base, uint64_t end)
{
	while (is_busy(space, base, end)) {
		spin_unlock(&space->lock);
		arch_poll_ipi();
		arch_pause();
		spin_lock(&space->lock);
	}
}

void space_set_busy(struct space *space, uint64_t base, uint64_t end, bool busy)
{
	for (unsigned i = space_find(space, base); i < space->len && space->mappings[i].base.raw < end; i++) {
		space->busy += (unsigned)busy - space->mappings[i].busy;
		space->mappings[i].busy = busy;
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

void space_insert(struct space *space, unsigned index, const struct mapping *mapping)
{
	struct mapping *at = &space->mappings[index];

	kassert(space->len < space->capacity);
	if (index < space->len)
		__builtin_memmove(at + 1, at, (space->len - index) * sizeof(*at));
	*at = *mapping;
	space->len++;
	space->last = index;
}

/* Room begins a guard page behind the mapping before it. */
static void note_room(struct space *space, unsigned index) REQUIRES(space->lock)
{
	uint64_t from = index > 0 ? mapping_end(&space->mappings[index - 1]) + PAGE_SIZE : 0;

	if (from < space->window)
		from = space->window;
	if (from < space->lowest_free)
		space->lowest_free = from;
}

void space_remove(struct space *space, unsigned index, unsigned count)
{
	struct mapping *at = &space->mappings[index];

	note_room(space, index);

	for (unsigned i = 0; i < count; i++)
		space->busy -= at[i].busy;
	if (index + count < space->len)
		__builtin_memmove(at, at + count, (space->len - index - count) * sizeof(*at));
	space->len -= count;
}

/* The mapping `index` becomes two, at `va` inside it. There is room. */
static void split(struct space *space, unsigned index, uint64_t va) REQUIRES(space->lock)
{
	struct mapping *lower = &space->mappings[index];
	struct mapping upper = *lower;

	lower->pages = (uint32_t)((va - lower->base.raw) >> PAGE_SHIFT);
	upper.base = VADDR(va);
	upper.pages -= lower->pages;
	upper.first_page += lower->pages;
	memory_get(upper.memory);
	space_insert(space, index + 1, &upper);
}

/* Whether mappings from `first` on cover the range; *last = the one that holds its last page. */
static enum status check_range(const struct space *space, uint64_t base, uint64_t end, unsigned first,
			       unsigned *last) REQUIRES(space->lock)
{
	uint64_t at = base;

	for (unsigned i = first; at < end; i++) {
		if (i == space->len || space->mappings[i].base.raw > at)
			return STATUS_NOT_FOUND;
		if (space->mappings[i].pinned)
			return STATUS_DENIED;
		at = mapping_end(&space->mappings[i]);
		*last = i;
	}
	return STATUS_OK;
}

enum status space_isolate(struct space *space, uint64_t base, uint64_t end, unsigned *first)
{
	unsigned index = space_find(space, base), last = index;
	const struct mapping *m = &space->mappings[index];
	bool split_base, split_end;
	enum status status;

	*first = index;
	if (likely(index < space->len && m->base.raw == base && mapping_end(m) == end && !m->pinned))
		return STATUS_OK;
	status = check_range(space, base, end, index, &last);
	if (status != STATUS_OK)
		return status;
	split_base = space->mappings[index].base.raw < base;
	split_end = mapping_end(&space->mappings[last]) > end;
	status = space_make_room(space, (unsigned)split_base + split_end);
	if (status != STATUS_OK)
		return status;
	if (split_end)
		split(space, last, end);
	if (split_base)
		split(space, (*first)++, base);
	return STATUS_OK;
}

static uint64_t gap_above(const struct space *space, uint64_t from, uint64_t size, unsigned *index)
	REQUIRES(space->lock)
{
	uint64_t candidate = from;

	for (; *index < space->len; (*index)++) {
		const struct mapping *m = &space->mappings[*index];

		if (candidate < m->base.raw && m->base.raw - candidate >= size + PAGE_SIZE)
			return candidate;
		candidate = mapping_end(m) + PAGE_SIZE;
	}
	return candidate + size <= arch_user_end - PAGE_SIZE ? candidate : 0;
}

uint64_t space_find_gap(struct space *space, uint64_t pages, unsigned *index)
{
	uint64_t size = pages * PAGE_SIZE, from = space->lowest_free, found;

	*index = space_find(space, from - PAGE_SIZE); /* also what ends less than a guard page before it */
	found = gap_above(space, from, size, index);
	if (likely(found != 0)) {
		if (pages == 1 || found == from)
			space->lowest_free = found + size + PAGE_SIZE;
		return found;
	}
	*index = 0;
	return gap_above(space, SPACE_LOWEST, size, index);
}

enum status space_place(struct space *space, struct mapping *mapping)
{
	enum status status;
	unsigned index;

	if (mapping->base.raw == 0) {
		mapping->base = VADDR(space_find_gap(space, mapping->pages, &index));
		if (mapping->base.raw == 0)
			return STATUS_NO_SLOT;
	} else {
		index = space_find(space, mapping->base.raw);
		if (index < space->len && space->mappings[index].base.raw < mapping_end(mapping))
			return STATUS_EXISTS;
	}
	status = space_make_room(space, 1);
	if (status == STATUS_OK)
		space_insert(space, index, mapping);
	return status;
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

static const struct mapping *find_shown(struct space *space, const struct memory *memory, uint64_t base,
					uint64_t end) REQUIRES(space->lock)
{
	for (unsigned i = space_find(space, base); i < space->len && space->mappings[i].base.raw < end; i++)
		if (mapping_shows(&space->mappings[i], memory))
			return &space->mappings[i];
	return NULL;
}

bool space_shows_locked(struct space *space, const struct memory *memory, uint64_t base, uint64_t end)
{
	return find_shown(space, memory, base, end) != NULL;
}

bool space_mapping_of(struct space *space, const struct memory *memory, uint64_t base, uint64_t end,
		      struct mapping *out)
{
	spin_lock(&space->lock);
	const struct mapping *found = find_shown(space, memory, base, end);
	if (found != NULL)
		*out = *found;
	spin_unlock(&space->lock);
	return found != NULL;
}
