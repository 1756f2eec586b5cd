/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Polled submission: falling asleep against submitting (kernel/ring/poll.c, lib/runtime/polled.c).
 *
 * An abstraction, written by hand after the code: one thread polls its queue in its cap_enter, falls asleep after a while, and goes on when it
 * is woken; its cap_enter may end for another reason (a deadline), then it enters again; its lease ends at any time, and then it never
 * polls. Another thread submits, and wakes it if region.polled says that it does not poll. Each of the two shared words has one writer,
 * with a store buffer of one place in front of it (as in tso.pml).
 *
 * Checked: P3  when nobody can go on, everything that was submitted has been taken.
 * Assumed: TSO; a wake permit is never lost (ring.pml).
 *
 * Variants that must be refuted:
 *   NO_SLEEPER_FENCE   nothing between the word and the last look at the queue   NO_LOOK      no last look
 *   NO_PRODUCER_FENCE  nothing between the tail and the look at the word         LATE_WORD    the word is set behind the last look
 *   NO_END             the word stays when the cap_enter ends, and the thread then waits without it
 *
 * run: ok
 * run: refuted -DNO_SLEEPER_FENCE
 * run: refuted -DNO_LOOK
 * run: refuted -DNO_PRODUCER_FENCE
 * run: refuted -DLATE_WORD
 * run: refuted -DNO_END
 *
 * code: kernel/ring/poll.c: store_release(&thread->ring.control->polled, 0u);
 * code: kernel/ring/poll.c: store_fenced(&ring->control->polled, 0u);
 * code: kernel/ring/poll.c: return has_submissions(ring) ? POLL_WORK : POLL_SLEEP;
 * code: kernel/ring/poll.c: if (unlikely(bound_to != cpu->id))
 * code: kernel/ring/poll.c: store_relaxed(&ring->control->polled, 1u);
 * code: kernel/ring/poll.c: if (has_submissions(ring) || ring_has_work(ring)) {
 * code: lib/runtime/polled.c: __atomic_store_n(&region->sq_tail, (uint32_t)polled->ring.transport.sequence, __ATOMIC_RELEASE);
 * code: lib/runtime/polled.c: __atomic_thread_fence(__ATOMIC_SEQ_CST);
 * code: lib/runtime/polled.c: if (__atomic_load_n(&region->polled, __ATOMIC_RELAXED) == 0)
 */
#define SUBMISSIONS 4
#define NOTHING 255

byte tail, tail_buffer = NOTHING;     /* written by the one who submits */
byte polled, polled_buffer = NOTHING; /* written by the one who polls */
byte head;
bool permit, ended; /* of the lease */

inline drain(w, buffer)
{
	d_step { if :: buffer != NOTHING -> w = buffer; buffer = NOTHING :: else fi }
}

inline put(w, buffer, v)
{
	d_step { if :: buffer != NOTHING -> w = buffer :: else fi; buffer = v }
}

active proctype memory()
{
end:	do
	:: d_step { tail_buffer != NOTHING -> tail = tail_buffer; tail_buffer = NOTHING }
	:: d_step { polled_buffer != NOTHING -> polled = polled_buffer; polled_buffer = NOTHING }
	:: d_step { !ended -> ended = true }
	od
}

active proctype submitter()
{
	byte sent;

	do
	:: sent < SUBMISSIONS ->
		sent++;
		put(tail, tail_buffer, sent);
#ifndef NO_PRODUCER_FENCE
		drain(tail, tail_buffer);
#endif
		if
		:: polled == 0 -> atomic { drain(tail, tail_buffer); permit = true }
		:: else
		fi
	:: else -> break
	od
}

active proctype poller()
{
	bool plain; /* this cap_enter waits without having polled, as one that came before the lease was seen to have ended */

enter:	head = tail; /* what is there is taken */
	if
	:: permit -> atomic { permit = false; drain(polled, polled_buffer) } goto leave
	:: !permit
	fi;
	if
	:: ended -> goto sleep
	:: !ended
	fi;
#ifdef NO_END
	if
	:: plain -> goto wait
	:: !plain
	fi;
#endif
	put(polled, polled_buffer, 1);
	do
	:: head != tail -> goto enter
	:: permit -> goto enter
	:: goto leave /* another reason to end */
	:: goto sleep /* idle for long, or the lease has ended */
	od;
leave:
#ifdef NO_END
	plain = true;
#else
	put(polled, polled_buffer, 0);
#endif
	goto enter;
sleep:
#ifdef LATE_WORD
	if
	:: head != tail -> goto enter
	:: head == tail
	fi;
	put(polled, polled_buffer, 0);
	drain(polled, polled_buffer);
#else
	put(polled, polled_buffer, 0);
#ifndef NO_SLEEPER_FENCE
	drain(polled, polled_buffer);
#endif
#ifndef NO_LOOK
	if
	:: head != tail -> goto enter
	:: head == tail
	fi;
#endif
#endif
wait:	drain(polled, polled_buffer); /* BLOCKED is published with a fence */
end:	permit;
	goto enter
}

init
{
	timeout -> assert(head == SUBMISSIONS) /* P3 */
}
