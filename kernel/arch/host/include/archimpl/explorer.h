// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The explorer: runs scenarios over many seeded schedules, and any one of them again.
 *
 *   EXPLORE_TEST(two_cpus_take_one_lock, 1000)
 *   {
 *           host_test_boot(2, 8 << 20);
 *           host_test_run_cpus(2, body, NULL, NULL);
 *           explore_check(counter == 2);
 *   }
 *   EXPLORE_MAIN
 *
 * A scenario boots its own machine (archimpl/test.h, archimpl/machine.h) and is run with the seeds 1, 2, 3, ... in one
 * process; everything that it does must follow from the seed (host_random), so it resets its own variables.
 * The first failure, of whatever kind (explore_check, panic, deadlock, livelock, sanitizer), prints its seed and how to
 * replay it, and ends the process with 1.
 *
 *   EXPLORE_ALL(a_signal_finds_its_waiter, 2)     every schedule with at most two preemptions, instead of seeds: small scenarios
 *
 *   EXPLORE_ALL(a_signal_finds_its_waiter, 2)     all schedules with at most two preemptions, for small scenarios
 *
 * The program's options: --runs N (times the scenario's own number, in percent: EXPLORE_EFFORT=100), --seed S (that
 * one only), --bound B and --choices C (of EXPLORE_ALL: other bounds; the schedule that a failure named), --test NAME, --list. HOST_LOG=1 shows the kernel's log as it comes.
 */
#pragma once

#include <archimpl/machine.h>
#include <archimpl/test.h>
#include <core/types.h>

struct explore_test {
	const char *name;
	void (*run)(void);
	unsigned runs;
	bool all; /* of the schedules with at most `preemptions` */
	unsigned preemptions;
	struct explore_test *next;
};

void explore_register(struct explore_test *test);
int explore_main(int argc, char **argv);

#define EXPLORE_TEST(test_name, test_runs) \
	EXPLORE_REGISTERED(test_name, .name = #test_name, .run = test_name, .runs = test_runs)
#define EXPLORE_ALL(test_name, most) \
	EXPLORE_REGISTERED(test_name, .name = #test_name, .run = test_name, .all = true, .preemptions = most)

#define EXPLORE_REGISTERED(test_name, ...)                                          \
	static void test_name(void);                                                \
	__attribute__((constructor)) static void explore_register_##test_name(void) \
	{                                                                           \
		static struct explore_test test = {__VA_ARGS__};                    \
                                                                                    \
		explore_register(&test);                                            \
	}                                                                           \
	static void test_name(void)

#define EXPLORE_MAIN                             \
	int main(int argc, char **argv)          \
	{                                        \
		return explore_main(argc, argv); \
	}

/* Called after each run, before the next boot: invariants that hold whatever the scenario (counts back to baseline). */
extern void (*explore_after_run)(void);

#define explore_check(condition)                                                    \
	do {                                                                        \
		if (!(condition))                                                   \
			host_die("%s:%d: %s", __FILE_NAME__, __LINE__, #condition); \
	} while (0)
