// SPDX-License-Identifier: MIT OR Apache-2.0
/* What Unix programs do with several things at a time: poll, signals, files as memory, the terminal, other processes. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RESULTS 5

static int number;

void tap_ok(bool good, const char *what)
{
	dprintf(RESULTS, "%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
}

void tap_fails(long result, int wanted, const char *what)
{
	int got = errno;

	tap_ok(result == -1 && got == wanted, what);
	if (result != -1 || got != wanted)
		dprintf(RESULTS, "# result %ld, errno %d (%s), wanted %d\n", result, got, strerror(got),
			wanted);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "pending") == 0)
		return test_pending();
	test_polls();
	test_pipes();
	test_server();
	test_signals();
	test_forks();
	test_maps();
	test_sockets();
	test_terminal();
	dprintf(RESULTS, "1..%d\n", number);
	return 0;
}
