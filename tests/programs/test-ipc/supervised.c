// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a supervisor does at an endpoint: retires what a successor will not know, closes it, opens it again. */
#include <schema/kernel/endpoint.capnp.h>

#include "ipc.h"

#define KEYS 40u

static cap_id endpoint, facet_template, facets[KEYS];

static enum status call_once(cap_id facet, uint64_t ns)
{
	struct cap_sqe sqe = raw_call(&w.raw, facet, 0, raw_fill(&w.raw, 0, 0));

	sqe.deadline_ns = runtime_now() + ns;
	return raw_status(&w.raw, sqe);
}

static uint32_t retire_others(const uint64_t *keep, uint32_t count)
{
	struct endpoint_retire_others_results_reader r;
	struct rpc_call call;
	struct endpoint_retire_others_params_builder p = endpoint_retire_others_begin(&call, w.t, endpoint);
	struct msg_list_builder list = endpoint_retire_others_params_builder_init_keep(p, count);
	uint32_t retired = UINT32_MAX;

	for (uint32_t i = 0; i < count; i++)
		msg_list_set_u64(list, i, keep[i]);
	if (endpoint_retire_others_call(&call, &r) == STATUS_OK)
		retired = endpoint_retire_others_results_reader_retired(r);
	rpc_end(&call);
	return retired;
}

static void test_retire(void)
{
	static const uint64_t keep[] = {0, 5, 39, 77};
	struct raw_remote doomed = {.target = facets[1]}, kept = {.target = facets[5]};
	unsigned dead = 0;

	(void)!raw_remote_start(&doomed);
	(void)!raw_remote_start(&kept);
	(void)receive_any(20 * MS); /* another endpoint's: lets both calls be queued */
	tap_ok(retire_others(keep, 4) == KEYS - 3, "retireOthers retires all keys but those that are listed");
	raw_remote_join(&doomed);
	tap_is((enum status)doomed.cqe.status, STATUS_DISCONNECTED,
	       "a queued call for one of them completes");
	for (uint32_t i = 0; i < KEYS; i++)
		if (i != 0 && i != 5 && i != 39)
			dead += call_once(facets[i], 50 * MS) == STATUS_DISCONNECTED;
	tap_ok(dead == KEYS - 3, "their facets answer DISCONNECTED");
	struct cap_sqe recv = raw_recv(&w.raw, endpoint);
	recv.deadline_ns = runtime_now() + 1000 * MS;
	struct cap_cqe cqe = raw_do(&w.raw, recv);
	tap_ok(cqe.status == STATUS_OK && cqe.flags == 0 && raw_header(&w.raw)->key == 5,
	       "a queued call for one that was kept is still there");
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&kept);
	tap_is((enum status)kept.cqe.status, STATUS_OK, "and is answered");
	tap_ok(retire_others(keep, 4) == 0, "again: there is nothing left to retire");
	cap_id again = CAP_ID_NULL;
	(void)!raw_mint(&w.raw, endpoint, facet_template, 1, &again);
	tap_is(call_once(again, 20 * MS), STATUS_TIMED_OUT,
	       "a retired key can be minted again, and is another one");
	tap_ok(retire_others(nullptr, 0) == 4, "with an empty list, all are retired");
	ring_release(w.ring, again);
}

static void test_close(void)
{
	cap_id facet = CAP_ID_NULL;
	struct raw_remote queued = {};

	(void)!raw_mint(&w.raw, endpoint, facet_template, 3, &facet);
	queued.target = facet;
	(void)!raw_remote_start(&queued);
	(void)receive_any(20 * MS);
	tap_is(endpoint_close(w.t, endpoint), STATUS_OK, "close");
	raw_remote_join(&queued);
	tap_is((enum status)queued.cqe.status, STATUS_DISCONNECTED, "a call that waits completes");
	tap_is(call_once(facet, 1000 * MS), STATUS_DISCONNECTED, "so does one that comes");
	tap_is((enum status)raw_do(&w.raw, raw_recv(&w.raw, endpoint)).status, STATUS_DISCONNECTED,
	       "nothing is received at it");
	tap_is(endpoint_open(w.t, endpoint), STATUS_OK, "open");
	tap_is(call_once(facet, 20 * MS), STATUS_TIMED_OUT, "calls wait again");
	queued = (struct raw_remote){.target = facet};
	(void)!raw_remote_start(&queued);
	struct cap_sqe recv = raw_recv(&w.raw, endpoint);
	recv.deadline_ns = runtime_now() + 1000 * MS;
	struct cap_cqe cqe = raw_do(&w.raw, recv);
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&queued);
	tap_is((enum status)queued.cqe.status, STATUS_OK, "and are received and answered");
	ring_release(w.ring, facet);
}

void test_supervised(void)
{
	unsigned minted = 0;

	(void)!raw_endpoint(1024, 4, &endpoint, &facet_template);
	for (uint32_t i = 0; i < KEYS; i++)
		minted += raw_mint(&w.raw, endpoint, facet_template, i, &facets[i]) == STATUS_OK;
	tap_ok(minted == KEYS, "an endpoint with facets of %u keys", KEYS);
	test_retire();
	test_close();
	for (uint32_t i = 0; i < KEYS; i++)
		ring_release(w.ring, facets[i]);
	ring_release(w.ring, facet_template);
	ring_release(w.ring, endpoint);
}
