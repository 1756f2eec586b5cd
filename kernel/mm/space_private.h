// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of struct space's implementation share: the list (space_list.c) and the TLB work (space_flush.c). */
#pragma once

#include <mm/space.h>

static inline uint64_t mapping_end(const struct mapping *m)
{
	return m->base.raw + m->pages * PAGE_SIZE;
}

/* Index of the first mapping that ends above `va`. */
unsigned space_find(const struct space *space, uint64_t va) REQUIRES(space->lock);
/* Takes the lock when nothing in the range is busy. */
void space_lock_settled(struct space *space, uint64_t base, uint64_t end) ACQUIRES(space->lock);
/* Room for `extra` more mappings; NO_QUOTA or NO_MEMORY. */
enum status space_make_room(struct space *space, unsigned extra) REQUIRES(space->lock);
/* There is room. */
void space_insert(struct space *space, const struct mapping *mapping) REQUIRES(space->lock);
/* Removes `count` mappings from `index` on; their memory is the caller's to put. */
void space_remove(struct space *space, unsigned index, unsigned count) REQUIRES(space->lock);
/* Makes [base, end) consist of whole mappings. NOT_FOUND: a page is unmapped; DENIED: pinned; NO_QUOTA, NO_MEMORY. */
enum status space_isolate(struct space *space, uint64_t base, uint64_t end) REQUIRES(space->lock);
/* The lowest place for `pages` pages, or 0. */
uint64_t space_find_gap(const struct space *space, uint64_t pages) REQUIRES(space->lock);

/* The CPUs that may have cached what was just changed. One that comes later sees the change. */
uint64_t space_active(const struct space *space);
/* On each CPU of `active`; with no lock held if there is another than this one. */
void space_flush(uint64_t active, const struct tlb_batch *batch);
