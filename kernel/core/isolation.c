// SPDX-License-Identifier: MIT OR Apache-2.0
/* Leases of CPUs: who has which, and where the others go. */
#include <core/isolation.h>

#include <core/budget.h>
#include <core/lock.h>

#include "sched_private.h"

#define HOUSEKEEPING_CPU 0u

uint64_t isolation_mask;
uint32_t isolation_token[MAX_CPUS];

static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_TIMER);
static uint32_t last_lease; /* under lock */

enum isolation_refusal isolation_check(unsigned cpu_id)
{
	if (cpu_id >= load_relaxed(&cpu_count))
		return ISOLATION_NO_SUCH_CPU;
	if (cpu_id == HOUSEKEEPING_CPU)
		return ISOLATION_HOUSEKEEPING;
	if (budget_share_of(cpu_id) != 0)
		return ISOLATION_RESERVED;
	return load_relaxed(&isolation_token[cpu_id]) != 0 ? ISOLATION_LEASED : ISOLATION_ACCEPTED;
}

enum isolation_refusal isolation_begin(unsigned cpu_id, uint32_t *token)
{
	spin_lock(&budget_lock); /* against budget_init */
	spin_lock(&lock);
	enum isolation_refusal refusal = isolation_check(cpu_id);
	if (refusal == ISOLATION_ACCEPTED) {
		last_lease = last_lease % 0xffffff + 1;
		*token = last_lease << 8 | (cpu_id + 1);
		store_release(&isolation_token[cpu_id], *token);
		(void)atomic_or(&isolation_mask, 1ull << cpu_id);
	}
	spin_unlock(&lock);
	spin_unlock(&budget_lock);
	if (refusal == ISOLATION_ACCEPTED)
		sched_poke(cpu_id); /* who runs there makes way */
	return refusal;
}

bool isolation_end(uint32_t token)
{
	unsigned cpu_id = isolation_cpu(token);

	spin_lock(&lock);
	bool mine = load_relaxed(&isolation_token[cpu_id]) == token;
	if (mine) {
		(void)atomic_and(&isolation_mask, ~(1ull << cpu_id));
		store_release(&isolation_token[cpu_id], 0u);
	}
	spin_unlock(&lock);
	if (mine)
		sched_poke(cpu_id); /* it has slices again, and takes from others */
	return mine;
}

void isolation_bind(struct sched_entity *entity, uint32_t token, const bool *dead)
{
	spin_lock(&lock);
	store_relaxed(&entity->pin, token);
	store_relaxed(&entity->pin_dead, dead);
	spin_unlock(&lock);
}

void isolation_unbind(struct sched_entity *entity, uint32_t token)
{
	spin_lock(&lock);
	if (entity->pin == token) {
		store_relaxed(&entity->pin, 0u);
		store_relaxed(&entity->pin_dead, (const bool *)NULL);
	}
	spin_unlock(&lock);
}

void isolation_look_again(void)
{
	for (uint64_t mask = load_relaxed(&isolation_mask); unlikely(mask != 0); mask &= mask - 1)
		sched_poke((unsigned)__builtin_ctzll(mask));
}

struct cpu *isolation_place(struct sched_entity *entity, struct cpu *cpu)
{
	unsigned target;

	if (isolation_belongs(cpu, entity) || load_acquire(&entity->on_cpu))
		return cpu;
	target = isolation_bound_to(entity);
	if (target == MAX_CPUS)
		target = sched_least_loaded_cpu();
	sched_record(entity, RECORDER_MIGRATED, entity->home, target);
	store_relaxed(&entity->home, (uint8_t)target);
	entity->migrations++;
	return &cpus[target];
}
