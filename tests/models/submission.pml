/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The submission and completion queues between a thread and the kernel (kernel/ring/submit.c, complete.c), with indexes
 * that wrap: 3 bits instead of 32, 2 submissions, 4 completions.
 *
 * An abstraction: an operation either completes at once or waits and completes later, in any order; the arithmetic is
 * the code's. The kernel runs inside cap_enter only, as the thread's own CPU does. Shared memory belongs to an honest
 * producer and consumer, or, with HOSTILE, to somebody who writes at any moment: then each read gives any value.
 *
 * Checked:
 *   Q1  cq_tail - cq_head + pending <= completions, whenever something is admitted or posted (honest; for a hostile
 *       consumer: whenever something is admitted); no completion that was not reaped is overwritten (honest);
 *   Q2  an index is read once and checked: never more admitted than the queue holds, never a negative room;
 *       an entry is read once: what is dispatched is what was checked;
 *   each submission is taken once and in order, and completes once (honest).
 * A hostile thread that is found out ends as PROTOCOL; nothing else of the kernel depends on its indexes.
 *
 * Variants that must be refuted:
 *   NO_TAIL_CHECK (HOSTILE)    the distance of sq_tail is not compared with the queue
 *   NO_ROOM_CHECK (HOSTILE)    a cq_head that went backwards is not noticed before the subtraction
 *   READ_TWICE    (HOSTILE)    sq_tail is read again for the loop, after the check
 *   FETCH_TWICE   (HOSTILE)    the entry is read again for its dispatch, after the check
 *   NO_CREDIT                  admission does not look at completion slots
 *   TAIL_FIRST                 the producer publishes the tail before the entry
 *
 * run: ok
 * run: ok -DHOSTILE
 * run: refuted -DHOSTILE -DNO_TAIL_CHECK
 * run: refuted -DHOSTILE -DNO_ROOM_CHECK
 * run: refuted -DHOSTILE -DREAD_TWICE
 * run: refuted -DHOSTILE -DFETCH_TWICE
 * run: refuted -DNO_CREDIT
 * run: refuted -DTAIL_FIRST
 *
 * code: kernel/ring/dispatch.h: return ring->cq_tail - ring->cq_head + ring->pending + count <= ring->cq_count;
 * code: kernel/ring/dispatch.h: if (unreaped == UINT32_MAX || unreaped + ring->pending > ring->cq_count)
 * code: kernel/ring/dispatch.h: uint32_t left = ring->cq_count - unreaped - ring->pending;
 * code: kernel/ring/submit.c: ring->sq_quick == 0 && count <= ring->sq_mask + 1
 * code: kernel/ring/enter.c: uint32_t tail = load_acquire(&ring->control->sq_tail); /* Q2
 * code: kernel/ring/enter.c: (void)submit(thread, tail - (uint32_t)ring->sq_head);
 * code: kernel/ring/complete.c: uint32_t head = load_acquire(&ring->control->cq_head); /* Q2
 * code: kernel/ring/complete.c: if (unlikely(ring->cq_tail - head > ring->cq_count))
 */
#define MOD(x) ((x) & 7)
#define SQ 2
#define CQ 4
#define ROUNDS 9  /* submissions of the honest producer: the indexes wrap */

byte sq_tail, cq_head;    /* shared: written by the user */
byte cq_tail_shared, sq_head_shared;
byte entry[SQ];           /* shared: 0 is not valid; the honest one counts 1, 2, 3, 1, ... */
byte slot[CQ];            /* shared: completions, 0 = reaped */
byte sq_head, cq_tail, cq_head_k, pending; /* the kernel's own */
bool protocol;
byte waiting[2];          /* what waits: values */

#define DISTANCE(a, b) MOD((a) + 8 - (b))

#ifdef HOSTILE
#define READ(to, from, most) select(to : 0 .. most)
#else
#define READ(to, from, most) to = from
#endif

inline post(value)
{
	d_step {
#ifndef HOSTILE
		assert(slot[cq_tail & (CQ - 1)] == 0); /* Q1: never one that was not reaped */
		assert(DISTANCE(cq_tail, cq_head) < CQ);
#endif
#ifndef HOSTILE
		slot[cq_tail & (CQ - 1)] = value;
#endif
		cq_tail = MOD(cq_tail + 1);
		cq_tail_shared = cq_tail
	}
}

inline unreaped(out)
{
	atomic {
		READ(head, cq_head, 7);
		if
		:: DISTANCE(cq_tail, head) > CQ -> out = 255
		:: else -> cq_head_k = head; out = DISTANCE(cq_tail, head)
		fi
	}
}

inline complete_one(i)
{
	pending--;
	post(waiting[i]);
	waiting[i] = 0
}

active proctype kernel()
{
	byte tail, count, allowed, u, head, value, again, expected = 1;
	byte done; /* ghost: honest submissions taken */

	do
	:: protocol -> break
	:: /* one cap_enter */
	   READ(tail, sq_tail, 7);
	   count = DISTANCE(tail, sq_head);
#ifndef NO_TAIL_CHECK
	   if :: count > SQ -> protocol = true; break :: else fi;
#endif
	   assert(count <= SQ); /* Q2 */
	   /* room() */
	   allowed = count;
#ifndef NO_CREDIT
	   if
	   :: DISTANCE(cq_tail, cq_head_k) + pending + count <= CQ
	   :: else ->
		unreaped(u);
		if :: u == 255 -> protocol = true; break :: else fi;
#ifndef NO_ROOM_CHECK
		if :: u + pending > CQ -> protocol = true; break :: else fi;
#endif
		assert(u + pending <= CQ); /* Q1: the subtraction does not wrap */
		if
		:: CQ - u - pending < count -> allowed = CQ - u - pending
		:: else
		fi
	   fi;
#endif
#ifdef READ_TWICE
	   READ(again, sq_tail, 7);
	   allowed = DISTANCE(again, sq_head);
#endif
	   do
	   :: allowed == 0 -> break
	   :: else ->
		allowed--;
		READ(value, entry[sq_head & (SQ - 1)], 3);
		again = value;
#ifdef FETCH_TWICE
		READ(again, entry[sq_head & (SQ - 1)], 3);
#endif
		assert(again == value);
#ifndef HOSTILE
		assert(value == expected); /* in order, once, whole */
		expected = (expected == 3 -> 1 : expected + 1);
		assert(DISTANCE(sq_tail, sq_head) > 0);
		entry[sq_head & (SQ - 1)] = 0; /* ghost: taken */
		done++;
#else
		if :: value == 0 -> value = 1 :: else fi;
		assert(DISTANCE(tail, sq_head) > 0 && DISTANCE(tail, sq_head) <= SQ);
#endif
		sq_head = MOD(sq_head + 1);
		if
		:: post(value)
		:: waiting[0] == 0 -> waiting[0] = value; pending++
		:: waiting[1] == 0 -> waiting[1] = value; pending++
		fi
	   od;
	   sq_head_shared = sq_head;
	   value = 0; again = 0; tail = 0; head = 0; u = 0; count = 0
	:: waiting[0] != 0 -> complete_one(0)
	:: waiting[1] != 0 -> complete_one(1)
#ifndef HOSTILE
	:: done == ROUNDS && waiting[0] == 0 && waiting[1] == 0 -> break
#endif
	od
}

#ifndef HOSTILE
active proctype producer()
{
	byte n, tail;

	do
	:: n == ROUNDS -> break
	:: n < ROUNDS && DISTANCE(tail, sq_head_shared) < SQ ->
#ifdef TAIL_FIRST
		sq_tail = MOD(tail + 1);
		entry[tail & (SQ - 1)] = n % 3 + 1;
#else
		entry[tail & (SQ - 1)] = n % 3 + 1;
		sq_tail = MOD(tail + 1);
#endif
		tail = MOD(tail + 1);
		n++
	od
}

active proctype consumer()
{
	byte n, head;

	do
	:: n == ROUNDS -> break
	:: n < ROUNDS && head != cq_tail_shared ->
		assert(slot[head & (CQ - 1)] != 0);
		slot[head & (CQ - 1)] = 0;
		head = MOD(head + 1);
		cq_head = head;
		n++
	od
}
#endif
