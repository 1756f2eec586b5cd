// SPDX-License-Identifier: MIT OR Apache-2.0
/* The parts of the shell that need a real ring, real processes, or counted instructions. */
#include <testing/child.h>
#include <testing/tap.h>

#include "parts.h"

int main(void)
{
	tap_start();
	child_start_up();
	test_language();
	test_completion();
	test_traces();
	return tap_end();
}
