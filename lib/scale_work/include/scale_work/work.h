// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The work of the scaling figures, the same source on capOS and in the Linux guest: 16 MiB in 262,144 blocks, hashed 64 times over,
 * split evenly among workers. Integer instructions only, each depending on the one before: nothing to vectorise.
 */
#pragma once

#include <stdint.h>

#define SCALE_BYTES (16u << 20)
#define SCALE_BLOCKS 262144u
#define SCALE_BLOCK_WORDS (SCALE_BYTES / SCALE_BLOCKS / 8)
#define SCALE_ROUNDS 64u
#define SCALE_RUNS 7u /* of each number of workers, interleaved */
#define SCALE_WORKERS_MAX 64u

struct scale_part {
	uint32_t first, count; /* blocks */
};

static inline struct scale_part scale_part(uint32_t worker, uint32_t workers)
{
	uint32_t first = (uint32_t)((uint64_t)SCALE_BLOCKS * worker / workers);

	return (struct scale_part){first,
				   (uint32_t)((uint64_t)SCALE_BLOCKS * (worker + 1) / workers) - first};
}

static inline void scale_fill(uint64_t *data, struct scale_part part)
{
	for (uint64_t i = (uint64_t)part.first * SCALE_BLOCK_WORDS;
	     i < ((uint64_t)part.first + part.count) * SCALE_BLOCK_WORDS; i++)
		data[i] = i * 0x9e3779b97f4a7c15ull;
}

/* Blocks are hashed each by itself and added up, so that the sum does not depend on who did which. */
static inline uint64_t scale_hash(const uint64_t *data, struct scale_part part)
{
	uint64_t sum = 0;

	for (uint32_t round = 0; round < SCALE_ROUNDS; round++) {
		for (uint32_t block = part.first; block < part.first + part.count; block++) {
			const uint64_t *words = data + (uint64_t)block * SCALE_BLOCK_WORDS;
			uint64_t hash = 0xcbf29ce484222325ull + round;

#pragma clang loop unroll(disable) vectorize(disable)
			for (uint32_t i = 0; i < SCALE_BLOCK_WORDS; i++) {
				hash = (hash ^ words[i]) * 0x100000001b3ull;
				hash ^= hash >> 29;
			}
			sum += hash;
		}
	}
	return sum;
}
