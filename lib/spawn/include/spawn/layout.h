// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where the parts of a new process go: in its address space, and in the one memory object that holds what is its own.
 *
 *	window:  slack | image | guard and slack | stack | guard | start message | rest
 *	memory:  writable segments | start message | stack
 *
 * The window is a whole number of 2 MiB areas at a random place. The slack is random, too, so distances between
 * image and stack differ from start to start. Inside the image and inside the stack everything keeps its distance.
 */
#pragma once

#include <spawn/spawn.h>

struct layout {
	uint64_t image; /* load address */
	uint64_t stack; /* lowest address */
	uint64_t stack_bytes;
	uint64_t message; /* address of the start message */
	uint64_t message_pages;
	uint64_t segment_offset[SPAWN_MAX_SEGMENTS]; /* in memory, of writable ones */
	uint64_t message_offset, stack_offset;       /* in memory */
	uint64_t memory_bytes;
};

/* message_bytes: of the start message. */
struct layout spawn_layout(const struct spawn_program *program, uint64_t message_bytes, uint64_t seed);

#define SPAWN_PAGE 4096ull

static inline uint64_t spawn_page_up(uint64_t n)
{
	return (n + SPAWN_PAGE - 1) & ~(SPAWN_PAGE - 1);
}

/* The pages that a segment touches, as offset of the first and bytes. */
static inline uint64_t spawn_segment_start(const struct spawn_segment *s)
{
	return s->address & ~(SPAWN_PAGE - 1);
}

static inline uint64_t spawn_segment_bytes(const struct spawn_segment *s)
{
	return spawn_page_up(s->address + s->memory_size) - spawn_segment_start(s);
}
