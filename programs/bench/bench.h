// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the parts of the bench program share: how a row is measured, and what the program holds.
 *
 * A row is the median of BENCH_BATCHES batches, after a warm-up; loop and library stubs are included. Each is printed
 * as `row KEY TICKS NS`, both for one operation: TSC ticks (instructions under -icount shift=0) and nanoseconds.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <stdint.h>

enum { BENCH_BATCHES = 11 };

/* Does `operations` of them. */
typedef void bench_fn(uint32_t operations, void *context);

/* The calling thread's, since rows run on several. */
struct bench {
	struct rpc_transport *transport;
	struct ring_client *ring;
	cap_id timer, manager, memory, spawner, package, entropy;
	cap_id server;       /* Bench, in a process with the default ring */
	cap_id files;        /* Directory, served by ramfs */
	cap_id info;         /* SystemInfo */
	cap_id server_large; /* Bench, in one whose arena takes 4 KiB messages */
};

struct bench_samples {
	uint64_t ticks[BENCH_BATCHES], ns[BENCH_BATCHES];
};

static inline uint64_t bench_tsc(void)
{
	return __builtin_ia32_rdtsc();
}

/*
 * Marks that tests/bench/plugin finds in the instruction stream: a long NOP whose displacement no compiler emits. The
 * last batch of a row runs between BEGIN and END; HERE tells where a program was loaded.
 */
#define BENCH_MARK(code) __asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long 0xca905000 + " #code ::: "memory")
#define BENCH_BEGIN 1
#define BENCH_END 2

void bench_run(const char *key, uint32_t operations, bench_fn *body, void *context);
/* For rows whose batches the caller times itself. */
void bench_row(const char *key, struct bench_samples *samples, uint32_t operations);
/* Of the whole machine. */
uint64_t bench_frames_free(const struct bench *b);
/* The row stays out, with a word why. */
void bench_fail(const char *key, enum status status);

/* Each runs its rows on the calling thread. */
void bench_ring(struct bench *b);        /* enter, NOP, kernel calls, one at a time */
void bench_codec(struct bench *b);       /* encoding, decoding, dispatch alone */
void bench_ipc(struct bench *b);         /* calls between processes */
void bench_signals(struct bench *b);     /* notifications, wakes */
void bench_time(struct bench *b);        /* timers; threads of one process that wake each other */
void bench_revoke(struct bench *b);      /* taking back what much hangs on */
void bench_process(struct bench *b);     /* processes, threads */
void bench_memory(struct bench *b);      /* mappings, faults */
void bench_batches(struct bench *b);     /* what wants a ring of 64 */
void bench_ipc_batches(struct bench *b); /* eight calls at a time */
void bench_ipc_large(struct bench *b);   /* messages of 512 bytes and 4 KiB */
void bench_files(struct bench *b);       /* files in memory */

/* In a process whose messages are captured. */
void bench_captured_row(struct bench *b);
