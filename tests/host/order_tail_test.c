// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls that go on to what was not called, in one order (order.h): passed on with TAIL, to endpoints and to the kernel's objects, and by
 * the name of an answer that is there or is to come.
 */
#include "invariants.h"
#include "order.h"

#include <mm/slab.h>
#include <object/object.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/timer.capnp.h>

#define PROMISE_MOST 64u /* as ring/promise.h */

/* --- TAIL -------------------------------------------------------------------------------------------------------------------- */

static struct cap_sqe pass(uint64_t token, uint16_t caps)
{
	struct cap_sqe sqe = answer(token);

	sqe.flags = CAP_SQE_TAIL;
	sqe.interface_id = SCENARIO_INTERFACE;
	sqe.caps_len = caps;
	return sqe;
}

/* A facet that has no method. */
static cap_id weak_facet(uint64_t key)
{
	struct interface_set none = {SCENARIO_INTERFACE, 0};
	struct view *view;

	explore_check(view_create(NULL, &the.endpoint->object, VIEW_FACET, key, &none, 1, &view) ==
		      STATUS_OK);
	return scenario_give(the.actor, view);
}

static void passes_on_wrongly(struct user_ring *ring, uint64_t token)
{
	const struct {
		cap_id target;
		uint64_t interface_id;
		uint32_t bytes;
		uint16_t caps;
		int status;
	} rows[] = {
		{the.template, SCENARIO_INTERFACE, 16, 1, STATUS_WRONG_TYPE},
		{the.facet, TIMER_INTERFACE_ID, 16, 1, STATUS_WRONG_TYPE},
		{weak_facet(40), SCENARIO_INTERFACE, 16, 1, STATUS_DENIED},
		{the.facet, SCENARIO_INTERFACE, MESSAGE + 8, 1, STATUS_TOO_LARGE},
		{the.facet, SCENARIO_INTERFACE, 16, CAPS + 2, STATUS_TOO_LARGE},
		{the.plain, SCENARIO_INTERFACE, 16, 2, STATUS_TOO_LARGE},
		{the.timer, TIMER_INTERFACE_ID, CAP_MAX_KERNEL_MESSAGE + 8, 1, STATUS_TOO_LARGE},
		{the.facet, SCENARIO_INTERFACE, 16, 0, STATUS_BAD_OP},
		{{77}, SCENARIO_INTERFACE, 16, 1, STATUS_BAD_ID},
	};
	for (unsigned i = 0; i < array_size(rows); i++) {
		describe(ring, 0, rows[i].target, 0, CAP_DESC_COPY);
		for (unsigned n = 1; n < 5; n++)
			describe(ring, n, the.second, 0, CAP_DESC_COPY);
		struct cap_sqe sqe = pass(token, rows[i].caps);
		sqe.interface_id = rows[i].interface_id;
		sqe.msg_len = rows[i].bytes;
		struct cap_cqe cqe = go(ring, sqe);
		if (cqe.status != rows[i].status)
			host_die("row %u: %d instead of %d", i, cqe.status, rows[i].status);
	}
}

static void passes_to_a_facet_of_an_object(struct user_ring *ring)
{
	/* No process serves it: the object says what it has not. */
	describe(ring, 0, the.faceted_word, 0, CAP_DESC_COPY);
	IS(go(ring, call_with(the.facet, 0, 0)), PENDING);
	struct cap_sqe sqe = pass(received(ring), 1);
	sqe.interface_id = notification_object_type->interface_id;
	sqe.method = 60;
	IS(go(ring, sqe), STATUS_OK);
	IS(await(ring, 1), STATUS_EXCEPTION);
}

/* A call without room for capabilities, under a gate from here on; and what only goes to processes of the session, to one. */
static void passes_on_rightly(struct user_ring *ring)
{
	for (uint16_t i = 0; i < 2; i++) {
		struct cap_sqe first = call_with(the.facet, 0, i);
		first.user_data = 3;
		IS(go(ring, first), PENDING);
		describe(ring, 0, i == 0 ? the.lent_facet : the.facet, 0, CAP_DESC_COPY);
		describe(ring, 1, the.bound_facet, 0, CAP_DESC_COPY);
		IS(go(ring, pass(received(ring), 2)), STATUS_OK);
		struct cap_cqe got = go(ring, receive(the.end));
		IS(got, STATUS_OK);
		release(ring, user_arena_word(ring, RECV_AT + got.len));
		IS(go(ring, answer(got.token)), STATUS_OK);
		IS(await(ring, 3), STATUS_OK);
	}
}

/* A capability that goes along is for this process only; the one called is moved; an exception; a message beyond the arena. */
static void passes_on_what_it_may_not(struct user_ring *ring, uint64_t token)
{
	struct cap_sqe sqe;

	describe(ring, 0, the.facet, 0, CAP_DESC_COPY);
	describe(ring, 1, the.private_facet, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 2)), STATUS_OUT_OF_SCOPE);
	describe(ring, 0, the.facet, 0, CAP_DESC_MOVE);
	IS(go(ring, pass(token, 1)), STATUS_BAD_OP);
	describe(ring, 0, the.facet, 0, CAP_DESC_COPY);
	sqe = pass(token, 1);
	sqe.flags |= CAP_SQE_IS_EXCEPTION;
	IS(go(ring, sqe), STATUS_BAD_OP);
	sqe = pass(token, 1);
	sqe.msg_off = ring->arena_len;
	IS(go(ring, sqe), STATUS_BAD_RANGE);
	IS(go(ring, pass(token + 1, 1)), STATUS_BAD_ID);
	/* In a session that is over. */
	store_release(&the.session->ended, true);
	IS(go(ring, pass(token, 1)), STATUS_REVOKED);
	store_release(&the.session->ended, false);
}

/* Through the other gate; each allocation in turn, also of what may be needed under a gate. */
static void passes_on_under_gates(struct user_ring *ring, uint64_t token)
{
	struct cap_cqe cqe;
	unsigned failures = 0;

	describe(ring, 0, the.dead_facet, 0, CAP_DESC_COPY);
	describe(ring, 1, the.second, 0, CAP_DESC_COPY);
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
	explore_check(gate_create(NULL, the.dead_gate, NULL, &below) == STATUS_OK);
	cap_id under = order_lend(scenario_facet(the.endpoint, 41), below);
	gate_put(below);
	describe(ring, 0, under, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_OK); /* the inner one */
	token = received(ring);
	describe(ring, 0, the.dead_facet, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_OK); /* stays under it */
	token = received(ring);
	describe(ring, 0, the.lent_facet, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_OK); /* a new one, below both */
	token = received(ring);
	IS(go(ring, answer(token)), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
}

/* A call that nobody waits for any more is dropped with what it would have taken along; a retired key takes none. */
static void passes_on_in_vain(struct user_ring *ring)
{
	describe(ring, 0, the.facet, 0, CAP_DESC_COPY);
	describe(ring, 1, the.second, 0, CAP_DESC_COPY);
	uint64_t at = ring->sequence;
	IS(go(ring, call_with(the.facet, 0, 1)), PENDING);
	uint64_t token = received(ring);
	cancel(ring, at, 1);
	IS(go(ring, pass(token, 2)), STATUS_OK);
	IS(go(ring, call_with(the.facet, 0, 1)), PENDING);
	token = received(ring);
	invariants_busy(true);
	explore_check(endpoint_retire_key(the.endpoint, 2, NULL));
	invariants_busy(false);
	describe(ring, 0, the.second, 0, CAP_DESC_COPY);
	IS(go(ring, pass(token, 1)), STATUS_DISCONNECTED);
	IS(go(ring, answer(token)), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
}

static void is_refused_tails(struct user_ring *ring)
{
	IS(go(ring, call_with(the.facet, 0, 1)), PENDING);
	uint64_t token = received(ring);
	passes_on_wrongly(ring, token);
	passes_to_a_facet_of_an_object(ring);
	passes_on_rightly(ring);
	passes_on_what_it_may_not(ring, token);
	passes_on_under_gates(ring, token);
	passes_on_in_vain(ring);
}

EXPLORE_TEST(a_call_that_cannot_be_passed_on_stays_open, 2)
{
	order_play(is_refused_tails);
}

/* To the kernel's objects: no room for what it gives; nobody who waits for it; a gate over it. */
static void passes_to_what_gives(struct user_ring *ring)
{
	struct cap_sqe give = pass(0, 1);
	struct cap_cqe cqe;

	give.interface_id = CAPABILITY_MANAGER_INTERFACE_ID;
	give.method = CAPABILITY_MANAGER_CREATE_NOTIFICATION;
	give.msg_len = 8;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t at = ring->sequence;
		IS(go(ring, call_with(the.facet, 0, i == 0 ? 0 : 1)), PENDING);
		give.target = received(ring);
		put(ring, SEND_AT, (uint64_t[]){0}, 1);
		describe(ring, 0, i == 2 ? the.lent_manager : the.manager, 0, CAP_DESC_COPY);
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
}

/* More than the caller's buffer takes; two where there is room for one; what may go to no other process. */
static void passes_to_what_gives_too_much(struct user_ring *ring)
{
	struct cap_sqe sqe, ask = call_with(the.facet, 0, 1);
	struct cap_cqe cqe;

	ask.buf_len = CAP_MIN_RESULT_BUF;
	for (unsigned i = 0; i < 3; i++) {
		static const int statuses[] = {STATUS_TOO_LARGE, STATUS_NO_SLOT, STATUS_OUT_OF_SCOPE};
		IS(go(ring, ask), PENDING);
		sqe = pass(received(ring), i == 0 ? 1 : 2);
		sqe.interface_id = CAPABILITY_MANAGER_INTERFACE_ID;
		describe(ring, 0, the.manager, 0, CAP_DESC_COPY);
		describe(ring, 1, i == 1 ? the.second : the.private_facet, 0, CAP_DESC_COPY);
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
}

/* A method that answers later, of a queue and of a time; with a deadline of the caller's beside it. */
static void passes_to_what_answers_later(struct user_ring *ring)
{
	cap_id me = scenario_give(the.actor, scenario_full(&the.actor->object));
	struct cap_sqe sqe;

	for (unsigned timed = 0; timed < 2; timed++) {
		sqe = call_with(the.facet, 0, 0);
		sqe.deadline_ns = timed ? host_now_ns() + 1000000000 : 0;
		uint64_t at = ring->sequence;
		IS(go(ring, sqe), PENDING);
		sqe = pass(received(ring), 1);
		sqe.interface_id = TIMER_INTERFACE_ID;
		sqe.method = TIMER_SLEEP;
		put(ring, SEND_AT, (uint64_t[]){STRUCT(1, 0), 5000}, 2);
		describe(ring, 0, the.timer, 0, CAP_DESC_COPY);
		IS(go(ring, sqe), STATUS_OK);
		IS(await(ring, 1), STATUS_OK);
		at = ring->sequence;
		IS(go(ring, call_with(the.facet, 0, 0)), PENDING);
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
		IS(go(ring, call_with(the.facet, 0, 0)), PENDING);
		sqe.target = received(ring);
		cancel(ring, at, 1);
		IS(go(ring, sqe), STATUS_OK);
	}
}

/* The bits would be another's: Timer.signal is nothing to pass on to. What went along is put back. */
static void passes_to_a_signal(struct user_ring *ring)
{
	IS(go(ring, call_with(the.facet, 0, 0)), PENDING);
	struct cap_sqe sqe = pass(received(ring), 2);
	sqe.interface_id = TIMER_INTERFACE_ID;
	sqe.method = TIMER_SIGNAL;
	sqe.msg_len = 32;
	put(ring, SEND_AT, (uint64_t[]){STRUCT(2, 1), UINT64_MAX, 4, CAP_FIRST}, 4);
	describe(ring, 0, the.timer, 0, CAP_DESC_COPY);
	describe(ring, 1, the.word, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	IS(await(ring, 1), STATUS_BAD_STATE);
}

static void passes_to_the_timer_through_a_gate(struct user_ring *ring)
{
	IS(go(ring, call_with(the.facet, 0, 1)), PENDING);
	struct cap_sqe sqe = pass(received(ring), 1);
	sqe.interface_id = TIMER_INTERFACE_ID;
	sqe.method = TIMER_NOW;
	sqe.msg_len = 8;
	put(ring, SEND_AT, (uint64_t[]){0}, 1);
	describe(ring, 0, the.lent_timer, 0, CAP_DESC_COPY);
	IS(go(ring, sqe), STATUS_OK);
	IS(await(ring, 1), STATUS_OK);
}

/* What objects give must fit, and may have to be dropped. */
static void passes_to_objects(struct user_ring *ring)
{
	passes_to_what_gives(ring);
	passes_to_what_gives_too_much(ring);
	passes_to_what_answers_later(ring);
	passes_to_a_signal(ring);
	passes_to_the_timer_through_a_gate(ring);
}

EXPLORE_TEST(what_an_object_gives_to_a_call_that_was_passed_on_goes_to_the_caller_or_back, 2)
{
	order_play(passes_to_objects);
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
		struct cap_sqe sqe = call(the.facet);
		sqe.flags = CAP_SQE_KEEP_ANSWER;
		sqe.buf_caps = 1;
		sqe.user_data = 1;
		uint64_t sequence = ring->sequence;
		IS(go(ring, sqe), PENDING);
		uint64_t token = received(ring);
		put(ring, SEND_AT, rows[i].words, 6);
		describe(ring, 0, the.second, 0, CAP_DESC_COPY);
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
	order_play(walks);
}

/* --- what waits for an answer -------------------------------------------------------------------------------------------------- */

/* A call whose answer is named; it is at the endpoint. */
static uint64_t promise(struct user_ring *ring, uint64_t user_data)
{
	struct cap_sqe sqe = call_with(the.facet, 0, 2);

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
	sqe.caps_off = 0;                 /* nothing but its message: it may follow the one before */
	sqe.buf_off = RESULT_AT + BUFFER; /* the answer stays where it is */
	sqe.user_data = user_data;
	return sqe;
}

static uint32_t held(void)
{
	return the.thread->ring.held_count;
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
	bad.caps_off = DESC_AT;
	IS(go(ring, no_range), STATUS_BAD_RANGE);
	IS(go(ring, many), STATUS_TOO_LARGE);
	IS(go(ring, beyond), STATUS_BAD_RANGE);
	describe(ring, 0, (cap_id){77}, 0, CAP_DESC_COPY);
	IS(go(ring, bad), STATUS_BAD_ID);
	explore_check(held() == 1);
	/* No memory: for the record of it, or for what it sends. */
	describe(ring, 0, the.second, 0, CAP_DESC_COPY);
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
	keep(ring, 1, the.second, the.second);
	IS(await(ring, 4), STATUS_EXCEPTION);
	IS(go(ring, answer(received(ring))), STATUS_OK);
	IS(await(ring, 3), STATUS_OK);
	/* The answer is there: a field that it does not have. */
	IS(go(ring, on_answer(first, 5, 6)), STATUS_BAD_ID);
	forget(ring, first);
}

EXPLORE_TEST(what_cannot_wait_for_an_answer_is_refused, 2)
{
	order_play(is_not_held);
}

/* What the answer turns out to be, for each kind of thing that a call can name; two fields of one answer are two references. */
static void turns_out(struct user_ring *ring)
{
	struct cap_sqe sqe;
	cap_id weak = weak_facet(50);

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
	keep(ring, 1, the.second, the.second);
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
	keep(ring, 1, the.timer, weak);
	IS(await(ring, 20), STATUS_OK);
	IS(await(ring, 21), STATUS_DENIED);
	forget(ring, first);
	first = promise(ring, 1);
	sqe = on_answer(first, 0, 22);
	sqe.interface_id = notification_object_type->interface_id;
	sqe.method = 60;
	IS(go(ring, sqe), PENDING);
	keep(ring, 1, the.faceted_word, the.lent_facet);
	IS(await(ring, 22), STATUS_EXCEPTION);
	forget(ring, first);
}

EXPLORE_TEST(calls_go_to_what_an_answer_turns_out_to_be, 2)
{
	order_play(turns_out);
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
	the.geometry = (struct ring_geometry){.submissions = 128};
	order_play(holds_many);
	the.geometry = (struct ring_geometry){};
}

EXPLORE_MAIN
