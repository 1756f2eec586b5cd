// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Faults in mappings of copying memory (mm/memory.h).
 *
 * A page that gets another frame may be cached by other CPUs with the former one, read-only. If the new one were entered
 * first, one thread could write there while another still reads what was: so the former leaves all CPUs before the new one
 * is entered, the range marked busy meanwhile, and its reference goes after that. An entry that only gains rights needs no
 * such care: who has it cached with fewer faults, and finds it.
 */
#include <mm/frame.h>

#include "space_private.h"

struct reach { /* of the addresses that lost their frame */
	uint64_t low, high;
	struct tlb_batch batch;
};

static void clear_other(struct space *space, uint64_t va, paddr_t frame, struct reach *reach)
	REQUIRES(space->lock)
{
	pte_t entry = pagetable_lookup(space->root, VADDR(va), NULL);

	if (!arch_pte_present(entry) || arch_pte_address(entry).raw == frame.raw)
		return;
	pagetable_clear(space->root, VADDR(va), 1, &space->tables, &reach->batch);
	reach->low = va < reach->low ? va : reach->low;
	reach->high = va > reach->high ? va : reach->high;
}

/* Wherever the memory's page is entered with another frame than this; most memory is mapped once. */
static void clear_others(struct space *space, const struct mapping *mapping, uint64_t index, paddr_t frame,
			 struct reach *reach) REQUIRES(space->lock)
{
	uint64_t here = mapping->base.raw + (index - mapping->first_page) * PAGE_SIZE;

	clear_other(space, here, frame, reach);
	if (load_relaxed(&mapping->memory->refs) == 1)
		return;
	for (unsigned i = 0; i < space->len; i++) {
		const struct mapping *m = &space->mappings[i];

		if (mapping_shows(m, mapping->memory) && index - m->first_page < m->pages)
			clear_other(space, m->base.raw + (index - m->first_page) * PAGE_SIZE, frame, reach);
	}
}

enum status space_fault_copying(struct space *space, const struct mapping *mapping, vaddr_t page, bool write)
{
	const struct mapping m = *mapping; /* the list may change while a flush waits */
	uint64_t index = m.first_page + ((page.raw - m.base.raw) >> PAGE_SHIFT);
	struct reach reach = {.low = page.raw, .high = page.raw};
	struct memory_frame got;
	enum status status;

	if (!write && arch_pte_present(pagetable_lookup(space->root, page, NULL))) {
		arch_tlb_flush_page(page); /* this CPU had cached less */
		return STATUS_OK;
	}
	status = memory_page_copying(m.memory, index, write, &got);
	if (status != STATUS_OK)
		return status;
	if (write) {
		clear_others(space, &m, index, got.frame, &reach);
		space_flush_locked(space, reach.low, reach.high + PAGE_SIZE, &reach.batch);
	}
	if (got.old.raw != PADDR_NONE.raw)
		frame_put(got.old);
	status = pagetable_replace(space->root, page, got.frame,
				   got.may_write ? m.prot : m.prot & ~(unsigned)PAGE_WRITE, &space->tables);
	arch_tlb_flush_page(page);
	return status;
}
