// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a budget is worth: as much in each period, before everybody else, and no more. */
#include "budget.h"

#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/timer.capnp.h>

struct runner {
	struct thread thread;
	cap_id context;
	bool stop, bound;
	uint64_t late, worst_ns; /* be_punctual */
};

static int64_t compute(void *argument)
{
	struct runner *runner = argument;

	__atomic_store_n(&runner->bound,
			 scheduling_context_bind_self(runtime_transport(), runner->context) == STATUS_OK,
			 __ATOMIC_RELEASE);
	while (!__atomic_load_n(&runner->stop, __ATOMIC_RELAXED))
		;
	return 0;
}

/* Until then it runs among the others. */
static void wait_until_bound(const struct runner *runner)
{
	for (unsigned i = 0; i < 1000 && !__atomic_load_n(&runner->bound, __ATOMIC_ACQUIRE); i++)
		sleep_ms(1);
}

static void runner_stop(struct runner *runner)
{
	__atomic_store_n(&runner->stop, true, __ATOMIC_RELAXED);
	(void)!thread_join(&runner->thread, nullptr);
}

/* Of `ns`, as many thousandths was used. */
static uint64_t share_of(cap_id context, uint64_t ms)
{
	uint64_t before = look(context).used_ns, began = runtime_now();

	sleep_ms(ms);
	return (look(context).used_ns - before) * 1000 / (runtime_now() - began);
}

static bool is_a_fifth(uint64_t thousandths)
{
	return thousandths >= 190 && thousandths <= 220;
}

static void test_budget_kept(void)
{
	struct runner runner = {};

	tap_is(make(20 * MS, 100 * MS, -1, &runner.context), STATUS_OK, "a fifth of a CPU");
	tap_is(thread_start(&runner.thread, compute, &runner, nullptr), STATUS_OK,
	       "for a thread that computes");
	wait_until_bound(&runner);
	hogs_start();
	sleep_ms(50);
	uint64_t share = share_of(runner.context, 2000);
	tap_ok(runner.bound && is_a_fifth(share),
	       "it gets that among busy threads of the largest weight: %lu thousandths", share);
	hogs_stop();
	share = share_of(runner.context, 1000);
	tap_ok(is_a_fifth(share), "and no more when nobody else wants it: %lu thousandths", share);
	struct events e = events_of(runner.context);
	tap_ok(e.depleted >= 28 && e.overran == 0, "it waited for its next period %lu times", e.depleted);
	tap_ok(events_of(runner.context).depleted <= 1, "events are told once");
	tap_is(scheduling_context_unbind(w.t, runner.context), STATUS_OK, "unbound");
	if (!w.alone)
		sleep_ms(50); /* another CPU on which it runs may have to notice */
	uint64_t used = look(runner.context).used_ns;
	sleep_ms(100);
	tap_ok(look(runner.context).used_ns - used < MS &&
		       look(runner.context).state == SCHEDULING_CONTEXT_STATE_FREE,
	       "it runs on its own time");
	tap_is(scheduling_context_bind(w.t, runner.context, runner.thread.handle), STATUS_OK,
	       "bound by its handle");
	share = share_of(runner.context, 1000);
	tap_ok(is_a_fifth(share), "it has its budget again: %lu thousandths", share);
	tap_is(scheduling_context_bind_self(w.t, runner.context), STATUS_EXCEPTION, "one owner at a time");
	runner_stop(&runner);
	tap_ok(look(runner.context).state == SCHEDULING_CONTEXT_STATE_FREE, "when that ends it has none");
	ring_release(runtime_ring(), runner.context);
}

/* Works 1 ms in every 10: is it done in time? */
static int64_t be_punctual(void *argument)
{
	struct runner *runner = argument;
	uint64_t next;

	__atomic_store_n(&runner->bound,
			 scheduling_context_bind_self(runtime_transport(), runner->context) == STATUS_OK,
			 __ATOMIC_RELEASE);
	while (!__atomic_load_n(&runner->stop, __ATOMIC_ACQUIRE)) /* all the others are there */
		sleep_ms(1);
	next = runtime_now() + 10 * MS;
	for (unsigned i = 0; i < 100; i++, next += 10 * MS) {
		(void)!timer_sleep_until(runtime_transport(), w.timer, next);
		burn_ms(1);
		uint64_t took = runtime_now() - next;
		runner->late += took > 5 * MS;
		runner->worst_ns = took > runner->worst_ns ? took : runner->worst_ns;
	}
	return 0;
}

static void test_punctual(void)
{
	struct runner runner = {};

	tap_is(make(4 * MS, 10 * MS, -1, &runner.context), STATUS_OK, "four milliseconds in ten");
	(void)!thread_start(&runner.thread, be_punctual, &runner, nullptr);
	wait_until_bound(&runner);
	hogs_start();
	__atomic_store_n(&runner.stop, true, __ATOMIC_RELEASE);
	(void)!thread_join(&runner.thread, nullptr);
	hogs_stop();
	tap_ok(runner.bound && (!w.alone || runner.late <= 1),
	       "a millisecond's work is done in time a hundred times, among busy threads: worst %lu us",
	       runner.worst_ns / 1000);
	ring_release(runtime_ring(), runner.context);
}

static void revoke(cap_id revoker)
{
	struct revoker_revoke_results_reader r;
	struct rpc_call call;

	revoker_revoke_begin(&call, w.t, revoker);
	tap_is(revoker_revoke_call(&call, &r), STATUS_OK, "it is revoked");
	rpc_end(&call);
}

static void test_told(void)
{
	struct runner runner = {};
	cap_id notification = CAP_ID_NULL;
	uint64_t taken = 0;

	(void)!capability_manager_create_notification(w.t, w.manager, &notification);
	tap_is(make(10 * MS, 100 * MS, -1, &runner.context), STATUS_OK,
	       "a context whose events are observed");
	tap_is(scheduling_context_observe(w.t, runner.context, notification, 0), STATUS_EXCEPTION,
	       "by no bits: refused");
	tap_is(scheduling_context_observe(w.t, runner.context, notification, 4), STATUS_OK, "by one");
	(void)!notification_poll(w.t, notification, 0, &taken);
	tap_ok(taken == 0, "nothing has happened");
	(void)!thread_start(&runner.thread, compute, &runner, nullptr);
	sleep_ms(300);
	(void)!notification_poll(w.t, notification, 0, &taken);
	tap_ok(taken == 4 && events_of(runner.context).depleted >= 2, "its budget is spent, and told");
	cap_id revoker = CAP_ID_NULL, lent = CAP_ID_NULL;
	tap_is(capability_manager_make_revocable(w.t, w.manager, notification, 0, &lent, &revoker), STATUS_OK,
	       "a notification that is lent");
	tap_is(scheduling_context_observe(w.t, runner.context, lent, 8), STATUS_OK, "may observe");
	sleep_ms(300);
	(void)!notification_poll(w.t, notification, 0, &taken);
	tap_ok((taken & 8) != 0, "is told");
	revoke(revoker);
	(void)!notification_poll(w.t, notification, 0, &taken);
	sleep_ms(300);
	(void)!notification_poll(w.t, notification, 0, &taken);
	tap_ok(taken == 0 && events_of(runner.context).depleted >= 2,
	       "and is told no more when it was revoked");
	runner_stop(&runner);
	ring_release(runtime_ring(), lent);
	ring_release(runtime_ring(), revoker);
	ring_release(runtime_ring(), runner.context);
	ring_release(runtime_ring(), notification);
}

/* Who was bound through a capability that is revoked has no context. */
static void test_revoked(void)
{
	struct runner runner = {};
	cap_id context, revoker = CAP_ID_NULL, lent = CAP_ID_NULL;

	tap_is(make(10 * MS, 100 * MS, -1, &context), STATUS_OK, "a context");
	tap_is(capability_manager_make_revocable(w.t, w.manager, context, 0, &lent, &revoker), STATUS_OK,
	       "lent, to be revoked");
	runner.context = lent;
	(void)!thread_start(&runner.thread, compute, &runner, nullptr);
	sleep_ms(200);
	tap_ok(runner.bound && look(context).used_ns >= 8 * MS, "a thread is bound through it");
	revoke(revoker);
	sleep_ms(150);
	uint64_t used = look(context).used_ns;
	sleep_ms(200);
	tap_ok(look(context).state == SCHEDULING_CONTEXT_STATE_STALE && look(context).used_ns == used,
	       "the thread has its own time from then on");
	runner_stop(&runner);
	ring_release(runtime_ring(), lent);
	ring_release(runtime_ring(), revoker);
	ring_release(runtime_ring(), context);
	ring_flush(runtime_ring());
}

void test_time(void)
{
	test_budget_kept();
	test_punctual();
	test_told();
	test_revoked();
}
