// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory that shares frames with others until it writes them: private mappings of somebody's memory, and what a clone of a
 * process has in common with it.
 *
 * A frame counts the memories that have it (struct frame.refs). Only memories whose space is locked by the caller take
 * further references, so a count of one cannot grow behind the caller's back: then the frame is the memory's own, and may
 * be written. Two that copy the last shared frame at the same time both copy; the frame goes with the second.
 */
#include <mm/frame.h>

#include "memory_private.h"

enum status memory_create_copying(struct ledger *ledger, struct memory *source, uint64_t first,
				  uint64_t pages, struct memory **out)
{
	if (source->device)
		return STATUS_INVALID;
	if (first > source->pages || pages > source->pages - first)
		return STATUS_BAD_RANGE;
	enum status status = memory_create(ledger, pages, out);
	if (status != STATUS_OK)
		return status;
	memory_get(source);
	(*out)->source = source;
	(*out)->source_first = first;
	(*out)->copying = true;
	return STATUS_OK;
}

/* --- cloning ------------------------------------------------------------------------------------------------------ */

static paddr_t copy_frame(paddr_t from)
{
	paddr_t frame = frame_alloc(0);

	if (frame.raw != PADDR_NONE.raw)
		copy_words(phys_to_virt(frame), phys_to_virt(from), PAGE_SIZE / sizeof(uint64_t));
	return frame;
}

static bool clone_frames(struct memory *to, const uint64_t *from, uint64_t *slots, uint64_t count, bool share)
{
	for (uint64_t i = 0; i < count; i++) {
		paddr_t frame = PADDR(from[i]);

		if (frame.raw == 0)
			continue;
		if (share)
			frame_get(frame);
		else if ((frame = copy_frame(frame)).raw == PADDR_NONE.raw)
			return false;
		slots[i] = frame.raw;
		to->committed++;
	}
	return true;
}

/* The tree below a table; `level` 0 = its entries are frames. Whatever is linked is counted: a part can be freed. */
static bool clone_table(struct memory *to, const uint64_t *from, uint64_t *slots, uint64_t count,
			unsigned level, bool share)
{
	if (level == 0)
		return clone_frames(to, from, slots, count, share);
	for (uint64_t i = 0; i < count; i++) {
		if (from[i] == 0)
			continue;
		paddr_t table = frame_alloc(0);
		if (table.raw == PADDR_NONE.raw)
			return false;
		slots[i] = table.raw;
		to->tables++;
		if (!clone_table(to, memory_table(from[i]), memory_table(slots[i]), LEVEL_PAGES, level - 1,
				 share))
			return false;
	}
	return true;
}

enum status memory_clone(struct memory *from, struct ledger *ledger, bool share, struct memory **out)
{
	struct memory *to;
	enum status status = memory_create(ledger, from->pages, &to);

	if (status != STATUS_OK)
		return status;
	spin_lock(&from->lock);
	uint64_t charge = from->committed + from->tables - to->tables;
	status = ledger_charge(ledger, LEDGER_PAGES, charge);
	if (status == STATUS_OK) {
		uint64_t before = to->tables;
		uint64_t count = from->depth == 1 ? from->pages : LEVEL_PAGES;
		if (!clone_table(to, from->table, to->table, count, from->depth - 1, share))
			status = STATUS_NO_MEMORY;
		/* What was charged and is not there: memory_put credits the rest. */
		ledger_credit(ledger, LEDGER_PAGES, charge - (to->committed + to->tables - before));
	}
	spin_unlock(&from->lock);
	if (status != STATUS_OK) {
		memory_put(to);
		return status;
	}
	if (from->source != NULL) {
		memory_get(from->source);
		to->source = from->source;
		to->source_first = from->source_first;
	}
	to->copying = share || from->copying;
	from->copying |= share;
	*out = to;
	return STATUS_OK;
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

/* What shows through, or PADDR_NONE: nothing but zeros. */
static enum status shown(struct memory *memory, uint64_t index, paddr_t *out)
{
	*out = PADDR_NONE;
	return memory->source == NULL ? STATUS_OK
				      : memory_page(memory->source, memory->source_first + index, out);
}

/* A page that is not there: a frame of its own, with what shows through. */
static enum status commit_copy(struct memory *memory, uint64_t index, paddr_t from, struct memory_frame *out)
{
	enum status status = memory_page(memory, index, &out->frame);

	if (status == STATUS_OK && from.raw != PADDR_NONE.raw)
		copy_words(phys_to_virt(out->frame), phys_to_virt(from), PAGE_SIZE / sizeof(uint64_t));
	out->may_write = true;
	return status;
}

enum status memory_page_copying(struct memory *memory, uint64_t index, bool write, struct memory_frame *out)
{
	*out = (struct memory_frame){.frame = memory_page_if_present(memory, index), .old = PADDR_NONE};
	if (out->frame.raw == PADDR_NONE.raw) {
		paddr_t from;
		enum status status = shown(memory, index, &from);

		if (status != STATUS_OK)
			return status;
		if (write || from.raw == PADDR_NONE.raw)
			return commit_copy(memory, index, from, out);
		out->frame = from;
		return STATUS_OK;
	}
	out->may_write = frame_refs(out->frame) == 1;
	if (out->may_write || !write)
		return STATUS_OK;
	paddr_t own = copy_frame(out->frame);
	if (own.raw == PADDR_NONE.raw)
		return STATUS_NO_MEMORY;
	memory_replace_page(memory, index, own);
	out->old = out->frame;
	out->frame = own;
	out->may_write = true;
	return STATUS_OK;
}
