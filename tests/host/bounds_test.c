// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the ring room makes, refused: threads and their regions, endpoints, facets and keys, watches, sessions' ends; and what it ends in
 * pieces: trees of gates, what hangs on them. What is refused has a status of its own and has taken nothing; everything goes back.
 */
#include "scenario.h"

#include <cap/gate.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ring/facet.h>
#include <ring/record.h>
#include <ring/revoke.h>
#include <ring/session.h>
#include <schema/kernel/endpoint.capnp.h>

static uint64_t objects;

static void begin(void)
{
	scenario_begin(1);
	quiesce_drain();
	objects = slab_objects_in_use();
}

static void end(void)
{
	quiesce_drain();
	explore_check(slab_objects_in_use() == objects);
}

static struct process *make_process(enum ledger_resource r, uint64_t limit)
{
	struct process_limits limits = {};
	struct process *process;

	limits.resource[r] = limit;
	explore_check(process_create(NULL, NULL, "bounded", 7, &limits, &process) == STATUS_OK);
	return process;
}

static void drop(struct process *process)
{
	process_abandon(process, &(struct exit_record){.reason = EXIT_KILLED});
}

/* ---- Threads and regions ---- */

static void ends_at_once([[maybe_unused]] uint64_t region)
{
}

static enum status start(struct process *process, uint32_t submissions, uint32_t arena)
{
	struct thread_start start = {.entry = host_program_entry(ends_at_once),
				     .stack = VADDR(0x7fff0000),
				     .geometry = {.submissions = submissions, .arena = arena}};

	return thread_create(process, &start, NULL);
}

EXPLORE_TEST(a_region_is_of_a_size_that_there_is, 1)
{
	static const struct {
		uint32_t submissions, arena;
	} refused[] = {{1, 0},
		       {3, 0},
		       {CAP_SQ_MAX * 2, 0},
		       {0, 7},
		       {0, PAGE_SIZE + 8},
		       {0, CAP_REGION_MAX + PAGE_SIZE},
		       {CAP_SQ_MAX, CAP_REGION_MAX}};
	struct process *process;

	begin();
	process = make_process(LEDGER_PAGES, 0);
	for (unsigned i = 0; i < array_size(refused); i++)
		explore_check(start(process, refused[i].submissions, refused[i].arena) == STATUS_INVALID);
	explore_check(process->state == PROCESS_CREATED && process->ledger.used[LEDGER_THREADS] == 0);
	drop(process);
	end();
}

/* A process that ends meanwhile; no quota for the thread, or for its region; each allocation failing in turn. */
EXPLORE_TEST(a_thread_that_is_refused_leaves_nothing, 1)
{
	struct process *process;

	begin();
	process = make_process(LEDGER_THREADS, 1);
	process->ledger.used[LEDGER_THREADS] = 1;
	explore_check(start(process, 0, 0) == STATUS_NO_QUOTA);
	process->ledger.used[LEDGER_THREADS] = 0;
	uint64_t pages = process->ledger.limit[LEDGER_PAGES];
	process->ledger.limit[LEDGER_PAGES] = process->ledger.used[LEDGER_PAGES];
	explore_check(start(process, 0, 0) == STATUS_NO_QUOTA);
	process->ledger.limit[LEDGER_PAGES] = pages;
	drop(process); /* it is dying, but its space is still there */
	for (unsigned by_frames = 0; by_frames < 2; by_frames++) {
		uint32_t submissions = by_frames ? 1024 : 8;
		unsigned failures = 0;
		enum status status;
		do {
			(by_frames ? frame_fail_after : slab_fail_after)(failures + 1);
			status = start(process, submissions, PAGE_SIZE);
			(by_frames ? frame_fail_after : slab_fail_after)(0);
			explore_check(status == STATUS_NO_MEMORY || status == STATUS_BAD_STATE);
			explore_check(process->ledger.used[LEDGER_THREADS] == 0);
		} while (status == STATUS_NO_MEMORY && ++failures < 20);
		explore_check(failures >= 2 && failures < 20);
	}
	uint64_t used = process->ledger.used[LEDGER_PAGES]; /* page tables stay, with the space */
	explore_check(start(process, 0, 0) == STATUS_BAD_STATE);
	explore_check(process->ledger.used[LEDGER_PAGES] == used);
	drop(process); /* once more: it is somebody else's already */
	end();
}

static unsigned told;

static void count_end([[maybe_unused]] const struct process *process)
{
	told++;
}

static void has_its_policy([[maybe_unused]] uint64_t region)
{
	told += 100;
}

static struct process *governed;

static void set_policy(void)
{
	thread_set_policy_of_all(governed, 64, FAIR_BATCH);
	for (unsigned i = 0; i < 2; i++)
		explore_check(scenario_started(i)->sched.policy == governed->sched_policy);
}

/* Of those that there are, and of those to come; whoever has no creator is somebody else's to know about. */
EXPLORE_TEST(a_policy_is_of_all_threads_of_a_process, 2)
{
	scenario_begin(1);
	told = 0;
	process_without_creator_ended = count_end;
	governed = scenario_process("governed");
	thread_set_policy_of_all(governed, 32, FAIR_NORMAL);
	scenario_thread(governed, has_its_policy, 0);
	scenario_thread(governed, has_its_policy, 1);
	scenario_when_started(set_policy);
	scenario_run();
	explore_check(told == 201);
	scenario_end();
	process_without_creator_ended = NULL;
}

static void waits_for_its_sibling(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	explore_check(ring.arena_len >= (ring.thread_arg ? 4 : 1) * 2 * PAGE_SIZE);
	(void)user_enter(&ring, 1, host_now_ns() + (ring.thread_arg ? 100 : 100000000));
	told++;
}

/* A region of another size is nobody's next one. */
EXPLORE_TEST(threads_with_regions_of_their_own_come_and_go, 4)
{
	scenario_begin(1);
	told = 0;
	governed = scenario_process("governed");
	scenario_thread(governed, waits_for_its_sibling, 0);
	scenario_thread(governed, waits_for_its_sibling, 1);
	scenario_geometry((struct ring_geometry){.arena = 8 * PAGE_SIZE});
	scenario_thread(governed, waits_for_its_sibling, 1);
	scenario_geometry((struct ring_geometry){.submissions = 64, .arena = 8 * PAGE_SIZE});
	scenario_run();
	explore_check(told == 3);
	scenario_end();
}

/* ---- Records of calls ---- */

EXPLORE_TEST(a_process_has_so_many_calls_open_and_no_more, 1)
{
	enum { MOST = 4096 };
	static struct service_record *all[MOST + 1];
	struct endpoint *endpoint;
	struct process *process;
	unsigned count = 0;

	begin();
	process = make_process(LEDGER_CALLS, 2 * MOST);
	endpoint = scenario_endpoint(NULL, 64, 1);
	enum status status = STATUS_OK;
	while (count <= MOST && (status = record_reserve(process, endpoint, &all[count])) == STATUS_OK)
		count++;
	explore_check(status == STATUS_NO_MEMORY && count == MOST &&
		      process->ledger.used[LEDGER_CALLS] == MOST);
	/* Generations begin again behind the last, without the one that no token has. */
	uint64_t last = (uint64_t)UINT32_MAX << 32 | 77 << 2 | RECORD_OPEN;
	explore_check(record_word_next(last) == (1ull << 32 | 77 << 2 | RECORD_RESERVED));
	explore_check(record_word_next(last - (1ull << 32)) == last - RECORD_OPEN + RECORD_RESERVED);
	while (count > 0)
		record_release(process, all[--count]);
	object_put(&endpoint->object);
	drop(process);
	end();
}

/* ---- Endpoints, keys, watches ---- */

static struct view *facet_of(struct endpoint *endpoint, uint64_t key)
{
	return scenario_facet(endpoint, key);
}

EXPLORE_TEST(keys_are_kept_and_others_retired_with_and_without_facets, 1)
{
	enum { KEYS = 40 };
	struct view *views[KEYS], *refused;
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct endpoint *endpoint;
	const uint64_t keep[] = {3, 7};

	begin();
	endpoint = scenario_endpoint(NULL, 64, 1);
	struct view *receives = scenario_full(&endpoint->object);
	/* No memory for the first table: no facet. Later, the table only stays as small as it is. */
	slab_fail_after(2);
	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, 1, &set, 1, &refused) ==
		      STATUS_NO_MEMORY);
	slab_fail_after(0);
	for (unsigned i = 0; i < KEYS; i++) {
		slab_fail_after(i == 20 ? 2 : 0);
		views[i] = facet_of(endpoint, i);
	}
	slab_fail_after(0);
	explore_check(endpoint->facets.count == KEYS && endpoint->facets.bucket_count >= 16);
	for (unsigned i = 0; i < 10; i++) /* their notices wait */
		view_put(views[i]);
	explore_check(endpoint->facets.count == KEYS);
	explore_check(facet_key_retire(endpoint, 5) && !facet_key_retire(endpoint, 5));
	explore_check(facet_key_retire(endpoint, 15) && !facet_key_retire(endpoint, 15));
	explore_check(endpoint->facets.count == KEYS - 1 && endpoint->facets.retired == 1);
	explore_check(facet_key_is_retired(views[15]->facet) && !facet_key_is_retired(views[16]->facet));
	/* All but those listed: 8 of the ones whose notices wait, 29 with facets. */
	explore_check(facet_keys_retire_others(endpoint, keep, 2) == 7 + 29);
	explore_check(endpoint->facets.count == 32 && endpoint->facets.retired == 30);
	explore_check(facet_keys_retire_others(endpoint, keep, 2) == 0);
	for (unsigned i = 10; i < KEYS; i++)
		view_put(views[i]);
	explore_check(endpoint->facets.count == 2 && endpoint->facets.retired == 0);
	view_put(receives);
	object_put(&endpoint->object);
	end();
}

EXPLORE_TEST(who_has_no_quota_has_no_endpoint_notification_or_watch, 1)
{
	struct notification *notification;
	struct process *process;
	struct endpoint *endpoint;
	struct view *view, *derived;

	begin();
	process = make_process(LEDGER_OBJECTS, 1);
	process->ledger.used[LEDGER_OBJECTS] = 1;
	explore_check(endpoint_create(process, 64, 1, &endpoint) == STATUS_NO_QUOTA);
	explore_check(notification_create(process, &notification) == STATUS_NO_QUOTA);
	explore_check(notification_create(NULL, &notification) == STATUS_OK);
	view = scenario_full(&notification->object);
	explore_check(notification_watch(process, view, 1) == STATUS_NO_QUOTA && view->watch == NULL);
	process->ledger.used[LEDGER_OBJECTS] = 0;
	slab_fail_after(1);
	explore_check(notification_watch(process, view, 1) == STATUS_NO_MEMORY && view->watch == NULL);
	slab_fail_after(0);
	explore_check(process->ledger.used[LEDGER_OBJECTS] == 0);
	explore_check(notification_watch(process, view, 2) == STATUS_OK);
	/* The last holder goes; who has only found the view by look-up makes nothing of it any more. */
	view_put(view);
	explore_check(notification_take(notification, ~0ull) == 2);
	explore_check(view_derive(NULL, view, VIEW_OBJECT, 0, view->sets, 1, &derived) == STATUS_BAD_ID);
	object_put(&notification->object);
	drop(process);
	end();
}

/* A view of an endpoint that may do everything but receive is no receive right. */
EXPLORE_TEST(a_receive_right_is_a_view_that_may_receive, 1)
{
	struct interface_set all = {ENDPOINT_INTERFACE_ID, METHODS_ALL},
			     few = {ENDPOINT_INTERFACE_ID, METHODS_ALL & ~(1ull << ENDPOINT_RECEIVE)};
	struct endpoint *endpoint;
	struct view *full, *weak;

	begin();
	endpoint = scenario_endpoint(NULL, 64, 1);
	explore_check(view_create(NULL, &endpoint->object, VIEW_OBJECT, 0, &few, 1, &weak) == STATUS_OK);
	explore_check(endpoint->receive_rights == 0);
	explore_check(view_create(NULL, &endpoint->object, VIEW_OBJECT, 0, &all, 1, &full) == STATUS_OK);
	explore_check(endpoint->receive_rights == 1 && !endpoint->dead);
	view_put(weak);
	explore_check(endpoint->receive_rights == 1 && !endpoint->dead);
	view_put(full);
	explore_check(endpoint->receive_rights == 0 && endpoint->dead);
	object_put(&endpoint->object);
	end();
}

/* Two CPUs derive from one watched view. */
static struct view *watched;

static void derives([[maybe_unused]] void *unused)
{
	quiesce_enter();
	explore_check(notification_view_created(watched) == STATUS_OK);
	quiesce_exit();
}

EXPLORE_ALL(each_derived_view_counts_its_watch, 1)
{
	struct notification *notification;
	struct process *process;

	scenario_begin(2);
	process = make_process(LEDGER_PAGES, 0);
	explore_check(notification_create(NULL, &notification) == STATUS_OK);
	watched = scenario_full(&notification->object);
	explore_check(notification_watch(process, watched, 2) == STATUS_OK);
	host_test_run_cpus(2, derives, NULL, NULL);
	host_test_as_cpu(0);
	quiesce_enter();
	explore_check(watched->watch->refs == 3);
	notification_view_gone(watched);
	notification_view_gone(watched);
	explore_check(notification_take(notification, 2) == 0);
	view_put(watched);
	explore_check(notification_take(notification, 2) == 2);
	object_put(&notification->object);
	drop(process);
	scenario_drain();
	quiesce_enter();
}

/* ---- Sessions ---- */

EXPLORE_TEST(the_session_of_boot_never_ends, 1)
{
	begin();
	explore_check(session_end(&session_of_boot) == 0 && session_is_alive(&session_of_boot));
	uint64_t refs = session_of_boot.object.refs;
	session_of_boot.object.refs = 0;
	session_gone(&session_of_boot.object);
	explore_check(session_of_boot.object.refs == 1 && session_is_alive(&session_of_boot));
	session_of_boot.object.refs = refs;
	end();
}

/* Its time comes while what is left of it waits to be freed: nobody is there to be refused any more. */
EXPLORE_TEST(a_session_that_nobody_is_in_does_not_expire, 1)
{
	struct session *session;

	begin();
	explore_check(session_create(NULL, (uint64_t[]){1, 2}, NULL, &session) == STATUS_OK);
	session_expire_at(session, host_now_ns() + 1000);
	object_put(&session->object);
	host_test_advance(2000);
	explore_check(host_test_take_timer(0));
	timer_run_expired();
	explore_check(session_is_alive(session));
	end();
}

/* ---- Trees of gates ---- */

#define WIDE 700u

static struct gate *leaves[WIDE];

static struct gate *make_tree(void)
{
	struct gate *root;

	explore_check(gate_create(NULL, NULL, NULL, &root) == STATUS_OK);
	for (unsigned i = 0; i < WIDE; i++)
		explore_check(gate_create(NULL, root, NULL, &leaves[i]) == STATUS_OK);
	return root;
}

static void drop_tree(struct gate *root)
{
	for (unsigned i = 0; i < WIDE; i++) {
		explore_check(!gate_is_alive(leaves[i]));
		explore_check(list_is_empty(&leaves[i]->dying));
		gate_put(leaves[i]);
	}
	gate_put(root);
}

EXPLORE_TEST(a_tree_that_is_more_than_one_piece_is_revoked_whole, 1)
{
	struct revoke_report report;
	struct gate *root;

	begin();
	root = make_tree();
	leaves[600]->entries = 3;
	gate_revoke(root, &report);
	explore_check(report.entries == 3 && report.calls == 0 && report.mappings == 0);
	leaves[600]->entries = 0;
	drop_tree(root);
	end();
}

EXPLORE_TEST(a_lease_on_a_tree_runs_out_behind_whoever_was_interrupted, 1)
{
	struct gate *root;

	begin();
	root = make_tree();
	gate_expire(root);
	explore_check(!gate_is_alive(root));
	quiesce_drain();
	drop_tree(root);
	end();
}

EXPLORE_MAIN
