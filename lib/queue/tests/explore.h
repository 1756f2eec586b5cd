// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Two actors that share memory, run through every interleaving of their accesses, each with a store buffer, as x86
 * processors have (and no weaker order: release and acquire come for nothing there, the full fence does not).
 *
 * - queue_publish, queue_observe and queue_fence of this test (explore_queue.c) come here: a store goes to the actor's
 *   buffer, from which it reaches memory as a step of its own, whenever the schedule says so.
 * - A run is a list of choices; explore_all makes runs until every list was taken.
 */
#pragma once

#include <stdint.h>

enum { EXPLORE_ACTORS = 2, EXPLORE_MAX_STEPS = 400 };

typedef void explore_actor(int self);

void explore_store(uint64_t *word, uint64_t value);
uint64_t explore_load(const uint64_t *word);
void explore_full_fence(void);
/* A signal sets the other's bit; waiting takes one's own, and is where an actor blocks. The kernel orders neither. */
void explore_signal(int whom);
void explore_wait(int self);

struct explore_result {
	uint64_t runs;
	bool stuck;    /* in some run both waited, or one waited and the other had ended */
	bool complete; /* every schedule was tried */
};

/* start resets what the actors share, before each run; finish looks at it afterwards (false: stop). */
struct explore_result explore_all(void (*start)(void), explore_actor *actors[EXPLORE_ACTORS], bool (*finish)(void),
				  uint64_t max_runs);
