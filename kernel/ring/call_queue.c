// SPDX-License-Identifier: MIT OR Apache-2.0
/* The queue of an endpoint's calls: see the header. */
#include "call_queue.h"

#include <core/atomic.h>

/* From the end: a ring that is being served has its first call there. */
static struct request *first_of_ring(struct endpoint *endpoint, const struct ring *ring)
{
	for (struct list *it = endpoint->calls.prev; it != &endpoint->calls; it = it->prev) {
		struct request *first = container_of(it, struct request, link);
		if (first->ring == ring)
			return first;
	}
	return NULL;
}

void call_queue_push(struct endpoint *endpoint, struct request *call, bool alone)
{
	endpoint->backlog = true;
	struct request *first = alone ? NULL : first_of_ring(endpoint, call->ring);

	list_push_back(first != NULL ? &first->followers : &endpoint->calls, &call->link);
}

void call_queue_remove(struct endpoint *endpoint, struct request *call)
{
	struct list *node;

	list_remove(&call->link);
	if (list_is_empty(&call->followers))
		return;
	struct request *next = list_first(&call->followers, struct request, link);
	list_remove(&next->link);
	list_push_back(&endpoint->calls, &next->link);
	if (list_is_empty(&call->followers))
		return;
	/* The rest of the chain changes its head. */
	node = call->followers.next;
	list_remove(&call->followers);
	list_insert_between(node->prev, node, &next->followers);
}

void call_queue_disconnect(struct endpoint *endpoint)
{
	for (;;) {
		spin_lock(&endpoint->lock);
		if (list_is_empty(&endpoint->calls)) {
			spin_unlock(&endpoint->lock);
			return;
		}
		struct request *call = list_first(&endpoint->calls, struct request, link);
		call_queue_remove(endpoint, call);
		/* Under the lock: who aborts it must take the lock to unlink before the request can be reused. */
		bool won = request_claim(call, call->sequence);
		spin_unlock(&endpoint->lock);
		if (won) {
			call->result.status = STATUS_DISCONNECTED;
			request_complete(call, NULL);
		}
	}
}

typedef bool fits_fn(uint64_t key, const void *context);

static bool waits(const struct request *call, fits_fn *fits, const void *context, uint64_t *sequence)
{
	uint64_t word = load_acquire(&call->claim);

	*sequence = word >> 2;
	return (word & 3) == REQUEST_PENDING && fits(call->key, context);
}

/* One that still waits, and its sequence number; NULL: none. */
static struct request *find(struct endpoint *endpoint, fits_fn *fits, const void *context, uint64_t *sequence)
	REQUIRES(endpoint->lock)
{
	list_for_each (it, &endpoint->calls) {
		struct request *first = container_of(it, struct request, link);
		if (waits(first, fits, context, sequence))
			return first;
		list_for_each (behind, &first->followers) {
			struct request *call = container_of(behind, struct request, link);
			if (waits(call, fits, context, sequence))
				return call;
		}
	}
	return NULL;
}

void call_queue_abort(struct endpoint *endpoint, fits_fn *fits, const void *context, struct ring *own)
{
	struct request *call;
	uint64_t sequence = 0;

	do {
		spin_lock(&endpoint->lock);
		call = find(endpoint, fits, context, &sequence);
		spin_unlock(&endpoint->lock);
		if (call != NULL)
			(void)request_abort(call, sequence, STATUS_DISCONNECTED, own);
	} while (call != NULL);
}
