// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Between CPUs: who is woken, who takes what from whom, and how a CPU goes to sleep.
 *
 * - Idling: an idle CPU announces itself, full fence, looks at all queues; a waker queues, full fence, looks for idle
 *   CPUs, and takes one's bit. One of the two sees the other. Before it sleeps the idle one says so, full fence, and looks whether it still
 *   has its bit; who took the bit interrupts it if it has said so. Invariant S4: no CPU sleeps while something that it could run is
 *   queued. Invariant S5: a CPU that has not said that it sleeps is not interrupted for what it may steal, nor more often than it has
 *   announced itself (tests/models/sched_wake.pml; S1 and S2: sched_move.pml).
 * - Looking: to be woken takes long, a sleeping virtual CPU above all. So one that was woken by another soon after it went idle
 *   looks for a while before it sleeps, the next time. What it finds it would have been woken for: no order changes. A machine on which
 *   nothing happens sleeps, and a look that is in vain makes others rarer (docs/design/accepted/0009-looking-before-sleeping.md).
 * - A CPU that picks looks at SCHED_PEERS others, in turns, and takes the first of one whose first is FAIR_PULL_NS behind its own:
 *   so virtual times on all CPUs advance together, and each CPU is seen within cpu_count / SCHED_PEERS picks. One entity
 *   moves for each pick at most; who has nothing looks at all.
 * - Two run-queue locks are never held together: what is decided by another's published words is decided again by what is
 *   found under its lock.
 */
#include "sched_private.h"

#include <core/clock.h>
#include <core/isolation.h>
#include <core/quiesce.h>
#include <core/timer.h>

/* An idle CPU that still has something to free looks again after this. */
#define IDLE_COLLECT_NS 1000000ull

/* How long an idle CPU looks, at most, and at least if it does. */
#define LOOK_MAX_NS 100000ull
#define LOOK_MIN_NS 25000ull

static uint64_t idle_mask; /* CPUs that idle and that nobody has woken since; atomic */

static void send_reschedule(unsigned cpu_id)
{
	count_own(&this_cpu()->stats.ipis_sent, 1);
	arch_ipi_send(cpu_id, ARCH_IPI_RESCHEDULE);
}

/* False: it does not idle, or somebody else has woken it. Who takes its bit sends, if it sleeps; the bit comes back when it idles again. */
static bool wake_cpu(struct cpu *cpu)
{
	uint64_t bit = 1ull << cpu->id;

	if ((atomic_and(&idle_mask, ~bit) & bit) == 0)
		return false;
	if (cpu == this_cpu()) /* in an interrupt: it is awake */
		store_relaxed(&cpu->idle, CPU_RUNS);
	else if (load_relaxed(&cpu->idle) == CPU_SLEEPS)
		send_reschedule(cpu->id);
	return true;
}

/* Wakes one idle CPU, so that it steals: this one, if an interrupt came while it was idle. */
static bool wake_an_idle_cpu(void)
{
	uint64_t mask = load_relaxed(&idle_mask) & ~load_relaxed(&isolation_mask);

	if ((mask >> this_cpu()->id & 1) != 0 && wake_cpu(this_cpu()))
		return true;
	for (; mask != 0; mask &= mask - 1)
		if (wake_cpu(&cpus[__builtin_ctzll(mask)]))
			return true;
	return false;
}

void sched_tell_reserved(struct cpu *cpu, uint64_t end_ns)
{
	full_fence(); /* queued, before looking whether it idles; against sched_idle */
	if (load_relaxed(&cpu->idle) != CPU_RUNS) {
		(void)wake_cpu(cpu);
	} else if (end_ns < load_relaxed(&cpu->running_end_ns)) {
		sched_poke(cpu->id);
	}
}

void sched_enqueue_remote(struct cpu *cpu, struct sched_entity *entity)
{
	uint64_t vtime = entity->fair.vtime;

	if (unlikely(load_relaxed(&entity->budget) != NULL) && sched_reserve(entity))
		return;
	if (unlikely(isolation_is_any()))
		cpu = isolation_place(entity, cpu);
	sched_enqueue(cpu, entity, true);
	full_fence(); /* queued, before looking who idles; against sched_idle */
	if (load_relaxed(&cpu->idle) != CPU_RUNS) {
		(void)wake_cpu(cpu);
	} else if (unlikely(isolation_is_leased(cpu->id))) {
		sched_poke(cpu->id); /* it has no slice at whose end it would look */
	} else if (!wake_an_idle_cpu() &&
		   heap_before(vtime + FAIR_WAKE_NS, load_relaxed(&cpu->picked_vtime))) {
		sched_poke(cpu->id); /* it is behind who runs there: nobody waits for the end of a slice */
	}
}

static struct cpu *next_peer(struct cpu *cpu)
{
	unsigned count = load_relaxed(&cpu_count);

	cpu->peer = cpu->peer + 1 < count ? cpu->peer + 1 : 0;
	if (cpu->peer == cpu->id)
		cpu->peer = cpu->peer + 1 < count ? cpu->peer + 1 : 0;
	return &cpus[cpu->peer];
}

struct cpu *sched_find_behind(struct cpu *cpu, uint64_t own)
{
	struct cpu *best = NULL;
	uint64_t known = load_relaxed(&cpu->runqueue_clock), latest = known;

	for (unsigned i = 0; i < SCHED_PEERS; i++) {
		struct cpu *peer = next_peer(cpu);
		uint64_t clock = load_relaxed(&peer->runqueue_clock);

		if (heap_before(latest, clock))
			latest = clock;
		if (load_relaxed(&peer->runqueue_len) == 0 || unlikely(isolation_is_leased(peer->id)))
			continue;
		uint64_t first = load_relaxed(&peer->runqueue_first);
		if (fair_should_pull(own, first)) {
			best = peer;
			own = first;
		}
	}
	if (latest != known) {
		spin_lock(&cpu->runqueue_lock);
		fair_advance(&cpu->runqueue, latest);
		sched_publish(cpu);
		spin_unlock(&cpu->runqueue_lock);
	}
	return best;
}

/* Under the victim's lock. One whose registers are not saved yet cannot be taken; there is at most one such here (S2). */
static struct fair_entity *first_saved(struct fair_queue *queue)
{
	struct fair_entity *first = fair_first(queue), *second;

	if (first && unlikely(fair_sched(first)->pin != 0) &&
	    isolation_bound_to(fair_sched(first)) != MAX_CPUS)
		return NULL; /* I2 */
	if (!first || !load_acquire(&fair_sched(first)->on_cpu))
		return first;
	fair_dequeue(queue, first);
	second = fair_first(queue);
	fair_enqueue(queue, first, first->woken);
	return second && !load_acquire(&fair_sched(second)->on_cpu) &&
			       isolation_bound_to(fair_sched(second)) == MAX_CPUS
		       ? second
		       : NULL;
}

struct sched_entity *sched_take_from(struct cpu *victim, struct cpu *thief)
{
	struct fair_entity *first;

	spin_lock(&victim->runqueue_lock);
	first = first_saved(&victim->runqueue);
	if (first) {
		fair_dequeue(&victim->runqueue, first);
		sched_publish(victim);
		store_relaxed(&fair_sched(first)->home, (uint8_t)thief->id);
		fair_sched(first)->migrations++;
	}
	spin_unlock(&victim->runqueue_lock);
	if (!first)
		return NULL;
	sched_record(fair_sched(first), RECORDER_MIGRATED, victim->id, thief->id);
	return fair_sched(first);
}

struct sched_entity *sched_steal(struct cpu *cpu)
{
	unsigned count = load_relaxed(&cpu_count);

	for (unsigned i = 1; i < count; i++) {
		struct cpu *victim = &cpus[(cpu->id + i) % count];
		struct sched_entity *entity;

		if (load_relaxed(&victim->runqueue_len) == 0)
			continue;
		entity = sched_take_from(victim, cpu);
		if (entity) {
			spin_lock(&cpu->runqueue_lock);
			fair_advance(&cpu->runqueue, load_relaxed(&victim->runqueue_clock));
			sched_publish(cpu);
			spin_unlock(&cpu->runqueue_lock);
			return entity;
		}
	}
	return NULL;
}

/* Takes the first of the queue; *away: it does not belong here. The one whose registers are not saved yet stays, if it does not. */
static struct sched_entity *take_first(struct cpu *cpu, bool *away)
{
	struct fair_entity *first, *stays = NULL;
	struct sched_entity *entity = NULL;

	spin_lock(&cpu->runqueue_lock);
	first = fair_first(&cpu->runqueue);
	if (first && !isolation_belongs(cpu, fair_sched(first)) && load_acquire(&fair_sched(first)->on_cpu)) {
		stays = first;
		fair_dequeue(&cpu->runqueue, stays);
		first = fair_first(&cpu->runqueue);
	}
	if (first) {
		entity = fair_sched(first);
		*away = !isolation_belongs(cpu, entity);
		fair_dequeue(&cpu->runqueue, first);
	}
	if (stays)
		fair_enqueue(&cpu->runqueue, stays, stays->woken);
	sched_publish(cpu);
	spin_unlock(&cpu->runqueue_lock);
	return entity;
}

/* What is well behind on another CPU that is nobody's. */
static struct sched_entity *take_behind(struct cpu *cpu)
{
	struct cpu *behind = NULL;

	if (!isolation_is_leased(cpu->id) && load_relaxed(&cpu->runqueue_len) != 0)
		behind = sched_find_behind(cpu, load_relaxed(&cpu->runqueue_first));
	return behind != NULL ? sched_take_from(behind, cpu) : NULL;
}

struct sched_entity *sched_choose_apart(struct cpu *cpu)
{
	struct sched_entity *entity = take_behind(cpu);
	bool away;

	if (entity != NULL)
		return entity;
	while ((entity = take_first(cpu, &away)) != NULL) {
		if (!away)
			return entity;
		sched_enqueue_remote(isolation_place(entity, cpu), entity);
	}
	return isolation_is_leased(cpu->id) ? NULL : sched_steal(cpu);
}

void sched_share(void)
{
	full_fence(); /* queued, before looking who idles; as in sched_enqueue_remote */
	if (unlikely(load_relaxed(&idle_mask) != 0))
		(void)wake_an_idle_cpu(); /* none of those that are leased */
}

static bool somebody_waits(const struct cpu *cpu)
{
	if (cpu->handover || load_relaxed(&cpu->reserved_len) != 0)
		return true;
	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++) {
		if (load_relaxed(&cpus[i].runqueue_len) == 0)
			continue;
		/* What is queued there is not for a leased CPU, nor what is queued on one for others. */
		if (i != cpu->id && (isolation_is_leased(cpu->id) || isolation_is_leased(i)))
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

/* Something came for this idle CPU: by another, or in an interrupt. */
static bool is_awaited(const struct cpu *cpu, uint64_t bit)
{
	return (load_relaxed(&idle_mask) & bit) == 0 || cpu->handover != NULL ||
	       load_relaxed(&cpu->need_resched) || load_relaxed(&cpu->runqueue_len) != 0 ||
	       load_relaxed(&cpu->reserved_len) != 0 || quiesce_has_chores();
}

/* For as long as that may pay, outside, with interrupts let in. True: something came. What waits to be freed is tried for as long as a short
 * look: the CPUs that it waits for leave the kernel soon, and somebody may wait for the end of a process. */
static bool look_around(struct cpu *cpu, uint64_t bit)
{
	uint64_t now_ns = cpu->idle_since_ns;

	while (now_ns - cpu->idle_since_ns <
	       (cpu->limbo_count != 0 && cpu->look_ns < LOOK_MIN_NS ? LOOK_MIN_NS : cpu->look_ns)) {
		arch_take_interrupts();
		arch_pause();
		quiesce_poll();
		if (is_awaited(cpu, bit))
			return true;
		now_ns = clock_now_ns();
	}
	return false;
}

/* It rested for `ns`. `woken`: until another CPU woke it; `found`: while it looked. */
static void judge_look(struct cpu *cpu, uint64_t ns, bool found, bool woken)
{
	bool looked = cpu->look_ns != 0;

	cpu->look_ns = 0;
	if (found &&
	    woken) { /* some times as long as it took now, so that one in vain costs no more than others have saved */
		cpu->look_ns = ns < LOOK_MIN_NS / 4   ? LOOK_MIN_NS
			       : ns < LOOK_MAX_NS / 4 ? 4 * ns
						      : LOOK_MAX_NS;
		cpu->look_penalty /= 2;
	} else if (
		looked &&
		!found) { /* nothing comes any more, or who would wake it waits for the processor that it keeps */
		cpu->look_penalty = (uint8_t)(2 * cpu->look_penalty + 1);
		cpu->look_skips = cpu->look_penalty;
	} else if (woken && ns <= LOOK_MAX_NS && cpu->look_skips != 0) {
		cpu->look_skips--;
	} else if (woken && ns <= LOOK_MAX_NS) {
		cpu->look_ns = LOOK_MAX_NS;
	}
}

static void rest(struct cpu *cpu, uint64_t bit)
{
	cpu->idle_since_ns = clock_now_ns();
	quiesce_exit();
	bool found = look_around(cpu, bit);
	if (!found) {
		if (cpu->limbo_count != 0)
			timer_need(clock_now_ns() + IDLE_COLLECT_NS);
		store_fenced(&cpu->idle,
			     CPU_SLEEPS); /* before looking whether it was woken; against wake_cpu */
		if ((load_relaxed(&idle_mask) & bit) != 0)
			arch_idle();
	}
	quiesce_enter();
	uint64_t ns = clock_now_ns() - cpu->idle_since_ns;
	judge_look(cpu, ns, found, (load_relaxed(&idle_mask) & bit) == 0 && cpu->idle != CPU_RUNS);
	count_own(&cpu->stats.idle_ns, ns);
}

void sched_idle(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t bit = 1ull << cpu->id;

	sched_account(cpu, arch_ticks());
	sched_switched(NULL);
	quiesce_poll(); /* may wake somebody: before looking */
	cpu->current_context = NULL;
	store_relaxed(&cpu->idle, CPU_LOOKS);
	(void)atomic_or(&idle_mask, bit);
	full_fence();             /* announced, before looking at the queues; against sched_enqueue_remote */
	if (quiesce_has_chores()) /* the next piece at once, unless something comes */
		arch_take_interrupts();
	else if (!somebody_waits(cpu))
		rest(cpu, bit);
	(void)atomic_and(&idle_mask, ~bit);
	store_relaxed(&cpu->idle, CPU_RUNS);
	if (cpu->handover) { /* there is no slice to hand over: whoever comes now gets a new one */
		sched_record_wake(cpu->handover);
		sched_enqueue(cpu, cpu->handover, true);
		cpu->handover = NULL;
	}
}

unsigned sched_least_loaded_cpu(void)
{
	unsigned best = this_cpu()->id, best_load = UINT32_MAX;

	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++) {
		if (unlikely(isolation_is_leased(i)))
			continue;
		unsigned load = load_relaxed(&cpus[i].runqueue_len) +
				(load_relaxed(&cpus[i].idle) == CPU_RUNS);

		if (load < best_load || (load == best_load && i == this_cpu()->id)) {
			best = i;
			best_load = load;
		}
	}
	return best;
}
