// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Address spaces: making, mapping, unmapping, protecting.
 *
 * - Changes are made under the space's lock: mappings first, page-table entries second. Then, if CPUs elsewhere have the
 *   space, the mappings are marked busy, the lock is dropped, the TLBs are flushed, and only then do the mappings (and with
 *   them the addresses and the references on frames) go. Whoever comes across a busy mapping waits.
 * - Nothing can fail after the first change (space_isolate reserves what splitting needs).
 */
#include <mm/space.h>

#include <core/cpu.h>
#include <core/log.h>
#include <mm/slab.h>

#include "space_private.h"

#define RIGHTS (PAGE_READ | PAGE_WRITE | PAGE_EXEC)

/* Mappings removed under one hold of the lock. */
#define REMOVE_BATCH 8u

enum status space_init(struct space *space, struct ledger *ledger)
{
	*space = (struct space){.ledger = ledger,
				.mappings = space->few,
				.capacity = SPACE_INLINE_MAPPINGS,
				.tables = {.ledger = ledger}};
	spin_init(&space->lock, LOCK_RANK_SPACE);
	return pagetable_create(&space->tables, &space->root);
}

static void leave(void *space)
{
	if (this_cpu()->space == space)
		space_activate(NULL);
}

void space_fini(struct space *space)
{
	struct tlb_batch batch __attribute__((uninitialized)); /* nobody has it active: not used */

	batch.count = 0;
	if (load_relaxed(&space->cpus) != 0)
		cpu_call(load_relaxed(&space->cpus), leave, space);
	for (unsigned i = 0; i < space->len; i++) {
		const struct mapping *m = &space->mappings[i];

		pagetable_clear(space->root, m->base, m->pages, &space->tables, &batch);
		memory_put(m->memory);
	}
	pagetable_free(&space->tables);
	if (space->mappings != space->few) {
		size_t bytes = space->capacity * sizeof(struct mapping);

		heap_free(space->mappings, bytes);
		ledger_credit(space->ledger, LEDGER_PAGES, align_up(bytes, PAGE_SIZE) >> PAGE_SHIFT);
	}
	space->len = space->capacity = 0;
}

static bool is_user_range(vaddr_t base, uint64_t pages)
{
	uint64_t limit = arch_user_end - PAGE_SIZE;

	return (base.raw & PAGE_MASK) == 0 && base.raw >= SPACE_LOWEST && base.raw < limit && pages > 0 &&
	       pages <= (limit - base.raw) >> PAGE_SHIFT;
}

static enum status check_prot(const struct memory *memory, unsigned prot)
{
	if (prot & ~(unsigned)(RIGHTS | PAGE_USER))
		return STATUS_INVALID;
	if ((prot & (PAGE_WRITE | PAGE_EXEC)) && !(prot & PAGE_READ))
		return STATUS_INVALID;
	if ((prot & PAGE_WRITE) && ((prot & PAGE_EXEC) || memory->read_only))
		return STATUS_INVALID;
	if ((prot & PAGE_EXEC) && memory->device)
		return STATUS_INVALID;
	return STATUS_OK;
}

static unsigned full_prot(const struct memory *memory, unsigned prot)
{
	return prot | PAGE_USER | (memory->device ? PAGE_DEVICE : 0u);
}

/* Chooses or checks the place, and inserts. The lock is held; all but the place was checked. */
static enum status place(struct space *space, struct mapping *mapping) REQUIRES(space->lock)
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
	if (status != STATUS_OK)
		return status;
	memory_get(mapping->memory);
	space_insert(space, index, mapping);
	return STATUS_OK;
}

static enum status add_mapping(struct space *space, struct mapping *mapping)
{
	const struct memory *memory = mapping->memory;
	enum status status = check_prot(memory, mapping->prot);

	if (status != STATUS_OK)
		return status;
	if (mapping->first_page > memory->pages || mapping->pages > memory->pages - mapping->first_page ||
	    !is_user_range(mapping->base.raw ? mapping->base : VADDR(SPACE_LOWEST), mapping->pages))
		return STATUS_BAD_RANGE;
	mapping->prot = full_prot(memory, mapping->prot);
	space_lock_settled(space, mapping->base.raw, mapping_end(mapping));
	status = place(space, mapping);
	spin_unlock(&space->lock);
	return status;
}

enum status space_map(struct space *space, struct memory *memory, uint64_t first_page, uint64_t pages,
		      vaddr_t hint, unsigned prot, vaddr_t *out)
{
	struct mapping mapping = {.base = hint,
				  .pages = pages,
				  .memory = memory,
				  .first_page = first_page,
				  .prot = prot,
				  .most = prot};
	enum status status = add_mapping(space, &mapping);

	if (status == STATUS_OK)
		*out = mapping.base;
	return status;
}

/* Flushes with the range marked busy and the lock dropped meanwhile, if others are to be waited for. */
static void flush_locked(struct space *space, uint64_t base, uint64_t end, const struct tlb_batch *batch)
	REQUIRES(space->lock)
{
	uint64_t active;

	if (batch->count == 0)
		return;
	active = space_active(space);
	if (likely((active & ~(1ull << this_cpu()->id)) == 0)) {
		space_flush(space, active, batch);
		return;
	}
	space_set_busy(space, base, end, true);
	spin_unlock(&space->lock);
	space_flush(space, active, batch);
	spin_lock(&space->lock);
	space_set_busy(space, base, end, false);
}

/* Removes the mappings that [base, end) consists of. Nobody can reach their pages any more. Drops the lock. */
static void remove_all(struct space *space, uint64_t base, uint64_t end) RELEASES(space->lock)
{
	for (;;) {
		struct memory *taken[REMOVE_BATCH];
		unsigned first = space_find(space, base), count = 0;
		bool more;

		while (count < REMOVE_BATCH && first + count < space->len &&
		       space->mappings[first + count].base.raw < end) {
			taken[count] = space->mappings[first + count].memory;
			count++;
		}
		space_remove(space, first, count);
		more = first < space->len && space->mappings[first].base.raw < end;
		if (more)
			space_set_busy(space, base, end, true); /* ours still, while the lock is dropped */
		spin_unlock(&space->lock);
		while (count > 0)
			memory_put(taken[--count]);
		if (!more)
			return;
		spin_lock(&space->lock);
	}
}

enum status space_unmap(struct space *space, vaddr_t base, uint64_t pages)
{
	struct tlb_batch batch __attribute__((uninitialized)); /* 128 bytes of addresses */
	enum status status;
	unsigned first;
	uint64_t end;

	if (!is_user_range(base, pages))
		return STATUS_BAD_RANGE;
	batch.count = 0;
	end = base.raw + pages * PAGE_SIZE;
	space_lock_settled(space, base.raw, end);
	status = space_isolate(space, base.raw, end, &first);
	if (status != STATUS_OK) {
		spin_unlock(&space->lock);
		return status;
	}
	pagetable_clear(space->root, base, pages, &space->tables, &batch);
	flush_locked(space, base.raw, end, &batch);
	remove_all(space, base.raw, end);
	return STATUS_OK;
}

/* The range consists of whole mappings from `first` on. */
static enum status check_prot_all(struct space *space, uint64_t base, uint64_t end, unsigned prot)
	REQUIRES(space->lock)
{
	for (unsigned i = space_find(space, base); i < space->len && space->mappings[i].base.raw < end; i++) {
		enum status status = check_prot(space->mappings[i].memory, prot);

		if (status != STATUS_OK)
			return status;
		if ((prot & ~space->mappings[i].most & (PAGE_READ | PAGE_WRITE | PAGE_EXEC)) != 0)
			return STATUS_DENIED;
	}
	return STATUS_OK;
}

static void protect_locked(struct space *space, uint64_t base, uint64_t end, unsigned prot,
			   struct tlb_batch *batch) REQUIRES(space->lock)
{
	for (unsigned i = space_find(space, base); i < space->len && space->mappings[i].base.raw < end; i++) {
		struct mapping *m = &space->mappings[i];

		m->prot = full_prot(m->memory, prot);
		if (prot & PAGE_READ)
			pagetable_set_prot(space->root, m->base, m->pages, m->prot, &space->tables, batch);
		else
			pagetable_clear(space->root, m->base, m->pages, &space->tables, batch);
	}
}

enum status space_protect(struct space *space, vaddr_t base, uint64_t pages, unsigned prot)
{
	struct tlb_batch batch __attribute__((uninitialized)); /* 128 bytes of addresses */
	enum status status;
	unsigned first;
	uint64_t end;

	if (!is_user_range(base, pages))
		return STATUS_BAD_RANGE;
	batch.count = 0;
	end = base.raw + pages * PAGE_SIZE;
	space_lock_settled(space, base.raw, end);
	status = check_prot_all(space, base.raw, end, prot);
	if (status == STATUS_OK)
		status = space_isolate(space, base.raw, end, &first);
	if (status == STATUS_OK) {
		protect_locked(space, base.raw, end, prot, &batch);
		flush_locked(space, base.raw, end, &batch);
	}
	spin_unlock(&space->lock);
	return status;
}

/* Enters every page. What was entered before a failure is cleared by the caller, who removes the mapping. */
static enum status enter_all(struct space *space, const struct mapping *mapping) REQUIRES(space->lock)
{
	for (uint64_t i = 0; i < mapping->pages; i++) {
		enum status status;
		paddr_t page;

		status = memory_page(mapping->memory, i, &page);
		if (status != STATUS_OK)
			return status;
		status = pagetable_enter(space->root, VADDR(mapping->base.raw + i * PAGE_SIZE), page,
					 mapping->prot, &space->tables);
		if (status != STATUS_OK && status != STATUS_EXISTS) /* a fault on another CPU was quicker */
			return status;
	}
	return STATUS_OK;
}

enum status space_map_pinned(struct space *space, struct memory *memory, vaddr_t hint, unsigned prot,
			     vaddr_t *out)
{
	struct mapping mapping = {.base = hint,
				  .pages = memory->pages,
				  .memory = memory,
				  .prot = prot,
				  .most = prot,
				  .pinned = true};
	enum status status = add_mapping(space, &mapping);

	if (status != STATUS_OK)
		return status;
	spin_lock(&space->lock);
	status = enter_all(space, &mapping);
	spin_unlock(&space->lock);
	if (status != STATUS_OK) {
		space_unmap_pinned(space, mapping.base);
		return status;
	}
	*out = mapping.base;
	return STATUS_OK;
}

void space_unmap_pinned(struct space *space, vaddr_t base)
{
	struct tlb_batch batch __attribute__((uninitialized)); /* 128 bytes of addresses */
	struct mapping *mapping;
	uint64_t end;
	unsigned i;

	batch.count = 0;
	space_lock_settled(space, base.raw, base.raw + PAGE_SIZE);
	i = space_find(space, base.raw);
	kassert(i < space->len && space->mappings[i].base.raw == base.raw && space->mappings[i].pinned);
	mapping = &space->mappings[i];
	end = mapping_end(mapping);
	pagetable_clear(space->root, base, mapping->pages, &space->tables, &batch);
	flush_locked(space, base.raw, end, &batch);
	remove_all(space, base.raw, end);
}
