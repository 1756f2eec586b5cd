// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls through the ring: many at once, deadlines, giving up, answers as targets. */
#include <runtime/status.h>
#include <runtime/string.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "test.h"

#define MS 1'000'000ull

static cap_id timer, manager;

static void test_many(void)
{
	enum { CALLS = 40 }; /* more than the queue holds */
	struct rpc_call calls[CALLS];
	bool good = true;

	for (int i = 0; i < CALLS; i++) {
		timer_now_begin(&calls[i], runtime_transport(), timer);
		good &= timer_now_send(&calls[i]) == STATUS_OK;
	}
	for (int i = CALLS; i-- > 0;)
		good &= rpc_wait(&calls[i]) == STATUS_OK &&
			timer_now_results_reader_ns(timer_now_results(&calls[i])) > 0;
	for (int i = 0; i < CALLS; i++)
		rpc_end(&calls[i]);
	tap_ok(good, "40 calls through a queue of 32");
}

/* Waiting for one while another completes. The slow one is so slow that no load of the machine makes it the quicker. */
static void test_order(void)
{
	struct rpc_call slow, quick;
	uint64_t now = 0;

	timer_sleep_params_builder_set_ns(timer_sleep_begin(&slow, runtime_transport(), timer),
					  3600'000 * MS);
	timer_sleep_params_builder_set_ns(timer_sleep_begin(&quick, runtime_transport(), timer), MS);
	(void)timer_sleep_send(&slow);
	(void)timer_sleep_send(&quick);
	tap_ok(rpc_wait(&quick) == STATUS_OK && !slow.done, "the shorter sleep ends first");
	tap_ok(timer_now(runtime_transport(), timer, &now) == STATUS_OK && !slow.done,
	       "other calls go on meanwhile");
	rpc_end(&slow);
	rpc_end(&quick);
	tap_ok(timer_sleep_until(runtime_transport(), timer, now + 2 * MS) == STATUS_OK &&
		       runtime_now() >= now + 2 * MS,
	       "and a sleep ends not before its time");
}

static void test_deadline(void)
{
	struct rpc_call call;
	uint64_t before = runtime_now();

	timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, runtime_transport(), timer), 10'000 * MS);
	rpc_set_deadline(&call, before + 5 * MS);
	tap_is(rpc_call(&call), STATUS_TIMED_OUT, "a call ends at its deadline");
	rpc_end(&call);
	tap_ok(runtime_now() - before >= 5 * MS && runtime_now() - before < 5'000 * MS, "at about that time");

	timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, runtime_transport(), timer), 10'000 * MS);
	(void)timer_sleep_send(&call);
	ring_flush(runtime_ring());
	rpc_end(&call);
	tap_ok(call.done && call.status == STATUS_CANCELLED && runtime_now() - before < 5'000 * MS,
	       "a call that is given up is cancelled");
}

/* createNotification, then facet and signal on its answer, in one entry. */
static void test_pipeline(void)
{
	struct rpc_call create, facet, signal;
	struct notification_facet_params_builder p;
	uint64_t taken = 0;
	cap_id whole, part;

	capability_manager_create_notification_begin(&create, runtime_transport(), manager);
	rpc_keep(&create);
	(void)rpc_send(&create);

	struct rpc_target target = capability_manager_create_notification_results_pipeline_notification(
		&create);

	p = notification_facet_begin_on(&facet, runtime_transport(), target);
	notification_facet_params_builder_set_mask(p, 6);
	(void)rpc_send(&facet);
	notification_signal_params_builder_set_bits(
		notification_signal_begin_on(&signal, runtime_transport(), target), 3);
	(void)rpc_send(&signal);
	tap_ok(rpc_wait(&create) == STATUS_OK && rpc_wait(&facet) == STATUS_OK &&
		       rpc_wait(&signal) == STATUS_OK,
	       "calls on an answer that has not come");
	whole = rpc_result_cap(&create, capability_manager_create_notification_results_reader_notification(
						capability_manager_create_notification_results(&create)));
	part = rpc_result_cap(&facet,
			      notification_facet_results_reader_facet(notification_facet_results(&facet)));
	rpc_end(&signal);
	rpc_end(&facet);
	rpc_end(&create);
	tap_ok(ring_wait_bits(runtime_ring(), part, 0, 0, &taken) == STATUS_OK && taken == 2,
	       "went to the object that came with it");
	tap_ok(ring_wait_bits(runtime_ring(), whole, 4, runtime_now() + MS, &taken) == STATUS_TIMED_OUT &&
		       taken == 0,
	       "a wait for bits ends at its deadline");
	ring_signal_bits(runtime_ring(), whole, 4);
	tap_ok(ring_wait_bits(runtime_ring(), whole, 4, 0, &taken) == STATUS_OK && taken == 4,
	       "bits that are signalled come");
	ring_release(runtime_ring(), part);
	tap_is(ring_dup(runtime_ring(), part, &whole), STATUS_BAD_ID, "a released capability is gone");
}

static void test_kept(void)
{
	/* More than CAP_ANSWER_RECORDS one after the other: each rpc_end gives its record back. */
	bool good = true;

	for (int i = 0; i < 40; i++) {
		struct rpc_call call;

		timer_now_begin(&call, runtime_transport(), timer);
		rpc_keep(&call);
		good &= rpc_call(&call) == STATUS_OK;
		rpc_end(&call);
	}
	tap_ok(good, "kept answers are given back");
}

static void test_refusals(void)
{
	struct rpc_call call;
	char text[128];

	capability_manager_create_endpoint_params_builder_set_max_message(
		capability_manager_create_endpoint_begin(&call, runtime_transport(), manager), 7);
	tap_is(rpc_call(&call), STATUS_EXCEPTION, "an exception comes back");
	size_t length = status_describe(&call, text, sizeof(text));
	tap_ok(length < sizeof(text) && strncmp(text, "invalidArgument", 15) == 0, "and is described: %s",
	       text);
	rpc_end(&call);
	tap_is(timer_sleep(runtime_transport(), CAP_ID_NULL, 0), STATUS_BAD_ID,
	       "the null capability cannot be called");

	/* A message that outgrows its room is not sent. */
	timer_sleep_begin(&call, runtime_transport(), timer);
	call.params.failed = true;
	tap_is(rpc_call(&call), STATUS_TOO_LARGE, "a message that was too large is not sent");
	rpc_end(&call);
}

void test_calls(void)
{
	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	test_many();
	test_order();
	test_deadline();
	test_pipeline();
	test_kept();
	test_refusals();
}
