/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The one-shot timer of a CPU (kernel/core/timer.c): whatever is armed and cancelled when, the hardware fires no later than the
 * nearest timer, and it is set for nothing when there is none.
 *
 * An abstraction: two timers, four moments. The kernel arms and cancels, with interrupts off; the interrupt runs what has
 * expired, whose functions may arm again; the hardware counts on meanwhile. Slices are as timers.
 *
 * Checked:
 *   T1  while the CPU is not inside the kernel and no interrupt is on its way: hardware <= every armed deadline
 *   T2  at the end every timer that was armed and not cancelled has fired, and nothing fires any more
 *
 * Variants that must be refuted:
 *   NO_NEED    arming does not look at the hardware
 *   EARLY      the interrupt looks for the nearest before the functions of what has expired have run
 *   NO_REARM   the interrupt does not set the hardware for those that are left
 *
 * run: ok
 * run: refuted -DNO_NEED
 * run: refuted -DEARLY
 * run: refuted -DNO_REARM
 *
 * code: kernel/core/timer.c: if (deadline_ns < cpu->timer_armed_ns)
 * code: kernel/core/timer.c: timer_need(deadline_ns);
 * code: kernel/core/timer.c: cpu->timer_armed_ns = UINT64_MAX;
 * code: kernel/core/timer.c: timer_rearm();
 */
#define NEVER 9
#define LAST 4
#define TIMERS 2

byte now;
byte hardware = NEVER;    /* fires when now reaches it */
byte believed = NEVER;    /* timer_armed_ns */
bool coming;              /* the interrupt, kept while interrupts are off */
bool inside;
byte deadline[TIMERS] = NEVER;
byte arms = 3;            /* how often something may still be armed */

inline set_hardware(at)
{
	believed = at;
	hardware = at
}

inline arm(i, at)
{
	deadline[i] = at;
#ifndef NO_NEED
	if :: at < believed -> set_hardware(at) :: else fi
#endif
}

/* A timer that is not armed, for one of the next moments (or one that has passed). */
inline arm_some()
{
	arms > 0;
	arms--;
	if :: deadline[0] == NEVER -> pick = 0 :: deadline[1] == NEVER -> pick = 1 fi;
	if :: at = now :: now < LAST -> at = now + 1 :: now + 1 < LAST -> at = now + 2 fi;
	arm(pick, at)
}

active proctype entries()
{
	byte pick, at;

end:	do
	:: atomic { !inside && arms > 0 && (deadline[0] == NEVER || deadline[1] == NEVER) -> inside = true }
		d_step { skip };
		arm_some();
		inside = false
	:: atomic { !inside && deadline[0] != NEVER -> deadline[0] = NEVER } /* cancelled: the hardware stays as it is */
	od
}

active proctype interrupt()
{
	byte pick, at, first;

end:	do
	:: atomic { coming && !inside -> inside = true; coming = false }
		believed = NEVER;
#ifdef EARLY
		first = (deadline[0] > now && deadline[0] < deadline[1] -> deadline[0] : deadline[1]);
#endif
		pick = 0;
		do
		:: pick < TIMERS ->
			if
			:: deadline[pick] <= now ->
				deadline[pick] = NEVER;
				/* its function arms it again, or the other one, or does not */
				if
				:: arms > 0 -> arms--; at = (now < LAST -> now + 1 : now); arm(pick, at)
				:: true
				fi
			:: else
			fi;
			pick++
		:: else -> break
		od;
#ifndef EARLY
		first = (deadline[0] < deadline[1] -> deadline[0] : deadline[1]);
#endif
#ifndef NO_REARM
		set_hardware(first);
#endif
		inside = false
	od
}

active proctype machine()
{
end:	do
	:: atomic { hardware <= now -> hardware = NEVER; coming = true }
	:: atomic { now < LAST && hardware > now -> now++ }
	od
}

active proctype invariant()
{
end:	do
	:: atomic { !inside && !coming -> assert(hardware <= deadline[0] && hardware <= deadline[1]) } /* T1 */
	:: atomic { timeout && now == LAST -> assert(deadline[0] == NEVER && deadline[1] == NEVER && hardware == NEVER); break } /* T2 */
	od
}
