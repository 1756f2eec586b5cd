// SPDX-License-Identifier: MIT OR Apache-2.0
/* The last faults of processes, for the diagnostics console. */
#pragma once

#include <core/types.h>

#define FAULT_HISTORY 8u

struct fault_record {
	uint64_t time_ns, pc, address;
	uint32_t pid;
	unsigned vector;
	char name[32];
};

/* The n-th last one (0 = the latest); false: there is none. */
bool fault_history(unsigned n, struct fault_record *out);
