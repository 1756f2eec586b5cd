/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Waking a CPU that sleeps (kernel/core/sched.c, sched_others.c): whatever is queued is run, though the CPU whose queue it is in
 * never looks at it, and nobody interrupts a CPU that does not sleep.
 *
 * CPU 0 queues two entities and goes on for ever. CPUs 1 and 2 take what they find and sleep otherwise. The word of the
 * store buffer is the length of the queue; the mask of sleeping CPUs is changed by locked operations, which empty the buffer.
 *
 * Checked: S4  when nobody can go on, the queue is empty; S5  an interrupt goes only to a CPU that has announced itself since the last.
 * Assumed: TSO (tso.pml); a spinlock is a mutex, released by a plain store; a halted CPU wakes at once if an interrupt is pending.
 *
 * Variants that must be refuted:
 *   NO_WAKER_FENCE   nothing between queueing and the look at the mask
 *   NO_SLEEPER_LOOK  a CPU sleeps without having looked at the queues after it announced itself
 *   LOOK_FIRST       it looks, then announces itself
 *   NO_TAKE          the waker does not take the bit before it sends: two of them send to one CPU
 *
 * run: ok
 * run: refuted -DNO_WAKER_FENCE
 * run: refuted -DNO_SLEEPER_LOOK
 * run: refuted -DLOOK_FIRST
 * run: refuted -DNO_TAKE
 *
 * code: kernel/core/sched_others.c: if (atomic_and(&idle_mask, ~bit) & bit) {
 * code: kernel/core/sched_others.c: full_fence(); /* queued, before looking who sleeps; as in sched_enqueue_remote
 * code: kernel/core/sched_others.c: if (unlikely(load_relaxed(&idle_mask) != 0))
 * code: kernel/core/sched_others.c: (void)atomic_or(&idle_mask, bit);
 * code: kernel/core/sched_others.c: full_fence(); /* announced, before looking at the queues; against sched_enqueue_remote
 * code: kernel/core/sched_others.c: if (!somebody_waits(cpu)) {
 */
#define CPUS 3
#include "tso.pml" /* the word is runqueue_len of CPU 0 */

bool idle[CPUS], sent[CPUS];
bool queue_lock;
byte queued; /* what is really there */
byte ran;

inline take(me)
{
	atomic { !queue_lock -> queue_lock = true; fence(me) }
	if
	:: queued > 0 -> queued--; ran++; store(me, queued)
	:: else
	fi;
	atomic { queue_lock = false; fence(me) } /* one store after the other: nothing is lost by emptying here */
}

active proctype waker()
{
	byte i, to;

	for (i : 1 .. 2) {
		atomic { !queue_lock -> queue_lock = true; fence(0) }
		queued++;
		store(0, queued);
		queue_lock = false;
#ifndef NO_WAKER_FENCE
		fence(0);
#endif
		to = 1;
		do
		:: to < CPUS && idle[to] ->
#ifdef NO_TAKE
			atomic { assert(!sent[to]); sent[to] = true } /* S5 */
			break
#else
			if
			:: atomic { idle[to] -> idle[to] = false; fence(0); assert(!sent[to]); sent[to] = true } break /* S5 */
			:: !idle[to] -> to++
			fi
#endif
		:: to < CPUS && !idle[to] -> to++
		:: to == CPUS -> break
		od
	}
}

proctype sleeper(byte me)
{
	byte length;

	do
	:: take(me);
#ifdef LOOK_FIRST
	   length = seen_by(me);
#endif
	   atomic { idle[me] = true; fence(me) }
#ifdef NO_SLEEPER_LOOK
	   length = 0;
#else
#ifndef LOOK_FIRST
	   length = seen_by(me);
#endif
#endif
	   if
	   :: length == 0 ->
end:		sent[me] -> sent[me] = false
	   :: else
	   fi;
	   atomic { idle[me] = false; fence(me) }
	   sent[me] = false /* one that came meanwhile finds nobody asleep: it is taken on the way */
	od
}

init
{
	atomic { run sleeper(1); run sleeper(2) }
	timeout -> assert(queued == 0 && ran == 2) /* S4 */
}
