// SPDX-License-Identifier: MIT OR Apache-2.0
/* Logout and expiry: what was held is stale, what waits completes, and only new grants bring anything back. */
#include <runtime/runtime.h>
#include <schema/kernel/notification.capnp.h>

#include "session.h"

/* What a process can still do with what it holds, as bits. */
enum { STALE_CALL = 1, STALE_SIGNAL = 2, STALE_WAIT = 4, STALE_DOOR = 8, STILL_DUPLICATES = 16 };

static int what_is_stale(void)
{
	cap_id bits = granted("bits"), copy = CAP_ID_NULL;
	uint64_t ns, taken;
	int stale = 0;

	stale |= timer_now(w.t, w.timer, &ns) == STATUS_REVOKED ? STALE_CALL : 0;
	stale |= raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_SIGNAL, .target = bits.raw}) ==
				 STATUS_REVOKED
			 ? STALE_SIGNAL
			 : 0;
	stale |= ring_wait_bits(w.ring, bits, 0, 1, &taken) == STATUS_REVOKED ? STALE_WAIT : 0;
	stale |= role_asks() == -STATUS_REVOKED ? STALE_DOOR : 0;
	stale |= ring_dup(w.ring, w.timer, &copy) == STATUS_OK ? STILL_DUPLICATES : 0;
	return stale;
}

/* Has everything before; is told by its waiting call that the session is over. */
int role_retains(void)
{
	uint64_t ns;

	if (timer_now(w.t, w.timer, &ns) != STATUS_OK || role_asks() != STATUS_OK)
		return 100;
	enum status status = raw_status(&w.raw,
					raw_call(&w.raw, granted("door"), DOOR_WAIT, raw_fill(&w.raw, 1, 1)));

	return status == STATUS_REVOKED ? what_is_stale() : 101;
}

int role_waits(void)
{
	uint64_t taken;

	if (role_asks() != STATUS_OK)
		return 100;
	return -ring_wait_bits(w.ring, granted("bits"), 0, 0, &taken);
}

/* Two capabilities of one thing: one was bound to a session that is not this process's. */
int role_uses_bound(void)
{
	uint64_t ns;

	if (timer_now(w.t, granted("bound"), &ns) != STATUS_OK || role_asks() != STATUS_OK)
		return 100;
	/* The second answer comes when the other session has ended. */
	if (role_asks() != STATUS_OK)
		return 101;
	return timer_now(w.t, granted("bound"), &ns) == STATUS_REVOKED &&
			       timer_now(w.t, w.timer, &ns) == STATUS_OK
		       ? 0
		       : 102;
}

static cap_id notification(void)
{
	cap_id bits = CAP_ID_NULL;

	(void)!capability_manager_create_notification(w.t, w.manager, &bits);
	return bits;
}

static void let_it_in(void)
{
	(void)!answer(receive_at(w.endpoint).token);
}

static void test_logout(void)
{
	cap_id session = new_session("erna", 0), bits = notification();
	struct spawn_grant more = child_grant_as("bits", bits, NOTIFICATION_INTERFACE_ID);
	cap_id child = start_child("retains", session, w.facet_template, &more);
	uint64_t calls = 0;

	let_it_in();
	struct cap_cqe cqe = receive_at(w.endpoint);
	tap_ok(session_context_end(w.t, session, &calls) == STATUS_OK && calls == 1,
	       "logout completes the call that waits (%llu)", (unsigned long long)calls);
	tap_is(answer(cqe.token), STATUS_OK, "its answer goes nowhere");
	int64_t stale = end_of(child);
	tap_ok(stale == (STALE_CALL | STALE_SIGNAL | STALE_WAIT | STALE_DOOR | STILL_DUPLICATES),
	       "a retained capability after logout is REVOKED: to call, to signal, to wait (%lld)",
	       (long long)stale);

	/* There is no way back, but a way forward. */
	cap_id renewed = new_session("erna", 0);
	child = start_child("asks", renewed, w.facet_template, nullptr);
	let_it_in();
	tap_ok(end_of(child) == 0, "renewal is a new session with fresh grants");
	end_session(renewed);
	ring_release(w.ring, bits);
	ring_release(w.ring, session);
}

static void test_waiting(void)
{
	cap_id session = new_session("fritz", 0), bits = notification();
	struct spawn_grant more = child_grant_as("bits", bits, NOTIFICATION_INTERFACE_ID);
	cap_id child = start_child("waits", session, w.facet_template, &more);
	uint64_t calls = 0, ns;

	let_it_in();
	(void)!timer_sleep(w.t, w.timer, 5 * MS); /* it waits, or will find the session ended */
	(void)!session_context_end(w.t, session, &calls);
	tap_ok(end_of(child) == -STATUS_REVOKED, "logout completes a WAIT");
	tap_is(timer_now(w.t, w.timer, &ns), STATUS_OK, "and is nothing to other sessions");
	ring_release(w.ring, bits);
	ring_release(w.ring, session);
}

/* In a session that ends after so long; -1: the child did not get as far as waiting in that time. */
static int64_t in_expiring(uint64_t ns, cap_id *session)
{
	uint64_t until = runtime_now() + ns;
	cap_id bits = notification();
	struct spawn_grant more = child_grant_as("bits", bits, NOTIFICATION_INTERFACE_ID);

	*session = new_session("gerda", until);
	cap_id child = start_child("retains", *session, w.facet_template, &more);
	struct cap_cqe first = receive_until(w.endpoint, until), second = {.status = STATUS_TIMED_OUT};
	if (first.status == STATUS_OK) {
		(void)!answer(first.token);
		second = receive_until(w.endpoint, until);
	}
	int64_t stale = child.raw ? end_of(child) : -1;
	if (second.status == STATUS_OK)
		(void)!answer(second.token);
	ring_release(w.ring, bits);
	return second.status == STATUS_OK && runtime_now() >= until ? stale : -1;
}

static void test_expiry(void)
{
	cap_id session = CAP_ID_NULL;
	uint32_t processes;
	uint64_t calls = 9;
	int64_t stale = -1;

	/* On a loaded machine it may be over before the child has begun: then again, with more time. */
	for (uint64_t ns = 40 * MS; stale < 0 && ns < 20'000 * MS; ns *= 3) {
		ring_release(w.ring, session);
		stale = in_expiring(ns, &session);
	}
	tap_ok(stale == (STALE_CALL | STALE_SIGNAL | STALE_WAIT | STALE_DOOR | STILL_DUPLICATES),
	       "expiry completes the call that waits, and what was retained is REVOKED (%lld)",
	       (long long)stale);
	tap_ok(!is_alive(session, &processes), "the session has ended");
	tap_ok(session_context_end(w.t, session, &calls) == STATUS_OK && calls == 0,
	       "ending it as well does nothing");
	ring_release(w.ring, session);
}

static void test_bound(void)
{
	cap_id session = new_session("hugo", 0), bound = CAP_ID_NULL, twice = CAP_ID_NULL;

	tap_is(session_context_bind(w.t, session, w.timer, &bound), STATUS_OK, "session.bind");
	struct spawn_grant more = child_grant_as("bound", bound, TIMER_INTERFACE_ID);
	cap_id child = start_child("uses-bound", CAP_ID_NULL, w.facet_template, &more);
	let_it_in();
	struct cap_cqe cqe = receive_at(w.endpoint);
	uint64_t calls, ns;
	(void)!session_context_end(w.t, session, &calls);
	tap_is(timer_now(w.t, bound, &ns), STATUS_REVOKED, "what was bound to it ends with it");
	(void)!answer(cqe.token);
	tap_ok(end_of(child) == 0, "wherever it has gone meanwhile");
	tap_is(session_context_bind(w.t, session, w.timer, &twice), STATUS_REVOKED,
	       "nothing is bound to a session that has ended");
	ring_release(w.ring, bound);
	ring_release(w.ring, session);
}

/* A session that nobody has and nobody is in is over, however far away its expiry is; and so is what was bound to it. */
static void test_forgotten(void)
{
	struct child_counts before;
	uint64_t ns;

	for (unsigned i = 0; i < 2; i++) { /* the first fills caches */
		before = child_counts();
		cap_id session = new_session("ida", runtime_now() + 3600'000 * MS), bound = CAP_ID_NULL;
		(void)!session_context_bind(w.t, session, w.timer, &bound);
		ring_release(w.ring, session);
		(void)child_counts(); /* everything that waits to be freed is */
		enum status status = timer_now(w.t, bound, &ns);
		if (i == 1)
			tap_is(status, STATUS_REVOKED, "a session that nobody has is over");
		ring_release(w.ring, bound);
	}
	tap_ok(child_counts_return(&before), "and leaves nothing behind");
}

void test_life(void)
{
	test_logout();
	test_waiting();
	test_expiry();
	test_bound();
	test_forgotten();
}
