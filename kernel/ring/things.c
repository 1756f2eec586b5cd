// SPDX-License-Identifier: MIT OR Apache-2.0
/* What SIGNAL, WAIT and WAKE name, looked up: see things.h. */
#include "things.h"

#define THREAD_HANDLE_METHOD_WAKE 0u

/* A capability to an object of `type` that allows the method. */
static enum status find(struct thread *thread, uint64_t id, const struct object_type *type, unsigned method,
			struct cap_ref *out)
{
	enum status status = cap_table_find(&thread->process->table, (cap_id){id}, out);

	if (unlikely(status != STATUS_OK))
		return status;
	if (unlikely(!session_is_alive(thread->process->session)))
		return STATUS_REVOKED;
	if (unlikely(out->view->object->type != type))
		return STATUS_WRONG_TYPE;
	return view_allows(out->view, type->interface_id, method) ? STATUS_OK : STATUS_DENIED;
}

/* `removals`: what the table's count said before `ref` was found. */
static void remember(struct ring_thing *thing, uint64_t id, struct cap_ref ref, const uint64_t *count,
		     uint64_t removals)
{
	thing->id = id;
	thing->count = count;
	thing->removals = ref.gate == NULL ? removals : REQUEST_FORGOTTEN;
	thing->gate = ref.gate;
}

[[gnu::noinline]] enum status thing_find_notification(struct thread *thread, struct ring_thing *thing,
						      uint64_t id, unsigned method)
{
	const uint64_t *count = cap_table_removals(&thread->process->table, cap_id_slot((cap_id){id}));
	uint64_t removals = load_acquire(count);
	struct cap_ref ref;
	enum status status = find(thread, id, notification_object_type, method, &ref);

	if (status != STATUS_OK)
		return status;
	thing->notification = container_of(ref.view->object, struct notification, object);
	thing->mask = notification_mask(ref.view);
	thing->word = 0; /* what was understood of the last one's bits was so by another mask */
	thing->bits = thing->mask;
	remember(thing, id, ref, count, removals);
	return STATUS_OK;
}

[[gnu::noinline]] enum status thing_find_thread(struct thread *thread, struct ring_thing *thing, uint64_t id)
{
	const uint64_t *count = cap_table_removals(&thread->process->table, cap_id_slot((cap_id){id}));
	uint64_t removals = load_acquire(count);
	struct cap_ref ref;
	enum status status = find(thread, id, thread_object_type, THREAD_HANDLE_METHOD_WAKE, &ref);

	if (status != STATUS_OK)
		return status;
	thing->thread = container_of(ref.view->object, struct thread, object);
	remember(thing, id, ref, count, removals);
	return STATUS_OK;
}

/* Its target, if it is another one, and its bits are remembered. */
static enum status find_with_bits(struct thread *thread, struct ring_thing *thing, uint64_t id, uint64_t word,
				  unsigned method)
{
	enum status status = STATUS_OK;
	uint64_t bits = word;

	if (!thing_is(thread, thing, id))
		status = thing_find_notification(thread, thing, id, method);
	if (status == STATUS_OK)
		status = thing_bits(thing, &bits);
	if (status == STATUS_OK) {
		thing->word = word;
		thing->bits = bits;
	}
	return status;
}

[[gnu::noinline]] enum status thing_find_signalled(struct thread *thread, uint64_t target, uint64_t word)
{
	return find_with_bits(thread, &thread->ring.memory.things[CAP_OP_SIGNAL - CAP_OP_WAKE], target, word,
			      NOTIFICATION_METHOD_SIGNAL);
}

[[gnu::noinline]] bool thing_find_awaited(struct thread *thread, uint64_t target, uint64_t word)
{
	struct ring_thing *thing = &thread->ring.memory.things[CAP_OP_WAIT - CAP_OP_WAKE];

	return find_with_bits(thread, thing, target, word, NOTIFICATION_METHOD_WAIT) == STATUS_OK &&
	       thing->gate == NULL;
}

bool quick_wait_alone(struct thread *thread, struct notification *notification, uint64_t bits,
		      const volatile uint64_t *from)
{
	struct ring *ring = &thread->ring;
	struct request *request = ring->free;

	if (unlikely(notification->waiter != NULL || !list_is_empty(&notification->waiters)) ||
	    unlikely(ring->parked != NULL || ring->pending >= ring->wait_max))
		return false;
	object_get(&notification->object);
	request->sequence = ring->sq_head - 1;
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = CAP_OP_WAIT;
	request->words[3] = from[3];
	store_relaxed(&request->words[7], 0ull);
	request->object = &notification->object;
	request->key = bits;
	request->extras = REQUEST_COUNTED;
	store_relaxed(&request->queue_lock, &notification->lock);
	store_release(&request->claim, request_claim_word(request->sequence, REQUEST_PENDING));
	ring->free = request->next;
	ring->pending++;
	request->behind = NULL;
	ring->parked = request;
	notification->waiter = request;
	return true;
}
