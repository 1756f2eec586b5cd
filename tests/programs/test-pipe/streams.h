// SPDX-License-Identifier: MIT OR Apache-2.0
/* A stream whose other end is a child's. */
#pragma once

#include "pipe.h"

#define CAPACITY 16384u

struct other {
	cap_id handle;
	struct stream stream; /* this end */
	struct queue_wait wait;
};

/* A child that does `what` at its end; this end is the opposite of its side. False: it did not start. */
bool other_start(struct other *other, enum queue_side side, const char *what);
/* Waits for the child, and takes everything down. */
struct spawn_exit other_end(struct other *other);

/* A whole stream in this process: both ends opened here, neither watched. */
struct local {
	struct stream reader, writer;
	struct queue_wait read, write; /* of this thread */
};
bool local_start(struct local *local);
void local_end(struct local *local);

/* Until the end: are all bytes the pattern's, from the first? */
bool read_all(struct stream *stream, struct queue_wait *wait, uint64_t *count);
