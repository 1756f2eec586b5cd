// SPDX-License-Identifier: MIT OR Apache-2.0
/* The heap. */
#include <runtime/heap.h>

#include "test.h"

enum { BLOCKS = 60 };

static size_t size_of(unsigned i)
{
	return i * i * 37u + 1; /* from 1 byte to 128 KiB: every class, and mappings */
}

static bool all(const uint8_t *bytes, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static bool fill_and_check(uint8_t *blocks[BLOCKS])
{
	bool good = true;

	for (unsigned i = 0; i < BLOCKS; i++) {
		blocks[i] = heap_alloc(size_of(i));
		good &= blocks[i] && (uintptr_t)blocks[i] % 16 == 0 && all(blocks[i], size_of(i), 0);
		if (blocks[i])
			__builtin_memset(blocks[i], (int)i + 1, size_of(i));
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		good &= blocks[i] && all(blocks[i], size_of(i), (uint8_t)(i + 1));
	return good;
}

void test_heap(void)
{
	static uint8_t *blocks[BLOCKS];
	bool good;

	tap_ok(fill_and_check(blocks), "blocks of all sizes are aligned, clean and apart");
	for (unsigned i = 0; i < BLOCKS; i += 2)
		heap_free(blocks[i]);
	for (unsigned i = 1; i < BLOCKS; i += 2)
		heap_free(blocks[i]);
	tap_ok(fill_and_check(blocks), "so are blocks that were used before");

	good = true;
	for (unsigned i = 0; i < BLOCKS; i++) {
		uint8_t *larger = heap_realloc(blocks[i], size_of(i) * 2);

		good &= larger && all(larger, size_of(i), (uint8_t)(i + 1));
		heap_free(larger);
	}
	tap_ok(good, "a larger block keeps the old bytes");
	tap_ok(heap_alloc(SIZE_MAX - 8) == nullptr && heap_alloc(1ull << 39) == nullptr,
	       "what cannot be had is refused with null");
	heap_free(nullptr);
}
