// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One thread that is client and server at once (order.h), so that everything happens in one order: what each operation says to what it is
 * not for, what it says when there is no more of something, and that a refusal has taken nothing. Here calls, answers, and what ends where
 * it begins; the kernel's objects are in order_objects_test.c, TAIL and answers that are named in order_tail_test.c.
 */
#include "invariants.h"
#include "order.h"

#include <mm/frame.h>
#include <object/object.h>

/* --- calls and answers ------------------------------------------------------------------------------------------------------ */

static void is_refused_calls(struct user_ring *ring)
{
	struct cap_sqe sqe;

	describe(ring, 0, the.private_facet, 0, CAP_DESC_COPY);
	IS(go(ring, call_with(the.facet, 1, 0)), STATUS_OUT_OF_SCOPE);
	describe(ring, 0, the.facet, 0, CAP_DESC_COPY);
	for (unsigned n = 0; n < 2; n++) /* also when its words are known */
		IS(go(ring, call_with(the.plain, 1, 0)), STATUS_TOO_LARGE);
	IS(go(ring, call_with(the.facet, CAPS + 1, 0)), STATUS_TOO_LARGE);
	IS(go(ring, call_with(the.facet, 0, CAP_MESSAGE_MAX_CAPS + 1)), STATUS_TOO_LARGE);
	IS(go(ring, call_with(the.dead_facet, 0, 0)), PENDING);
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = ring->sequence - 1}), STATUS_OK);
	IS(await(ring, 1), STATUS_CANCELLED);
	store_release(&the.dead_gate->dead, true);
	IS(go(ring, call_with(the.dead_facet, 0, 0)), STATUS_REVOKED);
	describe(ring, 0, the.dead_facet, 0, CAP_DESC_COPY);
	IS(go(ring, call_with(the.facet, 1, 0)), STATUS_REVOKED);
	describe(ring, 0, the.facet, 0, (enum cap_desc_kind)9);
	IS(go(ring, call_with(the.facet, 1, 0)), STATUS_BAD_OP);
	/* RECV. */
	IS(go(ring, receive((cap_id){77})), STATUS_BAD_ID);
	IS(go(ring, receive(the.facet)), STATUS_WRONG_TYPE);
	sqe = receive(the.end);
	sqe.buf_len -= 8;
	IS(go(ring, sqe), STATUS_TOO_LARGE);
	sqe = receive(the.end);
	sqe.buf_off = ring->arena_len;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
	for (unsigned n = 1; n < 20; n++) { /* the first records of the process */
		frame_fail_after(n);
		sqe = receive(the.end);
		sqe.user_data = 7;
		struct cap_cqe cqe = go(ring, sqe);
		frame_fail_after(0);
		explore_check(the.actor->ledger.used[LEDGER_CALLS] == (cqe.status == PENDING));
		if (cqe.status == PENDING) {
			explore_check(n > 1);
			cancel(ring, ring->sequence - 1, 7);
			break;
		}
		IS(cqe, STATUS_NO_MEMORY);
	}
	uint64_t limit = the.actor->ledger.limit[LEDGER_CALLS];
	the.actor->ledger.limit[LEDGER_CALLS] = 0;
	IS(go(ring, receive(the.lent_end)), STATUS_NO_QUOTA);
	the.actor->ledger.limit[LEDGER_CALLS] = limit;
	limit = the.actor->ledger.limit[LEDGER_ENTRIES];
	the.actor->ledger.limit[LEDGER_ENTRIES] = the.actor->ledger.used[LEDGER_ENTRIES];
	IS(go(ring, receive(the.end)), STATUS_NO_QUOTA);
	the.actor->ledger.limit[LEDGER_ENTRIES] = limit;
}

EXPLORE_TEST(what_cannot_be_called_or_received_from_is_not, 2)
{
	order_play(is_refused_calls);
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

/* Too long an exception, one with a capability, a descriptor beyond the arena, one that is for this process only. */
static void answers_wrongly(struct user_ring *ring, uint64_t token)
{
	struct cap_sqe sqe = answer(token);

	sqe.flags = CAP_SQE_IS_EXCEPTION;
	sqe.msg_len = CAP_MIN_RESULT_BUF + 8;
	IS(go(ring, sqe), STATUS_TOO_LARGE);
	sqe.msg_len = 16;
	sqe.caps_len = 1;
	IS(go(ring, sqe), STATUS_TOO_LARGE);
	sqe = answer_and_receive(token, the.end);
	sqe.caps_len = 1;
	sqe.caps_off = ring->arena_len - 8;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
	sqe.caps_off = DESC_AT;
	sqe.target = token + 1;
	IS(go(ring, sqe), STATUS_BAD_ID);
	sqe.target = token;
	sqe.interface_id = the.facet.raw;
	IS(go(ring, sqe), STATUS_WRONG_TYPE);
	sqe = answer(token);
	sqe.caps_len = 1;
	describe(ring, 0, the.private_facet, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OUT_OF_SCOPE);
	sqe.msg_off = 4;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
}

/* RETURN_RECV through a gate; then once more, with the words known but not remembered. */
static void receives_through_a_gate(struct user_ring *ring, uint64_t token)
{
	struct cap_sqe sqe = answer_and_receive(token, the.lent_end);

	for (unsigned n = 0; n < 2; n++) {
		uint64_t at = ring->sequence;
		IS(go(ring, sqe), PENDING);
		IS(await(ring, 1), STATUS_OK);
		cancel(ring, at, 2);
		IS(go(ring, call_with(the.facet, 0, 1)), PENDING);
		sqe.target = token = received(ring);
	}
	IS(go(ring, answer(token)), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
}

/* Gates that would be too deep together; and those of which one contains the other. */
static void answers_under_gates(struct user_ring *ring)
{
	struct gate *deep = chain(GATE_MAX_DEPTH), *own = chain(2);
	cap_id deep_facet = order_lend(scenario_facet(the.endpoint, 30), deep),
	       owned = order_lend(scenario_facet(the.endpoint, 31), own),
	       inner = order_lend(scenario_facet(the.endpoint, 32), deep);
	IS(go(ring, call_with(deep_facet, 0, 1)), PENDING);
	struct cap_sqe sqe = answer(received(ring));
	sqe.caps_len = 1;
	describe(ring, 0, owned, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_GATE_DEPTH);
	describe(ring, 0, inner, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	struct cap_cqe cqe = await(ring, 1);
	IS(cqe, STATUS_OK);
	release(ring, id_behind(ring, cqe));
	struct gate *below;
	explore_check(gate_create(NULL, the.gate, NULL, &below) == STATUS_OK);
	cap_id lower = order_lend(scenario_facet(the.endpoint, 33), below);
	gate_put(below);
	IS(go(ring, call_with(the.lent_facet, 0, 1)), PENDING);
	sqe.target = received(ring);
	describe(ring, 0, lower, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	cqe = await(ring, 1);
	IS(cqe, STATUS_OK);
	release(ring, id_behind(ring, cqe));
	gate_put(deep);
	gate_put(own);
}

/* The same token once more, with words that are known: it is nobody's. */
static void answers_once_more(struct user_ring *ring)
{
	IS(go(ring, call_with(the.facet, 0, 0)), PENDING);
	struct cap_sqe sqe = answer_and_receive(received(ring), the.end);
	uint64_t at = ring->sequence;
	IS(go(ring, sqe), PENDING);
	IS(await(ring, 1), STATUS_OK);
	cancel(ring, at, 2);
	IS(go(ring, sqe), STATUS_BAD_ID);
	IS(go(ring, sqe), STATUS_BAD_ID);
}

static void is_refused_answers(struct user_ring *ring)
{
	IS(go(ring, call_with(the.facet, 0, 1)), PENDING);
	uint64_t token = received(ring);
	answers_wrongly(ring, token);
	receives_through_a_gate(ring, token);
	answers_under_gates(ring);
	answers_once_more(ring);
}

EXPLORE_TEST(an_answer_that_is_refused_leaves_the_call_open, 2)
{
	order_play(is_refused_answers);
}

/* What the call brought is dropped with its answer; some of it was gone already, and there is no room for what comes next. */
static void drops_without_room(struct user_ring *ring)
{
	struct cap_sqe sqe;
	struct cap_cqe cqe;

	for (unsigned kept = 0; kept < 2; kept++) {
		describe(ring, 0, the.second, 0, CAP_DESC_COPY);
		describe(ring, 1, the.second, 0, CAP_DESC_COPY);
		IS(go(ring, call_with(the.facet, 2, 0)), PENDING);
		cqe = go(ring, receive(the.end));
		IS(cqe, STATUS_OK);
		uint64_t ids[2] = {user_arena_word(ring, RECV_AT + cqe.len),
				   user_arena_word(ring, RECV_AT + cqe.len + 8)};
		if (!kept)
			release(ring, ids[0]);
		sqe = answer_and_receive(cqe.token, the.end);
		sqe.flags = kept ? 0 : CAP_SQE_RELEASE_CAPS;
		uint64_t limit = the.actor->ledger.limit[LEDGER_ENTRIES];
		the.actor->ledger.limit[LEDGER_ENTRIES] = the.actor->ledger.used[LEDGER_ENTRIES];
		/* Kept, nothing is done; dropped, the answer is given, and nothing is received. */
		IS(go(ring, sqe), STATUS_NO_QUOTA);
		the.actor->ledger.limit[LEDGER_ENTRIES] = limit;
		if (kept) {
			IS(go(ring, answer(cqe.token)), STATUS_OK);
			release(ring, ids[0]);
			release(ring, ids[1]);
		}
		IS(await(ring, 1), STATUS_OK);
		explore_check(the.actor->ledger.used[LEDGER_CALLS] == 0);
	}
}

EXPLORE_TEST(who_has_no_room_to_receive_again_has_answered, 2)
{
	order_play(drops_without_room);
}

/* --- keys that are retired while calls wait ------------------------------------------------------------------------------- */

static void retires_what_waits(struct user_ring *ring)
{
	const uint64_t keep[] = {2};
	cap_id doors[] = {the.second, the.facet, the.facet, the.second};

	for (unsigned i = 0; i < array_size(doors); i++) {
		struct cap_sqe sqe = call(doors[i]);
		sqe.user_data = 20 + i;
		IS(go(ring, sqe), PENDING);
	}
	invariants_busy(true);
	(void)endpoint_retire_other_keys(the.endpoint, keep, 1, NULL);
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
	order_play(retires_what_waits);
}

/* --- what ends where it begins -------------------------------------------------------------------------------------------- */

static cap_id itself; /* the actor's own thread */

static void is_garbled(struct user_ring *ring)
{
	static const uint8_t ops[] = {CAP_OP_NOP, CAP_OP_DUP, CAP_OP_RELEASE, CAP_OP_WAKE, CAP_OP_WAIT};

	itself = scenario_give(the.actor, scenario_full(&the.thread->object));
	for (unsigned i = 0; i < array_size(ops); i++) {
		struct cap_sqe sqe = {.op = ops[i], .target = i == 0 ? 0 : the.word.raw, .msg_len = 8};
		IS(go(ring, sqe), STATUS_BAD_OP);
		sqe.flags = ops[i] == CAP_OP_RELEASE || ops[i] == CAP_OP_WAKE ? CAP_SQE_QUIET : 0;
		IS(go(ring, sqe), STATUS_BAD_OP);
		ring->quiet -= sqe.flags != 0;
	}
	/* WAKE of nobody, of what is no thread, of oneself: the permit is there. */
	struct cap_sqe wake = {.op = CAP_OP_WAKE, .flags = CAP_SQE_QUIET, .target = 77};
	IS(go(ring, wake), STATUS_BAD_ID);
	wake.target = the.word.raw;
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
	order_play(is_garbled);
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
		the.captured = i;
		order_play(fills_its_queue);
	}
	the.captured = false;
}

/* Indexes that cannot be: the process ends for it, whatever else it was doing. */
static unsigned how;

static void lies(struct user_ring *ring)
{
	uint64_t head = ring->region.raw + offsetof(struct cap_region, cq_head),
		 tail = ring->region.raw + offsetof(struct cap_region, sq_tail);
	struct cap_sqe nop = {.op = CAP_OP_NOP};

	the.finished = 200; /* it does not come back */
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
		the.captured = i >= 4;
		order_begin();
		the.script = lies;
		if (the.captured)
			order_capture(the.actor);
		scenario_thread(the.actor, order_plays, 0);
		scenario_run();
		explore_check(the.actor->exit.reason == EXIT_PROTOCOL);
		order_end();
	}
	the.captured = false;
}

EXPLORE_MAIN
