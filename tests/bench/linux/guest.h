// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the parts of the Linux guest share: one static program that runs as /init and measures what capOS is compared
 * with. It prints one line a row, `row KEY VALUE UNIT`, which tests/bench/run collects.
 *
 * Under `-icount shift=0,sleep=off` the TSC counts executed guest instructions; without it, nanoseconds are printed.
 */
#pragma once

#include <stdint.h>

enum { BATCHES = 11 };

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

typedef void bench_fn(long operations, void *context);

/* Runs `body` for one warm-up and BATCHES batches of `operations`, and prints the median for one operation. */
void bench(const char *key, long operations, bench_fn *body, void *context);
/* The same from samples that the caller took, each covering `operations`. */
void bench_samples(const char *key, uint64_t samples[BATCHES], long operations);
/* Instructions under -icount, otherwise nanoseconds. */
uint64_t bench_clock(void);
/* A part could not be measured: says so, and the row stays empty. */
void bench_fail(const char *what);

void bench_calls(void);     /* calls.c: system calls, descriptors, eventfd */
void bench_ipc(void);       /* ipc.c: calls between processes */
void bench_ipc_small(void); /* ipc.c: the two smallest of them */
void bench_cross(void);     /* ipc.c: between two CPUs */
void bench_uring(void);     /* uring.c: io_uring */
void bench_scale(void);     /* scale.c: several CPUs */
void bench_process(void);   /* process.c: processes and threads */
void bench_memory(void);    /* memory.c: mappings and faults */
