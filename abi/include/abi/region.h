// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A thread's region: control page, submission queue, completion queue, message arena; kernel-allocated, pinned,
 * mapped read-write into the process. The thread starts with the region's address in its first argument register.
 *
 * Writers are named at each field: K = kernel, U = user. The kernel treats every U field as hostile (read once,
 * checked), and never reads back a K field: its own copies are private. Geometry is chosen at thread creation and
 * never changes; the geometry fields here are for the user's convenience.
 */
#pragma once

#include <stdint.h>

#define CAP_REGION_MAGIC 0x4e4f494745524f43ull /* "COREGION" */
#define CAP_REGION_VERSION 1u

/*
 * Geometry: powers of two. Default: 32 submissions, 64 completions, 16 KiB in all. Its parts follow each other without gaps, and the arena has
 * what is left of the last page: a small call touches two pages of each side's region.
 */
#define CAP_REGION_CONTROL_SIZE 1024u
#define CAP_SQ_DEFAULT 32u
#define CAP_SQ_MIN 8u
#define CAP_SQ_MAX 1024u
#define CAP_ARENA_DEFAULT 8192u /* at least */
#define CAP_REGION_MAX (1u << 20)

/* Sequence-locked parameters of the monotonic clock: ns = base_ns + ((tsc - base_tsc) * mult >> 32). */
struct cap_clock {
	uint32_t seq;  /* K: odd while it changes; reread if it changed */
	uint32_t zero; /* K */
	uint64_t base_tsc;
	uint64_t base_ns;
	uint64_t mult; /* nanoseconds per tick, 32.32 fixed point */
};

/* Upcall frame: the user state that an upcall interrupted. x86-64 layout; docs/abi.md, "Upcalls". */
struct cap_upcall_frame {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t reason;        /* the bits that were taken from pending; bit 63: a fault */
	uint64_t fault_vector;  /* x86 vector of the fault */
	uint64_t fault_address; /* CR2, for page faults */
	uint64_t fault_error;
};

#define CAP_UPCALL_FAULT (1ull << 63) /* in reasons */
#define CAP_UPCALL_COMPLETION \
	(1ull << 62) /* something that was submitted with CAP_SQE_INTERRUPT has completed */

struct cap_region {
	/* 0: written once by the kernel */
	uint64_t magic;
	uint32_t version;
	uint32_t size; /* bytes, whole region */
	uint32_t sq_off, sq_count;
	uint32_t cq_off, cq_count;
	uint32_t arena_off, arena_len;
	uint64_t start_message;     /* K: user address of the start message, 0 = none */
	uint64_t start_message_len; /* K: bytes */
	uint64_t thread_arg;        /* K: what the creator passed */
	/* 72: reserved to the end of the second cache line, but for this: not 0 while the kernel looks at sq_tail by itself. Who submits for another
	 * thread looks here after sq_tail, a full fence in between, and wakes that thread if it is 0. */
	uint32_t polled; /* K */
	uint32_t reserved1;
	uint64_t reserved0[6];

	/* 128: submission indexes */
	alignas(64) uint32_t sq_tail; /* U: next to write */
	alignas(64) uint32_t sq_head; /* K: next that the kernel takes */
	/* 256: completion indexes */
	alignas(64) uint32_t cq_head; /* U: next to reap */
	alignas(64) uint32_t cq_tail; /* K: next to be written */

	/* 384 */
	alignas(64) struct cap_clock clock; /* K */

	/* 448: upcalls */
	alignas(64) uint64_t upcall_entry; /* U: address of the handler, 0 = none: faults end the process */
	uint64_t upcall_mask;              /* U and K: not 0 = masked */
	uint64_t upcall_pending;           /* K adds, U reads; cap_enter takes */
	uint64_t upcall_faults;            /* U: not 0 = faults come as upcalls */
	alignas(64) struct cap_upcall_frame upcall_frame; /* K */
};
static_assert(sizeof(struct cap_region) <= CAP_REGION_CONTROL_SIZE);
