// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The other policy: earliest eligible virtual deadline first (I. Stoica, H. Abdel-Wahab, 1995), as far as decisions go.
 *
 * A queue's virtual time is the weighted mean of those that want the CPU; who is not ahead of it is eligible; of these the one
 * with the earliest deadline runs, a deadline being a slice at its weight after its virtual time. Who waits keeps its lag, at most
 * one slice. It is decided by looking at every thread: how long that takes is not measured.
 */
#include "sim.h"

static bool is_there(const struct sim *sim, const struct sim_cpu *cpu, const struct sim_thread *thread)
{
	return (thread->queued || thread->runs) && &sim->cpus[thread->cpu] == cpu;
}

static uint64_t request(const struct sim_thread *thread)
{
	return fair_scale(&thread->fair, fair_terms[thread->fair.class].slice_ns);
}

/* The weighted mean, except for one. */
static uint64_t mean(const struct sim *sim, const struct sim_cpu *cpu, const struct sim_thread *without)
{
	__int128 sum = 0;
	uint64_t weight = 0, base = cpu->queue.clock;

	for (unsigned i = 0; i < sim->thread_count; i++) {
		const struct sim_thread *thread = &sim->threads[i];

		if (thread == without || !is_there(sim, cpu, thread))
			continue;
		sum += (__int128)(int64_t)(thread->fair.vtime - base) * thread->fair.weight;
		weight += thread->fair.weight;
	}
	return weight ? base + (uint64_t)(int64_t)(sum / (__int128)weight) : base;
}

static void enqueue(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread, bool woken)
{
	if (woken) {
		thread->fair.vtime = mean(sim, cpu, thread) - (uint64_t)thread->eevdf.lag;
		thread->eevdf.deadline = thread->fair.vtime + request(thread);
	} else if (!heap_before(thread->fair.vtime, thread->eevdf.deadline)) {
		thread->eevdf.deadline = thread->fair.vtime + request(thread);
	}
	cpu->queue.length++;
}

static struct sim_thread *first(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *best = NULL, *earliest = NULL;
	uint64_t now = mean(sim, cpu, NULL);

	for (unsigned i = 0; i < sim->thread_count && cpu->queue.length; i++) {
		struct sim_thread *thread = &sim->threads[i];

		if (!thread->queued || !is_there(sim, cpu, thread))
			continue;
		if (!earliest || heap_before(thread->fair.vtime, earliest->fair.vtime))
			earliest = thread;
		if (heap_before(now, thread->fair.vtime))
			continue;
		if (!best || heap_before(thread->eevdf.deadline, best->eevdf.deadline))
			best = thread;
	}
	return best ? best : earliest;
}

static void take(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread)
{
	(void)sim, (void)thread;
	cpu->queue.length--;
	fair_advance(&cpu->queue, thread->fair.vtime);
}

static bool preempts(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *woken)
{
	return !heap_before(mean(sim, cpu, NULL), woken->fair.vtime) &&
	       heap_before(woken->eevdf.deadline, cpu->running->eevdf.deadline);
}

static void waits(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread)
{
	int64_t most = (int64_t)request(thread);
	int64_t lag = (int64_t)(mean(sim, cpu, thread) - thread->fair.vtime);

	thread->eevdf.lag = lag > most ? most : lag < -most ? -most : lag;
}

const struct sim_policy sim_eevdf = {.name = "eevdf",
				     .enqueue = enqueue,
				     .first = first,
				     .take = take,
				     .preempts = preempts,
				     .waits = waits};
