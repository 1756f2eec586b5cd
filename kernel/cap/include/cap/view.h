// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Views: what a capability lets its holder do. Immutable, reference-counted, shared by every capability that grants
 * the same on the same object.
 *
 * A view is (object, object key, interfaces with 64-bit method sets). All ones = unattenuated, so that methods newer
 * than the kernel reach the server. Attenuation makes a smaller view; nothing ever makes a larger one.
 * Invariant V1: every set of an attenuated view is a subset of the set of the view that it was made from.
 */
#pragma once

#include <abi/status.h>
#include <cap/object.h>
#include <core/atomic.h>
#include <core/types.h>

#define VIEW_MAX_INTERFACES 8u
#define METHODS_ALL (~0ull)

struct facet_key;
struct process;
struct watch;

/*
 * A view of an endpoint's facet has that many bytes in front of it: for a struct facet_key, if no other view has its key. They live
 * until both are through, the view and who uses its room.
 */
#define VIEW_ROOM 48u

enum view_room : uint32_t {
	VIEW_HAS_ROOM = 1,
	VIEW_ROOM_TAKEN = 2,
	VIEW_ROOM_LEFT = 4, /* again, for good */
	VIEW_ROOM_SEEN =
		8,      /* by holders of other views: it is kept from them through quiescence of its own */
	VIEW_OVER = 16, /* the view is, and nobody can see it any more */
};

struct interface_set {
	uint64_t interface_id;
	uint64_t methods; /* bit n = method n */
};

enum view_kind : uint8_t {
	VIEW_OBJECT,   /* a kernel object's own interface */
	VIEW_FACET,    /* an object that a process serves through an endpoint */
	VIEW_TEMPLATE, /* can only be minted from */
};

/* As CapabilityManager.TransferScope: how far a capability may go. Checked where one process gives it to another. */
enum transfer_scope : uint8_t { SCOPE_ANY, SCOPE_SESSION, SCOPE_PROCESS };

struct view {
	uint64_t refs;         /* atomic */
	struct object *object; /* counted */
	uint64_t key;          /* FACET: chosen by the server; Notification facets: the mask */
	enum view_kind kind;
	uint8_t count;
	enum transfer_scope
		scope; /* set by who makes it, before anybody sees it; never larger than where it came from */
	bool minted;   /* by MINT */
	uint32_t room; /* atomic: enum view_room */
	union {
		struct facet_key *facet; /* FACET of an endpoint: counted by it (ring/facet.h) */
		struct watch *
			watch; /* of a notification: who is told when its holders are gone, counted; or NULL */
	};
	struct process *payer; /* counted; charged one OBJECTS until the view is freed; NULL: the kernel */
	struct quiesce_node quiesce;
	struct interface_set sets[]; /* at least one */
};

/* Takes a reference on object. *out has one reference. `payer` (NULL: the kernel) is whoever wants it made. NO_QUOTA, NO_MEMORY. */
enum status view_create(struct process *payer, struct object *object, enum view_kind kind, uint64_t key,
			const struct interface_set *sets, unsigned count, struct view **out);
/* A full view of a kernel object; takes over the caller's reference on it, also on failure. */
enum status view_create_full(struct process *payer, struct object *object, struct view **out);
/* Another view of the same object that is to grant no more than `from` (V1 is the caller's duty), with its scope and its watch.
 * Besides, BAD_ID: `from`, which was only found by look-up, is gone. */
enum status view_derive(struct process *payer, const struct view *from, enum view_kind kind, uint64_t key,
			const struct interface_set *sets, unsigned count, struct view **out);
/* `template`, which is an endpoint's, with a key. The endpoint does not know it yet (ring/facet.h, facet_mint). */
enum status view_mint(struct process *payer, const struct view *template, uint64_t key, struct view **out);
/* It does not want to: nobody has seen it. */
void view_unmint(struct view *view);

/* For a holder of a reference. */
static inline void view_get(struct view *view)
{
	(void)atomic_add(&view->refs, 1);
}

/* For a view that was found by look-up: false if its last reference is gone, and quiescence alone keeps it. */
static inline bool view_try_get(struct view *view)
{
	uint64_t refs = load_relaxed(&view->refs);

	while (refs != 0)
		if (atomic_cas(&view->refs, &refs, refs + 1))
			return true;
	return false;
}

void view_last_put(struct view *view);
/* Whoever uses its room does so no more. */
void view_leave_room(struct view *view);

static inline void view_put(struct view *view)
{
	if (unlikely(atomic_sub(&view->refs, 1) == 1))
		view_last_put(view);
}

/* The method set of an interface in the view, or 0. */
uint64_t view_more_methods(const struct view *view, uint64_t interface_id);

static inline uint64_t view_methods(const struct view *view, uint64_t interface_id)
{
	return likely(view->sets[0].interface_id == interface_id) ? view->sets[0].methods
								  : view_more_methods(view, interface_id);
}

/* True even if all its methods were removed. */
static inline bool view_has(const struct view *view, uint64_t interface_id)
{
	for (unsigned i = 0; i < view->count; i++)
		if (view->sets[i].interface_id == interface_id)
			return true;
	return false;
}

static inline bool view_allows(const struct view *view, uint64_t interface_id, unsigned method)
{
	return method < 64 ? view_methods(view, interface_id) >> (method & 63) & 1
			   : view_methods(view, interface_id) == METHODS_ALL;
}
