// SPDX-License-Identifier: MIT OR Apache-2.0
/* lib/posix and musl inside the machine, as a C program sees them. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int number;

void tap_ok(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
}

void tap_fails(long result, int wanted, const char *what)
{
	int got = errno;

	tap_ok(result == -1 && got == wanted, what);
	if (result != -1 || got != wanted)
		printf("# result %ld, errno %d (%s), wanted %d\n", result, got, strerror(got), wanted);
}

int main(void)
{
	setvbuf(stdout, nullptr, _IOLBF, 0);
	test_descriptors();
	test_files();
	test_directories();
	test_memory();
	test_time();
	test_text();
	test_signals();
	test_threads();
	printf("1..%d\n", number);
	return 0;
}
