// SPDX-License-Identifier: MIT OR Apache-2.0
/* Polled submission: see poll.h. */
#include "poll.h"

#include "complete.h"

#include <core/clock.h>
#include <core/isolation.h>
#include <core/quiesce.h>

void thread_poll(struct thread *thread, uint64_t idle_ns)
{
	thread->poll_idle_ns = idle_ns;
	if (idle_ns != 0)
		(void)atomic_or(&thread->ring.signals, (uint32_t)RING_POLLED);
	else
		(void)atomic_and(&thread->ring.signals, ~(uint32_t)RING_POLLED);
}

uint32_t poll_reasons(struct thread *thread, uint32_t reasons)
{
	reasons &= ~(uint32_t)CAP_ENTER_BOUND;
	if (reasons != 0)
		store_release(&thread->ring.control->polled, 0u); /* it looks again as it enters */
	return reasons;
}

static inline bool has_submissions(const struct ring *ring)
{
	return load_acquire(&ring->control->sq_tail) != (uint32_t)ring->sq_head; /* Q2: compared only */
}

/* P3 */
static enum poll_end fall_asleep(struct ring *ring)
{
	count_own(&this_cpu()->stats.poll_sleeps, 1);
	store_fenced(&ring->control->polled, 0u);
	return has_submissions(ring) ? POLL_WORK : POLL_SLEEP;
}

/* P2: outside, and whoever wants this CPU gets it. What is freed here may wake somebody. */
static inline void look_up(struct cpu *cpu)
{
	quiesce_exit();
	arch_take_interrupts();
	arch_pause();
	quiesce_enter();
	if (unlikely(cpu->limbo_count != 0))
		quiesce_poll();
}

enum poll_end poll_ring(struct thread *thread)
{
	struct cpu *cpu = this_cpu();
	struct ring *ring = &thread->ring;
	uint64_t until = clock_now_ns() + thread->poll_idle_ns;

	thread->sched.work = 0; /* of this pass */
	unsigned bound_to = isolation_bound_to(&thread->sched);
	if (unlikely(bound_to == MAX_CPUS))
		thread_poll(thread, 0); /* for good */
	if (unlikely(bound_to != cpu->id))
		return fall_asleep(ring);
	store_relaxed(&ring->control->polled, 1u);
	do {
		look_up(cpu);
		if (has_submissions(ring) || ring_has_work(ring)) {
			count_own(&cpu->stats.polls, 1);
			return POLL_WORK;
		}
		if (unlikely(load_relaxed(&cpu->need_resched) || cpu->handover != NULL)) {
			(void)atomic_or(&ring->signals, (uint32_t)RING_UNFINISHED);
			return POLL_AWAY;
		}
	} while (isolation_bound_to(&thread->sched) == cpu->id && clock_now_ns() < until);
	return fall_asleep(ring);
}
