// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Notifications: a word of bits, and who waits for some of them.
 *
 * Bits are set under the lock; a waiter whose ring can be claimed takes its bits at once, otherwise they stay in the word
 * and its ring is told to look again. No bit is lost: it is in the word until one completion takes it.
 */
#pragma once

#include <cap/object.h>
#include <core/list.h>
#include <core/lock.h>
#include <ring/request.h>

struct thread;

struct notification {
	struct object object;
	struct spinlock lock; /* rank NOTIFICATION */
	uint64_t bits;        /* n */
	struct list waiters;  /* n: requests; request.key = bits it waits for */
};

extern const struct object_type *notification_object_type; /* set at boot by the object room */

enum status notification_create(struct process *owner, struct notification **out);
void notification_destroy(struct object *object);
void notification_set(struct notification *notification, uint64_t bits);
uint64_t notification_take(struct notification *notification, uint64_t bits);
/* WAIT: completes at once or posts. */
enum status notification_post_wait(struct thread *thread, struct request *request,
				   struct notification *notification, uint64_t bits);
void notification_recheck(struct request *wait);
