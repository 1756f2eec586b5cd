/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Delivery of a call against whatever else can end it (kernel/ring/endpoint.c deliver, complete.c, receive.c).
 *
 * An abstraction of one call: CPU 0 delivers it, under the endpoint's lock; CPU 1 aborts it (CANCEL, deadline, revocation,
 * the caller's death); CPU 2 is a sibling thread of the server that RETURNs it as soon as the token is valid, without
 * having seen it (tokens can be guessed). Whoever wins the claim completes the request, which is then reused at once:
 * as another submission of another kind (`life`).
 *
 * Checked:
 *   nothing of the call is read or written by deliver once it may have been completed and reused;
 *   R1 one winner; the RETURN that won finds the request that the record named;
 *   what that RETURN looked at before it claimed was of this call, not of the record's last one;
 *   an aborted call's record forgets it: afterwards no record names a request that has ended (its memory may go).
 * Assumed: stores of one CPU become visible in order (x86, or release).
 *
 * Variants that must be refuted:
 *   CLEAR_EARLY   queue_lock = NULL before the last access (bugs.md M3)
 *   OPEN_EARLY    the record is opened before the last access (bugs.md M8)
 *   NO_QUEUE_LOCK the call is not known to be under the endpoint's lock when others can first find it (bugs.md M4)
 *   NO_DETACH     an abort does not make the record forget the call
 *   DETACH_FIRST  it does, but before it has waited for the delivery
 *   LOOK_FIRST    the RETURN looks at the record before it has found it open
 *
 * run: ok
 * run: refuted -DCLEAR_EARLY
 * run: refuted -DOPEN_EARLY
 * run: refuted -DNO_QUEUE_LOCK
 * run: refuted -DNO_DETACH
 * run: refuted -DDETACH_FIRST
 * run: refuted -DLOOK_FIRST
 *
 * code: kernel/ring/complete.c: struct spinlock *lock = load_acquire(&request->queue_lock);
 * code: kernel/ring/complete.c: if (!request_claim(request, sequence))
 * code: kernel/ring/complete.c: request_unlink(request);
 * code: kernel/ring/complete.c: request_detach(request);
 * code: kernel/ring/complete.c: request_complete(request, own);
 * code: kernel/ring/deliver.h: store_relaxed(&record->caller, call);
 * code: kernel/ring/deliver.h: store_relaxed(&call->record, record);
 * code: kernel/ring/deliver.h: store_release(&call->queue_lock, (struct spinlock *)NULL);
 * code: kernel/ring/deliver.h: store_release(&record->word, word);
 * code: kernel/ring/alone.h: unlikely(load_acquire(&record->word) != word)
 * code: kernel/ring/alone.h: unlikely(bytes > load_relaxed(&record->buf_len))
 * code: kernel/ring/alone.h: unlikely(!record_claim(record, word))
 * code: kernel/ring/again.h: unlikely(load_acquire(&record->word) != record_word_of(request->sqe.target))
 * code: kernel/ring/again.h: unlikely(request->sqe.msg_len > load_relaxed(&record->buf_len))
 * code: kernel/ring/return_little.c: unlikely(load_acquire(&record->word) != record_word_of(request->sqe.target))
 * code: kernel/ring/return_little.c: unlikely(bytes + 8 > load_relaxed(&record->buf_len))
 * code: kernel/ring/deliver.c: store_relaxed(&call->queue_lock, &endpoint->lock);
 * code: kernel/ring/deliver.c: request_link_gate(call);
 */
bool lock_held;
#ifdef NO_QUEUE_LOCK
bool queue_lock = false;
#else
bool queue_lock = true;   /* call->queue_lock is set */
#endif
bool pending = true;      /* the claim */
bool names_record;        /* call->record */
bool caller_set;          /* record->caller */
bool open;                /* record->word */
bool fresh;               /* what it says of a call is about this one */
byte life;                /* how often the request has been completed and reused */
byte over;

#define touch() assert(life == 0)

active proctype delivering()
{
	bool look;

	atomic { !lock_held -> lock_held = true }
	look = pending;
	if
	:: look ->
		fresh = true;
		touch(); /* header, message */
		touch(); /* capabilities */
		caller_set = true;
		touch();
		atomic { touch(); names_record = true }
		touch(); /* flags */
#ifdef CLEAR_EARLY
		queue_lock = false;
#endif
#ifdef OPEN_EARLY
		open = true;
#endif
		touch(); /* served */
		touch(); /* sqe->caps_len */
#ifndef CLEAR_EARLY
		atomic { touch(); queue_lock = false }
#endif
#ifndef OPEN_EARLY
		open = true;
#endif
	:: else
	fi;
	lock_held = false;
	over++
}

inline detach()
{
#ifndef NO_DETACH
	if
	:: names_record -> names_record = false; caller_set = false /* a swap that names the call */
	:: else
	fi
#endif
	skip
}

active proctype aborting()
{
	bool won, locked;

	atomic { won = pending; pending = false }
	if
	:: won ->
#ifdef DETACH_FIRST
		detach();
#endif
		locked = queue_lock;
		if
		:: locked -> atomic { !lock_held -> lock_held = true }; lock_held = false
		:: else
		fi;
#ifndef DETACH_FIRST
		detach();
#endif
		life++
	:: else
	fi;
	over++
}

active proctype returning()
{
	bool found, won, caller, looked;

#ifdef LOOK_FIRST
	looked = fresh;
#endif
	found = open;
	if
	:: found ->
#ifndef LOOK_FIRST
		looked = fresh;
#endif
		caller = caller_set;
		atomic { won = open; open = false }
		assert(!won || looked);
		if
		:: won && caller ->
			atomic { won = pending; pending = false }
			if
			:: won -> assert(life == 0); names_record = false; life++
			:: else
			fi
		:: else
		fi
	:: else
	fi;
	over++
}

active proctype check()
{
	atomic {
		over == 3 ->
		assert(life <= 1);
		assert(!(open && caller_set && life > 0)) /* a RETURN to come would follow a dangling pointer */
	}
}
