// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: submissions that wait for answers (promise.c). All by the ring's owner. */
#pragma once

#include <ring/thread.h>

struct carried;

/* Held requests of a ring; one more completes with AGAIN. Bounds what one resolution can set off. */
#define PROMISE_MAX_HELD 64u
/* In the thread's sched.work while something is held: every submission then takes submit's slow path. */
#define RING_HOLD_MARK (1u << 31)

static inline bool ring_is_holding(const struct ring *ring)
{
	return load_relaxed(&ring->signals) & RING_HOLDING;
}

/* The spare waits for the answers that it names (CALL, RELEASE, DUP). As an operation's result: OP_WAITING, or why not.
 * `recorded`: the flight recorder has it, or will. */
enum status promise_hold(struct thread *thread, struct request *request, bool recorded);
/* The next submissions, of `most`, that name the same as the last one that is held, and are nothing but their messages, wait behind that.
 * How many; 0: nothing was done. */
uint32_t promise_follow(struct thread *thread, uint32_t most);
/* In the submitter's entry, between submissions: resolves and dispatches. Returns 0, or CAP_ENTER_BOUND: enough was copied
 * for one entry, RING_READY is set again. */
uint32_t promise_work(struct thread *thread);
/* The capabilities that a held CALL sends, resolved; the caller has them now. */
void promise_take_caps(struct request *request, struct carried *carried);
/* The ring goes: nothing is held any more. */
void promise_fini(struct ring *ring);
/* A held request ends without having been dispatched. */
void promise_drop(struct request *request);
