// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: the calls that wait at an endpoint. All under its lock.
 *
 * Fair by ring: of each ring one call is in endpoint->calls, the rest hang behind that one (request.followers), in order. When
 * it leaves, whether delivered or withdrawn, the next of its ring goes to the end of the queue. So a ring with many open calls
 * takes turns with one that has few; nothing is allocated.
 */
#pragma once

#include <ring/endpoint.h>

/* `alone`: no other call of that ring is at any endpoint. */
void call_queue_push(struct endpoint *endpoint, struct request *call, bool alone) REQUIRES(endpoint->lock);
/* The call, in the queue or behind another, leaves. Also for one that has left. */
void call_queue_remove(struct endpoint *endpoint, struct request *call) REQUIRES(endpoint->lock);
/* Completes all of them with DISCONNECTED, one at a time, with the lock given back in between: for an endpoint that admits no more. */
void call_queue_disconnect(struct endpoint *endpoint);
/* The same for those whose facet key fits. `own`: as request_complete. */
void call_queue_abort(struct endpoint *endpoint, bool (*fits)(uint64_t key, const void *context),
		      const void *context, struct ring *own);
