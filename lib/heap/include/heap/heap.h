// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A priority queue of nodes that live in their owners: no memory of its own, smallest key first.
 *
 * Keys are compared by the sign of their difference, so a clock that wraps orders rightly as long as what is queued lies
 * within half its range. Inserting and removing (any node) take at most log2(n + 1) steps, without recursion. No locks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct heap_node {
	uint64_t key; /* fixed while it is queued */
	struct heap_node *left, *right, *parent;
	uint32_t rank;
};

struct heap {
	struct heap_node *first; /* smallest key; NULL: empty */
};

static inline bool heap_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* The general cases of the two below. */
void heap_meld(struct heap *heap, struct heap_node *node);
void heap_take(struct heap *heap, struct heap_node *node);

/* `node` is in no heap. Among equal keys, who came first stays first at the root. */
static inline void heap_insert(struct heap *heap, struct heap_node *node)
{
	node->left = node->right = node->parent = NULL;
	node->rank = 1;
	if (heap->first == NULL)
		heap->first = node;
	else
		heap_meld(heap, node);
}

/* `node` is in this heap. */
static inline void heap_remove(struct heap *heap, struct heap_node *node)
{
	if (heap->first == node && node->left == NULL)
		heap->first = NULL;
	else
		heap_take(heap, node);
}
