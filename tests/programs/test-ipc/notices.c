// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a server is told without being called: the last facet of a key is gone, a caller no longer waits. And
 * what it retires.
 */
#include <schema/kernel/endpoint.capnp.h>

#include "ipc.h"

#define KEY 55u

static cap_id mint(uint64_t key)
{
	cap_id facet = CAP_ID_NULL;

	(void)!raw_mint(&w.raw, w.endpoint, w.facet_template, key, &facet);
	return facet;
}

/* Earlier tests have left some. */
static void drain(void)
{
	while (receive_any(5 * MS).status == STATUS_OK)
		;
}

static void test_released(void)
{
	cap_id first = mint(KEY), second = mint(KEY), copy = CAP_ID_NULL;

	(void)!ring_dup(w.ring, first, &copy);
	ring_release(w.ring, first);
	ring_release(w.ring, second);
	tap_is((enum status)receive_any(20 * MS).status, STATUS_TIMED_OUT,
	       "no notice as long as a facet of the key is left");
	ring_release(w.ring, copy);
	struct cap_cqe cqe = receive_any(1000 * MS);
	tap_ok(cqe.status == STATUS_OK && (cqe.flags & CAP_CQE_KIND_RELEASED),
	       "RELEASED when the last is gone");
	tap_ok(raw_header(&w.raw)->key == KEY && raw_header(&w.raw)->mints == 2 && cqe.caps == 0,
	       "with the key, and the two mints that it retires (%llu)",
	       (unsigned long long)raw_header(&w.raw)->mints);
	tap_is((enum status)receive_any(20 * MS).status, STATUS_TIMED_OUT, "once");

	/* The same key again is another life. */
	first = mint(KEY);
	ring_release(w.ring, first);
	cqe = receive_any(1000 * MS);
	tap_ok(cqe.status == STATUS_OK && (cqe.flags & CAP_CQE_KIND_RELEASED) &&
		       raw_header(&w.raw)->mints == 1,
	       "minted again: one mint, its own notice");
}

/* Two facets of one key in another process, which ends. */
static void test_released_by_death(void)
{
	cap_id facet = mint(KEY), handle = CAP_ID_NULL;
	struct spawn_grant grants[] = {child_grant("console"), child_grant_as("service", facet, 0)};
	struct child_options options = {.grants = grants, .grant_count = 2, .arguments = {"waits"}};

	(void)!child_start("test-ipc", &options, &handle);
	ring_release(w.ring, facet);
	struct cap_cqe call = receive();
	tap_is((enum status)call.status, STATUS_OK, "a process calls through the only facet");
	(void)!spawn_kill(w.t, handle, 1);
	(void)child_wait(handle);
	bool released = false, cancelled = false;
	for (unsigned i = 0; i < 2; i++) {
		struct cap_cqe cqe = receive_any(1000 * MS);

		released |= cqe.status == STATUS_OK && (cqe.flags & CAP_CQE_KIND_RELEASED) &&
			    raw_header(&w.raw)->key == KEY;
		cancelled |= cqe.status == STATUS_OK && (cqe.flags & CAP_CQE_KIND_CANCELLED) &&
			     cqe.token == call.token;
	}
	tap_ok(released, "it ends: RELEASED");
	tap_ok(cancelled, "and CANCELLED, for its call");
	enum status status = answer(call.token, 0, 0);
	tap_ok(status == STATUS_OK || status == STATUS_BAD_ID, "the RETURN harms nobody (%s)",
	       tap_status_name(status));
}

static void test_cancelled(void)
{
	struct raw_remote r;
	struct cap_cqe call = receive_expiring(&r);

	raw_remote_join(&r);
	struct cap_cqe cqe = receive_any(1000 * MS);
	tap_ok(cqe.status == STATUS_OK && (cqe.flags & CAP_CQE_KIND_CANCELLED) && cqe.token == call.token,
	       "a caller that no longer waits: CANCELLED, with the call's token");
	enum status status = answer(call.token, 0, 0);
	tap_ok(status == STATUS_OK || status == STATUS_BAD_ID, "its call is still to be returned (%s)",
	       tap_status_name(status));
	tap_is(answer(call.token, 0, 0), STATUS_BAD_ID, "once");

	/* Returned before the notice was received. */
	call = receive_expiring(&r);
	raw_remote_join(&r);
	(void)!answer(call.token, 0, 0);
	tap_is((enum status)receive_any(20 * MS).status, STATUS_TIMED_OUT,
	       "a notice whose call was returned first is withdrawn");
}

static bool retire(uint64_t key, bool *found)
{
	struct endpoint_retire_results_reader r;
	struct rpc_call call;

	endpoint_retire_params_builder_set_key(endpoint_retire_begin(&call, w.t, w.endpoint), key);
	bool good = endpoint_retire_call(&call, &r) == STATUS_OK;
	*found = good && endpoint_retire_results_reader_found(r);
	rpc_end(&call);
	return good;
}

static void test_retire(void)
{
	cap_id facet = mint(KEY), other = mint(KEY + 1), again;
	bool found = false;
	struct raw_remote r = {.target = other};

	tap_ok(retire(KEY, &found) && found, "endpoint.retire");
	tap_is(raw_status(&w.raw, raw_call(&w.raw, facet, 0, raw_fill(&w.raw, 0, 0))), STATUS_DISCONNECTED,
	       "facets of that key are DISCONNECTED");
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_OK, "those of others are not");
	tap_ok(retire(KEY + 100, &found) && !found, "a key that nobody has");
	again = mint(KEY);
	r = (struct raw_remote){.target = again};
	(void)!raw_remote_start(&r);
	cqe = receive();
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_OK, "the key can be minted anew");
	ring_release(w.ring, facet);
	tap_is((enum status)receive_any(20 * MS).status, STATUS_TIMED_OUT,
	       "for what was retired no notice comes");
	ring_release(w.ring, again);
	ring_release(w.ring, other);
	drain();
}

void test_notices(void)
{
	drain();
	for (unsigned round = 0; round < 2; round++) {
		(void)!timer_sleep(w.t, w.timer, 50 * MS);
		struct child_counts before = child_counts();

		test_released();
		test_released_by_death();
		test_cancelled();
		test_retire();
		if (round == 1)
			tap_ok(child_counts_return(&before), "counts return to the baseline");
	}
}
