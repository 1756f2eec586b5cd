// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the frame allocator: what blocks are, as numbers. Proved in tests/proofs/frame_blocks.c.
 *
 * A block of order k is 2^k frames that begin at a multiple of that, counted from frame_first. Its buddy is the other half of the block of
 * the next order, so the two differ in one bit. Orders are below FRAME_MAX_ORDER where a buddy is asked for.
 */
#pragma once

#include <mm/frame.h>

static inline uint32_t block_buddy(uint32_t index, unsigned order)
{
	return index ^ 1u << order;
}

/* Where a block and its buddy begin, as one. */
static inline uint32_t block_joined(uint32_t index, unsigned order)
{
	return index & ~(1u << order);
}

/* The upper half of a block: it is of that order, and begins behind the lower one. */
static inline uint32_t block_upper(uint32_t index, unsigned order)
{
	return index + (1u << order);
}

/* The largest block that begins at `index` and lies below `end`, which is above it: its order. */
static inline unsigned block_order(uint64_t index, uint64_t end)
{
	unsigned order = index ? (unsigned)__builtin_ctzll(index) : FRAME_MAX_ORDER;

	if (order > FRAME_MAX_ORDER)
		order = FRAME_MAX_ORDER;
	while (index + (1ull << order) > end)
		order--;
	return order;
}
