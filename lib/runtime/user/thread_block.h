// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the FS base of each thread points to: the part that the x86-64 ABI fixes (self pointer, stack protector's
 * canary), then the thread's ring. Thread-local variables lie below it. In a program that stands on a C library the FS base
 * points to that library's thread block instead, whose word at 0x20 leads here.
 */
#pragma once

#include <runtime/ring.h>
#include <runtime/upcall.h>
#include <stddef.h>

struct thread_block {
	struct thread_block *self; /* the ABI: %fs:0 */
	uint64_t abi[3];
	struct thread_block *block; /* where the runtime looks for it, whoever's the FS base is */
	uint64_t canary;            /* the ABI: %fs:0x28 */
	struct ring_client ring;
	upcall_handler *upcall;
	cap_id own; /* what thread_self gives; null until it was asked for */
	/* Of threads made by thread_start: */
	int64_t (*body)(void *);
	void *argument;
	uint64_t mapping, mapped; /* address and bytes of stack, thread-local memory and this */
	cap_id handle;            /* of a detached thread: to be released by it */
	uint32_t fate;            /* enum thread_fate; atomic */
};
static_assert(offsetof(struct thread_block, canary) == 0x28 && offsetof(struct thread_block, block) == 0x20);

#define THREAD_BLOCK_ALIGN 64u

/* The first of thread_detach and the thread's end decides who frees its mapping: the thread, or who detached or joins it. */
enum thread_fate : uint32_t { THREAD_JOINABLE, THREAD_DETACHED, THREAD_ENDING };

static inline struct thread_block *thread_block_current(void)
{
	struct thread_block *block;

	__asm__("movq %%fs:0x20, %0" : "=r"(block));
	return block;
}

/* Bytes of thread-local variables and block together. */
size_t thread_block_size(void);
/*
 * Lays both out in `memory` (that many bytes, aligned to THREAD_BLOCK_ALIGN, of any content): initial values of thread-local
 * variables, self pointer, canary.
 */
struct thread_block *thread_block_init(void *memory, uint64_t canary);

/* Where upcall_entry.S finds the registers. */
static_assert(sizeof(struct cap_upcall_frame) == 24 * 8 && offsetof(struct cap_upcall_frame, r8) == 56 &&
	      offsetof(struct cap_upcall_frame, rip) == 120 && offsetof(struct cap_upcall_frame, rsp) == 144);
