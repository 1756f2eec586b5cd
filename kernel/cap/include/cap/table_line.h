// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * DUP and RELEASE of a capability, and what a call brings, in line: for the submission loop. What they are made of is table.c's as well, and upholds the
 * invariants of cap/table.h.
 */
#pragma once

#include <cap/process.h>
#include <cap/table.h>

/* Doubles the array. NO_SLOT, NO_MEMORY. */
enum status cap_table_grow(struct cap_table *table) REQUIRES(table->lock);

/* Behind the entries, where look-ups never are: why each is there. */
static inline cap_id cap_table_fill(struct cap_table *table, struct cap_entry *entry, uint32_t slot,
				    struct cap_ref ref, struct provenance provenance) REQUIRES(table->lock)
{
	cap_id id = cap_id_make(slot, entry->generation);

	__builtin_assume((int64_t)id.raw > 0); /* T5: what is filled is not locked; and not slot 0 */
	store_relaxed(&entry->gate, ref.gate);
	if (unlikely(ref.gate != NULL))
		(void)atomic_add(&ref.gate->entries, 1ull);
	static_assert(offsetof(struct provenance, detail) == sizeof(entry->provenance));
	__builtin_memcpy(&entry->provenance, &provenance, sizeof(entry->provenance));
	table->details[slot] = provenance.detail;
	store_release(&entry->view, ref.view); /* T4: last */
	return id;
}

/* As cap_table_reserve of one slot, if it is there already. False: ask that. */
[[gnu::always_inline]] static inline bool cap_table_reserve_here(struct cap_table *table,
								 struct cap_slots *out)
{
	if (unlikely(ledger_charge_one(table->ledger, LEDGER_ENTRIES) != STATUS_OK)) /* T3 */
		return false;
	spin_lock(&table->lock);
	uint32_t slot = table->free;
	if (likely(slot != 0)) {
		struct cap_entry *entry = &cap_array_entries(table->array)[slot];
		table->free = entry->next;
		entry->next = 0;
		table->used++;
		*out = (struct cap_slots){slot, 1};
	}
	spin_unlock(&table->lock);
	if (unlikely(slot == 0))
		ledger_credit(table->ledger, LEDGER_ENTRIES, 1);
	return likely(slot != 0);
}

/* As cap_table_install. */
[[gnu::always_inline]] static inline cap_id cap_table_install_here(struct cap_table *table,
								   struct cap_slots *slots,
								   struct cap_ref ref,
								   struct provenance provenance)
{
	spin_lock(&table->lock); /* the array may be growing */
	uint32_t slot = slots->first;
	struct cap_entry *entry = &cap_array_entries(table->array)[slot];
	slots->first = entry->next;
	count_own_32(&slots->count, -1u);
	cap_id id = cap_table_fill(table, entry, slot, ref, provenance);
	spin_unlock(&table->lock);
	return id;
}

/* The entry in use that an id names, revoked or not. */
[[gnu::always_inline]] static inline struct cap_entry *cap_table_held(struct cap_table *table, cap_id id,
								      uint32_t generation)
	REQUIRES(table->lock)
{
	uint32_t slot = cap_id_slot(id);
	struct cap_entry *entry = &cap_array_entries(table->array)[slot];

	if (unlikely(slot >= table->array->capacity) || unlikely(entry->generation != generation) ||
	    unlikely(entry->view == NULL))
		return NULL;
	__builtin_assume(entry != NULL);
	return entry;
}

/* An id of that slot has stopped resolving: behind that, for who reads the new count finds no entry, and remembers none under it. */
static inline void cap_table_count_removal(struct cap_table *table, uint32_t slot) REQUIRES(table->lock)
{
	uint64_t *removals = cap_table_removals(table, slot);

	store_release(removals, load_relaxed(removals) + 1);
}

/* Empties the entry, whose slot is in no chain; its references are the caller's now. False: its generations are used up, and the
 * slot retires rather than let a stale id resolve. */
static inline bool cap_table_clear(struct cap_table *table, struct cap_entry *entry, uint32_t slot,
				   struct cap_ref *ref) REQUIRES(table->lock)
{
	uint32_t generation = (entry->generation & ~CAP_GENERATION_LOCKED) + 1;

	*ref = (struct cap_ref){entry->view, entry->gate};
	store_release(&entry->view, (struct view *)NULL); /* T4 */
	store_release(&entry->generation, generation);    /* T2 */
	cap_table_count_removal(table, slot);
	if (unlikely(ref->gate != NULL))
		(void)atomic_sub(&ref->gate->entries, 1ull);
	return likely(generation != CAP_GENERATION_LOCKED);
}

/* The same, and the slot is free. */
static inline struct cap_ref cap_table_empty(struct cap_table *table, struct cap_entry *entry, uint32_t slot)
	REQUIRES(table->lock)
{
	struct cap_ref ref;

	table->used--;
	if (cap_table_clear(table, entry, slot, &ref)) {
		entry->next = table->free;
		table->free = slot;
	}
	return ref;
}

/* As cap_table_dup, which it leaves those with a gate to unless `gates`. Under the lock the entry's own references hold what it names:
 * they are counted up without looking whether they are the last. */
[[gnu::always_inline]] static inline struct cap_copy cap_table_dup_here(struct cap_table *table, cap_id id,
									uint32_t giver, bool gates)
{
	enum status status = STATUS_BAD_ID;

	spin_lock(&table->lock);
	struct cap_entry *entry = cap_table_held(table, id, cap_id_generation(id));
	if (unlikely(entry == NULL) || unlikely((int64_t)id.raw < 0))
		goto refused;
	struct cap_ref ref = {entry->view, entry->gate};
	if (!gates && unlikely(ref.gate != NULL)) {
		spin_unlock(&table->lock);
		return cap_table_dup(table, id, giver);
	}
	status = STATUS_REVOKED;
	if (unlikely(ref.gate != NULL) && !gate_is_alive(ref.gate))
		goto refused;
	status = ledger_charge_one(table->ledger, LEDGER_ENTRIES); /* T3 */
	if (unlikely(status != STATUS_OK))
		goto refused;
	if (unlikely(table->free == 0)) {
		status = cap_table_grow(table);
		if (status != STATUS_OK) {
			ledger_credit(table->ledger, LEDGER_ENTRIES, 1);
			goto refused;
		}
	}
	uint32_t slot = table->free;
	entry = &cap_array_entries(table->array)[slot];
	table->free = entry->next;
	table->used++;
	cap_ref_get(ref);
	cap_id copy = cap_table_fill(
		table, entry, slot, ref,
		(struct provenance){.giver = giver, .kind = PROVENANCE_DUPLICATE, .detail = id.raw});
	uint64_t object_id = ref.view->object->id;
	spin_unlock(&table->lock);
	return (struct cap_copy){(int64_t)copy.raw, object_id};
refused:
	spin_unlock(&table->lock);
	return (struct cap_copy){status, 0};
}

/* As cap_table_release, which it leaves those with a gate to unless `gates`. */
[[gnu::always_inline]] static inline enum status cap_table_release_here(struct cap_table *table, cap_id id,
									bool gates)
{
	spin_lock(&table->lock);
	struct cap_entry *entry = cap_table_held(table, id, cap_id_generation(id));
	if (unlikely(entry == NULL) || unlikely((int64_t)id.raw < 0)) {
		spin_unlock(&table->lock);
		return STATUS_BAD_ID;
	}
	if (!gates && unlikely(entry->gate != NULL)) {
		spin_unlock(&table->lock);
		return cap_table_release(table, id);
	}
	struct cap_ref ref = cap_table_empty(table, entry, cap_id_slot(id));
	spin_unlock(&table->lock);
	ledger_credit(table->ledger, LEDGER_ENTRIES, 1);
	cap_ref_put(ref);
	return STATUS_OK;
}
