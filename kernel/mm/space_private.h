// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of struct space's implementation share: the list (space_list.c) and the TLB work (space_flush.c). */
#pragma once

#include <mm/frame.h>
#include <mm/space.h>

static inline uint64_t mapping_end(const struct mapping *m)
{
	return m->base.raw + (uint64_t)m->pages * PAGE_SIZE;
}

/* The rights that its pages may be entered with before it is known whose their frames are. */
static inline unsigned mapping_entered_prot(const struct mapping *m)
{
	bool copying = m->kind == MAPPING_PAGE ? frame_refs(m->frame) > 1 : m->memory->copying;

	return copying ? m->prot & ~(unsigned)PAGE_WRITE : m->prot;
}

unsigned space_search(struct space *space, uint64_t va) REQUIRES(space->lock);

/* Index of the first mapping that ends above `va`. Most calls ask about where the last one did. */
static inline unsigned space_find(struct space *space, uint64_t va) REQUIRES(space->lock)
{
	const struct mapping *m = &space->mappings[space->last];

	if (likely(space->last < space->len && va - m->base.raw < (uint64_t)m->pages * PAGE_SIZE))
		return space->last;
	/* Or the one before: who maps and unmaps in turn asks about the gap. */
	if (space->last > 0 && space->last <= space->len && mapping_end(m - 1) <= va &&
	    (space->last == space->len || va < mapping_end(m)))
		return space->last;
	return space_search(space, va);
}

/* What a mapping that has been removed, or was never inserted, holds. */
static inline void mapping_put(struct ledger *ledger, const struct mapping *m)
{
	if (m->kind != MAPPING_PAGE) {
		memory_put(m->memory);
		return;
	}
	frame_put(m->frame);
	ledger_credit(ledger, LEDGER_PAGES, 1);
}

/* The same for who holds no lock: memory_put_paused. */
static inline void mapping_put_paused(struct ledger *ledger, const struct mapping *m)
{
	if (m->kind != MAPPING_PAGE)
		memory_put_paused(m->memory);
	else
		mapping_put(ledger, m);
}

void space_settle(struct space *space, uint64_t base, uint64_t end) REQUIRES(space->lock);

/* Takes the lock when nothing in the range is busy. */
static inline void space_lock_settled(struct space *space, uint64_t base, uint64_t end) ACQUIRES(space->lock)
{
	spin_lock(&space->lock);
	if (unlikely(space->busy != 0))
		space_settle(space, base, end);
}

/* Room for `extra` more mappings; NO_QUOTA or NO_MEMORY. */
enum status space_make_room(struct space *space, unsigned extra) REQUIRES(space->lock);
/* There is room; `index`: of the first mapping above it. */
void space_insert(struct space *space, unsigned index, const struct mapping *mapping) REQUIRES(space->lock);
/* Chooses (base 0) or checks the place, and inserts. NO_SLOT, EXISTS, NO_QUOTA, NO_MEMORY. What it holds is the caller's to count. */
enum status space_place(struct space *space, struct mapping *mapping) REQUIRES(space->lock);
/* Removes `count` mappings from `index` on; their memory is the caller's to put. */
void space_remove(struct space *space, unsigned index, unsigned count) REQUIRES(space->lock);
/* Makes [base, end) consist of whole mappings, `*first` the first. NOT_FOUND: a page is unmapped; DENIED: pinned;
 * NO_QUOTA, NO_MEMORY. */
enum status space_isolate(struct space *space, uint64_t base, uint64_t end, unsigned *first)
	REQUIRES(space->lock);
/* The lowest place for `pages` pages, or 0; and its index. */
uint64_t space_find_gap(struct space *space, uint64_t pages, unsigned *index) REQUIRES(space->lock);
/* Marks all mappings that begin in a range, or the opposite. */
void space_set_busy(struct space *space, uint64_t base, uint64_t end, bool busy) REQUIRES(space->lock);

/* The CPUs that may have cached what was just changed. One that comes later sees the change. */
uint64_t space_active(const struct space *space);
/* Flushes with the range marked busy and the lock dropped meanwhile, if others are to be waited for. The list may have
 * changed elsewhere then. */
void space_flush_locked(struct space *space, uint64_t base, uint64_t end, const struct tlb_batch *batch)
	REQUIRES(space->lock);
/* A fault in a mapping of a copying memory (space_copying.c). */
enum status space_fault_copying(struct space *space, const struct mapping *mapping, vaddr_t page, bool write)
	REQUIRES(space->lock);
/* The same for a page of the space's own (space_page.c). */
enum status space_fault_page(struct space *space, struct mapping *mapping, bool write) REQUIRES(space->lock);
/* On each CPU of `active`; with no lock held if there is another than this one. */
void space_flush(struct space *space, uint64_t active, const struct tlb_batch *batch);
