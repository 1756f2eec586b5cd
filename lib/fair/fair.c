// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The fair policy: a heap by virtual time, and the one correction, made when somebody is about to be picked rather than when it
 * is queued: who queues it may be another CPU, which does not know how far the one that runs here has come.
 */
#include <fair/fair.h>

const struct fair_class_terms fair_terms[FAIR_CLASSES] = {
	[FAIR_NORMAL] = {.slice_ns = 4000000, .credit_ns = 4000000},
	[FAIR_INTERACTIVE] = {.slice_ns = 2000000, .credit_ns = 12000000},
	[FAIR_BATCH] = {.slice_ns = 16000000, .credit_ns = 0},
};

void fair_set(struct fair_entity *entity, uint32_t weight, enum fair_class class)
{
	entity->weight = weight;
	entity->inverse = (1u << 26) / weight;
	entity->class = class;
}

struct fair_entity *fair_move_up(struct fair_queue *queue)
{
	while (queue->heap.first != NULL) {
		struct fair_entity *first = fair_of(queue->heap.first);
		uint64_t earliest = fair_earliest(queue, first);

		if (!heap_before(first->vtime, earliest))
			return first;
		heap_remove(&queue->heap, &first->node);
		first->vtime = first->node.key = earliest;
		heap_insert(&queue->heap, &first->node);
	}
	return NULL;
}
