// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which simulated CPU goes on at a switch point. All choices come from the seed.
 *
 * - plain (seed 0): the same CPU until it waits.
 * - random: with a probability drawn per run, any CPU.
 * - priority: PCT, S. Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs"
 *   (ASPLOS 2010): CPUs have random priorities, the highest runs, and at d-1 random points the running one falls
 *   below all others. Finds a bug of depth d with known probability.
 *
 * - exhaustive: every schedule with at most so many preemptions (exhaust.c), instead of one from a seed.
 */
#include "host.h"

#define PCT_MAX_DEPTH 8u
#define PCT_PATIENCE 20000u /* steps */

struct policy {
	const char *name;
	void (*begin)(void);
	unsigned (*choose)(unsigned current, uint64_t runnable, enum host_point point);
};

static uint64_t state, test_state;
static uint64_t countdown, mean;
static uint64_t jump_odds; /* one in so many user steps; 0 = never */
static struct {
	int64_t priority[MAX_CPUS];
	int64_t lowest, highest;
	uint64_t waits_since[MAX_CPUS]; /* step */
	uint64_t change[PCT_MAX_DEPTH];
	unsigned changes;
} pct;

/* SplitMix64, G. Steele et al. (OOPSLA 2014). */
static uint64_t split_mix(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t random_below(uint64_t bound)
{
	return split_mix(&state) % bound;
}

uint64_t host_random(void)
{
	return split_mix(&test_state);
}

static unsigned nth_cpu(uint64_t mask, uint64_t n)
{
	while (n--)
		mask &= mask - 1;
	return (unsigned)__builtin_ctzll(mask);
}

/* Any of `mask`, but `current` only if it is alone. */
static unsigned any_other(unsigned current, uint64_t mask)
{
	uint64_t others = mask & ~(1ull << current);

	if (!others)
		others = mask;
	return nth_cpu(others, random_below((uint64_t)__builtin_popcountll(others)));
}

static void plain_begin(void)
{
	countdown = 64;
}

static unsigned plain_choose(unsigned current, uint64_t runnable, enum host_point point)
{
	uint64_t above;

	if (runnable >> current & 1) {
		if (point == HOST_POINT_ATOMIC || (point == HOST_POINT_USER && --countdown))
			return current;
	}
	countdown = 64;
	above = current + 1 < MAX_CPUS ? runnable >> (current + 1) << (current + 1) : 0;
	return nth_cpu(above ? above : runnable, 0);
}

static void random_begin(void)
{
	static const uint8_t means[] = {2, 4, 8, 16, 40, 120};

	mean = means[random_below(array_size(means))];
	countdown = 1 + random_below(2 * mean);
}

static unsigned random_choose(unsigned current, uint64_t runnable, enum host_point point)
{
	if (point < HOST_POINT_PAUSE && --countdown && runnable >> current & 1)
		return current;
	countdown = 1 + random_below(2 * mean);
	if (point >= HOST_POINT_PAUSE)
		return any_other(current, runnable);
	return nth_cpu(runnable, random_below((uint64_t)__builtin_popcountll(runnable)));
}

static void pct_begin(void)
{
	uint64_t length = 16ull << random_below(11);

	for (unsigned i = 0; i < MAX_CPUS; i++)
		pct.priority[i] = (int64_t)(split_mix(&state) >> 2);
	for (unsigned i = 0; i < MAX_CPUS; i++)
		pct.waits_since[i] = 0;
	pct.lowest = 0;
	pct.highest = INT64_MAX / 2;
	pct.changes = (unsigned)random_below(PCT_MAX_DEPTH);
	for (unsigned i = 0; i < pct.changes; i++)
		pct.change[i] = 1 + random_below(length);
}

static unsigned pct_choose(unsigned current, uint64_t runnable, enum host_point point)
{
	uint64_t now = host_steps();
	unsigned best = MAX_CPUS;
	bool fall = point == HOST_POINT_PAUSE;

	for (unsigned i = 0; i < pct.changes; i++)
		fall |= pct.change[i] == now;
	if (fall)
		pct.priority[current] = --pct.lowest;
	for (uint64_t left = runnable; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		if (best == MAX_CPUS || pct.priority[i] > pct.priority[best])
			best = i;
		/* Nobody starves for ever: real CPUs all make progress. */
		if (i == current || pct.waits_since[i] == 0 || pct.waits_since[i] > now)
			pct.waits_since[i] = now;
		else if (now - pct.waits_since[i] > PCT_PATIENCE)
			pct.priority[i] = ++pct.highest;
	}
	if (best != current)
		pct.waits_since[best] = now;
	return best;
}

static const struct policy policies[] = {
	{"plain", plain_begin, plain_choose},
	{"random", random_begin, random_choose},
	{"priority", pct_begin, pct_choose},
};
static const struct policy *policy = policies;
unsigned (*host_choose)(unsigned current, uint64_t runnable, enum host_point point);

void host_policy_begin(uint64_t seed)
{
	state = seed;
	test_state = ~seed;
	policy = seed == 0 ? &policies[0] : &policies[1 + (split_mix(&state) & 1)];
	policy->begin();
	jump_odds = seed == 0 ? 0 : (uint64_t[]){0, 8, 32, 128}[random_below(4)];
}

bool host_policy_chance(enum host_chance what)
{
	if (policy == &policies[0] || host_exhaust_active() || host_choose != NULL)
		return false;
	if (what == HOST_CHANCE_LATE)
		return random_below(4) == 0;
	return jump_odds && random_below(jump_odds) == 0;
}

unsigned host_policy_choose(unsigned current, uint64_t runnable, enum host_point point)
{
	if (unlikely(host_choose != NULL))
		return host_choose(current, runnable, point);
	return host_exhaust_active() ? host_exhaust_choose(current, runnable, point)
				     : policy->choose(current, runnable, point);
}

const char *host_policy_name(void)
{
	return host_exhaust_active() ? "exhaustive" : policy->name;
}

#pragma clang attribute pop
