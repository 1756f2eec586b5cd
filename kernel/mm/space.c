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

#include <arch/cpu.h>
#include <arch/platform.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/work.h>
#include <mm/slab.h>

#include "space_private.h"

#define RIGHTS (PAGE_READ | PAGE_WRITE | PAGE_EXEC)

#define WINDOW_LOWEST (1ull << 46)
#define WINDOW_SHIFT 30u
#define WINDOWS 0xf000u /* up to 4 TiB below the end */

/* Mappings removed under one hold of the lock. */
#define REMOVE_BATCH 8u

/* A gigabyte of the upper half of the user's addresses; programs are loaded below (lib/spawn). Placing needs only what an attacker cannot guess in a few tries, so
 * what the processor gives is good enough unmixed. */
static uint64_t choose_window(void)
{
	uint64_t random;

	if (!arch_entropy(&random, sizeof(random)))
		random = arch_ticks() * 0x9e3779b97f4a7c15ull;
	return WINDOW_LOWEST + ((random >> 32) % WINDOWS << WINDOW_SHIFT);
}

enum status space_init(struct space *space, struct ledger *ledger)
{
	*space = (struct space){.ledger = ledger,
				.mappings = space->few,
				.capacity = SPACE_INLINE_MAPPINGS,
				.window = choose_window(),
				.tables = {.ledger = ledger}};
	space->lowest_free = space->window;
	spin_init(&space->lock, LOCK_RANK_SPACE);
	return pagetable_create(&space->tables, &space->root);
}

static void leave(void *space)
{
	if (this_cpu()->space == space)
		space_activate(NULL);
}

/* Pages at the end of the last mapping: looking at 16 tables is enough at once. */
#define FINI_PAGES 8192u
#define MAPPING_WORK 1024u

/* Takes pages off the end of the last mapping, and, when that is empty, the mapping. Introspection may look at the list. */
static void fini_last(struct space *space)
{
	struct tlb_batch batch __attribute__((uninitialized)); /* nobody has it active: not used */
	struct mapping *last = &space->mappings[space->len - 1];
	uint32_t pages = last->pages < FINI_PAGES ? last->pages : FINI_PAGES;
	struct mapping gone = *last;

	batch.count = 0;
	pagetable_clear(space->root, VADDR(mapping_end(last) - pages * PAGE_SIZE), pages, &space->tables,
			&batch);
	work_done(MAPPING_WORK);
	spin_lock(&space->lock);
	last->pages -= pages;
	bool empty = last->pages == 0;
	space->len -= empty;
	spin_unlock(&space->lock);
	if (empty)
		mapping_put(space->ledger, &gone);
}

bool space_fini(struct space *space)
{
	uint64_t begin = work_begin();
	uint64_t names = load_relaxed(&space->cpus);

	if (names != 0) {
		cpu_call(names, leave, space);
		store_relaxed(&space->cpus, 0ull);
	}
	while (space->len > 0) {
		if (work_is_enough(begin))
			return false;
		fini_last(space);
	}
	if (!pagetable_free(&space->tables))
		return false;
	if (space->mappings != space->few) {
		size_t bytes = space->capacity * sizeof(struct mapping);

		heap_free(space->mappings, bytes);
		ledger_credit(space->ledger, LEDGER_PAGES, align_up(bytes, PAGE_SIZE) >> PAGE_SHIFT);
		space->mappings = space->few;
	}
	space->capacity = 0;
	return true;
}

static bool is_user_range(vaddr_t base, uint64_t pages)
{
	uint64_t limit = arch_user_end - PAGE_SIZE;

	return (base.raw & PAGE_MASK) == 0 && base.raw >= SPACE_LOWEST && base.raw < limit && pages > 0 &&
	       pages <= (limit - base.raw) >> PAGE_SHIFT;
}

static const struct memory *memory_of(const struct mapping *m)
{
	return m->kind == MAPPING_PAGE ? NULL : m->memory;
}

/* memory NULL: a page of the space's own. */
static enum status check_prot(const struct memory *memory, unsigned prot)
{
	if (prot & ~(unsigned)(RIGHTS | PAGE_USER))
		return STATUS_INVALID;
	if ((prot & (PAGE_WRITE | PAGE_EXEC)) && !(prot & PAGE_READ))
		return STATUS_INVALID;
	if ((prot & PAGE_WRITE) && ((prot & PAGE_EXEC) || (memory && memory->read_only)))
		return STATUS_INVALID;
	if ((prot & PAGE_EXEC) && memory && memory->device)
		return STATUS_INVALID;
	return STATUS_OK;
}

static uint8_t full_prot(const struct memory *memory, unsigned prot)
{
	return (uint8_t)(prot | PAGE_USER | (memory && memory->device ? PAGE_DEVICE : 0u));
}

struct wanted {
	uint64_t first_page, pages;
	vaddr_t hint;
	unsigned prot;
	bool pinned, entered; /* entered: every page at once, not when it is touched */
	enum mapping_kind kind;
};

/* Removes the mappings that [base, end) consists of. Nobody can reach their pages any more. Drops the lock. */
static void remove_all(struct space *space, uint64_t base, uint64_t end) RELEASES(space->lock)
{
	for (;;) {
		struct mapping taken[REMOVE_BATCH];
		unsigned first = space_find(space, base), count = 0;
		bool more;

		while (count < REMOVE_BATCH && first + count < space->len &&
		       space->mappings[first + count].base.raw < end) {
			taken[count] = space->mappings[first + count];
			count++;
		}
		space_remove(space, first, count);
		more = first < space->len && space->mappings[first].base.raw < end;
		if (more)
			space_set_busy(space, base, end, true); /* ours still, while the lock is dropped */
		spin_unlock(&space->lock);
		while (count > 0)
			mapping_put_paused(space->ledger, &taken[--count]);
		if (!more)
			return;
		spin_lock(&space->lock);
	}
}

/* The same for what is one mapping, as most are. */
static void remove_range(struct space *space, uint64_t base, uint64_t end) RELEASES(space->lock)
{
	unsigned index = space_find(space, base);
	const struct mapping removed = space->mappings[index];

	if (unlikely(mapping_end(&removed) != end)) {
		remove_all(space, base, end);
		return;
	}
	space_remove(space, index, 1);
	spin_unlock(&space->lock);
	mapping_put_paused(space->ledger, &removed);
}

/* Undoes a mapping, entered or not. Drops the lock. */
static void clear_and_remove(struct space *space, const struct mapping *mapping) RELEASES(space->lock)
{
	struct tlb_batch batch __attribute__((uninitialized)); /* 128 bytes of addresses */
	vaddr_t base = mapping->base;
	uint64_t end = mapping_end(mapping);

	batch.count = 0;
	pagetable_clear(space->root, base, mapping->pages, &space->tables, &batch);
	space_flush_locked(space, base.raw, end, &batch);
	remove_range(space, base.raw, end);
}

/* Enters every page. What was entered before a failure is cleared by the caller, who removes the mapping. */
static enum status enter_all(struct space *space, const struct mapping *mapping) REQUIRES(space->lock)
{
	for (uint64_t i = 0; i < mapping->pages; i++) {
		enum status status;
		paddr_t page;

		status = memory_page(mapping->memory, mapping->first_page + i, &page);
		if (status != STATUS_OK)
			return status;
		status = pagetable_enter(space->root, VADDR(mapping->base.raw + i * PAGE_SIZE), page,
					 mapping->prot, &space->tables);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status add_mapping(struct space *space, struct memory *memory, const struct wanted *wanted,
			       vaddr_t *out)
{
	enum status status = check_prot(memory, wanted->prot);

	if (status != STATUS_OK)
		return status;
	if (wanted->first_page > memory->pages || wanted->pages > memory->pages - wanted->first_page ||
	    !is_user_range(wanted->hint.raw ? wanted->hint : VADDR(SPACE_LOWEST), wanted->pages))
		return STATUS_BAD_RANGE;

	struct mapping mapping = {.base = wanted->hint,
				  .memory = memory,
				  .pages = (uint32_t)wanted->pages,
				  .first_page = (uint32_t)wanted->first_page,
				  .prot = full_prot(memory, wanted->prot),
				  .most = (uint8_t)wanted->prot,
				  .pinned = wanted->pinned,
				  .kind = wanted->kind};
	space_lock_settled(space, mapping.base.raw, mapping_end(&mapping));
	status = space_place(space, &mapping);
	if (status == STATUS_OK)
		memory_get(memory);
	if (wanted->entered && status == STATUS_OK && (status = enter_all(space, &mapping)) != STATUS_OK) {
		clear_and_remove(space, &mapping);
		return status;
	}
	spin_unlock(&space->lock);
	*out = mapping.base;
	return status;
}

enum status space_map(struct space *space, struct memory *memory, uint64_t first_page, uint64_t pages,
		      vaddr_t hint, unsigned prot, vaddr_t *out)
{
	return add_mapping(
		space, memory,
		&(struct wanted){.first_page = first_page, .pages = pages, .hint = hint, .prot = prot}, out);
}

enum status space_map_as(struct space *space, struct memory *memory, uint64_t first_page, uint64_t pages,
			 vaddr_t hint, unsigned prot, enum mapping_kind kind, vaddr_t *out)
{
	return add_mapping(
		space, memory,
		&(struct wanted){
			.first_page = first_page, .pages = pages, .hint = hint, .prot = prot, .kind = kind},
		out);
}

enum status space_map_pinned(struct space *space, struct memory *memory, vaddr_t hint, unsigned prot,
			     vaddr_t *out)
{
	return add_mapping(
		space, memory,
		&(struct wanted){
			.pages = memory->pages, .hint = hint, .prot = prot, .pinned = true, .entered = true},
		out);
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
	space_flush_locked(space, base.raw, end, &batch);
	remove_range(space, base.raw, end);
	return STATUS_OK;
}

/* The range consists of whole mappings from `first` on. */
static enum status check_prot_all(struct space *space, uint64_t base, uint64_t end, unsigned prot)
	REQUIRES(space->lock)
{
	for (unsigned i = space_find(space, base); i < space->len && space->mappings[i].base.raw < end; i++) {
		enum status status = check_prot(memory_of(&space->mappings[i]), prot);

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

		m->prot = full_prot(memory_of(m), prot);
		if (prot & PAGE_READ)
			pagetable_set_prot(space->root, m->base, m->pages, mapping_entered_prot(m),
					   &space->tables, batch);
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
		space_flush_locked(space, base.raw, end, &batch);
	}
	spin_unlock(&space->lock);
	return status;
}

void space_unmap_pinned(struct space *space, vaddr_t base)
{
	unsigned i;

	space_lock_settled(space, base.raw, base.raw + PAGE_SIZE);
	i = space_find(space, base.raw);
	kassert(i < space->len && space->mappings[i].base.raw == base.raw && space->mappings[i].pinned);
	clear_and_remove(space, &space->mappings[i]);
}
