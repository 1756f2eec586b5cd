// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What has a bound, at the bound: gates and how deep they nest, sessions, capture, names and shares of processes, tables, views, transfer
 * scopes. What is refused there has a status of its own and has taken nothing; and everything goes back.
 */
#include "scenario.h"

#include <cap/capture.h>
#include <cap/gate.h>
#include <cap/session.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/memory.h>
#include <mm/slab.h>

static uint64_t objects;
static struct ledger rich;

static void settle(void)
{
	scenario_drain();
	quiesce_enter();
	if (cpu_count == 1)
		quiesce_drain();
}

static void begin_with(unsigned cpu_total)
{
	static const uint64_t limits[LEDGER_COUNT] = {
		[LEDGER_PAGES] = 100000, [LEDGER_ENTRIES] = 100000, [LEDGER_OBJECTS] = 100000};

	scenario_begin(cpu_total);
	ledger_init(&rich, limits);
	settle();
	objects = slab_objects_in_use();
}

static void begin(void)
{
	begin_with(1);
}

static void end(void)
{
	settle();
	explore_check(slab_objects_in_use() == objects && rich.used[LEDGER_PAGES] == 0);
}

/* One that has not started, with such limits (0: the usual). */
static struct process *make_process(struct process *creator, enum ledger_resource r, uint64_t limit)
{
	struct process_limits limits = {};
	struct process *process;

	limits.resource[r] = limit;
	explore_check(process_create(creator, NULL, "limited", 7, &limits, &process) == STATUS_OK);
	return process;
}

static void drop(struct process *process)
{
	process_abandon(process, &(struct exit_record){.reason = EXIT_KILLED});
}

/* ---- Gates ---- */

EXPLORE_TEST(gates_nest_so_deep_and_no_deeper, 1)
{
	struct gate *chain[GATE_MAX_DEPTH], *more;

	begin();
	for (unsigned i = 0; i < GATE_MAX_DEPTH; i++)
		explore_check(gate_create(NULL, i ? chain[i - 1] : NULL, NULL, &chain[i]) == STATUS_OK);
	explore_check(gate_joint_depth(chain[2], chain[GATE_MAX_DEPTH - 1]) == GATE_MAX_DEPTH + 1);
	explore_check(gate_create(NULL, chain[GATE_MAX_DEPTH - 1], NULL, &more) == STATUS_GATE_DEPTH);
	explore_check(gate_create(NULL, NULL, chain[GATE_MAX_DEPTH - 1], &more) == STATUS_GATE_DEPTH);
	for (unsigned i = 0; i < GATE_MAX_DEPTH; i++)
		for (unsigned k = 0; k < GATE_MAX_DEPTH; k++)
			explore_check(gate_contains(chain[i], chain[k]) == (i <= k));
	for (unsigned i = 0; i < GATE_MAX_DEPTH; i++)
		gate_put(chain[i]);
	end();
}

EXPLORE_TEST(a_gate_below_two_is_within_both, 1)
{
	struct gate *left, *right, *joint, *below, *spare, *result;

	begin();
	explore_check(gate_create(NULL, NULL, NULL, &left) == STATUS_OK);
	explore_check(gate_create(NULL, NULL, NULL, &right) == STATUS_OK);
	explore_check(gate_prepare(NULL, &spare) == STATUS_OK);
	/* The inner one of two, where one is within the other or missing. */
	explore_check(gate_create(NULL, left, NULL, &below) == STATUS_OK);
	struct {
		struct gate *own, *via, *inner;
	} pairs[] = {{NULL, left, left},   {left, NULL, left},   {left, left, left},
		     {left, below, below}, {below, left, below}, {NULL, NULL, NULL}};
	for (unsigned i = 0; i < array_size(pairs); i++) {
		result = gate_combine(pairs[i].own, pairs[i].via, &spare);
		explore_check(result == pairs[i].inner && spare != NULL);
		gate_put(result);
	}
	/* Neither is: a new one. */
	joint = gate_combine(below, right, &spare);
	explore_check(spare == NULL && joint != below && joint != right);
	explore_check(gate_contains(left, joint) && gate_contains(right, joint) &&
		      gate_contains(below, joint));
	explore_check(!gate_contains(joint, below) && !gate_contains(left, right));
	/* What is made below a dead gate is dead (G1). */
	struct gate_tree tree;
	gate_revoke_begin(right, &tree);
	explore_check(gate_revoke_mark(&tree) && !gate_is_alive(right) && !gate_is_alive(joint));
	explore_check(gate_is_alive(below) && gate_is_alive(left));
	for (struct list *it; (it = list_pop_front(&tree.dying)) != NULL;)
		gate_put(container_of(it, struct gate, dying));
	explore_check(gate_create(NULL, right, NULL, &result) == STATUS_OK && !gate_is_alive(result));
	gate_put(result);
	gate_put(joint);
	gate_put(below);
	gate_put(left);
	gate_put(right);
	end();
}

/* A tree of more gates than one piece marks, with children on both sides. */
#define WIDE 700u

EXPLORE_TEST(a_wide_tree_is_revoked_in_pieces, 1)
{
	static struct gate *leaves[WIDE];
	struct gate *root, *other;
	struct gate_tree tree;
	unsigned pieces = 1, counted = 0;

	begin();
	explore_check(gate_create(NULL, NULL, NULL, &root) == STATUS_OK);
	explore_check(gate_create(NULL, NULL, NULL, &other) == STATUS_OK);
	for (unsigned i = 0; i < WIDE; i++)
		explore_check(gate_create(NULL, i % 2 ? root : other, i % 2 ? other : root, &leaves[i]) ==
			      STATUS_OK);
	gate_revoke_begin(root, &tree);
	for (; !gate_revoke_mark(&tree); pieces++)
		explore_check(pieces < 10);
	explore_check(pieces >= 3);
	for (unsigned i = 0; i < WIDE; i++)
		explore_check(!gate_is_alive(leaves[i]));
	explore_check(gate_is_alive(other));
	for (struct list *it; (it = list_pop_front(&tree.dying)) != NULL; counted++)
		gate_put(container_of(it, struct gate, dying));
	explore_check(counted == WIDE + 1);
	for (unsigned i = 0; i < WIDE; i++)
		gate_put(leaves[i]);
	gate_put(root);
	gate_put(other);
	end();
}

/* ---- Sessions ---- */

EXPLORE_TEST(a_session_is_found_by_its_reference_while_it_lives, 1)
{
	struct session *session, *found;

	begin();
	explore_check(session_create(NULL, (uint64_t[]){1, 2}, NULL, &session) == STATUS_OK);
	uint64_t here = session_reference(session, 7), there = session_reference(session, 8);
	explore_check(here != there && here != 0 && there != 0);
	found = session_find(here, 7);
	explore_check(found == session);
	object_put(&found->object);
	explore_check(session_find(here, 8) == NULL);
	found = session_find(session_reference(&session_of_boot, 7), 7);
	explore_check(found == &session_of_boot);
	object_put(&found->object);
	store_release(&session->ended, true);
	explore_check(session_find(here, 7) == NULL);
	store_release(&session->ended, false);
	object_put(&session->object); /* the last one: it is still listed */
	explore_check(session_find(here, 7) == NULL);
	end();
}

EXPLORE_TEST(sessions_are_so_many_and_no_more, 1)
{
	static struct session *all[SESSION_COUNT_MAX + 1];
	unsigned count = 0;

	begin();
	while (count <= SESSION_COUNT_MAX &&
	       session_create(NULL, (uint64_t[]){count, 5}, NULL, &all[count]) == STATUS_OK)
		count++;
	explore_check(count == SESSION_COUNT_MAX);
	explore_check(session_create(NULL, (uint64_t[]){1, 1}, NULL, &all[count]) == STATUS_AGAIN);
	object_put(&all[--count]->object);
	quiesce_drain();
	explore_check(session_create(NULL, (uint64_t[]){1, 1}, NULL, &all[count]) == STATUS_OK);
	for (unsigned i = 0; i <= count; i++)
		object_put(&all[i]->object);
	end();
}

/* ---- Processes, and what is charged to them ---- */

EXPLORE_TEST(who_has_no_quota_makes_nothing, 1)
{
	struct session *session;
	struct process *process, *child;
	struct gate *gate;
	struct object object;

	begin();
	process = make_process(NULL, LEDGER_OBJECTS, 1);
	struct view *view;
	struct interface_set set = {1, METHODS_ALL};
	explore_check(gate_create(process, NULL, NULL, &gate) == STATUS_OK);
	uint64_t before = slab_objects_in_use();
	explore_check(gate_create(process, NULL, NULL, &(struct gate *){NULL}) == STATUS_NO_QUOTA);
	slab_fail_after(1);
	explore_check(session_create(process, (uint64_t[]){1, 2}, NULL, &session) == STATUS_NO_MEMORY);
	slab_fail_after(0);
	explore_check(session_create(process, (uint64_t[]){1, 2}, NULL, &session) == STATUS_NO_QUOTA);
	explore_check(object_init(&object, gate_object_type, process) == STATUS_NO_QUOTA);
	explore_check(view_create(process, &gate->object, VIEW_OBJECT, 0, &set, 1, &view) == STATUS_NO_QUOTA);
	explore_check(slab_objects_in_use() == before && process->ledger.used[LEDGER_OBJECTS] == 1);
	/* A session is two objects: the second one is refused, and the first given back. */
	gate_put(gate);
	quiesce_drain();
	explore_check(session_create(process, (uint64_t[]){1, 2}, NULL, &session) == STATUS_NO_QUOTA);
	explore_check(process->ledger.used[LEDGER_OBJECTS] == 0);
	drop(process);
	process = make_process(NULL, LEDGER_PROCESSES, 1);
	child = make_process(process, LEDGER_PAGES, 0);
	struct process *second;
	explore_check(process_create(process, NULL, "x", 1, &(struct process_limits){}, &second) ==
		      STATUS_NO_QUOTA);
	drop(child);
	drop(process);
	end();
}

EXPLORE_TEST(a_process_that_finds_no_memory_is_not_made, 1)
{
	struct process *process;
	unsigned failures = 0;

	begin();
	uint64_t count = process_count();
	for (enum status status = STATUS_NO_MEMORY; status != STATUS_OK; failures++) {
		slab_fail_after(failures + 1);
		status = process_create(NULL, NULL, "x", 1, &(struct process_limits){}, &process);
		slab_fail_after(0);
		explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
		explore_check(process_count() == count + (status == STATUS_OK));
	}
	drop(process);
	frame_fail_after(1);
	explore_check(process_create(NULL, NULL, "x", 1, &(struct process_limits){}, &process) ==
		      STATUS_NO_MEMORY);
	frame_fail_after(0);
	explore_check(failures > 1);
	end();
}

EXPLORE_TEST(names_are_letters_and_not_too_many, 1)
{
	static const char name[] = "a\x01 \x7f\xff"
				   "0123456789012345678901234567890123456789";
	struct process *process;

	begin();
	explore_check(process_create(NULL, NULL, name, sizeof(name) - 1, &(struct process_limits){},
				     &process) == STATUS_OK);
	explore_check(__builtin_memcmp(process->name, "a? ??01234567890123456789012345", 31) == 0);
	explore_check(process->name[PROCESS_NAME_MAX] == 0);
	process_rename(process, "b", 1);
	explore_check(__builtin_strcmp(process->name, "b") == 0);
	drop(process);
	end();
}

/* What a child may use of its sponsor's own is taken as a whole or not at all, and comes back with it. */
EXPLORE_TEST(a_share_is_taken_whole_or_not_at_all, 1)
{
	struct process_limits shared = {.shared = true};
	struct process *sponsor, *child;
	uint64_t used[LEDGER_COUNT];

	begin();
	sponsor = make_process(NULL, LEDGER_PAGES, 0);
	__builtin_memcpy(used, sponsor->ledger.used, sizeof(used));
	explore_check(process_create(sponsor, NULL, "child", 5, &shared, &child) == STATUS_OK);
	for (unsigned r = 0; r < LEDGER_COUNT; r++)
		explore_check(child->ledger.limit[r] > 0 &&
			      sponsor->ledger.used[r] >= used[r] + child->ledger.limit[r]);
	drop(child);
	quiesce_drain();
	explore_check(__builtin_memcmp(used, sponsor->ledger.used, sizeof(used)) == 0);
	/* More than there is of the last resource; then nothing left of one; then no memory. */
	shared.resource[LEDGER_CALLS] = sponsor->ledger.limit[LEDGER_CALLS] + 1;
	explore_check(process_create(sponsor, NULL, "child", 5, &shared, &child) == STATUS_NO_QUOTA);
	shared.resource[LEDGER_CALLS] = 0;
	sponsor->ledger.used[LEDGER_THREADS] = sponsor->ledger.limit[LEDGER_THREADS];
	explore_check(process_create(sponsor, NULL, "child", 5, &shared, &child) == STATUS_NO_QUOTA);
	sponsor->ledger.used[LEDGER_THREADS] = used[LEDGER_THREADS];
	slab_fail_after(1);
	explore_check(process_create(sponsor, NULL, "child", 5, &shared, &child) == STATUS_NO_MEMORY);
	explore_check(__builtin_memcmp(used, sponsor->ledger.used, sizeof(used)) == 0);
	/* An own limit above the default: half of what is left is at most that. */
	sponsor->ledger.limit[LEDGER_OBJECTS] = 1u << 30;
	explore_check(process_create(sponsor, NULL, "child", 5, &shared, &child) == STATUS_OK);
	explore_check(child->ledger.limit[LEDGER_OBJECTS] < 1u << 28);
	drop(child);
	quiesce_drain();
	drop(sponsor);
	end();
}

/* ---- Capture ---- */

EXPLORE_TEST(messages_are_captured_into_ordinary_memory_of_some_size, 1)
{
	struct process *process;
	struct memory *memory;

	begin();
	process = make_process(NULL, LEDGER_PAGES, 0);
	explore_check(memory_create(&rich, CAPTURE_MAX_PAGES + 1, &memory) == STATUS_OK);
	explore_check(capture_start(process, memory) == STATUS_INVALID);
	memory_put(memory);
	explore_check(memory_create_physical(&rich, PADDR(0x200000), 1, true, false, &memory) == STATUS_OK);
	explore_check(capture_start(process, memory) == STATUS_INVALID);
	memory_put(memory);
	explore_check(memory_create(&rich, CAPTURE_MIN_PAGES, &memory) == STATUS_OK);
	memory->read_only = true;
	explore_check(capture_start(process, memory) == STATUS_INVALID);
	memory->read_only = false;
	slab_fail_after(1);
	explore_check(capture_start(process, memory) == STATUS_NO_MEMORY);
	rich.limit[LEDGER_PAGES] = 0; /* its page is charged when it is first touched */
	explore_check(capture_start(process, memory) == STATUS_NO_QUOTA);
	rich.limit[LEDGER_PAGES] = 1000;
	explore_check(process->capture == NULL);
	explore_check(capture_start(process, memory) == STATUS_OK && process->capture != NULL);
	memory_put(memory);
	drop(process);
	end();
}

/* ---- Tables, views, scopes ---- */

static bool refuses;

static enum status may_be_made(struct view *view)
{
	(void)view;
	return refuses ? STATUS_BAD_STATE : STATUS_OK;
}

static void never(struct object *object)
{
	object->refs = 1;
}

static const struct object_type thing_type = {
	.name = "thing", .interface_id = 77, .destroy = never, .view_created = may_be_made};
static struct object thing;

EXPLORE_TEST(a_table_has_so_many_slots_and_no_more, 1)
{
	static struct cap_table table;
	struct interface_set all = {77, METHODS_ALL};
	struct cap_slots slots = {};
	struct view *view;
	unsigned count = 0;
	cap_id id;

	begin();
	refuses = false;
	thing = (struct object){.type = &thing_type, .refs = 1, .id = 5};
	explore_check(cap_table_init(&table, &rich) == STATUS_OK);
	explore_check(view_create(NULL, &thing, VIEW_OBJECT, 0, &all, 1, &view) == STATUS_OK);
	/* The first free slot, when none is chosen. */
	view_get(view);
	explore_check(cap_table_insert_at(&table, 0, (struct cap_ref){view, NULL}, (struct provenance){},
					  &id) == STATUS_OK);
	explore_check(cap_id_slot(id) != 0 && cap_table_release(&table, id) == STATUS_OK);
	enum status status = STATUS_OK;
	while (count < CAP_TABLE_MAX_SLOTS && status == STATUS_OK) {
		view_get(view);
		status = cap_table_insert(&table, (struct cap_ref){view, NULL}, (struct provenance){}, &id);
		count += status == STATUS_OK;
	}
	explore_check(status == STATUS_NO_SLOT && count == CAP_TABLE_MAX_SLOTS - 1);
	explore_check(cap_table_reserve(&table, 1, &slots) == STATUS_NO_SLOT);
	explore_check(rich.used[LEDGER_ENTRIES] == count);
	rich.limit[LEDGER_ENTRIES] = count;
	explore_check(cap_table_insert_at(&table, 5, (struct cap_ref){view, NULL}, (struct provenance){},
					  &id) == STATUS_NO_QUOTA);
	view_put(view); /* of the insertion that was refused */
	while (!cap_table_fini(&table))
		;
	explore_check(rich.used[LEDGER_ENTRIES] == 0);
	view_put(view);
	end();
}

EXPLORE_TEST(a_type_may_refuse_a_view, 1)
{
	struct interface_set all = {77, METHODS_ALL};
	struct view *view, *derived;

	begin();
	thing = (struct object){.type = &thing_type, .refs = 1, .id = 5};
	refuses = false;
	explore_check(view_create(NULL, &thing, VIEW_TEMPLATE, 0, &all, 0, &view) ==
		      STATUS_OK); /* of nothing */
	explore_check(!view_allows(view, 77, 0));
	refuses = true;
	explore_check(view_create(NULL, &thing, VIEW_OBJECT, 0, &all, 1, &derived) == STATUS_BAD_STATE);
	explore_check(view_derive(NULL, view, VIEW_OBJECT, 0, &all, 1, &derived) == STATUS_BAD_STATE);
	/* Of one that was minted, its endpoint is asked (ring/facet.h). */
	explore_check(view_mint(NULL, view, 3, &derived) == STATUS_OK && derived->minted && thing.refs == 3);
	view_unmint(derived);
	refuses = false;
	view_put(view);
	quiesce_drain();
	explore_check(thing.refs == 1);
	end();
}

EXPLORE_TEST(a_scope_bounds_who_may_be_given_a_capability, 1)
{
	struct process *from, *same, *other;
	struct session *session;

	begin();
	from = make_process(NULL, LEDGER_PAGES, 0);
	same = make_process(NULL, LEDGER_PAGES, 0);
	explore_check(session_create(NULL, (uint64_t[]){1, 2}, NULL, &session) == STATUS_OK);
	explore_check(process_create(NULL, session, "other", 5, &(struct process_limits){}, &other) ==
		      STATUS_OK);
	explore_check(scope_allows(SCOPE_ANY, from, same) && scope_allows(SCOPE_ANY, from, other));
	explore_check(scope_allows(SCOPE_SESSION, from, same) && !scope_allows(SCOPE_SESSION, from, other));
	explore_check(!scope_allows(SCOPE_PROCESS, from, same) && !scope_allows(SCOPE_PROCESS, from, other));
	drop(from);
	drop(same);
	drop(other);
	object_put(&session->object);
	end();
}

/* ---- A table and its clone ---- */

static struct process *parent, *clone;
static cap_id first_of_parent;

static bool all_go_along([[maybe_unused]] const struct view *view)
{
	return true;
}

static struct view *some_view(enum transfer_scope scope)
{
	struct interface_set all = {77, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &thing, VIEW_OBJECT, 0, &all, 1, &view) == STATUS_OK);
	view->scope = scope;
	return view;
}

static cap_id insert(struct process *process, enum transfer_scope scope)
{
	cap_id id;

	explore_check(cap_table_insert(&process->table, (struct cap_ref){some_view(scope), NULL},
				       (struct provenance){}, &id) == STATUS_OK);
	return id;
}

static bool has(struct process *process, cap_id id)
{
	struct cap_ref ref;

	return cap_table_find(&process->table, id, &ref) == STATUS_OK;
}

static void begin_clone(unsigned cpu_total)
{
	begin_with(cpu_total);
	refuses = false;
	thing = (struct object){.type = &thing_type, .refs = 1, .id = 5};
	parent = make_process(NULL, LEDGER_PAGES, 0);
	clone = make_process(NULL, LEDGER_PAGES, 0);
}

static void end_clone(void)
{
	drop(parent);
	drop(clone);
	settle();
	explore_check(thing.refs == 1);
	end();
}

EXPLORE_TEST(a_clone_has_the_same_ids_but_for_what_stays_behind, 1)
{
	struct cap_ref ref;

	begin_clone(1);
	cap_id goes = insert(parent, SCOPE_ANY), stays = insert(parent, SCOPE_PROCESS),
	       retired = insert(parent, SCOPE_ANY), moving = insert(parent, SCOPE_ANY);
	cap_array_entries(parent->table.array)[cap_id_slot(retired)].generation = INT32_MAX;
	retired = cap_id_make(cap_id_slot(retired), INT32_MAX);
	explore_check(cap_table_release(&parent->table, retired) == STATUS_OK);
	explore_check(cap_table_lock(&parent->table, moving, &ref) == STATUS_OK);
	slab_fail_after(1);
	explore_check(cap_table_clone(parent, clone, all_go_along) == STATUS_NO_MEMORY);
	slab_fail_after(0);
	explore_check(clone->ledger.used[LEDGER_ENTRIES] == 0);
	/* Its own address space is another one's view: without memory for that, the clone is to be given up, and what it has is whole. */
	struct process *given_up = make_process(NULL, LEDGER_PAGES, 0);
	struct view *space;
	cap_id own;
	explore_check(view_create(NULL, &parent->space_object, VIEW_OBJECT, 0,
				  &(struct interface_set){1, METHODS_ALL}, 1, &space) == STATUS_OK);
	explore_check(cap_table_insert(&parent->table, (struct cap_ref){space, NULL}, (struct provenance){},
				       &own) == STATUS_OK);
	slab_fail_after(2);
	explore_check(cap_table_clone(parent, given_up, all_go_along) == STATUS_NO_MEMORY);
	slab_fail_after(0);
	explore_check(given_up->ledger.used[LEDGER_ENTRIES] == 1 && has(given_up, goes));
	drop(given_up);
	/* Nor one that may not have as many. */
	given_up = make_process(NULL, LEDGER_ENTRIES, 1);
	explore_check(cap_table_clone(parent, given_up, all_go_along) == STATUS_NO_QUOTA);
	explore_check(given_up->ledger.used[LEDGER_ENTRIES] == 1 && has(given_up, goes));
	drop(given_up);
	explore_check(cap_table_release(&parent->table, own) == STATUS_OK);
	explore_check(cap_table_clone(parent, clone, all_go_along) == STATUS_OK);
	explore_check(has(clone, goes) && !has(clone, stays) && !has(clone, moving));
	explore_check(clone->ledger.used[LEDGER_ENTRIES] == 1);
	/* No id that the clone remembers comes to mean something else; the retired slot is used by neither. */
	for (unsigned i = 0; i < 100; i++) {
		cap_id id = insert(clone, SCOPE_ANY);
		explore_check(id.raw != stays.raw && id.raw != moving.raw &&
			      cap_id_slot(id) != cap_id_slot(retired));
	}
	cap_table_unlock(&parent->table, moving);
	view_put(ref.view);
	end_clone();
}

/* The parent's table grows while it is being cloned: the clone has what was there at one moment. */
static void clones_or_grows([[maybe_unused]] void *unused)
{
	quiesce_enter();
	if (this_cpu()->id == 0)
		explore_check(cap_table_clone(parent, clone, all_go_along) == STATUS_OK);
	else
		(void)insert(parent, SCOPE_ANY);
	quiesce_exit();
}

EXPLORE_ALL(a_table_that_grows_is_cloned_as_it_was_or_as_it_is, 1)
{
	begin_clone(2);
	first_of_parent = insert(parent, SCOPE_ANY);
	while (parent->table.free != 0)
		(void)insert(parent, SCOPE_ANY);
	uint32_t before = parent->table.used;
	host_test_run_cpus(2, clones_or_grows, NULL, NULL);
	host_test_as_cpu(0);
	quiesce_enter();
	explore_check(parent->table.used == before + 1 && has(clone, first_of_parent));
	explore_check(clone->table.used == before || clone->table.used == before + 1);
	explore_check(clone->table.array->capacity == (clone->table.used == before ? 32 : 64));
	end_clone();
}

EXPLORE_MAIN
