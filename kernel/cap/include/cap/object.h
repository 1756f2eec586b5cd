// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What capabilities name: reference-counted kernel objects.
 *
 * - An object is embedded in the structure of its type (struct timer_object, struct endpoint, ...).
 * - References are counted by views, and by kernel structures that keep one across entries. Within one entry an object
 *   found through a capability table needs no reference: quiescence keeps it (core/quiesce.h).
 * - `owner` is the process whose ledger pays for it; the object holds a reference on it, so a ledger outlives
 *   everything charged to it (invariant L2 of core/ledger.h).
 */
#pragma once

#include <abi/status.h>
#include <core/atomic.h>
#include <core/quiesce.h>
#include <core/types.h>

struct object;
struct process;
struct rpc_request;
struct view;

struct object_type {
	const char *name;
	uint64_t interface_id; /* the interface that a full capability to it has */
	bool is_endpoint;      /* facets of it are served by a process */
	/* The interface's methods by ordinal, bound to the type's operations (generated X_BIND); at most 64. */
	uint8_t method_count;
	enum status (*const *methods)(void *self, struct rpc_request *request, const uint8_t *message,
				      uint32_t bytes);
	/* The last capability-side reference is gone and nobody inside the kernel can see the object any more. Frees it. */
	void (*destroy)(struct object *object);
	/* If not NULL: a view of it is made (and may be refused); the last reference to one is gone. No lock is held. */
	enum status (*view_created)(struct view *view);
	void (*view_gone)(struct view *view);
};

struct object {
	const struct object_type *type;
	uint64_t refs;         /* atomic */
	uint64_t id;           /* unique since boot, never reused */
	struct process *owner; /* counted; NULL: the kernel's own */
	struct quiesce_node quiesce;
};

/* One reference, the caller's. Charges LEDGER_OBJECTS to owner; NO_QUOTA leaves *object untouched. */
enum status object_init(struct object *object, const struct object_type *type, struct process *owner);
/* For destroy functions: gives back what object_init charged and the reference on the owner. */
void object_fini(struct object *object);

/* For static objects, once: an id. */
void object_register(struct object *object);

static inline void object_get(struct object *object)
{
	(void)atomic_add(&object->refs, 1);
}
/* For one that was found by look-up: false if its last reference is gone. */
bool object_try_get(struct object *object);
void object_put_last(struct object *object);
static inline void object_put(struct object *object)
{
	if (unlikely(atomic_sub(&object->refs, 1) == 1))
		object_put_last(object);
}
