/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ring ownership, completion and waking (kernel/ring/complete.c, enter.c, notification.c, thread.c).
 *
 * An abstraction, written by hand after the code: the steps and their order are the code's (the anchors below are
 * checked), messages and scheduling are left out. One thread submits a CALL and a WAIT, waits for both in cap_enter,
 * then submits a second CALL in the request that is free again. At the same time, each on a CPU of its own: a server
 * RETURNs each call; the deadline of the first call fires, early, late or when the request is already used again; a
 * signaller sets the bit that the WAIT waits for (with SPURIOUS, after it made the ring look again for nothing); with
 * DEATH, somebody kills the thread.
 *
 * Checked:
 *   R1  each accepted request has exactly one winner, and one completion, unless the ring has died;
 *   Q3  only the owner writes completions; there is one owner at a time;
 *   no lost completion, no lost wake-up: the thread never waits for ever (an invalid end state of Spin's);
 *   one waker for each blocking (sched_wake's contract).
 * Assumed: TSO (tso.pml); a spinlock is a mutex with fences; sched_wake's queue hands the thread over once.
 *
 * Variants that must be refuted:
 *   NO_OWNER_FENCE    no full fence between BLOCKED and the look          NO_LOOK    no look after BLOCKED in ring_unclaim
 *   NO_POKE           a pusher does not try the claim again               NO_PUSH_FENCE   the pusher's look may pass its push
 *   CLAIM_ANY         a claim does not name the sequence number           BLIND_CLAIM     a claim is a store, no swap
 *   CLEAR_LATE        RECHECK is cleared after the look at posted operations (with SPURIOUS)
 *   FORGET_SECOND_TRY claim_waiter does not try the claim again after setting RECHECK
 *
 * run: ok
 * run: ok -DSPURIOUS
 * slow: ok -DDEATH
 * run: refuted -DNO_OWNER_FENCE
 * run: refuted -DNO_LOOK
 * run: refuted -DNO_POKE
 * run: refuted -DNO_PUSH_FENCE
 * run: refuted -DCLAIM_ANY
 * run: refuted -DBLIND_CLAIM
 * run: refuted -DSPURIOUS -DCLEAR_LATE
 * run: refuted -DFORGET_SECOND_TRY
 *
 * code: kernel/ring/complete.c: store_fenced(&ring->state, (uint32_t)RING_BLOCKED);
 * code: kernel/ring/complete.c: if (!ring_has_work(ring) || !ring_try_claim(ring))
 * code: kernel/ring/complete.c: void ring_poke(struct ring *ring)
 * code: kernel/ring/complete.c: full_fence();
 * code: kernel/ring/complete.c: if (ring_try_claim(ring))
 * code: kernel/ring/complete.c: while (!atomic_cas(&ring->done, &head, request));
 * code: kernel/ring/complete.c: (void)atomic_or(&ring->signals, (uint32_t)RING_DONE);
 * code: kernel/ring/complete.c: ring_poke(ring);
 * code: kernel/ring/enter.c: store_fenced(&ring->state, (uint32_t)RING_BLOCKED);
 * code: kernel/ring/enter.c: if (likely(!ring_has_work(&thread->ring)) || !take_back(thread)) {
 * code: kernel/ring/notification.c: if (!ring_try_claim(waiter->ring)) {
 * code: kernel/ring/notification.c: (void)atomic_or(&waiter->ring->signals, (uint32_t)RING_RECHECK);
 * code: kernel/ring/notification.c: if (!ring_try_claim(waiter->ring))
 */
#define CPUS 5
#include "tso.pml" /* the word is ring->state */

#define RUNNING 0
#define BLOCKED 1
#define CLAIMED 2
#define DEAD    3

#define NOBODY 9
#define THREAD 0
#define SERVER 1
#define TIMER  2
#define SIGNAL 3
#define KILLER 4

/* Requests: 0 carries submissions 0 and 2 (CALLs), 1 carries submission 1 (a WAIT). */
#define FREE    0
#define PENDING 1
#define TAKEN   2
byte claim_state[2], claim_sequence[2];
bool done[2];            /* the stack; its order does not matter here */
bool pushed;             /* signals: RING_DONE */
bool recheck, killed;    /* signals */
byte pending, completed; /* completed: completions in the queue; the thread waits for `min` */
byte min;
bool set;                /* the notification's */
bool queued;             /* the WAIT is in its list */
bool n_lock;
bool woken;              /* runnable */
byte owner = THREAD;     /* ghost */
byte wins[3], posts[3];  /* ghost, by submission */
bool accepted[3];
bool dead;
byte over;               /* processes that have finished */
#ifdef DEATH
#define ALL 5
#else
#define ALL 4
#endif

#define has_done pushed
#define has_signal (recheck || killed)

inline try_claim(me, ok)
{
	if
	:: seen_by(me) == BLOCKED ->
		atomic {
			fence(me);
			if
			:: word == BLOCKED -> word = CLAIMED; ok = true; assert(owner == NOBODY); owner = me
			:: else -> ok = false
			fi
		}
	:: else -> ok = false
	fi
}

/* request_claim */
inline claim(r, sequence, ok)
{
#ifdef BLIND_CLAIM
	ok = claim_state[r] == PENDING && claim_sequence[r] == sequence;
	if :: ok -> claim_state[r] = TAKEN; wins[claim_sequence[r]]++ :: else fi
#else
	atomic {
#ifdef CLAIM_ANY
		ok = claim_state[r] == PENDING;
#else
		ok = claim_state[r] == PENDING && claim_sequence[r] == sequence;
#endif
		if
		:: ok -> claim_state[r] = TAKEN; wins[claim_sequence[r]]++; assert(claim_sequence[r] == sequence)
		:: else
		fi
	}
#endif
}

inline finish(me, r)
{
	atomic {
		assert(owner == me && claim_state[r] == TAKEN); /* Q3, R1 */
		posts[claim_sequence[r]]++;
		assert(posts[claim_sequence[r]] == 1);
		completed++;
		pending--;
		claim_state[r] = FREE
	}
}

inline drain(me)
{
	if
	:: has_done ->
		atomic { fence(me); pushed = false }
		atomic { fence(me); took[0] = done[0]; took[1] = done[1]; done[0] = false; done[1] = false }
		if :: took[0] -> finish(me, 0) :: else fi;
		if :: took[1] -> finish(me, 1) :: else fi
	:: else
	fi
}

inline lock(me) { atomic { !n_lock -> n_lock = true; fence(me) } }
inline unlock() { n_lock = false }

inline look_again(me)
{
	lock(me);
	won = false;
	if
	:: queued && set ->
		claim(1, 1, won);
		if :: won -> queued = false; set = false :: else fi
	:: else
	fi;
	unlock();
	if :: won -> finish(me, 1) :: else fi
}

inline work(me)
{
	drain(me);
	if
	:: recheck ->
#ifdef CLEAR_LATE
		look_again(me);
		atomic { fence(me); recheck = false }
#else
		atomic { fence(me); recheck = false }
		look_again(me);
#endif
		drain(me)
	:: else
	fi
}

inline wake(me)
{
	store(me, RUNNING);
	atomic { fence(me); assert(!woken); woken = true } /* the run queue's lock */
}

inline unclaim(me)
{
	do
	:: work(me);
	   if
	   :: has_signal || completed >= min ->
		atomic { assert(owner == me); owner = THREAD }
		wake(me);
		break
	   :: else
	   fi;
	   atomic { assert(owner == me); owner = NOBODY; store(me, BLOCKED) }
#ifndef NO_OWNER_FENCE
	   fence(me);
#endif
#ifdef NO_LOOK
	   break
#else
	   if
	   :: !(has_done || has_signal) -> break
	   :: else ->
		try_claim(me, got);
		if :: !got -> break :: else fi
	   fi
#endif
	od
}

inline poke(me)
{
	fence(me);
#ifndef NO_POKE
	try_claim(me, got);
	if :: got -> unclaim(me) :: else fi
#endif
}

/* request_complete, from another CPU */
inline complete(me, r)
{
	try_claim(me, got);
	if
	:: got -> finish(me, r); unclaim(me)
	:: else ->
#ifdef NO_PUSH_FENCE
		/* without a fence, the look of ring_poke may be early */
		early = seen_by(me) == BLOCKED;
		atomic { fence(me); assert(!done[r]); done[r] = true }
		pushed = true;
		if
		:: early -> poke(me)
		:: else
		fi
#else
		atomic { fence(me); assert(!done[r]); done[r] = true }
		atomic { fence(me); pushed = true }
		poke(me)
#endif
	fi
}

inline submit(r, sequence)
{
	atomic {
		assert(claim_state[r] == FREE && owner == THREAD);
		claim_sequence[r] = sequence;
		claim_state[r] = PENDING;
		accepted[sequence] = true;
		pending++
	}
}

/* cap_enter: returns when `min` completions are there; the thread may die instead */
inline enter(me)
{
	do
	:: work(me);
	   if
	   :: killed -> goto die
	   :: else
	   fi;
	   if :: completed >= min -> break :: else fi;
	   atomic { assert(owner == me); owner = NOBODY; store(me, BLOCKED) }
#ifndef NO_OWNER_FENCE
	   fence(me);
#endif
	   got = false;
	   if
	   :: has_done || has_signal -> try_claim(me, got)
	   :: else
	   fi;
	   if
	   :: got -> atomic { owner = me; store(me, RUNNING) }
	   :: else -> atomic { woken -> woken = false; assert(owner == me) }
	   fi
	od
}

active proctype thread()
{
	bool got, won, took[2];

	submit(0, 0);
	/* WAIT: posts, or takes the bit at once */
	lock(THREAD);
	accepted[1] = true;
	if
	:: set -> set = false; wins[1]++; posts[1]++; completed++
	:: else -> submit(1, 1); queued = true
	fi;
	unlock();
	min = 2;
	enter(THREAD);
	submit(0, 2);
	min = 3;
	enter(THREAD);
	goto finished;
die:
	/* stop_ring */
	dead = true;
	store(THREAD, DEAD);
	claim(0, claim_sequence[0], won);
	claim(1, claim_sequence[1], won);
	lock(THREAD);
	queued = false;
	unlock();
finished: atomic { fence(THREAD); over++ }
}

active proctype server()
{
	bool got, won, took[2];
	bool early;

	if
	:: accepted[0] -> claim(0, 0, won); if :: won -> complete(SERVER, 0) :: else fi
	:: dead
	fi;
	if
	:: accepted[2] -> claim(0, 2, won); if :: won -> complete(SERVER, 0) :: else fi
	:: dead
	fi;
	over++
}

/* deadline_fire of submission 0 */
active proctype timer()
{
	bool got, won, took[2];
	bool early;

	if
	:: accepted[0] ->
		claim(0, 0, won);
		if :: won -> complete(TIMER, 0) :: else fi
	:: true /* it was cancelled */
	fi;
	over++
}

/* notification_set */
active proctype signaller()
{
	bool got, won, took[2];

#ifdef SPURIOUS
	atomic { fence(SIGNAL); recheck = true }
	try_claim(SIGNAL, got);
	if :: got -> unclaim(SIGNAL) :: else fi;
#endif
	lock(SIGNAL);
	set = true;
	won = false;
	got = false;
	if
	:: queued ->
		try_claim(SIGNAL, got);
		if
		:: !got ->
			atomic { fence(SIGNAL); recheck = true }
#ifndef FORGET_SECOND_TRY
			try_claim(SIGNAL, got)
#endif
		:: else
		fi;
		if
		:: got ->
			queued = false;
			claim(1, 1, won);
			if :: won -> set = false :: else fi
		:: else
		fi
	:: else
	fi;
	unlock();
	if
	:: got ->
		if :: won -> finish(SIGNAL, 1) :: else fi;
		unclaim(SIGNAL)
	:: else
	fi;
	over++
}

#ifdef DEATH
active proctype killer()
{
	bool got, won, took[2];

	atomic { fence(KILLER); killed = true }
	poke(KILLER);
	over++
}
#endif

/* When all is over: each accepted submission has one winner, and one completion if the thread lives. */
active proctype check()
{
	byte i;

	atomic {
		over == ALL ->
		for (i : 0 .. 2) {
			assert(!accepted[i] || wins[i] == 1);
			assert(dead || posts[i] == 1);
			assert(posts[i] <= 1)
		}
	}
}
