// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a client sees of a service that ends and comes back. */
#include <runtime/thread.h>
#include <schema/kernel/timer.capnp.h>

#include "supervisor.h"

static uint64_t started(cap_id service)
{
	uint64_t ns = 0;

	return crasher_started(w.t, service, &ns) == STATUS_OK ? ns : 0;
}

static cap_id open_object(cap_id service)
{
	cap_id object = CAP_ID_NULL;

	return crasher_open(w.t, service, &object) == STATUS_OK ? object : CAP_ID_NULL;
}

static void test_goes_on(void)
{
	uint64_t first = started(w.steady);

	tap_ok(first != 0, "a service answers");
	tap_is(end_service(w.steady, CRASHER_HOW_PAGE_FAULT), STATUS_DISCONNECTED,
	       "the call that ends it: DISCONNECTED");
	uint64_t second = started(w.steady);
	tap_ok(second > first, "the next call, through the same capability, reaches the successor");
	tap_ok(end_service(w.steady, CRASHER_HOW_EXIT_WITH_FAILURE) == STATUS_DISCONNECTED &&
		       started(w.steady) > second,
	       "the same after an exit with a failure");
	struct process_status s = status_of("steady");
	tap_ok(s.state == SUPERVISOR_STATE_RUNNING && s.restarts == 2 && s.recent == 2 && s.pid != 0,
	       "the Supervisor counts two restarts");
}

/* Sent again by the client runtime, or not. */
static void test_idempotent(void)
{
	uint64_t ns = 0, now = runtime_now();
	struct rpc_call call;

	tap_is(crasher_end_if_old(w.t, w.steady, now, CRASHER_HOW_PAGE_FAULT, &ns), STATUS_OK,
	       "an idempotent call outlives the end of its server");
	tap_ok(ns > now, "its answer is the successor's");
	now = runtime_now();
	ns = 0;
	tap_is(crasher_end_once_if_old(w.t, w.steady, now, CRASHER_HOW_PAGE_FAULT, &ns), STATUS_DISCONNECTED,
	       "one that is not ends with DISCONNECTED");
	tap_is(crasher_end_once_if_old(w.t, w.steady, now, CRASHER_HOW_PAGE_FAULT, &ns), STATUS_OK,
	       "and can be made again by who knows better");

	now = runtime_now();
	struct crasher_end_if_old_params_builder p = crasher_end_if_old_begin(&call, w.t, w.steady);
	crasher_end_if_old_params_builder_set_ns(p, now);
	(void)!crasher_end_if_old_send(&call);
	tap_ok(crasher_end_if_old_wait(&call) == STATUS_OK &&
		       crasher_end_if_old_results_reader_ns(crasher_end_if_old_results(&call)) > now,
	       "the same, sent first and waited for later");
	rpc_end(&call);
	now = runtime_now();
	p = crasher_end_if_old_begin(&call, w.t, w.steady);
	crasher_end_if_old_params_builder_set_ns(p, now);
	rpc_keep(&call);
	(void)!crasher_end_if_old_send(&call);
	tap_is(crasher_end_if_old_wait(&call), STATUS_DISCONNECTED,
	       "a call whose answer was kept is not sent again: others may have named it");
	rpc_end(&call);
	/* One that ends every successor as well ends by itself. */
	(void)started(w.steady);
	uint32_t before = status_of("steady").restarts;
	tap_is(crasher_end_if_old(w.t, w.steady, UINT64_MAX, CRASHER_HOW_PAGE_FAULT, &ns),
	       STATUS_DISCONNECTED, "a call that ends every server is not sent for ever");
	(void)started(w.steady);
	tap_ok(status_of("steady").restarts - before == 4, "but four times (%u)",
	       status_of("steady").restarts - before);
}

struct caller {
	struct thread thread;
	enum status status;
	uint64_t started_ns;
};

static int64_t call_hold(void *argument)
{
	struct caller *c = argument;

	c->status = crasher_hold(runtime_transport(), w.steady);
	return 0;
}

static int64_t call_started(void *argument)
{
	struct caller *c = argument;
	struct rpc_call call;

	/* Without the runtime's help. */
	crasher_started_begin(&call, runtime_transport(), w.steady);
	c->status = rpc_call(&call);
	if (c->status == STATUS_OK)
		c->started_ns = crasher_started_results_reader_ns(crasher_started_results(&call));
	rpc_end(&call);
	return 0;
}

/* Calls that the dead server had, and calls that were on their way. */
static void test_waiting(void)
{
	static struct caller held, queued[4];
	unsigned good = 0;

	(void)!thread_start(&held.thread, call_hold, &held, nullptr);
	(void)!timer_sleep(w.t, w.timer, 20 * MS);
	uint64_t before = runtime_now();
	tap_is(end_service(w.steady, CRASHER_HOW_ILLEGAL_INSTRUCTION), STATUS_DISCONNECTED,
	       "it ends with a call open");
	/* Its successor is not there yet: these wait for it. */
	for (unsigned i = 0; i < 4; i++)
		(void)!thread_start(&queued[i].thread, call_started, &queued[i], nullptr);
	(void)!thread_join(&held.thread, nullptr);
	tap_is(held.status, STATUS_DISCONNECTED, "a call that it had received completes with DISCONNECTED");
	for (unsigned i = 0; i < 4; i++) {
		(void)!thread_join(&queued[i].thread, nullptr);
		good += queued[i].status == STATUS_OK && queued[i].started_ns > before;
	}
	tap_ok(good == 4, "calls that nobody had received wait for the successor (%u of 4)", good);
}

static void test_objects(void)
{
	cap_id object = open_object(w.steady), kept = open_object(w.keeper);
	struct rpc_call call;

	tap_ok(started(object) != 0 && started(kept) != 0, "objects of two services");
	(void)!end_service(object, CRASHER_HOW_PAGE_FAULT);
	(void)!end_service(kept, CRASHER_HOW_PAGE_FAULT);
	uint64_t ns = started(w.steady);
	tap_ok(ns != 0, "the exported capability of the first works again");
	crasher_started_begin(&call, w.t, object);
	tap_is(rpc_call(&call), STATUS_DISCONNECTED, "its object does not: the successor does not know it");
	rpc_end(&call);
	cap_id again = open_object(w.steady);
	tap_ok(started(again) == ns, "an object of the successor works, though its key was used before");
	crasher_started_begin(&call, w.t, object);
	tap_is(rpc_call(&call), STATUS_DISCONNECTED, "the old one still does not");
	rpc_end(&call);
	tap_ok(started(kept) != 0, "the other service keeps its objects: the capability works on");
	ring_release(w.ring, object);
	ring_release(w.ring, kept);
	ring_release(w.ring, again);
}

static void test_single(void)
{
	uint64_t ns;

	tap_ok(started(w.single) != 0, "a service that is not supervised");
	tap_is(end_service(w.single, CRASHER_HOW_PAGE_FAULT), STATUS_DISCONNECTED, "ends");
	tap_is(crasher_started(w.t, w.single, &ns), STATUS_DISCONNECTED,
	       "and is gone for good, for idempotent calls, too");
}

/* init hears of one end while it is busy with another. */
static void test_together(void)
{
	unsigned good = 0;

	for (unsigned i = 0; i < 6; i++) {
		struct rpc_call first, second;

		(void)crasher_end_begin(&first, w.t, w.keeper);
		(void)!rpc_send(&first);
		(void)crasher_end_begin(&second, w.t, w.steady);
		(void)!rpc_send(&second);
		good += rpc_wait(&second) == STATUS_DISCONNECTED && rpc_wait(&first) == STATUS_DISCONNECTED;
		rpc_end(&second);
		rpc_end(&first);
		good += started(w.keeper) != 0 && started(w.steady) != 0;
	}
	tap_ok(good == 12, "two services end at a time, and both come back (%u)", good);
}

void test_clients(void)
{
	test_goes_on();
	test_idempotent();
	test_waiting();
	test_objects();
	test_single();
	test_together();
}
