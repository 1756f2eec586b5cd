// SPDX-License-Identifier: MIT OR Apache-2.0
/* Simulated time: see machine.c. One tick is one nanosecond. */
#pragma once

#include <core/types.h>

/* Each reading advances the clock a little, so that a loop that waits for time ends. */
uint64_t arch_ticks(void);

static inline void arch_ticks_store(uint64_t *to)
{
	*to = arch_ticks();
}
