// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A pairing heap: Fredman, Sedgewick, Sleator, Tarjan (1986).
 *
 * A node is the smallest of its subtree; its children are a list (child, then next); prev leads back to the elder sibling,
 * or to the parent.
 */
#include <heap/heap.h>

/* Makes the later of two roots the first child of the other. Either may be NULL. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	if (heap_before(b->key, a->key)) {
		struct heap_node *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child != NULL)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* One heap out of a list of siblings: pairs from left to right, then all from right to left. */
static struct heap_node *meld_siblings(struct heap_node *first)
{
	struct heap_node *pairs = NULL, *heap = NULL;

	while (first != NULL) {
		struct heap_node *a = first, *b = a->next;

		first = b != NULL ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b != NULL)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs != NULL) {
		struct heap_node *next = pairs->next;

		pairs->next = NULL;
		heap = meld(heap, pairs);
		pairs = next;
	}
	if (heap != NULL)
		heap->prev = NULL;
	return heap;
}

void heap_meld(struct heap *heap, struct heap_node *node)
{
	heap->first = meld(heap->first, node);
}

void heap_take(struct heap *heap, struct heap_node *node)
{
	struct heap_node *below = meld_siblings(node->child);

	if (heap->first == node) {
		heap->first = below;
	} else {
		if (node->prev->child == node)
			node->prev->child = node->next;
		else
			node->prev->next = node->next;
		if (node->next != NULL)
			node->next->prev = node->prev;
		heap->first = meld(heap->first, below);
	}
}
