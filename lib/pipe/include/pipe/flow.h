// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A byte stream over a queue: what reading and writing mean, without any waiting.
 *
 * - The unit of the queue is a byte. Writing takes as much as fits, reading as much as there is.
 * - A reader sees the end only when every byte that was published is read. A writer sees a broken pipe as soon as it
 *   looks: it looks at the reader's line at every write.
 * - That the peer is dead, and that its counters are impossible, mean the same as that it has closed: end, or broken
 *   pipe. flow_ending says which it was.
 */
#pragma once

#include <queue/queue.h>

enum flow_result : uint8_t {
	FLOW_DONE,      /* all of it (reading: at least one byte) */
	FLOW_WAIT,      /* no more now: the rest must wait */
	FLOW_END,       /* reading: everything was read, and nothing will come */
	FLOW_BROKEN,    /* writing: nobody will read it */
	FLOW_CLOSED,    /* this end was closed by its own side */
	FLOW_TIMED_OUT, /* the deadline came first */
	FLOW_FULL,      /* too many wait already */
	FLOW_FAILED,    /* waiting itself failed */
};

enum flow_ending : uint8_t {
	FLOW_OPEN,
	FLOW_PEER_CLOSED,
	FLOW_PEER_GONE,     /* died, or dropped its end without closing it */
	FLOW_PEER_VIOLATED, /* impossible counters */
};

struct flow {
	struct queue_end queue;
	uint8_t *data; /* shared: queue.size bytes */
	bool gone;     /* set by whoever learned that the peer is */
};

/* Errors: INVALID as for queue_init. */
enum status flow_init(struct flow *flow, enum queue_side side, struct queue_control *control, void *data,
		      uint64_t size);

/* DONE with *count = len; WAIT, BROKEN or CLOSED with *count = 0, or, WAIT only, what did fit. */
enum flow_result flow_write(struct flow *flow, const void *bytes, uint64_t len, uint64_t *count);

/* DONE with 0 < *count <= max (or max 0); WAIT, END or CLOSED with *count = 0. */
enum flow_result flow_read(struct flow *flow, void *bytes, uint64_t max, uint64_t *count);

/* As far as this side has seen. A reader may still have bytes to read. */
enum flow_ending flow_ending(const struct flow *flow);
