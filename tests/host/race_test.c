// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Two CPUs and one thing that both are about to end: every schedule with one preemption of the thread that goes first, from a point where
 * all else has happened (host_exhaust_pause). One of the two has it, the other is told so; nothing happens twice, nothing is lost
 * (scenario_end counts).
 */
#include "race_setting.h"

static unsigned calls_made;
static cap_id *called;

/* So many at once; the last one's end is call_status. */
static void calls(struct user_ring *ring)
{
	struct cap_sqe sqe = call(*called);

	for (unsigned i = 0; i < calls_made; i++)
		sequence = user_submit(ring, &sqe);
	for (unsigned i = 0; i < calls_made; i++)
		call_status = user_wait(ring).status;
	explore_check(call_status == STATUS_OK);
}

/* The same, and takes the last one back when it is woken. */
static void calls_and_takes_back(struct user_ring *ring)
{
	struct cap_sqe sqe = call(*called);
	struct cap_cqe cqe;

	for (unsigned i = 0; i < calls_made; i++)
		sequence = user_submit(ring, &sqe);
	for (unsigned i = 0; i + 1 < calls_made; i++)
		explore_check(user_wait(ring).status == STATUS_OK);
	until_woken(ring);
	(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 2});
	for (unsigned i = 0; i < 2; i++) {
		cqe = user_wait(ring);
		*(cqe.user_data == 2 ? &then_status : &call_status) = cqe.status;
	}
	/* One that was refused to whoever might receive it is neither. */
	explore_check(call_status == STATUS_OK || call_status == STATUS_CANCELLED ||
		      call_status == STATUS_OUT_OF_SCOPE);
	explore_check((call_status == STATUS_CANCELLED) == (then_status == STATUS_OK));
}

/* --- answered by two ------------------------------------------------------------------------------------------------------ */

static void answers_with_a_capability(struct user_ring *ring)
{
	token = received(ring);
	describe(ring, next, CAP_DESC_COPY);
	race(ring, THIRD, answer(token, 1));
}

static void answers_too(struct user_ring *ring)
{
	until_woken(ring);
	then_status = go(ring, answer(token, 0)).status;
}

static void one_answered(void)
{
	bool first = first_status == STATUS_OK || first_status == PENDING; /* it receives on */

	explore_check(first != (then_status == STATUS_OK));
	explore_check(first || first_status == STATUS_BAD_ID);
	explore_check(then_status == STATUS_OK || then_status == STATUS_BAD_ID);
}

EXPLORE_ALL(a_call_is_answered_by_one_of_two, 1)
{
	calls_made = 1;
	called = &facet;
	run(calls, answers_with_a_capability, &server, answers_too);
	one_answered();
}

static void learns(struct user_ring *ring)
{
	token = received(ring);
	describe(ring, template, CAP_DESC_MINT);
	for (unsigned i = 0; i < 2; i++) {
		struct cap_sqe sqe = answer_and_receive(token, 1);
		token = user_do(ring, &sqe).token;
	}
}

static void answers_in_known_words(struct user_ring *ring)
{
	learns(ring);
	race(ring, THIRD, answer_and_receive(token, 1));
}

static vaddr_t changed; /* the first word of the submission that is raced for */

static struct cap_sqe plain_answer(uint64_t of)
{
	struct cap_sqe sqe = answer_and_receive(of, 0);

	sqe.caps_off = 0;
	return sqe;
}

/* All words are once more those of an answer, which is given, but that the first one says CALL. */
static void calls_in_the_words_of_an_answer(struct user_ring *ring)
{
	struct cap_sqe sqe, last[2];

	token = received(ring);
	for (unsigned i = 1; i < calls_made; i++) {
		last[i % 2] = plain_answer(token);
		token = user_do(ring, &last[i % 2]).token;
	}
	sqe = last[calls_made % 2]; /* they take turns in two requests */
	sqe.op = CAP_OP_CALL;
	/* As begin_race; but a SIGNAL leaves the spare request what it was. The submission that is raced for comes behind it. */
	(void)user_enter(ring, UINT32_MAX, host_now_ns() + 1000000);
	changed = VADDR(ring->region.raw + ring->sq_off + (ring->sequence + 1) % ring->sq_count * sizeof sqe);
	(void)go(ring, (struct cap_sqe){.op = CAP_OP_SIGNAL, .flags = CAP_SQE_QUIET, .target = word.raw});
	host_exhaust_pause(false);
	first_status = go(ring, sqe).status;
	host_exhaust_pause(true);
	/* A RECV's buffer is none for a result; or that token has been returned. */
	explore_check(first_status == STATUS_BAD_RANGE || first_status == STATUS_BAD_ID);
	explore_check(go(ring, answer(token, 0)).status == STATUS_OK);
}

static void says_that_it_is_the_answer(struct user_ring *ring)
{
	struct cap_sqe sqe = plain_answer(0);

	explore_check(user_do(ring, &(struct cap_sqe){.op = CAP_OP_WAIT, .target = word.raw}).status ==
		      STATUS_OK);
	host_user_store64(changed, ((const uint64_t *)(const void *)&sqe)[0]);
}

EXPLORE_ALL(a_submission_whose_opcode_changes_is_one_thing_throughout, 1)
{
	calls_made = 5;
	called = &facet;
	run(calls, calls_in_the_words_of_an_answer, &server, says_that_it_is_the_answer);
}

EXPLORE_ALL(a_call_is_answered_with_a_facet_or_by_another, 1)
{
	calls_made = 3;
	called = &facet;
	run(calls, answers_in_known_words, &server, answers_too);
	one_answered();
}

static void answers_while_it_is_taken_back(struct user_ring *ring)
{
	learns(ring);
	race(ring, CLIENT, answer_and_receive(token, 1));
	explore_check(first_status == PENDING || first_status == STATUS_OK);
}

EXPLORE_ALL(a_call_is_answered_with_a_facet_or_taken_back, 1)
{
	calls_made = 3;
	called = &facet;
	run(calls_and_takes_back, answers_while_it_is_taken_back, &server, does_nothing);
}

/* --- passed on, and something else ------------------------------------------------------------------------------------------- */

static struct cap_sqe pass(uint64_t of, uint64_t interface_id, uint16_t method, uint32_t bytes)
{
	struct cap_sqe sqe = answer(of, 1);

	sqe.flags = CAP_SQE_TAIL;
	sqe.interface_id = interface_id;
	sqe.method = method;
	sqe.msg_len = bytes;
	return sqe;
}

static cap_id *passed_to;

/* Who passed it on answers it as well, behind itself. */
static void passes_on(struct user_ring *ring)
{
	token = received(ring);
	describe(ring, *passed_to, CAP_DESC_COPY);
	race(ring, THIRD, pass(token, SCENARIO_INTERFACE, 0, 16));
	if (first_status == STATUS_OK) {
		struct cap_sqe sqe = receive(elsewhere);
		uint64_t passed = user_do(ring, &sqe).token; /* `token` stays what the other one answers */
		explore_check(go(ring, answer(passed, 0)).status == STATUS_OK);
	}
}

EXPLORE_ALL(a_call_is_passed_on_or_answered, 1)
{
	calls_made = 1;
	called = &facet;
	passed_to = &next;
	run(calls, passes_on, &server, answers_too);
	one_answered();
}

/* Through gates, of which nobody has the caller's any more once it is answered. */
static void calls_and_lets_go(struct user_ring *ring)
{
	struct cap_sqe sqe = call(lent);
	struct cap_cqe cqe;

	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	(void)user_submit(
		ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = lent.raw});
	cqe = user_wait(ring);
	call_status = cqe.status;
	explore_check(call_status == STATUS_OK);
}

static struct gate *servers_gate;

static void passes_on_through_a_gate(struct user_ring *ring)
{
	struct cap_ref ref;

	explore_check(cap_table_find(&server->table, next, &ref) == STATUS_OK);
	explore_check(gate_create(NULL, NULL, NULL, &servers_gate) == STATUS_OK);
	view_get(ref.view);
	lent_next = scenario_lend(server, ref.view, servers_gate);
	passed_to = &lent_next;
	passes_on(ring);
}

/* What goes back has a gate, too: how deep both are is asked before the call is claimed. */
static void answers_through_a_gate(struct user_ring *ring)
{
	token = received(ring);
	describe(ring, lent_next, CAP_DESC_COPY);
	race(ring, THIRD, answer(token, 1));
}

static void run_lent(does *of_client, does *of_server, struct process **whose, does *third)
{
	only_of_call = true;
	run(of_client, of_server, whose, third);
	only_of_call = false;
}

EXPLORE_ALL(a_call_through_a_gate_is_passed_on_or_answered, 1)
{
	run_lent(calls_and_lets_go, passes_on_through_a_gate, &server, answers_too);
	one_answered();
}

EXPLORE_ALL(a_call_through_a_gate_is_answered_by_one_of_two, 1)
{
	run_lent(calls_and_lets_go, answers_through_a_gate, &server, answers_too);
	one_answered();
}

static void passes_to_the_timer(struct user_ring *ring)
{
	token = received(ring);
	user_arena_write(ring, SEND_AT, &(uint64_t){0}, 8);
	describe(ring, lent_timer, CAP_DESC_COPY);
	race(ring, CLIENT, pass(token, TIMER_INTERFACE_ID, TIMER_NOW, 8));
	explore_check(first_status == STATUS_OK);
}

EXPLORE_ALL(a_call_is_passed_to_an_object_or_taken_back, 1)
{
	calls_made = 1;
	called = &facet;
	run(calls_and_takes_back, passes_to_the_timer, &server, does_nothing);
}

/* --- a thread that ends with a call that it has not seen ------------------------------------------------------------------------ */

static void ends_with_a_call(struct user_ring *ring)
{
	struct cap_sqe sqe = receive(end);

	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 1, 0); /* it is there, and is not reaped */
	struct cap_cqe cqe;
	host_user_read(VADDR(ring->region.raw + ring->cq_off), &cqe, sizeof cqe);
	token = cqe.token;
	begin_race(ring, THIRD);
	(void)atomic_add(&finished, 1u);
	host_exit(0, CAP_EXIT_THREAD);
}

static void answers_what_it_did_not_receive(struct user_ring *ring)
{
	answers_too(ring);
	host_exhaust_pause(true);
	explore_check(then_status == STATUS_OK || then_status == STATUS_BAD_ID);
}

static void calls_whom_it_may_concern(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	(void)user_submit(ring, &sqe);
	call_status = user_wait(ring).status;
	explore_check(call_status == STATUS_OK || call_status == STATUS_DISCONNECTED);
}

EXPLORE_ALL(a_call_is_answered_or_its_receiver_gone, 1)
{
	run(calls_whom_it_may_concern, ends_with_a_call, &server, answers_what_it_did_not_receive);
	explore_check((call_status == STATUS_OK) == (then_status == STATUS_OK));
}

/* --- a copy of what is released ----------------------------------------------------------------------------------------------------- */

static void sends_a_copy(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	sqe.caps_len = 1;
	describe(ring, spare, CAP_DESC_COPY);
	for (unsigned i = 0; i < 2; i++)
		explore_check(user_do(ring, &sqe).status == STATUS_OK);
	race(ring, THIRD, sqe);
	if (first_status == PENDING)
		first_status = user_wait(ring).status;
	explore_check(first_status == STATUS_OK || first_status == STATUS_BAD_ID);
}

static void releases_it(struct user_ring *ring)
{
	until_woken(ring);
	then_status = go(ring, (struct cap_sqe){.op = CAP_OP_RELEASE, .target = spare.raw}).status;
	explore_check(then_status == STATUS_OK);
}

static void answers_and_drops(struct user_ring *ring)
{
	struct cap_sqe sqe = receive(end);

	for (unsigned i = 0; i < 2; i++) {
		struct cap_cqe cqe = user_do(ring, &sqe);
		sqe = answer_and_receive(cqe.token, 0);
		sqe.flags = CAP_SQE_RELEASE_CAPS;
	}
	(void)atomic_add(&finished, 1u);
	for (;;) { /* and whatever comes yet */
		struct cap_cqe cqe = user_do(ring, &sqe);
		sqe = answer_and_receive(cqe.token, 0);
		sqe.flags = CAP_SQE_RELEASE_CAPS;
	}
}

EXPLORE_ALL(a_copy_is_sent_of_what_is_still_there, 1)
{
	run(sends_a_copy, answers_and_drops, &client, releases_it);
}

/* --- a submission that changes while it is read ------------------------------------------------------------------------------------------ */

static uint64_t buffer_word;

/* Known words; room for a capability makes it more than that, so that they are read once more. */
static void calls_what_it_knows(struct user_ring *ring)
{
	struct cap_sqe sqe = on_kernel(client_timer, TIMER_INTERFACE_ID, TIMER_NOW);

	user_arena_write(ring, SEND_AT, &(uint64_t){0}, 8);
	for (unsigned i = 0; i < 3; i++)
		explore_check(go(ring, sqe).status == STATUS_OK);
	sqe.buf_caps = 1;
	/* One slot on, behind the WAKE. */
	buffer_word = ring->region.raw + ring->sq_off + (ring->sequence + 1) % ring->sq_count * sizeof(sqe) +
		      offsetof(struct cap_sqe, buf_off);
	race(ring, THIRD, sqe);
	explore_check(first_status == STATUS_OK || first_status == STATUS_BAD_RANGE);
}

static void changes_it(struct user_ring *ring)
{
	until_woken(ring);
	host_user_store64(VADDR(buffer_word), UINT64_MAX);
}

EXPLORE_ALL(a_submission_is_what_was_read_of_it, 1)
{
	run(calls_what_it_knows, does_nothing, &client, changes_it);
}

EXPLORE_MAIN
