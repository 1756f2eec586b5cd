/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A ring whose thread waits for one completion, as one word (kernel/ring/alone.h, RING_ALONE of ring/ring.h): who ends it in line
 * against everybody who claims it as any other ring.
 *
 * An abstraction, written by hand after the code (the anchors below are checked); messages, records and several receivers are left
 * out. One thread parks a RETURN_RECV and makes a CALL (with CALL_FIRST, in the other order), each alone: the request stays the spare, which nothing counts.
 * Then it waits as others do for what is still to come. At the same time, each on a CPU of its own: a caller meets the RECV in line,
 * or generally, or queues its call; a server answers the CALL in line, or generally; somebody wakes the thread (its cap_enter ends,
 * what it waits for goes on waiting). With CLOSE, the endpoint ends and takes the RECV; with DEATH, somebody kills the thread: those two are
 * too large to be run to their ends (nothing was found in 39 and 31 million states, on 29 November), and are no part of the gate.
 *
 * Checked, with the numbers of alone.h:
 *   A1  ALONE says: the spare waits, and nothing else says so. All requests that are not free are `pending`, and the spare of a ring that
 *       is ALONE;
 *   A2  who claims it ends the spare and no other, and asks for that once it owns the ring; or makes an ordinary blocked ring of it
 *       first, so that pending and wanted count the request;
 *   A3  who ends it in line had nothing signalled when it claimed it: a permit, a kill, a completion that came before is seen by the same
 *       cap_enter;
 *   A4  a RECV that is ended in line is ended under its endpoint's lock, so its claim word need not be asked; a CALL was claimed;
 *   R1, Q3 of ring.pml: each request completes once, by an owner; no completion, permit or wake-up is lost (invalid end state); one waker
 *   for each blocking; cap_enter returns only for a reason.
 * Assumed: TSO (tso.pml); a spinlock is a mutex with fences; a thread that is handed over goes on behind its waker's stores.
 *
 * Variants that must be refuted:
 *   NO_SPARE      whoever claimed the ring ends what it came for, spare or not        SPARE_FIRST  it asks before it owns the ring
 *   NO_SETTLE     who claims it generally makes no ordinary ring of it                OLD_WANTED   ... without saying what ends the cap_enter
 *   STATE_ALONE   the claim in line does not name the signals                         NO_FENCE     ALONE is visible after the look
 *   NO_LOOK       the thread does not look after it published ALONE                   ONE_CLAIM    a general claim knows only BLOCKED
 *   ONE_LINK      a request on the done stack is linked by what links the spare to the other free ones, though it is still the spare
 *
 * run: ok
 * slow: ok -DCALL_FIRST
 * run: refuted -DNO_SPARE
 * run: refuted -DSPARE_FIRST
 * run: refuted -DNO_SETTLE
 * run: refuted -DOLD_WANTED
 * run: refuted -DSTATE_ALONE
 * run: refuted -DNO_FENCE
 * run: refuted -DNO_LOOK
 * run: refuted -DONE_CLAIM
 * run: refuted -DONE_LINK
 *
 * code: kernel/ring/include/ring/ring.h: uint32_t expected = RING_BLOCKED;
 * code: kernel/ring/include/ring/ring.h: atomic_cas(&ring->state, &expected, RING_CLAIMED)) || ring_claim_alone_settled(ring);
 * code: kernel/ring/include/ring/ring.h: uint64_t expected = RING_ALONE;
 * code: kernel/ring/include/ring/ring.h: return atomic_cas(&ring->state_signals, &expected, (uint64_t)RING_CLAIMED);
 * code: kernel/ring/complete.c: ring->free = request->next;
 * code: kernel/ring/complete.c: ring->pending++;
 * code: kernel/ring/complete.c: ring->wanted = ring->cq_tail + 1;
 * code: kernel/ring/complete.c: if (!atomic_cas(&ring->state, &expected, RING_CLAIMED))
 * code: kernel/ring/complete.c: ring_settle(ring);
 * code: kernel/ring/complete.c: struct request *next = stack->done;
 * code: kernel/ring/complete.h: static inline struct sched_entity *ring_end_alone(struct ring *ring,
 * code: kernel/ring/complete.h: store_release(&ring->state, (uint32_t)RING_RUNNING);
 * code: kernel/ring/complete.h: if (!ring_claim_blocked(ring))
 * code: kernel/ring/enter.c: store_fenced(&ring->state, (uint32_t)RING_ALONE);
 * code: kernel/ring/enter.c: return likely(is_zero_relaxed(&ring->signals)) || !ring_has_work(ring) || !take_back(thread);
 * code: kernel/ring/alone.h: spin_lock(&endpoint->lock);
 * code: kernel/ring/alone.h: struct request *receive = endpoint->parked;
 * code: kernel/ring/alone.h: unlikely(!ring_claim_alone(receive->ring))
 * code: kernel/ring/alone.h: if (unlikely(to->free != receive)) {
 * code: kernel/ring/alone.h: unclaim_settled(to);
 * code: kernel/ring/alone.h: endpoint->parked = receive->behind;
 * code: kernel/ring/alone.h: spin_unlock(&endpoint->lock);
 * code: kernel/ring/alone.h: woken->entity = ring_end_alone(to, receive, result);
 * code: kernel/ring/alone.h: if (claimed)
 * code: kernel/ring/alone.h: ring_settle(caller->ring);
 * code: kernel/ring/alone.h: bool claimed = ring_claim_alone(ring);
 * code: kernel/ring/alone.h: if (likely(claimed) && likely(ring->free == caller) &&
 * code: kernel/ring/alone.h: return ring_end_alone(ring, caller,
 * code: kernel/ring/deliver.h: || !ring_claim_alone(receive->ring))
 * code: kernel/ring/deliver.h: *alone = receive->ring->free == receive;
 * code: kernel/ring/deliver.h: ring_settle(receive->ring);
 */
#define CPUS 2
#include "tso.pml" /* the word is ring->state. Only how the thread publishes ALONE is two steps; of the rest see ring.pml */

#define seen_by_it(me) (me == THREAD -> seen_by(THREAD) : word)
#define own_fence(me) if :: me == THREAD -> fence(THREAD) :: else fi

#define RUNNING 0
#define BLOCKED 1
#define CLAIMED 2
#define DEAD    3
#define ALONE   4

#define NOBODY 9
#define NONE   9
#define THREAD 0
#define CALLER 1
#define SERVER 2
#define WAKER  3
#define OTHER  4 /* the endpoint's end, or the killer */

#define FREE    0
#define PENDING 1
#define TAKEN   2

/* Submissions: 0 the RECV, 1 the CALL. Requests: 0 to 2. */
byte state[3];                     /* of request->claim */
byte submission[3] = NONE;         /* ... and its sequence number */
byte spare = 0, second = 1, third = 2; /* ring->free, in order */
byte pending, tail, reaped, wanted;
bool done[3], pushed, recheck, killed, permit; /* ring->done and signals */
bool unfinished;
byte parked = NONE;                /* endpoint->parked */
bool queued, closed, endpoint_lock;
bool woken;                        /* runnable */
bool by_permit;                    /* the result that the cap_enter has */
byte owner = THREAD, posts[2], permits, given; /* ghosts */
bool accepted[2], dead;
byte called;                       /* the request that is the CALL */
byte over;                         /* processes that have finished */
#if defined(CLOSE) || defined(DEATH)
#define ALL 5
#else
#define ALL 4
#endif

#define has_work (pushed || recheck || killed || permit)
#define busy (((state[0] != FREE) + (state[1] != FREE)) + (state[2] != FREE))

/* --- the free list --- */
inline take_spare() { assert(second != NONE); spare = second; second = third; third = NONE } /* there is always a spare */
inline give_front(r) { third = second; second = spare; spare = r }
inline give_behind(r) { third = second; second = r }

/* --- claims --- */
inline settle(me)
{
	atomic {
		assert(owner == me);
#ifndef NO_SETTLE
		take_spare();
		pending++;
#ifndef OLD_WANTED
		wanted = tail + 1;
#endif
#endif
		assert(busy == pending) /* A1 */
	}
}

inline claim_blocked(me, ok)
{
	atomic {
		own_fence(me);
		if
		:: word == BLOCKED -> word = CLAIMED; ok = true; assert(owner == NOBODY); owner = me
		:: else -> ok = false
		fi
	}
#ifndef ONE_CLAIM
	if
	:: !ok ->
		atomic {
			if
			:: word == ALONE -> word = CLAIMED; ok = true; assert(owner == NOBODY); owner = me
			:: else
			fi
		}
		if :: ok -> settle(me) :: else fi
	:: else
	fi
#endif
}

inline try_claim(me, ok)
{
	if
	:: seen_by_it(me) == BLOCKED || seen_by_it(me) == ALONE -> claim_blocked(me, ok)
	:: else -> ok = false
	fi
}

inline claim_alone(me, ok)
{
	atomic {
		own_fence(me);
		if
#ifdef STATE_ALONE
		:: word == ALONE ->
#else
		:: word == ALONE && !has_work ->
#endif
			word = CLAIMED; ok = true; assert(owner == NOBODY); owner = me;
			assert(!has_work) /* A3 */
		:: else -> ok = false
		fi
	}
}

/* request_claim: it names the sequence number, and the winner alone goes on */
inline claim(r, which, ok)
{
	atomic {
		ok = state[r] == PENDING && submission[r] == which;
		if :: ok -> state[r] = TAKEN :: else fi
	}
}

/* --- completions, by an owner --- */
inline post(me, r)
{
	assert(owner == me && state[r] != FREE && r != spare); /* Q3, R1, A1 */
	posts[submission[r]]++;
	assert(posts[submission[r]] == 1);
	tail++;
	pending--;
	state[r] = FREE
}

inline finish(me, r) { atomic { post(me, r); give_behind(r) } }
inline finish_blocked(me, r) { atomic { post(me, r); give_front(r) } }

/* In an atomic step: seen late, RUNNING is as if still CLAIMED. */
inline wake(me, permitted)
{
	assert(owner == me && !woken);
	by_permit = permitted;
	owner = THREAD;
	word = RUNNING;
	woken = true
}

inline end_alone(me, r)
{
	atomic {
		assert(owner == me && r == spare); /* A2 */
		assert(state[r] == (submission[r] == 0 -> PENDING : TAKEN)); /* A4 */
		posts[submission[r]]++;
		assert(posts[submission[r]] == 1);
		tail++;
		state[r] = FREE;
		assert(busy == pending); /* A1 */
		wake(me, false)
	}
}

inline lock(me) { atomic { !endpoint_lock -> endpoint_lock = true; own_fence(me) } }
inline unlock() { endpoint_lock = false }

inline drain(me)
{
	if
	:: pushed ->
		atomic { own_fence(me); pushed = false }
		atomic {
			own_fence(me);
			for (i : 0 .. 2) {
				if
				:: done[i] -> done[i] = false; post(me, i); give_behind(i)
				:: else
				fi
			}
		}
	:: else
	fi
}

/* ring_work; endpoint_recheck */
inline work(me)
{
	drain(me);
	if
	:: recheck ->
		atomic { own_fence(me); recheck = false }
		atomic {
			!endpoint_lock ->
			if
			:: queued && parked != NONE ->
				i = parked;
				parked = NONE;
				claim(i, 0, won);
				if :: won -> queued = false; post(me, i); give_behind(i) :: else fi
			:: else
			fi;
			i = 0
		}
		drain(me)
	:: else
	fi
}

inline unclaim_slow(me)
{
	got = true;
	if
	:: !has_work && tail < wanted ->
		atomic { assert(owner == me); owner = NOBODY; own_fence(me); word = BLOCKED }
		got = false;
		if :: has_work -> try_claim(me, got) :: else fi
	:: else
	fi;
	do
	:: !got -> break
	:: else ->
		work(me);
		if
		:: has_work || tail > reaped ->
			atomic { unfinished = has_work; wake(me, false); got = false; won = false; break }
		:: else
		fi;
		atomic { assert(owner == me); wanted = reaped + 1; owner = NOBODY; own_fence(me); word = BLOCKED }
		got = false;
		if :: has_work -> try_claim(me, got) :: else fi
	od
}

inline unclaim(me)
{
	if
	:: tail >= wanted && !has_work ->
		atomic { wake(me, false); got = false }
	:: else -> unclaim_slow(me)
	fi
}

inline poke(me)
{
	own_fence(me);
	try_claim(me, got);
	if :: got -> unclaim(me) :: else fi
}

/* request_complete, of a claimed request, from another CPU */
inline complete(me, r)
{
	try_claim(me, got);
	if
	:: got -> finish(me, r); unclaim(me)
	:: else ->
		atomic {
			own_fence(me);
			done[r] = true;
#ifdef ONE_LINK
			if :: r == spare -> second = NONE; third = NONE :: else fi
#endif
		}
		atomic { own_fence(me); pushed = true }
		poke(me)
	fi
}

/* --- the thread --- */

/* run_enter: until it has a result */
inline enter(me)
{
	do
	:: work(me);
	   if :: killed -> goto die :: else fi;
	   if :: permit -> atomic { own_fence(me); permit = false; by_permit = true } break :: else fi;
	   if :: tail > reaped -> by_permit = false; break :: else fi;
	   atomic { assert(owner == me); wanted = reaped + 1; owner = NOBODY; fence(me); word = BLOCKED; got = false }
	   if :: has_work -> try_claim(me, got) :: else fi;
	   if
	   :: got -> atomic { owner = me; word = RUNNING }
	   :: else ->
		atomic { woken -> woken = false; assert(owner == me) }
		if :: unfinished -> unfinished = false :: else break fi
	   fi
	od
}

/* wait_alone, and what comes after */
inline wait_alone(me)
{
	atomic { assert(owner == me && busy <= pending + 1); owner = NOBODY; store(me, ALONE) } /* A1 */
#ifndef NO_FENCE
	own_fence(me);
#endif
	got = false;
#ifndef NO_LOOK
	if :: has_work -> try_claim(me, got) :: else fi;
#endif
	if
	:: got -> atomic { owner = me; word = RUNNING } enter(me)
	:: else ->
		atomic { woken -> woken = false; assert(owner == me) }
		if :: unfinished -> unfinished = false; enter(me) :: else fi
	fi
}

/* Back in its program, which reaps. */
inline returned()
{
	atomic {
		assert(tail > reaped || by_permit);
		if :: by_permit -> permits++; by_permit = false :: else fi;
		reaped = tail;
		got = false;
		won = false;
		i = 0;
		mine = 0;
		straight = false
	}
}

/* What is signalled when it enters leaves the straight line. The RECV waits under the endpoint's lock. */
inline receive(me)
{
	straight = !has_work;
	if :: !straight -> work(me) :: else fi;
	atomic {
		!endpoint_lock ->
		accepted[0] = true;
		if
		:: closed || queued -> queued = false; posts[0]++; tail++ /* at once, by the thread itself */
		:: else ->
			mine = spare;
			if :: !straight -> take_spare(); pending++ :: else fi;
			submission[mine] = 0;
			state[mine] = PENDING;
			parked = mine
		fi
	}
	if :: straight && posts[0] == 0 -> wait_alone(me) :: !straight || posts[0] == 1 -> enter(me) fi;
	returned()
}

inline call(me)
{
	straight = !has_work;
	if :: !straight -> work(me) :: else fi;
	atomic {
		mine = spare;
		if :: !straight -> take_spare(); pending++ :: else fi;
		submission[mine] = 1;
		state[mine] = PENDING;
		called = mine;
		accepted[1] = true
	}
	if :: straight -> wait_alone(me) :: else -> enter(me) fi;
	returned()
}

active proctype thread()
{
	bool got, won, straight;
	byte i, mine;

#ifdef CALL_FIRST
	call(THREAD);
	receive(THREAD);
#else
	receive(THREAD);
	call(THREAD);
#endif
	do
	:: posts[0] == 1 && posts[1] == 1 -> break
	:: else -> enter(THREAD); returned()
	od;
	goto ended;
die:
	dead = true;
	atomic { fence(THREAD); word = DEAD }
	atomic { !endpoint_lock -> parked = NONE }
	for (i : 0 .. 2) {
		claim(i, submission[i], won)
	}
ended:	atomic { fence(THREAD); over++ }
}

/* --- the others --- */

/* call_alone; endpoint_admit_call, endpoint_pump */
active proctype caller()
{
	bool got, won, is_spare;
	byte i, receiver;

	lock(CALLER);
	if
	:: closed -> unlock(); goto ended
	:: !closed && parked == NONE -> unlock()
	:: !closed && parked != NONE ->
		receiver = parked;
#ifdef SPARE_FIRST
		is_spare = spare == receiver;
#endif
		claim_alone(CALLER, got);
#ifndef SPARE_FIRST
		is_spare = spare == receiver;
#endif
#ifdef NO_SPARE
		is_spare = true;
#endif
		if
		:: got && is_spare ->
			parked = NONE;
			/* the message; the record */
			atomic { assert(state[receiver] == PENDING); unlock() }
			end_alone(CALLER, receiver);
			goto ended
		:: got && !is_spare ->
			unlock();
			settle(CALLER);
			unclaim(CALLER)
		:: !got ->
			unlock()
		fi
	fi;
	if
	:: true -> /* endpoint_take_parked */
		lock(CALLER);
		got = false;
		if
		:: !closed && parked != NONE ->
			claim_blocked(CALLER, got);
			if :: got -> receiver = parked; parked = NONE :: else fi
		:: else
		fi;
		unlock();
		if :: got -> finish_blocked(CALLER, receiver); unclaim(CALLER); goto ended :: else fi
	:: true
	fi;
	/* endpoint_queue_call; endpoint_pump */
	atomic { !endpoint_lock -> queued = !closed }
	lock(CALLER);
	won = false;
	got = false;
	if
	:: queued && parked != NONE ->
		try_claim(CALLER, got);
		if
		:: !got -> recheck = true; try_claim(CALLER, got)
		:: else
		fi;
		if
		:: got ->
			atomic { receiver = parked; parked = NONE }
			claim(receiver, 0, won);
			if :: won -> queued = false :: else fi
		:: else
		fi
	:: else
	fi;
	unlock();
	if
	:: got ->
		if :: won -> finish(CALLER, receiver) :: else fi;
		unclaim(CALLER)
	:: else
	fi;
ended:	atomic { got = false; won = false; i = 0; is_spare = false; receiver = 0; over++ }
}

/* return_alone: answer_alone, answer_otherwise */
active proctype server()
{
	bool got, won, is_spare;
	byte i;

	accepted[1] || dead || over == ALL - 1;
	if
	:: accepted[1] -> claim(called, 1, won)
	:: else -> won = false
	fi;
	if
	:: won ->
#ifdef SPARE_FIRST
		is_spare = spare == called;
#endif
		claim_alone(SERVER, got);
#ifndef SPARE_FIRST
		is_spare = spare == called;
#endif
#ifdef NO_SPARE
		is_spare = true;
#endif
		if
		:: got && is_spare -> end_alone(SERVER, called)
		:: got && !is_spare -> settle(SERVER); finish_blocked(SERVER, called); unclaim(SERVER)
		:: !got ->
			claim_blocked(SERVER, got);
			if
			:: got -> finish_blocked(SERVER, called); unclaim(SERVER)
			:: else -> complete(SERVER, called)
			fi
		fi
	:: else
	fi;
	atomic { got = false; won = false; i = 0; over++ }
}

/* ring_wake; thread_poke */
active proctype waker()
{
	bool got, won;
	byte i;

	given++;
	claim_blocked(WAKER, got);
	if
	:: got && !has_work ->
		atomic { wake(WAKER, true) }
	:: got && has_work ->
		atomic { permit = true }
		unclaim_slow(WAKER)
	:: !got ->
		atomic { permit = true }
		poke(WAKER)
	fi;
	atomic { got = false; won = false; i = 0; over++ }
}

#ifdef CLOSE
/* end_endpoint */
active proctype closer()
{
	bool got, won;
	byte i, receiver;

	atomic {
		!endpoint_lock ->
		closed = true;
		queued = false;
		receiver = parked;
		parked = NONE;
		if :: receiver != NONE -> claim(receiver, 0, won) :: else fi
	}
	if :: won -> complete(OTHER, receiver) :: else fi;
	atomic { got = false; won = false; i = 0; over++ }
}
#endif

#ifdef DEATH
active proctype killer()
{
	bool got, won;
	byte i;

	atomic { killed = true }
	poke(OTHER);
	atomic { got = false; won = false; i = 0; over++ }
}
#endif

active proctype check()
{
	atomic {
		over == ALL ->
		assert(dead || posts[0] == 1 && posts[1] == 1);
		assert(dead || permits + permit == given)
	}
}
