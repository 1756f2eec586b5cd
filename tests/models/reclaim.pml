/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Lifetime: what was found without a reference stays until its finder has left the kernel (kernel/core/quiesce.c), on two
 * examples: a gate found by look-up whose last reference goes, and a stopped thread's request that a gate's list still names.
 *
 * An abstraction: CPU 0 finds and uses, in one or two entries; CPU 1 makes the thing unreachable, retires it, and frees
 * it when the epoch says so; either CPU may advance the epoch. Announcements go through store buffers.
 *
 * Checked:
 *   Q1 (quiesce.c)  nothing is used after it was freed;
 *   it is retired once, and freed once.
 * Assumed: TSO; spinlocks are mutexes with fences.
 *
 * Variants that must be refuted:
 *   NO_ENTER_FENCE  no fence after the announcement        NO_LABEL_FENCE  none before the label is read
 *   ONE_EPOCH       freed at label + 1
 *   LATE_UNLINK     the thing stays on a list until it is freed (bugs.md M5: stop_ring, gate->requests)
 *   BLIND_GET       a finder takes a reference without looking at the count (bugs.md M7, #19)
 *
 * run: ok
 * run: refuted -DNO_ENTER_FENCE
 * run: refuted -DNO_LABEL_FENCE
 * run: refuted -DONE_EPOCH
 * run: refuted -DLATE_UNLINK
 * run: refuted -DBLIND_GET
 *
 * code: kernel/core/quiesce.c: if (seen != 0 && seen != epoch)
 * code: kernel/core/quiesce.c: cpu->limbo_epoch[i] + 2 > epoch
 * code: kernel/core/quiesce.c: full_fence(); /* what made it unreachable, before reading the label
 * code: kernel/core/quiesce.c: epoch = load_relaxed(&quiesce_epoch);
 */
#define NOTHING 255

byte epoch = 1;
byte announced[2];
byte announcing[2] = NOTHING;
bool reachable = true, hiding; /* the entry or list that names it; hiding: the store is in CPU 1's buffer */
byte refs = 1, retired, freed;
bool lock_held;

inline fence(me)
{
	d_step {
		if :: announcing[me] != NOTHING -> announced[me] = announcing[me]; announcing[me] = NOTHING :: else fi;
		if :: me == 1 && hiding -> reachable = false; hiding = false :: else fi
	}
}

inline announce(me, e)
{
	d_step {
		if :: announcing[me] != NOTHING -> announced[me] = announcing[me] :: else fi;
		announcing[me] = e
	}
}

active proctype memory()
{
end:	do
	:: d_step { announcing[0] != NOTHING -> announced[0] = announcing[0]; announcing[0] = NOTHING }
	:: d_step { announcing[1] != NOTHING -> announced[1] = announcing[1]; announcing[1] = NOTHING }
	:: d_step { hiding -> reachable = false; hiding = false }
	od
}

inline enter(me)
{
	e = epoch;
	announce(me, e);
#ifndef NO_ENTER_FENCE
	fence(me)
#endif
}

inline leave(me) { announce(me, 0) }

inline try_advance(me)
{
	a = epoch;
	fence(me);
	if
	:: announced[0] == 0 || announced[0] == a ->
		if
		:: announced[1] == 0 || announced[1] == a -> atomic { if :: epoch == a && a < 7 -> epoch++ :: else fi }
		:: else
		fi
	:: else
	fi
}

inline put()
{
	atomic {
		refs--;
		last = refs == 0
	};
	if
	:: last ->
#ifndef NO_LABEL_FENCE
		fence(1);
#endif
		atomic { label = epoch; retired++; assert(retired == 1) }
	:: else
	fi
}

/* Finds it, uses it, perhaps counts it and keeps it over the entry. */
active proctype finder()
{
	byte e, a, i;
	bool found, got;

	for (i : 0 .. 1) {
		enter(0);
		found = reachable;
		if
		:: found ->
			assert(freed == 0);
			got = false;
			if
			:: true /* uses it without a reference */
			:: atomic {
				assert(freed == 0);
#ifdef BLIND_GET
				got = true;
				refs++
#else
				got = refs != 0;
				if :: got -> refs++ :: else fi
#endif
			   }
			fi;
			assert(freed == 0);
			leave(0);
			if
			:: got ->
				assert(freed == 0); /* in another entry: it is counted */
				enter(0);
				assert(freed == 0);
				atomic {
					refs--;
					if :: refs == 0 -> retired++; assert(retired == 1) :: else fi
				};
				leave(0)
			:: else
			fi
		:: else -> leave(0)
		fi;
		if :: try_advance(0) :: true fi
	}
}

active proctype owner()
{
	byte e, a, label;
	bool last;

	enter(1);
#ifndef LATE_UNLINK
	hiding = true;
#endif
	put();
	leave(1);
	if
	:: last ->
		do
#ifdef ONE_EPOCH
		:: epoch >= label + 1 -> break
#else
		:: epoch >= label + 2 -> break
#endif
		:: else -> try_advance(1)
		od;
		enter(1);
#ifdef LATE_UNLINK
		atomic { fence(1); reachable = false }
#endif
		freed = 1;
		leave(1)
	:: else
	fi
}
