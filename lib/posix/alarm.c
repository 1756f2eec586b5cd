// SPDX-License-Identifier: MIT OR Apache-2.0
/* The interval timer, and with it alarm: a call of the Timer granted as "timer" in flight, whose completion becomes SIGALRM. */
#include "poll.h"
#include "signal.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/timer.capnp.h>
#include <sys/time.h>

#define SECOND 1'000'000'000ull

static struct rpc_call call;
static bool armed;
static uint64_t due, interval; /* when it comes; 0: never */

static void disarm(void)
{
	if (armed)
		rpc_end(&call);
	armed = false;
}

static void arm(void)
{
	cap_id timer = posix_grant_quiet("timer", TIMER_INTERFACE_ID);

	timer_sleep_until_params_builder_set_deadline_ns(
		timer_sleep_until_begin(&call, runtime_transport(), timer), due);
	rpc_sqe(&call)->flags |= CAP_SQE_INTERRUPT;
	if (timer_sleep_until_send(&call) == STATUS_OK)
		ring_flush(runtime_ring());
	armed = true;
	posix_signals_look = true;
}

/* What was missed while the process did not look is one signal. */
void posix_alarm_look(void)
{
	uint64_t now = runtime_now();

	if (!armed || !call.done)
		return;
	disarm();
	posix_signal_post(SIGALRM);
	if (interval == 0) {
		due = 0;
		return;
	}
	due += interval * (due + interval > now ? 1 : (now - due) / interval + 1);
	arm();
}

void posix_alarm_quiet(bool quiet)
{
	if (quiet)
		disarm();
	else if (due)
		arm();
}

void posix_alarm_forget(void)
{
	armed = false;
	due = interval = 0;
}

static struct timeval from_ns(uint64_t ns)
{
	return (struct timeval){(time_t)(ns / SECOND), (suseconds_t)(ns % SECOND / 1000)};
}

static bool to_ns(const struct timeval *t, uint64_t *ns)
{
	*ns = (uint64_t)t->tv_sec * SECOND + (uint64_t)t->tv_usec * 1000;
	return t->tv_sec >= 0 && t->tv_usec >= 0 && t->tv_usec < 1'000'000;
}

static struct itimerval state(void)
{
	uint64_t now = runtime_now(), left = due == 0 ? 0 : due > now + 1000 ? due - now : 1000;

	return (struct itimerval){.it_interval = from_ns(interval), .it_value = from_ns(left)};
}

POSIX_CALL(getitimer)
{
	if (a != ITIMER_REAL)
		return -EINVAL;
	*(struct itimerval *)POSIX_POINTER(b) = state();
	return 0;
}

/* Of the three kinds there is the real time's. */
POSIX_CALL(setitimer)
{
	const struct itimerval *new = POSIX_POINTER(b);
	struct itimerval before = state();
	uint64_t first, next;

	if (a != ITIMER_REAL || !to_ns(&new->it_value, &first) || !to_ns(&new->it_interval, &next))
		return -EINVAL;
	if (first && !posix_has_timer("setitimer"))
		return -EPERM;
	disarm();
	due = first ? runtime_now() + first : 0;
	interval = first ? next : 0;
	if (first) {
		posix_signals_begin();
		arm();
	}
	if (POSIX_POINTER(c))
		*(struct itimerval *)POSIX_POINTER(c) = before;
	return 0;
}
