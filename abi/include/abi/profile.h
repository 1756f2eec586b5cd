// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Profiling: what the kernel writes into a memory object that the holder of the Profiler gave (Profiler.sample), at regular
 * moments, about what each CPU was doing.
 *
 * The memory is an array of slots of PROFILE_SLOT bytes. The first is the header, each further one a sample, in the order in which
 * they were begun; when all are used, samples are counted and not kept. A sample is whole when its `sequence` (1 for the first)
 * was read with acquire and is not 0. The kernel never reads the memory.
 */
#pragma once

#include <stdint.h>

#define PROFILE_SLOT 256u
#define PROFILE_MAX_PAGES 512u
#define PROFILE_DEPTH 23u

enum profile_kind {
	PROFILE_USER = 1,   /* pcs: where, then return addresses, innermost first */
	PROFILE_KERNEL = 2, /* the moment came during a system call: pcs begin behind that instruction */
	PROFILE_IDLE = 3,   /* nothing to do; no pcs */
};

struct profile_header {
	uint64_t taken; /* samples, also those that had no room; atomic */
	uint64_t period_ns, ends_ns;
	uint64_t zero[29];
};
static_assert(sizeof(struct profile_header) == PROFILE_SLOT);

struct profile_sample {
	uint64_t sequence;
	uint64_t time_ns;      /* monotonic */
	uint64_t interface_id; /* KERNEL: of the CPU's last dispatch in it; 0: none is known */
	uint32_t process, thread;
	uint16_t cpu, method; /* method: with interface_id */
	uint8_t kind, depth;  /* enum profile_kind; pcs */
	uint8_t zero[2];
	char name[32]; /* the process's, NUL-terminated */
	uint64_t pcs[PROFILE_DEPTH];
};
static_assert(sizeof(struct profile_sample) == PROFILE_SLOT);
