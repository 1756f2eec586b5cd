// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The fair policy: its invariants on a queue alone, then shares, wake-ups and migrations on simulated machines of 1 to 64 CPUs, beside
 * EEVDF on the same traces. The figures are in docs/design/accepted/0005-virtual-time.md; TAP comments print them.
 */
#include "sim.h"

#include <stdio.h>

#define MS 1000000ull

static int tests, failures;
static struct sim sim;

static void report(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, what);
	failures += !good;
}

static uint64_t state;

static uint64_t next_random(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 33;
}

/* F1, F2 and F3 over random histories of one queue. */
static bool invariants_hold(uint64_t seed)
{
	static struct fair_entity entities[40];
	bool queued[40] = {false};
	struct fair_queue queue = {.clock = UINT64_MAX - 50 * MS}; /* it wraps soon */

	state = seed;
	for (unsigned i = 0; i < 40; i++) {
		fair_entity_init(&entities[i], queue.clock);
		fair_set(&entities[i], (uint32_t)(16 + next_random() % 65521),
			 (enum fair_class)(i % FAIR_CLASSES));
	}
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = (unsigned)(next_random() % 40);
		uint64_t clock = queue.clock;

		if (!queued[i]) {
			fair_enqueue(&queue, &entities[i], next_random() % 2);
			queued[i] = true;
			continue;
		}
		struct fair_entity *first = fair_first(&queue);
		uint64_t before = first->vtime;
		for (unsigned j = 0; j < 40; j++)
			if (queued[j] && heap_before(entities[j].vtime, first->vtime))
				return false;
		if (heap_before(before, fair_earliest(&queue, first)))
			return false;
		fair_dequeue(&queue, first);
		queued[first - entities] = false;
		fair_advance(&queue, first->vtime);
		fair_charge(first, next_random() % (8 * MS));
		if (heap_before(queue.clock, clock) || heap_before(first->vtime, before))
			return false;
	}
	return true;
}

/* Threads that never wait: the largest distance of a share from what is due, in thousandths. */
static uint64_t unfairness(void)
{
	uint64_t used = 0, weight = 0, worst = 0;

	for (unsigned i = 0; i < sim.thread_count; i++) {
		used += sim.threads[i].used_ns;
		weight += sim.threads[i].fair.weight;
	}
	for (unsigned i = 0; i < sim.thread_count; i++) {
		uint64_t due = used * sim.threads[i].fair.weight / weight, has = sim.threads[i].used_ns;
		uint64_t off = (has > due ? has - due : due - has) * 1000 / due;

		worst = off > worst ? off : worst;
	}
	return worst;
}

static uint64_t hogs(const struct sim_policy *policy, unsigned cpus, unsigned count, bool doubling)
{
	sim_start(&sim, policy, cpus);
	for (unsigned i = 0; i < count; i++)
		(void)sim_add(&sim, doubling ? FAIR_WEIGHT_DEFAULT / 2 << i % 3 : FAIR_WEIGHT_DEFAULT,
			      FAIR_NORMAL, 20 * MS, 0);
	sim_run(&sim, 4000 * MS);
	return unfairness();
}

static void shares(const struct sim_policy *policy, bool judged)
{
	uint64_t equal = 0, doubling = 0, moved = 0;

	for (unsigned cpus = 1; cpus <= SIM_CPUS; cpus *= 2) {
		uint64_t off = hogs(policy, cpus, cpus + cpus / 2 + 1, false);

		equal = off > equal ? off : equal;
		moved = sim.migrations > sim.picks ? sim.migrations : moved;
		printf("# %-5s %2u CPUs, %3u equal threads: off by %3lu thousandths; a pick: %.2f looks, %.3f other locks, %.3f moves\n",
		       policy->name, cpus, sim.thread_count, (unsigned long)off,
		       (double)sim.looks / (double)sim.picks, (double)sim.takes / (double)sim.picks,
		       (double)sim.migrations / (double)sim.picks);
		off = hogs(policy, cpus, 3 * cpus, true);
		doubling = off > doubling ? off : doubling;
		printf("# %-5s %2u CPUs, %3u threads 1 : 2 : 4: off by %3lu thousandths\n", policy->name,
		       cpus, sim.thread_count, (unsigned long)off);
	}
	if (!judged)
		return;
	report(equal <= 20, "N equal threads on 1 to 64 CPUs are within 2 %");
	report(doubling <= 30, "weights 1 : 2 : 4 on 1 to 64 CPUs are within 3 %");
	report(moved == 0, "a pick moves one thread at most");
}

/* Twice as many threads as CPUs: a half of them never waits, the others run shortly and wait. Microseconds. */
static void mixed(const struct sim_policy *policy, unsigned cpus, enum fair_class class, uint32_t *typical,
		  uint32_t *late)
{
	sim_start(&sim, policy, cpus);
	for (unsigned i = 0; i < 2 * cpus; i++)
		(void)(i % 2 ? sim_add(&sim, FAIR_WEIGHT_DEFAULT, class, MS / 5, 5 * MS)
			     : sim_add(&sim, FAIR_WEIGHT_DEFAULT, FAIR_NORMAL, 20 * MS, 0));
	for (unsigned i = 0; i < cpus; i++)
		(void)sim_add(&sim, FAIR_WEIGHT_DEFAULT, FAIR_NORMAL, 3 * MS, 6 * MS);
	sim_run(&sim, 3000 * MS);
	*typical = sim_latency(&sim, 500) / 1000;
	*late = sim_latency(&sim, 990) / 1000;
	printf("# %-5s %2u CPUs, mixed, class %d: woken runs after %4u us, 99 of 100 %5u us, all %5u us; %6.0f picks, %5.0f moves a CPU and s\n",
	       policy->name, cpus, class, *typical, *late, sim_latency(&sim, 1000) / 1000,
	       (double)sim.picks / 3 / cpus, (double)sim.migrations / 3 / cpus);
}

int main(void)
{
	bool hold = true, soon = true;

	for (uint64_t seed = 1; seed <= 10; seed++)
		hold &= invariants_hold(seed);
	report(hold, "F1, F2 and F3 hold over random histories, also when clocks wrap");
	shares(&sim_fair, true);
	shares(&sim_eevdf, false);
	for (unsigned cpus = 1; cpus <= SIM_CPUS; cpus *= 4) {
		uint32_t typical, late;

		for (unsigned class = FAIR_NORMAL; class <= FAIR_INTERACTIVE; class ++) {
			mixed(&sim_fair, cpus, (enum fair_class) class, &typical, &late);
			soon &= typical <= 500 && late <= 20000;
			mixed(&sim_eevdf, cpus, (enum fair_class) class, &typical, &late);
		}
	}
	report(soon, "who wakes on a busy machine runs within half a millisecond, 99 of 100 within 20 ms");
	printf("1..%d\n", tests);
	return failures != 0;
}
