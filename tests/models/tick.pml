/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The tick of a leased CPU (kernel/core/sched.c, sched_others.c, isolation.c): it stops only for one that is alone, and comes back for whoever
 * is queued there, and when the lease ends.
 *
 * CPU 1 runs a thread that never waits. CPU 0 queues two more there, CPU 2 begins a lease of CPU 1 and may end it. The word of the store buffer is
 * the length of the queue; the mask of leased CPUs is changed by locked operations. An interrupt that was sent stays until it is taken.
 *
 * Checked: I3 of core/isolation.h, when nobody can go on: CPU 1 has a slice (which ends) or nothing is queued there, and it has one if
 * the lease is over.
 * Assumed: TSO (tso.pml); a spinlock is a mutex; an interrupt is taken at once, since the thread is in user mode.
 *
 * Variants that must be refuted:
 *   NO_POKE       who queues something on a leased CPU does not interrupt it
 *   NO_LOOK       the tick is stopped without a look at the queue
 *   END_FIRST     the end of a lease interrupts first, and then changes the mask
 *
 * run: ok
 * run: refuted -DNO_POKE
 * run: refuted -DNO_LOOK
 * run: refuted -DEND_FIRST
 *
 * code: kernel/core/sched.c: if (!isolation_is_leased(cpu->id) || cpu->handover || load_relaxed(&cpu->runqueue_len) != 0)
 * code: kernel/core/sched.c: store_relaxed(&cpu->tick_stopped, true);
 * code: kernel/core/sched_others.c: } else if (unlikely(isolation_is_leased(cpu->id))) {
 * code: kernel/core/sched_others.c: sched_poke(cpu->id); /* it has no slice at whose end it would look
 * code: kernel/core/isolation.c: (void)atomic_and(&isolation_mask, ~(1ull << cpu_id));
 * code: kernel/core/isolation.c: sched_poke(cpu_id); /* it has slices again, and takes from others
 */
#define CPUS 3
#include "tso.pml" /* the word is runqueue_len of CPU 1 */

bool leased, poked = true, stopped;
bool queue_lock;
byte queued; /* what is really there */
byte taken;
byte left = 2; /* CPUs that are not through */

active proctype queuer() /* CPU 0 */
{
	byte i;

	for (i : 1 .. 2) {
		atomic { !queue_lock -> queue_lock = true; fence(0) }
		queued++;
		store(0, queued);
		atomic { queue_lock = false; fence(0) } /* one store after the other: who has the lock sees what was queued */
#ifndef NO_POKE
		if
		:: leased -> poked = true
		:: !leased
		fi
#endif
	}
	left--
}

active proctype holder() /* CPU 2 */
{
	atomic { leased = true; fence(2) }
	poked = true;
	if
	:: true -> /* it lasts */
	:: true ->
#ifdef END_FIRST
		poked = true;
		atomic { leased = false; fence(2) }
#else
		atomic { leased = false; fence(2) }
		poked = true;
#endif
	fi;
	left--
}

active proctype runner() /* CPU 1 */
{
	bool alone;

end:	do
	:: poked || (!stopped && word > 0) -> /* interrupted, or the slice is over and somebody waits */
		poked = false;
		stopped = false;
		atomic { !queue_lock -> queue_lock = true; fence(1) }
		if
		:: queued > 0 -> queued--; taken++; store(1, queued)
		:: else
		fi;
		atomic { queue_lock = false; fence(1) }
		if
		:: leased ->
#ifdef NO_LOOK
			alone = true;
#else
			alone = word == 0;
#endif
			if
			:: alone -> stopped = true
			:: else
			fi
		:: !leased
		fi
	:: left == 0 && !poked && (stopped || word == 0) && buffer[0] == NOTHING && buffer[1] == NOTHING ->
		assert(!stopped || queued == 0); /* I3 */
		assert(!stopped || leased);
		break
	od
}
