// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Waiting for a peer: until it signals, until it is gone, until a deadline.
 *
 * - A side waits on bits of a Notification (its `ear`) that its peer sets through a facet (its `bell`) which may do
 *   nothing but signal, and only those bits.
 * - That the peer has died is learned in one of two ways, which may be combined: gone_bits, which the kernel raises in
 *   the same word when the last reference to the peer's bell goes; or, as long as the kernel does not, a ProcessHandle
 *   of the peer (attenuated to wait) given to queue_wait_watch. Whoever calls queue_wait_block sees no difference.
 * - A struct queue_wait belongs to one thread, and to its ring; each thread that waits for the same peer has one of
 *   its own. It must not move between init and fini.
 */
#pragma once

#include <queue/queue.h>
#include <runtime/ring.h>

struct queue_wait {
	struct ring_client *ring;
	cap_id ear;         /* Notification; the caller's */
	uint64_t wake_bits; /* what the peer's bell sets */
	uint64_t gone_bits; /* what is set when the peer is gone; 0: nothing is */
	struct rpc_call liveness;
	bool watching; /* liveness is under way, or done */
	bool gone;     /* for good */
};

void queue_wait_init(struct queue_wait *wait, struct ring_client *ring, cap_id ear, uint64_t wake_bits,
		     uint64_t gone_bits);

/* Watches the peer's life from now on, with one call that stays open (it holds a waiting credit of the ring). */
void queue_wait_watch(struct queue_wait *wait, cap_id process_handle);

/* Ends the watch. */
void queue_wait_fini(struct queue_wait *wait);

/*
 * Blocks, after queue_arm said so. OK: somebody signalled, perhaps for something older: look again. DISCONNECTED: the
 * peer is gone; what it left is still to be looked at. Errors: TIMED_OUT (deadline_ns, absolute; 0: none), and those of
 * the operation WAIT and of the watch (BAD_ID, DENIED, REVOKED, AGAIN...).
 */
enum status queue_wait_block(struct queue_wait *wait, uint64_t deadline_ns);

/* Is the peer known to be gone? One entry into the kernel, without waiting. */
bool queue_wait_is_gone(struct queue_wait *wait);
