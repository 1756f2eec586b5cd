// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * bench_pair: one of two clients, each with a server of its own (images/bench_pairs.capnp). They agree on nothing but the clock:
 * the first calls alone, then the second, then both; each prints how many calls were answered in its windows. tests/bench/pairs
 * makes a ratio of it.
 */
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <runtime/thread.h>
#include <schema/service/bench.capnp.h>

#define MS 1000000ull
#define FIRST_MS 500u /* everything is started by then */
#define WINDOW_MS 1000u
#define PAUSE_MS 100u /* between two windows */
#define WARM_UP 500u  /* calls */

/* Calls that were answered until then; 0: one failed. */
static uint64_t calls_until(cap_id server, uint64_t end_ns)
{
	uint64_t n = 0;

	while (runtime_now() < end_ns) {
		for (unsigned i = 0; i < 16; i++, n++) {
			uint64_t r[8];
			enum status status = bench_eight(runtime_transport(), server, 1, 2, 3, 4, 5, 6, 7, n,
							 &r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6],
							 &r[7]);

			if (status != STATUS_OK || r[7] != n + 1) {
				runtime_print("fail: %s\n", status_text(status));
				return 0;
			}
		}
	}
	return n;
}

static uint64_t window_ns(unsigned window)
{
	return (FIRST_MS + window * (WINDOW_MS + PAUSE_MS)) * MS;
}

static uint64_t count_in(cap_id server, unsigned window)
{
	(void)thread_park(window_ns(window));
	return calls_until(server, window_ns(window) + WINDOW_MS * MS);
}

int main(void)
{
	cap_id server = runtime_need("server", BENCH_INTERFACE_ID);
	struct msg_text name = runtime_argument(0);
	bool first = msg_text_equal(name, MSG_TEXT("first"));

	for (unsigned i = 0; i < WARM_UP; i++)
		(void)!bench_nothing(runtime_transport(), server);
	uint64_t alone = count_in(server, first ? 0 : 1);
	uint64_t both = count_in(server, 2);
	runtime_print("pair %s %llu %llu\n", first ? "first" : "second", (unsigned long long)alone,
		      (unsigned long long)both);
	if (first) /* its end ends the system: the other one prints before */
		(void)thread_park(window_ns(3));
	return alone != 0 && both != 0 ? 0 : 1;
}
