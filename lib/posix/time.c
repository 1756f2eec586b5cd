// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Time. The monotonic clock is in the ring's header, read without entering the kernel, but it is the Timer granted as "timer" that
 * gives a program time: without it clocks and sleeping fail with EPERM. Time of day is never made up: CLOCK_REALTIME fails as long as
 * no WallClock is granted.
 */
#include "poll.h"
#include "signal.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/wall_clock.capnp.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#define SECOND 1'000'000'000ull

bool posix_has_timer(const char *call)
{
	static bool has;

	if (!has)
		has = posix_grant("timer", TIMER_INTERFACE_ID, "Timer", call).raw != 0;
	return has;
}

static bool is_monotonic(long clock)
{
	return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME ||
	       clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_PROCESS_CPUTIME_ID ||
	       clock == CLOCK_THREAD_CPUTIME_ID;
}

static bool is_real(long clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

/* Nanoseconds since 1970, of the WallClock. */
static long real_time(const char *call, int64_t *ns)
{
	struct wall_clock_now_results_reader results;
	struct rpc_call now;
	cap_id cap = posix_grant("wallClock", WALL_CLOCK_INTERFACE_ID, "WallClock", call);
	enum status status;

	if (!cap.raw)
		return -EPERM;
	wall_clock_now_begin(&now, runtime_transport(), cap);
	status = wall_clock_now_call(&now, &results);
	if (status == STATUS_OK)
		*ns = wall_clock_now_results_reader_unix_ns(results);
	rpc_end(&now);
	return posix_errno(status); /* nobody knows it: EIO */
}

static long real_timespec(const char *call, struct timespec *to)
{
	int64_t ns = 0;
	long error = real_time(call, &ns);

	*to = (struct timespec){.tv_sec = -1}; /* time(2) of musl does not look at the result */
	if (error)
		return error;
	to->tv_sec = ns / (int64_t)SECOND;
	to->tv_nsec = ns % (int64_t)SECOND;
	return 0;
}

POSIX_CALL(clock_gettime)
{
	struct timespec *to = POSIX_POINTER(b);
	uint64_t now;

	if (is_real(a))
		return real_timespec("clock_gettime", to);
	if (!is_monotonic(a))
		return -EINVAL;
	if (!posix_has_timer("clock_gettime"))
		return -EPERM;
	now = runtime_now();
	*to = (struct timespec){(time_t)(now / SECOND), (long)(now % SECOND)};
	return 0;
}

POSIX_CALL(clock_getres)
{
	struct timespec *to = POSIX_POINTER(b);

	if (!is_monotonic(a) && !is_real(a))
		return -EINVAL;
	if (to)
		*to = (struct timespec){.tv_nsec = 1};
	return 0;
}

POSIX_CALL(gettimeofday)
{
	struct timeval *to = POSIX_POINTER(a);
	struct timespec now;
	long error = real_timespec("gettimeofday", &now);

	*to = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return error;
}

POSIX_CALL(times)
{
	*(struct tms *)POSIX_POINTER(a) = (struct tms){};
	return posix_has_timer("times") ? (long)(runtime_now() / 10'000'000) : -EPERM;
}

/* Until the deadline, or until a signal was handled (-EINTR). */
static long sleep_until(uint64_t deadline)
{
	while (runtime_now() < deadline) {
		if (posix_signal_waits())
			return -EINTR;
		posix_idle(deadline);
	}
	return 0;
}

static void remaining(struct timespec *to, uint64_t deadline)
{
	uint64_t now = runtime_now(), left = deadline > now ? deadline - now : 0;

	if (to)
		*to = (struct timespec){(time_t)(left / SECOND), (long)(left % SECOND)};
}

POSIX_CALL(clock_nanosleep)
{
	const struct timespec *want = POSIX_POINTER(c);
	bool absolute = (b & TIMER_ABSTIME) != 0;
	uint64_t deadline;
	long result;

	if (want->tv_sec < 0 || want->tv_nsec < 0 || want->tv_nsec >= (long)SECOND)
		return -EINVAL;
	if (!is_monotonic(a) && !is_real(a))
		return -EINVAL;
	if (!posix_has_timer("clock_nanosleep"))
		return -EPERM;
	deadline = (uint64_t)want->tv_sec * SECOND + (uint64_t)want->tv_nsec + (absolute ? 0 : runtime_now());
	if (is_real(a) && absolute) {
		int64_t now = 0;

		result = real_time("clock_nanosleep", &now);
		if (result)
			return result;
		deadline = deadline > (uint64_t)now ? runtime_now() + deadline - (uint64_t)now : 0;
	}
	result = sleep_until(deadline);
	if (result && !absolute)
		remaining(POSIX_POINTER(d), deadline);
	return result;
}

POSIX_CALL(nanosleep)
{
	return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, a, b, 0, 0);
}
