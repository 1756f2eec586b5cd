// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: the calls that wait at an endpoint. All under its lock.
 *
 * Fair by process, and within each by ring. Of each process one call is in endpoint->calls: the one that has its turn. Behind that
 * one hang the first calls of the process's other rings (request.siblings), and behind each of all these the others of its own
 * ring, in order (request.followers). When the call leaves, whether delivered or withdrawn, the next of its ring goes behind those
 * of the other rings, the first of which goes to the end of the queue. So neither many open calls nor many rings get a process more
 * turns than one that has a single call; nothing is allocated.
 */
#pragma once

#include <ring/endpoint.h>

/* `alone`: no other call of that process is at any endpoint. */
void call_queue_push(struct endpoint *endpoint, struct request *call, bool alone) REQUIRES(endpoint->lock);
/* The call, in the queue or behind another, leaves. Also for one that has left. */
void call_queue_remove(struct endpoint *endpoint, struct request *call) REQUIRES(endpoint->lock);
/* Completes all of them with DISCONNECTED, one at a time, with the lock given back in between: for an endpoint that admits no more. */
void call_queue_disconnect(struct endpoint *endpoint);
/* The same for those whose facet key fits. `own`: as request_complete. */
void call_queue_abort(struct endpoint *endpoint, bool (*fits)(uint64_t key, const void *context),
		      const void *context, struct ring *own);
