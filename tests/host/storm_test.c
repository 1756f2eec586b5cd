// SPDX-License-Identifier: MIT OR Apache-2.0
/* Storms (storm.h) of random inputs: what the kernel's fuzzer does, for a while, without looking for new code. */
#include "storm.h"

#include <archimpl/explorer.h>

#define LONGEST 6144u /* bytes: some 1,500 operations */

EXPLORE_TEST(nothing_breaks_or_is_lost_in_a_storm, 300)
{
	static uint8_t bytes[LONGEST];
	size_t size = 64 + host_random() % (LONGEST - 64);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(host_random() >> 56);
	storm(bytes, size, &(struct storm_options){.look = host_random() % 8 == 0});
}

EXPLORE_MAIN
