// SPDX-License-Identifier: MIT OR Apache-2.0
/* Notifications, and the operations SIGNAL and WAIT. */
#include "things.h"

#include <core/recorder.h>
#include <mm/slab.h>

static struct slab_cache notification_cache = SLAB_CACHE(notification);

const struct object_type *notification_object_type;

enum status notification_create(struct process *owner, struct notification **out)
{
	struct notification *notification = slab_alloc(&notification_cache);

	if (notification == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&notification->object, notification_object_type, owner);
	if (status != STATUS_OK) {
		slab_free(&notification_cache, notification);
		return status;
	}
	spin_init(&notification->lock, LOCK_RANK_NOTIFICATION);
	list_init(&notification->waiters);
	*out = notification;
	return STATUS_OK;
}

void notification_destroy(struct object *object)
{
	object_fini(object);
	slab_free(&notification_cache, container_of(object, struct notification, object));
}

/* It waits for some of the set bits, and its ring could be claimed. */
static bool claim_for(const struct notification *notification, struct request *waiter)
	REQUIRES(notification->lock)
{
	if ((waiter->key & notification->bits) == 0)
		return false;
	if (!ring_try_claim(waiter->ring)) {
		(void)atomic_or(&waiter->ring->signals, (uint32_t)RING_RECHECK);
		if (!ring_try_claim(waiter->ring))
			return false;
	}
	return true;
}

/* One of those that claim_for finds, or NULL. */
static struct request *claim_waiter(struct notification *notification) REQUIRES(notification->lock)
{
	if (notification->waiter != NULL && claim_for(notification, notification->waiter))
		return notification->waiter;
	list_for_each (it, &notification->waiters) {
		struct request *waiter = container_of(it, struct request, link);
		if (claim_for(notification, waiter))
			return waiter;
	}
	return NULL;
}

void notification_remove(struct request *wait)
{
	struct notification *notification = container_of(wait->object, struct notification, object);

	if (notification->waiter == wait)
		notification->waiter = NULL;
	else
		list_remove(&wait->link);
}

void notification_offer(struct notification *notification)
{
	struct request *waiter;
	uint64_t taken;

	while ((waiter = notification_take_waiter(notification, &taken)) != NULL) {
		spin_unlock(&notification->lock);
		notification_end_waiter(notification, waiter, taken);
		spin_lock(&notification->lock);
	}
	while ((waiter = claim_waiter(notification)) != NULL) {
		struct ring *ring = waiter->ring;
		notification_remove(waiter);
		bool won = request_claim(waiter,
					 waiter->sequence); /* or it was being aborted, and stays so */
		if (won) {
			waiter->result.token = waiter->key & notification->bits;
			notification->bits &= ~waiter->key;
		}
		spin_unlock(&notification->lock);
		if (won)
			ring_finish(ring, waiter);
		ring_unclaim(ring);
		spin_lock(&notification->lock);
	}
	spin_unlock(&notification->lock);
}

enum status notification_post_wait(struct thread *thread, struct request *request,
				   struct notification *notification, uint64_t bits)
{
	struct ring *ring = &thread->ring;

	spin_lock(&notification->lock);
	uint64_t taken = notification->bits & bits;
	notification->bits &= ~taken;
	if (taken != 0 || ring->pending >= ring->wait_max) {
		spin_unlock(&notification->lock);
		request->result.token = taken;
		return taken != 0 ? STATUS_OK : STATUS_AGAIN;
	}
	object_get(&notification->object);
	request->object = &notification->object;
	request->extras |= REQUEST_COUNTED;
	request->key = bits;
	ring_take_queued(ring, request,
			 &notification->lock); /* who aborts it takes the lock first, after us */
	request->queue_lock = &notification->lock;
	ring_post_operation(ring, request);
	list_push_back(&notification->waiters, &request->link);
	if (unlikely(request->gate != NULL))
		request_link_gate(request);
	spin_unlock(&notification->lock);
	return OP_WAITING;
}

void notification_recheck(struct request *wait)
{
	struct notification *notification = container_of(wait->object, struct notification, object);
	bool won = false;

	spin_lock(&notification->lock);
	if ((notification->waiter == wait || !list_is_empty(&wait->link)) &&
	    (notification->bits & wait->key) != 0 && request_claim(wait, wait->sequence)) {
		notification_remove(wait);
		wait->result.token = notification->bits & wait->key;
		notification->bits &= ~wait->key;
		won = true;
	}
	spin_unlock(&notification->lock);
	if (won)
		ring_finish(wait->ring, wait);
}

enum status op_signal(struct thread *thread, struct request *request)
{
	struct ring_thing thing;
	uint64_t bits = request->sqe.interface_id;
	enum status status = thing_find_notification(thread, &thing, request->sqe.target,
						     NOTIFICATION_METHOD_SIGNAL);

	if (status == STATUS_OK)
		status = thing_bits(&thing, &bits);
	if (status == STATUS_OK)
		notification_set(thing.notification, bits);
	op_record(thread, request, RECORDER_OTHER, 0, status);
	return status;
}

enum status op_wait(struct thread *thread, struct request *request)
{
	struct ring_thing thing;
	uint64_t bits = request->sqe.interface_id;
	enum status status = thing_find_notification(thread, &thing, request->sqe.target,
						     NOTIFICATION_METHOD_WAIT);

	if (status == STATUS_OK)
		status = thing_bits(&thing, &bits);
	if (status == STATUS_OK && unlikely(thing.gate != NULL))
		status = request_enter_gate(thread, request, thing.gate);
	if (status != STATUS_OK)
		return status;
	status = notification_post_wait(thread, request, thing.notification, bits);
	if (unlikely(thing.gate != NULL && status != OP_WAITING))
		request_drop_gate(request);
	return status;
}
