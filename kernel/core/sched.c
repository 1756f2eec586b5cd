// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Run queues: one for each CPU, by virtual time, with hand-over in front. What goes on between CPUs is in sched_others.c.
 *
 * - Invariant S1: an entity is on at most one of: a run queue (of its home), a CPU's handover, a CPU's current.
 * - Invariant S2: on_cpu is true from being picked until sched_switched to another one; then it is live on CPU `home`,
 *   and no other CPU takes it or changes `home`.
 * - Invariant S3: fair and charged_ticks change only under the runqueue_lock of `home`, and run_ticks only by the CPU that runs it:
 *   each tick is charged once, at whatever queueing sees it first.
 * - A hand-over costs no lock and no look at the clock (but the tick count, for the account): the end of the slice is
 *   found by the timer. The timer is armed only if the hardware would fire too late.
 */
#include "sched_private.h"

#include <core/clock.h>
#include <core/isolation.h>
#include <core/log.h>
#include <core/timer.h>

static uint64_t policy_word(uint32_t weight, enum fair_class class)
{
	return (uint64_t)weight << 8 | class;
}

void sched_entity_init(struct sched_entity *entity, unsigned home)
{
	entity->state = SCHED_BLOCKED;
	entity->home = (uint8_t)home;
	entity->on_cpu = false;
	entity->passive = true;
	entity->run_ticks = entity->charged_ticks = entity->switches = 0;
	entity->preemptions = entity->migrations = entity->pin = 0;
	entity->pin_dead = NULL;
	entity->budget = entity->own_budget = NULL;
	entity->budget_ticks = 0;
	entity->ends = false;
	entity->policy = policy_word(FAIR_WEIGHT_DEFAULT, FAIR_NORMAL);
	fair_entity_init(&entity->fair, load_relaxed(&cpus[home].runqueue_clock));
}

void sched_set_policy(struct sched_entity *entity, uint32_t weight, enum fair_class class)
{
	store_relaxed(&entity->policy, policy_word(weight, class));
	sched_record(entity, RECORDER_POLICY, class, weight);
}

/* Of what it ran, what its virtual time does not have yet. What it ran on a budget never comes there. */
static uint64_t uncharged(const struct sched_entity *entity, uint64_t run)
{
	uint64_t due = run - load_relaxed(&entity->budget_ticks) - entity->charged_ticks;

	return likely((int64_t)due > 0) ? due : 0; /* a budget is charged a moment after the thread */
}

/* What it ran since it was charged last, at the weight that it had; then the new one is in force. */
static void charge(struct sched_entity *entity)
{
	uint64_t due = uncharged(entity, load_relaxed(&entity->run_ticks)),
		 policy = load_relaxed(&entity->policy);

	fair_charge(&entity->fair, clock_ticks_to_ns(due));
	entity->charged_ticks += due;
	if (unlikely(policy != policy_word(entity->fair.weight, entity->fair.class)))
		fair_set(&entity->fair, (uint32_t)(policy >> 8), (enum fair_class)(policy & 0xff));
}

uint64_t sched_running_vtime(const struct cpu *cpu, const struct sched_entity *running)
{
	uint64_t ticks = running->run_ticks;

	if (running == cpu->loaded && cpu->budget == NULL)
		ticks += arch_ticks() - cpu->started_ticks;
	return running->fair.vtime + fair_scale(&running->fair, clock_ticks_to_ns(uncharged(running, ticks)));
}

void sched_publish(struct cpu *cpu)
{
	const struct heap_node *first = cpu->runqueue.heap.first;

	if (first)
		store_relaxed(&cpu->runqueue_first, first->key);
	store_relaxed(&cpu->runqueue_clock, cpu->runqueue.clock);
	store_relaxed(&cpu->runqueue_len, cpu->runqueue.length);
}

static void push(struct cpu *cpu, struct sched_entity *entity, bool woken) REQUIRES(cpu->runqueue_lock)
{
	charge(entity);
	fair_enqueue(&cpu->runqueue, &entity->fair, woken);
	sched_publish(cpu);
}

void sched_enqueue(struct cpu *cpu, struct sched_entity *entity, bool woken)
{
	if (unlikely(load_relaxed(&entity->budget) != NULL) && sched_reserve(entity))
		return;
	spin_lock(&cpu->runqueue_lock);
	push(cpu, entity, woken);
	spin_unlock(&cpu->runqueue_lock);
}

/* It was queued on this CPU while `running` runs here: at once if it is interactive, else when that has had its least time. */
static void make_way(struct cpu *cpu, const struct sched_entity *woken, const struct sched_entity *running)
{
	uint64_t earliest = cpu->slice_start_ns + SCHED_MIN_RUN_NS;

	if (sched_class(woken) == FAIR_INTERACTIVE && running->fair.class != FAIR_INTERACTIVE) {
		store_relaxed(&cpu->need_resched, true);
	} else if (earliest < cpu->slice_end_ns) {
		cpu->slice_end_ns = earliest;
		timer_need(earliest);
	}
}

/* I3: it is alone no longer. */
static void restart_slice(struct cpu *cpu, const struct sched_entity *running)
{
	store_relaxed(&cpu->tick_stopped, false);
	cpu->tick_restart = TICK_QUEUED;
	count_own(&cpu->stats.tick_restarts, 1);
	cpu->slice_start_ns = clock_now_ns();
	cpu->slice_end_ns = cpu->slice_start_ns +
			    fair_terms[running ? running->fair.class : FAIR_NORMAL].slice_ns;
	timer_need(cpu->slice_end_ns);
}

/* Queued on this CPU, behind or instead of what runs. The clock of a CPU on which one runs alone is where that one is. */
static void enqueue_here(struct cpu *cpu, struct sched_entity *entity)
{
	struct sched_entity *running = cpu->current;

	sched_record_wake(entity);
	if (unlikely(load_relaxed(&entity->budget) != NULL) && sched_reserve(entity))
		return;
	if (unlikely(isolation_is_any()) && isolation_place(entity, cpu) != cpu) {
		sched_enqueue_remote(&cpus[entity->home], entity);
		return;
	}
	uint64_t vtime = running ? sched_running_vtime(cpu, running) : 0;

	spin_lock(&cpu->runqueue_lock);
	if (running && cpu->runqueue.length == 0)
		fair_advance(&cpu->runqueue, vtime);
	push(cpu, entity, true);
	bool ahead = running && fair_preempts(&entity->fair, vtime);
	spin_unlock(&cpu->runqueue_lock);
	sched_share();
	if (unlikely(cpu->tick_stopped))
		restart_slice(cpu, running);
	if (unlikely(ahead))
		make_way(cpu, entity, running);
}

void sched_wake(struct sched_entity *entity, bool may_hand_over)
{
	struct cpu *cpu = this_cpu();
	unsigned home = entity->home;

	if (may_hand_over &&
	    (home == cpu->id || (entity->passive && entity->pin == 0 && !load_acquire(&entity->on_cpu)))) {
		struct sched_entity *earlier = cpu->handover;

		if (home != cpu->id) {
			store_relaxed(&entity->home, (uint8_t)cpu->id);
			entity->migrations++;
			sched_record(entity, RECORDER_MIGRATED, home, cpu->id);
		}
		store_relaxed(&entity->state, SCHED_QUEUED);
		cpu->handover = entity;
		if (earlier)
			enqueue_here(cpu, earlier);
		return;
	}
	store_relaxed(&entity->state, SCHED_QUEUED);
	if (home == cpu->id) {
		enqueue_here(cpu, entity);
		return;
	}
	sched_record_wake(entity);
	sched_enqueue_remote(&cpus[home], entity);
}

void sched_yield_current(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *entity = cpu->current;

	sched_account(cpu, arch_ticks());
	entity->preemptions++;
	sched_record(entity, RECORDER_PREEMPTED, cpu->id, 0);
	store_relaxed(&cpu->current, (struct sched_entity *)NULL);
	store_relaxed(&entity->state, SCHED_QUEUED);
	/* Who came by hand-over has waited before, and nobody has looked at its credit. */
	sched_enqueue(cpu, entity, entity != cpu->slice_owner);
	sched_share();
}

void sched_kill_current(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *entity = cpu->current;

	sched_account(cpu, arch_ticks());
	store_relaxed(&entity->state, SCHED_DEAD);
	store_relaxed(&cpu->current, (struct sched_entity *)NULL);
	sched_switched(NULL);
}

/* The first of this CPU's queue, unless another's comes well before it. */
static struct sched_entity *choose(struct cpu *cpu)
{
	struct cpu *behind = NULL;
	struct fair_entity *first;

	if (unlikely(load_relaxed(&cpu->reserved_len) != 0)) {
		struct sched_entity *reserved = sched_take_reserved(cpu);
		if (reserved != NULL)
			return reserved;
	}
	if (unlikely(isolation_is_any()))
		return sched_choose_apart(cpu);
	if (load_relaxed(&cpu->runqueue_len) != 0) {
		if (load_relaxed(&cpu_count) != 1)
			behind = sched_find_behind(cpu, load_relaxed(&cpu->runqueue_first));
		if (unlikely(behind)) {
			struct sched_entity *taken = sched_take_from(behind, cpu);
			if (taken)
				return taken;
		}
		spin_lock(&cpu->runqueue_lock);
		first = fair_first(&cpu->runqueue);
		if (first) {
			fair_dequeue(&cpu->runqueue, first);
			fair_advance(&cpu->runqueue, first->vtime);
		}
		sched_publish(cpu);
		spin_unlock(&cpu->runqueue_lock);
		if (first)
			return fair_sched(first);
	}
	return sched_steal(cpu);
}

/* The one that was made runnable goes the way of all others. */
static void queue_hand_over(struct cpu *cpu)
{
	struct sched_entity *entity = cpu->handover;

	cpu->handover = NULL;
	if (entity)
		enqueue_here(cpu, entity);
}

/* I3: a bound thread alone on its leased CPU needs no end of a slice; any doubt, and it has one. */
static bool stops_tick(struct cpu *cpu)
{
	if (!isolation_is_leased(cpu->id) || cpu->handover || load_relaxed(&cpu->runqueue_len) != 0)
		return false;
	cpu->slice_end_ns = UINT64_MAX;
	store_relaxed(&cpu->tick_stopped, true);
	count_own(&cpu->stats.tick_stops, 1);
	return true;
}

/* The tick was stopped for whom ran before. */
static void note_restart(struct cpu *cpu)
{
	store_relaxed(&cpu->tick_stopped, false);
	cpu->tick_restart = isolation_is_leased(cpu->id) ? TICK_PICKED : TICK_LEASE_ENDED;
	count_own(&cpu->stats.tick_restarts, 1);
}

static void start_slice(struct cpu *cpu, const struct sched_entity *next)
{
	cpu->slice_owner = next;
	cpu->slice_start_ns = clock_now_ns();
	cpu->slice_end_ns = cpu->slice_start_ns + fair_terms[next->fair.class].slice_ns;
	store_relaxed(&cpu->picked_vtime, next->fair.vtime);
	if (unlikely(isolation_is_any()) && stops_tick(cpu))
		return;
	timer_need(cpu->slice_end_ns);
}

struct sched_entity *sched_pick_slow(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *next = cpu->current;

	if (next && !load_relaxed(&cpu->need_resched))
		queue_hand_over(cpu); /* which may ask for the CPU */
	if (!next || load_relaxed(&cpu->need_resched)) {
		store_relaxed(&cpu->need_resched, false);
		if (unlikely(cpu->tick_stopped))
			note_restart(cpu);
		queue_hand_over(cpu);
		if (next)
			sched_yield_current();
		next = choose(cpu);
		if (!next)
			return NULL;
		sched_start(cpu, next);
		start_slice(cpu, next);
	}
	return next;
}

uint64_t sched_run_ns(const struct sched_entity *entity)
{
	const struct cpu *cpu = &cpus[load_relaxed(&entity->home)];
	uint64_t started, run;

	do { /* whoever accounts writes started_ticks first: equal ones before and after belong to what was read between */
		started = load_acquire(&cpu->started_ticks);
		run = load_acquire(&entity->run_ticks);
	} while (started != load_relaxed(&cpu->started_ticks));
	if (load_relaxed(&cpu->current) == entity && arch_ticks() > started)
		run += arch_ticks() - started;
	return clock_ticks_to_ns(run);
}

void sched_poke(unsigned cpu_id)
{
	store_relaxed(&cpus[cpu_id].need_resched, true);
	if (cpu_id != this_cpu()->id) {
		count_own(&this_cpu()->stats.ipis_sent, 1);
		arch_ipi_send(cpu_id, ARCH_IPI_RESCHEDULE);
	}
}

void sched_on_timer(uint64_t now_ns)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *running = cpu->current;
	uint64_t vtime;

	if (running && unlikely(now_ns >= cpu->budget_end_ns))
		store_relaxed(&cpu->need_resched, true); /* its budget is spent */
	if (!running || now_ns < cpu->slice_end_ns)
		return;
	vtime = sched_running_vtime(cpu, running);
	spin_lock(&cpu->runqueue_lock);
	if (cpu->runqueue.length == 0)
		fair_advance(&cpu->runqueue, vtime);
	spin_unlock(&cpu->runqueue_lock);
	if (cpu->handover || load_relaxed(&cpu->runqueue_len) != 0 ||
	    (load_relaxed(&cpu_count) != 1 && !isolation_is_leased(cpu->id) && sched_find_behind(cpu, vtime)))
		store_relaxed(&cpu->need_resched, true);
	else
		cpu->slice_end_ns = now_ns + fair_terms[running->fair.class].slice_ns;
}
