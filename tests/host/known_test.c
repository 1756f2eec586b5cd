// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Answers in words that are known from the last time, while a sibling thread, the caller or nobody does something else about the same call:
 * two threads of a server and one of its client, every schedule with one preemption of the answer. The short ways of kernel/ring
 * (alone.h, again.h, return_little.c) claim what they looked at, or leave it to the long ones.
 */
#include "meet.h"

#include <schema/kernel/endpoint.capnp.h>

static struct process *client, *server;
static struct endpoint *endpoint, *other_endpoint;
static cap_id end, other_end, template; /* the server's */
static cap_id facet, other;             /* the client's */
static uint64_t token, passed, sequence;
static int32_t first_status, then_status, call_status;
static bool over;
static unsigned finished;
static struct {
	uint16_t mints; /* the known answer brings a facet */
	bool waits;     /* and is alone in its entry */
} row;

typedef void does(struct user_ring *ring);
static does *scripts[3];

static struct cap_sqe known_answer(uint64_t of)
{
	return answer_and_receive(of, end, 16, row.mints);
}

static struct cap_cqe receives(struct user_ring *ring, cap_id from)
{
	struct cap_sqe sqe = receive(from);

	return user_do(ring, &sqe);
}

/* Three calls; the token of the fourth. Words that are received from `from` are known then. */
static uint64_t learns(struct user_ring *ring, cap_id from)
{
	struct cap_cqe cqe = receives(ring, from);

	describe(ring, template, CAP_DESC_MINT);
	for (unsigned i = 0; i < 3; i++) {
		struct cap_sqe sqe = answer_and_receive(cqe.token, from, 16, row.mints);
		cqe = user_do(ring, &sqe);
		explore_check(cqe.status == STATUS_OK);
	}
	return cqe.token;
}

static void calls_so_often(struct user_ring *ring, cap_id target, unsigned times)
{
	struct cap_sqe sqe = call(target);

	for (unsigned i = 0; i < times; i++)
		explore_check(user_do(ring, &sqe).status == STATUS_OK);
}

/* The answer under test, and whatever its RECV half comes to. */
static void answers(struct user_ring *ring, uint64_t of)
{
	struct cap_sqe sqe = known_answer(of);
	struct cap_cqe cqe;

	host_exhaust_pause(false);
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, row.waits, 0);
	host_exhaust_pause(true);
	sqe = receive(end);
	while (user_is_notice(cqe = user_wait(ring))) /* the client has ended */
		(void)user_submit(ring, &sqe);
	first_status = cqe.status;
	explore_check(first_status == STATUS_BAD_ID || first_status == STATUS_DISCONNECTED);
}

static int32_t answered(struct user_ring *ring, uint64_t of)
{
	struct cap_sqe sqe = answer(of, 0);

	return user_do(ring, &sqe).status;
}

/* So that it ends: a RECV half that waits is told so. */
static void closes(struct user_ring *ring)
{
	user_arena_write(ring, SEND_AT, &(uint64_t){0}, 8);
	struct cap_sqe sqe = on_kernel(end, ENDPOINT_INTERFACE_ID, ENDPOINT_CLOSE);
	explore_check(user_do(ring, &sqe).status == STATUS_OK);
}

static void closes_when_it_is_over(struct user_ring *ring)
{
	while (!load_acquire(&over))
		(void)user_enter(ring, UINT32_MAX, host_now_ns() + 10000);
	closes(ring);
}

/* --- answered by two ------------------------------------------------------------------------------------------------------- */

static void answers_first(struct user_ring *ring)
{
	token = learns(ring, end);
	meet_first(ring);
	answers(ring, token);
}

static void answers_then(struct user_ring *ring)
{
	meet_then(ring);
	then_status = answered(ring, token);
	host_exhaust_pause(true);
	closes(ring);
}

static void calls_four_times(struct user_ring *ring)
{
	calls_so_often(ring, facet, 4);
}

static void one_answered(void)
{
	explore_check((first_status == STATUS_BAD_ID) == (then_status == STATUS_OK));
	explore_check((first_status == STATUS_DISCONNECTED) == (then_status == STATUS_BAD_ID));
}

/* --- taken back ------------------------------------------------------------------------------------------------------------- */

static void calls_and_takes_back(struct user_ring *ring)
{
	calls_so_often(ring, facet, 3);
	struct cap_sqe sqe = call(facet);
	sequence = user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	meet_then(ring);
	(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 2});
	for (unsigned i = 0; i < 2; i++) {
		struct cap_cqe cqe = user_wait(ring);
		*(cqe.user_data == 2 ? &then_status : &call_status) = cqe.status;
	}
	host_exhaust_pause(true);
	explore_check(call_status == STATUS_OK || call_status == STATUS_CANCELLED);
	explore_check((call_status == STATUS_CANCELLED) == (then_status == STATUS_OK));
	store_release(&over, true);
}

/* --- a call that is answered before its thread waits ---------------------------------------------------------------------------- */

static void serves(struct user_ring *ring)
{
	struct cap_cqe cqe = receives(ring, end);

	for (unsigned i = 0; i < 3; i++) {
		struct cap_sqe sqe = answer_and_receive(cqe.token, end, 16, 0);
		token = cqe.token;
		cqe = user_do(ring, &sqe);
	}
	first_status = answered(ring, cqe.token);
}

static void guesses(struct user_ring *ring)
{
	meet_then(ring);
	then_status = answered(ring, token + (1ull << 32));
	host_exhaust_pause(true);
}

static void calls_first(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	sqe.buf_caps = 0; /* nothing but its message */
	for (unsigned i = 0; i < 3; i++)
		explore_check(user_do(ring, &sqe).status == STATUS_OK);
	meet_first(ring);
	host_exhaust_pause(false);
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 1, 0);
	host_exhaust_pause(true);
	explore_check(user_wait(ring).status == STATUS_OK);
}

/* --- a record that is elsewhere by now ---------------------------------------------------------------------------------------- */

static void answers_what_came_elsewhere(struct user_ring *ring)
{
	token = learns(ring, end);
	meet_first(ring);
	while (load_acquire(&passed) == 0)
		(void)user_enter(ring, UINT32_MAX, host_now_ns() + 10000);
	answers(ring, passed);
	explore_check(first_status == STATUS_DISCONNECTED);
}

static void receives_elsewhere(struct user_ring *ring)
{
	meet_agreed(ring);
	struct cap_sqe sqe = answer_and_receive(token, other_end, 16, 0); /* in the same record */
	struct cap_cqe cqe = user_do(ring, &sqe);
	explore_check(cqe.status == STATUS_OK);
	store_release(&passed, cqe.token);
	closes_when_it_is_over(ring);
}

static void calls_elsewhere(struct user_ring *ring)
{
	calls_so_often(ring, facet, 4);
	calls_so_often(ring, other, 1);
	store_release(&over, true);
}

/* --- callers that wait for something else ---------------------------------------------------------------------------------------- */

/* The client's ring waits as one that has submitted one call, and this is another one. */
static void answers_the_earlier(struct user_ring *ring)
{
	token = learns(ring, end);
	sleep_until(ring, host_now_ns() + 1000000); /* the later one waits */
	answers(ring, token);
	explore_check(first_status == STATUS_DISCONNECTED);
}

static void answers_the_later(struct user_ring *ring)
{
	uint64_t later = learns(ring, other_end);

	sleep_until(ring, host_now_ns() + 2000000);
	explore_check(answered(ring, later) == STATUS_OK);
	closes_when_it_is_over(ring);
}

static void calls_both(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	calls_so_often(ring, facet, 3);
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	calls_so_often(ring, other, 3);
	sqe = call(other);
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 1, 0);
	for (unsigned i = 0; i < 2; i++)
		explore_check(user_wait(ring).status == STATUS_OK);
	store_release(&over, true);
}

/* --- all of them ------------------------------------------------------------------------------------------------------------------ */

static void program(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	scripts[ring.thread_arg](&ring);
	(void)atomic_add(&finished, 1u);
}

static void pause_first(void)
{
	host_exhaust_pause(true);
}

static struct view *a_template(void)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, VIEW_TEMPLATE, 0, &set, 1, &view) == STATUS_OK);
	view->scope = SCOPE_ANY;
	return view;
}

/* Two threads of the server and one of the client. */
static void run(does *first, does *then, does *of_client)
{
	scenario_begin(3);
	client = scenario_process_plain("client");
	server = scenario_process_plain("server");
	endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	other_endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	end = scenario_give(server, scenario_full(&endpoint->object));
	other_end = scenario_give(server, scenario_full(&other_endpoint->object));
	template = scenario_give(server, a_template());
	facet = scenario_give(client, scenario_facet(endpoint, 2));
	other = scenario_give(client, scenario_facet(other_endpoint, 3));
	object_put(&endpoint->object);
	object_put(&other_endpoint->object);
	meet_reset();
	token = passed = sequence = 0;
	first_status = then_status = call_status = PENDING;
	over = false;
	finished = 0;
	scripts[0] = first;
	scripts[1] = then;
	scripts[2] = of_client;
	for (unsigned i = 0; i < 3; i++)
		scenario_thread(i == 2 ? client : server, program, i);
	scenario_when_started(pause_first);
	scenario_run();
	explore_check(finished == 3);
	scenario_end();
}

/* Each in three ways: in an entry with more to do, alone, and with a facet. */
#define THREE_WAYS(name, ...)                       \
	EXPLORE_ALL(name, 1)                        \
	{                                           \
		row = (typeof(row)){};              \
		__VA_ARGS__;                        \
	}                                           \
	EXPLORE_ALL(name##_alone, 1)                \
	{                                           \
		row = (typeof(row)){.waits = true}; \
		__VA_ARGS__;                        \
	}                                           \
	EXPLORE_ALL(name##_with_a_facet, 1)         \
	{                                           \
		row = (typeof(row)){.mints = 1};    \
		__VA_ARGS__;                        \
	}

THREE_WAYS(a_known_answer_or_a_siblings, run(answers_first, answers_then, calls_four_times); one_answered())
THREE_WAYS(a_known_answer_or_the_call_is_taken_back,
	   run(answers_first, closes_when_it_is_over, calls_and_takes_back))
THREE_WAYS(a_known_answer_of_what_came_elsewhere,
	   run(answers_what_came_elsewhere, receives_elsewhere, calls_elsewhere))
THREE_WAYS(a_known_answer_of_the_earlier_of_two, run(answers_the_earlier, answers_the_later, calls_both))
EXPLORE_ALL(a_call_alone_is_answered_by_a_guess_or_by_who_received_it, 1)
{
	row = (typeof(row)){};
	run(serves, guesses, calls_first);
	explore_check((first_status == STATUS_OK) != (then_status == STATUS_OK));
	explore_check(first_status == STATUS_BAD_ID || then_status == STATUS_BAD_ID);
}

EXPLORE_MAIN
