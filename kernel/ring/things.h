// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: SIGNAL, WAIT and WAKE of what the ring's last such operation found, as part of the submission loop.
 *
 * What their target is, is remembered by the ring (struct ring_thing): an id that means the same again is compared, not looked up.
 * A WAIT that nobody else waits beside, and that is nothing but that, sleeps as one word at its notification; who sets its bits
 * meets it in one step.
 */
#pragma once

#include "complete.h"
#include "ops.h"
#include "quick.h"

#include <ring/notification.h>

static inline bool thing_is(const struct thread *thread, const struct ring_thing *thing, uint64_t id)
{
	return likely(thing->id == id) && likely(thing->removals == load_acquire(thing->count)) &&
	       likely(ring_session_is_alive(&thread->ring));
}

/* things.c: looks it up; OK: it is remembered, unless it goes through a gate. */
enum status thing_find_notification(struct thread *thread, struct ring_thing *thing, uint64_t id,
				    unsigned method);
enum status thing_find_thread(struct thread *thread, struct ring_thing *thing, uint64_t id);

/* Of `sqe`, the bits; those of the whole mask for 0. DENIED: others. */
static inline enum status thing_bits(const struct ring_thing *thing, uint64_t *bits)
{
	if (*bits == 0)
		*bits = thing->mask;
	return likely((*bits & ~thing->mask) == 0) ? STATUS_OK : STATUS_DENIED;
}

/* The lone waiter, if it waits for any of the bits and its ring can be claimed: they are taken for it, and nobody else can end it. */
static inline struct request *notification_take_waiter(struct notification *notification, uint64_t *taken)
	REQUIRES(notification->lock)
{
	struct request *waiter = notification->waiter;

	if (waiter == NULL || unlikely((waiter->key & notification->bits) == 0) ||
	    unlikely(!ring_claim_blocked(waiter->ring)))
		return NULL;
	*taken = notification->bits & waiter->key;
	notification->bits &= ~waiter->key;
	notification->waiter = NULL;
	return waiter;
}

/* Its completion, and its thread may have this CPU next. */
[[gnu::always_inline]] static inline void notification_end_waiter(struct notification *notification,
								  struct request *waiter, uint64_t taken)
{
	struct ring *ring = waiter->ring;

	ring->parked = NULL;
	waiter->extras = 0;
	ring_finish_blocked(ring, waiter, (struct completion){.token = taken});
	object_put(&notification->object);
	ring_unclaim(ring);
}

static inline void thing_signal(struct notification *notification, uint64_t bits)
{
	uint64_t taken;

	spin_lock(&notification->lock);
	notification->bits |= bits;
	struct request *waiter = notification_take_waiter(notification, &taken);
	if (waiter != NULL) {
		bool more = !list_is_empty(&notification->waiters);
		spin_unlock(&notification->lock);
		notification_end_waiter(notification, waiter, taken);
		if (unlikely(more))
			notification_set(notification, 0);
	} else if (unlikely(notification->waiter != NULL || !list_is_empty(&notification->waiters))) {
		notification_offer(notification);
	} else {
		spin_unlock(&notification->lock);
	}
}

static inline void quick_signal(struct thread *thread, const volatile uint64_t *from)
{
	struct ring_thing *thing = &thread->ring.memory.things[CAP_OP_SIGNAL - CAP_OP_WAKE];
	enum status status = STATUS_BAD_OP;
	uint64_t target = from[1], bits = from[2];

	if (quick_is_plain(from, from[7]))
		status = likely(thing_is(thread, thing, target))
				 ? STATUS_OK
				 : thing_find_notification(thread, thing, target, NOTIFICATION_METHOD_SIGNAL);
	if (likely(status == STATUS_OK))
		status = thing_bits(thing, &bits);
	if (unlikely(status != STATUS_OK)) {
		quick_refused(thread, from, CAP_OP_SIGNAL, target, status);
		return;
	}
	quick_record(thread, CAP_OP_SIGNAL, target, 0, STATUS_OK);
	thing_signal(thing->notification, bits);
}

/* A WAIT sleeps as the only one there. False: it may not. */
static inline bool quick_wait_alone(struct ring *ring, struct notification *notification, uint64_t bits,
				    uint64_t user_data) REQUIRES(notification->lock)
{
	struct request *request = ring->free;

	if (unlikely(notification->waiter != NULL || !list_is_empty(&notification->waiters)) ||
	    unlikely(ring->parked != NULL || ring->pending >= ring->wait_max))
		return false;
	object_get(&notification->object);
	request->sequence = ring->sq_head - 1;
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = CAP_OP_WAIT;
	request->words[3] = user_data;
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

/* Through to its completion, unless it is more than a lone one (false): nothing was done then, and nothing that was read counts. */
static inline bool quick_wait(struct thread *thread, const volatile uint64_t *from)
{
	struct ring *ring = &thread->ring;
	struct ring_thing *thing = &ring->memory.things[CAP_OP_WAIT - CAP_OP_WAKE];
	uint64_t target = from[1], bits = from[2], user_data = from[3], deadline = from[7];

	if (!quick_is_plain(from, 0))
		return false;
	if (unlikely(!thing_is(thread, thing, target)) &&
	    (thing_find_notification(thread, thing, target, NOTIFICATION_METHOD_WAIT) != STATUS_OK ||
	     thing->gate != NULL))
		return false;
	if (unlikely(thing_bits(thing, &bits) != STATUS_OK))
		return false;
	struct notification *notification = thing->notification;
	spin_lock(&notification->lock);
	uint64_t taken = notification->bits & bits;
	if (likely(taken != 0)) {
		notification->bits &= ~taken;
		spin_unlock(&notification->lock);
		quick_post(ring, user_data, STATUS_OK, taken);
		return true;
	}
	bool waits = deadline == 0 && quick_wait_alone(ring, notification, bits, user_data);
	spin_unlock(&notification->lock);
	return waits;
}

/* submit.c: one that is more than that. */
void quick_wait_slowly(struct thread *thread, const volatile uint64_t *from);

/* The permit of whatever thread `target` is: in `woken`, if it is to be woken. */
[[gnu::always_inline]] static inline enum status wake_thing(struct thread *thread, uint64_t target,
							    struct sched_entity **woken)
{
	struct ring_thing *thing = &thread->ring.memory.things[0];
	enum status status = STATUS_OK;

	if (unlikely(!thing_is(thread, thing, target)))
		status = thing_find_thread(thread, thing, target);
	if (unlikely(status != STATUS_OK))
		return status;
	struct thread *to = thing->thread;
	if (unlikely(!ring_wake(&to->ring, woken)))
		thread_poke(to, RING_WOKEN); /* also this thread itself */
	return STATUS_OK;
}
