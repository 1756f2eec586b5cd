// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The whole kernel under what an input chooses: a machine of one to three CPUs, three processes with four threads, and what these
 * submit, byte by byte. Calls to kernel objects are made of the schema (methods.h), with capabilities that the process holds, held
 * once, or made up. Half of the inputs run with CPUs that take turns only where they wait, half under a schedule by a seed.
 *
 * Ends the program if a sanitizer, a kernel check or the simulated machine reports something, an invariant is broken at some step
 * (invariants.h), or a count is not back at the end: frames, objects, ledgers, processes (scenario_end).
 */
#pragma once

#include <core/types.h>

struct storm_options {
	bool look;  /* at the invariants whenever the kernel rests; else in one of 64 inputs */
	bool trace; /* says what is submitted */
};

void storm(const uint8_t *data, size_t size, const struct storm_options *options);
/* Ring operations that the kernel took, in all storms so far. */
uint64_t storm_operations(void);
