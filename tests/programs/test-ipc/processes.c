// SPDX-License-Identifier: MIT OR Apache-2.0
/* The same between processes, and what happens when one of them ends in the middle. */
#include "ipc.h"

static cap_id service(void)
{
	cap_id id = CAP_ID_NULL;

	(void)!runtime_cap("service", 0, &id);
	return id;
}

/* ---- Children ---- */

/* Calls so many times; the exit code is the number of answers that were right. */
static int child_client(void)
{
	uint64_t ns;

	for (uint32_t i = 0; i < 200; i++) {
		struct cap_cqe cqe = raw_do(&w.raw, raw_call(&w.raw, service(), 1, raw_fill(&w.raw, 4, i)));

		if (cqe.status != STATUS_OK || !raw_is(raw_at(&w.raw, w.raw.buffer), cqe.len, 4, i + 1))
			return (int)i;
	}
	/* And once for a capability. */
	struct cap_sqe sqe = raw_call(&w.raw, service(), 2, raw_fill(&w.raw, 0, 0));
	sqe.buf_caps = 1;
	struct cap_cqe cqe = raw_do(&w.raw, sqe);
	if (cqe.status != STATUS_OK || timer_now(w.t, raw_result_cap(&w.raw, &cqe, 0), &ns) != STATUS_OK)
		return 201;
	return 200;
}

/* Receives a call and ends without answering. */
static int child_server_that_ends(void)
{
	cap_id endpoint;

	(void)!runtime_cap("endpoint", 0, &endpoint);
	struct cap_cqe cqe = raw_do(&w.raw, raw_recv(&w.raw, endpoint));
	return cqe.status == STATUS_OK ? 5 : 6;
}

/* Calls, and never gets an answer: it is killed meanwhile. */
static int child_waits(void)
{
	(void)raw_do(&w.raw, raw_call(&w.raw, service(), 1, raw_fill(&w.raw, 1, 1)));
	return 9;
}

int child(void)
{
	struct msg_text what = runtime_argument(0);

	if (msg_text_equal(what, MSG_TEXT("client")))
		return child_client();
	if (msg_text_equal(what, MSG_TEXT("server-that-ends")))
		return child_server_that_ends();
	if (msg_text_equal(what, MSG_TEXT("waits")))
		return child_waits();
	if (msg_text_equal(what, MSG_TEXT("gives-a-word")))
		return child_gives_a_word();
	return 99;
}

/* ---- Their parent ---- */

static enum status start(const char *what, const char *name, cap_id cap, cap_id *handle)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant_as(name, cap, 0)};

	return child_start("test-ipc",
			   &(struct child_options){.grants = grants, .grant_count = 2, .arguments = {what}},
			   handle);
}

/* Until nobody has called for 300 ms. */
static uint32_t serve_children(void)
{
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);
	uint32_t served = 0;

	for (;; served++) {
		struct cap_cqe cqe = receive_within(300 * MS);
		if (cqe.status != STATUS_OK)
			return served;
		if (raw_header(&w.raw)->method == 1) {
			(void)!answer(cqe.token, 4, ((const uint64_t *)raw_message_of(&w.raw))[1] + 1);
			continue;
		}
		struct cap_sqe ret = raw_return(&w.raw, cqe.token, raw_fill(&w.raw, 0, 0));
		descs[0] = (struct cap_desc){.id = w.timer.raw};
		ret.caps_off = w.raw.caps;
		ret.caps_len = 1;
		(void)!raw_status(&w.raw, ret);
	}
}

static void test_clients(void)
{
	cap_id handles[3];
	unsigned good = 0;

	for (unsigned i = 0; i < 3; i++)
		tap_is(start("client", "service", w.facet, &handles[i]), STATUS_OK, "client process %u", i);
	tap_ok(serve_children() == 3 * 201, "three processes call, 201 times each");
	for (unsigned i = 0; i < 3; i++) {
		struct spawn_exit e = child_wait(handles[i]);

		good += e.reason == 1 && e.code == 200;
	}
	tap_ok(good == 3, "each got its answers, and a capability that works");
}

static void test_server_ends(void)
{
	cap_id endpoint, facet_template, facet, handle;

	(void)!raw_endpoint(1024, 4, &endpoint, &facet_template);
	(void)!raw_mint(&w.raw, endpoint, facet_template, 1, &facet);
	(void)!start("server-that-ends", "endpoint", endpoint, &handle);
	struct cap_sqe call = raw_call(&w.raw, facet, 0, raw_fill(&w.raw, 0, 0));
	call.deadline_ns = runtime_now() + 5000 * MS;
	struct cap_cqe cqe = raw_do(&w.raw, call);
	tap_ok(cqe.status == STATUS_DISCONNECTED && (cqe.flags & CAP_CQE_DELIVERED),
	       "the server ends in mid-call: DISCONNECTED, DELIVERED (%s)",
	       tap_status_name((enum status)cqe.status));
	struct spawn_exit e = child_wait(handle);
	tap_ok(e.reason == 1 && e.code == 5, "it had received it");

	/* The receive right that was kept here lets a successor serve. */
	struct raw_remote r = {.target = facet};
	(void)!raw_remote_start(&r);
	cqe = raw_do(&w.raw, raw_recv(&w.raw, endpoint));
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_OK, "a successor at the same endpoint serves on");
	ring_release(w.ring, facet);
	ring_release(w.ring, facet_template);
	ring_release(w.ring, endpoint);
}

static void test_client_killed(void)
{
	cap_id handle;

	(void)!start("waits", "service", w.facet, &handle);
	struct cap_cqe cqe = receive();
	tap_is((enum status)cqe.status, STATUS_OK, "a call of a process");
	tap_is(spawn_kill(w.t, handle, 4), STATUS_OK, "which is killed in mid-call");
	struct spawn_exit e = child_wait(handle);
	tap_ok(e.reason == 2 && e.code == 4, "it has ended");
	enum status status = answer(cqe.token, 1, 1);
	tap_ok(status == STATUS_OK || status == STATUS_BAD_ID,
	       "the RETURN goes nowhere and harms nobody (%s)", tap_status_name(status));

	(void)!start("waits", "service", w.facet, &handle);
	(void)!timer_sleep(w.t, w.timer, 100 * MS);
	(void)!spawn_kill(w.t, handle, 4);
	(void)child_wait(handle);
	tap_is((enum status)receive_within(20 * MS).status, STATUS_TIMED_OUT,
	       "a queued call of a killed process is gone");
}

void test_processes(void)
{
	test_clients();
	struct child_counts before = child_counts();
	test_server_ends();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
	before = child_counts();
	test_client_killed();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
