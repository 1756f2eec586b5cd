// SPDX-License-Identifier: MIT OR Apache-2.0
/* Timers fire in the order of their deadlines, cancelled ones do not, and the hardware is armed for the nearest. */
#include <arch/platform.h>
#include <archimpl/explorer.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/timer.h>

#define TIMERS 200u

static struct timer timers[TIMERS];
static uint64_t last_fired;
static unsigned fired, fired_each[TIMERS];

static void note(struct timer *timer)
{
	explore_check(timer->node.key >= last_fired && timer->node.key <= clock_now_ns());
	last_fired = timer->node.key;
	fired++;
	fired_each[timer - timers]++;
}

static void reset(void)
{
	host_test_boot(2, 1 << 20);
	last_fired = fired = 0;
	for (unsigned i = 0; i < TIMERS; i++) {
		timer_init(&timers[i], note);
		fired_each[i] = 0;
	}
}

static void run_until(uint64_t ns)
{
	while (clock_now_ns() < ns) {
		host_test_advance(500);
		timer_run_expired();
	}
}

EXPLORE_TEST(timers_fire_in_order, 20)
{
	uint64_t start;

	reset();
	start = clock_now_ns();
	for (unsigned i = 0; i < TIMERS; i++)
		timer_arm(&timers[i], start + 10000 + host_random() % 50 * 1000);
	run_until(start + 70000);
	explore_check(fired == TIMERS);
}

EXPLORE_TEST(cancelled_timers_do_not_fire, 50)
{
	uint64_t start;
	bool cancelled[TIMERS] = {}, armed[TIMERS] = {};

	reset();
	start = clock_now_ns() + 100000;
	for (unsigned step = 0; step < 1000; step++) {
		unsigned i = (unsigned)(host_random() % TIMERS);

		if (armed[i]) {
			explore_check(timer_cancel(&timers[i]) && !timer_cancel(&timers[i]));
			armed[i] = false;
			cancelled[i] = true;
		} else {
			timer_arm(&timers[i], start + host_random() % 100000);
			armed[i] = true;
		}
	}
	run_until(start + 110000);
	for (unsigned i = 0; i < TIMERS; i++)
		explore_check(fired_each[i] == armed[i] && !timer_cancel(&timers[i]));
	explore_check(this_cpu()->timers.first == NULL);
}

EXPLORE_TEST(a_deadline_at_the_end_of_time_holds_nobody_up, 1)
{
	reset();
	timer_arm(&timers[0], UINT64_MAX - 1);
	timer_arm(&timers[1], clock_now_ns() + 1000);
	run_until(clock_now_ns() + 5000);
	explore_check(fired == 1 && fired_each[1] == 1 && timer_cancel(&timers[0]));
}

EXPLORE_TEST(hardware_is_armed_for_the_nearest, 1)
{
	uint64_t now;

	reset();
	now = clock_now_ns();
	explore_check(host_test_timer(0) == UINT64_MAX);
	timer_arm(&timers[0], now + 1000000);
	explore_check(host_test_timer(0) >= now + 1000000 - 100 && host_test_timer(0) < now + 1010000);
	timer_arm(&timers[1], now + 500000);
	explore_check(host_test_timer(0) < now + 510000);
	timer_arm(&timers[2], now + 700000);
	explore_check(host_test_timer(0) < now + 510000);
	host_test_advance(550000);
	explore_check(host_test_take_timer(0));
	timer_run_expired();
	explore_check(fired == 1 && host_test_timer(0) < now + 710000);
	explore_check(timer_cancel(&timers[2]) && timer_cancel(&timers[0]));
	timer_rearm();
	explore_check(host_test_timer(0) == UINT64_MAX);
}

EXPLORE_TEST(a_timer_can_be_cancelled_elsewhere_and_armed_again, 1)
{
	reset();
	timer_arm(&timers[0], clock_now_ns() + 1000);
	host_test_as_cpu(1);
	explore_check(timer_cancel(&timers[0]));
	timer_arm(&timers[0], clock_now_ns() + 1000);
	explore_check(cpus[0].timers.first == NULL && cpus[1].timers.first == &timers[0].node);
	timer_arm(&timers[1], UINT64_MAX);
	explore_check(!timer_cancel(&timers[1]));
	run_until(clock_now_ns() + 5000);
	explore_check(fired == 1);
}

EXPLORE_MAIN
