// SPDX-License-Identifier: MIT OR Apache-2.0
/* See meet.h. */
#include "meet.h"

#include <core/atomic.h>

struct meeting meeting;

void meet_reset(void)
{
	meeting = (struct meeting){};
}

void sleep_until(struct user_ring *ring, uint64_t deadline)
{
	while (host_now_ns() < deadline)
		(void)user_enter(ring, UINT32_MAX, deadline);
}

void meet_first(struct user_ring *ring)
{
	uint64_t when = host_now_ns() + 1000000;

	store_release(&meeting.when, when);
	sleep_until(ring, when + 2000); /* the others are awake by then */
	store_release(&meeting.now, true);
}

void meet_agreed(struct user_ring *ring)
{
	while (load_acquire(&meeting.when) == 0)
		(void)user_enter(ring, UINT32_MAX, host_now_ns() + 10000);
}

void meet_then(struct user_ring *ring)
{
	meet_agreed(ring);
	sleep_until(ring, meeting.when);
	while (!load_acquire(&meeting.now))
		host_user_step();
}
