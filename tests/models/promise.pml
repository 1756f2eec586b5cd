/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A submission that is held for an answer (kernel/ring/promise.c): its submitter waits in cap_enter, the first call is
 * completed by another CPU, and a deadline on a third one may end the held one at any moment.
 *
 * An abstraction: one ring, one held call that names the answer of one first call. Completing a call is what complete.c does: by a
 * claim of the blocked ring, or through the done list and a poke. The dispatched call completes by the same server.
 *
 * Checked:
 *   the submitter is not left blocked with something to do (no invalid end state);
 *   each of the two completes exactly once, whichever of dispatch and deadline is first;
 *   the held one is dispatched at most once, after its answer, and by its submitter alone (only the owner dispatches);
 *   a deadline that was first is never followed by a dispatch.
 *
 * Variants that must be refuted:
 *   NO_READY     finishing the answer does not say that somebody waits for it
 *   NO_CLAIM     dispatch does not claim the held request
 *   LOOK_FIRST   the submitter looks for work before it publishes that it is blocked
 *   QUIET_CLAIM  who gives a claimed ring back does not look at RING_READY
 *
 * run: ok
 * run: refuted -DNO_READY
 * run: refuted -DNO_CLAIM
 * run: refuted -DLOOK_FIRST
 * run: refuted -DQUIET_CLAIM
 *
 * code: kernel/ring/answer.c: (void)atomic_or(&ring->signals, (uint32_t)RING_READY);
 * code: kernel/ring/promise.c: request_claim(request, request->sequence))
 * code: kernel/ring/promise.c: dispatch(thread, held, facet);
 * code: kernel/ring/complete.c: bool signalled = ring_signals(ring) != 0;
 */
mtype = { RUNNING, BLOCKED, CLAIMED };
mtype = { HELD, SENT, ENDED };

mtype ring = RUNNING;
mtype claim = HELD;       /* of the held request: PENDING while held, then as dispatched, then claimed */
bool ready;               /* RING_READY */
byte done;                /* bits: 1 the first call, 2 the held one, on the done list */
bool answered;            /* answer.state */
byte posted1, posted2;    /* completions written */
byte dispatched;
bool timed_out;
chan served = [1] of { byte };

/* Finishing one, by the owner. */
inline finish(which) {
	if
	:: which == 1 ->
		posted1++;
		answered = true;
#ifndef NO_READY
		ready = true
#endif
	:: which == 2 -> posted2++
	fi;
	assert(posted1 <= 1 && posted2 <= 1)
}

inline drain() {
	d_step { taken = done; done = 0 };
	if :: taken & 1 -> finish(1) :: else fi;
	if :: taken & 2 -> finish(2) :: else fi
}

/* ring_unclaim */
inline give_back() {
	do
	:: drain();
#ifdef QUIET_CLAIM
	   if
	   :: posted1 + posted2 == 2 -> ring = RUNNING; break
#else
	   if
	   :: ready || posted1 + posted2 == 2 -> ring = RUNNING; break
#endif
	   :: else
	   fi;
	   ring = BLOCKED;
	   if
	   :: done == 0 && !ready -> break
	   :: else ->
#ifdef QUIET_CLAIM
		if :: done == 0 -> break :: else fi;
#endif
		if
		:: atomic { ring == BLOCKED -> ring = CLAIMED }
		:: ring != BLOCKED -> break
		fi
	   fi
	od
}

/* request_complete, by another CPU */
inline complete(which) {
	if
	:: atomic { ring == BLOCKED -> ring = CLAIMED };
	   finish(which);
	   give_back()
	:: ring != BLOCKED ->
	   d_step { done = done | which };
	   if /* ring_poke */
	   :: atomic { ring == BLOCKED -> ring = CLAIMED };
	      give_back()
	   :: ring != BLOCKED
	   fi
	fi
}

active proctype submitter() {
	byte taken;
	bool won;
	do
	:: drain();
	   if
	   :: ready ->
		ready = false;
		if
		:: answered && claim == HELD ->
#ifdef NO_CLAIM
			won = true;
			claim = SENT;
#else
			atomic { won = (claim == HELD); if :: won -> claim = SENT :: else fi };
#endif
			if
			:: won ->
				assert(!timed_out);
				dispatched++;
				assert(dispatched == 1);
				served!2
			:: else
			fi
		:: else
		fi
	   :: else
	   fi;
	   if :: posted1 == 1 && posted2 == 1 -> break :: else fi;
#ifdef LOOK_FIRST
	   won = (done == 0 && !ready);
	   ring = BLOCKED;
#else
	   ring = BLOCKED;
	   won = (done == 0 && !ready);
#endif
	   if
	   :: won -> ring == RUNNING /* woken */
	   :: !won ->
		if
		:: atomic { ring == BLOCKED -> ring = CLAIMED }; ring = RUNNING
		:: ring != BLOCKED -> ring == RUNNING
		fi
	   fi
	od
}

active proctype server() {
	byte taken;
	complete(1);
	do
	:: served?2 ->
		bool mine;
		atomic { mine = (claim == SENT); if :: mine -> claim = ENDED :: else fi };
		if :: mine -> complete(2) :: else fi
	:: timeout -> break
	od
}

active proctype deadline() {
	byte taken;
	bool mine;
	if
	:: skip
	:: atomic { mine = (claim == HELD || claim == SENT); if :: mine -> timed_out = (claim == HELD); claim = ENDED :: else fi };
	   if :: mine -> complete(2) :: else fi
	fi
}
