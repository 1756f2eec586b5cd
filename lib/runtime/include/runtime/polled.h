// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Polled submission: calls without an entry into the kernel, through the ring of a thread that polls on a leased CPU.
 *
 * - polled_ring_open makes that thread, which binds itself to the lease. From then on its ring belongs to the one who opened it: a transport
 *   (rpc/client.h) for generated stubs, and ring_submit for everything else. ring_flush, ring_wait and what else enters the kernel are for
 *   one's own ring only.
 * - Waiting is watching the queue for a while, then sleeping in short steps. When the kernel has nothing to take for idle_ns it stops to poll, and
 *   the next submission wakes it. When the lease ends, each submission does: slower, and nothing is lost.
 * - The calls are made by that thread: capabilities are the process's, as ever.
 */
#pragma once

#include <runtime/ring.h>
#include <runtime/thread.h>

struct polled_ring {
	struct ring_client ring; /* first: the transport is the ring */
	struct thread thread;
	cap_id lease;
	uint64_t idle_ns;
	struct cap_region *region; /* of the thread; null until it polls, or could not */
	enum status status;
	uint32_t stage; /* atomic */
};

/* `lease` is a CpuIsolationLease and is needed until polled_ring_close; the struct must not move. options may be null. Errors: those of
 * thread_start and of CpuIsolationLease.bind and poll (EXCEPTION). */
enum status polled_ring_open(struct polled_ring *polled, cap_id lease, uint64_t idle_ns,
			     const struct thread_options *options);
/* All calls have ended. */
enum status polled_ring_close(struct polled_ring *polled);

static inline struct rpc_transport *polled_ring_transport(struct polled_ring *polled)
{
	return &polled->ring.transport;
}

/* What was submitted is to be taken: after ring_submit and sent calls, unless a call is waited for. */
void polled_ring_publish(struct polled_ring *polled);
/* Dispatches what has completed; true: something had. */
bool polled_ring_reap(struct polled_ring *polled);
