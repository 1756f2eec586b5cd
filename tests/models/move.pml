/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MOVE: a capability that travels with a call (kernel/ring/call.c resolve_one, carried.c, endpoint.c deliver).
 *
 * An abstraction of one capability: CPU 0 resolves the descriptor (locks the slot), may fail after that, else queues the
 * call; CPU 1 delivers it (install, then commit); CPU 2 aborts it (cancel, deadline, revocation, the sender's death); CPU 3,
 * a sibling of the sender, RELEASEs the id or MOVEs it as well. Table locks make each table operation one step.
 *
 * Checked:
 *   T5  the capability never resolves on both sides at once;
 *   in the end exactly one side holds it, or none if it was released, and nothing is locked;
 *   references and charged entries (T3) are as many as holders; nothing is committed or aborted twice.
 *
 * Variants that must be refuted:
 *   NO_LOCK       the slot is not locked while the call waits       COMMIT_AND_ABORT  an abort does not look who won
 *   RELEASE_LOCKED a locked slot can be released                    NO_UNLOCK         an abort leaves the slot locked
 *
 * run: ok
 * run: refuted -DNO_LOCK
 * run: refuted -DCOMMIT_AND_ABORT
 * run: refuted -DRELEASE_LOCKED
 * run: refuted -DNO_UNLOCK
 *
 * code: kernel/ring/deliver.c: cap_table_install(&server->table
 * code: kernel/ring/deliver.c: carried_commit(caller
 * code: kernel/ring/carried.c: cap_table_remove_locked(
 * code: kernel/ring/carried.c: cap_table_unlock(
 * code: kernel/ring/carried.c: cap_ref_put(
 */
bool source = true, locked, destination; /* slots in use */
byte refs = 1;                           /* of the view */
byte used_source = 1, used_destination;  /* charged entries */
bool queued, pending, endpoint_lock, released, decided;
byte over;

#define resolves_source (source && !locked)

/* cap_table_lock */
inline lock_slot(ok)
{
	atomic {
		ok = source && !locked;
		if
		:: ok -> refs++;
#ifndef NO_LOCK
			locked = true
#endif
		:: else
		fi
	}
}

/* carried_abort */
inline put_back()
{
#ifndef NO_UNLOCK
	atomic { assert(!decided); if :: source -> locked = false :: else fi };
#endif
	atomic { assert(refs > 0); refs-- }
}

active proctype sender()
{
	bool ok;

	lock_slot(ok);
	if
	:: ok ->
		if
		:: put_back() /* a later descriptor, a reservation or the endpoint refuses */
		:: pending = true;
		   atomic { !endpoint_lock -> endpoint_lock = true };
		   queued = true;
		   endpoint_lock = false
		fi
	:: else
	fi;
	over++
}

active proctype receiver()
{
	bool look;

	atomic { !endpoint_lock -> endpoint_lock = true };
	look = queued && pending;
	if
	:: look ->
		queued = false;
		used_destination++; /* set aside before */
		/* install: takes the references over */
		atomic { destination = true; assert(!(resolves_source && !released)) };
		/* commit: cap_table_remove_locked */
		atomic {
			assert(!decided);
			decided = true;
			if
			:: source && locked -> source = false; locked = false; used_source--; assert(refs > 0); refs--
			:: else
			fi
		}
	:: else
	fi;
	endpoint_lock = false;
	over++
}

active proctype aborter()
{
	bool won, carries;

	atomic { won = pending; pending = false };
	if
	:: won ->
		atomic { !endpoint_lock -> endpoint_lock = true };
#ifdef COMMIT_AND_ABORT
		carries = true;
#else
		carries = !decided; /* REQUEST_CARRIES is still set */
#endif
		queued = false;
		endpoint_lock = false;
		if :: carries -> put_back() :: else fi
	:: else
	fi;
	over++
}

active proctype sibling()
{
	bool ok;

	if
	:: /* RELEASE */
	   atomic {
#ifdef RELEASE_LOCKED
		if
		:: source ->
#else
		if
		:: source && !locked ->
#endif
			source = false; locked = false; released = true; used_source--; refs--
		:: else
		fi
	   }
	:: lock_slot(ok); if :: ok -> put_back() :: else fi
	:: true
	fi;
	over++
}

active proctype check()
{
	atomic {
		over == 4 ->
		if
		:: pending && !decided /* the call still waits */
		:: else ->
			assert(!locked);
			assert(refs == source + destination && used_source == source && used_destination == destination);
			assert(source + destination == (released -> 0 : 1))
		fi
	}
}
