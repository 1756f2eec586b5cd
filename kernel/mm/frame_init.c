// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Boot of the frame allocator: where the records go, and which frames there are.
 *
 * Cheap on purpose: the records are zeroed in bulk (16 bytes a frame), and memory goes to the lists in blocks of up to
 * 4 MiB. No frame is touched. Frame 0 is left out: 0 means "none" to whoever keeps frames in a table.
 */
#include <arch/memory.h>
#include <core/log.h>

#include "frame_private.h"
#include "poison.h"

#define BLOCK (1ull << FRAME_MAX_ORDER)

/* The record array covers all usable ranges, holes included. */
static void find_bounds(uint64_t *first, uint64_t *end)
{
	*first = UINT64_MAX;
	*end = 0;
	for (unsigned i = 0; i < arch_memory_map_len; i++) {
		const struct arch_memory_range *r = &arch_memory_map[i];
		uint64_t range_end = (r->base.raw + r->size) >> PAGE_SHIFT;

		if (r->kind != ARCH_MEMORY_USABLE || r->size < PAGE_SIZE)
			continue;
		if (*first == UINT64_MAX)
			*first = align_down(r->base.raw >> PAGE_SHIFT, BLOCK);
		if (range_end > *end)
			*end = range_end;
	}
}

/* The smallest usable range that holds the records; they go to its end. */
static const struct arch_memory_range *find_room(uint64_t bytes)
{
	const struct arch_memory_range *best = NULL;

	for (unsigned i = 0; i < arch_memory_map_len; i++) {
		const struct arch_memory_range *r = &arch_memory_map[i];

		if (r->kind == ARCH_MEMORY_USABLE && r->size >= bytes + PAGE_SIZE &&
		    (!best || r->size < best->size))
			best = r;
	}
	return best;
}

static void clear_pages(char *page, uint64_t bytes)
{
	for (; bytes; bytes -= PAGE_SIZE, page += PAGE_SIZE)
		page_clear(page);
}

void frame_init(void)
{
	const struct arch_memory_range *room;
	uint64_t end, bytes;

	frame_lists_init();
	find_bounds(&frame_first, &end);
	kassert(end > frame_first && end - frame_first < UINT32_MAX);
	frame_limit = end - frame_first;
	bytes = align_up(frame_limit * sizeof(struct frame), PAGE_SIZE);
	room = find_room(bytes);
	if (!room)
		panic("no memory for %llu frame records", (unsigned long long)frame_limit);
	frame_records = phys_to_virt(PADDR(align_down(room->base.raw + room->size, PAGE_SIZE) - bytes));
	clear_pages((char *)frame_records, bytes);
	for (unsigned i = 0; i < arch_memory_map_len; i++) {
		const struct arch_memory_range *r = &arch_memory_map[i];
		uint64_t from = align_up(r->base.raw, PAGE_SIZE) >> PAGE_SHIFT;
		uint64_t to = (r->base.raw + r->size) >> PAGE_SHIFT;

		if (r->kind != ARCH_MEMORY_USABLE)
			continue;
		unpoison_memory(phys_to_virt(r->base), r->size);
		if (r == room)
			to -= bytes >> PAGE_SHIFT;
		if (from == 0)
			from = 1;
		if (from < to)
			frame_add_range(from, to - from);
	}
}

void frame_check(void)
{
	struct frame_stats stats;
	uint64_t frames = 0;

	frame_drain_cache();
	for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++)
		frames += frame_check_list(order);
	stats = frame_stats();
	kassert(frames <= stats.free && stats.free <= stats.total);
}
