// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A pipe as a server keeps it for many clients (schema/service/pipe.capnp): a buffer, and operations that wait. No
 * capabilities, no calls, no memory of its own: pipe/server.h joins it to the service loop.
 *
 * - Ends are open, closed (by a holder) or gone (no holder is left); both ends may be one holder's.
 * - Whoever waits is completed in the order of arrival, exactly once, through `complete`, unless taken back by
 *   pipe_object_cancel. `complete` says whether the answer reached its caller: if not, no byte was read by it, or written.
 * - Not thread-safe; `complete` must not call back.
 */
#pragma once

#include <pipe/flow.h>

#define PIPE_BUFFER 65536u /* bytes of a pipe: what Unix programs expect to be taken at once */
#define PIPE_WAITERS 8u    /* operations that may wait at a pipe */
#define PIPE_ATOMIC 4096u  /* a write of at most so many bytes can be taken as a whole */

enum pipe_ends : uint8_t { PIPE_END_READ = 1, PIPE_END_WRITE = 2, PIPE_END_BOTH = 3 };

/* Bytes in at most two pieces. */
struct pipe_answer {
	enum flow_result result; /* DONE, END, BROKEN, CLOSED */
	uint32_t count;
	const uint8_t *first, *second; /* of a read */
	uint32_t first_count;          /* of count */
};

typedef bool pipe_complete_fn(void *context, uint32_t waiter, const struct pipe_answer *answer);

struct pipe_waiter {
	uint64_t order;      /* 0: free */
	uint32_t count;      /* bytes wanted, or brought */
	uint32_t least;      /* of those brought, to be taken together */
	enum pipe_ends end;  /* read or write */
	bool asks;           /* only whether that would not wait: nothing is read or written */
	const uint8_t *from; /* bytes brought */
};

/* Bytes to be written. */
struct pipe_bytes {
	const uint8_t *bytes;
	uint32_t len;
	bool whole; /* all of them or none, if there are at most PIPE_ATOMIC */
	bool lent; /* they stay where they are while the write waits; others are copied: PIPE_ATOMIC, the rest is left over */
};

/*
 * Invariants, whenever no function runs:
 * P1  filled <= PIPE_BUFFER; the bytes are buffer[head ... head + filled), modulo its size.
 * P2  A read waits only while nothing is filled and neither end is closed or gone.
 * P3  A write waits only while the least that it brings does not fit, or behind one that waits, and neither end is closed or gone.
 *     Who asks whether it would waits while less than PIPE_ATOMIC fits.
 */
struct pipe_object {
	pipe_complete_fn *complete;
	void *context;
	uint64_t arrivals;
	uint32_t head, filled;
	uint8_t closed, gone; /* enum pipe_ends, as bits */
	uint8_t waiting;      /* operations */
	uint8_t writes;       /* of them, writes: not those that ask */
	struct pipe_waiter waiters[PIPE_WAITERS];
	uint8_t buffer[PIPE_BUFFER];
	uint8_t brought[PIPE_WAITERS][PIPE_ATOMIC];
};

void pipe_object_init(struct pipe_object *pipe, pipe_complete_fn *complete, void *context);

/*
 * DONE: answer says which bytes; they are taken by pipe_object_take, after they were copied. END, CLOSED. WAIT:
 * pipe_object_wait_read is to be called, or nothing.
 */
enum flow_result pipe_object_read(struct pipe_object *pipe, uint32_t max, struct pipe_answer *answer);
void pipe_object_take(struct pipe_object *pipe, uint32_t count);
/*
 * DONE: *count were taken, at least one (or len was 0). BROKEN, CLOSED. WAIT: as for reading. Bytes that somebody waits for go to
 * him from where they are.
 */
enum flow_result pipe_object_write(struct pipe_object *pipe, struct pipe_bytes bytes, uint32_t *count);

/* After WAIT: the waiter's index below PIPE_WAITERS. False: too many wait. */
bool pipe_object_wait_read(struct pipe_object *pipe, uint32_t max, uint32_t *waiter);
bool pipe_object_wait_write(struct pipe_object *pipe, struct pipe_bytes bytes, uint32_t *waiter);

/*
 * Would it not wait now? DONE: *count bytes are there, at least one, or there is room for so many, at least PIPE_ATOMIC. END, BROKEN, CLOSED.
 * WAIT: pipe_object_wait_ready is to be called, or nothing.
 */
enum flow_result pipe_object_ready(const struct pipe_object *pipe, enum pipe_ends end, uint32_t *count);
bool pipe_object_wait_ready(struct pipe_object *pipe, enum pipe_ends end, uint32_t *waiter);

/* Its caller no longer waits: it is not completed, and reads or writes nothing. */
void pipe_object_cancel(struct pipe_object *pipe, uint32_t waiter);

/* ends: enum pipe_ends, as bits. */
void pipe_object_close(struct pipe_object *pipe, uint8_t ends); /* a holder says so */
void pipe_object_gone(struct pipe_object *pipe, uint8_t ends);  /* no holder is left */
