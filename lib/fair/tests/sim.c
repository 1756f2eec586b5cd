// SPDX-License-Identifier: MIT OR Apache-2.0
/* The machine, and the policy of lib/fair in it; see sim.h. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define PEERS 2u /* SCHED_PEERS of the kernel */
#define MIN_RUN_NS 500000u

static struct sim_thread *of(struct fair_entity *fair)
{
	return fair ? (struct sim_thread *)(void *)((char *)fair - offsetof(struct sim_thread, fair)) : NULL;
}

static void fair_queue_one(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread, bool woken)
{
	(void)sim;
	if (cpu->running && cpu->queue.length == 0)
		fair_advance(&cpu->queue, cpu->running->fair.vtime);
	fair_enqueue(&cpu->queue, &thread->fair, woken);
}

static struct sim_thread *fair_first_one(struct sim *sim, struct sim_cpu *cpu)
{
	(void)sim;
	return of(fair_first(&cpu->queue));
}

static void fair_take_one(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread)
{
	(void)sim;
	fair_dequeue(&cpu->queue, &thread->fair);
	fair_advance(&cpu->queue, thread->fair.vtime);
}

static bool fair_preempts_one(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *woken)
{
	(void)sim;
	return fair_preempts(&woken->fair, cpu->running->fair.vtime);
}

static void fair_waits(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread)
{
	(void)sim, (void)cpu, (void)thread;
}

const struct sim_policy sim_fair = {.name = "fair",
				    .enqueue = fair_queue_one,
				    .first = fair_first_one,
				    .take = fair_take_one,
				    .preempts = fair_preempts_one,
				    .waits = fair_waits};

/* --- the machine ---------------------------------------------------------------------------------------------------- */

void sim_start(struct sim *sim, const struct sim_policy *policy, unsigned cpus)
{
	memset(sim, 0, sizeof(*sim));
	sim->policy = policy;
	sim->cpu_count = cpus;
	for (unsigned i = 0; i < cpus; i++)
		sim->cpus[i].peer = i;
}

/* About `mean`: uniform between a half and one and a half. */
static uint64_t about(struct sim_thread *thread, uint64_t mean)
{
	thread->random = thread->random * 6364136223846793005ull + 1442695040888963407ull;
	return mean / 2 + (thread->random >> 33) % (mean + 1);
}

struct sim_thread *sim_add(struct sim *sim, uint32_t weight, enum fair_class class, uint64_t run_ns,
			   uint64_t wait_ns)
{
	struct sim_thread *thread = &sim->threads[sim->thread_count];

	fair_entity_init(&thread->fair, 0);
	fair_set(&thread->fair, weight, class);
	thread->random = ++sim->thread_count * 0x9e3779b97f4a7c15ull;
	thread->cpu = (sim->thread_count - 1) % sim->cpu_count;
	thread->run_ns = run_ns;
	thread->wait_ns = wait_ns;
	thread->wakes_at = about(thread, 1000000);
	return thread;
}

/* What runs there is charged up to now. */
static void charge(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *thread = cpu->running;
	uint64_t ns = sim->now - cpu->since;

	cpu->since = sim->now;
	if (!thread)
		return;
	thread->used_ns += ns;
	thread->left_ns -= ns < thread->left_ns ? ns : thread->left_ns;
	fair_charge(&thread->fair, ns);
}

/* One of the next few CPUs whose first is well behind `own`. */
static struct sim_cpu *find_behind(struct sim *sim, struct sim_cpu *cpu, unsigned looks, bool any,
				   uint64_t own)
{
	struct sim_cpu *best = NULL;

	for (unsigned i = 0; i < looks && sim->cpu_count > 1; i++) {
		cpu->peer = (cpu->peer + 1) % sim->cpu_count;
		struct sim_cpu *peer = &sim->cpus[cpu->peer];

		if (peer == cpu)
			continue;
		sim->looks++;
		fair_advance(&cpu->queue, peer->queue.clock);
		if (peer->queue.length == 0)
			continue;
		uint64_t first = sim->policy->first(sim, peer)->fair.vtime;
		if (any || fair_should_pull(own, first)) {
			best = peer;
			own = first;
			any = false;
		}
	}
	return best;
}

static void pick(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *next = sim->policy->first(sim, cpu);
	struct sim_cpu *from = find_behind(sim, cpu, next ? PEERS : sim->cpu_count, next == NULL,
					   next ? next->fair.vtime : 0);

	if (from) {
		sim->takes++;
		next = sim->policy->first(sim, from);
	}
	cpu->running = next;
	cpu->since = sim->now;
	cpu->until = UINT64_MAX;
	if (!next)
		return;
	sim->policy->take(sim, from ? from : cpu, next);
	sim->picks++;
	next->queued = false;
	next->runs = true;
	unsigned here = (unsigned)(cpu - sim->cpus);
	sim->migrations += next->cpu != here;
	next->cpu = here;
	if (next->woke && sim->latency_count < SIM_SAMPLES)
		sim->latencies[sim->latency_count++] = (uint32_t)(sim->now - next->queued_at);
	next->woke = false;
	uint64_t slice = fair_terms[next->fair.class].slice_ns;
	cpu->until = sim->now + (next->left_ns < slice ? next->left_ns : slice);
}

static void make_way(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *thread = cpu->running;

	thread->runs = false;
	thread->queued = true;
	cpu->running = NULL;
	sim->preemptions++;
	sim->policy->enqueue(sim, cpu, thread, false);
}

static void wake(struct sim *sim, struct sim_thread *thread)
{
	struct sim_cpu *cpu = &sim->cpus[thread->cpu];

	thread->left_ns = about(thread, thread->run_ns);
	thread->wakes_at = UINT64_MAX;
	thread->queued_at = sim->now;
	thread->queued = thread->woke = true;
	charge(sim, cpu);
	sim->policy->enqueue(sim, cpu, thread, true);
	for (unsigned i = 0; i < sim->cpu_count; i++) {
		if (!sim->cpus[i].running) { /* one that sleeps is woken, its own first */
			struct sim_cpu *idle = cpu->running ? &sim->cpus[i] : cpu;

			pick(sim, idle);
			return;
		}
	}
	if (sim->policy->preempts(sim, cpu, thread)) {
		uint64_t soon = cpu->since + MIN_RUN_NS;

		if (thread->fair.class == FAIR_INTERACTIVE)
			soon = sim->now;
		cpu->until = soon < cpu->until ? (soon > sim->now ? soon : sim->now) : cpu->until;
	}
}

/* The run, or the slice, is over. */
static void end(struct sim *sim, struct sim_cpu *cpu)
{
	struct sim_thread *thread = cpu->running;

	charge(sim, cpu);
	if (thread->left_ns == 0 && thread->wait_ns != 0) {
		thread->runs = false;
		cpu->running = NULL;
		sim->policy->waits(sim, cpu, thread);
		thread->wakes_at = sim->now + about(thread, thread->wait_ns);
	} else {
		if (thread->left_ns == 0)
			thread->left_ns = about(thread, thread->run_ns);
		make_way(sim, cpu);
	}
	pick(sim, cpu);
}

void sim_run(struct sim *sim, uint64_t ns)
{
	uint64_t stop = sim->now + ns;

	for (;;) {
		struct sim_thread *next_thread = NULL;
		struct sim_cpu *next_cpu = NULL;
		uint64_t first = stop;

		for (unsigned i = 0; i < sim->thread_count; i++) {
			struct sim_thread *thread = &sim->threads[i];

			if (!thread->queued && !thread->runs && thread->wakes_at < first) {
				first = thread->wakes_at;
				next_thread = thread;
			}
		}
		for (unsigned i = 0; i < sim->cpu_count; i++) {
			if (sim->cpus[i].running && sim->cpus[i].until < first) {
				first = sim->cpus[i].until;
				next_cpu = &sim->cpus[i];
				next_thread = NULL;
			}
		}
		sim->now = first > sim->now ? first : sim->now;
		if (next_cpu)
			end(sim, next_cpu);
		else if (next_thread)
			wake(sim, next_thread);
		else
			break;
	}
	for (unsigned i = 0; i < sim->cpu_count; i++)
		charge(sim, &sim->cpus[i]);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t sim_latency(struct sim *sim, unsigned thousandths)
{
	if (sim->latency_count == 0)
		return 0;
	qsort(sim->latencies, sim->latency_count, sizeof(uint32_t), by_size);
	return sim->latencies[(uint64_t)(sim->latency_count - 1) * thousandths / 1000];
}
