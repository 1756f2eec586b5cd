// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Notifications as pipes and pollers use them: bits that say that nobody is left, time and signals in one word, what
 * becomes of those who wait when the owner ends or the facet is revoked.
 */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#include "ipc.h"

enum { SIGNALLED = 1, OTHER = 2, GONE = 4, GONE_ABOVE = 8, LATER = 16 };

static cap_id word;

static uint64_t taken(uint64_t bits)
{
	uint64_t set = 0;

	ring_flush(w.ring);
	return notification_poll(w.t, word, bits, &set) == STATUS_OK ? set : ~0ull;
}

static cap_id watched(cap_id of, uint64_t mask, uint64_t gone)
{
	cap_id facet = CAP_ID_NULL;

	(void)!notification_watched(w.t, of, mask, gone, &facet);
	return facet;
}

static bool watched_raises(cap_id of, uint64_t mask, uint64_t gone, const char *field)
{
	struct rpc_call call;
	struct notification_watched_params_builder p = notification_watched_begin(&call, w.t, of);

	notification_watched_params_builder_set_mask(p, mask);
	notification_watched_params_builder_set_gone(p, gone);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
}

static void test_watched(void)
{
	cap_id facet = watched(word, SIGNALLED, GONE), copy = CAP_ID_NULL, less = CAP_ID_NULL,
	       narrow = CAP_ID_NULL;

	tap_ok(facet.raw && taken(0) == 0, "notification.watched");
	ring_signal_bits(w.ring, facet, 0);
	tap_ok(taken(0) == (SIGNALLED), "its holder sets its bits");
	tap_is(raw_status(&w.raw,
			  (struct cap_sqe){.op = CAP_OP_SIGNAL, .target = facet.raw, .interface_id = GONE}),
	       STATUS_DENIED, "and not the one that says that it is gone");
	(void)!ring_dup(w.ring, facet, &copy);
	(void)!capability_manager_attenuate(w.t, w.manager, facet, NOTIFICATION_INTERFACE_ID, 1, &less);
	(void)!notification_facet(w.t, facet, SIGNALLED, &narrow);
	ring_release(w.ring, facet);
	tap_ok(taken(GONE) == (0), "GONE: not while a copy is left");
	ring_release(w.ring, copy);
	tap_ok(taken(GONE) == (0), "nor while something attenuated is left");
	ring_release(w.ring, less);
	tap_ok(taken(GONE) == (0), "nor while a facet of it is left");
	ring_release(w.ring, narrow);
	tap_ok(taken(0) == (GONE), "then it is set");
	tap_ok(taken(0) == (0), "once");

	facet = watched(word, SIGNALLED | GONE_ABOVE, GONE);
	cap_id inner = watched(facet, SIGNALLED, GONE_ABOVE);
	ring_release(w.ring, facet);
	tap_ok(taken(0) == (0), "a watched facet of a watched facet counts for both");
	ring_release(w.ring, inner);
	tap_ok(taken(0) == (GONE | GONE_ABOVE), "both are gone");

	facet = watched(word, SIGNALLED, GONE);
	tap_ok(watched_raises(facet, OTHER, SIGNALLED, "mask") &&
		       watched_raises(facet, SIGNALLED, OTHER, "gone") &&
		       watched_raises(facet, 0, SIGNALLED, "mask") && watched_raises(word, OTHER, 0, "gone"),
	       "no bit outside the mask, and not none");
	ring_release(w.ring, facet);
	tap_ok(taken(0) == (GONE), "the same bit as often as there are watched facets");
}

/* In a message that nobody receives, and with a process. */
static void test_gone_elsewhere(void)
{
	cap_id facet = watched(word, SIGNALLED, GONE), handle = CAP_ID_NULL;
	struct raw_remote r = {.target = w.facet,
			       .caps = 1,
			       .descs = {{.id = facet.raw, .kind = CAP_DESC_MOVE}},
			       .deadline_ns = runtime_now() + 5000 * MS};
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	cap_id came = raw_received_cap(&w.raw, 0);
	tap_ok(taken(GONE) == (0), "moved in a message it is not gone");
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	ring_release(w.ring, came);
	tap_ok(taken(GONE) == (GONE), "its receiver drops it: gone");

	struct spawn_grant grants[] = {child_grant("console"),
				       child_grant_as("service", watched(word, SIGNALLED, GONE), 0)};
	(void)!child_start(
		"test-ipc",
		&(struct child_options){.grants = grants, .grant_count = 2, .arguments = {"waits"}}, &handle);
	ring_release(w.ring, grants[1].cap);
	ring_flush(w.ring);
	uint64_t bits = 0;
	enum status status = ring_wait_bits(w.ring, word, GONE, runtime_now() + 5000 * MS, &bits);
	tap_ok(status == STATUS_OK && bits == GONE, "its holder ends: whoever waits is woken (%s)",
	       tap_status_name(status));
	(void)child_wait(handle);
}

/* Signals and time in one word; one WAIT for both. */
static void test_timer(void)
{
	struct rpc_call call;
	struct timer_signal_params_builder p = timer_signal_begin(&call, w.t, w.timer);
	uint64_t until = runtime_now() + 5 * MS, bits = 0;

	timer_signal_params_builder_set_deadline_ns(p, until);
	timer_signal_params_builder_set_notification(p, rpc_add_cap(&call, word));
	timer_signal_params_builder_set_bits(p, LATER);
	(void)timer_signal_send(&call);
	ring_signal_bits(w.ring, word, OTHER);
	tap_ok(ring_wait_bits(w.ring, word, OTHER | LATER, 0, &bits) == STATUS_OK && (bits & OTHER),
	       "a WAIT for a signal and for time: the signal comes first");
	if (!(bits & LATER))
		(void)!ring_wait_bits(w.ring, word, OTHER | LATER, 0, &bits);
	tap_ok((bits & LATER) && runtime_now() >= until, "then the time");
	tap_is(rpc_wait(&call), STATUS_OK, "timer.signal completes");
	rpc_end(&call);

	p = timer_signal_begin(&call, w.t, w.timer);
	timer_signal_params_builder_set_deadline_ns(p, runtime_now() + 3600'000 * MS);
	timer_signal_params_builder_set_notification(p, rpc_add_cap(&call, word));
	(void)timer_signal_send(&call);
	ring_flush(w.ring);
	rpc_end(&call); /* gives it up */
	tap_ok(taken(0) == (0), "given up, it sets nothing");
	tap_is(timer_signal(w.t, w.timer, 0, word, LATER), STATUS_OK, "a time that is past");
	tap_ok(taken(0) == (LATER), "is now");
	p = timer_signal_begin(&call, w.t, w.timer);
	timer_signal_params_builder_set_notification(p, rpc_add_cap(&call, w.timer));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "notification"),
	       "a Timer is no Notification");
}

/* The one end of a lent word: whoever waits through it, and a timer that would set it. */
static void test_revoke_while_waiting(void)
{
	cap_id lent = CAP_ID_NULL, revoker = CAP_ID_NULL;
	uint64_t entries, calls = 0, mappings, bits;
	struct rpc_call call;

	(void)!capability_manager_make_revocable(w.t, w.manager, word, 0, &lent, &revoker);
	struct timer_signal_params_builder p = timer_signal_begin(&call, w.t, w.timer);
	timer_signal_params_builder_set_deadline_ns(p, runtime_now() + 3600'000 * MS);
	timer_signal_params_builder_set_notification(p, rpc_add_cap(&call, lent));
	(void)timer_signal_send(&call);

	struct raw_remote r = {.target = w.facet, .caps = 1, .descs = {{.id = lent.raw}}};
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	cap_id came = raw_received_cap(&w.raw, 0);
	ring_submit(w.ring, &(struct cap_sqe){.op = CAP_OP_WAIT, .target = came.raw}, nullptr);
	tap_ok(revoker_revoke(w.t, revoker, &entries, &calls, &mappings) == STATUS_OK && calls == 2,
	       "revoke completes a WAIT, and a timer that would signal (%llu)", (unsigned long long)calls);
	tap_is(rpc_wait(&call), STATUS_REVOKED, "which is REVOKED");
	rpc_end(&call);
	tap_is(ring_wait_bits(w.ring, came, 0, 1, &bits), STATUS_REVOKED, "as is who waits again");
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	ring_release(w.ring, came);
	ring_release(w.ring, lent);
	ring_release(w.ring, revoker);
}

/* The process that made the word, and pays for it, ends; those who have it go on. */
static void test_owner_death(void)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("capabilityManager"),
				       child_grant_as("service", w.facet, 0)};
	cap_id handle = CAP_ID_NULL;
	uint64_t bits = 0;

	(void)!child_start(
		"test-ipc",
		&(struct child_options){.grants = grants, .grant_count = 3, .arguments = {"gives-a-word"}},
		&handle);
	struct cap_cqe cqe = receive();
	cap_id given = raw_received_cap(&w.raw, 0);
	(void)!answer(cqe.token, 0, 0);
	struct spawn_exit e = child_wait(handle);
	ring_signal_bits(w.ring, given, 3);
	tap_ok(e.reason == 1 && e.code == 0 && ring_wait_bits(w.ring, given, 2, 1, &bits) == STATUS_OK &&
		       bits == 2 && ring_wait_bits(w.ring, given, 0, 1, &bits) == STATUS_OK && bits == 1,
	       "a word outlives the process that made it, for those who have it");
	ring_release(w.ring, given);
}

int child_gives_a_word(void)
{
	cap_id made = CAP_ID_NULL, service = CAP_ID_NULL, manager = CAP_ID_NULL;
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);

	(void)!runtime_cap("service", 0, &service);
	(void)!runtime_cap("capabilityManager", 0, &manager);
	if (capability_manager_create_notification(w.t, manager, &made) != STATUS_OK)
		return 1;
	struct cap_sqe sqe = raw_call(&w.raw, service, 3, raw_fill(&w.raw, 0, 0));
	descs[0] = (struct cap_desc){.id = made.raw, .kind = CAP_DESC_MOVE};
	sqe.caps_off = w.raw.caps;
	sqe.caps_len = 1;
	return raw_status(&w.raw, sqe) == STATUS_OK ? 0 : 2;
}

static void test_all(void)
{
	(void)!capability_manager_create_notification(w.t, w.manager, &word);
	test_watched();
	test_gone_elsewhere();
	test_timer();
	test_revoke_while_waiting();
	test_owner_death();
	ring_release(w.ring, word);
}

void test_notifications(void)
{
	struct child_counts before;

	test_all(); /* what is made once is made now */
	before = child_counts();
	test_all();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
