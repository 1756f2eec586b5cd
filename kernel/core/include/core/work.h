// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How much at once. The kernel runs with interrupts off, so whoever has much to do does a bounded piece of it.
 *
 * - Work is counted in bytes copied or cleared; 8 of them are about one instruction. What is neither is put at what it takes.
 * - An entry takes no further submission once it has done WORK_PIECE (ring/submit.c, by the running thread's count).
 * - What nobody waits for is a chore: a quiesce_node that does a piece and then retires itself again (quiesce_again).
 * - What a caller waits for, and holds no lock, lets interrupts in between its pieces (work_pause).
 */
#pragma once

#include <core/sched.h>

#define WORK_PIECE 131072u /* bytes: some 16,000 instructions */
#define WORK_NODE 4096u    /* what freeing one object is put at */

/* Above this a thread's count stays as it is: the bits beyond are the ring's marks. */
#define WORK_COUNTED (1u << 29)

/* This CPU has done that much, on behalf of the thread that runs, if any. */
static inline void work_done(uint32_t bytes)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *entity = cpu->current;

	cpu->work += bytes;
	if (entity != NULL && !(entity->work & WORK_COUNTED))
		entity->work += bytes;
}

/* Whether a piece is done since work_begin. */
static inline uint64_t work_begin(void)
{
	return this_cpu()->work;
}

static inline bool work_is_enough(uint64_t begin)
{
	return this_cpu()->work - begin >= WORK_PIECE;
}

/* In the middle of an operation that holds no lock and is inside quiescence: lets interrupts in if a piece is done, and begins
 * the next. What comes may wake threads and complete requests, and runs none of them. */
static inline void work_pause(uint64_t *begin)
{
	if (likely(!work_is_enough(*begin)))
		return;
	arch_take_interrupts();
	*begin = work_begin();
}
