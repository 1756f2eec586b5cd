/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Revocation against use (kernel/ring/revoke.c, kernel/core/quiesce.c, kernel/cap/gate.h, kernel/ring/deliver.c).
 *
 * An abstraction: a client (CPU 0) makes two calls through a gate; a server (CPU 1) receives and returns them; a revoker
 * (CPU 2) revokes. Entries into the kernel, the epochs of quiescence, the gate's list, the endpoint's queue and the
 * claims are step by step those of the code. The announcements (cpu->epoch) and the gate's death go through store buffers.
 *
 * Checked, once gate_revoke has returned:
 *   G3  no call through the gate is delivered, and no RETURN to one is claimed;
 *   G2  no request that was made through it still waits.
 * R1 is checked, too: one winner for each request.
 * Assumed: TSO; spinlocks are mutexes with fences; the revoker's CPU holds no look-up of its own.
 *
 * Variants that must be refuted:
 *   NO_QUIESCE      revoke does not wait                 ONE_EPOCH       it waits for one step of the epoch instead of two
 *   NO_ENTER_FENCE  no fence after the announcement      MARK_LATE       the gate is marked after the wait
 *   LINK_LATER      the request is linked in another entry than the look-up      NO_LINK  it is not (bugs.md M6)
 *   NO_UNLINK_WAIT  an abort does not wait for the delivery in progress
 *
 * run: ok
 * run: refuted -DNO_QUIESCE
 * run: refuted -DONE_EPOCH
 * run: refuted -DNO_ENTER_FENCE
 * run: refuted -DMARK_LATE
 * run: refuted -DLINK_LATER
 * run: refuted -DNO_LINK
 * run: refuted -DNO_UNLINK_WAIT
 *
 * code: kernel/core/include/core/quiesce.h: store_fenced(&cpu->epoch, load_relaxed(&quiesce_epoch));
 * code: kernel/core/quiesce.c: uint64_t epoch = load_acquire(&quiesce_epoch);
 * code: kernel/core/quiesce.c: full_fence();
 * code: kernel/core/quiesce.c: if (seen != 0 && seen != epoch)
 * code: kernel/core/quiesce.c: full_fence();
 * code: kernel/core/quiesce.c: target = load_acquire(&quiesce_epoch) + 2;
 * code: kernel/core/quiesce.c: store_release(&cpu->epoch, 0ull);
 * code: kernel/ring/revoke.c: gate_revoke_begin(gate, &tree);
 * code: kernel/ring/revoke.c: while (!gate_revoke_mark(&tree))
 * code: kernel/ring/revoke.c: quiesce_wait();
 * code: kernel/ring/revoke.c: while (!finish(&tree, report))
 * code: kernel/ring/deliver.h: ring_take_queued(call->ring, call, &endpoint->lock);
 * code: kernel/ring/deliver.h: endpoint_queue_call(endpoint, call, view, session);
 * code: kernel/ring/deliver.c: request_link_gate(call);
 * code: kernel/ring/deliver.c: call_queue_push(endpoint, call,
 */
#define NOTHING 255

byte epoch = 1;
byte announced[3];
byte announcing[3] = NOTHING; /* store buffers */
bool dead, dying;             /* the gate; dying: in the revoker's store buffer */

#define FREE      0
#define PENDING   1
#define CLAIMED   2
byte claim[2];
bool linked[2], queued[2], delivered[2];
bool endpoint_lock, gate_lock;
bool revoked;                 /* gate_revoke has returned */

inline fence(me)
{
	d_step {
		if :: announcing[me] != NOTHING -> announced[me] = announcing[me]; announcing[me] = NOTHING :: else fi;
		if :: me == 2 && dying -> dead = true; dying = false :: else fi
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
	:: d_step { announcing[2] != NOTHING -> announced[2] = announcing[2]; announcing[2] = NOTHING }
	:: d_step { dying -> dead = true; dying = false }
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
inline lock(me, l) { atomic { !l -> l = true; fence(me) } }

inline try_claim(r, ok)
{
	atomic {
		ok = claim[r] == PENDING;
		if :: ok -> claim[r] = CLAIMED :: else fi
	}
}

active proctype client()
{
	byte e, r;
	bool alive;

	for (r : 0 .. 1) {
		enter(0);
		alive = !dead;
		if
		:: alive ->
			claim[r] = PENDING;
#ifdef LINK_LATER
			leave(0);
			enter(0);
#endif
#ifndef NO_LINK
			lock(0, gate_lock);
			linked[r] = true;
			gate_lock = false;
#endif
			lock(0, endpoint_lock);
			queued[r] = true;
			endpoint_lock = false
		:: else
		fi;
		leave(0)
	}
}

active proctype server()
{
	byte e, r;
	bool take, ok;

	for (r : 0 .. 1) {
		/* RECV: whatever is there; it may come round before the call */
		enter(1);
		lock(1, endpoint_lock);
		take = false;
		if
		:: queued[r] ->
			take = claim[r] == PENDING; /* first_call */
			queued[r] = false;
			if
			:: take ->
				assert(!revoked); /* G3 */
				delivered[r] = true
			:: else
			fi
		:: true
		fi;
		endpoint_lock = false;
		leave(1);
		/* RETURN */
		if
		:: take ->
			enter(1);
			atomic { try_claim(r, ok); assert(!(ok && revoked)) } /* G3 */
			leave(1)
		:: else
		fi
	}
}

inline try_advance()
{
	e = epoch;
	fence(2);
	if
	:: (announced[0] == 0 || announced[0] == e) ->
		if
		:: (announced[1] == 0 || announced[1] == e) -> atomic { if :: epoch == e -> epoch++ :: else fi }
		:: else
		fi
	:: else
	fi
}

inline mark() { lock(2, gate_lock); dying = true; gate_lock = false }

active proctype revoker()
{
	byte e, target, r;
	bool popped, ok;

	enter(2);
#ifndef MARK_LATE
	mark();
#endif
#ifndef NO_QUIESCE
	fence(2);
#ifdef ONE_EPOCH
	target = epoch + 1;
#else
	target = epoch + 2;
#endif
	announce(2, 0);
	do
	:: epoch >= target -> break
	:: else -> try_advance()
	od;
	enter(2);
#endif
#ifdef MARK_LATE
	mark();
#endif
	for (r : 0 .. 1) {
		lock(2, gate_lock);
		popped = linked[r];
		linked[r] = false;
		gate_lock = false;
		if
		:: popped ->
			try_claim(r, ok);
#ifndef NO_UNLINK_WAIT
			if
			:: ok -> lock(2, endpoint_lock); queued[r] = false; endpoint_lock = false
			:: else
			fi
#endif
		:: else
		fi
	}
	atomic {
		revoked = true;
		assert(claim[0] != PENDING && claim[1] != PENDING) /* G2 */
	}
}
