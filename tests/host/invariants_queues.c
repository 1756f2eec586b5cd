// SPDX-License-Identifier: MIT OR Apache-2.0
/* Endpoints, notifications and gates; see invariants.h. */
#include "invariants.h"

#include <archimpl/machine.h>
#include <ring/endpoint.h>
#include <ring/notification.h>

#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

#define LONGEST 4096u

static uint32_t length(const struct list *head, const char *what)
{
	uint32_t count = 0;

	for (const struct list *it = head->next; it != head; it = it->next, count++)
		if (it->next->prev != it || it->prev->next != it || count > LONGEST)
			host_die("invariant I7: %s: the list is none", what);
	return count;
}

static void waits_there(const struct request *request, const struct spinlock *lock, const char *what)
{
	if ((request->claim & 3) == REQUEST_FREE)
		host_die("invariant I7: %s: request %llu is free", what,
			 (unsigned long long)request->sequence);
	if ((request->claim & 3) == REQUEST_PENDING && request->queue_lock != lock)
		host_die("invariant I7: %s: request %llu is in the queue, and does not know it", what,
			 (unsigned long long)request->sequence);
}

/* Blocked, and nobody has told it to look. */
static bool sleeps(const struct request *request)
{
	return (request->ring->state == RING_BLOCKED || request->ring->state == RING_ALONE) &&
	       (request->ring->signals & ~(uint32_t)RING_NO_REASONS) == 0;
}

static bool is_plain(const struct request *request, unsigned besides)
{
	return (request->claim & 3) == REQUEST_PENDING && (request->extras & ~besides) == 0;
}

static void look_at_endpoint(const struct endpoint *endpoint)
{
	uint32_t calls = length(&endpoint->calls, "calls");
	uint32_t notices = length(&endpoint->notices, "notices");
	uint32_t receivers = length(&endpoint->receivers, "receivers");
	const struct request *parked = endpoint->parked;

	if (endpoint->lock.word != 0)
		host_die("invariant I7: an endpoint is locked while the kernel rests");
	list_for_each (it, &endpoint->calls) {
		const struct request *first = container_of(it, struct request, link);
		waits_there(first, &endpoint->lock, "calls");
		(void)length(&first->followers, "followers");
		list_for_each (behind, &first->followers) {
			const struct request *call = container_of(behind, struct request, link);
			waits_there(call, &endpoint->lock, "followers");
			if (call->ring != first->ring)
				host_die("invariant I7: a call hangs behind one of another ring");
		}
	}
	list_for_each (it, &endpoint->receivers)
		waits_there(container_of(it, struct request, link), &endpoint->lock, "receivers");
	if (parked != NULL)
		waits_there(parked, &endpoint->lock, "parked");
	if ((calls + notices != 0 && !endpoint->backlog) || (receivers != 0 && !endpoint->more))
		host_die("invariant I7: %u calls, %u notices, %u receivers: and the endpoint does not know",
			 calls, notices, receivers);
	if (calls != 0 && parked != NULL && !endpoint->dead && sleeps(parked) &&
	    is_plain(parked, REQUEST_RECORD | REQUEST_POSTED) &&
	    is_plain(list_first(&endpoint->calls, struct request, link), REQUEST_VIEW))
		host_die("invariant I7: a call and a receiver wait for each other");
}

static void look_at_notification(const struct notification *notification)
{
	(void)length(&notification->waiters, "waiters");
	list_for_each (it, &notification->waiters) {
		const struct request *wait = container_of(it, struct request, link);
		waits_there(wait, &notification->lock, "waiters");
		if ((wait->key & notification->bits) != 0 && sleeps(wait) &&
		    (wait->claim & 3) == REQUEST_PENDING)
			host_die("invariant I7: bits %#llx are set, and who waits for them sleeps",
				 (unsigned long long)notification->bits);
	}
}

void queues_look(const struct view *view)
{
	const struct object *object = view->object;

	if (object->type == &endpoint_type)
		look_at_endpoint(container_of(object, struct endpoint, object));
	else if (object->type == notification_object_type)
		look_at_notification(container_of(object, struct notification, object));
}

/* A gate's death is marked from the top: one that is being marked still is in its revoker's list, or its parent is. */
void gates_look(const struct gate *gate)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct gate *parent = gate->parent[i];
		if (parent == NULL)
			continue;
		if (parent->object.refs == 0 || gate->depth <= parent->depth)
			host_die("invariant I8: a gate of depth %u below one of depth %u", gate->depth,
				 parent->depth);
		if (parent->dead && !gate->dead && list_is_empty(&parent->dying) &&
		    !list_is_empty(&gate->sibling[i]))
			host_die("invariant I8: a gate lives below a dead one (G1)");
	}
}

void gates_request(const struct request *request)
{
	if (request->gate == NULL || request->gate->object.refs == 0)
		host_die("invariant I8: a request through no gate");
	if ((request->claim & 3) == REQUEST_PENDING && !request->gate->dead &&
	    list_is_empty(&request->gate_link))
		host_die("invariant I8: request %llu waits, and its gate does not know it (G2)",
			 (unsigned long long)request->sequence);
	refs_note(&request->gate->object, request->gate->object.refs, "gate");
	gates_look(request->gate);
}

#pragma clang attribute pop
