/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The queue between two processes (lib/queue/queue.c): drain / arm / full fence / look again / block, and publish /
 * full fence / look whether the peer is armed / signal.
 *
 * An abstraction, written by hand after the code: one line of Promela for each access to shared memory, in the code's
 * order; all else is a d_step. A producer of RECORDS records in a queue of SIZE and a consumer, each with a store
 * buffer (TSO: in order, drained at any time), and a notification bit for each. tests/queue_explore_test.c of lib/queue
 * does the same with the code itself; hostile counters are queue_test.c's.
 *
 * Checked:
 *   Q3, Q5  counts stay within the queue; nobody waits for ever (an invalid end state of Spin's);
 *   Q4      the consumer sees the end only behind the last record;
 *   records come out once and in order.
 * Assumed: TSO; a signal is not lost, and stays until it is waited for; the peer keeps to the protocol.
 *
 * Variants that must be refuted:
 *   NO_ARM_FENCE      no full fence between arming and the look   NO_PUBLISH_FENCE   none between position and the look
 *   NO_LOOK           blocks without looking again behind arming  SAME_ARMING        each arming is the same number
 *   POSITION_FIRST    looks at the position before `closed`       SLOT_LATE          publishes a record before its bytes
 *
 * run: ok
 * run: ok -DSIZE=2
 * run: refuted -DNO_ARM_FENCE
 * run: refuted -DNO_PUBLISH_FENCE
 * run: refuted -DNO_LOOK
 * run: refuted -DSAME_ARMING
 * run: refuted -DPOSITION_FIRST
 * run: refuted -DSLOT_LATE
 *
 * code: lib/queue/queue.c: bool closed = queue_observe(&end->peer->closed) != 0;
 * code: lib/queue/queue.c: uint64_t position = queue_observe(&end->peer->position);
 * code: lib/queue/queue.c: if (position - end->seen > most(end)
 * code: lib/queue/queue.c: queue_publish(&end->mine->position, end->position);
 * code: lib/queue/queue.c: queue_fence();
 * code: lib/queue/queue.c: uint64_t armed = queue_observe(&end->peer->armed);
 * code: lib/queue/queue.c: if ((armed & 1) == 0 || armed == end->answered)
 * code: lib/queue/queue.c: end->arming = (end->arming | 1) + 2;
 * code: lib/queue/queue.c: queue_publish(&end->mine->armed, end->arming);
 * code: lib/queue/queue.c: queue_fence();
 * code: lib/queue/queue.c: accept(end);
 */
#ifndef SIZE
#define SIZE 1
#endif
#ifndef RECORDS
#define RECORDS 3
#endif

#define PRODUCER 0
#define CONSUMER 1

/* Words of a line; from SLOT on the producer's records. */
#define POSITION 0
#define ARMED    1
#define CLOSED   2
#define SLOT     3
#define WORDS    5
byte memory[10]; /* WORDS for each side */
chan stores0 = [4] of { byte, byte };
chan stores1 = [4] of { byte, byte };

bool told[2];

active proctype drain()
{
	byte w, v;
end:	do
	:: atomic { stores0?w,v -> memory[w] = v }
	:: atomic { stores1?w,v -> memory[WORDS + w] = v }
	od
}

#define peer_word(me, w) memory[(1 - me) * WORDS + w]

inline publish(me, w, v)
{
	if :: me == PRODUCER -> stores0!w,v :: else -> stores1!w,v fi
}

inline fence(me)
{
	if :: me == PRODUCER -> empty(stores0) :: else -> empty(stores1) fi
}

/* Private to each side: its position, what it has seen of the peer's, its arming, what it answered. */
inline accept(me)
{
#ifdef POSITION_FIRST
	look = peer_word(me, POSITION);
	over_now = peer_word(me, CLOSED);
#else
	over_now = peer_word(me, CLOSED);
	look = peer_word(me, POSITION);
#endif
	d_step {
		assert(look >= seen && look - seen <= SIZE - known);
		if :: me == PRODUCER -> known = SIZE - (position - look) :: else -> known = look - position fi;
		seen = look;
		over = over || over_now != 0
	}
}

inline available(me)
{
	if :: known == 0 -> accept(me) :: else fi
}

inline signal_if_due(me)
{
#ifndef NO_PUBLISH_FENCE
	fence(me);
#endif
	look = peer_word(me, ARMED);
	if
	:: (look & 1) != 0 && look != answered -> answered = look; told[1 - me] = true
	:: else
	fi
}

inline disarm(me)
{
	if :: (arming & 1) != 0 ->
#ifdef SAME_ARMING
		arming = 2;
#else
		arming = arming + 1;
#endif
		publish(me, ARMED, arming)
	:: else fi
}

inline arm_and_wait(me)
{
#ifdef SAME_ARMING
	arming = 3;
#else
	arming = (arming | 1) + 2;
#endif
	publish(me, ARMED, arming);
#ifndef NO_ARM_FENCE
	fence(me);
#endif
#ifndef NO_LOOK
	accept(me);
#endif
	if
	:: known == 0 && !over -> atomic { told[me] -> told[me] = false }
	:: else
	fi;
	disarm(me)
}

active proctype producer()
{
	byte position, seen, known = SIZE, arming, answered, look, over_now, n = 1;
	bool over;

	do
	:: n <= RECORDS ->
		available(PRODUCER);
		if
		:: known == 0 -> arm_and_wait(PRODUCER)
		:: else ->
#ifndef SLOT_LATE
			publish(PRODUCER, SLOT + position % SIZE, n);
#endif
			d_step { position++; known-- }
			publish(PRODUCER, POSITION, position);
#ifdef SLOT_LATE
			publish(PRODUCER, SLOT + (position - 1) % SIZE, n);
#endif
			n++;
			signal_if_due(PRODUCER)
		fi
	:: else -> break
	od;
	publish(PRODUCER, CLOSED, 1);
	signal_if_due(PRODUCER)
}

active proctype consumer()
{
	byte position, seen, known, arming, answered, look, over_now, taken;
	bool over;

	do
	:: available(CONSUMER);
		if
		:: known == 0 && over -> break
		:: known == 0 && !over -> arm_and_wait(CONSUMER)
		:: else ->
			taken = memory[SLOT + position % SIZE];
			assert(taken == position + 1);
			d_step { position++; known-- }
			publish(CONSUMER, POSITION, position);
			signal_if_due(CONSUMER)
		fi
	od;
	assert(position == RECORDS)
}
