// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The table of a process's clone: the same capabilities under the same ids.
 *
 * - The array is filled beside the clone's own, under the parent's lock, and put in place at the end.
 * - A slot that is not copied (no right to receive goes along, nothing whose scope forbids it, nothing that is being moved) gets
 *   the next generation: the id that the clone remembers never resolves to something else (T2).
 * - A capability to the parent's own address space becomes one to the clone's.
 */
#include <cap/process.h>
#include <mm/frame.h>
#include <mm/slab.h>

static size_t array_bytes(uint32_t capacity)
{
	return (size_t)capacity * (sizeof(struct cap_entry) + sizeof(uint64_t));
}

/* As large as the parent's: that may grow until its lock is held. */
static struct cap_array *allocate_as(struct cap_table *table) ACQUIRES(table->lock) NO_LOCK_ANALYSIS
{
	for (;;) {
		uint32_t capacity = load_acquire(&table->array)->capacity;
		struct cap_array *array = heap_alloc(array_bytes(capacity));

		spin_lock(&table->lock);
		if (array == NULL || table->array->capacity == capacity) {
			if (array != NULL)
				array->capacity = capacity;
			return array;
		}
		spin_unlock(&table->lock);
		heap_free(array, array_bytes(capacity));
	}
}

/* The view for the clone, with a reference. */
static enum status view_for(struct process *from, struct process *to, struct view *view, struct view **out)
{
	enum status status = STATUS_OK;

	if (view->object == &from->space_object) {
		status = view_create(to, &to->space_object, view->kind, view->key, view->sets, view->count,
				     out);
		if (status == STATUS_OK)
			(*out)->scope = view->scope;
		return status;
	}
	view_get(view);
	*out = view;
	return status;
}

static enum status copy_entry(struct process *from, struct process *to, const struct cap_entry *entry,
			      uint64_t id, struct cap_array *array, uint32_t slot)
{
	struct provenance provenance = {.giver = from->pid, .kind = PROVENANCE_DUPLICATE, .detail = id};
	struct cap_entry *copy = &cap_array_entries(array)[slot];
	struct view *view;
	enum status status = ledger_charge(&to->ledger, LEDGER_ENTRIES, 1);

	if (status != STATUS_OK)
		return status;
	status = view_for(from, to, entry->view, &view);
	if (status != STATUS_OK) {
		ledger_credit(&to->ledger, LEDGER_ENTRIES, 1);
		return status;
	}
	gate_get(entry->gate);
	if (entry->gate != NULL)
		(void)atomic_add(&entry->gate->entries, 1ull);
	copy->view = view;
	copy->gate = entry->gate;
	__builtin_memcpy(&copy->provenance, &provenance, sizeof(copy->provenance));
	cap_array_details(array)[slot] = provenance.detail;
	return STATUS_OK;
}

/* The parent's lock is held. What was copied is in place, also after a failure. */
static enum status copy_entries(struct process *from, struct process *to,
				bool (*goes_along)(const struct view *), struct cap_array *array,
				uint32_t *used)
{
	struct cap_entry *entries = cap_array_entries(from->table.array), *copies = cap_array_entries(array);
	enum status status = STATUS_OK;

	for (uint32_t slot = 1; slot < array->capacity; slot++) {
		const struct cap_entry *entry = &entries[slot];
		bool locked = entry->generation & CAP_GENERATION_LOCKED;

		copies[slot].generation = entry->generation & ~CAP_GENERATION_LOCKED;
		if (entry->view == NULL) {
			copies[slot].generation = entry->generation; /* used up ones stay so */
			continue;
		}
		if (status == STATUS_OK && !locked && goes_along(entry->view) &&
		    scope_allows(entry->view->scope, from, to)) {
			status = copy_entry(from, to, entry, cap_id_make(slot, entry->generation).raw, array,
					    slot);
			*used += status == STATUS_OK;
		}
		if (copies[slot].view == NULL)
			copies[slot].generation++;
	}
	return status;
}

static uint32_t chain_free(struct cap_array *array)
{
	struct cap_entry *entries = cap_array_entries(array);
	uint32_t free = 0;

	for (uint32_t slot = array->capacity; --slot > 0;) {
		if (entries[slot].view != NULL || entries[slot].generation == CAP_GENERATION_LOCKED)
			continue;
		entries[slot].next = free;
		free = slot;
	}
	return free;
}

enum status cap_table_clone(struct process *from, struct process *to, bool (*goes_along)(const struct view *))
{
	struct cap_table *table = &to->table;
	struct cap_array *array = allocate_as(&from->table);
	uint32_t used = 0;
	enum status status = STATUS_NO_MEMORY;

	if (array != NULL)
		status = copy_entries(from, to, goes_along, array, &used);
	spin_unlock(&from->table.lock);
	if (array == NULL)
		return status;
	uint32_t free = chain_free(array);
	spin_lock(&table->lock);
	struct cap_array *former = table->array;
	table->free = free;
	table->used = used;
	store_release(&table->array, array);
	table->details = cap_array_details(array);
	spin_unlock(&table->lock);
	heap_free(former, array_bytes(former->capacity)); /* nobody has had an id of it */
	return status;
}
