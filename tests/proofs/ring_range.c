/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ring_range_ok: what it accepts lies inside the arena, and is aligned, for all 2^32 * 2^64 pairs. The sum is a sum of
 * integers: nothing wraps for offsets and the lengths that submissions can name (32 bits).
 *
 * shipped: kernel/ring/include/ring/ring.h ring_range_ok
 *
 * mutant: ring_range_ok s/\(uint64_t\)offset \+ length/(uint32_t)(offset + length)/
 * mutant: ring_range_ok s/<= ring/< ring/
 */
#include "shim.h"

struct ring { /* the member that is used */
	uint32_t arena_len;
};

/*@ requires \valid_read(ring);
  @ requires length <= 0xffffffff;
  @ assigns \nothing;
  @ ensures inside: \result ==> offset + length <= ring->arena_len;
  @ ensures all: \result <==> offset + length <= ring->arena_len && ((offset | length) & 7) == 0;
  @*/
static inline bool ring_range_ok(const struct ring *ring, uint32_t offset, uint64_t length);
#include "ring_range_ok.h"
