// SPDX-License-Identifier: MIT OR Apache-2.0
/* The tree of gates. What happens to calls and mappings when one dies is ring/revoke.c. */
#include <cap/gate.h>
#include <cap/process.h>
#include <core/work.h>
#include <mm/slab.h>

static struct slab_cache gate_cache = SLAB_CACHE(gate);

struct spinlock gate_lock = SPINLOCK_INIT(LOCK_RANK_GATE);
const struct object_type *gate_object_type;

enum status gate_prepare(struct process *owner, struct gate **out)
{
	struct gate *gate = slab_alloc(&gate_cache);

	if (gate == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&gate->object, gate_object_type, owner);
	if (status != STATUS_OK) {
		slab_free(&gate_cache, gate);
		return status;
	}
	gate->depth = 1;
	for (unsigned i = 0; i < 2; i++) {
		list_init(&gate->sibling[i]);
		list_init(&gate->children[i]);
	}
	list_init(&gate->requests);
	list_init(&gate->mappings);
	list_init(&gate->dying);
	*out = gate;
	return STATUS_OK;
}

static void adopt(struct gate *gate, struct gate *parent, unsigned i) REQUIRES(gate_lock)
{
	if (parent == NULL)
		return;
	gate_get(parent);
	gate->parent[i] = parent;
	list_push_back(&parent->children[i], &gate->sibling[i]);
	if (gate->depth <= parent->depth)
		gate->depth = (uint8_t)(parent->depth + 1);
	if (!gate_is_alive(parent))
		store_release(&gate->dead, true); /* G1 */
}

unsigned gate_joint_depth(const struct gate *a, const struct gate *b)
{
	unsigned da = a != NULL ? a->depth : 0, db = b != NULL ? b->depth : 0;

	return (da > db ? da : db) + 1;
}

enum status gate_create(struct process *owner, struct gate *parent, struct gate *second, struct gate **out)
{
	if (gate_joint_depth(parent, second) > GATE_MAX_DEPTH)
		return STATUS_GATE_DEPTH;
	enum status status = gate_prepare(owner, out);
	if (status != STATUS_OK)
		return status;
	spin_lock(&gate_lock);
	adopt(*out, parent, 0);
	adopt(*out, second, 1);
	spin_unlock(&gate_lock);
	return STATUS_OK;
}

static void gate_free(struct gate *gate)
{
	struct gate *parents[2] = {gate->parent[0], gate->parent[1]};

	object_fini(&gate->object);
	slab_free(&gate_cache, gate);
	gate_put(parents[0]);
	gate_put(parents[1]);
}

static void free_quiet(struct quiesce_node *node)
{
	gate_free(container_of(node, struct gate, object.quiesce));
}

void gate_destroy(struct object *object)
{
	struct gate *gate = container_of(object, struct gate, object);

	spin_lock(&gate_lock);
	list_remove(&gate->sibling[0]);
	list_remove(&gate->sibling[1]);
	spin_unlock(&gate_lock);
	/* A lease may be running out right now, on another CPU. */
	if (gate->expires_ns != 0 && !timer_cancel(&gate->expiry))
		quiesce_free(&object->quiesce, free_quiet);
	else
		gate_free(gate);
}

/* At most 2^8 steps: depth is bounded, and so are parents. */
bool gate_contains(const struct gate *outer, const struct gate *inner)
{
	if (inner == NULL || inner->depth < outer->depth)
		return false;
	return inner == outer || gate_contains(outer, inner->parent[0]) ||
	       gate_contains(outer, inner->parent[1]);
}

struct gate *gate_combine(struct gate *own, struct gate *via, struct gate **spare)
{
	struct gate *inner = own;

	if (own == NULL || (via != NULL && gate_contains(own, via)))
		inner = via;
	if (inner == via || via == NULL || gate_contains(via, own)) {
		gate_get(inner);
		return inner;
	}
	struct gate *joint = *spare;
	*spare = NULL;
	spin_lock(&gate_lock);
	adopt(joint, own, 0);
	adopt(joint, via, 1);
	spin_unlock(&gate_lock);
	return joint;
}

/* One whose last reference is gone only waits for quiescence: nothing hangs on it. */
static void mark(struct gate *gate, struct gate_tree *tree) REQUIRES(gate_lock)
{
	if (!gate_is_alive(gate) || !object_try_get(&gate->object))
		return;
	store_release(&gate->dead, true);
	list_push_back(&tree->dying, &gate->dying);
}

void gate_revoke_begin(struct gate *gate, struct gate_tree *tree)
{
	list_init(&tree->dying);
	tree->above = &tree->dying;
	spin_lock(&gate_lock);
	mark(gate, tree);
	spin_unlock(&gate_lock);
}

#define MARK_PIECE 256u /* gates in one piece */
#define MARK_WORK 256u  /* what each is put at */

/* Marks the children of one, at most `left`, and returns how many more may be. They leave its list: nothing of the tree matters below a
 * dead gate. */
static unsigned mark_children(struct gate *dead, struct gate_tree *tree, unsigned left) REQUIRES(gate_lock)
{
	struct list *child;

	for (; left > 0 && (child = list_pop_front(&dead->children[0])) != NULL; left--)
		mark(container_of(child, struct gate, sibling[0]), tree);
	for (; left > 0 && (child = list_pop_front(&dead->children[1])) != NULL; left--)
		mark(container_of(child, struct gate, sibling[1]), tree);
	return left;
}

bool gate_revoke_mark(struct gate_tree *tree)
{
	unsigned left = MARK_PIECE;

	spin_lock(&gate_lock);
	while (left > 0 && tree->above->next != &tree->dying) {
		struct list *next = tree->above->next;

		left = mark_children(container_of(next, struct gate, dying), tree, left);
		if (left > 0) { /* then none of its children is left */
			tree->above = next;
			left--;
		}
	}
	spin_unlock(&gate_lock);
	work_done((MARK_PIECE - left) * MARK_WORK);
	return left > 0;
}
