// SPDX-License-Identifier: MIT OR Apache-2.0
/* What sched.c (one CPU) and sched_others.c (between CPUs) share. */
#pragma once

#include <core/recorder.h>
#include <core/sched.h>

static inline struct sched_entity *fair_sched(struct fair_entity *fair)
{
	return container_of(fair, struct sched_entity, fair);
}

static inline void sched_record(const struct sched_entity *entity, enum recorder_schedule what, uint32_t from,
				uint32_t to)
{
	recorder_write(0, 0, entity->ids, from, recorder_pack(what, RECORDER_SCHEDULE, 0, to));
}

/* This CPU queues it. */
static inline void sched_record_wake(const struct sched_entity *entity)
{
	const struct cpu *here = this_cpu();
	const struct sched_entity *waker = here->current;

	recorder_write(0, waker != NULL ? waker->ids : 0, entity->ids, here->id,
		       recorder_pack(RECORDER_WOKEN, RECORDER_SCHEDULE, 0, load_relaxed(&entity->home)));
}

/* Into the queue of those that come before others, if it has a budget with time left; false: it has not. */
bool sched_reserve(struct sched_entity *entity);
/* The first of that queue; NULL: it is empty. */
struct sched_entity *sched_take_reserved(struct cpu *cpu);
/* One was queued there whose period ends then. */
void sched_tell_reserved(struct cpu *cpu, uint64_t end_ns);
/* Into that CPU's queue; its virtual time is brought up to date. */
void sched_enqueue(struct cpu *cpu, struct sched_entity *entity, bool woken);
/* What others see of the queue. */
void sched_publish(struct cpu *cpu) REQUIRES(cpu->runqueue_lock);
/* The virtual time of who runs on this CPU, now. */
uint64_t sched_running_vtime(const struct cpu *cpu, const struct sched_entity *running);

/* More is queued here than this CPU can run now: for one that sleeps. After each queueing; who falls asleep looks at all queues. */
void sched_share(void);
/* Another CPU's queue has it now. */
void sched_enqueue_remote(struct cpu *cpu, struct sched_entity *entity);
/* One of the next few CPUs whose first is well behind `own`, a virtual time; NULL: none. Takes over what is known of the
 * virtual clock there. */
struct cpu *sched_find_behind(struct cpu *cpu, uint64_t own);
/* The first of that CPU's queue that can be taken; NULL: none. */
struct sched_entity *sched_take_from(struct cpu *victim, struct cpu *thief);
/* While CPUs are leased: the first of this CPU's queue that belongs here; what does not goes where it does. */
struct sched_entity *sched_choose_apart(struct cpu *cpu);
enum tick_restart : uint8_t { TICK_NEVER, TICK_QUEUED, TICK_PICKED, TICK_LEASE_ENDED };
/* Anybody's. */
struct sched_entity *sched_steal(struct cpu *cpu);
