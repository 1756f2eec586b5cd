// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A pipe in shared memory: one end of a byte stream between two processes, as a handle. No call is made for the bytes;
 * the kernel is entered only to wait and to wake.
 *
 * - stream_make makes the parts of both ends; they travel as capabilities (grants, or arguments of a call), and each
 *   process opens its own with stream_open. An end belongs to one process, where any number of threads may use it,
 *   each with a struct queue_wait of its own (stream_wait_init).
 * - Blocking, partial counts, end of file, broken pipe and closing are described at each function. None of them
 *   depends on the peer keeping to the protocol, or staying alive, if its life is watched: parts.peer, or gone bits.
 * - Closing an end completes the operations of this process that wait at it (CLOSED), and those of the peer.
 * - A writer whose reader died without closing learns it when it waits, and at a write that finds nothing read since
 *   the last one; so at most one write after the reader's death is taken in good faith.
 */
#pragma once

#include <pipe/flow.h>
#include <queue/wait.h>
#include <runtime/thread.h>

struct rpc_transport;

#define STREAM_NO_WAIT UINT64_MAX /* as a deadline: never wait */

/* What an end consists of; capabilities of whoever holds them. */
struct stream_parts {
	cap_id memory; /* MemoryObject: the control page, then the bytes */
	cap_id ear; /* Notification facet to wait on (and to set the same bits, for other threads of this end) */
	cap_id bell; /* Notification facet that wakes the peer; may only signal */
	cap_id peer; /* ProcessHandle of the peer, for wait; null: its death is not noticed by it */
};

struct stream {
	struct flow flow; /* lock */
	struct spin_lock lock;
	uint32_t waiting;                /* lock; threads of this process that wait, or are about to */
	uint64_t peer_position;          /* lock; at the last write */
	enum status failure;             /* lock; what FLOW_FAILED was */
	struct rpc_transport *transport; /* of the opener, for fini */
	cap_id space;
	struct stream_parts parts;
	uint64_t address, bytes;
	uint64_t wake_bits, gone_bits;
};

/*
 * Makes a pipe of `capacity` bytes (a power of two from 4096 to 1 GiB), and the parts of its two ends, without peers.
 * Errors: INVALID, and those of the calls; then nothing of it remains.
 */
enum status stream_make(struct rpc_transport *transport, cap_id space, cap_id manager, uint64_t capacity,
			struct stream_parts *reader, struct stream_parts *writer);
/* Releases them (not the peer, which is the caller's). For whoever has passed them on, and after stream_fini. */
void stream_parts_release(struct rpc_transport *transport, struct stream_parts *parts);

/*
 * Opens the consumer's (reader's) or producer's (writer's) end, whose parts are borrowed until stream_fini. The capacity
 * follows from the memory's size. Errors: INVALID when that is none that stream_make makes; those of the calls.
 */
enum status stream_open(struct stream *stream, enum queue_side side, const struct stream_parts *parts,
			struct rpc_transport *transport, cap_id space);

/* How the calling thread waits at this end; queue_wait_fini ends it. The ring is the thread's own. */
void stream_wait_init(struct queue_wait *wait, const struct stream *stream, struct ring_client *ring);

/*
 * Writes all of it. DONE: *count = len. Otherwise *count bytes were written (they will be read, if anything is) and the
 * rest was not, because of: BROKEN (the reader closed, died, or broke the protocol), CLOSED (this end was closed, perhaps
 * meanwhile), TIMED_OUT (deadline_ns, absolute; 0: none), WAIT (STREAM_NO_WAIT, and no room), FAILED (stream->failure).
 */
enum flow_result stream_write(struct stream *stream, struct queue_wait *wait, const void *bytes, uint64_t len,
			      uint64_t deadline_ns, uint64_t *count);

/*
 * Reads what there is, waiting for at least one byte. DONE: 0 < *count <= max. END: everything was read, and the writer
 * closed, died, or broke the protocol (stream_ending). Otherwise as stream_write.
 */
enum flow_result stream_read(struct stream *stream, struct queue_wait *wait, void *bytes, uint64_t max,
			     uint64_t deadline_ns, uint64_t *count);

/* Closes this end, for good: wakes whoever waits on either side. Again: nothing happens. */
void stream_close(struct stream *stream, struct queue_wait *wait);

enum flow_ending stream_ending(struct stream *stream);

/* Unmaps it, after closing, when no thread uses it any more. Errors: BAD_STATE while one waits. */
enum status stream_fini(struct stream *stream);
