// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Quiescence: the one mechanism behind lock-free look-up, object lifetime and "nothing after revoke returned".
 *
 * - A CPU is inside from quiesce_enter (at each kernel entry) to quiesce_exit; while inside it may use, without a
 *   reference, anything that it found through a capability table, a run queue or a ring.
 * - quiesce_free(node): `node->free` runs after every CPU that was inside has been outside once. It runs on the CPU
 *   that retired it, inside, with no lock held, in some later quiesce_poll (or in quiesce_drain).
 * - quiesce_wait(): returns after that; the caller itself counts as outside meanwhile and keeps only what it holds
 *   counted references to. It holds no lock and answers IPIs.
 * - A CPU that idles or runs user code is outside: nobody sends it anything.
 * Epoch-based reclamation after K. Fraser, "Practical lock-freedom" (2004), section 5.2.3.
 */
#pragma once

#include <core/atomic.h>
#include <core/cpu.h>
#include <core/types.h>

struct quiesce_node {
	struct quiesce_node *next;
	void (*free)(struct quiesce_node *);
};

/* Never 0. Advances from e to e+1 when every CPU that is inside entered in e. */
extern uint64_t quiesce_epoch;

void quiesce_collect(void);

/* Frees what can be freed, a piece of work at a time. Called inside, between two operations: it is outside for a moment, and what it frees may
 * wake threads, so before sched_pick. */
static inline void quiesce_poll(void)
{
	if (unlikely(this_cpu()->limbo_count != 0))
		quiesce_collect();
}

/* Threads that hand over to each other need not free what each of them left at once: some wait, for some hand-overs. */
#define QUIESCE_WAITING 16u
#define QUIESCE_HAND_OVERS 64u
static inline bool quiesce_is_due(const struct cpu *cpu)
{
	return cpu->limbo_count >= QUIESCE_WAITING || cpu->stats.switches % QUIESCE_HAND_OVERS == 0;
}

/* The fence orders the announcement before all look-ups, against quiesce.c's scan. */
static inline void quiesce_enter(void)
{
	struct cpu *cpu = this_cpu();

	store_fenced(&cpu->epoch, load_relaxed(&quiesce_epoch));
}

static inline void quiesce_exit(void)
{
	store_release(&this_cpu()->epoch, 0ull);
}

/* For who asked for its CPU again. */
static inline void quiesce_exit_here(struct cpu *cpu)
{
	store_release(&cpu->epoch, 0ull);
}

static inline bool quiesce_is_inside(void)
{
	return this_cpu()->epoch != 0;
}

void quiesce_free(struct quiesce_node *node, void (*free)(struct quiesce_node *));
/* From `free` itself: there is more to do, later, by the same CPU (a chore: core/work.h). No quiescence in between. */
void quiesce_again(struct quiesce_node *node, void (*free)(struct quiesce_node *));
void quiesce_wait(void);
/* This CPU has chores: memory that nobody has any more, but that is not free yet. */
static inline bool quiesce_has_chores(void)
{
	return this_cpu()->ready != NULL;
}

/* Runs everything that waits to be freed (waits for the other CPUs): before counts are compared. Called inside, with no lock held:
 * lets interrupts in now and then. */
void quiesce_drain(void);
