// SPDX-License-Identifier: MIT OR Apache-2.0
/* Runs scenarios over seeds; see archimpl/explorer.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <archimpl/explorer.h>

static struct explore_test *tests;
void (*explore_after_run)(void);

static struct {
	const char *program, *test;
	const char *choices;
	uint64_t seed, runs, effort, bound;
} options = {.effort = 100, .bound = UINT64_MAX};

void explore_register(struct explore_test *test)
{
	struct explore_test **end = &tests;

	while (*end)
		end = &(*end)->next;
	*end = test;
}

/* One run may use this much CPU time. Only a loop without switch points gets there before host_step_limit. */
#define RUN_SECONDS 30

static void too_long([[maybe_unused]] int signal_number)
{
	host_die("hangs between two switch points");
}

static void watch_time(void)
{
	struct itimerval limit = {.it_value = {.tv_sec = RUN_SECONDS}};

	signal(SIGVTALRM, too_long);
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

static void run_once(const struct explore_test *test, uint64_t seed)
{
	static char name[512];

	if (test->all)
		snprintf(name, sizeof name, "not ok - %s; again: %s --test %s --choices ", test->name,
			 options.program, test->name);
	else
		snprintf(name, sizeof name, "not ok - %s: seed %llu; again: %s --test %s --seed %llu",
			 test->name, (unsigned long long)seed, options.program, test->name,
			 (unsigned long long)seed);
	host_run_name = name;
	host_run_choices = test->all ? host_exhaust_name : NULL;
	watch_time();
	host_seed(seed);
	test->run();
	if (explore_after_run)
		explore_after_run();
	host_run_name = "";
}

/* In the order of exhaust.c; a failure names the choices that lead to it. */
static void run_all(const struct explore_test *test, unsigned number)
{
	unsigned bound = options.bound != UINT64_MAX ? (unsigned)options.bound : test->preemptions;
	uint64_t runs = 0, steps = 0;
	bool more = true;

	host_exhaust_begin(bound, options.choices);
	while (more && (!options.runs || runs < options.runs)) {
		run_once(test, 1);
		runs++;
		steps += host_steps();
		more = !options.choices && host_exhaust_next();
	}
	host_exhaust_end();
	printf("ok %u - %s: %s%llu schedules with at most %u preemptions, %llu switch points\n", number,
	       test->name, more || options.choices ? "" : "all ", (unsigned long long)runs, bound,
	       (unsigned long long)steps);
}

static void run_seeds(const struct explore_test *test, unsigned number)
{
	uint64_t runs = options.runs ? options.runs : test->runs * options.effort / 100, steps = 0;

	if (options.seed) {
		run_once(test, options.seed);
		printf("ok %u - %s, seed %llu: %llu switch points, trace %016llx\n", number, test->name,
		       (unsigned long long)options.seed, (unsigned long long)host_steps(),
		       (unsigned long long)host_trace_hash());
		return;
	}
	for (uint64_t seed = 1; seed <= runs; seed++) {
		run_once(test, seed);
		steps += host_steps();
	}
	printf("ok %u - %s: %llu schedules, %llu switch points\n", number, test->name,
	       (unsigned long long)runs, (unsigned long long)steps);
}

static int usage(void)
{
	fprintf(stderr, "usage: %s [--list] [--test NAME] [--seed S | --choices C] [--bound B] [--runs N]\n",
		options.program);
	return 2;
}

static bool options_parse(int argc, char **argv)
{
	const char *effort = getenv("EXPLORE_EFFORT");

	options.program = argv[0];
	if (effort)
		options.effort = strtoull(effort, NULL, 0);
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			return false;
		if (strcmp(argv[i], "--test") == 0)
			options.test = argv[i + 1];
		else if (strcmp(argv[i], "--seed") == 0)
			options.seed = strtoull(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--choices") == 0)
			options.choices = argv[i + 1];
		else if (strcmp(argv[i], "--bound") == 0)
			options.bound = strtoull(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--runs") == 0)
			options.runs = strtoull(argv[i + 1], NULL, 0);
		else
			return false;
	}
	return true;
}

int explore_main(int argc, char **argv)
{
	unsigned number = 0;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (const struct explore_test *test = tests; test; test = test->next)
			printf("%s\n", test->name);
		return 0;
	}
	if (!options_parse(argc, argv))
		return usage();
	for (const struct explore_test *test = tests; test; test = test->next) {
		if (options.test && strcmp(options.test, test->name) != 0)
			continue;
		if (test->all)
			run_all(test, ++number);
		else
			run_seeds(test, ++number);
		fflush(stdout);
	}
	printf("1..%u\n", number);
	return number ? 0 : usage();
}
