// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A leftist heap: Crane, "Linear lists and priority queues as balanced binary trees" (1972).
 *
 * A node's key is no larger than its children's. Its rank is how many steps it takes from it, always by the right, to a missing
 * child; no right child has a higher rank than the left one. So the way down the right side has at most log2(n + 1) nodes, and
 * inserting and removing any node takes no more steps than that, however the others came. (A pairing heap is quicker on
 * average; in its worst case a removal visits all n.)
 */
#include <heap/heap.h>

static uint32_t rank_of(const struct heap_node *node)
{
	return node != NULL ? node->rank : 0;
}

/* Puts its children in order. True if its rank has changed: then that above it may have to. */
static bool settle(struct heap_node *node)
{
	struct heap_node *left = node->left;
	uint32_t before = node->rank;

	if (rank_of(left) < rank_of(node->right)) {
		node->left = node->right;
		node->right = left;
	}
	node->rank = rank_of(node->right) + 1;
	return node->rank != before;
}

/* One heap out of two, either of which may be empty. Its root's parent is NULL. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
	struct heap_node *top = NULL, *last = NULL, **link = &top;

	/* Down the right sides of both, the smaller one first, a before b among equal ones. */
	while (a != NULL && b != NULL) {
		struct heap_node *first = a;

		if (heap_before(b->key, a->key)) {
			first = b;
			b = a;
		}
		*link = first;
		first->parent = last;
		last = first;
		link = &first->right;
		a = first->right;
	}
	a = a != NULL ? a : b;
	*link = a;
	if (a != NULL)
		a->parent = last;
	/* Every node of the way may have got another right child. */
	for (; last != NULL; last = last->parent)
		(void)settle(last);
	return top;
}

/* As meld of the two, but above the place where it goes nothing changes once a rank does not. */
void heap_meld(struct heap *heap, struct heap_node *node)
{
	struct heap_node **link = &heap->first, *above = NULL, *below;

	while ((below = *link) != NULL && !heap_before(node->key, below->key)) {
		above = below;
		link = &below->right;
	}
	*link = node;
	node->parent = above;
	node->left = below;
	if (below != NULL)
		below->parent = node;
	while (above != NULL && settle(above))
		above = above->parent;
}

void heap_take(struct heap *heap, struct heap_node *node)
{
	struct heap_node *above = node->parent;
	struct heap_node *below = node->right != NULL ? meld(node->left, node->right) : node->left;

	if (below != NULL)
		below->parent = above;
	if (above == NULL)
		heap->first = below;
	else if (above->left == node)
		above->left = below;
	else
		above->right = below;
	while (above != NULL && settle(above))
		above = above->parent;
}
