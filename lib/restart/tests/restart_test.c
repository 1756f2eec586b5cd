// SPDX-License-Identifier: MIT OR Apache-2.0
/* Restart decisions against what the image's schema promises. */
#include <restart/restart.h>
#include <stdio.h>

#define MS 1'000'000ull

static int number, failures;

static void ok(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	failures += !good;
}

static const struct restart_policy policy = {
	.when = RESTART_ALWAYS, .delay_ms = 100, .max_delay_ms = 1000, .limit = 6, .window_ms = 60000};

static void test_policies(void)
{
	struct restart_policy p = policy;
	struct restart_history h = {};

	p.when = RESTART_NEVER;
	ok(restart_decide(&p, &h, 5, true).verdict == RESTART_END && h.count == 0,
	   "never: not even a failure");
	p.when = RESTART_ON_FAILURE;
	ok(restart_decide(&p, &h, 5, false).verdict == RESTART_END && h.count == 0,
	   "on failure: not after success");
	ok(restart_decide(&p, &h, 5, true).verdict == RESTART_AFTER, "on failure: after a failure");
	p.when = RESTART_ALWAYS;
	ok(restart_decide(&p, &h, 5, false).verdict == RESTART_AFTER, "always: after success, too");
}

static void test_backoff(void)
{
	static const uint64_t delays[] = {100, 200, 400, 800, 1000, 1000};
	struct restart_history h = {};
	uint64_t now = 7 * MS;
	bool good = true;

	for (unsigned i = 0; i < 6; i++) {
		struct restart_decision d = restart_decide(&policy, &h, now, true);

		good &= d.verdict == RESTART_AFTER && d.at_ns == now + delays[i] * MS && d.recent == i + 1;
		now = d.at_ns + 1;
	}
	ok(good, "delays double up to the largest");
	struct restart_decision d = restart_decide(&policy, &h, now, true);
	ok(d.verdict == RESTART_GIVE_UP && d.recent == 6, "one end more than the limit is one too many");
	ok(restart_decide(&policy, &h, now, true).verdict == RESTART_GIVE_UP, "and it stays so");
	h = (struct restart_history){};
	ok(restart_decide(&policy, &h, now, true).at_ns == now + 100 * MS, "a clean history begins anew");
}

static void test_window(void)
{
	struct restart_history h = {};
	uint64_t now = 0;
	bool good = true;

	/* An end each 11 s: at most six restarts within any 60 s, so it goes on for ever. */
	for (unsigned i = 0; i < 100; i++) {
		struct restart_decision d = restart_decide(&policy, &h, now, true);

		good &= d.verdict == RESTART_AFTER;
		now = d.at_ns + 11000 * MS;
	}
	ok(good, "who ends rarely is never given up");
	now += 60001 * MS;
	ok(restart_recent(&policy, &h, now) == 0, "what is older than the window does not count");
	ok(restart_decide(&policy, &h, now, true).at_ns == now + 100 * MS, "and the first delay is back");
}

static void test_edges(void)
{
	struct restart_policy p = policy;
	struct restart_history h = {};

	p.limit = 0;
	ok(restart_decide(&p, &h, 1, true).verdict == RESTART_GIVE_UP, "limit 0: given up at once");
	p.limit = UINT32_MAX;
	p.delay_ms = p.max_delay_ms = 0;
	unsigned n = 0;
	while (n < 100 && restart_decide(&p, &h, 1, true).verdict == RESTART_AFTER)
		n++;
	ok(n == RESTART_MAX_LIMIT, "the history is bounded, and with it the limit");
	p.max_delay_ms = 50;
	p.delay_ms = UINT32_MAX;
	h = (struct restart_history){};
	ok(restart_decide(&p, &h, 1, true).at_ns == 1 + 50 * MS,
	   "the largest delay holds for the first as well");
	p.window_ms = UINT32_MAX;
	p.max_delay_ms = UINT32_MAX;
	ok(restart_decide(&p, &h, UINT64_MAX / 2, true).at_ns == UINT64_MAX / 2 + UINT32_MAX * MS,
	   "the largest numbers do not overflow");
}

int main(void)
{
	test_policies();
	test_backoff();
	test_window();
	test_edges();
	printf("1..%d\n", number);
	return failures > 0;
}
