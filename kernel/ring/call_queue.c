// SPDX-License-Identifier: MIT OR Apache-2.0
/* The queue of an endpoint's calls: see the header. */
#include "call_queue.h"

#include <core/atomic.h>
#include <ring/thread.h>

static const struct process *process_of(const struct request *call)
{
	return ring_thread(call->ring)->process;
}

/* From the end: a process that is being served has its call there. */
static struct request *turn_of(struct endpoint *endpoint, const struct process *process)
{
	for (struct list *it = endpoint->calls.prev; it != &endpoint->calls; it = it->prev) {
		struct request *first = container_of(it, struct request, link);
		if (process_of(first) == process)
			return first;
	}
	return NULL;
}

/* The first call of that ring: the one that has the turn, or one of its siblings. */
static struct request *first_of_ring(struct request *turn, const struct ring *ring)
{
	if (turn->ring == ring)
		return turn;
	list_for_each (it, &turn->siblings) {
		struct request *first = container_of(it, struct request, link);
		if (first->ring == ring)
			return first;
	}
	return NULL;
}

static void give_turn(struct endpoint *endpoint, struct request *call)
{
	call->has_turn = true;
	list_push_back(&endpoint->calls, &call->link);
}

void call_queue_push(struct endpoint *endpoint, struct request *call, bool alone)
{
	struct request *turn = alone ? NULL : turn_of(endpoint, process_of(call));

	store_relaxed(&endpoint->backlog, true);
	list_init(&call->siblings);
	if (turn == NULL) {
		give_turn(endpoint, call);
		return;
	}
	struct request *first = first_of_ring(turn, call->ring);
	list_push_back(first != NULL ? &first->followers : &turn->siblings, &call->link);
}

/* The chain changes its head, which has none yet. */
static void move_chain(struct list *from, struct list *to)
{
	struct list *node = from->next;

	if (list_is_empty(from))
		return;
	list_remove(from);
	list_insert_between(node->prev, node, to);
}

/* The next of its ring, with those behind it; NULL: there is none. */
static struct request *take_follower(struct request *call)
{
	if (list_is_empty(&call->followers))
		return NULL;
	struct request *next = list_first(&call->followers, struct request, link);
	list_remove(&next->link);
	move_chain(&call->followers, &next->followers);
	return next;
}

void call_queue_remove(struct endpoint *endpoint, struct request *call)
{
	struct list *before = call->link.prev;

	list_remove(&call->link);
	struct request *next = take_follower(call);
	if (!call->has_turn) { /* then some follow it, or whoever asked would have taken it off its list */
		list_insert_between(before, before->next, &next->link);
		return;
	}
	call->has_turn = false;
	if (!list_is_empty(&call->siblings)) {
		struct request *sibling = list_first(&call->siblings, struct request, link);
		list_remove(&sibling->link);
		move_chain(&call->siblings, &sibling->siblings);
		if (next != NULL)
			list_push_back(&sibling->siblings, &next->link);
		next = sibling;
	}
	if (next != NULL)
		give_turn(endpoint, next);
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

/* That call, or one behind it of its ring. */
static struct request *find_in_ring(struct request *first, fits_fn *fits, const void *context,
				    uint64_t *sequence)
{
	if (waits(first, fits, context, sequence))
		return first;
	list_for_each (it, &first->followers) {
		struct request *call = container_of(it, struct request, link);
		if (waits(call, fits, context, sequence))
			return call;
	}
	return NULL;
}

/* One that still waits, and its sequence number; NULL: none. */
static struct request *find(struct endpoint *endpoint, fits_fn *fits, const void *context, uint64_t *sequence)
	REQUIRES(endpoint->lock)
{
	list_for_each (it, &endpoint->calls) {
		struct request *turn = container_of(it, struct request, link);
		struct request *found = find_in_ring(turn, fits, context, sequence);
		list_for_each (sibling, &turn->siblings) {
			if (found != NULL)
				break;
			found = find_in_ring(container_of(sibling, struct request, link), fits, context,
					     sequence);
		}
		if (found != NULL)
			return found;
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
