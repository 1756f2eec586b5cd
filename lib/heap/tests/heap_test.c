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
	bool good = true, wraps = true, order = equal_keys_keep_their_order();

	for (uint64_t seed = 1; seed <= 5; seed++) {
		good &= agrees_with_an_array(seed, 0);
		wraps &= agrees_with_an_array(seed, UINT64_MAX - 500);
	}
	printf("1..3\n%sok 1 - the first is always the smallest\n%sok 2 - also when keys wrap\n"
	       "%sok 3 - among equal ones, who came first\n",
	       good ? "" : "not ", wraps ? "" : "not ", order ? "" : "not ");
	return good && wraps && order ? 0 : 1;
}
