// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CPUs that are leased: left to the threads that were bound to the lease, without a tick while one of them is alone.
 *
 * - A lease is a token, not 0, that no other lease has. A CPU has at most one (isolation_token); a thread that is bound carries the
 *   token (sched_entity.pin), and is bound as long as the CPU has the same: so the end of a lease is one store. Who bound itself
 *   through a capability that can be revoked carries that gate's flag (pin_dead), and is bound no longer than that is false.
 * - I1  On a leased CPU only bound threads are picked from a queue; what others find there, or themselves, is sent elsewhere as
 *       soon as its registers are saved. What a bound thread calls may run in its place, by hand-over.
 * - I2  A bound thread is picked on its CPU only, and nobody takes it from there.
 * - I3  The slice timer of a leased CPU is not set exactly while one thread runs there and none is queued (sched.c, start_slice);
 *       whoever queues one there pokes the CPU, which then has a slice again (tests/models/tick.pml).
 * - I4  At least one CPU is not leased: the one that boots, which has the devices' interrupts.
 * Without any lease all this is one word that is 0. test-isolation shows I1 to I4 on the machine.
 */
#pragma once

#include <core/atomic.h>
#include <core/cpu.h>
#include <core/sched.h>

enum isolation_refusal : uint8_t {
	ISOLATION_ACCEPTED,
	ISOLATION_NO_SUCH_CPU,
	ISOLATION_HOUSEKEEPING, /* I4 */
	ISOLATION_LEASED,
	ISOLATION_RESERVED, /* budgets were admitted there (core/budget.h) */
};

extern uint64_t isolation_mask; /* bit = CPU that is leased; atomic */
extern uint32_t isolation_token[MAX_CPUS];

/* Would isolation_begin accept it now? */
enum isolation_refusal isolation_check(unsigned cpu_id);
/* *token is the lease. */
enum isolation_refusal isolation_begin(unsigned cpu_id, uint32_t *token);
/* False: it has ended already. */
bool isolation_end(uint32_t token);

static inline unsigned isolation_cpu(uint32_t token)
{
	return (token & 0xff) - 1;
}

static inline bool isolation_is_alive(uint32_t token)
{
	return token != 0 && load_acquire(&isolation_token[isolation_cpu(token)]) == token;
}

static inline bool isolation_is_any(void)
{
	return load_relaxed(&isolation_mask) != 0;
}

static inline bool isolation_is_leased(unsigned cpu_id)
{
	return (load_relaxed(&isolation_mask) >> cpu_id & 1) != 0;
}

/* From now on it is bound; `dead` (pin_dead) is valid until it is bound anew, or runs nowhere any more. */
void isolation_bind(struct sched_entity *entity, uint32_t token, const bool *dead);
/* It is bound to that lease no more. */
void isolation_unbind(struct sched_entity *entity, uint32_t token);
/* Some capabilities were revoked: whoever runs on a leased CPU makes way, and is looked at again. */
void isolation_look_again(void);

/* The CPU that it is bound to, or MAX_CPUS. */
static inline unsigned isolation_bound_to(const struct sched_entity *entity)
{
	uint32_t pin = load_relaxed(&entity->pin);
	const bool *dead = load_relaxed(&entity->pin_dead);

	if (likely(!isolation_is_alive(pin)) || (dead != NULL && load_acquire(dead)))
		return MAX_CPUS;
	return isolation_cpu(pin);
}

/* May it be picked from this CPU's queue? */
static inline bool isolation_belongs(const struct cpu *cpu, const struct sched_entity *entity)
{
	unsigned bound_to = isolation_bound_to(entity);

	return bound_to == cpu->id || (bound_to == MAX_CPUS && !isolation_is_leased(cpu->id));
}

/* Where it is to be queued instead of `cpu`; the same, if that will do or its registers are there. */
struct cpu *isolation_place(struct sched_entity *entity, struct cpu *cpu);
