// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Cloning an address space.
 *
 * Memory that only this space has shares its frames with the clone's: both may then be written only after copying, so write
 * access to its pages is taken away here, on all CPUs, before the clone can run. Memory that others hold as well (somebody
 * kept its MemoryObject) cannot change its frames under them: its pages are copied now, up to a bound.
 *
 * One memory becomes one memory, however many mappings it has: `twins` says which.
 */
#include <core/log.h>
#include <mm/slab.h>

#include "space_private.h"

struct twin {
	struct memory *from, *to; /* from NULL: a free place; to: counted */
	unsigned seen;            /* mappings of it here */
};

struct clone {
	struct ledger *ledger; /* the clone's */
	struct mapping *list;  /* the clone's mappings; memory counted */
	unsigned len, capacity;
	struct twin *twins; /* open addressing */
	unsigned places;    /* a power of two, at least twice as many as there can be */
	struct tlb_batch batch;
};

static struct twin *twin_of(const struct clone *clone, struct memory *memory)
{
	unsigned place = (unsigned)((uintptr_t)memory * 0x9e3779b97f4a7c15ull >> 40) & (clone->places - 1);

	while (clone->twins[place].from != NULL && clone->twins[place].from != memory)
		place = (place + 1) & (clone->places - 1);
	clone->twins[place].from = memory;
	return &clone->twins[place];
}

static bool is_copied(const struct mapping *m)
{
	return m->kind != MAPPING_PAGE &&
	       (m->memory->copying || (m->kind == MAPPING_OWN && !m->memory->physical));
}

/* A page of its own: both have the frame, and are charged for it. */
static enum status add_page(struct clone *clone, struct space *space, const struct mapping *m)
	REQUIRES(space->lock)
{
	enum status status = ledger_charge(clone->ledger, LEDGER_PAGES, 1);

	if (status != STATUS_OK)
		return status;
	frame_get(m->frame);
	if (m->prot & PAGE_WRITE)
		pagetable_set_prot(space->root, m->base, 1, mapping_entered_prot(m), &space->tables,
				   &clone->batch);
	clone->list[clone->len++] = *m;
	return STATUS_OK;
}

static enum status make_twin(struct clone *clone, struct twin *twin)
{
	bool alone = load_acquire(&twin->from->refs) == twin->seen;

	if (!alone && load_relaxed(&twin->from->committed) > SPACE_CLONE_COPIED)
		return STATUS_AGAIN;
	return memory_clone(twin->from, clone->ledger, alone, &twin->to);
}

static enum status add_mapping(struct clone *clone, struct space *space, const struct mapping *m)
	REQUIRES(space->lock)
{
	struct mapping copy = *m;

	if (m->kind == MAPPING_PAGE)
		return add_page(clone, space, m);
	if (is_copied(m)) {
		struct twin *twin = twin_of(clone, m->memory);
		enum status status = twin->to == NULL ? make_twin(clone, twin) : STATUS_OK;

		if (status != STATUS_OK)
			return status;
		copy.memory = twin->to;
		if (m->memory->copying && (m->prot & PAGE_WRITE))
			pagetable_set_prot(space->root, m->base, m->pages, mapping_entered_prot(m),
					   &space->tables, &clone->batch);
	}
	memory_get(copy.memory);
	clone->list[clone->len++] = copy;
	return STATUS_OK;
}

static enum status begin(struct clone *clone, unsigned mappings)
{
	clone->capacity = mappings + 1;
	for (clone->places = 2; clone->places < 2 * clone->capacity;)
		clone->places *= 2;
	clone->list = heap_alloc(clone->capacity * sizeof(*clone->list));
	clone->twins = heap_alloc(clone->places * sizeof(*clone->twins));
	return clone->list != NULL && clone->twins != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status take_list(struct clone *clone, struct space *space) REQUIRES(space->lock)
{
	enum status status = begin(clone, space->len);

	for (unsigned i = 0; status == STATUS_OK && i < space->len; i++)
		if (is_copied(&space->mappings[i]))
			twin_of(clone, space->mappings[i].memory)->seen++;
	for (unsigned i = 0; status == STATUS_OK && i < space->len; i++)
		if (!space->mappings[i].pinned)
			status = add_mapping(clone, space, &space->mappings[i]);
	return status;
}

/* Into the new space, which takes over the references. */
static enum status give_list(struct clone *clone, struct space *to)
{
	spin_lock(&to->lock);
	enum status status = space_make_room(to, clone->len);
	for (unsigned i = 0; status == STATUS_OK && i < clone->len; i++)
		space_insert(to, i, &clone->list[i]);
	spin_unlock(&to->lock);
	if (status == STATUS_OK)
		clone->len = 0;
	return status;
}

/* What was not given. */
static void end(struct clone *clone)
{
	for (unsigned i = 0; i < clone->len; i++)
		mapping_put(clone->ledger, &clone->list[i]);
	for (unsigned i = 0; clone->twins != NULL && i < clone->places; i++)
		if (clone->twins[i].to != NULL)
			memory_put(clone->twins[i].to);
	heap_free(clone->twins, clone->places * sizeof(*clone->twins));
	heap_free(clone->list, clone->capacity * sizeof(*clone->list));
}

enum status space_clone(struct space *from, struct space *to, enum status (*also)(void *), void *context)
{
	struct clone clone = {.ledger = to->ledger};
	enum status status;

	kassert(to->len == 0);
	space_lock_settled(from, 0, arch_user_end);
	status = take_list(&clone, from);
	uint64_t active = space_active(from);
	space_set_busy(from, 0, arch_user_end, true);
	spin_unlock(&from->lock);
	if (status == STATUS_OK)
		status = give_list(&clone, to);
	if (status == STATUS_OK && also != NULL)
		status = also(context);
	/* Also after a failure: what lost its rights in the tables must have lost them everywhere. */
	if (clone.batch.count != 0)
		space_flush(from, active, &clone.batch);
	spin_lock(&from->lock);
	space_set_busy(from, 0, arch_user_end, false);
	spin_unlock(&from->lock);
	end(&clone);
	return status;
}
