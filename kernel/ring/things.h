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

/* Of word 2 of a submission, the bits; those of the whole mask for 0. DENIED: others. */
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

/* things.c: the SIGNAL's target or bits are not those of the last one. */
enum status thing_find_signalled(struct thread *thread, uint64_t target, uint64_t word);

static inline void quick_signal(struct thread *thread, const volatile uint64_t *from)
{
	struct ring_thing *thing = &thread->ring.memory.things[CAP_OP_SIGNAL - CAP_OP_WAKE];
	uint64_t target = from[1], word = from[2];

	if (unlikely(!quick_is_plain(from, from[7]))) {
		quick_refused(thread, from, CAP_OP_SIGNAL, target, STATUS_BAD_OP);
		return;
	}
	if (unlikely(!thing_is(thread, thing, target)) || unlikely(word != thing->word)) {
		enum status status = thing_find_signalled(thread, target, word);
		if (unlikely(status != STATUS_OK)) {
			quick_refused(thread, from, CAP_OP_SIGNAL, target, status);
			return;
		}
	}
	quick_record(thread, CAP_OP_SIGNAL, target, 0, STATUS_OK);
	thing_signal(thing->notification, thing->bits);
}

/* things.c: a WAIT sleeps as the only one there. False: it may not. */
bool quick_wait_alone(struct thread *thread, struct notification *notification, uint64_t bits,
		      const volatile uint64_t *from) REQUIRES(notification->lock);

/* things.c: the WAIT's target or bits are not those of the last one. False: it goes through a gate, or is refused. */
bool thing_find_awaited(struct thread *thread, uint64_t target, uint64_t word);

/* Through to its completion, unless it is more than a lone one (false): nothing was done then, and nothing that was read counts. */
static inline bool quick_wait(struct thread *thread, const volatile uint64_t *from)
{
	struct ring *ring = &thread->ring;
	struct ring_thing *thing = &ring->memory.things[CAP_OP_WAIT - CAP_OP_WAKE];
	uint64_t target = from[1], word = from[2];

	if (!quick_is_plain(from, 0))
		return false;
	if ((unlikely(!thing_is(thread, thing, target)) || unlikely(word != thing->word)) &&
	    !thing_find_awaited(thread, target, word))
		return false;
	struct notification *notification = thing->notification;
	uint64_t bits = thing->bits;
	spin_lock(&notification->lock);
	uint64_t taken = notification->bits & bits;
	if (likely(taken != 0)) {
		notification->bits &= ~taken;
		spin_unlock(&notification->lock);
		quick_post(ring, from[3], STATUS_OK, taken);
		return true;
	}
	bool waits = from[7] == 0 && quick_wait_alone(thread, notification, bits, from);
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
