// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Run queues: one for each CPU, first in, first out, with hand-over in front and stealing behind.
 *
 * - Invariant S1: an entity is on at most one of: a run queue (of its home), a CPU's handover, a CPU's current.
 * - Invariant S2: on_cpu is true from being picked until sched_switched to another one; then it is live on CPU `home`,
 *   and no other CPU takes it or changes `home`.
 * - A hand-over costs no lock and no look at the clock (but the tick count, for the account): the end of the slice is
 *   found by the timer. The timer is armed only if the hardware would fire too late.
 * - Sleeping: an idle CPU announces itself, full fence, looks at all queues; a waker queues, full fence, looks for idle
 *   CPUs. One of the two sees the other.
 */
#include <core/sched.h>

#include <core/clock.h>
#include <core/log.h>
#include <core/quiesce.h>
#include <core/timer.h>

/* An idle CPU that still has something to free looks again after this. */
#define IDLE_COLLECT_NS 1000000ull

static uint64_t idle_mask; /* CPUs that sleep and have not been sent anything since; atomic */

static void enqueue(struct cpu *cpu, struct sched_entity *entity)
{
	spin_lock(&cpu->runqueue_lock);
	list_push_back(&cpu->runqueue, &entity->link);
	store_relaxed(&cpu->runqueue_len, cpu->runqueue_len + 1);
	spin_unlock(&cpu->runqueue_lock);
}

static void send_reschedule(unsigned cpu_id)
{
	this_cpu()->stats.ipis_sent++;
	arch_ipi_send(cpu_id, ARCH_IPI_RESCHEDULE);
}

/* Wakes one sleeping CPU, so that it steals. Who takes its bit sends; it comes back when it sleeps again. */
static void wake_an_idle_cpu(void)
{
	uint64_t mask = load_relaxed(&idle_mask);

	while (mask) {
		uint64_t bit = mask & -mask;

		if (atomic_and(&idle_mask, ~bit) & bit) {
			send_reschedule((unsigned)__builtin_ctzll(bit));
			return;
		}
		mask &= ~bit;
	}
}

static void enqueue_remote(struct cpu *cpu, struct sched_entity *entity)
{
	uint64_t bit = 1ull << cpu->id;

	enqueue(cpu, entity);
	full_fence(); /* queued, before looking who sleeps; against sched_idle */
	if (!load_relaxed(&cpu->idle))
		wake_an_idle_cpu();
	else if (atomic_and(&idle_mask, ~bit) & bit)
		send_reschedule(cpu->id);
}

void sched_entity_init(struct sched_entity *entity, unsigned home)
{
	*entity = (struct sched_entity){.state = SCHED_BLOCKED, .home = (uint8_t)home, .passive = true};
	list_init(&entity->link);
}

void sched_wake(struct sched_entity *entity, bool may_hand_over)
{
	struct cpu *cpu = this_cpu();
	unsigned home = entity->home;

	if (may_hand_over && (home == cpu->id || (entity->passive && !load_acquire(&entity->on_cpu)))) {
		struct sched_entity *earlier = cpu->handover;

		store_relaxed(&entity->home, (uint8_t)cpu->id);
		store_relaxed(&entity->state, SCHED_QUEUED);
		cpu->handover = entity;
		if (earlier)
			enqueue(cpu, earlier);
		return;
	}
	store_relaxed(&entity->state, SCHED_QUEUED);
	if (home == cpu->id)
		enqueue(cpu, entity);
	else
		enqueue_remote(&cpus[home], entity);
}

void sched_yield_current(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *entity = cpu->current;

	store_relaxed(&cpu->current, (struct sched_entity *)NULL);
	store_relaxed(&entity->state, SCHED_QUEUED);
	enqueue(cpu, entity);
}

void sched_kill_current(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *entity = cpu->current;

	entity->run_ticks += arch_ticks() - cpu->started_ticks;
	store_relaxed(&entity->state, SCHED_DEAD);
	store_relaxed(&cpu->current, (struct sched_entity *)NULL);
	sched_switched(NULL);
}

static struct sched_entity *dequeue(struct cpu *cpu)
{
	struct sched_entity *entity = NULL;
	struct list *link;

	if (load_relaxed(&cpu->runqueue_len) == 0)
		return NULL;
	spin_lock(&cpu->runqueue_lock);
	link = list_pop_front(&cpu->runqueue);
	if (link) {
		entity = container_of(link, struct sched_entity, link);
		store_relaxed(&cpu->runqueue_len, cpu->runqueue_len - 1);
	}
	spin_unlock(&cpu->runqueue_lock);
	return entity;
}

/* The first of that CPU's queue whose registers are saved. */
static struct sched_entity *steal_from(struct cpu *victim, unsigned thief)
{
	struct sched_entity *entity = NULL;

	spin_lock(&victim->runqueue_lock);
	list_for_each (link, &victim->runqueue) {
		struct sched_entity *candidate = container_of(link, struct sched_entity, link);

		if (load_acquire(&candidate->on_cpu))
			continue;
		entity = candidate;
		list_remove(&entity->link);
		store_relaxed(&victim->runqueue_len, victim->runqueue_len - 1);
		store_relaxed(&entity->home, (uint8_t)thief);
		break;
	}
	spin_unlock(&victim->runqueue_lock);
	return entity;
}

static struct sched_entity *steal(struct cpu *cpu)
{
	unsigned count = load_relaxed(&cpu_count);

	for (unsigned i = 1; i < count; i++) {
		struct cpu *victim = &cpus[(cpu->id + i) % count];
		struct sched_entity *entity;

		if (load_relaxed(&victim->runqueue_len) == 0)
			continue;
		entity = steal_from(victim, cpu->id);
		if (entity)
			return entity;
	}
	return NULL;
}

/* The queue, then other queues. A hand-over whose slice is over queues behind. */
static struct sched_entity *choose(struct cpu *cpu)
{
	struct sched_entity *next = cpu->handover;

	if (next) {
		cpu->handover = NULL;
		enqueue(cpu, next);
	}
	next = dequeue(cpu);
	return next ? next : steal(cpu);
}

/* More is queued here than this CPU can run now: for one that sleeps. */
void sched_share(void)
{
	full_fence(); /* queued, before looking who sleeps; as in enqueue_remote */
	if (unlikely(load_relaxed(&idle_mask) != 0))
		wake_an_idle_cpu();
}

struct sched_entity *sched_pick_slow(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *next = cpu->current;

	if (next && !load_relaxed(&cpu->need_resched)) {
		enqueue(cpu, cpu->handover);
		cpu->handover = NULL;
	} else {
		if (next)
			sched_yield_current();
		store_relaxed(&cpu->need_resched, false);
		next = choose(cpu);
		if (!next)
			return NULL;
		sched_start(cpu, next);
		cpu->slice_end_ns = clock_now_ns() + SCHED_SLICE_NS;
		timer_need(cpu->slice_end_ns);
	}
	if (load_relaxed(&cpu->runqueue_len) != 0)
		sched_share();
	return next;
}

uint64_t sched_run_ns(const struct sched_entity *entity)
{
	return clock_ticks_to_ns(load_relaxed(&entity->run_ticks));
}

static bool somebody_waits(const struct cpu *cpu)
{
	if (cpu->handover)
		return true;
	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++) {
		if (load_relaxed(&cpus[i].runqueue_len) == 0)
			continue;
		/* That CPU is about to take or to release it: give it time. */
		if (i != cpu->id) {
			arch_poll_ipi();
			arch_pause();
		}
		return true;
	}
	return false;
}

void sched_idle(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t bit = 1ull << cpu->id;

	sched_switched(NULL);
	quiesce_poll(); /* may wake somebody: before looking */
	cpu->current_context = NULL;
	store_relaxed(&cpu->idle, (uint8_t)1);
	(void)atomic_or(&idle_mask, bit);
	full_fence(); /* announced, before looking at the queues; against enqueue_remote */
	if (!somebody_waits(cpu)) {
		cpu->idle_since_ns = clock_now_ns();
		quiesce_exit();
		if (cpu->limbo_count != 0)
			timer_need(cpu->idle_since_ns + IDLE_COLLECT_NS);
		arch_idle();
		quiesce_enter();
		cpu->stats.idle_ns += clock_now_ns() - cpu->idle_since_ns;
	}
	(void)atomic_and(&idle_mask, ~bit);
	store_relaxed(&cpu->idle, (uint8_t)0);
	if (cpu->handover) { /* there is no slice to hand over: whoever comes now gets a new one */
		enqueue(cpu, cpu->handover);
		cpu->handover = NULL;
	}
}

void sched_poke(unsigned cpu_id)
{
	store_relaxed(&cpus[cpu_id].need_resched, true);
	if (cpu_id != this_cpu()->id)
		send_reschedule(cpu_id);
}

void sched_on_timer(uint64_t now_ns)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->current || now_ns < cpu->slice_end_ns)
		return;
	if (cpu->handover || load_relaxed(&cpu->runqueue_len) != 0)
		store_relaxed(&cpu->need_resched, true);
	else
		cpu->slice_end_ns = now_ns + SCHED_SLICE_NS;
}

unsigned sched_least_loaded_cpu(void)
{
	unsigned best = this_cpu()->id, best_load = UINT32_MAX;

	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++) {
		unsigned load = load_relaxed(&cpus[i].runqueue_len) + !load_relaxed(&cpus[i].idle);

		if (load < best_load || (load == best_load && i == this_cpu()->id)) {
			best = i;
			best_load = load;
		}
	}
	return best;
}
