// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * As race_test.c, of what ends a wait: an endpoint that closes, a RECV or a WAIT that is revoked, calls that are taken back while
 * somebody else looks at them.
 */
#include "race_setting.h"

/* --- an endpoint that closes, a RECV that is revoked --------------------------------------------------------------------------------- */

static void calls_in_vain(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	for (unsigned i = 0; i < 3; i++)
		(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	store_release(&sequence, 1ull);
	for (unsigned i = 0; i < 3; i++) {
		int32_t status = user_wait(ring).status;
		explore_check(status == STATUS_OK || status == STATUS_DISCONNECTED);
	}
}

static void until_they_wait(struct user_ring *ring)
{
	while (load_acquire(&sequence) == 0)
		(void)user_enter(ring, UINT32_MAX, host_now_ns() + 10000);
}

static void closes(struct user_ring *ring)
{
	until_they_wait(ring);
	user_arena_write(ring, SEND_AT, &(uint64_t){0}, 8);
	race(ring, THIRD, on_kernel(end, ENDPOINT_INTERFACE_ID, ENDPOINT_CLOSE));
	explore_check(first_status == STATUS_OK);
}

static void receives_as_it_closes(struct user_ring *ring)
{
	struct cap_cqe cqe;

	until_woken(ring);
	do {
		struct cap_sqe sqe = receive(end);
		cqe = user_do(ring, &sqe);
		if (cqe.status == STATUS_OK)
			explore_check(go(ring, answer(cqe.token, 0)).status == STATUS_OK);
	} while (cqe.status == STATUS_OK);
	explore_check(cqe.status == STATUS_DISCONNECTED);
}

EXPLORE_ALL(a_call_at_an_endpoint_that_closes_is_received_or_ended, 1)
{
	run(calls_in_vain, closes, &server, receives_as_it_closes);
}

static cap_id *received_from;
static bool by_closing;

/* It has posted a RECV and computes, so that what comes only tells it to look; then it looks, while the RECV is being ended. */
static void looks_again(struct user_ring *ring)
{
	struct cap_sqe sqe = receive(*received_from);
	struct cap_cqe cqe;

	sqe.user_data = 5;
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	begin_race(ring, CLIENT); /* which calls now */
	host_exhaust_pause(true);
	while (load_acquire(&sequence) == 0)
		host_user_step();
	begin_race(ring, THIRD);
	(void)user_enter(ring, 0, 0);
	host_exhaust_pause(true);
	cqe = user_wait(ring);
	first_status = cqe.status;
	explore_check(first_status == STATUS_OK || first_status == STATUS_REVOKED ||
		      first_status == STATUS_DISCONNECTED);
	if (first_status == STATUS_OK)
		explore_check(go(ring, answer(cqe.token, 0)).status == STATUS_OK);
	else if (first_status == STATUS_REVOKED)
		explore_check(go(ring, answer(received(ring), 0)).status == STATUS_OK);
}

static void calls_when_woken(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	until_woken(ring);
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	store_release(&sequence, 1ull);
	call_status = user_wait(ring).status;
	explore_check(call_status == STATUS_OK || call_status == STATUS_DISCONNECTED);
}

static void ends_the_receive(struct user_ring *ring)
{
	until_woken(ring);
	user_arena_write(ring, SEND_AT, &(uint64_t){0}, 8);
	struct cap_sqe sqe = by_closing ? on_kernel(end, ENDPOINT_INTERFACE_ID, ENDPOINT_CLOSE)
					: on_kernel(revoker, REVOKER_INTERFACE_ID, REVOKER_REVOKE);
	then_status = go(ring, sqe).status;
	explore_check(then_status == STATUS_OK);
}

EXPLORE_ALL(who_looks_again_receives_or_is_revoked, 1)
{
	received_from = &lent_end;
	by_closing = false;
	run(calls_when_woken, looks_again, &server, ends_the_receive);
}

EXPLORE_ALL(who_looks_again_receives_or_finds_it_closed, 1)
{
	received_from = &end;
	by_closing = true;
	run(calls_when_woken, looks_again, &server, ends_the_receive);
}

/* The same with a WAIT through a gate. */
static void looks_for_bits(struct user_ring *ring)
{
	(void)user_submit(
		ring, &(struct cap_sqe){
			      .op = CAP_OP_WAIT, .target = lent_word.raw, .interface_id = 1, .user_data = 5});
	(void)user_enter(ring, 0, 0);
	(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_NOP, .user_data = 6});
	sequence = 0;
	begin_race(ring, THIRD);
	(void)user_enter(ring, 0, 0);
	host_exhaust_pause(true);
	for (unsigned i = 0; i < 2; i++) {
		struct cap_cqe cqe = user_wait(ring);
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_REVOKED);
	}
}

static void signals_and_revokes(struct user_ring *ring)
{
	until_woken(ring);
	(void)go(ring, (struct cap_sqe){.op = CAP_OP_SIGNAL, .target = word.raw, .interface_id = 1});
	user_arena_write(ring, SEND_AT, &(uint64_t){0}, 8);
	then_status = go(ring, on_kernel(revoker, REVOKER_INTERFACE_ID, REVOKER_REVOKE)).status;
	explore_check(then_status == STATUS_OK);
}

EXPLORE_ALL(who_looks_for_bits_gets_them_or_is_revoked, 1)
{
	run(does_nothing, looks_for_bits, &server, signals_and_revokes);
}

/* --- calls that are taken back while somebody else looks at them ---------------------------------------------------------------------- */

static void retires_the_key(struct user_ring *ring)
{
	until_woken(ring);
	user_arena_write(ring, SEND_AT, (uint64_t[]){STRUCT(1, 0), 1}, 16);
	struct cap_sqe sqe = on_kernel(end, ENDPOINT_INTERFACE_ID, ENDPOINT_RETIRE);
	sqe.msg_len = 16;
	then_status = go(ring, sqe).status;
	explore_check(then_status == STATUS_OK);
}

static void takes_back_first(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	for (unsigned i = 0; i < 2; i++)
		sequence = user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	begin_race(ring, SERVER);
	(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 2});
	(void)user_enter(ring, 0, 0);
	host_exhaust_pause(true);
	for (unsigned i = 0; i < 3; i++) {
		struct cap_cqe cqe = user_wait(ring);
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_CANCELLED ||
			      cqe.status == STATUS_DISCONNECTED || cqe.status == STATUS_TOO_LATE ||
			      cqe.status == STATUS_BAD_ID);
	}
}

EXPLORE_ALL(a_call_is_taken_back_or_its_key_retired, 1)
{
	run(takes_back_first, retires_the_key, &server, does_nothing);
}

/* What may go to no other session is refused where it is looked at, or has been taken back before. */
static void calls_out_of_scope(struct user_ring *ring)
{
	describe(ring, bound, CAP_DESC_COPY);
	struct cap_sqe sqe = call(facet);
	sqe.caps_len = 1;
	sequence = user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	until_woken(ring);
	(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 2});
	for (unsigned i = 0; i < 2; i++) {
		struct cap_cqe cqe = user_wait(ring);
		*(cqe.user_data == 2 ? &then_status : &call_status) = cqe.status;
	}
	explore_check(call_status == STATUS_OUT_OF_SCOPE || call_status == STATUS_CANCELLED);
}

static void looks_at_it(struct user_ring *ring)
{
	(void)user_enter(ring, UINT32_MAX, host_now_ns() + 1000000);
	begin_race(ring, CLIENT);
	struct cap_cqe cqe = go(ring, receive(end));
	host_exhaust_pause(true);
	explore_check(cqe.status == PENDING ||
		      user_is_notice(cqe)); /* the client may have ended, with all that it had */
}

EXPLORE_ALL(a_call_that_may_not_go_there_is_refused_or_taken_back, 1)
{
	run(calls_out_of_scope, looks_at_it, &server, does_nothing);
}

EXPLORE_MAIN
