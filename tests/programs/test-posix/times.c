// SPDX-License-Identifier: MIT OR Apache-2.0
/* Time needs a Timer; the time of day needs a WallClock, which nobody granted. */
#include "test.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>

void test_time(void)
{
	struct timespec before, after, pause = {.tv_nsec = 3'000'000};
	unsigned char a[64], b[64];
	bool same = true;

	tap_ok(clock_gettime(CLOCK_MONOTONIC, &before) == 0, "the monotonic clock");
	tap_ok(nanosleep(&pause, nullptr) == 0, "nanosleep");
	clock_gettime(CLOCK_MONOTONIC, &after);
	tap_ok((after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec >= 3'000'000,
	       "sleeps at least so long");
	tap_fails(clock_gettime(CLOCK_REALTIME, &after), EPERM, "the time of day is not made up");
	tap_ok(time(nullptr) == -1, "nor by time");
	pause.tv_nsec = 1'000'000'000;
	tap_fails(nanosleep(&pause, nullptr), EINVAL, "no such time");
	tap_ok(getrandom(a, 64, 0) == 64 && getrandom(b, 64, 0) == 64, "getrandom");
	for (int i = 0; i < 64; i++)
		same &= a[i] == b[i];
	tap_ok(!same, "differs");
	tap_ok(getpid() > 1 && getpid() == getpid() && getppid() >= 0, "getpid is stable");
	tap_ok(getuid() == 1000 && geteuid() == 1000 && getgid() == 1000 && getegid() == 1000,
	       "identity: documented, and nothing");
}
