// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Lending a budget (core/budget.h) along calls: who serves a call of a thread that waits runs on that thread's budget.
 *
 * - A thread that has a budget, its own or lent, has RING_BUDGET in its ring's signals: so it enters, leaves, is woken and handed over to
 *   by the general way, and the straight one has no test for this.
 * - It is lent when the caller goes to wait (lend_as_it_waits), to whoever has its youngest call; or when a receiver takes the call
 *   of a caller that waits already (lend_received). Each looks after it did its own part, under budget_lock: one of the two sees both.
 */
#pragma once

#include <core/budget.h>
#include <ring/thread.h>

/* The owner. False: as budget_bind. */
bool lend_bind(struct budget *budget, struct thread *thread, const bool *dead);
/* The thread has blocked, in this entry. */
void lend_as_it_waits(struct thread *thread);
void lend_received_slowly(const struct request *call, uint64_t sequence, struct thread *receiver);
/* Its call, with that number, was taken out of a queue, and has just been delivered; it may be over by now. */
static inline void lend_received(const struct request *call, uint64_t sequence, struct thread *receiver)
{
	const struct thread *caller = ring_thread(call->ring);

	if (unlikely(load_relaxed(&caller->sched.budget) != NULL) ||
	    unlikely(load_relaxed(&receiver->sched.budget) != NULL))
		lend_received_slowly(call, sequence, receiver);
}

/* RING_BUDGET goes if it has none. */
void lend_forget(struct thread *thread);
