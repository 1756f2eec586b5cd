// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Mappings that were made through a gate, and their records: what unmapping forgets, what revoking removes and what it leaves, what a
 * clone gets, and that a process with many ends in pieces. Refusals have taken nothing; everything goes back.
 */
#include "scenario.h"

#include <cap/gate_mapping.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/memory.h>
#include <mm/slab.h>
#include <ring/revoke.h>

#define AT 0x40000000ull
#define READABLE (PAGE_USER | PAGE_READ)

static uint64_t objects;
static struct ledger rich;
static struct process *process;
static struct gate *gate;
static struct memory *memory;

static struct process *make_process(uint64_t object_limit)
{
	struct process_limits limits = {.resource = {[LEDGER_OBJECTS] = object_limit}};
	struct process *made;

	explore_check(process_create(NULL, NULL, "borrower", 8, &limits, &made) == STATUS_OK);
	return made;
}

static void drop(struct process *made)
{
	process_abandon(made, &(struct exit_record){.reason = EXIT_KILLED});
}

static void begin(void)
{
	static const uint64_t limits[LEDGER_COUNT] = {[LEDGER_PAGES] = 1000};

	scenario_begin(1);
	ledger_init(&rich, limits);
	quiesce_drain();
	objects = slab_objects_in_use();
	process = make_process(0);
	explore_check(gate_create(NULL, NULL, NULL, &gate) == STATUS_OK);
	explore_check(memory_create(&rich, 4, &memory) == STATUS_OK);
}

static void end(void)
{
	memory_put(memory);
	gate_put(gate);
	drop(process);
	quiesce_drain();
	explore_check(slab_objects_in_use() == objects && rich.used[LEDGER_PAGES] == 0);
}

static enum status map(struct memory *of, uint64_t first, uint64_t pages, uint64_t at, enum mapping_kind kind)
{
	vaddr_t mapped;

	return space_map_as(&process->space, of, first, pages, VADDR(at), READABLE, kind, &mapped);
}

/* As VirtualMemory.map does it with a capability under a gate. */
static void lend(struct memory *of, uint64_t pages, uint64_t at)
{
	struct gate_mapping *record;

	explore_check(gate_mapping_prepare(process, gate, of, pages, &record) == STATUS_OK);
	explore_check(map(of, 0, pages, at, MAPPING_LENT) == STATUS_OK);
	gate_mapping_link(record, at);
}

static unsigned records(const struct process *of)
{
	unsigned count = 0;

	list_for_each (it, &of->gate_mappings)
		count++;
	return count;
}

/* A picture of the four pages from AT on: L the lent memory, o another one, . nothing. */
static bool looks(const struct process *of, const char picture[static 4])
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t page = AT + i * PAGE_SIZE;
		char seen = '.';
		struct mapping m;
		for (unsigned k = 0; space_mapping((struct space *)&of->space, k, &m); k++)
			if (m.base.raw <= page && page < m.base.raw + m.pages * PAGE_SIZE)
				seen = mapping_shows(&m, memory) ? 'L' : 'o';
		if (seen != picture[i])
			return false;
	}
	return true;
}

static void unmap(unsigned page, unsigned pages)
{
	uint64_t at = AT + page * PAGE_SIZE;

	explore_check(space_unmap(&process->space, VADDR(at), pages) == STATUS_OK);
	gate_mappings_unmapped(process, at, at + pages * PAGE_SIZE);
}

EXPLORE_TEST(a_record_goes_when_nothing_of_it_is_mapped_any_more, 1)
{
	begin();
	lend(memory, 4, AT);
	lend(memory, 1, AT + 64 * PAGE_SIZE);
	explore_check(records(process) == 2 && looks(process, "LLLL"));
	uint64_t charged = process->ledger.used[LEDGER_OBJECTS];
	/* Parts of it, at either end: it may be asked for again when the rest is revoked. */
	unmap(2, 2);
	explore_check(records(process) == 2);
	unmap(0, 1);
	explore_check(records(process) == 2 && looks(process, ".L.."));
	/* All of the range; but a sibling has mapped it there again. */
	explore_check(space_unmap(&process->space, VADDR(AT + PAGE_SIZE), 1) == STATUS_OK);
	explore_check(map(memory, 0, 1, AT + PAGE_SIZE, MAPPING_LENT) == STATUS_OK);
	gate_mappings_unmapped(process, AT, AT + 4 * PAGE_SIZE);
	explore_check(records(process) == 2);
	explore_check(space_unmap(&process->space, VADDR(AT + PAGE_SIZE), 1) == STATUS_OK);
	gate_mappings_unmapped(process, AT, AT + 4 * PAGE_SIZE);
	explore_check(records(process) == 1 && process->ledger.used[LEDGER_OBJECTS] == charged - 1);
	explore_check(looks(process, "....") && gate->object.refs == 2);
	end();
}

EXPLORE_TEST(revoking_removes_what_was_lent_and_nothing_else, 1)
{
	struct mapping found;
	struct memory *own;
	vaddr_t pinned;

	begin();
	explore_check(memory_create(&rich, 1, &own) == STATUS_OK);
	lend(memory, 4, AT);
	/* The process has put something of its own in the middle; its neighbour begins in the range and reaches beyond it. */
	unmap(1, 1);
	explore_check(map(own, 0, 1, AT + PAGE_SIZE, MAPPING_OWN) == STATUS_OK);
	unmap(3, 1);
	explore_check(map(memory, 0, 2, AT + 3 * PAGE_SIZE, MAPPING_SHARED) == STATUS_OK);
	explore_check(looks(process, "LoLL"));
	explore_check(gate_mapping_revoke_one(gate) && records(process) == 0);
	explore_check(looks(process, ".o..") && !gate_mapping_revoke_one(gate));
	explore_check(gate->object.refs == 1 && process->ledger.used[LEDGER_OBJECTS] == 0);
	/* What the kernel has pinned there stays, and does not keep the revoker. */
	lend(memory, 4, AT + 16 * PAGE_SIZE);
	explore_check(space_unmap(&process->space, VADDR(AT + 16 * PAGE_SIZE), 4) == STATUS_OK);
	explore_check(space_map_pinned(&process->space, memory, VADDR(AT + 16 * PAGE_SIZE), READABLE,
				       &pinned) == STATUS_OK);
	explore_check(gate_mapping_revoke_one(gate) && records(process) == 0);
	explore_check(space_mapping_of(&process->space, memory, pinned.raw, pinned.raw + 1, &found));
	space_unmap_pinned(&process->space, pinned);
	memory_put(own);
	end();
}

EXPLORE_TEST(who_cannot_pay_for_a_record_is_lent_nothing, 1)
{
	struct gate_mapping *record;
	struct process *poor;

	begin();
	slab_fail_after(1);
	explore_check(gate_mapping_prepare(process, gate, memory, 1, &record) == STATUS_NO_MEMORY);
	slab_fail_after(0);
	poor = make_process(1);
	poor->ledger.used[LEDGER_OBJECTS] = 1;
	explore_check(gate_mapping_prepare(poor, gate, memory, 1, &record) == STATUS_NO_QUOTA);
	poor->ledger.used[LEDGER_OBJECTS] = 0;
	explore_check(process->ledger.used[LEDGER_OBJECTS] == 0 && gate->object.refs == 1 &&
		      load_relaxed(&memory->refs) == 1);
	drop(poor);
	end();
}

EXPLORE_TEST(a_clone_is_lent_what_its_parent_is, 1)
{
	struct memory *other;
	struct process *clone;

	begin();
	explore_check(memory_create(&rich, 1, &other) == STATUS_OK);
	/* The records of neighbours, on both sides and of other memory, are not mistaken for one another. */
	lend(other, 1, AT + 8 * PAGE_SIZE);
	lend(memory, 1, AT + 3 * PAGE_SIZE);
	lend(memory, 1, AT);
	lend(memory, 1, AT + PAGE_SIZE);
	explore_check(map(other, 0, 1, AT + 2 * PAGE_SIZE, MAPPING_SHARED) == STATUS_OK);
	clone = make_process(0);
	explore_check(space_clone(&process->space, &clone->space, NULL, NULL) == STATUS_OK);
	explore_check(gate_mappings_clone(process, clone) == STATUS_OK);
	explore_check(records(clone) == 4 && looks(clone, "LLoL"));
	while (gate_mapping_revoke_one(gate))
		;
	explore_check(looks(clone, "..o.") && looks(process, "..o.") && records(clone) == 0);
	drop(clone);
	/* One that cannot pay for the records is not made; what the gate has taken back meanwhile, it never has. */
	lend(memory, 1, AT);
	clone = make_process(1);
	clone->ledger.used[LEDGER_OBJECTS] = 1;
	explore_check(space_clone(&process->space, &clone->space, NULL, NULL) == STATUS_OK);
	explore_check(gate_mappings_clone(process, clone) == STATUS_NO_QUOTA && records(clone) == 0);
	clone->ledger.used[LEDGER_OBJECTS] = 0;
	store_release(&gate->dead, true);
	explore_check(gate_mappings_clone(process, clone) == STATUS_OK);
	explore_check(looks(clone, "..o.") && records(clone) == 0);
	drop(clone);
	memory_put(other);
	end();
}

EXPLORE_TEST(everything_that_was_lent_is_taken_back_however_much, 1)
{
	struct revoke_report report;

	begin();
	for (unsigned i = 0; i < 100; i++)
		lend(memory, 1, AT + 2 * i * PAGE_SIZE);
	gate_revoke(gate, &report);
	explore_check(report.mappings == 100 && records(process) == 0 && looks(process, "...."));
	end();
}

/* More than one piece of work each: capabilities, then what is lent. */
EXPLORE_TEST(a_process_with_many_capabilities_and_mappings_ends_in_pieces, 1)
{
	struct interface_set all = {1, METHODS_ALL};
	struct view *view;
	unsigned pieces = 0;
	cap_id id;

	begin();
	explore_check(view_create(NULL, &gate->object, VIEW_OBJECT, 0, &all, 1, &view) == STATUS_OK);
	for (unsigned i = 0; i < 200; i++) {
		view_get(view);
		explore_check(cap_table_insert(&process->table, (struct cap_ref){view, NULL},
					       (struct provenance){}, &id) == STATUS_OK);
		lend(memory, 1, AT + 2 * i * PAGE_SIZE);
	}
	view_put(view);
	for (bool over = false; !over; pieces++) {
		over = process_end(process);
		explore_check(over == (process->state == PROCESS_ENDED));
	}
	explore_check(pieces > 4 && pieces < 50 && records(process) == 0);
	quiesce_drain();
	explore_check(gate->object.refs == 1 && process->ledger.used[LEDGER_ENTRIES] == 0 &&
		      process->ledger.used[LEDGER_OBJECTS] == 0);
	/* Who lists it now finds nothing. */
	struct cap_entry entry;
	struct provenance provenance;
	uint32_t slot;
	explore_check(!cap_table_next(&process->table, 0, &slot, &entry, &provenance));
	object_put(&process->object);
	object_put(&process->space_object);
	process = make_process(0);
	end();
}

EXPLORE_MAIN
