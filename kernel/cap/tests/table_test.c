// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Capability tables against a naive model: ids resolve exactly while they are held, stale ones never again, slots that
 * were set aside can always be filled, and the ledger knows what is in use.
 */
#include <archimpl/explorer.h>
#include <archimpl/test.h>
#include <cap/table.h>
#include <cap/table_line.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/slab.h>

static void never(struct object *object)
{
	object->refs = 1;
}

static const struct object_type type = {.name = "thing", .interface_id = 77, .destroy = never};
static struct object object;
static struct ledger ledger;
static struct cap_table table;
static const struct provenance nobody = {.kind = PROVENANCE_GRANT};

/* NULL: the id does not resolve. */
static struct view *find(cap_id id)
{
	struct cap_ref ref;

	return cap_table_find(&table, id, &ref) == STATUS_OK ? ref.view : NULL;
}

static void reset(uint64_t entries)
{
	uint64_t limits[LEDGER_COUNT] = {[LEDGER_ENTRIES] = entries};

	host_test_boot(1, 8 << 20);
	ledger_init(&ledger, limits);
	object = (struct object){.type = &type, .refs = 1, .id = 5};
	explore_check(cap_table_init(&table, &ledger) == STATUS_OK);
	quiesce_enter();
}

static struct view *make_view(uint64_t key)
{
	struct interface_set all = {77, METHODS_ALL};
	struct view *view = NULL;

	explore_check(view_create(NULL, &object, VIEW_FACET, key, &all, 1, &view) == STATUS_OK);
	return view;
}

#define LIVE 200u

EXPLORE_TEST(ids_resolve_exactly_while_they_are_held, 10)
{
	struct {
		cap_id id;
		uint64_t key;
	} held[LIVE], stale[LIVE];
	unsigned held_len = 0, stale_len = 0;

	reset(1000);
	for (unsigned step = 0; step < 3000; step++) {
		if (held_len < LIVE && host_random() % 100 < 55) {
			held[held_len].key = step;
			explore_check(cap_table_insert(&table, (struct cap_ref){make_view(step), NULL},
						       nobody, &held[held_len].id) == STATUS_OK);
			held_len++;
		} else if (held_len > 0) {
			unsigned i = (unsigned)(host_random() % held_len);
			explore_check(cap_table_release(&table, held[i].id) == STATUS_OK);
			explore_check(cap_table_release(&table, held[i].id) == STATUS_BAD_ID);
			stale[stale_len++ % LIVE] = held[i];
			held[i] = held[--held_len];
		}
		for (unsigned i = 0; i < held_len; i += 7) {
			struct view *view = find(held[i].id);
			explore_check(view != NULL && view->key == held[i].key);
		}
		for (unsigned i = 0; i < stale_len && i < LIVE; i += 5)
			explore_check(find(stale[i].id) == NULL);
		explore_check(ledger.used[LEDGER_ENTRIES] == held_len); /* T3 */
	}
}

EXPLORE_TEST(forged_ids_resolve_to_nothing, 3)
{
	cap_id id;

	reset(100);
	explore_check(cap_table_insert(&table, (struct cap_ref){make_view(1), NULL}, nobody, &id) ==
		      STATUS_OK);
	for (unsigned i = 0; i < 20000; i++) {
		cap_id forged = {host_random()};
		explore_check(forged.raw == id.raw || find(forged) == NULL);
	}
	explore_check(find((cap_id){0}) == NULL);
	explore_check(find(cap_id_make(0, 1)) == NULL);
	explore_check(find(cap_id_make(cap_id_slot(id), cap_id_generation(id) + 1)) == NULL);
	explore_check(find(cap_id_make(cap_id_slot(id) + 1, cap_id_generation(id))) == NULL);
	explore_check(find(cap_id_make(UINT32_MAX, 1)) == NULL);
}

EXPLORE_TEST(what_was_reserved_can_be_filled_or_given_back, 5)
{
	reset(64);
	for (unsigned round = 0; round < 200; round++) {
		struct cap_slots slots;
		cap_id ids[16];
		unsigned n = (unsigned)(host_random() % 17),
			 fill = n ? (unsigned)(host_random() % (n + 1)) : 0;
		explore_check(cap_table_reserve(&table, n, &slots) == STATUS_OK && slots.count == n);
		explore_check(ledger.used[LEDGER_ENTRIES] == n);
		for (unsigned i = 0; i < fill; i++)
			ids[i] = cap_table_install(&table, &slots, (struct cap_ref){make_view(i), NULL},
						   nobody);
		cap_table_unreserve(&table, &slots);
		explore_check(slots.count == 0 && ledger.used[LEDGER_ENTRIES] == fill);
		for (unsigned i = 0; i < fill; i++)
			explore_check(cap_table_release(&table, ids[i]) == STATUS_OK);
	}
	explore_check(ledger.used[LEDGER_ENTRIES] == 0);
}

EXPLORE_TEST(the_quota_is_the_bound_and_a_refusal_takes_nothing, 1)
{
	struct cap_slots slots;
	cap_id id;

	reset(10);
	struct view *view = make_view(1);
	for (unsigned i = 0; i < 10; i++) {
		view_get(view);
		explore_check(cap_table_insert(&table, (struct cap_ref){view, NULL}, nobody, &id) ==
			      STATUS_OK);
	}
	explore_check(cap_table_insert(&table, (struct cap_ref){view, NULL}, nobody, &id) == STATUS_NO_QUOTA);
	explore_check(cap_table_reserve(&table, 1, &slots) == STATUS_NO_QUOTA);
	explore_check(cap_table_release(&table, cap_id_make(3, 1)) == STATUS_OK);
	explore_check(cap_table_reserve(&table, 2, &slots) == STATUS_NO_QUOTA);
	explore_check(ledger.used[LEDGER_ENTRIES] == 9);
	explore_check(cap_table_reserve(&table, 1, &slots) == STATUS_OK);
}

EXPLORE_TEST(a_chosen_slot_has_the_first_generation_and_is_refused_when_taken, 1)
{
	cap_id id;

	reset(1000);
	struct view *view = make_view(1);
	view_get(view);
	explore_check(cap_table_insert_at(&table, 500, (struct cap_ref){view, NULL}, nobody, &id) ==
		      STATUS_OK);
	explore_check(id.raw == cap_id_make(500, 1).raw && find(id) == view);
	explore_check(cap_table_insert_at(&table, 500, (struct cap_ref){view, NULL}, nobody, &id) ==
		      STATUS_EXISTS);
	explore_check(cap_table_insert_at(&table, CAP_TABLE_MAX_SLOTS, (struct cap_ref){view, NULL}, nobody,
					  &id) == STATUS_NO_SLOT);
	explore_check(ledger.used[LEDGER_ENTRIES] == 1);
}

EXPLORE_TEST(a_slot_whose_generations_are_used_up_retires, 1)
{
	cap_id id;

	reset(100);
	explore_check(cap_table_insert(&table, (struct cap_ref){make_view(1), NULL}, nobody, &id) ==
		      STATUS_OK);
	uint32_t slot = cap_id_slot(id);
	cap_array_entries(table.array)[slot].generation = INT32_MAX;
	explore_check(cap_table_release(&table, cap_id_make(slot, INT32_MAX)) == STATUS_OK);
	for (unsigned i = 0; i < 60; i++) {
		explore_check(cap_table_insert(&table, (struct cap_ref){make_view(i), NULL}, nobody, &id) ==
			      STATUS_OK);
		explore_check(cap_id_slot(id) != slot);
	}
}

EXPLORE_TEST(running_out_of_memory_while_growing_leaves_everything_as_it_was, 1)
{
	cap_id ids[31], id;

	reset(5000);
	struct view *view = make_view(9);
	for (unsigned i = 0; i < 31; i++) {
		view_get(view);
		explore_check(cap_table_insert(&table, (struct cap_ref){view, NULL}, nobody, &ids[i]) ==
			      STATUS_OK);
	}
	frame_fail_after(1);
	enum status status = STATUS_OK;
	for (unsigned i = 0; i < 4000 && status == STATUS_OK; i++) {
		view_get(view);
		status = cap_table_insert(&table, (struct cap_ref){view, NULL}, nobody, &id);
	}
	explore_check(status == STATUS_NO_MEMORY);
	for (unsigned i = 0; i < 31; i++)
		explore_check(find(ids[i]) == view);
	explore_check(ledger.used[LEDGER_ENTRIES] == table.used);
}

EXPLORE_TEST(everything_goes_back_at_the_end, 1)
{
	host_test_boot(1, 8 << 20);
	reset(1000);
	quiesce_drain();
	uint64_t before = slab_objects_in_use();
	cap_id id;
	for (unsigned i = 0; i < 300; i++)
		explore_check(cap_table_insert(&table, (struct cap_ref){make_view(i), NULL}, nobody, &id) ==
			      STATUS_OK);
	while (!cap_table_fini(&table))
		;
	quiesce_drain();
	explore_check(slab_objects_in_use() == before - 1); /* the table's own array went, too */
	explore_check(ledger.used[LEDGER_ENTRIES] == 0 && object.refs == 1);
}

EXPLORE_TEST(views_allow_what_their_sets_say, 1)
{
	struct interface_set sets[2] = {{1, 1ull << 3 | 1ull << 63}, {2, METHODS_ALL}};
	struct view *view = NULL, *facet = NULL;

	reset(10);
	explore_check(view_create(NULL, &object, VIEW_TEMPLATE, 0, sets, 2, &view) == STATUS_OK);
	explore_check(view_allows(view, 1, 3) && view_allows(view, 1, 63) && !view_allows(view, 1, 2));
	explore_check(!view_allows(view, 1, 64) &&
		      !view_allows(view, 1, 65535)); /* a bound set names no newer method */
	explore_check(view_allows(view, 2, 0) && view_allows(view, 2, 64) && view_allows(view, 2, 65535));
	explore_check(!view_allows(view, 3, 0) && view_methods(view, 3) == 0);
	explore_check(view_mint(NULL, view, 42, &facet) == STATUS_OK && facet->kind == VIEW_FACET &&
		      facet->key == 42);
	explore_check(facet->count == 2 && view_methods(facet, 1) == sets[0].methods);
}

/* The id with the top bit set names nothing, also while its slot is being moved from and has that generation (T5). */
EXPLORE_TEST(a_slot_that_is_being_moved_from_is_nobodys, 1)
{
	struct cap_ref ref;
	cap_id id;

	reset(10);
	struct view *view = make_view(1);
	explore_check(cap_table_insert(&table, (struct cap_ref){view, NULL}, nobody, &id) == STATUS_OK);
	cap_id marked = {id.raw | 1ull << 63};
	for (unsigned moved = 0; moved < 2; moved++) {
		explore_check(cap_table_lock(&table, id, &ref) == STATUS_OK && ref.view == view);
		view_put(ref.view);
		cap_id both[] = {id, marked};
		for (unsigned i = 0; i < 2; i++) {
			explore_check(find(both[i]) == NULL);
			explore_check(cap_table_lock(&table, both[i], &ref) == STATUS_BAD_ID);
			explore_check(cap_table_dup(&table, both[i], 1).id == STATUS_BAD_ID);
			explore_check(cap_table_release(&table, both[i]) == STATUS_BAD_ID);
		}
		if (moved) {
			cap_table_remove_locked(&table, id);
			explore_check(find(id) == NULL && ledger.used[LEDGER_ENTRIES] == 0);
		} else {
			cap_table_unlock(&table, id);
			explore_check(find(id) == view && ledger.used[LEDGER_ENTRIES] == 1);
		}
	}
}

EXPLORE_TEST(a_vacated_slot_joins_a_chain_unless_it_retires, 1)
{
	struct cap_slots slots = {};
	struct cap_ref ref;
	cap_id id;

	reset(10);
	explore_check(cap_table_insert(&table, (struct cap_ref){make_view(1), NULL}, nobody, &id) ==
		      STATUS_OK);
	explore_check(cap_table_vacate(&table, id, &slots, &ref) && slots.count == 1);
	view_put(ref.view);
	explore_check(!cap_table_vacate(&table, id, &slots, &ref) && slots.count == 1);
	cap_table_join_slots(&table, &slots, (struct cap_slots){});
	explore_check(slots.count == 1 && slots.first == cap_id_slot(id));
	id = cap_table_install(&table, &slots, (struct cap_ref){make_view(2), NULL}, nobody);
	cap_array_entries(table.array)[cap_id_slot(id)].generation = INT32_MAX;
	id = cap_id_make(cap_id_slot(id), INT32_MAX);
	explore_check(cap_table_vacate(&table, id, &slots, &ref) && slots.count == 0 && slots.first == 0);
	view_put(ref.view);
	explore_check(ledger.used[LEDGER_ENTRIES] == 0 && table.used == 0);
}

EXPLORE_TEST(what_is_refused_has_taken_nothing, 1)
{
	struct view *refused = NULL;
	cap_id id;

	reset(1);
	struct view *view = make_view(1);
	frame_fail_after(1);
	explore_check(cap_table_insert_at(&table, 500, (struct cap_ref){view, NULL}, nobody, &id) ==
		      STATUS_NO_MEMORY);
	frame_fail_after(0);
	slab_fail_after(1);
	explore_check(view_create(NULL, &object, VIEW_FACET, 2, view->sets, 1, &refused) == STATUS_NO_MEMORY);
	slab_fail_after(0);
	explore_check(ledger.used[LEDGER_ENTRIES] == 0 && object.refs == 2);
	explore_check(cap_table_insert(&table, (struct cap_ref){view, NULL}, nobody, &id) == STATUS_OK);
	explore_check(cap_table_dup(&table, id, 1).id == STATUS_NO_QUOTA);
	explore_check(ledger.used[LEDGER_ENTRIES] == 1 && load_relaxed(&view->refs) == 1);
	/* What was found by look-up is kept by quiescence; once its last reference is gone, there is none to be had. */
	explore_check(cap_table_release(&table, id) == STATUS_OK && !view_try_get(view));
}

EXPLORE_TEST(a_slot_is_there_already_or_must_be_asked_for, 1)
{
	struct cap_slots slots = {}, more;
	cap_id id;

	reset(100);
	struct view *view = make_view(1);
	for (unsigned i = 0; i < 31; i++) {
		explore_check(cap_table_reserve_here(&table, &slots) && slots.count == 1);
		view_get(view);
		id = cap_table_install(&table, &slots, (struct cap_ref){view, NULL}, nobody);
		explore_check(find(id) == view && slots.count == 0);
	}
	explore_check(!cap_table_reserve_here(&table, &slots) && ledger.used[LEDGER_ENTRIES] == 31);
	explore_check(cap_table_reserve(&table, 1, &more) == STATUS_OK && more.count == 1);
	explore_check(cap_table_reserve_here(&table, &slots)); /* it has grown */
	cap_table_unreserve(&table, &slots);
	cap_table_unreserve(&table, &more);
	explore_check(ledger.used[LEDGER_ENTRIES] == 31);
}

EXPLORE_MAIN
