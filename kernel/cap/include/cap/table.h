// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Capability tables: the array from slot to what the process may do.
 *
 * - Look-up takes no lock and no reference: what it returns is valid until the end of the kernel entry (quiescence).
 * - Slot 0 is never valid; its place in the array is the header. Free slots are chained.
 * - Reserve, then install: a completion's slots are set aside at admission, and filling one cannot fail.
 *
 * Invariants:
 *   T1  an entry with view != NULL is in use and its id is (slot, generation);
 *   T2  a slot's generation changes when it is released, before the slot can be found free: a stale id never resolves;
 *   T3  entries in use + reserved = what is charged to the ledger;
 *   T4  readers find the generation that the id names before and after they load view and gate; writers clear the view
 *       before they raise the generation, and set it last when they fill the entry. So what a reader has belonged to
 *       that generation, also for an id that was guessed before it is given (tests/models/table.pml).
 *   T5  a slot whose capability is being moved is locked: its generation has the top bit set, so that no id resolves to it,
 *       and its view stays. Generations of ids are 1 .. 2^31 - 1.
 */
#pragma once

#include <arch/masked.h>
#include <abi/cap.h>
#include <abi/status.h>
#include <cap/gate.h>
#include <cap/view.h>
#include <core/atomic.h>
#include <core/ledger.h>
#include <core/lock.h>
#include <core/types.h>

/* A capability on its way: both references counted. */
struct cap_ref {
	struct view *view;
	struct gate *gate; /* NULL: not revocable */
};

static inline void cap_ref_get(struct cap_ref ref)
{
	view_get(ref.view);
	gate_get(ref.gate);
}

static inline void cap_ref_put(struct cap_ref ref)
{
	view_put(ref.view);
	gate_put(ref.gate);
}

enum provenance_kind : uint8_t {
	PROVENANCE_BOOT,
	PROVENANCE_GRANT,
	PROVENANCE_CALL,
	PROVENANCE_ANSWER,
	PROVENANCE_DUPLICATE,
};

struct provenance {
	uint32_t giver;  /* process number, 0 = the kernel */
	uint8_t kind;    /* enum provenance_kind */
	uint8_t minted;  /* made by the giver on the way */
	uint16_t method; /* CALL, ANSWER: of the call that carried it */
	uint64_t
		detail; /* CALL, ANSWER: its interface; GRANT: the giver's note; DUPLICATE: the id of the other one */
};

struct cap_entry {
	struct view *view; /* NULL: free or reserved */
	struct gate *gate;
	uint32_t generation;
	uint32_t next;       /* free or reserved: the next slot of the chain, 0 = last */
	uint64_t provenance; /* the first word of a struct provenance; the second lies behind the entries */
};
static_assert(sizeof(struct cap_entry) == 32);

/* Overlays entry 0, in which nothing is: so an id of slot 0 needs no test of its own. */
struct cap_array {
	struct view *no_view;        /* NULL */
	struct quiesce_node quiesce; /* an outgrown array waits here */
	uint32_t capacity;           /* entries, this one included; a power of two */
	uint32_t zero;
};
static_assert(sizeof(struct cap_array) == sizeof(struct cap_entry) &&
	      offsetof(struct cap_array, no_view) == offsetof(struct cap_entry, view));

#define CAP_REMOVALS 16u
#define CAP_GENERATION_LOCKED 0x80000000u /* T5; alone: the slot's generations are used up */

struct cap_table {
	struct cap_array *array; /* written under lock, read by anyone inside */
	struct cap_array *ended; /* the same while it is emptied, at the end: `free` is then the next slot */
	uint64_t *details;       /* l: of `array` */
	struct spinlock lock;    /* rank TABLE */
	uint32_t free;           /* l: chain of free slots */
	uint32_t used;           /* l: in use or reserved */
	/* By slot, modulo CAP_REMOVALS; raised once an id of such a slot does not resolve any more (released, or locked for a move), and
	 * before what it named is let go: what was found after the count was read, and has that count still, is there until who
	 * looks leaves the kernel. Written under lock, read by anyone inside. */
	uint64_t removals[CAP_REMOVALS];
	struct ledger *ledger;
};

/* A chain of reserved slots; owned by whoever reserved it. */
struct cap_slots {
	uint32_t first;
	uint32_t
		count; /* a record's may be looked at by who does not own it (ring/record.h): changed as what others read */
};

enum status cap_table_init(struct cap_table *table, struct ledger *ledger);
/* Drops every capability, a piece of work at a time; false: not all yet, call it again. Nobody looks up any more. */
bool cap_table_fini(struct cap_table *table);

static inline uint64_t *cap_array_details(struct cap_array *array)
{
	return (uint64_t *)(void *)((struct cap_entry *)(void *)array + array->capacity);
}

static inline uint64_t *cap_table_removals(struct cap_table *table, uint32_t slot)
{
	return &table->removals[slot % CAP_REMOVALS];
}

static inline struct cap_entry *cap_array_entries(struct cap_array *array)
{
	return (struct cap_entry *)(void *)array;
}

/* What a valid id stands for, not counted: valid inside this entry. BAD_ID, REVOKED. */
static inline enum status cap_table_find(struct cap_table *table, cap_id id, struct cap_ref *out)
{
	struct cap_array *array = load_acquire(&table->array);
	uint32_t slot = cap_id_slot(id);

	if (unlikely(slot >= array->capacity))
		return STATUS_BAD_ID;
	slot = (uint32_t)ARCH_INDEX_MASKED("slot", slot, array->capacity);
	struct cap_entry *entry = &cap_array_entries(array)[slot];
	if (unlikely(load_acquire(&entry->generation) != cap_id_generation(id)))
		return STATUS_BAD_ID;
	out->view = load_acquire(&entry->view);
	out->gate = load_acquire(&entry->gate);
	if (unlikely(out->view == NULL || (id.raw >> 63) != 0 ||
		     load_relaxed(&entry->generation) != cap_id_generation(id)))
		return STATUS_BAD_ID;
	return likely(out->gate == NULL) || gate_is_alive(out->gate) ? STATUS_OK : STATUS_REVOKED;
}

/* An id that resolved to something under no gate: does it still? Then to the same (T2). Two loads: an array never shrinks. */
static inline bool cap_table_still(struct cap_table *table, cap_id id)
{
	const struct cap_entry *entry = &cap_array_entries(load_acquire(&table->array))[cap_id_slot(id)];

	return load_acquire(&entry->generation) == cap_id_generation(id);
}

/* As cap_table_find, with references for the caller. */
enum status cap_table_get(struct cap_table *table, cap_id id, struct cap_ref *out);

/* MOVE: the slot no longer resolves, and stays; *out has references of its own. */
enum status cap_table_lock(struct cap_table *table, cap_id id, struct cap_ref *out);
/* The move failed: the slot is as before. */
void cap_table_unlock(struct cap_table *table, cap_id id);
/* The move succeeded: the slot is free, with another generation. */
void cap_table_remove_locked(struct cap_table *table, cap_id id);

/* Sets `count` slots aside. NO_QUOTA, NO_SLOT, NO_MEMORY. */
enum status cap_table_reserve(struct cap_table *table, unsigned count, struct cap_slots *out);
void cap_table_unreserve(struct cap_table *table, struct cap_slots *slots);
/* Adds a chain to another one. */
void cap_table_join_slots(struct cap_table *table, struct cap_slots *slots, struct cap_slots more);
/* Fills the first slot of the chain; takes over the caller's references. */
cap_id cap_table_install(struct cap_table *table, struct cap_slots *slots, struct cap_ref ref,
			 struct provenance provenance);
/* reserve and install in one; keeps the references only if OK. */
enum status cap_table_insert(struct cap_table *table, struct cap_ref ref, struct provenance provenance,
			     cap_id *out);
/* The same at a chosen slot (0 = any). EXISTS: taken. */
enum status cap_table_insert_at(struct cap_table *table, uint32_t slot, struct cap_ref ref,
				struct provenance provenance, cap_id *out);
/* A second entry for what an id stands for. BAD_ID, REVOKED, NO_QUOTA, NO_SLOT, NO_MEMORY; `giver` for its provenance. */
struct cap_copy {
	int64_t id;         /* the new id, raw, or a negative status */
	uint64_t object_id; /* what it names; 0 if that failed */
};
struct cap_copy cap_table_dup(struct cap_table *table, cap_id id, uint32_t giver);
/* As a release whose slot goes to the chain `slots`: whether there was something. *ref is the caller's then. */
bool cap_table_vacate(struct cap_table *table, cap_id id, struct cap_slots *slots, struct cap_ref *ref);
/* BAD_ID. Also what is revoked can be released. */
enum status cap_table_release(struct cap_table *table, cap_id id);

/* For listings: the first entry in use with slot >= from; false at the end. `out` is a copy whose view is valid
 * inside this entry. */
bool cap_table_next(struct cap_table *table, uint32_t from, uint32_t *slot, struct cap_entry *out,
		    struct provenance *provenance);
