// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: a thread that polls its ring instead of waiting (design note 7).
 *
 * - A thread that is bound to a lease (core/isolation.h) may ask for it (CpuIsolationLease.poll). From then on it does not wait in its cap_enter
 *   as long as the lease lives and it is on the leased CPU: it stays inside, and takes what others of its process put into its queue.
 *   After an idle time it waits as any other.
 * - P1  The ring has one consumer: its own thread, inside its own cap_enter, whose state stays RUNNING. There is no other owner, so whoever
 *       kills, interrupts or completes does as with any thread that runs in the kernel.
 * - P2  Between two looks it is outside of quiescence and takes interrupts: no revoke, shootdown or end of a process waits for longer than
 *       for any entry.
 * - P3  region.polled is 1 only while it polls, or is about to without being woken. It is set to 0, and after a full fence the queue looked at
 *       once more, before the thread waits. Who submits looks at the word after a full fence behind the tail, and wakes the thread if
 *       it is 0. So one of the two sees the other (tests/models/poll.pml).
 * - P4  A pass is bounded as an entry is; behind it, it makes way if somebody else is to run here, dies if it is to die, and ends with the
 *       lease.
 * A thread that polls has RING_POLLED in its ring's signals, and takes the general way in and out: others pay nothing for it.
 */
#pragma once

#include <ring/thread.h>

enum poll_end : uint8_t {
	POLL_WORK,  /* something was submitted or signalled */
	POLL_AWAY,  /* somebody else is to run: it goes on when it is picked next */
	POLL_SLEEP, /* it is to wait */
};

/* Everything was taken, and nothing ends this cap_enter of the running thread, which has RING_POLLED. */
enum poll_end poll_ring(struct thread *thread);
/* Which of these end its cap_enter; 0: none. A pass that was cut short goes on. */
uint32_t poll_reasons(struct thread *thread, uint32_t reasons);
