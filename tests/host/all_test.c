// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Small races, every schedule of them: two CPUs, a handful of operations, all interleavings with at most so many preemptions
 * (kernel/arch/host/exhaust.c). What the seeded scenarios sample, these cover. One preemption
 * in `make test`, two in `make assurance` (--bound 2: seconds for each).
 */
#include "scenario.h"

#include <cap/gate.h>
#include <object/object.h>

#define BUFFER 512u

static struct process *pair[2];
static cap_id caps[2];
static unsigned done;
static int32_t outcome;

/* Programs of both CPUs count; no switch point. */
static void one_more_done(void)
{
	(void)__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

static struct cap_sqe call_of(cap_id target)
{
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.msg_len = 8,
				.buf_off = BUFFER,
				.buf_len = 256,
				.user_data = 1};
}

static struct cap_sqe receive_of(cap_id endpoint)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = endpoint.raw,
				.buf_off = BUFFER,
				.buf_len = 56 + 64,
				.user_data = 2};
}

static void begin_pair(void)
{
	scenario_begin(2);
	done = 0;
	outcome = 1;
	pair[0] = scenario_process("first");
	pair[1] = scenario_process("second");
}

/* ---- A signal and the WAIT that it is for ---- */

static void waits(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_cqe cqe = user_do(
		&ring, &(struct cap_sqe){
			       .op = CAP_OP_WAIT, .target = caps[0].raw, .interface_id = 1, .user_data = 3});
	explore_check(cqe.status == STATUS_OK && cqe.token == 1);
	one_more_done();
}

static void signals(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	explore_check(user_do(&ring, &(struct cap_sqe){.op = CAP_OP_SIGNAL,
						       .target = caps[1].raw,
						       .interface_id = 1,
						       .user_data = 4})
			      .status == STATUS_OK);
	one_more_done();
}

EXPLORE_ALL(a_signal_finds_its_waiter, 1)
{
	struct notification *notification;

	begin_pair();
	explore_check(notification_create(pair[0], &notification) == STATUS_OK);
	for (unsigned i = 0; i < 2; i++)
		caps[i] = scenario_give(pair[i], scenario_full(&notification->object));
	object_put(&notification->object);
	scenario_thread(pair[0], waits, 0);
	scenario_thread(pair[1], signals, 0);
	scenario_run();
	explore_check(done == 2);
	scenario_end();
}

/* ---- A call and its answer ---- */

static void serves_once(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_sqe receive = receive_of(caps[0]);
	struct cap_cqe cqe = user_do(&ring, &receive);
	if (cqe.status == STATUS_OK) /* the client may have given up before, or while it is answered */
		(void)user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
						       .target = cqe.token,
						       .msg_len = 8,
						       .user_data = 5});
	one_more_done();
}

static void calls(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_sqe call = call_of(caps[1]);
	outcome = user_do(&ring, &call).status;
	one_more_done();
}

static void give_service(struct view **facet)
{
	struct endpoint *endpoint = scenario_endpoint(pair[0], 64, 0);

	caps[0] = scenario_give(pair[0], scenario_full(&endpoint->object));
	*facet = scenario_facet(endpoint, 7);
	object_put(&endpoint->object);
}

EXPLORE_ALL(a_call_is_answered, 1)
{
	struct view *facet;

	begin_pair();
	give_service(&facet);
	caps[1] = scenario_give(pair[1], facet);
	scenario_thread(pair[0], serves_once, 0);
	scenario_thread(pair[1], calls, 0);
	scenario_run();
	explore_check(done == 2 && outcome == STATUS_OK);
	scenario_end();
}

/* ---- A call that is cancelled while it is answered: one completion, whoever wins ---- */

static void calls_and_cancels(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe call = call_of(caps[1]);
	bool call_ended = false, cancel_ended = false;

	user_ring_open(&ring, region);
	uint64_t sequence = user_submit(&ring, &call);
	(void)user_enter(&ring, 0, 0);
	(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 6});
	while (!call_ended || !cancel_ended) {
		struct cap_cqe cqe = user_wait(&ring);
		bool *which = cqe.user_data == 1 ? &call_ended : &cancel_ended;
		explore_check(!*which);
		*which = true;
		if (cqe.user_data == 1)
			explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_CANCELLED);
		else
			explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_TOO_LATE ||
				      cqe.status == STATUS_BAD_ID);
	}
	explore_check(ring.completed == ring.accepted);
	one_more_done();
}

/* Serves until nobody can call any more: the call may have been withdrawn before it came. */
static void serves_or_ends(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe receive = receive_of(caps[0]);

	user_ring_open(&ring, region);
	receive.deadline_ns = host_now_ns() + 1000000;
	(void)user_submit(&ring, &receive);
	struct cap_cqe cqe = user_wait(&ring);
	if (cqe.status == STATUS_OK && !user_is_notice(cqe))
		(void)user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
						       .target = cqe.token,
						       .msg_len = 8,
						       .user_data = 5});
	one_more_done();
}

EXPLORE_ALL(a_call_is_cancelled_while_it_is_answered, 1)
{
	struct view *facet;

	begin_pair();
	give_service(&facet);
	caps[1] = scenario_give(pair[1], facet);
	scenario_thread(pair[0], serves_or_ends, 0);
	scenario_thread(pair[1], calls_and_cancels, 0);
	scenario_run();
	explore_check(done == 2);
	scenario_end();
}

/* ---- Two threads and one capability: DUP against RELEASE ---- */

static void duplicates(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_cqe cqe = user_do(
		&ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = caps[0].raw, .user_data = 8});
	explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_BAD_ID);
	if (cqe.status == STATUS_OK)
		explore_check(
			user_do(&ring,
				&(struct cap_sqe){.op = CAP_OP_RELEASE, .target = cqe.token, .user_data = 9})
				.status == STATUS_OK);
	one_more_done();
}

static void releases(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	explore_check(
		user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = caps[0].raw, .user_data = 9})
			.status == STATUS_OK);
	one_more_done();
}

EXPLORE_ALL(what_is_released_is_duplicated_before_or_not_at_all, 1)
{
	struct notification *notification;

	begin_pair();
	explore_check(notification_create(pair[0], &notification) == STATUS_OK);
	caps[0] = scenario_give(pair[0], scenario_full(&notification->object));
	object_put(&notification->object);
	scenario_thread(pair[0], duplicates, 0);
	scenario_thread(pair[0], releases, 0);
	scenario_run();
	explore_check(done == 2);
	scenario_end();
}

/* ---- Two threads and one capability: what it is used for against RELEASE. Its view has other holders in half of the rows: then
 * it is its gate alone that may be gone. Whatever was found stays or is refused as a whole (scenario_end counts). ---- */

static struct use {
	const char *what;
	bool gated, shared;
	struct cap_sqe sqe;
	struct cap_desc desc;
	enum { FACET, TEMPLATE, RECEIVER } kind;
} uses[] = {
	{"sent", false, false, {.op = CAP_OP_CALL, .caps_len = 1}, {.kind = CAP_DESC_COPY}, FACET},
	{"sent, and lent", true, true, {.op = CAP_OP_CALL, .caps_len = 1}, {.kind = CAP_DESC_COPY}, FACET},
	{"minted from", true, true, {.op = CAP_OP_CALL, .caps_len = 1}, {.kind = CAP_DESC_MINT}, TEMPLATE},
	{"called", true, true, {.op = CAP_OP_CALL}, {}, FACET},
	{"received from", true, true, {.op = CAP_OP_RECV}, {}, RECEIVER},
};
static const struct use *use;

static void uses_it(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = use->sqe.op == CAP_OP_CALL ? call_of(caps[1]) : receive_of(caps[0]);
	struct cap_desc desc = use->desc;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	if (use->sqe.caps_len != 0) {
		desc.id = caps[0].raw;
		user_arena_write(&ring, 0, &desc, sizeof desc);
		sqe.caps_len = 1;
	} else {
		sqe.target = caps[0].raw;
	}
	if (sqe.op == CAP_OP_RECV) {
		sqe.buf_len += 8;
		sqe.buf_caps = 1;
	}
	(void)user_submit(&ring, &sqe);
	(void)user_enter(&ring, 0, 0);
	/* Accepted, it waits; nobody is there. */
	explore_check(!user_reap(&ring, &cqe) || cqe.status == STATUS_BAD_ID);
	one_more_done();
}

static struct view *view_of_use(struct endpoint *endpoint)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	if (use->kind == RECEIVER)
		return scenario_full(&endpoint->object);
	explore_check(view_create(NULL, &endpoint->object, use->kind == FACET ? VIEW_FACET : VIEW_TEMPLATE, 5,
				  &set, 1, &view) == STATUS_OK);
	return view;
}

static void run_use(const struct use *which)
{
	struct endpoint *endpoint;
	struct gate *gate = NULL;

	use = which;
	begin_pair();
	endpoint = scenario_endpoint(pair[1], 64, 1);
	(void)scenario_give(pair[1], scenario_full(&endpoint->object));
	struct view *view = view_of_use(endpoint);
	if (use->shared) {
		view_get(view);
		(void)scenario_give(pair[1], view);
	}
	if (use->gated)
		explore_check(gate_create(NULL, NULL, NULL, &gate) == STATUS_OK);
	caps[0] = scenario_lend(pair[0], view, gate);
	caps[1] = scenario_give(pair[0], scenario_facet(endpoint, 9));
	object_put(&endpoint->object);
	scenario_thread(pair[0], releases, 0);
	scenario_thread(pair[0], uses_it,
			0); /* the one of the first CPU: it begins, and is preempted everywhere */
	scenario_run();
	explore_check(done == 2);
	scenario_end();
}

EXPLORE_ALL(what_is_released_is_sent_before_or_not_at_all, 1)
{
	run_use(&uses[0]);
}

EXPLORE_ALL(what_is_lent_and_released_is_sent_before_or_not_at_all, 1)
{
	run_use(&uses[1]);
}

EXPLORE_ALL(what_is_released_is_minted_from_before_or_not_at_all, 1)
{
	run_use(&uses[2]);
}

EXPLORE_ALL(what_is_released_is_called_before_or_not_at_all, 1)
{
	run_use(&uses[3]);
}

EXPLORE_ALL(what_is_released_receives_before_or_not_at_all, 1)
{
	run_use(&uses[4]);
}

EXPLORE_MAIN
