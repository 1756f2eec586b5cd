/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The slot and generation arithmetic of capability tables: look-up stays inside the array for every id; release gives the slot a generation that no id had, and retires it
 * when they are used up.
 *
 * Assumed: one CPU (tests/models/table.pml has the interleavings); the array's capacity is a power of two, up to 65536
 * (cap_table_init, grow), its slot 0 is never filled; the entries are an array beside its header, not overlaid on it.
 * Without WP's filter, which drops what a structure was assigned.
 *
 * shipped: abi/include/abi/cap.h cap_id cap_id_make cap_id_slot cap_id_generation
 * shipped: kernel/cap/include/cap/table.h CAP_REMOVALS CAP_GENERATION_LOCKED cap_ref cap_table_removals cap_table_find
 * shipped: kernel/cap/include/cap/table_line.h cap_table_held cap_table_count_removal cap_table_clear cap_table_empty
 * options: -wp-no-filter
 *
 * mutant: cap_table_find s/slot >= array/slot > array/
 * mutant: cap_table_clear s/& ~CAP_GENERATION_LOCKED//
 * mutant: cap_table_empty s/table->free = slot/table->free = entry->next/
 */
#include "shim.h"
#include "bits.h"

enum status { STATUS_OK = 0, STATUS_BAD_ID = -2, STATUS_REVOKED = -4 };
struct view {
	int unused;
};
struct gate {
	bool dead;
	uint64_t entries;
};
struct cap_entry {
	struct view *view;
	struct gate *gate;
	uint32_t generation;
	uint32_t next;
};
struct cap_array {
	uint32_t capacity;
	struct cap_entry *entries;
};
#define ARCH_INDEX_MASKED(what, index, count) (index) /* of one that was found in range */
#include "CAP_REMOVALS.h"
struct cap_table {
	struct cap_array *array;
	uint32_t free;
	uint32_t used;
	uint64_t removals[CAP_REMOVALS];
};
#define cap_array_entries(a) ((a)->entries)
#define atomic_sub(p, v) (*(p) -= (v))
#include "cap_id.h"
#include "cap_ref.h"
#include "CAP_GENERATION_LOCKED.h"

/*@ predicate table_ok(struct cap_table *t) = \valid(t) && \valid(t->array) && power(t->array->capacity) &&
  @   \valid(t->array->entries + (0 .. t->array->capacity - 1)) &&
  @   t->array->entries[0].view == \null &&
  @   \forall integer i; 0 <= i < t->array->capacity ==>
  @     (t->array->entries[i].gate == \null || \valid(t->array->entries[i].gate));
  @ logic integer slot_of(cap_id id) = id.raw % 0x100000000;
  @ logic integer generation_of(cap_id id) = id.raw / 0x100000000;
  @ logic struct cap_entry *entry_of(struct cap_table *t, cap_id id) = t->array->entries + slot_of(id);
  @*/

/*@ assigns \nothing; ensures \result.raw == slot + generation * 0x100000000; */
static inline cap_id cap_id_make(uint32_t slot, uint32_t generation);
/*@ assigns \nothing; ensures \result == slot_of(id); */
static inline uint32_t cap_id_slot(cap_id id);
/*@ assigns \nothing; ensures \result == generation_of(id); */
static inline uint32_t cap_id_generation(cap_id id);
#include "cap_id_make.h"
#include "cap_id_slot.h"
#include "cap_id_generation.h"

/*@ assigns \nothing; */
static inline bool gate_is_alive(const struct gate *gate); /* a look at one flag: not shown here */

/*@ requires table_ok(table) && \valid(out) && \separated(out, table, table->array,
  @   table->array->entries + (0 .. table->array->capacity - 1));
  @ requires \forall integer i; 0 <= i < table->array->capacity ==>
  @   (table->array->entries[i].gate == \null || \separated(out, table->array->entries[i].gate));
  @ assigns *out;
  @ ensures inside: \result != STATUS_BAD_ID ==> 0 < slot_of(id) < table->array->capacity;
  @*/
static inline enum status cap_table_find(struct cap_table *table, cap_id id, struct cap_ref *out);
#include "cap_table_find.h"

/*@ requires table_ok(table);
  @ assigns \nothing;
  @ ensures \result == \null || (\result == entry_of(table, id) && 0 < slot_of(id) < table->array->capacity &&
  @   \result->view != \null && \result->generation == generation);
  @*/
static inline struct cap_entry *cap_table_held(struct cap_table *table, cap_id id, uint32_t generation);
#include "cap_table_held.h"

/*@ requires \valid(table);
  @ assigns \nothing;
  @ ensures \result == &table->removals[slot % 16];
  @*/
static inline uint64_t *cap_table_removals(struct cap_table *table, uint32_t slot);
#include "cap_table_removals.h"

/*@ requires \valid(table);
  @ assigns table->removals[slot % 16];
  @*/
static inline void cap_table_count_removal(struct cap_table *table, uint32_t slot);
#include "cap_table_count_removal.h"

/*@ requires \valid(table) && \valid(entry) && \valid(ref) && \separated(table, entry, ref);
  @ requires entry->gate == \null || (\valid(entry->gate) && \separated(entry->gate, table, entry, ref) && entry->gate->entries > 0);
  @ requires (entry->generation & 0x7fffffff) >= 1;
  @ assigns entry->view, entry->generation, entry->gate->entries, table->removals[0 .. 15], *ref;
  @ ensures gone: entry->view == \null;
  @ ensures next: entry->generation == (\old(entry->generation) & 0x7fffffff) + 1;
  @ ensures T2: entry->generation != (\old(entry->generation) & 0x7fffffff) && entry->generation >= 2;
  @ ensures retired: \result == 0 <==> entry->generation == 0x80000000;
  @ ensures refs: ref->view == \old(entry->view) && ref->gate == \old(entry->gate);
  @*/
static inline bool cap_table_clear(struct cap_table *table, struct cap_entry *entry, uint32_t slot,
				   struct cap_ref *ref);
#include "cap_table_clear.h"

/*@ requires \valid(table) && \valid(entry) && \separated(table, entry);
  @ requires entry->gate == \null || (\valid(entry->gate) && \separated(entry->gate, table, entry) && entry->gate->entries > 0);
  @ requires table->used > 0 && (entry->generation & 0x7fffffff) >= 1;
  @ assigns entry->view, entry->generation, entry->next, table->used, table->free, entry->gate->entries, table->removals[0 .. 15];
  @ ensures gone: entry->view == \null;
  @ ensures next: entry->generation == (\old(entry->generation) & 0x7fffffff) + 1;
  @ ensures retired: entry->generation == 0x80000000 ==> table->free == \old(table->free);
  @ ensures free: entry->generation < 0x80000000 ==> table->free == slot && entry->next == \old(table->free);
  @ ensures T3: table->used == \old(table->used) - 1;
  @ ensures refs: \result.view == \old(entry->view) && \result.gate == \old(entry->gate);
  @*/
static inline struct cap_ref cap_table_empty(struct cap_table *table, struct cap_entry *entry, uint32_t slot);
#include "cap_table_empty.h"
