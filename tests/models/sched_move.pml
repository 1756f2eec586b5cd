/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One entity between two CPUs (kernel/core/sched.c, sched_others.c): it makes way or blocks, is woken, stolen, handed over, and never
 * runs in two places or before its registers are saved.
 *
 * Each CPU picks it from its queue or hand-over, or steals it from the other's queue; it runs, then makes way (queued while its
 * registers are still live) or blocks; later the CPU saves them and says so. A waker on CPU 0 wins the right to wake it.
 *
 * Checked, with the numbers of sched.c:
 *   S1  it is in at most one place: a queue, a hand-over, or running;
 *   S2  whoever runs it has its registers, and is its home.
 * Assumed: stores of one CPU become visible in order (x86, or release and acquire at on_cpu).
 *
 * Variants that must be refuted:
 *   STEAL_ANY    a thief does not look at on_cpu         MOVE_ANY     a waker takes a passive one without looking
 *   SAY_FIRST    on_cpu is cleared before the registers are saved
 *
 * run: ok
 * run: refuted -DSTEAL_ANY
 * run: refuted -DMOVE_ANY
 * run: refuted -DSAY_FIRST
 *
 * code: kernel/core/sched.c: entity->passive && entity->pin == 0 && !load_acquire(&entity->on_cpu)
 * code: kernel/core/sched_others.c: if (!first || !load_acquire(&fair_sched(first)->on_cpu))
 * code: kernel/core/sched_others.c: store_relaxed(&fair_sched(first)->home, (uint8_t)thief->id);
 * code: kernel/core/include/core/sched.h: store_relaxed(&next->on_cpu, true);
 * code: kernel/core/include/core/sched.h: cpu->loaded = entity;
 * code: kernel/core/include/core/sched.h: store_release(&from->on_cpu, false);
 */
#define NOWHERE 2
#define RUNS 6

bool queued[2], handed[2], blocked;
byte home, live = NOWHERE; /* whose registers */
bool on_cpu, saved = true;
byte running, runs;

#define places (queued[0] + queued[1] + handed[0] + handed[1] + running)

inline run_it(me)
{
	atomic {
		running++;
		assert(places == 1);           /* S1 */
		assert(home == me);            /* S2 */
		assert(saved || live == me);
		runs++
	}
	on_cpu = true;
	atomic { saved = false; live = me }
	if
	:: atomic { running--; queued[me] = true } /* makes way */
	:: atomic { running--; blocked = true }    /* wakeable from here on */
	fi
}

/* Another one, or nobody, is loaded instead. */
inline switched(me)
{
#ifdef SAY_FIRST
	on_cpu = false;
	atomic { saved = true; live = NOWHERE }
#else
	atomic { saved = true; live = NOWHERE }
	on_cpu = false
#endif
}

proctype cpu(byte me)
{
	do
	:: atomic { runs < RUNS && queued[me] -> queued[me] = false } run_it(me)
	:: atomic { runs < RUNS && handed[me] -> handed[me] = false } run_it(me)
#ifdef STEAL_ANY
	:: atomic { runs < RUNS && queued[1 - me] -> queued[1 - me] = false; home = me } run_it(me)
#else
	:: atomic { runs < RUNS && queued[1 - me] && !on_cpu -> queued[1 - me] = false; home = me } run_it(me)
#endif
	:: live == me -> switched(me)
	:: runs >= RUNS && live != me -> break
	od
}

/* On CPU 0, whoever wins the right to wake it. */
active proctype waker()
{
	byte at;

	do
	:: atomic { blocked -> blocked = false }
	   at = home;
	   if
	   :: at == 0 -> handed[0] = true
#ifdef MOVE_ANY
	   :: at != 0 -> home = 0; handed[0] = true
#else
	   :: at != 0 && !on_cpu -> home = 0; handed[0] = true
#endif
	   :: at != 0 -> queued[at] = true /* it is not passive, or its registers are live there */
	   fi
	:: runs >= RUNS -> break
	od
}

init
{
	home = 1;
	queued[1] = true;
	atomic { run cpu(0); run cpu(1) }
}
