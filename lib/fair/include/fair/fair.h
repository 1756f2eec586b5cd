// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The fair policy: who has had least of the CPU for its weight runs next. Pure code: no CPU, no locks, no clock.
 *
 * - Each entity has a virtual time: the CPU time that it used, in nanoseconds, times FAIR_WEIGHT_DEFAULT / weight. Virtual times of
 *   all CPUs' entities are comparable; that is what keeps CPUs fair among each other (fair_should_pull).
 * - A queue (one for each CPU) is ordered by virtual time. Its clock is the latest virtual time at which one was picked, here or
 *   on a CPU that was looked at: it never goes back. Who comes after a wait starts at the clock, less a credit by class.
 * - A latency class says how long one runs before others are looked at, and how much it may be ahead of the others when it
 *   wakes; never how much it gets. The share is the weight's alone.
 *
 * Invariants, checked by tests/fair_test.c and the simulator (lib/fair_sim):
 *   F1  whoever is picked has the smallest virtual time of its queue;
 *   F2  the clock is monotone, and nobody is picked who is behind it by more than FAIR_LAG_NS, or, after a wait, its credit;
 *   F3  virtual time only grows, by what was used, except in F2's correction.
 * After P. Goyal, H. Vin, H. Cheng, "Start-time fair queuing" (1996). docs/design/accepted says why not EEVDF.
 */
#pragma once

#include <heap/heap.h>

#define FAIR_WEIGHT_MIN 16u
#define FAIR_WEIGHT_DEFAULT 1024u
#define FAIR_WEIGHT_MAX 65536u

enum fair_class : uint8_t { FAIR_NORMAL, FAIR_INTERACTIVE, FAIR_BATCH, FAIR_CLASSES };

struct fair_class_terms {
	uint64_t slice_ns;  /* runs as long before others get a look in */
	uint64_t credit_ns; /* what waiting saves up */
};
extern const struct fair_class_terms fair_terms[FAIR_CLASSES];

/* Another CPU's first is pulled over if it is behind one's own first by more than this. */
#define FAIR_PULL_NS 1000000ull
/* Who wakes runs at once if it is behind who runs by more than this. */
#define FAIR_WAKE_NS 500000ull

/* A runnable one is never further behind its CPU's clock: what more CPUs' time it could not use is forgotten (a weight that is
 * worth more than one CPU). */
#define FAIR_LAG_NS 100000000ull

struct fair_entity {
	struct heap_node node; /* while queued; key = vtime */
	struct fair_queue *
		queue; /* where; changed with that queue locked, so its holder can tell; others see any value */
	uint64_t vtime;
	uint32_t weight;
	uint32_t inverse; /* 2^26 / weight */
	enum fair_class class;
	bool woken; /* it waited before it was queued: its credit bounds what it may claim */
};

struct fair_queue {
	struct heap heap;
	uint64_t clock;
	uint32_t length;
};

static inline struct fair_entity *fair_of(struct heap_node *node)
{
	return (struct fair_entity *)(void *)((char *)node - offsetof(struct fair_entity, node));
}

/* Weight FAIR_WEIGHT_DEFAULT, FAIR_NORMAL; at a queue's clock. */
static inline void fair_entity_init(struct fair_entity *entity, uint64_t clock)
{
	entity->queue = nullptr;
	entity->vtime = clock;
	entity->weight = FAIR_WEIGHT_DEFAULT;
	entity->inverse = (1u << 26) / FAIR_WEIGHT_DEFAULT;
	entity->class = FAIR_NORMAL;
}

/* Not queued. The weight is in its range. */
void fair_set(struct fair_entity *entity, uint32_t weight, enum fair_class class);

/* What `ns` of CPU time are in its virtual time. */
static inline uint64_t fair_scale(const struct fair_entity *entity, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * entity->inverse >> 16);
}

/* It used that much; not queued. */
static inline void fair_charge(struct fair_entity *entity, uint64_t ns)
{
	entity->vtime += fair_scale(entity, ns);
}

/* `woken`: after a wait; otherwise it only made way. */
static inline void fair_enqueue(struct fair_queue *queue, struct fair_entity *entity, bool woken)
{
	entity->woken = woken;
	entity->node.key = entity->vtime;
	heap_insert(&queue->heap, &entity->node);
	__atomic_store_n(&entity->queue, queue, __ATOMIC_RELAXED);
	queue->length++;
}

/* Out of the queue, whether it is to run or not. */
static inline void fair_dequeue(struct fair_queue *queue, struct fair_entity *entity)
{
	heap_remove(&queue->heap, &entity->node);
	__atomic_store_n(&entity->queue, (struct fair_queue *)nullptr, __ATOMIC_RELAXED);
	queue->length--;
}

/* That queue is locked; the entity may be in any, or be moved meanwhile. */
static inline bool fair_is_in(const struct fair_queue *queue, const struct fair_entity *entity)
{
	return __atomic_load_n(&entity->queue, __ATOMIC_RELAXED) == queue;
}

/* Moves up those that claim more than their credit. */
struct fair_entity *fair_move_up(struct fair_queue *queue);

/* The earliest virtual time at which it may be picked. */
static inline uint64_t fair_earliest(const struct fair_queue *queue, const struct fair_entity *entity)
{
	return queue->clock - (entity->woken ? fair_terms[entity->class].credit_ns : FAIR_LAG_NS);
}

/* Who is next, still queued; NULL: nobody. */
static inline struct fair_entity *fair_first(struct fair_queue *queue)
{
	if (queue->heap.first == NULL)
		return NULL;
	struct fair_entity *first = fair_of(queue->heap.first);
	return heap_before(first->vtime, fair_earliest(queue, first)) ? fair_move_up(queue) : first;
}

/* The clock moves on to `vtime`, if that is later: of who was picked; of who has run while nobody was queued; of another
 * queue's clock. */
static inline void fair_advance(struct fair_queue *queue, uint64_t vtime)
{
	if (heap_before(queue->clock, vtime))
		queue->clock = vtime;
}

/* Whether `woken` should run now instead of one whose virtual time is `running`. */
static inline bool fair_preempts(const struct fair_entity *woken, uint64_t running)
{
	return heap_before(woken->vtime + FAIR_WAKE_NS, running);
}

/* Whether another CPU's next, at `theirs`, comes before this CPU's own, at `own`. */
static inline bool fair_should_pull(uint64_t own, uint64_t theirs)
{
	return heap_before(theirs + FAIR_PULL_NS, own);
}
