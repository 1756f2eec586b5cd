// SPDX-License-Identifier: MIT OR Apache-2.0
/* The terminal's loop: calls, the UART, and whoever waits for input, in turn. */
#include <runtime/runtime.h>

#include "terminal.h"

/* When the UART wants more than one round of service, others get their turn in between, but nobody sleeps. */
#define SOON_NS 1u
/* With unsent output and no interrupt, look again: one may have been lost. */
#define RECHECK_NS 50'000'000ull

static struct terminal terminal;

int main(void)
{
	struct terminal *t = &terminal;
	enum status status = serve_start(t);

	if (status != STATUS_OK)
		return 1;
	device_start(t);
	while (status == STATUS_OK || status == STATUS_TIMED_OUT) {
		bool soon = device_poll(t);

		readers_poll(t);
		/* The bell may have rung while calls were answered above: then its WAIT is over, and nothing would
		 * end a sleep. */
		uint64_t deadline = soon || t->rang              ? SOON_NS
				    : uart16550_unsent(&t->uart) ? runtime_now() + RECHECK_NS
								 : 0;
		status = service_step(&t->service, deadline);
		uart16550_push(&t->uart);
	}
	return 1;
}
