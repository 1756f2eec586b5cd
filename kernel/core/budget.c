// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Budgets: which are admitted, how one is charged, and who waits for the next period. The invariants are in core/budget.h.
 */
#include "budget_private.h"

#include <core/clock.h>
#include <core/isolation.h>

static uint32_t shares[MAX_CPUS]; /* b: given out */
static struct {
	uint32_t lease, share;
	bool sealed;
} under_lease[MAX_CPUS]; /* b: of the CPU's last lease that had any */

/* ---- Admission ---- */

uint32_t budget_share_of(unsigned cpu_id)
{
	return load_relaxed(&shares[cpu_id]);
}

uint32_t budget_share_beside(const struct budget *budget)
{
	uint32_t share = 0;

	spin_lock(&budget_lock);
	if (budget->lease == 0)
		share = shares[budget->cpu];
	else if (under_lease[budget->cpu].lease == budget->lease)
		share = under_lease[budget->cpu].share;
	spin_unlock(&budget_lock);
	return share;
}

/* A CPU that is leased to nobody, and has room for it. */
static bool has_room(unsigned cpu_id, uint32_t share)
{
	return load_acquire(&isolation_token[cpu_id]) == 0 && share <= BUDGET_SHARE_MAX - shares[cpu_id];
}

/* What is under a lease that has ended is forgotten. */
static void begin_under(uint32_t lease) REQUIRES(budget_lock)
{
	unsigned cpu_id = isolation_cpu(lease);

	if (under_lease[cpu_id].lease == lease)
		return;
	under_lease[cpu_id].lease = lease;
	under_lease[cpu_id].share = 0;
	under_lease[cpu_id].sealed = false;
}

static bool admit_under(struct budget *budget, const struct budget_terms *terms) REQUIRES(budget_lock)
{
	unsigned cpu_id = isolation_cpu(terms->lease);
	uint32_t most = terms->sealed ? BUDGET_SHARE_ONE : BUDGET_SHARE_MAX;

	if (!isolation_is_alive(terms->lease))
		return false;
	begin_under(terms->lease);
	if (under_lease[cpu_id].sealed != terms->sealed || budget->share > most - under_lease[cpu_id].share)
		return false;
	under_lease[cpu_id].share += budget->share;
	budget->cpu = cpu_id;
	budget->lease = terms->lease;
	budget->lease_dead = terms->lease_dead;
	return true;
}

bool budget_seal(uint32_t lease)
{
	spin_lock(&budget_lock);
	bool free = isolation_is_alive(lease);
	if (free) {
		begin_under(lease);
		free = under_lease[isolation_cpu(lease)].share == 0 &&
		       !under_lease[isolation_cpu(lease)].sealed;
		under_lease[isolation_cpu(lease)].sealed |= free;
	}
	spin_unlock(&budget_lock);
	return free;
}

void budget_unseal(uint32_t lease)
{
	spin_lock(&budget_lock);
	if (under_lease[isolation_cpu(lease)].lease == lease)
		under_lease[isolation_cpu(lease)].sealed = false;
	spin_unlock(&budget_lock);
}

static uint32_t choose_cpu(uint32_t share) REQUIRES(budget_lock)
{
	uint32_t best = this_cpu()->id;

	if (has_room(best, share))
		return best;
	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++)
		if (has_room(i, share) && (!has_room(best, share) || shares[i] < shares[best]))
			best = i;
	return best;
}

static bool admit_anywhere(struct budget *budget, const struct budget_terms *terms) REQUIRES(budget_lock)
{
	budget->cpu = terms->cpu != BUDGET_ANY_CPU ? terms->cpu : choose_cpu(budget->share);
	if (!has_room(budget->cpu, budget->share))
		return false;
	store_relaxed(&shares[budget->cpu], shares[budget->cpu] + budget->share);
	return true;
}

enum budget_refusal budget_init(struct budget *budget, struct budget_terms terms)
{
	enum budget_refusal refusal = BUDGET_FULL;

	if (terms.period_ns < BUDGET_PERIOD_MIN_NS || terms.period_ns > BUDGET_PERIOD_MAX_NS)
		return BUDGET_BAD_PERIOD;
	if (terms.quota_ns < BUDGET_QUOTA_MIN_NS || terms.quota_ns > terms.period_ns)
		return BUDGET_BAD_QUOTA;
	if (terms.cpu != BUDGET_ANY_CPU && terms.cpu >= load_relaxed(&cpu_count))
		return BUDGET_BAD_CPU;
	budget->quota_ns = terms.quota_ns;
	budget->quota_ticks = terms.quota_ns * (clock_ticks_per_second() / 1000) /
			      1000000; /* at most 2^34 by 2^24 */
	budget->period_ns = terms.period_ns;
	budget->share = (uint32_t)((terms.quota_ns * BUDGET_SHARE_ONE + terms.period_ns - 1) /
				   terms.period_ns);
	spin_lock(&budget_lock);
	if (terms.lease != 0 ? admit_under(budget, &terms) : admit_anywhere(budget, &terms)) {
		budget->refs = 1;
		refusal = BUDGET_ACCEPTED;
	}
	spin_unlock(&budget_lock);
	if (refusal == BUDGET_ACCEPTED)
		(void)atomic_add(&budget_count, 1u);
	return refusal;
}

/* ---- Time ---- */

/* A period begins if the last is over, or what is left would be more than its share of the rest (B5). */
static void renew(struct budget *budget, uint64_t now_ns) REQUIRES(budget_lock)
{
	bool late = now_ns >= budget->end_ns;

	if (!late && !budget->active && budget->left_ticks > 0) {
		unsigned __int128 left = (unsigned __int128)(uint64_t)budget->left_ticks * budget->period_ns;
		late = left > (unsigned __int128)(budget->end_ns - now_ns) * budget->quota_ticks;
	}
	budget->active = true;
	if (!late)
		return;
	budget->left_ticks = (int64_t)budget->quota_ticks +
			     (budget->left_ticks < 0 ? budget->left_ticks : 0); /* B4 */
	budget->end_ns = now_ns + budget->period_ns;
	budget->periods++;
}

/* B3 */
static void charge(struct cpu *cpu, uint64_t now) REQUIRES(budget_lock)
{
	struct budget *budget = cpu->budget;
	uint64_t ticks = now - cpu->budget_since;

	cpu->budget_since = now;
	budget->left_ticks -= (int64_t)ticks;
	budget->used_ticks += ticks;
	if (cpu->budget_lent)
		budget->lent_ticks += ticks;
	if (cpu->loaded != NULL)
		store_relaxed(&cpu->loaded->budget_ticks, cpu->loaded->budget_ticks + ticks);
}

static void happened(struct budget *budget, uint64_t *count, uint64_t now_ns) REQUIRES(budget_lock)
{
	(*count)++;
	budget->events.last_ns = now_ns;
}

/* True: that was the last one. */
static bool put(struct budget *budget) REQUIRES(budget_lock)
{
	return --budget->refs == 0;
}

/* The owner has waited for its next period. */
static void refill(struct timer *timer)
{
	struct budget *budget = container_of(timer, struct budget, refill);
	uint64_t now = clock_now_ns();

	spin_lock(&budget_lock);
	struct sched_entity *entity = budget->parked;
	budget->parked = NULL;
	if (entity != NULL)
		renew(budget, now);
	spin_unlock(&budget_lock);
	if (entity != NULL)
		sched_wake(entity, false);
}

/* It was picked on this CPU, and does not run now. */
static void step_down(struct cpu *cpu, struct sched_entity *entity)
{
	sched_account(cpu, arch_ticks());
	store_relaxed(&cpu->current, (struct sched_entity *)NULL);
	store_relaxed(&entity->state, SCHED_QUEUED);
	if (cpu->loaded != entity) /* not switched to: its registers are saved */
		store_release(&entity->on_cpu, false);
}

/* The owner, picked on this CPU, waits until then. */
static void park(struct cpu *cpu, struct budget *budget, struct sched_entity *entity, uint64_t until_ns)
	REQUIRES(budget_lock)
{
	step_down(cpu, entity);
	budget->parked = entity;
	/* It may be firing, for an owner that left: then it finds this one, which looks again. */
	(void)timer_cancel(&budget->refill);
	timer_init(&budget->refill, refill);
	timer_arm(&budget->refill, until_ns);
}

void budget_end(struct budget *budget)
{
	spin_lock(&budget_lock);
	if (!budget->over && budget->lease == 0)
		store_relaxed(&shares[budget->cpu], shares[budget->cpu] - budget->share);
	else if (!budget->over && under_lease[budget->cpu].lease == budget->lease)
		under_lease[budget->cpu].share -= budget->share;
	budget->over = true;
	spin_unlock(&budget_lock);
	budget_unbind(budget);
}

void budget_put(struct budget *budget)
{
	budget_end(budget);
	spin_lock(&budget_lock);
	bool last = put(budget);
	spin_unlock(&budget_lock);
	(void)timer_cancel(&budget->refill); /* nobody arms it any more; it may be firing */
	(void)atomic_sub(&budget_count, 1u);
	if (last)
		budget->gone(budget);
}

struct budget_figures budget_look(struct budget *budget)
{
	spin_lock(&budget_lock);
	struct budget_figures figures = {
		.left_ticks = budget->left_ticks,
		.end_ns = budget->end_ns,
		.periods = budget->periods,
		.lends = budget->lends,
		.used_ticks = budget->used_ticks,
		.lent_ticks = budget->lent_ticks,
		.least_wait_ns = budget->least_wait_ns,
		.most_wait_ns = budget->most_wait_ns,
		.depth = budget->depth,
		.waits = budget->parked != NULL,
		.stale = budget_is_stale(budget),
		.over = budget->over,
	};
	spin_unlock(&budget_lock);
	return figures;
}

/* ---- For the scheduler ---- */

struct admission {
	struct budget *runs_on; /* NULL: its own time */
	struct budget *tell;    /* NULL: nothing happened */
	bool waits, leaves;     /* it does not run now: until later; here */
	bool lent, first;       /* not its owner; before others */
};

/* B6: what it was bound through is revoked, but the lease goes on without it. */
static bool leaves_cpu(const struct budget *budget, struct sched_entity *entity)
{
	if (budget->lease == 0 || load_relaxed(&entity->pin) != budget->lease)
		return false;
	isolation_unbind(entity, budget->lease);
	return true;
}

/* Its owner was queued, and is about to run. */
static void note_wait(struct budget *budget, uint64_t now_ns) REQUIRES(budget_lock)
{
	uint64_t wait = budget->ready_ns != 0 && now_ns > budget->ready_ns ? now_ns - budget->ready_ns : 0;

	if (budget->ready_ns == 0)
		return;
	budget->ready_ns = 0;
	if (wait > budget->most_wait_ns)
		budget->most_wait_ns = wait;
	if (wait < budget->least_wait_ns || budget->least_wait_ns == 0)
		budget->least_wait_ns = wait;
}

/* What the picked one runs on. */
static void admit(struct cpu *cpu, struct sched_entity *entity, uint64_t now_ns, struct admission *out)
	REQUIRES(budget_lock)
{
	struct budget *budget;

	while ((budget = entity->budget) != NULL) {
		unsigned at = budget_settle(budget, entity);
		bool stale = budget_is_stale(budget);

		if (at == NOT_IN_CHAIN)
			continue; /* B2: it has another now, or none */
		if (stale && at == 0) {
			out->leaves = leaves_cpu(budget, entity);
			return;
		}
		renew(budget, now_ns);
		if (budget->left_ticks > 0 && at == 0 && budget->cpu != cpu->id) {
			park(cpu, budget, entity, now_ns);
			out->waits = true; /* it goes there as soon as its registers are saved */
			return;
		}
		if (budget->left_ticks > 0) {
			if (at == 0)
				note_wait(budget, now_ns);
			out->runs_on = budget;
			out->lent = at != 0;
			out->first = !stale && !load_relaxed(budget->chain[at].ended);
			return;
		}
		out->tell = budget;
		if (at == 0) {
			happened(budget, &budget->events.depleted, now_ns);
			park(cpu, budget, entity, budget->end_ns);
			out->waits = true;
			return;
		}
		happened(budget, &budget->events.overran, now_ns);
		budget->active = false;
		budget_cut(budget, at);
		return; /* it is picked again, after that was told */
	}
}

/* From now on this CPU runs on that; who lost its last reference is returned. */
static struct budget *run_on(struct cpu *cpu, const struct admission *how, uint64_t now, uint64_t now_ns)
	REQUIRES(budget_lock)
{
	struct budget *before = cpu->budget, *budget = how->runs_on;

	if (budget != NULL)
		budget->refs++;
	store_relaxed(&cpu->budget, budget);
	cpu->budget_since = now;
	cpu->budget_lent = how->lent;
	cpu->budget_end_ns = budget != NULL ? now_ns + clock_ticks_to_ns((uint64_t)budget->left_ticks) + 1
					    : UINT64_MAX;
	store_relaxed(&cpu->running_end_ns,
		      budget != NULL && how->first && budget->cpu == cpu->id ? budget->end_ns : UINT64_MAX);
	return before != NULL && put(before) ? before : NULL;
}

bool budget_admit(struct cpu *cpu, struct sched_entity *entity)
{
	struct admission how = {0};
	uint64_t now = arch_ticks(), now_ns = clock_now_ns();

	spin_lock(&budget_lock);
	if (cpu->budget != NULL)
		charge(cpu, now);
	admit(cpu, entity, now_ns, &how);
	struct budget *gone = run_on(cpu, &how, now, now_ns);
	spin_unlock(&budget_lock);
	if (how.runs_on != NULL)
		timer_need(cpu->budget_end_ns);
	if (how.leaves) {
		step_down(cpu, entity);
		sched_wake(entity, false);
	}
	if (how.tell != NULL)
		how.tell->tell(how.tell);
	if (gone != NULL)
		gone->gone(gone);
	return !how.waits && !how.leaves && how.tell == NULL;
}

void budget_idle(struct cpu *cpu)
{
	static const struct admission nobody = {0};
	uint64_t now = arch_ticks();

	spin_lock(&budget_lock);
	charge(cpu, now);
	struct budget *gone = run_on(cpu, &nobody, now, 0);
	spin_unlock(&budget_lock);
	if (gone != NULL)
		gone->gone(gone);
}

bool budget_place(struct sched_entity *entity, unsigned *cpu_id, uint64_t *end_ns)
{
	bool first = false;

	spin_lock(&budget_lock);
	struct budget *budget = entity->budget;
	unsigned at = budget != NULL ? budget_settle(budget, entity) : NOT_IN_CHAIN;
	if (at != NOT_IN_CHAIN && !budget_is_stale(budget) && !load_relaxed(budget->chain[at].ended)) {
		renew(budget, clock_now_ns());
		/* The owner runs on the CPU of its budget, once its registers are saved; who serves it, where it is. */
		first = budget->left_ticks > 0 &&
			(entity->home == budget->cpu || (at == 0 && !load_acquire(&entity->on_cpu)));
		*cpu_id = budget->cpu;
		*end_ns = budget->end_ns;
		if (first && at == 0 && budget->ready_ns == 0)
			budget->ready_ns = clock_now_ns();
	}
	spin_unlock(&budget_lock);
	return first;
}
