// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The memory map: sorted, page-aligned, not overlapping.
 *
 * - Firmware lists may overlap, be unsorted or nonsense. Usable ranges shrink to whole pages, others grow; what is
 *   entered later wins, and usable ranges are entered first. Ranges of one kind that touch are one.
 * - A full table loses memory (the new range is not entered if usable), never protection: a range that takes usable
 *   memory away is always applied, if need be to the end of the range that it lies in.
 * - Physical addresses beyond 512 GiB of usable memory or the processor's width are ignored.
 */
#include "memmap.h"

#include "features.h"

#include <core/log.h>
#include <stdckdint.h>

#define LOW_MEMORY_END 0xa0000ull
#define TAKE_FROM (1ull << 20)
#define TAKE_END (1ull << 32)
#define USABLE_MAX (512ull << 30)
#define DIRECT_MAP_MAX (1ull << 46) /* the direct map's room */

struct arch_memory_range arch_memory_map[ARCH_MEMORY_RANGES];
unsigned arch_memory_map_len;

static void remove_at(unsigned i)
{
	arch_memory_map_len--;
	for (; i < arch_memory_map_len; i++)
		arch_memory_map[i] = arch_memory_map[i + 1];
}

static bool insert_at(unsigned i, uint64_t base, uint64_t end, enum arch_memory_kind kind)
{
	if (arch_memory_map_len == ARCH_MEMORY_RANGES)
		return false;
	for (unsigned j = arch_memory_map_len; j > i; j--)
		arch_memory_map[j] = arch_memory_map[j - 1];
	arch_memory_map[i] = (struct arch_memory_range){PADDR(base), end - base, kind};
	arch_memory_map_len++;
	return true;
}

static uint64_t end_of(unsigned i)
{
	return arch_memory_map[i].base.raw + arch_memory_map[i].size;
}

/* Takes [base, end) out of every range. */
static void clear_range(uint64_t base, uint64_t end)
{
	for (unsigned i = 0; i < arch_memory_map_len;) {
		struct arch_memory_range *range = &arch_memory_map[i];
		uint64_t range_end = end_of(i);

		if (range_end <= base || range->base.raw >= end) {
			i++;
		} else if (range->base.raw < base) {
			range->size = base - range->base.raw;
			if (range_end > end) /* no room: its tail is lost */
				(void)insert_at(i + 1, end, range_end, range->kind);
			i++;
		} else if (range_end > end) {
			range->size = range_end - end;
			range->base = PADDR(end);
			i++;
		} else {
			remove_at(i);
		}
	}
}

static void merge_around(unsigned i)
{
	if (i + 1 < arch_memory_map_len && end_of(i) == arch_memory_map[i + 1].base.raw &&
	    arch_memory_map[i].kind == arch_memory_map[i + 1].kind) {
		arch_memory_map[i].size += arch_memory_map[i + 1].size;
		remove_at(i + 1);
	}
	if (i > 0 && end_of(i - 1) == arch_memory_map[i].base.raw &&
	    arch_memory_map[i - 1].kind == arch_memory_map[i].kind) {
		arch_memory_map[i - 1].size += arch_memory_map[i].size;
		remove_at(i);
	}
}

void memmap_set(uint64_t base, uint64_t size, enum arch_memory_kind kind)
{
	uint64_t end = base + size;
	unsigned i = 0;

	clear_range(base, end);
	while (i < arch_memory_map_len && arch_memory_map[i].base.raw < base)
		i++;
	if (insert_at(i, base, end, kind))
		merge_around(i);
}

static void enter_firmware_range(const struct firmware_range *range)
{
	uint64_t limit = 1ull << features.physical_bits, base = range->base, end;
	enum arch_memory_kind kind = ARCH_MEMORY_RESERVED;

	if (ckd_add(&end, range->base, range->size) || end > limit)
		end = limit;
	if (end > DIRECT_MAP_MAX)
		end = DIRECT_MAP_MAX;
	if (base >= end)
		return;
	if (range->type == FIRMWARE_USABLE) {
		kind = ARCH_MEMORY_USABLE;
		base = align_up(base, PAGE_SIZE);
		end = align_down(end, PAGE_SIZE);
	} else {
		if (range->type == FIRMWARE_ACPI || range->type == FIRMWARE_NVS)
			kind = ARCH_MEMORY_ACPI;
		base = align_down(base, PAGE_SIZE);
		end = align_up(end, PAGE_SIZE);
	}
	if (base < end)
		memmap_set(base, end - base, kind);
}

/* What is beyond the limit stays in no range at all. */
static void cut_usable(void)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < arch_memory_map_len; i++) {
		struct arch_memory_range *range = &arch_memory_map[i];

		if (range->kind != ARCH_MEMORY_USABLE)
			continue;
		if (total + range->size > USABLE_MAX) {
			log_line(LOG_WARNING, "memory: only the first 512 GiB are used");
			range->size = USABLE_MAX - total;
			if (range->size == 0)
				remove_at(i--);
		}
		if (i < arch_memory_map_len)
			total += range->size;
	}
}

void memmap_init(const struct boot_info *info)
{
	for (unsigned i = 0; i < info->range_count; i++)
		if (info->ranges[i].type == FIRMWARE_USABLE)
			enter_firmware_range(&info->ranges[i]);
	for (unsigned i = 0; i < info->range_count; i++)
		if (info->ranges[i].type != FIRMWARE_USABLE)
			enter_firmware_range(&info->ranges[i]);
	memmap_set(0, PAGE_SIZE, ARCH_MEMORY_RESERVED); /* real-mode vectors; and no frame has number 0 */
	cut_usable();
}

bool memmap_is(uint64_t base, uint64_t size, enum arch_memory_kind kind)
{
	for (unsigned i = 0; i < arch_memory_map_len; i++)
		if (arch_memory_map[i].kind == kind && base >= arch_memory_map[i].base.raw &&
		    base < end_of(i) && size <= end_of(i) - base)
			return true;
	return false;
}

paddr_t memmap_take(uint64_t pages)
{
	uint64_t size = pages * PAGE_SIZE;

	for (unsigned i = 0; i < arch_memory_map_len; i++) {
		struct arch_memory_range *range = &arch_memory_map[i];
		uint64_t base = range->base.raw < TAKE_FROM ? TAKE_FROM : range->base.raw;
		uint64_t end = end_of(i) > TAKE_END ? TAKE_END : end_of(i);

		if (range->kind != ARCH_MEMORY_USABLE || base >= end || end - base < size)
			continue;
		memmap_set(base, size, ARCH_MEMORY_KERNEL);
		return PADDR(base);
	}
	panic("not enough memory to start");
}

paddr_t memmap_take_low(void)
{
	for (unsigned i = arch_memory_map_len; i-- > 0;) {
		uint64_t end = end_of(i) > LOW_MEMORY_END ? LOW_MEMORY_END : end_of(i);
		struct arch_memory_range *range = &arch_memory_map[i];

		if (range->kind != ARCH_MEMORY_USABLE || range->base.raw + PAGE_SIZE > end)
			continue;
		memmap_set(end - PAGE_SIZE, PAGE_SIZE, ARCH_MEMORY_KERNEL);
		return PADDR(end - PAGE_SIZE);
	}
	return PADDR_NONE;
}

uint64_t memmap_usable_bytes(void)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < arch_memory_map_len; i++)
		if (arch_memory_map[i].kind == ARCH_MEMORY_USABLE)
			total += arch_memory_map[i].size;
	return total;
}
