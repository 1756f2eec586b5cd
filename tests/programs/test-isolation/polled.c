// SPDX-License-Identifier: MIT OR Apache-2.0
/* Polled submission: calls and others through a ring that the kernel watches, awake, asleep, and when its lease has ended. */
#include "isolation.h"

#include <runtime/polled.h>
#include <runtime/runtime.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/tap.h>

#define NOPS 10000u

static struct polled_ring polled;
static cap_id timer;

struct counted {
	struct ring_op op;
	unsigned count;
};

static void count(struct ring_op *op, const struct cap_cqe *cqe)
{
	((struct counted *)(void *)op)->count += cqe->status == STATUS_OK;
}

/* That many, as many at once as may be under way. */
static unsigned do_nops(unsigned wanted)
{
	struct counted nops = {.op = {count}};
	unsigned begun = 0;

	while (nops.count < wanted) {
		while (begun < wanted && begun - nops.count < 16) {
			(void)ring_submit(&polled.ring, &(struct cap_sqe){.op = CAP_OP_NOP}, &nops.op);
			begun++;
		}
		polled_ring_publish(&polled);
		while (!polled_ring_reap(&polled))
			__builtin_ia32_pause();
	}
	return nops.count;
}

static bool clock_goes_on(unsigned calls)
{
	uint64_t last = 0, now = 0;
	bool good = true;

	for (unsigned i = 0; i < calls; i++) {
		good &= timer_now(polled_ring_transport(&polled), timer, &now) == STATUS_OK && now >= last;
		last = now;
	}
	return good;
}

static bool is_polled(void)
{
	return __atomic_load_n(&polled.region->polled, __ATOMIC_ACQUIRE) != 0;
}

static void test_refused(cap_id lease)
{
	struct rpc_transport *own = runtime_transport();

	tap_ok(cpu_isolation_lease_poll(own, lease, MS) == STATUS_EXCEPTION,
	       "a thread that is not bound does not poll");
	tap_ok(polled_ring_open(&polled, lease, 1001 * MS, nullptr) == STATUS_EXCEPTION,
	       "nor one that would never rest");
}

/* Who polls through a capability that is revoked does so no more, and what is submitted wakes it. */
static void test_lent(void)
{
	cap_id lease = take_soon(3'600'000 * MS), revoker, lent = lend(lease, &revoker);

	tap_ok(polled_ring_open(&polled, lent, 1000 * MS, nullptr) == STATUS_OK && do_nops(10) == 10,
	       "a thread polls through a capability");
	revoke(revoker);
	for (int i = 0; i < 300 && is_polled(); i++)
		sleep_ms(1);
	tap_ok(!is_polled() && look(lease).state == CPU_ISOLATION_LEASE_STATE_ACTIVE, "it polls no more");
	tap_ok(do_nops(100) == 100 && polled_ring_close(&polled) == STATUS_OK, "and nothing is lost");
	ring_release(runtime_ring(), lent);
	ring_release(runtime_ring(), revoker);
	ring_release(runtime_ring(), lease);
}

void test_polled(void)
{
	cap_id lease = take_soon(3'600'000 * MS);
	struct seen before, after;

	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	test_refused(lease);
	tap_is(polled_ring_open(&polled, lease, 1000 * MS, nullptr), STATUS_OK, "a thread polls");
	while (!is_polled())
		sleep_ms(1);
	before = look(lease);
	tap_ok(before.tick_stopped, "without a tick");
	tap_ok(do_nops(NOPS) == NOPS, "%u submissions are taken and completed", NOPS);
	after = look(lease);
	tap_ok(after.polls > before.polls, "by looking (%lu times something was there)",
	       after.polls - before.polls);
	tap_ok(clock_goes_on(1000), "and calls");
	tap_is(timer_sleep(polled_ring_transport(&polled), timer, MS), STATUS_OK, "also those that wait");
	tap_is(polled_ring_close(&polled), STATUS_OK, "it ends");

	tap_is(polled_ring_open(&polled, lease, MS, nullptr), STATUS_OK,
	       "one that rests after a millisecond");
	while (is_polled())
		sleep_ms(1);
	tap_ok(look(lease).poll_sleeps > after.poll_sleeps, "rests");
	tap_ok(clock_goes_on(10), "is woken by a call");
	for (unsigned i = 0; i < 20; i++) {
		if (i % 2)
			sleep_ms(2);
		(void)do_nops(3);
	}
	tap_ok(do_nops(100) == 100, "and whenever something is submitted");
	(void)cpu_isolation_lease_end(runtime_transport(), lease);
	tap_ok(clock_goes_on(100) && do_nops(100) == 100,
	       "when the lease has ended each submission wakes it");
	while (is_polled())
		sleep_ms(1);
	tap_ok(clock_goes_on(1), "and it polls no more");
	tap_is(polled_ring_close(&polled), STATUS_OK, "it ends, too");
	tap_ok(polled_ring_open(&polled, lease, MS, nullptr) == STATUS_EXCEPTION,
	       "an ended lease lets nobody poll");
	ring_release(runtime_ring(), lease);

	lease = take_soon(3'600'000 * MS);
	tap_ok(polled_ring_open(&polled, lease, 1000 * MS, nullptr) == STATUS_OK && do_nops(10) == 10,
	       "a lease that somebody revokes");
	bool ended = false;
	(void)cpu_isolation_revoke(runtime_transport(), runtime_need("isolation", CPU_ISOLATION_INTERFACE_ID),
				   CPU, &ended);
	tap_ok(ended && do_nops(100) == 100 && polled_ring_close(&polled) == STATUS_OK,
	       "takes nothing with it");
	ring_release(runtime_ring(), lease);
	test_lent();
	ring_flush(runtime_ring());
}
