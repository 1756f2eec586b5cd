// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One thread that is client and server at once, so that everything happens in one order: what each operation says to what it is not for,
 * what it says when there is no more of something, and that a refusal has taken nothing. Calls, answers, TAIL, answers that are named,
 * notifications, and the kernel's objects as they are called through gates.
 */
#include "invariants.h"
#include "scenario.h"

#include <cap/capture.h>
#include <cap/gate.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <object/object.h>
#include <ring/session.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>

#define MESSAGE 64u
#define CAPS 2u
#define HEADER ((uint32_t)sizeof(struct cap_call_header))
#define RECV_BUF (HEADER + MESSAGE + 8 * CAPS)
#define SEND_AT 0u
#define DESC_AT 256u
#define RECV_AT 512u
#define RESULT_AT 1024u
#define BUFFER 512u
#define PENDING 99
#define STRUCT(data, pointers) ((uint64_t)(pointers) << 48 | (uint64_t)(data) << 32)
#define CAP_FIRST 3ull /* the first one */

static struct process *actor, *other;
static struct endpoint *endpoint;
static struct session *session;
static cap_id end, facet, plain,
	second; /* plain: takes no capabilities; second: another facet of the first endpoint */
static cap_id template, lent_facet, lent_end, bound_facet, private_facet, dead_facet;
static cap_id manager, timer, lent_manager, lent_timer, weak_timer;
static cap_id word, lent_word, weak_word; /* notifications */
static cap_id spawner, other_handle;
static cap_id faceted_word; /* a facet of one: no process serves it */
static struct gate *gate, *dead_gate;
static void (*script)(struct user_ring *ring);
static struct ring_geometry geometry;
static struct thread *thread_of_actor;
static bool captured;
static struct ledger capture_ledger;
#define PROMISE_MOST 64u /* as ring/promise.h */
static unsigned finished;

static struct view *facet_view(struct endpoint *of, enum view_kind kind, uint64_t key,
			       enum transfer_scope scope)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &of->object, kind, key, &set, 1, &view) == STATUS_OK);
	view->scope = scope;
	return view;
}

static cap_id lend(struct view *view, struct gate *under)
{
	gate_get(under);
	return scenario_lend(actor, view, under);
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

	explore_check(memory_create(&actor->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(actor, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		struct object *object = initial[i].object;
		if (__builtin_strcmp(initial[i].name, "capabilityManager") == 0) {
			manager = scenario_give(actor, scenario_full(object));
			lent_manager = lend(scenario_full(object), gate);
		}
		if (__builtin_strcmp(initial[i].name, "processSpawner") == 0)
			spawner = scenario_give(actor, scenario_full(object));
		if (__builtin_strcmp(initial[i].name, "timer") == 0) {
			timer = scenario_give(actor, scenario_full(object));
			lent_timer = lend(scenario_full(object), gate);
			weak_timer = scenario_give(actor, without(object, TIMER_NOW));
		}
		object_put(object);
	}
}

static void give_notification(void)
{
	struct notification *notification;

	explore_check(notification_create(actor, &notification) == STATUS_OK);
	word = scenario_give(actor, scenario_full(&notification->object));
	lent_word = lend(scenario_full(&notification->object), gate);
	weak_word = scenario_give(actor, without(&notification->object, NOTIFICATION_METHOD_SIGNAL));
	struct interface_set all = {notification_object_type->interface_id, METHODS_ALL};
	struct view *view;
	explore_check(view_create(NULL, &notification->object, VIEW_FACET, 7, &all, 1, &view) == STATUS_OK);
	faceted_word = scenario_give(actor, view);
	object_put(&notification->object);
}

static void begin(void)
{
	struct endpoint *bare;

	scenario_begin(1);
	explore_check(session_create(NULL, (uint64_t[]){5, 6}, NULL, &session) == STATUS_OK);
	actor = scenario_process("actor");
	other = scenario_process("other");
	capture_end(actor); /* the ordinary way */
	object_put(&actor->session->object);
	actor->session = session;
	object_get(&session->object);
	explore_check(gate_create(NULL, NULL, NULL, &gate) == STATUS_OK);
	explore_check(gate_create(NULL, NULL, NULL, &dead_gate) == STATUS_OK);
	endpoint = scenario_endpoint(actor, MESSAGE, CAPS);
	bare = scenario_endpoint(actor, MESSAGE, 0);
	end = scenario_give(actor, scenario_full(&endpoint->object));
	lent_end = lend(scenario_full(&endpoint->object), gate);
	facet = scenario_give(actor, scenario_facet(endpoint, 1));
	second = scenario_give(actor, scenario_facet(endpoint, 2));
	lent_facet = lend(scenario_facet(endpoint, 3), gate);
	dead_facet = lend(scenario_facet(endpoint, 4), dead_gate);
	bound_facet = scenario_give(actor, facet_view(endpoint, VIEW_FACET, 5, SCOPE_SESSION));
	private_facet = scenario_give(actor, facet_view(endpoint, VIEW_FACET, 6, SCOPE_PROCESS));
	template = scenario_give(actor, facet_view(endpoint, VIEW_TEMPLATE, 0, SCOPE_ANY));
	plain = scenario_give(actor, scenario_facet(bare, 1));
	(void)scenario_give(actor, scenario_full(&bare->object));
	object_put(&bare->object);
	give_kernel_objects();
	give_notification();
	other_handle = scenario_give(actor, scenario_full(&other->object));
	finished = 0;
}

static void plays(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	script(&ring);
	explore_check(ring.completed + ring.quiet == ring.accepted || finished > 100);
	finished++;
}

/* Its messages are written down: everything goes another way. */
static void capture_it(struct process *process)
{
	struct memory *memory;

	ledger_init(&capture_ledger, (const uint64_t[LEDGER_COUNT]){[LEDGER_PAGES] = 1000});
	explore_check(memory_create(&capture_ledger, 1, &memory) == STATUS_OK);
	explore_check(capture_start(process, memory) == STATUS_OK);
	memory_put(memory);
}

static void find_thread(void)
{
	thread_of_actor = scenario_started(0);
}

static void play(void (*what)(struct user_ring *ring))
{
	begin();
	script = what;
	if (captured)
		capture_it(actor);
	scenario_thread(actor, plays, 0);
	scenario_geometry(geometry);
	scenario_when_started(find_thread);
	scenario_run();
	explore_check(finished > 0);
	object_put(&endpoint->object);
	gate_put(gate);
	gate_put(dead_gate);
	object_put(&session->object);
	scenario_end();
}

/* --- one thing after the other ---------------------------------------------------------------------------------------- */

/* What came meanwhile for something else. */
static struct cap_cqe later[256];
static unsigned later_count;

static bool take(struct user_ring *ring, uint64_t user_data, struct cap_cqe *out)
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

/* In an entry of its own: its completion, or PENDING. */
static struct cap_cqe go(struct user_ring *ring, struct cap_sqe sqe)
{
	struct cap_cqe cqe = {.status = PENDING};

	if (sqe.user_data == 0)
		sqe.user_data = next_name++;
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	(void)take(ring, sqe.user_data, &cqe);
	return cqe;
}

static void is(int line, struct cap_cqe cqe, int status)
{
	if (cqe.status != status)
		host_die("line %d: %d instead of %d", line, cqe.status, status);
}
#define IS(cqe, status) is(__LINE__, cqe, status)

static struct cap_cqe await(struct user_ring *ring, uint64_t user_data)
{
	struct cap_cqe cqe;

	while (!take(ring, user_data, &cqe))
		(void)user_enter(ring, 1, 0);
	return cqe;
}

static void put(struct user_ring *ring, uint32_t at, const uint64_t *words, unsigned count)
{
	user_arena_write(ring, at, words, count * 8);
}

static void describe(struct user_ring *ring, unsigned i, cap_id id, uint64_t path_or_key,
		     enum cap_desc_kind kind)
{
	struct cap_desc desc = {.id = id.raw, .path_or_key = path_or_key, .kind = kind};

	user_arena_write(ring, DESC_AT + i * (uint32_t)sizeof desc, &desc, sizeof desc);
}

static struct cap_sqe call(cap_id target)
{
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.caps_off = DESC_AT,
				.buf_off = RESULT_AT,
				.buf_len = BUFFER};
}

static struct cap_sqe call_kernel(cap_id target, uint64_t interface_id, uint16_t method, uint32_t bytes)
{
	struct cap_sqe sqe = call(target);

	sqe.interface_id = interface_id;
	sqe.method = method;
	sqe.msg_len = bytes;
	return sqe;
}

static struct cap_sqe receive(cap_id from)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = from.raw,
				.buf_off = RECV_AT,
				.buf_len = RECV_BUF,
				.buf_caps = CAPS};
}

static struct cap_sqe answer(uint64_t token)
{
	return (struct cap_sqe){
		.op = CAP_OP_RETURN, .target = token, .msg_off = SEND_AT, .msg_len = 16, .caps_off = DESC_AT};
}

/* The call that waits at the endpoint. */
static uint64_t received(struct user_ring *ring)
{
	struct cap_cqe cqe;

	do
		cqe = go(ring, receive(end));
	while (user_is_notice(cqe));
	IS(cqe, STATUS_OK);
	return cqe.token;
}

static void release(struct user_ring *ring, uint64_t id)
{
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_RELEASE, .target = id}), STATUS_OK);
}

static uint64_t id_behind(struct user_ring *ring, struct cap_cqe cqe)
{
	explore_check(cqe.caps >= 1);
	return user_arena_word(ring, RESULT_AT + cqe.len);
}

/* --- answers that are named -------------------------------------------------------------------------------------------- */

static struct cap_cqe duplicate_by_path(struct user_ring *ring, uint64_t sequence, uint32_t path)
{
	return go(ring, (struct cap_sqe){.op = CAP_OP_DUP,
					 .flags = CAP_SQE_TARGET_IS_ANSWER,
					 .target = sequence,
					 .path = path});
}

/* A forged message selects nothing that its holder lacks. */
static void walks(struct user_ring *ring)
{
	static const struct {
		uint64_t words[6];
		uint32_t path;
		int status;
	} rows[] = {
		{{CAP_FIRST}, 0xffffffff, STATUS_OK},
		{{STRUCT(0, 1), CAP_FIRST}, 0xffffff00, STATUS_OK},
		{{STRUCT(0, 1), STRUCT(0, 1), STRUCT(0, 1), STRUCT(0, 1), CAP_FIRST}, 0x00000000, STATUS_OK},
		{{STRUCT(0, 1), STRUCT(0, 1), STRUCT(0, 1), STRUCT(0, 1), STRUCT(0, 1), CAP_FIRST},
		 0x00000000,
		 STATUS_BAD_ID},
		{{STRUCT(0, 1), CAP_FIRST}, 0xffffff01, STATUS_BAD_ID},               /* no such field */
		{{STRUCT(0, 1), 1, CAP_FIRST}, 0xffff0000, STATUS_BAD_ID},            /* of a list */
		{{STRUCT(0, 1) | 0xffffffe0u, CAP_FIRST}, 0xffffff00, STATUS_BAD_ID}, /* before the message */
		{{STRUCT(0, 1) | 0x100u, CAP_FIRST}, 0xffffff00, STATUS_BAD_ID},      /* behind it */
		{{0}, 0xffffff00, STATUS_BAD_ID},
		{{CAP_FIRST | 1ull << 32}, 0xffffffff, STATUS_BAD_ID}, /* one that did not come */
	};

	for (unsigned i = 0; i < array_size(rows); i++) {
		struct cap_sqe sqe = call(facet);
		sqe.flags = CAP_SQE_KEEP_ANSWER;
		sqe.buf_caps = 1;
		sqe.user_data = 1;
		uint64_t sequence = ring->sequence;
		IS(go(ring, sqe), PENDING);
		uint64_t token = received(ring);
		put(ring, SEND_AT, rows[i].words, 6);
		describe(ring, 0, second, 0, CAP_DESC_COPY);
		sqe = answer(token);
		sqe.msg_len = 48;
		sqe.caps_len = 1;
		IS(go(ring, sqe), STATUS_OK);
		struct cap_cqe cqe = await(ring, 1);
		IS(cqe, STATUS_OK);
		uint64_t came = id_behind(ring, cqe);
		cqe = duplicate_by_path(ring, sequence, rows[i].path);
		if (cqe.status != rows[i].status)
			host_die("row %u: %d instead of %d", i, cqe.status, rows[i].status);
		if (cqe.status == STATUS_OK)
			release(ring, cqe.token);
		release(ring, came);
		IS(go(ring, (struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER, .target = sequence}), STATUS_OK);
		IS(duplicate_by_path(ring, sequence, rows[i].path), STATUS_BAD_ID);
	}
}

EXPLORE_TEST(a_path_leads_to_what_came_or_nowhere, 2)
{
	play(walks);
}

#define FILLERS 200u

static uint64_t fill(struct user_ring *ring)
{
	uint64_t first = ring->sequence;

	for (unsigned i = 0; i < FILLERS; i++)
		if (go(ring, (struct cap_sqe){.op = CAP_OP_WAIT,
					      .target = word.raw,
					      .interface_id = 1ull << 40,
					      .user_data = 500 + i})
			    .status == STATUS_AGAIN)
			return first;
	host_die("there is no end to credit");
}

static void unfill(struct user_ring *ring, uint64_t first)
{
	struct cap_cqe cqe;

	for (uint64_t i = 0, end_of = ring->sequence - first; i < end_of; i++) {
		(void)go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = first + i});
		(void)take(ring, 500 + i, &cqe);
	}
}

/* --- kernel objects ------------------------------------------------------------------------------------------------------ */

static void calls_the_kernel(struct user_ring *ring)
{
	static const uint64_t nothing[1] = {0};
	struct cap_sqe make = call_kernel(lent_manager, CAPABILITY_MANAGER_INTERFACE_ID,
					  CAPABILITY_MANAGER_CREATE_NOTIFICATION, 8);

	/* Through a gate: what comes back is under it; room for more than there can be is cut. */
	put(ring, SEND_AT, nothing, 1);
	make.buf_caps = 40;
	uint64_t entries = actor->ledger.used[LEDGER_ENTRIES];
	struct cap_cqe cqe = go(ring, make);
	IS(cqe, STATUS_OK);
	explore_check(cqe.caps == 1 && actor->ledger.used[LEDGER_ENTRIES] == entries + 1);
	uint64_t made = id_behind(ring, cqe);
	struct cap_ref ref;
	explore_check(cap_table_find(&actor->table, (cap_id){made}, &ref) == STATUS_OK && ref.gate == gate);
	release(ring, made);
	/* No memory for the gates that may be needed: the n-th allocation. */
	unsigned failures = 0;
	do {
		slab_fail_after(failures + 1);
		make.buf_caps = 2;
		cqe = go(ring, make);
		slab_fail_after(0);
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_NO_MEMORY);
	} while (cqe.status != STATUS_OK && ++failures < 20);
	explore_check(failures >= 3);
	release(ring, id_behind(ring, cqe));
	explore_check(actor->ledger.used[LEDGER_ENTRIES] == entries);
	/* A sleep through one: it is in its list, and ends all the same. */
	put(ring, SEND_AT, (uint64_t[]){STRUCT(1, 0), 5000}, 2);
	struct cap_sqe sleep = call_kernel(lent_timer, TIMER_INTERFACE_ID, TIMER_SLEEP, 16);
	sleep.user_data = 1;
	IS(go(ring, sleep), PENDING);
	IS(await(ring, 1), STATUS_OK);
	/* The same without a gate, again and again: then it is known what it goes to. Without credit, whatever would wait is refused. */
	sleep.target = timer.raw;
	for (unsigned n = 0; n < 3; n++) {
		IS(go(ring, sleep), PENDING);
		IS(await(ring, 1), STATUS_OK);
	}
	struct cap_sqe end_of_other = call_kernel(other_handle, PROCESS_HANDLE_INTERFACE_ID,
						  PROCESS_HANDLE_WAIT, 8);
	put(ring, 128, nothing, 1);
	end_of_other.msg_off = 128;
	uint64_t filled = fill(ring);
	for (unsigned n = 0; n < 3; n++) {
		IS(go(ring, sleep), STATUS_AGAIN);
		IS(go(ring, end_of_other), STATUS_AGAIN);
	}
	unfill(ring, filled);
	struct cap_sqe now = call_kernel(timer, TIMER_INTERFACE_ID, TIMER_NOW, 8);
	now.msg_off = 128;
	for (unsigned n = 0; n < 3; n++)
		IS(go(ring, now), STATUS_OK);
	now.msg_len = CAP_MAX_KERNEL_MESSAGE + 8;
	IS(go(ring, now), STATUS_TOO_LARGE);
	now.msg_len = 8;
	store_release(&session->ended, true);
	IS(go(ring, now), STATUS_REVOKED);
	store_release(&session->ended, false);
	/* A method that gives a capability and then raises an exception: what it gave is dropped. */
	uint64_t words[32], processes = process_count();
	struct msg_builder builder;
	msg_builder_init(&builder, words, sizeof(words));
	process_spawner_clone_params_builder_set_submissions(
		process_spawner_clone_params_builder_root(&builder), 3);
	put(ring, 128, words, (unsigned)(msg_builder_size(&builder) / 8));
	struct cap_sqe clone = call_kernel(spawner, PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_CLONE,
					   (uint32_t)msg_builder_size(&builder));
	clone.msg_off = 128;
	clone.buf_caps = 1;
	IS(go(ring, clone), STATUS_EXCEPTION);
	for (unsigned n = 0; n < 10 && process_count() != processes; n++)
		(void)host_cap_enter(UINT32_MAX, host_now_ns() + 100000000, NULL);
	explore_check(process_count() == processes && actor->ledger.used[LEDGER_ENTRIES] == entries);
	/* Too long a message; a method that was removed; one that there is not; none of that interface. */
	sleep.msg_len = CAP_MAX_KERNEL_MESSAGE + 8;
	IS(go(ring, sleep), STATUS_TOO_LARGE);
	IS(go(ring, call_kernel(weak_timer, TIMER_INTERFACE_ID, TIMER_NOW, 8)), STATUS_DENIED);
	IS(go(ring, call_kernel(timer, TIMER_INTERFACE_ID, 60, 8)), STATUS_EXCEPTION);
	IS(go(ring, call_kernel(timer, SCENARIO_INTERFACE, TIMER_NOW, 8)), STATUS_EXCEPTION);
	IS(go(ring, call_kernel(template, SCENARIO_INTERFACE, 0, 8)), STATUS_WRONG_TYPE);
	/* describe of what was sent, and of nothing. */
	describe(ring, 0, facet, 0, CAP_DESC_COPY);
	struct cap_sqe about = call_kernel(manager, CAPABILITY_MANAGER_INTERFACE_ID,
					   CAPABILITY_MANAGER_DESCRIBE, 16);
	put(ring, SEND_AT, (uint64_t[]){STRUCT(0, 1), CAP_FIRST}, 2);
	about.caps_len = 1;
	IS(go(ring, about), STATUS_OK);
	about.caps_len = 0;
	IS(go(ring, about), STATUS_BAD_MESSAGE);
	put(ring, SEND_AT, (uint64_t[]){STRUCT(0, 1), 0}, 2);
	IS(go(ring, about), STATUS_EXCEPTION);
}

EXPLORE_TEST(an_object_of_the_kernel_is_called_through_a_gate_as_without, 2)
{
	play(calls_the_kernel);
}

/* Timer.signal: the bits are there when it completes, through whatever its notification came. */
static void is_signalled(struct user_ring *ring)
{
	struct cap_sqe later_on = call_kernel(timer, TIMER_INTERFACE_ID, TIMER_SIGNAL, 32);
	struct cap_sqe wait = {.op = CAP_OP_WAIT, .target = word.raw, .interface_id = 4};
	cap_id through[] = {word, lent_word};

	later_on.caps_len = 1;
	later_on.buf_caps = 1;
	for (unsigned i = 0; i < 2; i++) {
		describe(ring, 0, through[i], 0, CAP_DESC_COPY);
		put(ring, SEND_AT, (uint64_t[]){STRUCT(2, 1), host_now_ns() + 1000000000, 4, CAP_FIRST}, 4);
		later_on.user_data = 1;
		IS(go(ring, later_on), PENDING);
		IS(await(ring, 1), STATUS_OK);
		explore_check(go(ring, wait).token == 4);
	}
	/* Its gates find no memory; then there is no credit left. */
	unsigned failures = 0;
	struct cap_cqe cqe;
	put(ring, SEND_AT, (uint64_t[]){STRUCT(2, 1), UINT64_MAX, 4, CAP_FIRST}, 4);
	do {
		slab_fail_after(failures + 1);
		cqe = go(ring, later_on);
		slab_fail_after(0);
		explore_check(cqe.status == PENDING || cqe.status == STATUS_NO_MEMORY);
	} while (cqe.status != PENDING && ++failures < 20);
	explore_check(failures >= 2);
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = ring->sequence - 1}), STATUS_OK);
	IS(await(ring, 1), STATUS_CANCELLED);
	uint64_t filled = fill(ring);
	IS(go(ring, later_on), STATUS_AGAIN);
	put(ring, SEND_AT, (uint64_t[]){STRUCT(1, 0), 5000}, 2);
	IS(go(ring, call_kernel(timer, TIMER_INTERFACE_ID, TIMER_SLEEP, 16)), STATUS_AGAIN);
	unfill(ring, filled);
}

EXPLORE_TEST(a_timer_signals_or_says_why_not, 2)
{
	play(is_signalled);
}

/* --- notifications ------------------------------------------------------------------------------------------------------- */

static void signals_and_waits(struct user_ring *ring)
{
	struct cap_sqe signal = {.op = CAP_OP_SIGNAL, .target = word.raw, .interface_id = 6},
		       wait = {.op = CAP_OP_WAIT, .target = word.raw, .interface_id = 2};

	for (unsigned quiet = 0; quiet < 2; quiet++) {
		struct cap_sqe sqe = signal;
		sqe.flags = quiet ? CAP_SQE_QUIET : 0;
		IS(go(ring, sqe), quiet ? PENDING : STATUS_OK);
		explore_check(go(ring, wait).token == 2);
		IS(go(ring, sqe), quiet ? PENDING : STATUS_OK); /* the same as the last one */
		sqe.target = lent_word.raw;
		IS(go(ring, sqe), quiet ? PENDING : STATUS_OK);
		sqe.target = weak_word.raw;
		IS(go(ring, sqe), STATUS_DENIED);
		sqe.target = 77;
		IS(go(ring, sqe), STATUS_BAD_ID);
		sqe.target = facet.raw;
		IS(go(ring, sqe), STATUS_WRONG_TYPE);
		sqe.target = word.raw;
		sqe.msg_off = 8;
		IS(go(ring, sqe), STATUS_BAD_OP);
		ring->quiet -= quiet ? 4 : 0; /* those that failed completed, after all */
	}
	explore_check(go(ring, wait).token == 2);
	/* Through a gate: what is there, and what comes. */
	wait.target = lent_word.raw;
	IS(go(ring, signal), STATUS_OK);
	explore_check(go(ring, wait).token == 2);
	wait.user_data = 1;
	IS(go(ring, wait), PENDING);
	explore_check(!list_is_empty(&gate->requests));
	IS(go(ring, signal), STATUS_OK);
	explore_check(await(ring, 1).token == 2 && list_is_empty(&gate->requests));
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_WAIT, .target = weak_word.raw, .interface_id = 4}),
	   STATUS_OK);
	/* In a session that is over. */
	store_release(&session->ended, true);
	IS(go(ring, signal), STATUS_REVOKED);
	IS(go(ring, wait), STATUS_REVOKED);
	store_release(&session->ended, false);
}

EXPLORE_TEST(a_notification_is_signalled_and_waited_for_by_whom_it_may, 2)
{
	play(signals_and_waits);
}

/* Two threads wait, the first as the only word there; a third signals what neither, the one, the other waits for. */
static unsigned waiting;

static void waits_for_its_bit(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	(void)atomic_add(&waiting, 1u);
	struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_WAIT,
							      .target = word.raw,
							      .interface_id = ring.thread_arg,
							      .user_data = 4});
	explore_check(cqe.status == STATUS_OK && cqe.token == ring.thread_arg);
	finished++;
}

static void signals_them(uint64_t region)
{
	static const uint64_t bits[] = {8, 1, 2};
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (load_acquire(&waiting) < 2)
		(void)host_cap_enter(UINT32_MAX, host_now_ns() + 50000000, NULL);
	(void)host_cap_enter(UINT32_MAX, host_now_ns() + 50000000, NULL);
	for (unsigned i = 0; i < array_size(bits); i++) {
		(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_SIGNAL,
							   .flags = CAP_SQE_QUIET,
							   .target = word.raw,
							   .interface_id = bits[i]});
		(void)user_enter(&ring, 0, 0);
	}
	finished++;
}

EXPLORE_TEST(each_of_those_who_wait_gets_its_bit, 4)
{
	begin();
	waiting = 0;
	scenario_thread(actor, waits_for_its_bit, 1);
	scenario_thread(actor, waits_for_its_bit, 2);
	scenario_thread(actor, signals_them, 0);
	scenario_run();
	explore_check(finished == 3);
	object_put(&endpoint->object);
	gate_put(gate);
	gate_put(dead_gate);
	object_put(&session->object);
	scenario_end();
}

/* --- calls and answers ------------------------------------------------------------------------------------------------------ */

static struct cap_sqe call_with(cap_id target, uint16_t sends, uint16_t takes)
{
	struct cap_sqe sqe = call(target);

	sqe.caps_len = sends;
	sqe.buf_caps = takes;
	sqe.user_data = 1;
	return sqe;
}

static void cancel(struct user_ring *ring, uint64_t sequence, uint64_t user_data)
{
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence}), STATUS_OK);
	IS(await(ring, user_data), STATUS_CANCELLED);
}

static void is_refused_calls(struct user_ring *ring)
{
	struct cap_sqe sqe;

	describe(ring, 0, private_facet, 0, CAP_DESC_COPY);
	IS(go(ring, call_with(facet, 1, 0)), STATUS_OUT_OF_SCOPE);
	describe(ring, 0, facet, 0, CAP_DESC_COPY);
	for (unsigned n = 0; n < 2; n++) /* also when its words are known */
		IS(go(ring, call_with(plain, 1, 0)), STATUS_TOO_LARGE);
	IS(go(ring, call_with(facet, CAPS + 1, 0)), STATUS_TOO_LARGE);
	IS(go(ring, call_with(facet, 0, CAP_MESSAGE_MAX_CAPS + 1)), STATUS_TOO_LARGE);
	IS(go(ring, call_with(dead_facet, 0, 0)), PENDING);
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = ring->sequence - 1}), STATUS_OK);
	IS(await(ring, 1), STATUS_CANCELLED);
	store_release(&dead_gate->dead, true);
	IS(go(ring, call_with(dead_facet, 0, 0)), STATUS_REVOKED);
	describe(ring, 0, dead_facet, 0, CAP_DESC_COPY);
	IS(go(ring, call_with(facet, 1, 0)), STATUS_REVOKED);
	describe(ring, 0, facet, 0, (enum cap_desc_kind)9);
	IS(go(ring, call_with(facet, 1, 0)), STATUS_BAD_OP);
	/* RECV. */
	IS(go(ring, receive((cap_id){77})), STATUS_BAD_ID);
	IS(go(ring, receive(facet)), STATUS_WRONG_TYPE);
	sqe = receive(end);
	sqe.buf_len -= 8;
	IS(go(ring, sqe), STATUS_TOO_LARGE);
	sqe = receive(end);
	sqe.buf_off = ring->arena_len;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
	for (unsigned n = 1; n < 20; n++) { /* the first records of the process */
		frame_fail_after(n);
		sqe = receive(end);
		sqe.user_data = 7;
		struct cap_cqe cqe = go(ring, sqe);
		frame_fail_after(0);
		explore_check(actor->ledger.used[LEDGER_CALLS] == (cqe.status == PENDING));
		if (cqe.status == PENDING) {
			explore_check(n > 1);
			cancel(ring, ring->sequence - 1, 7);
			break;
		}
		IS(cqe, STATUS_NO_MEMORY);
	}
	uint64_t limit = actor->ledger.limit[LEDGER_CALLS];
	actor->ledger.limit[LEDGER_CALLS] = 0;
	IS(go(ring, receive(lent_end)), STATUS_NO_QUOTA);
	actor->ledger.limit[LEDGER_CALLS] = limit;
	limit = actor->ledger.limit[LEDGER_ENTRIES];
	actor->ledger.limit[LEDGER_ENTRIES] = actor->ledger.used[LEDGER_ENTRIES];
	IS(go(ring, receive(end)), STATUS_NO_QUOTA);
	actor->ledger.limit[LEDGER_ENTRIES] = limit;
}

EXPLORE_TEST(what_cannot_be_called_or_received_from_is_not, 2)
{
	play(is_refused_calls);
}

static struct cap_sqe answer_and_receive(uint64_t token, cap_id from)
{
	struct cap_sqe sqe = answer(token);

	sqe.op = CAP_OP_RETURN_RECV;
	sqe.interface_id = from.raw;
	sqe.buf_off = RECV_AT;
	sqe.buf_len = RECV_BUF;
	sqe.buf_caps = CAPS;
	sqe.user_data = 2;
	return sqe;
}

/* Gates so deep that one below both would be too deep. */
static struct gate *chain(unsigned depth)
{
	struct gate *last = NULL, *next;

	for (unsigned i = 0; i < depth; i++) {
		explore_check(gate_create(NULL, last, NULL, &next) == STATUS_OK);
		gate_put(last);
		last = next;
	}
	return last;
}

static void is_refused_answers(struct user_ring *ring)
{
	struct cap_sqe sqe;
	uint64_t token;

	/* Too long an exception, one with a capability, a descriptor beyond the arena, one that is for this process only. */
	IS(go(ring, call_with(facet, 0, 1)), PENDING);
	token = received(ring);
	sqe = answer(token);
	sqe.flags = CAP_SQE_IS_EXCEPTION;
	sqe.msg_len = CAP_MIN_RESULT_BUF + 8;
	IS(go(ring, sqe), STATUS_TOO_LARGE);
	sqe.msg_len = 16;
	sqe.caps_len = 1;
	IS(go(ring, sqe), STATUS_TOO_LARGE);
	sqe = answer_and_receive(token, end);
	sqe.caps_len = 1;
	sqe.caps_off = ring->arena_len - 8;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
	sqe.caps_off = DESC_AT;
	sqe.target = token + 1;
	IS(go(ring, sqe), STATUS_BAD_ID);
	sqe.target = token;
	sqe.interface_id = facet.raw;
	IS(go(ring, sqe), STATUS_WRONG_TYPE);
	sqe = answer(token);
	sqe.caps_len = 1;
	describe(ring, 0, private_facet, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OUT_OF_SCOPE);
	sqe.msg_off = 4;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
	/* RETURN_RECV through a gate; then once more, with the words known but not remembered. */
	sqe = answer_and_receive(token, lent_end);
	for (unsigned n = 0; n < 2; n++) {
		uint64_t at = ring->sequence;
		IS(go(ring, sqe), PENDING);
		IS(await(ring, 1), STATUS_OK);
		cancel(ring, at, 2);
		IS(go(ring, call_with(facet, 0, 1)), PENDING);
		sqe.target = token = received(ring);
	}
	IS(go(ring, answer(token)), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
	/* Gates that would be too deep together; and those of which one contains the other. */
	struct gate *deep = chain(GATE_MAX_DEPTH), *own = chain(2);
	cap_id deep_facet = lend(scenario_facet(endpoint, 30), deep),
	       owned = lend(scenario_facet(endpoint, 31), own),
	       inner = lend(scenario_facet(endpoint, 32), deep);
	IS(go(ring, call_with(deep_facet, 0, 1)), PENDING);
	token = received(ring);
	sqe = answer(token);
	sqe.caps_len = 1;
	describe(ring, 0, owned, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_GATE_DEPTH);
	describe(ring, 0, inner, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	struct cap_cqe cqe = await(ring, 1);
	IS(cqe, STATUS_OK);
	release(ring, id_behind(ring, cqe));
	struct gate *below;
	explore_check(gate_create(NULL, gate, NULL, &below) == STATUS_OK);
	cap_id lower = lend(scenario_facet(endpoint, 33), below);
	gate_put(below);
	IS(go(ring, call_with(lent_facet, 0, 1)), PENDING);
	sqe.target = received(ring);
	describe(ring, 0, lower, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	cqe = await(ring, 1);
	IS(cqe, STATUS_OK);
	release(ring, id_behind(ring, cqe));
	gate_put(deep);
	gate_put(own);
	/* The same token once more, with words that are known: it is nobody's. */
	IS(go(ring, call_with(facet, 0, 0)), PENDING);
	token = received(ring);
	sqe = answer_and_receive(token, end);
	uint64_t at = ring->sequence;
	IS(go(ring, sqe), PENDING);
	IS(await(ring, 1), STATUS_OK);
	cancel(ring, at, 2);
	IS(go(ring, sqe), STATUS_BAD_ID);
	IS(go(ring, sqe), STATUS_BAD_ID);
}

EXPLORE_TEST(an_answer_that_is_refused_leaves_the_call_open, 2)
{
	play(is_refused_answers);
}

/* What the call brought is dropped with its answer; some of it was gone already, and there is no room for what comes next. */
static void drops_without_room(struct user_ring *ring)
{
	struct cap_sqe sqe;
	struct cap_cqe cqe;

	for (unsigned kept = 0; kept < 2; kept++) {
		describe(ring, 0, second, 0, CAP_DESC_COPY);
		describe(ring, 1, second, 0, CAP_DESC_COPY);
		IS(go(ring, call_with(facet, 2, 0)), PENDING);
		cqe = go(ring, receive(end));
		IS(cqe, STATUS_OK);
		uint64_t ids[2] = {user_arena_word(ring, RECV_AT + cqe.len),
				   user_arena_word(ring, RECV_AT + cqe.len + 8)};
		if (!kept)
			release(ring, ids[0]);
		sqe = answer_and_receive(cqe.token, end);
		sqe.flags = kept ? 0 : CAP_SQE_RELEASE_CAPS;
		uint64_t limit = actor->ledger.limit[LEDGER_ENTRIES];
		actor->ledger.limit[LEDGER_ENTRIES] = actor->ledger.used[LEDGER_ENTRIES];
		/* Kept, nothing is done; dropped, the answer is given, and nothing is received. */
		IS(go(ring, sqe), STATUS_NO_QUOTA);
		actor->ledger.limit[LEDGER_ENTRIES] = limit;
		if (kept) {
			IS(go(ring, answer(cqe.token)), STATUS_OK);
			release(ring, ids[0]);
			release(ring, ids[1]);
		}
		IS(await(ring, 1), STATUS_OK);
		explore_check(actor->ledger.used[LEDGER_CALLS] == 0);
	}
}

EXPLORE_TEST(who_has_no_room_to_receive_again_has_answered, 2)
{
	play(drops_without_room);
}

/* --- keys that are retired while calls wait ------------------------------------------------------------------------------- */

static void retires_what_waits(struct user_ring *ring)
{
	const uint64_t keep[] = {2};
	cap_id doors[] = {second, facet, facet, second};

	for (unsigned i = 0; i < array_size(doors); i++) {
		struct cap_sqe sqe = call(doors[i]);
		sqe.user_data = 20 + i;
		IS(go(ring, sqe), PENDING);
	}
	invariants_busy(true);
	(void)endpoint_retire_other_keys(endpoint, keep, 1, NULL);
	invariants_busy(false);
	IS(await(ring, 21), STATUS_DISCONNECTED);
	IS(await(ring, 22), STATUS_DISCONNECTED);
	for (unsigned i = 0; i < 2; i++)
		IS(go(ring, answer(received(ring))), STATUS_OK);
	IS(await(ring, 20), STATUS_OK);
	IS(await(ring, 23), STATUS_OK);
}

EXPLORE_TEST(calls_of_kept_keys_wait_on_when_others_are_retired, 2)
{
	play(retires_what_waits);
}

/* --- what ends where it begins -------------------------------------------------------------------------------------------- */

static cap_id itself; /* the actor's own thread */

static void is_garbled(struct user_ring *ring)
{
	static const uint8_t ops[] = {CAP_OP_NOP, CAP_OP_DUP, CAP_OP_RELEASE, CAP_OP_WAKE, CAP_OP_WAIT};

	itself = scenario_give(actor, scenario_full(&thread_of_actor->object));
	for (unsigned i = 0; i < array_size(ops); i++) {
		struct cap_sqe sqe = {.op = ops[i], .target = i == 0 ? 0 : word.raw, .msg_len = 8};
		IS(go(ring, sqe), STATUS_BAD_OP);
		sqe.flags = ops[i] == CAP_OP_RELEASE || ops[i] == CAP_OP_WAKE ? CAP_SQE_QUIET : 0;
		IS(go(ring, sqe), STATUS_BAD_OP);
		ring->quiet -= sqe.flags != 0;
	}
	/* WAKE of nobody, of what is no thread, of oneself: the permit is there. */
	struct cap_sqe wake = {.op = CAP_OP_WAKE, .flags = CAP_SQE_QUIET, .target = 77};
	IS(go(ring, wake), STATUS_BAD_ID);
	wake.target = word.raw;
	IS(go(ring, wake), STATUS_WRONG_TYPE);
	ring->quiet -= 2;
	wake.target = itself.raw;
	for (unsigned n = 0; n < 2; n++) {
		(void)user_submit(ring, &wake);
		explore_check(user_enter(ring, 1, 0) & CAP_ENTER_WOKEN);
	}
}

EXPLORE_TEST(what_ends_at_once_has_no_fields_that_it_does_not_know, 2)
{
	play(is_garbled);
}

/* More than there is room for completions: what fits is done, and the rest when there is room again. */
static void fills_its_queue(struct user_ring *ring)
{
	struct cap_sqe nop = {.op = CAP_OP_NOP};
	struct cap_cqe cqe;
	unsigned count = 0;

	for (unsigned n = 0; n < 2; n++) {
		for (unsigned i = 0; i < 32; i++)
			(void)user_submit(ring, &nop);
		(void)user_enter(ring, 0, 0);
	}
	for (unsigned i = 0; i < 6; i++)
		(void)user_submit(ring, &nop);
	explore_check(user_enter(ring, 0, 0) & CAP_ENTER_CQ_FULL);
	explore_check(ring->accepted == 64);
	for (unsigned n = 0; n < 3; n++)
		explore_check(user_reap(ring, &cqe));
	explore_check(user_enter(ring, 0, 0) & CAP_ENTER_CQ_FULL);
	explore_check(ring->accepted == 67);
	for (; user_reap(ring, &cqe); count++)
		explore_check(cqe.status == STATUS_OK);
	(void)user_enter(ring, 0, 0);
	while (user_reap(ring, &cqe))
		count++;
	explore_check(count == 67 && ring->accepted == 70);
}

EXPLORE_TEST(who_does_not_reap_submits_no_more, 2)
{
	for (unsigned i = 0; i < 2; i++) {
		captured = i;
		play(fills_its_queue);
	}
	captured = false;
}

/* Indexes that cannot be: the process ends for it, whatever else it was doing. */
static unsigned how;

static void lies(struct user_ring *ring)
{
	uint64_t head = ring->region.raw + offsetof(struct cap_region, cq_head),
		 tail = ring->region.raw + offsetof(struct cap_region, sq_tail);
	struct cap_sqe nop = {.op = CAP_OP_NOP};

	finished = 200; /* it does not come back */
	for (unsigned i = 0; i < 32; i++)
		(void)user_submit(ring, &nop);
	(void)user_enter(ring, 0, 0);
	switch (how) {
	case 0: /* reaped what there never was, and asks for nothing */
		host_user_store32(VADDR(head), 1000);
		break;
	case 1: /* takes back what it reaped, with more than fits behind it */
		for (unsigned i = 0; i < 32; i++)
			(void)user_submit(ring, &nop);
		(void)user_enter(ring, 0, 0);
		host_user_store32(VADDR(head), 64);
		for (unsigned i = 0; i < 32; i++)
			(void)user_submit(ring, &nop);
		(void)user_enter(ring, 0, 0);
		host_user_store32(VADDR(head), 20);
		for (unsigned i = 0; i < 4; i++)
			(void)user_submit(ring, &nop);
		break;
	case 2: /* more submissions than the queue has room for */
		host_user_store32(VADDR(tail), 200);
		break;
	case 3: /* the same as the first, by one that was woken */
		host_user_store32(VADDR(head), 1000);
		(void)host_cap_enter(1, host_now_ns() + 1000, NULL);
		break;
	}
	(void)host_cap_enter(0, 0, NULL);
	host_die("it goes on after %u", how);
}

EXPLORE_TEST(impossible_indexes_end_the_process, 2)
{
	for (unsigned i = 0; i < 8; i++) {
		how = i % 4;
		captured = i >= 4;
		begin();
		script = lies;
		if (captured)
			capture_it(actor);
		scenario_thread(actor, plays, 0);
		scenario_run();
		explore_check(actor->exit.reason == EXIT_PROTOCOL);
		object_put(&endpoint->object);
		gate_put(gate);
		gate_put(dead_gate);
		object_put(&session->object);
		scenario_end();
	}
	captured = false;
}

/* --- TAIL -------------------------------------------------------------------------------------------------------------------- */

static struct cap_sqe pass(uint64_t token, uint16_t caps)
{
	struct cap_sqe sqe = answer(token);

	sqe.flags = CAP_SQE_TAIL;
	sqe.interface_id = SCENARIO_INTERFACE;
	sqe.caps_len = caps;
	return sqe;
}

static void is_refused_tails(struct user_ring *ring)
{
	cap_id weak;
	struct cap_sqe sqe;
	struct interface_set none = {SCENARIO_INTERFACE, 0};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, 40, &none, 1, &view) == STATUS_OK);
	weak = scenario_give(actor, view);
	IS(go(ring, call_with(facet, 0, 1)), PENDING);
	uint64_t token = received(ring);
	const struct {
		cap_id target;
		uint64_t interface_id;
		uint32_t bytes;
		uint16_t caps;
		int status;
	} rows[] = {
		{template, SCENARIO_INTERFACE, 16, 1, STATUS_WRONG_TYPE},
		{facet, TIMER_INTERFACE_ID, 16, 1, STATUS_WRONG_TYPE},
		{weak, SCENARIO_INTERFACE, 16, 1, STATUS_DENIED},
		{facet, SCENARIO_INTERFACE, MESSAGE + 8, 1, STATUS_TOO_LARGE},
		{facet, SCENARIO_INTERFACE, 16, CAPS + 2, STATUS_TOO_LARGE},
		{plain, SCENARIO_INTERFACE, 16, 2, STATUS_TOO_LARGE},
		{timer, TIMER_INTERFACE_ID, CAP_MAX_KERNEL_MESSAGE + 8, 1, STATUS_TOO_LARGE},
		{facet, SCENARIO_INTERFACE, 16, 0, STATUS_BAD_OP},
		{{77}, SCENARIO_INTERFACE, 16, 1, STATUS_BAD_ID},
	};
	for (unsigned i = 0; i < array_size(rows); i++) {
		describe(ring, 0, rows[i].target, 0, CAP_DESC_COPY);
		for (unsigned n = 1; n < 5; n++)
			describe(ring, n, second, 0, CAP_DESC_COPY);
		sqe = pass(token, rows[i].caps);
		sqe.interface_id = rows[i].interface_id;
		sqe.msg_len = rows[i].bytes;
		struct cap_cqe cqe = go(ring, sqe);
		if (cqe.status != rows[i].status)
			host_die("row %u: %d instead of %d", i, cqe.status, rows[i].status);
	}
	describe(ring, 0, faceted_word, 0,
		 CAP_DESC_COPY); /* no process serves it: the object says what it has not */
	IS(go(ring, call_with(facet, 0, 0)), PENDING);
	sqe = pass(received(ring), 1);
	sqe.interface_id = notification_object_type->interface_id;
	sqe.method = 60;
	IS(go(ring, sqe), STATUS_OK);
	IS(await(ring, 1), STATUS_EXCEPTION);
	/* A call without room for capabilities, under a gate from here on; and what only goes to processes of the session, to one. */
	for (uint16_t i = 0; i < 2; i++) {
		struct cap_sqe first = call_with(facet, 0, i);
		first.user_data = 3;
		IS(go(ring, first), PENDING);
		describe(ring, 0, i == 0 ? lent_facet : facet, 0, CAP_DESC_COPY);
		describe(ring, 1, bound_facet, 0, CAP_DESC_COPY);
		IS(go(ring, pass(received(ring), 2)), STATUS_OK);
		struct cap_cqe got = go(ring, receive(end));
		IS(got, STATUS_OK);
		release(ring, user_arena_word(ring, RECV_AT + got.len));
		IS(go(ring, answer(got.token)), STATUS_OK);
		IS(await(ring, 3), STATUS_OK);
	}
	/* A capability that goes along is for this process only; the one called is moved; an exception; a message beyond the arena. */
	describe(ring, 0, facet, 0, CAP_DESC_COPY);
	describe(ring, 1, private_facet, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 2)), STATUS_OUT_OF_SCOPE);
	describe(ring, 0, facet, 0, CAP_DESC_MOVE);
	IS(go(ring, pass(token, 1)), STATUS_BAD_OP);
	describe(ring, 0, facet, 0, CAP_DESC_COPY);
	sqe = pass(token, 1);
	sqe.flags |= CAP_SQE_IS_EXCEPTION;
	IS(go(ring, sqe), STATUS_BAD_OP);
	sqe = pass(token, 1);
	sqe.msg_off = ring->arena_len;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
	IS(go(ring, pass(token + 1, 1)), STATUS_BAD_ID);
	/* In a session that is over; through a gate that is dead; each allocation in turn, also of what may be needed under a gate. */
	store_release(&session->ended, true);
	IS(go(ring, pass(token, 1)), STATUS_REVOKED);
	store_release(&session->ended, false);
	describe(ring, 0, dead_facet, 0, CAP_DESC_COPY);
	describe(ring, 1, second, 0, CAP_DESC_COPY);
	struct cap_cqe cqe;
	unsigned failures = 0;
	do {
		slab_fail_after(failures + 1);
		cqe = go(ring, pass(token, 2));
		slab_fail_after(0);
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_NO_MEMORY);
	} while (cqe.status != STATUS_OK && ++failures < 20);
	explore_check(failures >= 4);
	/* It is under that gate now, which the second stage can pass on to what contains it, or is contained. */
	token = received(ring);
	release(ring, user_arena_word(ring, RECV_AT + HEADER + 16));
	struct gate *below;
	explore_check(gate_create(NULL, dead_gate, NULL, &below) == STATUS_OK);
	cap_id under = lend(scenario_facet(endpoint, 41), below);
	gate_put(below);
	describe(ring, 0, under, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_OK); /* the inner one */
	token = received(ring);
	describe(ring, 0, dead_facet, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_OK); /* stays under it */
	token = received(ring);
	describe(ring, 0, lent_facet, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_OK); /* a new one, below both */
	token = received(ring);
	IS(go(ring, answer(token)), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
	/* A call that nobody waits for any more is dropped with what it would have taken along; a retired key takes none. */
	describe(ring, 0, facet, 0, CAP_DESC_COPY);
	describe(ring, 1, second, 0, CAP_DESC_COPY);
	uint64_t at = ring->sequence;
	IS(go(ring, call_with(facet, 0, 1)), PENDING);
	token = received(ring);
	cancel(ring, at, 1);
	IS(go(ring, pass(token, 2)), STATUS_OK);
	IS(go(ring, call_with(facet, 0, 1)), PENDING);
	token = received(ring);
	invariants_busy(true);
	explore_check(endpoint_retire_key(endpoint, 2, NULL));
	invariants_busy(false);
	describe(ring, 0, second, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_DISCONNECTED);
	IS(go(ring, answer(token)), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
}

EXPLORE_TEST(a_call_that_cannot_be_passed_on_stays_open, 2)
{
	play(is_refused_tails);
}

/* To the kernel's objects: what they give must fit, and may have to be dropped. */
static void passes_to_objects(struct user_ring *ring)
{
	struct cap_sqe sqe, give = pass(0, 1);
	cap_id me = scenario_give(actor, scenario_full(&actor->object));
	struct cap_cqe cqe;

	give.interface_id = CAPABILITY_MANAGER_INTERFACE_ID;
	give.method = CAPABILITY_MANAGER_CREATE_NOTIFICATION;
	give.msg_len = 8;
	for (unsigned i = 0; i < 3; i++) {
		/* No room for what it gives; nobody who waits for it; a gate over it. */
		uint64_t at = ring->sequence;
		IS(go(ring, call_with(facet, 0, i == 0 ? 0 : 1)), PENDING);
		give.target = received(ring);
		put(ring, SEND_AT, (uint64_t[]){0}, 1);
		describe(ring, 0, i == 2 ? lent_manager : manager, 0, CAP_DESC_COPY);
		if (i == 1)
			cancel(ring, at, 1);
		IS(go(ring, give), STATUS_OK);
		if (i == 1)
			continue;
		cqe = await(ring, 1);
		IS(cqe, i == 0 ? STATUS_NO_SLOT : STATUS_OK);
		if (i == 2)
			release(ring, id_behind(ring, cqe));
	}
	/* More than the caller's buffer takes; two where there is room for one; what may go to no other process. */
	struct cap_sqe ask = call_with(facet, 0, 1);
	ask.buf_len = CAP_MIN_RESULT_BUF;
	for (unsigned i = 0; i < 3; i++) {
		static const int statuses[] = {STATUS_TOO_LARGE, STATUS_NO_SLOT, STATUS_OUT_OF_SCOPE};
		IS(go(ring, ask), PENDING);
		sqe = pass(received(ring), i == 0 ? 1 : 2);
		sqe.interface_id = CAPABILITY_MANAGER_INTERFACE_ID;
		describe(ring, 0, manager, 0, CAP_DESC_COPY);
		describe(ring, 1, i == 1 ? second : private_facet, 0, CAP_DESC_COPY);
		if (i == 0) {
			sqe.method = CAPABILITY_MANAGER_LIST;
			sqe.msg_len = 8;
			put(ring, SEND_AT, (uint64_t[]){0}, 1);
		} else if (i == 1) {
			sqe.method = CAPABILITY_MANAGER_MAKE_REVOCABLE;
			sqe.msg_len = 24;
			put(ring, SEND_AT, (uint64_t[]){STRUCT(1, 1), 0, CAP_FIRST}, 3);
		} else {
			sqe.method = CAPABILITY_MANAGER_ATTENUATE;
			sqe.msg_len = 32;
			put(ring, SEND_AT, (uint64_t[]){STRUCT(2, 1), SCENARIO_INTERFACE, 1, CAP_FIRST}, 4);
		}
		IS(go(ring, sqe), STATUS_OK);
		cqe = await(ring, 1);
		IS(cqe, statuses[i]);
		explore_check(cqe.caps == 0 && cqe.len == 0);
	}
	/* A method that answers later, of a queue and of a time; with a deadline of the caller's beside it. */
	for (unsigned timed = 0; timed < 2; timed++) {
		sqe = call_with(facet, 0, 0);
		sqe.deadline_ns = timed ? host_now_ns() + 1000000000 : 0;
		uint64_t at = ring->sequence;
		IS(go(ring, sqe), PENDING);
		sqe = pass(received(ring), 1);
		sqe.interface_id = TIMER_INTERFACE_ID;
		sqe.method = TIMER_SLEEP;
		put(ring, SEND_AT, (uint64_t[]){STRUCT(1, 0), 5000}, 2);
		describe(ring, 0, timer, 0, CAP_DESC_COPY);
		IS(go(ring, sqe), STATUS_OK);
		IS(await(ring, 1), STATUS_OK);
		at = ring->sequence;
		IS(go(ring, call_with(facet, 0, 0)), PENDING);
		sqe = pass(received(ring), 1);
		sqe.interface_id = PROCESS_HANDLE_INTERFACE_ID;
		sqe.method = PROCESS_HANDLE_WAIT;
		sqe.msg_len = 8;
		put(ring, SEND_AT, (uint64_t[]){0}, 1);
		describe(ring, 0, me, 0, CAP_DESC_COPY);
		IS(go(ring, sqe), STATUS_OK);
		cancel(ring, at, 1);
		/* Nobody waits for that any more. */
		at = ring->sequence;
		IS(go(ring, call_with(facet, 0, 0)), PENDING);
		sqe.target = received(ring);
		cancel(ring, at, 1);
		IS(go(ring, sqe), STATUS_OK);
	}
	/* The bits would be another's: Timer.signal is nothing to pass on to. What went along is put back. */
	IS(go(ring, call_with(facet, 0, 0)), PENDING);
	sqe = pass(received(ring), 2);
	sqe.interface_id = TIMER_INTERFACE_ID;
	sqe.method = TIMER_SIGNAL;
	sqe.msg_len = 32;
	put(ring, SEND_AT, (uint64_t[]){STRUCT(2, 1), UINT64_MAX, 4, CAP_FIRST}, 4);
	describe(ring, 0, timer, 0, CAP_DESC_COPY);
	describe(ring, 1, word, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	IS(await(ring, 1), STATUS_BAD_STATE);
	/* Through a gate that has died meanwhile: the call is revoked. */
	IS(go(ring, call_with(facet, 0, 1)), PENDING);
	sqe = pass(received(ring), 1);
	sqe.interface_id = TIMER_INTERFACE_ID;
	sqe.method = TIMER_NOW;
	sqe.msg_len = 8;
	put(ring, SEND_AT, (uint64_t[]){0}, 1);
	describe(ring, 0, lent_timer, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
}

EXPLORE_TEST(what_an_object_gives_to_a_call_that_was_passed_on_goes_to_the_caller_or_back, 2)
{
	play(passes_to_objects);
}

/* --- what waits for an answer -------------------------------------------------------------------------------------------------- */

/* A call whose answer is named; it is at the endpoint. */
static uint64_t promise(struct user_ring *ring, uint64_t user_data)
{
	struct cap_sqe sqe = call_with(facet, 0, 2);

	sqe.flags = CAP_SQE_KEEP_ANSWER;
	sqe.user_data = user_data;
	IS(go(ring, sqe), PENDING);
	return ring->sequence - 1;
}

/* The answer: a struct whose two fields are the two capabilities. */
static void keep(struct user_ring *ring, uint64_t user_data, cap_id a, cap_id b)
{
	struct cap_sqe sqe = answer(received(ring));

	describe(ring, 0, a, 0, CAP_DESC_COPY);
	describe(ring, 1, b, 0, CAP_DESC_COPY);
	put(ring, SEND_AT, (uint64_t[]){STRUCT(0, 2), CAP_FIRST, CAP_FIRST | 1ull << 32}, 3);
	sqe.msg_len = 24;
	sqe.caps_len = 2;
	IS(go(ring, sqe), STATUS_OK);
	IS(await(ring, user_data), STATUS_OK);
}

static void forget(struct user_ring *ring, uint64_t sequence)
{
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER,
				     .flags = CAP_SQE_RELEASE_CAPS,
				     .target = sequence}),
	   STATUS_OK);
}

static struct cap_sqe on_answer(uint64_t sequence, unsigned field, uint64_t user_data)
{
	struct cap_sqe sqe = call_with((cap_id){sequence}, 0, 0);

	sqe.flags = CAP_SQE_TARGET_IS_ANSWER;
	sqe.path = 0xffffff00 | field;
	sqe.buf_off = RESULT_AT + BUFFER; /* the answer stays where it is */
	sqe.user_data = user_data;
	return sqe;
}

static uint32_t held(void)
{
	return thread_of_actor->ring.held_count;
}

/* What names an answer that is to come is refused for what it is, and holds nothing then. */
static void is_not_held(struct user_ring *ring)
{
	uint64_t first = promise(ring, 1);
	struct cap_sqe sqe = on_answer(first, 0, 3);

	IS(go(ring, sqe), PENDING); /* one is held, so that the others could follow it */
	explore_check(held() == 1);
	sqe.user_data = 4;
	struct cap_sqe other_interface = sqe, no_range = sqe, many = sqe, beyond = sqe, bad = sqe;
	other_interface.interface_id++;
	no_range.buf_off = ring->arena_len;
	many.caps_len = CAP_MESSAGE_MAX_CAPS + 1;
	beyond.caps_len = bad.caps_len = 1;
	beyond.caps_off = ring->arena_len - 8;
	IS(go(ring, no_range), STATUS_BAD_RANGE);
	IS(go(ring, many), STATUS_TOO_LARGE);
	IS(go(ring, beyond), STATUS_BAD_RANGE);
	describe(ring, 0, (cap_id){77}, 0, CAP_DESC_COPY);
	IS(go(ring, bad), STATUS_BAD_ID);
	explore_check(held() == 1);
	/* No memory: for the record of it, or for what it sends. */
	describe(ring, 0, second, 0, CAP_DESC_COPY);
	for (unsigned n = 1; n <= 2; n++) {
		slab_fail_after(n);
		struct cap_cqe cqe = go(ring, bad);
		slab_fail_after(0);
		if (cqe.status == PENDING) { /* the record was a spare one */
			cancel(ring, ring->sequence - 1, 4);
			continue;
		}
		IS(cqe, STATUS_NO_MEMORY);
	}
	explore_check(held() == 1);
	/* Of another interface: held, and answered as such. */
	IS(go(ring, other_interface), PENDING);
	explore_check(held() == 2);
	keep(ring, 1, second, second);
	IS(await(ring, 4), STATUS_EXCEPTION);
	IS(go(ring, answer(received(ring))), STATUS_OK);
	IS(await(ring, 3), STATUS_OK);
	/* The answer is there: a field that it does not have. */
	IS(go(ring, on_answer(first, 5, 6)), STATUS_BAD_ID);
	forget(ring, first);
}

EXPLORE_TEST(what_cannot_wait_for_an_answer_is_refused, 2)
{
	play(is_not_held);
}

/* What the answer turns out to be, for each kind of thing that a call can name; two fields of one answer are two references. */
static void turns_out(struct user_ring *ring)
{
	struct cap_sqe sqe;
	struct interface_set none = {SCENARIO_INTERFACE, 0};
	struct view *view;
	cap_id weak;

	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, 50, &none, 1, &view) == STATUS_OK);
	weak = scenario_give(actor, view);
	/* A process's facet twice, and in between another field: each call arrives. */
	uint64_t first = promise(ring, 1);
	IS(go(ring, on_answer(first, 0, 10)), PENDING);
	IS(go(ring, on_answer(first, 1, 11)), PENDING);
	IS(go(ring, on_answer(first, 0, 12)), PENDING);
	sqe = on_answer(first, 1, 13); /* longer than the endpoint takes */
	sqe.msg_len = MESSAGE + 8;
	IS(go(ring, sqe), PENDING);
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_DUP,
				     .flags = CAP_SQE_TARGET_IS_ANSWER,
				     .target = first,
				     .path = 0xffffff00,
				     .user_data = 14}),
	   PENDING);
	sqe = (struct cap_sqe){.op = CAP_OP_RELEASE,
			       .flags = CAP_SQE_TARGET_IS_ANSWER | CAP_SQE_QUIET,
			       .target = first,
			       .path = 0xffffff01,
			       .user_data = 15};
	IS(go(ring, sqe), PENDING);
	keep(ring, 1, second, second);
	for (unsigned i = 0; i < 3; i++)
		IS(go(ring, answer(received(ring))), STATUS_OK);
	for (unsigned i = 10; i < 13; i++)
		IS(await(ring, i), STATUS_OK);
	IS(await(ring, 13), STATUS_TOO_LARGE);
	struct cap_cqe cqe = await(ring, 14);
	IS(cqe, STATUS_OK);
	release(ring, cqe.token);
	explore_check(held() == 0);
	forget(ring, first);
	/* An object of the kernel; a facet of one; a facet that has no such method. */
	first = promise(ring, 1);
	sqe = on_answer(first, 0, 20);
	sqe.interface_id = TIMER_INTERFACE_ID;
	sqe.method = TIMER_NOW;
	sqe.msg_len = 8;
	sqe.msg_off = 128;
	put(ring, 128, (uint64_t[]){0}, 1);
	IS(go(ring, sqe), PENDING);
	IS(go(ring, on_answer(first, 1, 21)), PENDING);
	keep(ring, 1, timer, weak);
	IS(await(ring, 20), STATUS_OK);
	IS(await(ring, 21), STATUS_DENIED);
	forget(ring, first);
	first = promise(ring, 1);
	sqe = on_answer(first, 0, 22);
	sqe.interface_id = notification_object_type->interface_id;
	sqe.method = 60;
	IS(go(ring, sqe), PENDING);
	keep(ring, 1, faceted_word, lent_facet);
	IS(await(ring, 22), STATUS_EXCEPTION);
	forget(ring, first);
}

EXPLORE_TEST(calls_go_to_what_an_answer_turns_out_to_be, 2)
{
	play(turns_out);
}

/* A ring of many submissions still holds so many at a time; without credit, none. */
static void holds_many(struct user_ring *ring)
{
	uint64_t first = promise(ring, 1);
	struct cap_sqe separate = on_answer(first, 0, 3), following = on_answer(first, 0, 3);
	unsigned count = 0;
	struct cap_cqe cqe;

	separate.deadline_ns = UINT64_MAX; /* each for itself */
	do {
		separate.user_data = following.user_data = 100 + count;
		cqe = go(ring, count % 2 ? separate : following);
	} while (cqe.status == PENDING && ++count < 200);
	IS(cqe, STATUS_AGAIN);
	explore_check(count == PROMISE_MOST && held() == PROMISE_MOST);
	following.user_data = 99;
	for (unsigned i = 0; i < 2; i++)
		IS(go(ring, following), STATUS_AGAIN);
	cancel(ring, first, 1);
	for (unsigned i = 0; i < count; i++)
		IS(await(ring, 100 + i), STATUS_CANCELLED);
	explore_check(held() == 0);
	forget(ring, first);
	/* Without credit, while one is held. */
	first = promise(ring, 1);
	following = on_answer(first, 0, 3);
	IS(go(ring, following), PENDING);
	uint64_t filled = fill(ring);
	following.user_data = 4;
	IS(go(ring, following), STATUS_AGAIN);
	following.deadline_ns = UINT64_MAX;
	IS(go(ring, following), STATUS_AGAIN);
	unfill(ring, filled);
	cancel(ring, first, 1);
	IS(await(ring, 3), STATUS_CANCELLED);
	forget(ring, first);
}

EXPLORE_TEST(so_many_wait_for_answers_and_no_more, 2)
{
	geometry = (struct ring_geometry){.submissions = 128};
	play(holds_many);
	geometry = (struct ring_geometry){};
}

EXPLORE_MAIN
