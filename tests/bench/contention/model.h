// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the kernel's accesses to memory would cost on a machine whose CPUs have caches of their own: a line that another CPU wrote has to be
 * fetched from there, and one that others have read has to be taken from them before it is written. Caches are without end, so these are all
 * misses there are: what CPUs share.
 *
 * Each CPU has a clock. An access takes 1, a line from another CPU MODEL_TRANSFER, a look while it waits (for a lock, or others) MODEL_PAUSE. The one
 * whose clock is least goes on, at every atomic operation and every step of a user program. So the machine is as parallel as its clocks say.
 */
#pragma once

#include <core/types.h>

#define MODEL_TRANSFER 50u
#define MODEL_PAUSE 10u

struct model_counts {
	uint64_t accesses, locked; /* atomic ones that write, locks taken included */
	uint64_t transfers;        /* lines that came from another CPU */
	uint64_t pauses;           /* looks while it waited */
};

/* Before the machine boots. */
void model_begin(unsigned cpu_total);
/* Counts from now on are 0, and clocks start together. */
void model_restart(void);
uint64_t model_clock(unsigned cpu_id);
struct model_counts model_counts(void);
/* The code that fetched most lines from others, most first: addresses to look up, and how many. Returns how many there are. */
unsigned model_sources(const void **code, uint64_t *counts, unsigned max);
