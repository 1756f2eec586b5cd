// SPDX-License-Identifier: MIT OR Apache-2.0
/* One space on one simulated CPU, and that it leaves nothing behind. */
#pragma once

#include <string.h>

#include <arch/memory.h>
#include <archimpl/explorer.h>
#include <core/cpu.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <mm/space.h>

#define RW (PAGE_READ | PAGE_WRITE)
#define RX (PAGE_READ | PAGE_EXEC)

static struct ledger ledger;
static struct space space;
static uint64_t baseline;

static inline uint64_t free_now(void)
{
	slab_trim();
	return frame_stats().free;
}

static inline void reset(uint64_t page_limit)
{
	uint64_t limits[LEDGER_COUNT] = {[LEDGER_PAGES] = page_limit};

	host_test_boot(1, 16 << 20);
	ledger_init(&ledger, limits);
	baseline = free_now();
	explore_check(space_init(&space, &ledger) == STATUS_OK);
	space_activate(&space);
}

static inline void finish(void)
{
	space_deactivate();
	while (!space_fini(&space))
		;
	quiesce_drain(); /* memory with many frames goes in pieces */
	explore_check(ledger.used[LEDGER_PAGES] == 0 && slab_objects_in_use() == 0);
	explore_check(free_now() == baseline);
}

static inline struct memory *make_memory(uint64_t pages)
{
	struct memory *memory;

	explore_check(memory_create(&ledger, pages, &memory) == STATUS_OK);
	return memory;
}

static inline enum status map_at(struct memory *memory, uint64_t first, uint64_t pages, uint64_t va,
				 unsigned prot)
{
	vaddr_t out;

	return space_map(&space, memory, first, pages, VADDR(va), prot, &out);
}
