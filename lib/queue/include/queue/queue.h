// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A queue between two processes in shared memory: one producer, one consumer, neither trusting the other.
 *
 * - Each side owns one line of the control block: how many units it has produced or consumed, whether it waits,
 *   whether it has closed. It alone writes that line, and never reads it back: the truth is in its private struct
 *   queue_end.
 * - What the peer's line says is loaded once and checked against private copies: a count may only grow, and never
 *   beyond what the queue holds. Anything else is a violation, for good; no index is ever formed from it.
 * - Geometry is an argument of queue_init. It comes from a trusted source (the size of the memory object, a schema),
 *   never from the shared memory, and does not change.
 * - Waiting: drain, arm, full fence, look again, block (queue_arm). Waking: publish, full fence, look whether the
 *   peer is armed (queue_should_signal). An arming is answered by one signal. tests/models/queue.pml is the model;
 *   tests/queue_explore_test.c runs this code through every interleaving of small cases, with store buffers.
 * - Nothing here blocks, allocates or locks. queue/wait.h blocks; several threads at one end need a lock of their own.
 *
 * A unit is whatever the user says: a byte (lib/pipe), a record (struct queue_records below).
 */
#pragma once

#include <abi/status.h>
#include <queue/order.h>
#include <stddef.h>

/* One side's words; written by that side only. */
struct queue_line {
	alignas(128) uint64_t position; /* units produced (consumed) since the start, modulo 2^64 */
	uint64_t armed;  /* odd: its owner waits, or is about to. Another number for each arming */
	uint64_t closed; /* not 0: its owner is done; published behind its last position */
};

struct queue_control {
	struct queue_line producer, consumer;
};
static_assert(sizeof(struct queue_control) == 256);

enum queue_side : uint8_t { QUEUE_PRODUCER, QUEUE_CONSUMER };

struct queue_end {
	struct queue_line *mine;
	const struct queue_line *peer;
	uint64_t size;     /* units; a power of two */
	uint64_t position; /* mine */
	uint64_t seen;     /* the peer's, as last accepted */
	uint64_t arming;   /* mine, as last published */
	uint64_t answered; /* the peer's arming that was signalled last */
	enum queue_side side;
	bool closed;      /* mine */
	bool peer_closed; /* seen, and with it the peer's last position */
	bool violated;    /* the peer's counters were impossible: nothing is taken from it any more */
};

/* Both sides start at position 0 of zeroed memory. Errors: INVALID when size is 0, no power of two, or above 2^62. */
enum status queue_init(struct queue_end *end, enum queue_side side, struct queue_control *control,
		       uint64_t size);

/*
 * How many units this end may use now: free ones (producer), filled ones (consumer). Looks at the peer's line only if
 * fewer than `want` are known of. At least what was said before, at most size; 0 once violated.
 */
uint64_t queue_available(struct queue_end *end, uint64_t want);

/* Where the next unit is: an index below size. */
static inline uint64_t queue_index(const struct queue_end *end)
{
	return end->position & (end->size - 1);
}

/* Hands n units over; n is at most what queue_available said (more is cut to it). */
void queue_advance(struct queue_end *end, uint64_t n);

/* After queue_advance or queue_close: is a signal to the peer due? True once for each of the peer's armings. */
bool queue_should_signal(struct queue_end *end);

/*
 * Nothing is available: may this side block? False: there is something after all (units, the peer's closing, a
 * violation), look again. True: whatever the peer does from now on is followed by a signal. Arming again while armed is
 * allowed.
 */
bool queue_arm(struct queue_end *end);
/* No longer waiting: spares the peer a signal. */
void queue_disarm(struct queue_end *end);

/* This side is done; what it produced before can still be consumed. Signal the peer, if queue_should_signal says so. */
void queue_close(struct queue_end *end);

/* Nothing more will come from the peer (for a consumer: look at what is available before this). */
static inline bool queue_is_over(const struct queue_end *end)
{
	return end->peer_closed || end->violated;
}

/* ---- Records of one size ---- */

struct queue_records {
	struct queue_end end;
	uint8_t *records; /* shared: size * record_bytes. A consumer's mapping may be read-only */
	uint32_t record_bytes;
};

/* Errors: INVALID as for queue_init, or when the records do not fit into `bytes` bytes. */
enum status queue_records_init(struct queue_records *queue, enum queue_side side,
			       struct queue_control *control, void *records, uint64_t bytes,
			       uint32_t record_bytes, uint64_t count);

/*
 * Copies one record in. Errors: AGAIN when the queue is full, BAD_STATE when this end was closed, DISCONNECTED when the
 * peer's was, PROTOCOL when the peer's counters are impossible.
 */
enum status queue_put(struct queue_records *queue, const void *record);
/* Copies one record out: the copy is what to look at. Errors: AGAIN when it is empty; the others as for queue_put,
 * DISCONNECTED only when everything was taken. */
enum status queue_take(struct queue_records *queue, void *record);
/*
 * The same without handing the record back: for records that stand for something shared (a slot of a buffer), which stays
 * this side's until queue_advance(&queue->end, 1).
 */
enum status queue_peek(struct queue_records *queue, void *record);
