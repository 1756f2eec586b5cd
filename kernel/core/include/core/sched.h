// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who runs where: a run queue for each CPU, by virtual time (fair/fair.h); CPUs that have less to do, or what is less behind, take
 * from others.
 *
 * - A sched_entity is inside a thread. States: BLOCKED -> (sched_wake) QUEUED -> RUNNING -> QUEUED or BLOCKED, DEAD.
 * - sched_wake makes it runnable on its home CPU, or, if the caller allows, remembers it as this CPU's hand-over when
 *   that is its home or the entity is passive (it never ran, or waits in a service loop): the next sched_pick on
 *   this CPU takes it directly, within the running time slice.
 * - on_cpu: between leaving an entity and sched_switched its vector state is still in the old CPU's registers. An
 *   entity that is made runnable meanwhile can be queued, but only that CPU may take it.
 * - kernel_next is: pick; if it is not cpu->loaded, arch_context_switch(of cpu->loaded or NULL, of the picked) and
 *   sched_switched(picked); if none, save cpu->loaded, sched_idle, and pick again.
 * - Virtual time is derived: it is brought up to date from run_ticks whenever an entity is queued. So a hand-over costs nothing
 *   for it, and neither does a thread that runs alone.
 */
#pragma once

#include <arch/platform.h>
#include <core/atomic.h>
#include <core/cpu.h>
#include <core/list.h>
#include <core/types.h>

/* Who is behind the one that runs waits no longer than this for it, once it is queued on the same CPU. */
#define SCHED_MIN_RUN_NS 500000ull
/* Other CPUs' queues that are looked at when one picks: the bound on migrations, which is one for each pick, and on cache lines
 * touched. One that idles looks at all. */
#define SCHED_PEERS 2u

enum sched_state : uint8_t { SCHED_BLOCKED, SCHED_QUEUED, SCHED_RUNNING, SCHED_DEAD };

struct sched_entity {
	/* QUEUED: written by who won the right to wake; else by the CPU that runs it */
	enum sched_state state;
	uint8_t home;       /* CPU number; changed only by who takes it to run, and by its waker */
	bool on_cpu;        /* its registers are live on CPU `home`: nobody else may run it yet */
	bool passive;       /* may move to its waker's CPU; set by the thread itself, before it blocks */
	uint64_t run_ticks; /* CPU time used, up to the last switch */
	uint64_t switches;
	uint64_t ids;           /* process and thread number, as the flight recorder keeps them */
	uint64_t charged_ticks; /* q: runqueue_lock of home: of run_ticks, what is in its virtual time */
	uint64_t policy;        /* weight << 8 | class, as asked for; in force from its next queueing */
	uint32_t preemptions;   /* made way while it could have gone on */
	uint32_t migrations;    /* came to another CPU */
	struct budget *
		budget; /* that it holds or waits with (core/budget.h): its own, or lent; NULL: none. b: budget_lock */
	struct budget *own_budget; /* b */
	bool ends;                 /* atomic: it gets no budget any more */
	uint64_t budget_ticks;     /* of run_ticks, those on a budget: not in its virtual time */
	uint32_t
		pin; /* lease that it is bound to (core/isolation.h); 0: none; by itself, or with its budget (B6 of core/budget.h) */
	const bool *pin_dead;    /* what it bound itself through is revoked when this is true; NULL: never */
	struct fair_entity fair; /* q */
	uint32_t work; /* since it entered the kernel, with the ring's marks: core/work.h, ring/promise.h */
};

/* BLOCKED and passive. */
void sched_entity_init(struct sched_entity *entity, unsigned home);
/* Weight FAIR_WEIGHT_MIN .. FAIR_WEIGHT_MAX, class < FAIR_CLASSES; from any CPU. In force when it is queued next: what it has run by
 * then counts by the old weight. */
void sched_set_policy(struct sched_entity *entity, uint32_t weight, enum fair_class class);
static inline uint32_t sched_weight(const struct sched_entity *entity)
{
	return (uint32_t)(load_relaxed(&entity->policy) >> 8);
}
/* How often it came to run after a wait: whoever is switched to has waited, or was made to wait. */
static inline uint64_t sched_wake_ups(const struct sched_entity *entity)
{
	uint64_t switches = load_relaxed(&entity->switches), preemptions = load_relaxed(&entity->preemptions);

	return switches > preemptions ? switches - preemptions : 0;
}
static inline enum fair_class sched_class(const struct sched_entity *entity)
{
	return (enum fair_class)(load_relaxed(&entity->policy) & 0xff);
}
/* BLOCKED -> runnable. The caller won the right to wake it (one waker per blocking). */
void sched_wake(struct sched_entity *entity, bool may_hand_over);
/* The same with may_hand_over, for what lives on this CPU: the case of a call and its answer. */
static inline void sched_wake_next(struct sched_entity *entity)
{
	struct cpu *cpu = this_cpu();

	if (unlikely(entity->home != cpu->id || cpu->handover)) {
		sched_wake(entity, true);
		return;
	}
	store_relaxed(&entity->state, SCHED_QUEUED);
	cpu->handover = entity;
}
/* It has been given a budget, or lost it: if it is queued, where that wants it to be. */
void sched_reconsider(struct sched_entity *entity);
/* The running entity gives up the CPU but stays runnable. */
void sched_yield_current(void);
/* The running entity is about to stop. In this order: sched_block_begin; the caller makes it wakeable; sched_block_current (it no longer
 * counts as current, and may have been woken already), or sched_block_undo, if the caller took it back before anybody woke it. */
static inline void sched_block_begin(struct sched_entity *entity)
{
	store_relaxed(&entity->state, SCHED_BLOCKED);
}

static inline void sched_block_undo(struct sched_entity *entity)
{
	store_relaxed(&entity->state, SCHED_RUNNING);
}

static inline void sched_block_current(void)
{
	store_relaxed(&this_cpu()->current, (struct sched_entity *)NULL);
}

/* The running entity never runs again; not wakeable. */
void sched_kill_current(void);

struct sched_entity *sched_pick_slow(void);

/* What ran here is accounted for up to now. */
static inline void sched_account(struct cpu *cpu, uint64_t now)
{
	uint64_t started = cpu->started_ticks;

	store_relaxed(&cpu->started_ticks, now); /* first: sched_run_ns */
	if (cpu->loaded)
		store_release(&cpu->loaded->run_ticks, cpu->loaded->run_ticks + (now - started));
}

/* From now on `next` runs here, and time counts for it. */
static inline void sched_start(struct cpu *cpu, struct sched_entity *next)
{
	uint64_t now = arch_ticks();

	sched_account(cpu, now);
	next->switches += next != cpu->loaded;
	store_relaxed(&next->state, SCHED_RUNNING);
	store_relaxed(&next->on_cpu, true);
	store_relaxed(&cpu->current, next);
}

/* Next one to run on this CPU (RUNNING, current, on_cpu), or NULL. The running one goes on unless it stopped or is to
 * be preempted; after one that stopped, the hand-over is next. The end of the slice is the timer's business. */
static inline struct sched_entity *sched_pick(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *current = cpu->current, *next = cpu->handover;

	if (unlikely(load_relaxed(&cpu->need_resched)))
		return sched_pick_slow();
	if (current)
		return likely(!next) ? current : sched_pick_slow();
	if (unlikely(!next))
		return sched_pick_slow();
	cpu->handover = NULL;
	sched_start(cpu, next);
	return next;
}

/* `from`, which blocked in this entry, makes way for `next`, which this entry woke and which lives here, and which is not
 * cpu->handover any more; only the registers are still to be switched. `now`: within this entry. */
static inline void sched_hand_over(struct cpu *cpu, struct sched_entity *from, struct sched_entity *next,
				   uint64_t now)
{
	uint64_t started = cpu->started_ticks;

	store_relaxed(&cpu->started_ticks, now);
	store_release(&from->run_ticks, from->run_ticks + (now - started));
	next->switches++;
	store_relaxed(&next->state, SCHED_RUNNING);
	store_relaxed(&next->on_cpu, true);
	store_relaxed(&cpu->current, next);
}

/* CPU time used so far, also of one that runs right now on another CPU. */
uint64_t sched_run_ns(const struct sched_entity *entity);

/* After a hand-over: the same for `from`, which cpu->loaded names, and `next`. */
static inline void sched_handed_over(struct cpu *cpu, struct sched_entity *from, struct sched_entity *next)
{
	cpu->loaded = next;
	store_release(&from->on_cpu, false);
}

/* After the switch of vector state from cpu->loaded to `entity`: the former may run elsewhere from now on. The
 * release orders the saved state before that. */
static inline void sched_switched(struct sched_entity *entity)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *from = cpu->loaded;

	cpu->loaded = entity;
	if (from)
		store_release(&from->on_cpu, false);
}

/* Nobody to run: leaves the kernel (quiesce_exit), sleeps until an interrupt or new work, and is inside again. The
 * caller has saved the state of cpu->loaded (arch_context_switch(..., NULL)): another CPU may run it from now on. */
void sched_idle(void);

/* True if the running entity used up its slice and somebody waits, or another CPU asked. */
static inline bool sched_should_preempt(void)
{
	return load_relaxed(&this_cpu()->need_resched);
}

/* Asks `cpu_id` to enter the kernel and pick again (its running thread is to die, or be interrupted). */
void sched_poke(unsigned cpu_id);
/* From timer_run_expired: the end of the slice, if this is it. */
void sched_on_timer(uint64_t now_ns);
unsigned sched_least_loaded_cpu(void);
