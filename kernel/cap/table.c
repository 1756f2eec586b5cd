// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Capability tables. See the header for the invariants; each is upheld where its number stands.
 */
#include <cap/process.h>
#include <cap/table.h>
#include <cap/table_line.h>
#include <core/log.h>
#include <core/work.h>
#include <mm/frame.h>
#include <mm/slab.h>

#define FIRST_CAPACITY 32u

static size_t array_bytes(uint32_t capacity)
{
	return (size_t)capacity * (sizeof(struct cap_entry) + sizeof(uint64_t));
}

/* Chains entries first .. capacity-1 in ascending order, ending in `tail`. */
static void chain_fresh(struct cap_array *array, uint32_t first, uint32_t tail)
{
	struct cap_entry *entries = cap_array_entries(array);

	for (uint32_t i = first; i < array->capacity; i++) {
		entries[i].generation = 1;
		entries[i].next = i + 1 < array->capacity ? i + 1 : tail;
	}
}

enum status cap_table_init(struct cap_table *table, struct ledger *ledger)
{
	struct cap_array *array = heap_alloc(array_bytes(FIRST_CAPACITY));

	if (array == NULL)
		return STATUS_NO_MEMORY;
	array->capacity = FIRST_CAPACITY;
	chain_fresh(array, 1, 0);
	table->array = array;
	table->details = cap_array_details(array);
	table->free = 1;
	table->used = 0;
	table->ledger = ledger;
	spin_init(&table->lock, LOCK_RANK_TABLE);
	return STATUS_OK;
}

static void array_free(struct quiesce_node *node)
{
	struct cap_array *array = container_of(node, struct cap_array, quiesce);

	heap_free(array, array_bytes(array->capacity));
}

/* Doubles the array. Readers keep using the old one until quiescence; nobody changes it any more. */
enum status cap_table_grow(struct cap_table *table)
{
	struct cap_array *old = table->array;
	uint32_t capacity = old->capacity * 2;

	if (capacity > CAP_TABLE_MAX_SLOTS)
		return STATUS_NO_SLOT;
	struct cap_array *array = heap_alloc(array_bytes(capacity));
	if (array == NULL)
		return STATUS_NO_MEMORY;
	array->capacity = capacity;
	copy_words(cap_array_entries(array) + 1, cap_array_entries(old) + 1,
		   (old->capacity - 1) * sizeof(struct cap_entry) / 8);
	copy_words(cap_array_details(array), cap_array_details(old), old->capacity);
	chain_fresh(array, old->capacity, table->free);
	table->free = old->capacity;
	store_release(&table->array, array);
	table->details = cap_array_details(array);
	quiesce_free(&old->quiesce, array_free);
	return STATUS_OK;
}

enum status cap_table_reserve(struct cap_table *table, unsigned count, struct cap_slots *out)
{
	*out = (struct cap_slots){0};
	if (count == 0)
		return STATUS_OK;
	enum status status = ledger_charge(table->ledger, LEDGER_ENTRIES, count); /* T3 */
	if (status != STATUS_OK)
		return status;
	spin_lock(&table->lock);
	for (unsigned n = 0; n < count; n++) {
		if (table->free == 0 && (status = cap_table_grow(table)) != STATUS_OK)
			break;
		struct cap_entry *entry = &cap_array_entries(table->array)[table->free];
		uint32_t slot = table->free;
		table->free = entry->next;
		entry->next = out->first;
		*out = (struct cap_slots){slot, out->count + 1};
		table->used++;
	}
	spin_unlock(&table->lock);
	if (status != STATUS_OK) {
		uint32_t missing = count - out->count;
		cap_table_unreserve(table, out);
		ledger_credit(table->ledger, LEDGER_ENTRIES, missing);
	}
	return status;
}

void cap_table_unreserve(struct cap_table *table, struct cap_slots *slots)
{
	if (slots->count == 0)
		return;
	ledger_credit(table->ledger, LEDGER_ENTRIES, slots->count);
	spin_lock(&table->lock);
	struct cap_entry *entries = cap_array_entries(table->array);
	table->used -= slots->count;
	uint32_t slot = slots->first;
	for (uint32_t left = slots->count; left > 0; left--) {
		uint32_t next = entries[slot].next;
		entries[slot].next = table->free;
		table->free = slot;
		slot = next;
	}
	slots->first = 0;
	store_relaxed(&slots->count, 0u);
	spin_unlock(&table->lock);
}

void cap_table_join_slots(struct cap_table *table, struct cap_slots *slots, struct cap_slots more)
{
	spin_lock(&table->lock); /* the array may be growing */
	struct cap_entry *entries = cap_array_entries(table->array);
	uint32_t last = more.first;
	for (uint32_t i = 1; i < more.count; i++)
		last = entries[last].next;
	if (more.count != 0) {
		entries[last].next = slots->first;
		slots->first = more.first;
		count_own_32(&slots->count, more.count);
	}
	spin_unlock(&table->lock);
}

cap_id cap_table_install(struct cap_table *table, struct cap_slots *slots, struct cap_ref ref,
			 struct provenance provenance)
{
	return cap_table_install_here(table, slots, ref, provenance);
}

enum status cap_table_insert(struct cap_table *table, struct cap_ref ref, struct provenance provenance,
			     cap_id *out)
{
	struct cap_slots slots;
	enum status status = cap_table_reserve(table, 1, &slots);

	if (status == STATUS_OK)
		*out = cap_table_install(table, &slots, ref, provenance);
	return status;
}

/* Takes `slot` out of the free chain. A walk: only creators that fill a table before start do this. */
static enum status take_slot(struct cap_table *table, uint32_t slot) REQUIRES(table->lock)
{
	enum status status = STATUS_OK;

	if (slot >= CAP_TABLE_MAX_SLOTS)
		return STATUS_NO_SLOT;
	while (slot >= table->array->capacity)
		if ((status = cap_table_grow(table)) != STATUS_OK)
			return status;
	struct cap_entry *entries = cap_array_entries(table->array);
	for (uint32_t *link = &table->free; *link != 0; link = &entries[*link].next) {
		if (*link == slot) {
			*link = entries[slot].next;
			table->used++;
			return STATUS_OK;
		}
	}
	return STATUS_EXISTS;
}

enum status cap_table_insert_at(struct cap_table *table, uint32_t slot, struct cap_ref ref,
				struct provenance provenance, cap_id *out)
{
	if (slot == 0)
		return cap_table_insert(table, ref, provenance, out);
	enum status status = ledger_charge(table->ledger, LEDGER_ENTRIES, 1);
	if (status != STATUS_OK)
		return status;
	spin_lock(&table->lock);
	status = take_slot(table, slot);
	if (status == STATUS_OK)
		*out = cap_table_fill(table, &cap_array_entries(table->array)[slot], slot, ref, provenance);
	spin_unlock(&table->lock);
	if (status != STATUS_OK)
		ledger_credit(table->ledger, LEDGER_ENTRIES, 1);
	return status;
}

struct cap_copy cap_table_dup(struct cap_table *table, cap_id id, uint32_t giver)
{
	return cap_table_dup_here(table, id, giver, true);
}

enum status cap_table_release(struct cap_table *table, cap_id id)
{
	return cap_table_release_here(table, id, true);
}

bool cap_table_vacate(struct cap_table *table, cap_id id, struct cap_slots *slots, struct cap_ref *ref)
{
	uint32_t slot = cap_id_slot(id);
	bool stays = true;

	spin_lock(&table->lock);
	struct cap_entry *entry = cap_table_held(table, id, cap_id_generation(id));
	if (likely(entry != NULL)) {
		stays = cap_table_clear(table, entry, slot, ref);
		if (likely(stays)) {
			entry->next = slots->first;
			slots->first = slot;
			count_own_32(&slots->count, 1);
		} else {
			table->used--;
		}
	}
	spin_unlock(&table->lock);
	if (unlikely(!stays))
		ledger_credit(table->ledger, LEDGER_ENTRIES, 1);
	return entry != NULL;
}

enum status cap_table_get(struct cap_table *table, cap_id id, struct cap_ref *out)
{
	enum status status = cap_table_find(table, id, out);

	if (status != STATUS_OK)
		return status;
	/* Released meanwhile by another thread: what quiescence keeps may have no reference left. */
	if (!view_try_get(out->view))
		return STATUS_BAD_ID;
	if (out->gate != NULL && !object_try_get(&out->gate->object)) {
		view_put(out->view);
		return STATUS_BAD_ID;
	}
	return STATUS_OK;
}

enum status cap_table_lock(struct cap_table *table, cap_id id, struct cap_ref *out)
{
	enum status status = STATUS_BAD_ID;

	spin_lock(&table->lock);
	struct cap_entry *entry = cap_table_held(table, id, cap_id_generation(id));
	if (entry != NULL && (cap_id_generation(id) & CAP_GENERATION_LOCKED) == 0) {
		*out = (struct cap_ref){entry->view, entry->gate};
		status = out->gate == NULL || gate_is_alive(out->gate) ? STATUS_OK : STATUS_REVOKED;
		if (status == STATUS_OK) {
			cap_ref_get(*out);
			store_release(&entry->generation, entry->generation | CAP_GENERATION_LOCKED); /* T5 */
			cap_table_count_removal(table, cap_id_slot(id));
		}
	}
	spin_unlock(&table->lock);
	return status;
}

/* Nobody else can release it, and its process does not end, until whoever locked it has let go (T5). */
static struct cap_entry *locked_entry(struct cap_table *table, cap_id id) REQUIRES(table->lock)
{
	struct cap_entry *entry = &cap_array_entries(table->array)[cap_id_slot(id)];

	kassert(entry->view != NULL && entry->generation == (cap_id_generation(id) | CAP_GENERATION_LOCKED));
	return entry;
}

void cap_table_unlock(struct cap_table *table, cap_id id)
{
	spin_lock(&table->lock);
	store_release(&locked_entry(table, id)->generation, cap_id_generation(id));
	spin_unlock(&table->lock);
}

void cap_table_remove_locked(struct cap_table *table, cap_id id)
{
	spin_lock(&table->lock);
	struct cap_ref ref = cap_table_empty(table, locked_entry(table, id), cap_id_slot(id));
	spin_unlock(&table->lock);
	ledger_credit(table->ledger, LEDGER_ENTRIES, 1);
	cap_ref_put(ref);
}

bool cap_table_next(struct cap_table *table, uint32_t from, uint32_t *slot, struct cap_entry *out,
		    struct provenance *provenance)
{
	bool found = false;

	spin_lock(&table->lock);
	struct cap_array *array = table->array; /* NULL: its process has ended */
	struct cap_entry *entries = cap_array_entries(array);
	for (uint32_t i = from > 0 ? from : 1; array != NULL && i < array->capacity && !found; i++) {
		if (entries[i].view == NULL)
			continue;
		*slot = i;
		*out = entries[i];
		__builtin_memcpy(provenance, &entries[i].provenance, sizeof(entries[i].provenance));
		provenance->detail = cap_array_details(array)[i];
		found = true;
	}
	spin_unlock(&table->lock);
	return found;
}

/* Only who lists it from outside may still come, and looks under the lock. */
static void begin_end(struct cap_table *table)
{
	spin_lock(&table->lock);
	table->ended = table->array;
	table->array = NULL;
	table->free = 1;
	spin_unlock(&table->lock);
	ledger_credit(table->ledger, LEDGER_ENTRIES, table->used);
}

#define ENTRY_WORK 2048u /* an entry's references: more if one was the last */
#define SLOT_WORK 128u   /* looking at one */

bool cap_table_fini(struct cap_table *table)
{
	uint64_t begin = work_begin();

	if (table->array != NULL)
		begin_end(table);
	struct cap_array *array = table->ended;
	if (array == NULL)
		return true;
	for (; table->free < array->capacity; table->free++) {
		struct cap_entry *entry = &cap_array_entries(array)[table->free];
		if (table->free % 32 == 0) {
			if (work_is_enough(begin))
				return false;
			work_done(32 * SLOT_WORK);
		}
		if (entry->view == NULL)
			continue;
		struct cap_ref ref = {entry->view, entry->gate};
		entry->view = NULL;
		if (ref.gate != NULL)
			(void)atomic_sub(&ref.gate->entries, 1ull);
		cap_ref_put(ref);
		work_done(ENTRY_WORK);
	}
	heap_free(array, array_bytes(array->capacity));
	table->ended = NULL;
	return true;
}
