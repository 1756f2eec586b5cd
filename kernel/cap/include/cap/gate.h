// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Gates: what makes a capability revocable.
 *
 * - An entry under a gate works while the gate lives. Revoking kills the gate and everything below it; what comes back
 *   through a gated capability is installed below the gate.
 * - A gate has at most two parents (one capability came back through another) and at most GATE_MAX_DEPTH levels above.
 *   Death is marked on every descendant, so that a look-up reads one word.
 * - An expiring gate (a lease) dies at a time.
 * - Gates are kernel objects: a Revoker capability names one; entries, references on the way and children count it.
 *
 * Invariants (gate_lock protects the tree and the lists):
 *   G1  a dead gate has no living descendant, once the marking of its tree is over;
 *   G2  a request made through a gate is in that gate's list from its admission to its completion;
 *   G3  after gate_revoke_mark said that all is marked, and one quiescence, no CPU still acts on a look-up that saw the gate alive.
 */
#pragma once

#include <cap/object.h>
#include <core/atomic.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/timer.h>

#define GATE_MAX_DEPTH 8u

/* A tree of gates that is being revoked: those that are marked, each with a reference, breadth first. */
struct gate_tree {
	struct list dying;
	struct list *above; /* g: the children of everything in `dying` up to this are marked */
};

struct gate {
	struct object object;
	bool dead;               /* atomic */
	uint8_t depth;           /* 1 = no parent */
	uint64_t expires_ns;     /* 0 = never */
	uint64_t entries;        /* atomic: table entries under it */
	struct gate *parent[2];  /* counted */
	struct list sibling[2];  /* g: in parent[i]->children[i] */
	struct list children[2]; /* g: of which it is parent[0], parent[1] */
	struct list requests;    /* g: struct request.gate_link */
	struct list mappings;    /* g: struct gate_mapping.link */
	struct list dying;       /* g: being revoked; then its revoker's */
	struct timer expiry;
	struct gate_tree doomed;    /* an expiry's: those whose calls and mappings are still to be ended */
	struct quiesce_node ending; /* and what runs it */
};

extern struct spinlock gate_lock;                  /* rank GATE */
extern const struct object_type *gate_object_type; /* set once at boot by the object room */

/* A gate below `parent` (may be NULL) and `second` (may be NULL); one reference. GATE_DEPTH, NO_QUOTA, NO_MEMORY; REVOKED
 * when a parent is dead. */
enum status gate_create(struct process *owner, struct gate *parent, struct gate *second, struct gate **out);
void gate_destroy(struct object *object);

static inline bool gate_is_alive(const struct gate *gate)
{
	return !load_acquire(&gate->dead);
}

static inline void gate_get(struct gate *gate)
{
	if (gate != NULL)
		object_get(&gate->object);
}

static inline void gate_put(struct gate *gate)
{
	if (gate != NULL)
		object_put(&gate->object);
}

/* True if `inner` is `outer` or lies below it. */
bool gate_contains(const struct gate *outer, const struct gate *inner);
/* The depth that a gate below both would have; at most GATE_MAX_DEPTH is allowed. Either may be NULL. */
unsigned gate_joint_depth(const struct gate *a, const struct gate *b);
/* The gate for what came back with `own` through `via`: the inner one if one contains the other (a new reference), NULL if
 * both are, or a new one below both, made from `spare` (as gate_prepare gave it), which is then NULL. */
struct gate *gate_combine(struct gate *own, struct gate *via, struct gate **spare);
/* A gate without parents yet, for gate_combine. */
enum status gate_prepare(struct process *owner, struct gate **out);

/* Marks the gate dead. */
void gate_revoke_begin(struct gate *gate, struct gate_tree *tree);
/* Marks what is below it, a piece of work at a time; true: all. A gate that is made below meanwhile, under one that is not marked yet,
 * is found; under one that is, it is born dead. */
bool gate_revoke_mark(struct gate_tree *tree);
