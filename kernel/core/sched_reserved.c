// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads with a budget (core/budget.h) come before all others: a queue for each CPU, by the end of their period. Nobody steals from it,
 * since what was admitted was admitted on this CPU.
 *
 * - Invariant S6: while one of them is queued on a CPU, none runs there whose period ends later, nor one without, for longer than it takes
 *   to interrupt it. (Who comes by hand-over comes from a thread that made way for it, and is looked at by budget_admit.)
 */
#include "sched_private.h"

#include <core/budget.h>

bool sched_reserve(struct sched_entity *entity)
{
	struct cpu *here = this_cpu(), *cpu;
	unsigned cpu_id;
	uint64_t end_ns;

	if (!budget_place(entity, &cpu_id, &end_ns))
		return false;
	cpu = &cpus[cpu_id];
	if (entity->home != cpu_id) {
		sched_record(entity, RECORDER_MIGRATED, entity->home, cpu_id);
		store_relaxed(&entity->home, (uint8_t)cpu_id);
		entity->migrations++;
	}
	spin_lock(&cpu->runqueue_lock);
	entity->fair.node.key = end_ns;
	heap_insert(&cpu->reserved, &entity->fair.node);
	store_relaxed(&cpu->reserved_len, cpu->reserved_len + 1);
	spin_unlock(&cpu->runqueue_lock);
	if (cpu != here)
		sched_tell_reserved(cpu, end_ns);
	else if (cpu->current != NULL && end_ns < cpu->running_end_ns)
		store_relaxed(&cpu->need_resched, true);
	return true;
}

struct sched_entity *sched_take_reserved(struct cpu *cpu)
{
	struct sched_entity *entity = NULL;

	spin_lock(&cpu->runqueue_lock);
	struct heap_node *first = cpu->reserved.first;
	if (first != NULL) {
		heap_remove(&cpu->reserved, first);
		store_relaxed(&cpu->reserved_len, cpu->reserved_len - 1);
		entity = fair_sched(fair_of(first));
	}
	spin_unlock(&cpu->runqueue_lock);
	return entity;
}

/* One whose registers are still live on its CPU stays: it has just made way there, and is picked soon, or its budget takes it there. */
void sched_reconsider(struct sched_entity *entity)
{
	struct cpu *cpu = &cpus[load_relaxed(&entity->home)];

	spin_lock(&cpu->runqueue_lock);
	bool queued = fair_is_in(&cpu->runqueue, &entity->fair) && !load_acquire(&entity->on_cpu);
	if (queued) {
		fair_dequeue(&cpu->runqueue, &entity->fair);
		sched_publish(cpu);
	}
	spin_unlock(&cpu->runqueue_lock);
	if (queued)
		sched_wake(entity, false);
}
