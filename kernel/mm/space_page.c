// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Single pages of a space's own: what most small requests for memory are. The mapping has the frame itself, so nothing
 * else is made for it. A clone shares the frame until one of the two writes (space_copying.c says in which order).
 */
#include <arch/memory.h>

#include "space_private.h"

static enum status take_frame(struct ledger *ledger, paddr_t *out)
{
	if (unlikely(ledger_charge(ledger, LEDGER_PAGES, 1) != STATUS_OK))
		return STATUS_NO_QUOTA;
	*out = frame_alloc(0);
	if (likely(out->raw != PADDR_NONE.raw))
		return STATUS_OK;
	ledger_credit(ledger, LEDGER_PAGES, 1);
	return STATUS_NO_MEMORY;
}

enum status space_map_page(struct space *space, vaddr_t hint, vaddr_t *out)
{
	const unsigned prot = PAGE_USER | PAGE_READ | PAGE_WRITE;
	struct mapping mapping = {
		.base = hint, .pages = 1, .prot = (uint8_t)prot, .most = (uint8_t)prot, .kind = MAPPING_PAGE};
	enum status status;

	if (hint.raw != 0 &&
	    (hint.raw & PAGE_MASK || hint.raw < SPACE_LOWEST || hint.raw >= arch_user_end - PAGE_SIZE))
		return STATUS_BAD_RANGE;
	status = take_frame(space->ledger, &mapping.frame);
	if (unlikely(status != STATUS_OK))
		return status;
	space_lock_settled(space, hint.raw, hint.raw + PAGE_SIZE);
	status = space_place(space, &mapping);
	if (likely(status == STATUS_OK)) {
		status = pagetable_enter(space->root, mapping.base, mapping.frame, prot, &space->tables);
		if (unlikely(status != STATUS_OK))
			space_remove(space, space_find(space, mapping.base.raw), 1);
	}
	spin_unlock(&space->lock);
	if (unlikely(status != STATUS_OK))
		mapping_put(space->ledger, &mapping);
	*out = mapping.base;
	return status;
}

/* Its own frame, copied; the former one leaves all CPUs before the new one is entered. */
static enum status copy_page(struct space *space, struct mapping *mapping) REQUIRES(space->lock)
{
	struct tlb_batch batch __attribute__((uninitialized));
	vaddr_t page = mapping->base;
	paddr_t old = mapping->frame, own = frame_alloc(0);

	if (own.raw == PADDR_NONE.raw)
		return STATUS_NO_MEMORY;
	copy_words(phys_to_virt(own), phys_to_virt(old), PAGE_SIZE / sizeof(uint64_t));
	mapping->frame = own;
	batch.count = 0;
	pagetable_clear(space->root, page, 1, &space->tables, &batch);
	space_flush_locked(space, page.raw, page.raw + PAGE_SIZE, &batch);
	frame_put(old);
	return STATUS_OK;
}

enum status space_fault_page(struct space *space, struct mapping *mapping, bool write)
{
	vaddr_t page = mapping->base;
	enum status status = STATUS_OK;

	if (write && frame_refs(mapping->frame) > 1)
		status = copy_page(space, mapping);
	if (status != STATUS_OK)
		return status;
	mapping = &space->mappings[space_find(space,
					      page.raw)]; /* the list may have changed while a flush waited */
	status = pagetable_replace(space->root, page, mapping->frame, mapping_entered_prot(mapping),
				   &space->tables);
	arch_tlb_flush_page(page);
	return status;
}
