// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The actor of order.h: what it is given, and how it does one thing after the other.
 */
#include "order.h"

#include <cap/capture.h>
#include <object/object.h>
#include <schema/kernel/timer.capnp.h>

struct order the;
static struct ledger capture_ledger;

static struct view *facet_view(struct endpoint *of, enum view_kind kind, uint64_t key,
			       enum transfer_scope scope)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &of->object, kind, key, &set, 1, &view) == STATUS_OK);
	view->scope = scope;
	return view;
}

cap_id order_lend(struct view *view, struct gate *under)
{
	gate_get(under);
	return scenario_lend(the.actor, view, under);
}

/* A view of it without one method. */
static struct view *without(struct object *object, unsigned method)
{
	struct interface_set few = {object->type->interface_id, METHODS_ALL & ~(1ull << method)};
	struct view *view;

	explore_check(view_create(NULL, object, VIEW_OBJECT, 0, &few, 1, &view) == STATUS_OK);
	return view;
}

static void give_kernel_objects(void)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	explore_check(memory_create(&the.actor->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(the.actor, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		struct object *object = initial[i].object;
		if (__builtin_strcmp(initial[i].name, "capabilityManager") == 0) {
			the.manager = scenario_give(the.actor, scenario_full(object));
			the.lent_manager = order_lend(scenario_full(object), the.gate);
		}
		if (__builtin_strcmp(initial[i].name, "processSpawner") == 0)
			the.spawner = scenario_give(the.actor, scenario_full(object));
		if (__builtin_strcmp(initial[i].name, "timer") == 0) {
			the.timer = scenario_give(the.actor, scenario_full(object));
			the.lent_timer = order_lend(scenario_full(object), the.gate);
			the.weak_timer = scenario_give(the.actor, without(object, TIMER_NOW));
		}
		object_put(object);
	}
}

static void give_notification(void)
{
	struct notification *notification;

	explore_check(notification_create(the.actor, &notification) == STATUS_OK);
	the.word = scenario_give(the.actor, scenario_full(&notification->object));
	the.lent_word = order_lend(scenario_full(&notification->object), the.gate);
	the.weak_word = scenario_give(the.actor, without(&notification->object, NOTIFICATION_METHOD_SIGNAL));
	struct interface_set all = {notification_object_type->interface_id, METHODS_ALL};
	struct view *view;
	explore_check(view_create(NULL, &notification->object, VIEW_FACET, 7, &all, 1, &view) == STATUS_OK);
	the.faceted_word = scenario_give(the.actor, view);
	object_put(&notification->object);
}

void order_begin(void)
{
	struct endpoint *bare;

	scenario_begin(1);
	explore_check(session_create(NULL, (uint64_t[]){5, 6}, NULL, &the.session) == STATUS_OK);
	the.actor = scenario_process("actor");
	the.other = scenario_process("other");
	capture_end(the.actor); /* the ordinary way */
	object_put(&the.actor->session->object);
	the.actor->session = the.session;
	object_get(&the.session->object);
	explore_check(gate_create(NULL, NULL, NULL, &the.gate) == STATUS_OK);
	explore_check(gate_create(NULL, NULL, NULL, &the.dead_gate) == STATUS_OK);
	the.endpoint = scenario_endpoint(the.actor, MESSAGE, CAPS);
	bare = scenario_endpoint(the.actor, MESSAGE, 0);
	the.end = scenario_give(the.actor, scenario_full(&the.endpoint->object));
	the.lent_end = order_lend(scenario_full(&the.endpoint->object), the.gate);
	the.facet = scenario_give(the.actor, scenario_facet(the.endpoint, 1));
	the.second = scenario_give(the.actor, scenario_facet(the.endpoint, 2));
	the.lent_facet = order_lend(scenario_facet(the.endpoint, 3), the.gate);
	the.dead_facet = order_lend(scenario_facet(the.endpoint, 4), the.dead_gate);
	the.bound_facet = scenario_give(the.actor, facet_view(the.endpoint, VIEW_FACET, 5, SCOPE_SESSION));
	the.private_facet = scenario_give(the.actor, facet_view(the.endpoint, VIEW_FACET, 6, SCOPE_PROCESS));
	the.template = scenario_give(the.actor, facet_view(the.endpoint, VIEW_TEMPLATE, 0, SCOPE_ANY));
	the.plain = scenario_give(the.actor, scenario_facet(bare, 1));
	(void)scenario_give(the.actor, scenario_full(&bare->object));
	object_put(&bare->object);
	give_kernel_objects();
	give_notification();
	the.other_handle = scenario_give(the.actor, scenario_full(&the.other->object));
	the.finished = 0;
}

void order_plays(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	the.script(&ring);
	explore_check(ring.completed + ring.quiet == ring.accepted || the.finished > 100);
	the.finished++;
}

void order_capture(struct process *process)
{
	struct memory *memory;

	ledger_init(&capture_ledger, (const uint64_t[LEDGER_COUNT]){[LEDGER_PAGES] = 1000});
	explore_check(memory_create(&capture_ledger, 1, &memory) == STATUS_OK);
	explore_check(capture_start(process, memory) == STATUS_OK);
	memory_put(memory);
}

static void find_thread(void)
{
	the.thread = scenario_started(0);
}

void order_end(void)
{
	object_put(&the.endpoint->object);
	gate_put(the.gate);
	gate_put(the.dead_gate);
	object_put(&the.session->object);
	scenario_end();
}

void order_play(order_script *script)
{
	order_begin();
	the.script = script;
	if (the.captured)
		order_capture(the.actor);
	scenario_thread(the.actor, order_plays, 0);
	scenario_geometry(the.geometry);
	scenario_when_started(find_thread);
	scenario_run();
	explore_check(the.finished > 0);
	order_end();
}

/* --- one thing after the other ---------------------------------------------------------------------------------------- */

/* What came meanwhile for something else. */
static struct cap_cqe later[256];
static unsigned later_count;

bool take(struct user_ring *ring, uint64_t user_data, struct cap_cqe *out)
{
	struct cap_cqe cqe;

	while (user_reap(ring, &cqe))
		later[later_count++] = cqe;
	for (unsigned i = 0; i < later_count; i++)
		if (later[i].user_data == user_data) {
			*out = later[i];
			later[i] = later[--later_count];
			return true;
		}
	return false;
}

static uint64_t next_name = 1000;

struct cap_cqe go(struct user_ring *ring, struct cap_sqe sqe)
{
	struct cap_cqe cqe = {.status = PENDING};

	if (sqe.user_data == 0)
		sqe.user_data = next_name++;
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	(void)take(ring, sqe.user_data, &cqe);
	return cqe;
}

void is(int line, struct cap_cqe cqe, int status)
{
	if (cqe.status != status)
		host_die("line %d: %d instead of %d", line, cqe.status, status);
}

struct cap_cqe await(struct user_ring *ring, uint64_t user_data)
{
	struct cap_cqe cqe;

	while (!take(ring, user_data, &cqe))
		(void)user_enter(ring, 1, 0);
	return cqe;
}

uint64_t received(struct user_ring *ring)
{
	struct cap_cqe cqe;

	do
		cqe = go(ring, receive(the.end));
	while (user_is_notice(cqe));
	IS(cqe, STATUS_OK);
	return cqe.token;
}

#define FILLERS 200u

uint64_t fill(struct user_ring *ring)
{
	uint64_t first = ring->sequence;

	for (unsigned i = 0; i < FILLERS; i++)
		if (go(ring, (struct cap_sqe){.op = CAP_OP_WAIT,
					      .target = the.word.raw,
					      .interface_id = 1ull << 40,
					      .user_data = 500 + i})
			    .status == STATUS_AGAIN)
			return first;
	host_die("there is no end to credit");
}

void unfill(struct user_ring *ring, uint64_t first)
{
	struct cap_cqe cqe;

	for (uint64_t i = 0, end_of = ring->sequence - first; i < end_of; i++) {
		(void)go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = first + i});
		(void)take(ring, 500 + i, &cqe);
	}
}
