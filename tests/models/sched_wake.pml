/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Waking a CPU that idles (kernel/core/sched.c, sched_others.c): whatever is queued is run, though the CPU whose queue it is in
 * never looks at it, and nobody interrupts a CPU that has not said that it sleeps.
 *
 * CPU 0 queues two entities and goes on for ever. CPUs 1 and 2 take what they find, and idle otherwise: first they look whether somebody has taken
 * their bit, for as long as they like, then they sleep. The word of the store buffer is the length of the queue; the mask of idle CPUs is changed by
 * locked operations, which empty the buffer, and CPU_SLEEPS is stored by one.
 *
 * Checked: S4  when nobody can go on, the queue is empty; S5  an interrupt goes only to a CPU that has said that it sleeps, and no more of
 * them than times that it has announced itself. (More than one: what is sent late, for the last time, may come beside this time's.)
 * Assumed: TSO (tso.pml); a spinlock is a mutex, released by a plain store; a halted CPU wakes at once if an interrupt is pending.
 *
 * Variants that must be refuted:
 *   NO_WAKER_FENCE   nothing between queueing and the look at the mask
 *   NO_SLEEPER_LOOK  a CPU rests without having looked at the queues after it announced itself
 *   LOOK_FIRST       it looks at them, then announces itself
 *   NO_TAKE          the waker does not take the bit before it sends: two of them send to one CPU
 *   NO_ASK           the waker sends without asking whether that CPU sleeps
 *   ASK_FIRST        it asks, then takes the bit
 *   NO_SECOND_LOOK   a CPU that has looked long enough says that it sleeps and does so, without another look at its bit
 *   SAY_LATE         it looks at its bit, then says so: what it would be without the fence
 *
 * run: ok
 * run: refuted -DNO_WAKER_FENCE
 * run: refuted -DNO_SLEEPER_LOOK
 * run: refuted -DLOOK_FIRST
 * run: refuted -DNO_TAKE
 * run: refuted -DNO_ASK
 * run: refuted -DASK_FIRST
 * run: refuted -DNO_SECOND_LOOK
 * run: refuted -DSAY_LATE
 *
 * code: kernel/core/sched_others.c: if ((atomic_and(&idle_mask, ~bit) & bit) == 0)
 * code: kernel/core/sched_others.c: else if (load_relaxed(&cpu->idle) == CPU_SLEEPS)
 * code: kernel/core/sched_others.c: full_fence(); /* queued, before looking who idles; as in sched_enqueue_remote
 * code: kernel/core/sched_others.c: if (unlikely(load_relaxed(&idle_mask) != 0))
 * code: kernel/core/sched_others.c: return (load_relaxed(&idle_mask) & bit) == 0 ||
 * code: kernel/core/sched_others.c: if (!found) {
 * code: kernel/core/sched_others.c: CPU_SLEEPS); /* before looking whether it was woken; against wake_cpu
 * code: kernel/core/sched_others.c: if ((load_relaxed(&idle_mask) & bit) != 0)
 * code: kernel/core/sched_others.c: arch_idle();
 * code: kernel/core/sched_others.c: store_relaxed(&cpu->idle, CPU_LOOKS);
 * code: kernel/core/sched_others.c: (void)atomic_or(&idle_mask, bit);
 * code: kernel/core/sched_others.c: /* announced, before looking at the queues; against sched_enqueue_remote
 * code: kernel/core/sched_others.c: else if (!somebody_waits(cpu))
 */
#define CPUS 3
#include "tso.pml" /* the word is runqueue_len of CPU 0 */

bool idle[CPUS], sleeps[CPUS], sent[CPUS]; /* idle: its bit in the mask; sleeps: it has said so */
byte times[CPUS]; /* that it has announced itself and no interrupt was sent; 2: or more */
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

inline send(to)
{
	atomic { assert(times[to] > 0); times[to]--; sent[to] = true } /* S5 */
}

active proctype waker()
{
	byte i, to;
	bool asleep;

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
#ifdef ASK_FIRST
			asleep = sleeps[to];
#endif
#ifdef NO_TAKE
			send(to);
			break
#else
			if
			:: atomic { idle[to] -> idle[to] = false; fence(0) }
#ifndef ASK_FIRST
#ifdef NO_ASK
				atomic { asleep = true; assert(sleeps[to]) } /* S5: it may wake meanwhile */
#else
				asleep = sleeps[to];
#endif
#endif
				if
				:: asleep -> send(to)
				:: else
				fi;
				break
			:: !idle[to] -> to++
			fi
#endif
		:: to < CPUS && !idle[to] -> to++
		:: to == CPUS -> break
		od
	}
}

/* It has looked long enough. */
inline rest(me)
{
#ifdef SAY_LATE
	if
	:: idle[me] -> atomic { sleeps[me] = true; fence(me) }
#else
	atomic { sleeps[me] = true; fence(me) }
	if
#ifdef NO_SECOND_LOOK
	:: true ->
#else
	:: idle[me] ->
#endif
#endif
end:	   sent[me] -> sent[me] = false
#ifndef NO_SECOND_LOOK
	:: else
#endif
	fi
}

proctype sleeper(byte me)
{
	byte length;

	do
	:: take(me);
#ifdef LOOK_FIRST
	   length = seen_by(me);
#endif
	   atomic { sleeps[me] = false; idle[me] = true; fence(me); times[me] = (times[me] < 2 -> times[me] + 1 : 2) }
#ifdef NO_SLEEPER_LOOK
	   length = 0;
#else
#ifndef LOOK_FIRST
	   length = seen_by(me);
#endif
#endif
	   if
	   :: length == 0 ->
		if
		:: !idle[me] /* found while it looked */
		:: true -> rest(me)
		fi
	   :: else
	   fi;
	   atomic { idle[me] = false; fence(me) }
	   sleeps[me] = false;
	   sent[me] = false /* one that came meanwhile finds nobody asleep: it is taken on the way */
	od
}

init
{
	atomic { run sleeper(1); run sleeper(2) }
	timeout -> assert(queued == 0 && ran == 2) /* S4 */
}
