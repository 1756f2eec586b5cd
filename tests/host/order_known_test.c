// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One thread that is client and server at once (order.h): calls and answers in words that are known from the last time, and one thing that
 * is different about them. They take the short ways of kernel/ring then, which ask for everything that the long ones ask.
 */
#include "order.h"

#include <core/ledger.h>
#include <schema/kernel/endpoint.capnp.h>

#define ANSWERED 2u /* user_data of the RECV, and of each RETURN_RECV behind it */
#define CALLED 1u

static struct cap_sqe answer_and_receive(uint64_t token, uint8_t flags)
{
	struct cap_sqe sqe = answer(token);

	sqe.op = CAP_OP_RETURN_RECV;
	sqe.flags = flags;
	sqe.interface_id = the.end.raw;
	sqe.caps_off = 0;
	sqe.buf_off = RECV_AT;
	sqe.buf_len = RECV_BUF;
	sqe.buf_caps = CAPS;
	sqe.user_data = ANSWERED;
	return sqe;
}

/* A call that somebody waits for: its token. */
static uint64_t call_comes(struct user_ring *ring, struct cap_sqe sqe)
{
	struct cap_cqe cqe;

	sqe.user_data = CALLED;
	IS(go(ring, sqe), PENDING);
	cqe = await(ring, ANSWERED);
	IS(cqe, STATUS_OK);
	explore_check(!user_is_notice(cqe));
	return cqe.token;
}

static void returns(struct user_ring *ring, uint64_t token, uint8_t flags)
{
	IS(go(ring, answer_and_receive(token, flags)), PENDING);
	IS(await(ring, CALLED), STATUS_OK);
}

/* Until the words of both are known; the token of one more call. */
static uint64_t known(struct user_ring *ring, struct cap_sqe sqe, uint8_t flags)
{
	struct cap_sqe first = receive(the.end);

	first.user_data = ANSWERED;
	IS(go(ring, first), PENDING);
	for (unsigned i = 0; i < 3; i++)
		returns(ring, call_comes(ring, sqe), flags);
	return call_comes(ring, sqe);
}

/* It waits for nothing any more. */
static void stop_receiving(struct user_ring *ring, uint64_t token, uint8_t flags)
{
	returns(ring, token, flags);
	cancel(ring, ring->sequence - 1, ANSWERED);
}

/* The next operation of the actor's that needs a place in its table finds none. */
static uint64_t without_entries(void)
{
	uint64_t limit = the.actor->ledger.limit[LEDGER_ENTRIES];

	the.actor->ledger.limit[LEDGER_ENTRIES] = the.actor->ledger.used[LEDGER_ENTRIES];
	return limit;
}

/* --- answers ------------------------------------------------------------------------------------------------------------- */

static void answers_with_old_tokens(struct user_ring *ring)
{
	uint64_t token = known(ring, call(the.facet), 0);

	IS(go(ring, answer_and_receive(token - (1ull << 32), 0)), STATUS_BAD_ID);
	stop_receiving(ring, token, 0);
}

EXPLORE_TEST(known_words_with_an_old_token_answer_nothing, 2)
{
	order_play(answers_with_old_tokens);
}

/* Where the id of what the call brought is. */
static uint64_t brought(struct user_ring *ring)
{
	return user_arena_word(ring, RECV_AT + HEADER + 16);
}

static void drops_what_came(struct user_ring *ring)
{
	describe(ring, 0, the.second, 0, CAP_DESC_COPY);
	struct cap_sqe sqe = call_with(the.facet, 1, 0);
	uint64_t token = known(ring, sqe, CAP_SQE_RELEASE_CAPS);

	returns(ring, token, CAP_SQE_RELEASE_CAPS);
	token = call_comes(ring, sqe);
	/* What came is gone already: one slot is missing, and there is none. */
	struct cap_sqe quiet = {.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = brought(ring)};
	IS(go(ring, quiet), PENDING);
	uint64_t limit = without_entries();
	IS(go(ring, answer_and_receive(token, CAP_SQE_RELEASE_CAPS)), STATUS_NO_QUOTA);
	the.actor->ledger.limit[LEDGER_ENTRIES] = limit;
	IS(await(ring, CALLED), STATUS_OK); /* it was answered */
}

EXPLORE_TEST(an_answer_that_drops_what_came_needs_its_slots_again, 2)
{
	order_play(drops_what_came);
}

/* The same in an entry that waits for it. */
static struct cap_cqe enters_with(struct user_ring *ring, struct cap_sqe sqe, uint64_t user_data)
{
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 1, 0);
	return await(ring, user_data);
}

static void drops_what_came_alone(struct user_ring *ring)
{
	describe(ring, 0, the.second, 0, CAP_DESC_COPY);
	struct cap_sqe sqe = call_with(the.facet, 1, 0);
	uint64_t token = known(ring, sqe, CAP_SQE_RELEASE_CAPS);

	IS(enters_with(ring, answer_and_receive(token, CAP_SQE_RELEASE_CAPS), CALLED), STATUS_OK);
	token = call_comes(ring, sqe);
	struct cap_sqe quiet = {.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = brought(ring)};
	IS(go(ring, quiet), PENDING);
	uint64_t limit = without_entries();
	IS(enters_with(ring, answer_and_receive(token, CAP_SQE_RELEASE_CAPS), ANSWERED), STATUS_NO_QUOTA);
	the.actor->ledger.limit[LEDGER_ENTRIES] = limit;
	IS(await(ring, CALLED), STATUS_OK);
}

EXPLORE_TEST(an_answer_alone_that_drops_what_came_needs_its_slots_again, 2)
{
	order_play(drops_what_came_alone);
}

/* Fewer slots than the RECV half needs, in words that are not known: as many more, or none. */
static void needs_more_slots(struct user_ring *ring)
{
	struct cap_sqe first = receive(the.end);

	first.user_data = ANSWERED;
	describe(ring, 0, the.second, 0, CAP_DESC_COPY);
	IS(go(ring, first), PENDING);
	uint64_t token = call_comes(ring, call_with(the.facet, 1, 0));
	uint64_t came = brought(ring), limit = without_entries();
	IS(go(ring, answer_and_receive(token, 0)), STATUS_NO_QUOTA);
	the.actor->ledger.limit[LEDGER_ENTRIES] = limit;
	stop_receiving(ring, token, 0);
	release(ring, came);
}

EXPLORE_TEST(an_answer_that_receives_needs_the_slots_that_the_call_took, 2)
{
	order_play(needs_more_slots);
}

/* --- calls --------------------------------------------------------------------------------------------------------------- */

static void takes_two_back(struct user_ring *ring)
{
	stop_receiving(ring, known(ring, call_with(the.facet, 0, 2), 0), 0);
}

EXPLORE_TEST(a_known_call_may_take_two_capabilities_back, 2)
{
	order_play(takes_two_back);
}

/* What may go to some only is asked about when there is a receiver, also if one waits. */
static void sends_what_is_bound(struct user_ring *ring)
{
	describe(ring, 0, the.bound_facet, 0, CAP_DESC_COPY);
	uint64_t token = known(ring, call_with(the.facet, 1, 0), CAP_SQE_RELEASE_CAPS);

	stop_receiving(ring, token, CAP_SQE_RELEASE_CAPS);
}

EXPLORE_TEST(what_is_bound_to_a_session_goes_to_a_receiver_of_it, 2)
{
	order_play(sends_what_is_bound);
}

/* A notice that the next call could take along, and a call that not everybody may have. */
static void is_noticed(struct user_ring *ring)
{
	struct cap_sqe sqe = receive(the.end);

	sqe.flags = CAP_SQE_NOTICES;
	sqe.user_data = ANSWERED;
	IS(go(ring, sqe), PENDING);
	(void)user_submit(
		ring,
		&(struct cap_sqe){.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = the.second.raw});
	sqe = call(the.lent_facet);
	sqe.user_data = CALLED;
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	explore_check(user_is_notice(await(ring, ANSWERED)));
	IS(go(ring, answer(received(ring))), STATUS_OK);
	IS(await(ring, CALLED), STATUS_OK);
}

EXPLORE_TEST(a_call_through_a_gate_takes_no_notice_along, 2)
{
	order_play(is_noticed);
}

/* --- what is refused ------------------------------------------------------------------------------------------------------- */

static void receives_without_the_right(struct user_ring *ring)
{
	struct interface_set few = {ENDPOINT_INTERFACE_ID, METHODS_ALL & ~(1ull << ENDPOINT_RECEIVE)};
	struct view *view;

	explore_check(view_create(NULL, &the.endpoint->object, VIEW_OBJECT, 0, &few, 1, &view) == STATUS_OK);
	cap_id weak = scenario_give(the.actor, view);
	IS(go(ring, receive(weak)), STATUS_DENIED);
}

EXPLORE_TEST(an_endpoint_without_the_right_to_receive_receives_nothing, 2)
{
	order_play(receives_without_the_right);
}

/* Alone in its entry, without a completion unless it fails. */
static void wakes_wrongly(struct user_ring *ring)
{
	struct cap_sqe sqe = {.op = CAP_OP_WAKE, .flags = CAP_SQE_QUIET, .target = 77, .user_data = 3};

	ring->quiet -= 2; /* they have completions */
	IS(enters_with(ring, sqe, 3), STATUS_BAD_ID);
	sqe.deadline_ns = 1;
	IS(enters_with(ring, sqe, 3), STATUS_BAD_OP);
}

EXPLORE_TEST(a_wake_alone_that_is_none_has_a_completion, 2)
{
	order_play(wakes_wrongly);
}

/* Indexes that nobody could have: the thread ends, with all that it had. */
static void fill_completions(struct user_ring *ring)
{
	for (unsigned i = 0; i < ring->cq_count; i++) {
		(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_NOP});
		(void)user_enter(ring, 0, 0);
	}
}

static void enters_with_index(struct user_ring *ring, uint32_t cq_head)
{
	the.finished = 1;
	host_user_store32(VADDR(ring->region.raw + offsetof(struct cap_region, cq_head)), cq_head);
	(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_NOP});
	(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_NOP});
	(void)host_cap_enter(0, 0, NULL);
	host_die("it went on");
}

static void reaps_what_is_to_come(struct user_ring *ring)
{
	fill_completions(ring);
	enters_with_index(ring, ring->cq_count + 1);
}

EXPLORE_TEST(who_reaped_what_is_to_come_ends, 2)
{
	order_play(reaps_what_is_to_come);
}

/* A RECV waits, for whose completion there is room; then that is taken back. */
static void takes_room_back(struct user_ring *ring)
{
	for (unsigned i = 0; i < ring->cq_count; i++)
		IS(go(ring, (struct cap_sqe){.op = CAP_OP_NOP}), STATUS_OK);
	struct cap_sqe sqe = receive(the.end);
	sqe.user_data = ANSWERED;
	IS(go(ring, sqe), PENDING);
	enters_with_index(ring, 0);
}

EXPLORE_TEST(who_takes_back_room_that_is_promised_ends, 2)
{
	order_play(takes_room_back);
}

EXPLORE_MAIN
