// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Notifications: a word of bits, and who waits for some of them.
 *
 * Bits are set under the lock; a waiter whose ring can be claimed takes its bits at once, otherwise they stay in the word
 * and its ring is told to look again. No bit is lost: it is in the word until one completion takes it.
 */
#pragma once

#include <cap/object.h>
#include <cap/view.h>
#include <core/list.h>
#include <core/lock.h>
#include <ring/request.h>

struct process;
struct thread;
struct view;

struct notification {
	struct object object;
	struct spinlock lock; /* rank NOTIFICATION */
	uint64_t bits;        /* n */
	/* n: requests, in their order; request.key = bits it waits for: one that came alone, and is nothing but a WAIT; the others */
	struct request *waiter;
	struct list waiters;
};

/*
 * Bits that are set when the last capability to a facet is gone. Shared by the facet's view and all that is derived from it; a
 * watched facet of a watched facet counts the latter's.
 */
struct watch {
	uint64_t refs; /* atomic */
	uint64_t bits;
	struct watch *above;   /* counted; NULL = none */
	struct process *payer; /* counted; charged one OBJECTS */
	struct quiesce_node quiesce;
};

extern const struct object_type *notification_object_type; /* set at boot by the object room */

#define NOTIFICATION_METHOD_SIGNAL 0u
#define NOTIFICATION_METHOD_WAIT 1u

enum status notification_create(struct process *owner, struct notification **out);
void notification_destroy(struct object *object);
/* For the object type: a view that was given a watch counts it; the last one gone raises its bits. BAD_ID: that has happened. */
enum status notification_view_created(struct view *view);
void notification_view_gone(struct view *view);
/* Puts a watch of its own on a fresh view, above it the one that it has. NO_QUOTA, NO_MEMORY. */
enum status notification_watch(struct process *payer, struct view *view, uint64_t bits);
/* Gives set bits to who waits for them; the caller took the lock. */
void notification_offer(struct notification *notification) RELEASES(notification->lock);

static inline void notification_set(struct notification *notification, uint64_t bits)
{
	spin_lock(&notification->lock);
	notification->bits |= bits;
	if (unlikely(notification->waiter != NULL || !list_is_empty(&notification->waiters)))
		notification_offer(notification);
	else
		spin_unlock(&notification->lock);
}

/* Of `bits`, those that are set; they are clear then. */
static inline uint64_t notification_take(struct notification *notification, uint64_t bits)
{
	spin_lock(&notification->lock);
	uint64_t taken = notification->bits & bits;
	notification->bits &= ~taken;
	spin_unlock(&notification->lock);
	return taken;
}

/* WAIT: completes at once or posts. */
enum status notification_post_wait(struct thread *thread, struct request *request,
				   struct notification *notification, uint64_t bits);
void notification_recheck(struct request *wait);
/* The bits that a capability to one may set and wait for. */
static inline uint64_t notification_mask(const struct view *view)
{
	return view->kind == VIEW_FACET ? view->key : ~0ull;
}

/* Under the lock: the waiting request leaves. */
void notification_remove(struct request *wait);
