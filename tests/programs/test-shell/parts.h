// SPDX-License-Identifier: MIT OR Apache-2.0
/* The parts of test-shell. Figures are instructions where the TSC counts them (-icount shift=0), otherwise cycles. */
#pragma once

#include <stdint.h>

static inline uint64_t tsc(void)
{
	return __builtin_ia32_rdtsc();
}

void test_language(void);   /* chains over a process */
void test_completion(void); /* 200 interfaces */
void test_traces(void);     /* faster than they are read */
