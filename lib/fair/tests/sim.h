// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A machine of 1 to 64 CPUs in virtual time, to compare policies on the same traces: threads that run and wait as a seed says, a
 * queue for each CPU, and between CPUs the rule of kernel/core/sched_others.c. Everything follows from the seed.
 */
#pragma once

#include <fair/fair.h>

#define SIM_CPUS 64u
#define SIM_THREADS 256u
#define SIM_SAMPLES 200000u

/* The other policy, which the simulator alone knows: eevdf.c. */
struct eevdf {
	uint64_t deadline;
	int64_t lag; /* of one that waits */
};

struct sim_thread {
	struct fair_entity fair; /* its vtime, weight and class are every policy's */
	struct eevdf eevdf;
	unsigned cpu; /* where it is queued or runs, or ran last */
	bool queued, runs;
	/* the trace: runs about run_ns, then waits about wait_ns (0: never waits), drawn from `random` */
	uint64_t run_ns, wait_ns, random;
	uint64_t left_ns; /* of this run */
	uint64_t wakes_at;
	uint64_t queued_at; /* when it woke, until it runs */
	bool woke;
	uint64_t used_ns;
};

struct sim_cpu {
	struct fair_queue queue; /* its heap and clock: fair alone; its length: everybody */
	struct sim_thread *running;
	uint64_t since, until;
	unsigned peer;
};

struct sim;
struct sim_policy {
	const char *name;
	void (*enqueue)(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread, bool woken);
	struct sim_thread *(*first)(struct sim *sim, struct sim_cpu *cpu);
	void (*take)(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread);
	bool (*preempts)(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *woken);
	void (*waits)(struct sim *sim, struct sim_cpu *cpu, struct sim_thread *thread); /* it stops running */
};
extern const struct sim_policy sim_fair, sim_eevdf;

struct sim {
	const struct sim_policy *policy;
	unsigned cpu_count, thread_count;
	uint64_t now;
	struct sim_cpu cpus[SIM_CPUS];
	struct sim_thread threads[SIM_THREADS];
	/* what came of it */
	uint64_t picks, looks, takes, migrations,
		preemptions;             /* looks: at other CPUs' words; takes: of other CPUs' locks */
	uint32_t latencies[SIM_SAMPLES]; /* ns, from waking to running */
	uint32_t latency_count;
};

void sim_start(struct sim *sim, const struct sim_policy *policy, unsigned cpus);
struct sim_thread *sim_add(struct sim *sim, uint32_t weight, enum fair_class class, uint64_t run_ns,
			   uint64_t wait_ns);
void sim_run(struct sim *sim, uint64_t ns);
/* The latency that so many thousandths of the wake-ups did not exceed; sorts them. */
uint32_t sim_latency(struct sim *sim, unsigned thousandths);
