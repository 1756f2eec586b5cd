// SPDX-License-Identifier: MIT OR Apache-2.0
/* The heap against a plain array, over random insertions and removals, with keys that wrap. */
#include <heap/heap.h>
#include <stdio.h>

#define NODES 300u

static struct heap_node nodes[NODES];
static bool queued[NODES];
static uint64_t state;

static uint64_t next_random(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 33;
}

static bool first_is_smallest(const struct heap *heap)
{
	bool any = false;

	for (unsigned i = 0; i < NODES; i++) {
		any |= queued[i];
		if (queued[i] && (heap->first == NULL || heap_before(nodes[i].key, heap->first->key)))
			return false;
	}
	return any == (heap->first != NULL);
}

/* The rank of a subtree that is as it should be; -1: it is not. */
static int check(const struct heap_node *node, const struct heap_node *parent)
{
	if (node == NULL)
		return 0;

	int left = check(node->left, node), right = check(node->right, node);

	if (left < right || right < 0 || node->rank != (uint32_t)right + 1 || node->parent != parent ||
	    (parent != NULL && heap_before(node->key, parent->key)))
		return -1;
	return right + 1;
}

/* With up to 300 nodes no way is longer than 8 steps, in whichever order they came and went. */
static bool ways_are_short(void)
{
	bool good = true;

	for (unsigned order = 0; order < 3; order++) {
		struct heap heap = {NULL};

		state = order;
		for (unsigned i = 0; i < NODES; i++) {
			nodes[i].key = order == 0 ? i : order == 1 ? NODES - i : next_random() % 50;
			heap_insert(&heap, &nodes[i]);
			good &= heap.first->rank <= 8 && check(heap.first, NULL) > 0;
		}
		for (unsigned i = 0; i < NODES; i++) {
			heap_remove(&heap, &nodes[i * 7 % NODES]);
			good &= check(heap.first, NULL) == (heap.first != NULL ? (int)heap.first->rank : 0);
		}
		good &= heap.first == NULL;
	}
	return good;
}

static bool agrees_with_an_array(uint64_t seed, uint64_t base)
{
	struct heap heap = {NULL};

	state = seed;
	for (unsigned i = 0; i < NODES; i++)
		queued[i] = false;
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = (unsigned)(next_random() % NODES);

		if (next_random() % 3 == 0 && heap.first != NULL)
			i = (unsigned)(heap.first - nodes);
		if (queued[i]) {
			heap_remove(&heap, &nodes[i]);
		} else {
			nodes[i].key = base + next_random() % 1000;
			heap_insert(&heap, &nodes[i]);
		}
		queued[i] = !queued[i];
		if (!first_is_smallest(&heap))
			return false;
	}
	return true;
}

static bool equal_keys_keep_their_order(void)
{
	struct heap heap = {NULL};

	nodes[0].key = nodes[1].key = 7;
	heap_insert(&heap, &nodes[0]);
	heap_insert(&heap, &nodes[1]);
	return heap.first == &nodes[0];
}

int main(void)
{
	bool good = true, wraps = true, order = equal_keys_keep_their_order(), bounded = ways_are_short();

	for (uint64_t seed = 1; seed <= 5; seed++) {
		good &= agrees_with_an_array(seed, 0);
		wraps &= agrees_with_an_array(seed, UINT64_MAX - 500);
	}
	printf("1..4\n%sok 1 - the first is always the smallest\n%sok 2 - also when keys wrap\n"
	       "%sok 3 - among equal ones, who came first\n"
	       "%sok 4 - no way is longer than the logarithm of their number\n",
	       good ? "" : "not ", wraps ? "" : "not ", order ? "" : "not ", bounded ? "" : "not ");
	return good && wraps && order && bounded ? 0 : 1;
}
