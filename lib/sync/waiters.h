// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to lib/sync: who waits, by word; and the seam to threads.
 *
 * W1  A waiter is LISTED exactly while it is in the list of its word's bucket; both change under the bucket's lock.
 * W2  Who takes one out (TAKEN) says WOKEN when it has read all that it needs of it: from then on the waiter, which is on its
 *     thread's stack, may be gone. So a thread leaves only as WOKEN, or when it has taken itself out.
 * W3  A waiter's word changes only under the locks of its old and its new bucket.
 */
#pragma once

#include <stdint.h>
#include <sync/order.h>

enum sync_waiter_state : uint32_t { SYNC_WOKEN, SYNC_TAKEN, SYNC_LISTED };

struct sync_waiter {
	struct sync_waiter *next; /* of its list */
	uint32_t *word;
	uint64_t thread; /* whom to rouse */
	uint32_t state;  /* written under the lock, but WOKEN; atomic */
};

struct sync_bucket {
	uint32_t lock; /* the seam's */
	struct sync_waiter *first, *last;
};

/* ---- The seam: user/threads.c, or a test ---- */

void sync_bucket_lock(struct sync_bucket *bucket);
void sync_bucket_unlock(struct sync_bucket *bucket);
/* The calling thread's name for sync_rouse; 0: it has none. */
uint64_t sync_self(void);
/* Until somebody rouses this thread, also if that was before; or without a reason. True: the deadline (0: none) has passed. */
bool sync_sleep(uint64_t deadline_ns);
/* A moment, for who has no name. True as for sync_sleep. */
bool sync_nap(uint64_t deadline_ns);
void sync_rouse(uint64_t thread);
