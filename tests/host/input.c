// SPDX-License-Identifier: MIT OR Apache-2.0
/* See input.h. */
#include "input.h"

/* Where sizes, offsets and page arithmetic turn over. */
static const uint64_t edges[] = {
	7,
	8,
	15,
	16,
	63,
	64,
	255,
	256,
	511,
	512,
	1023,
	1024,
	4095,
	4096,
	4097,
	8191,
	8192,
	65535,
	65536,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x10000000,
	0x40000000,
	0x200000,
	0x7fffffff0,
	0x7ffffffff000,
	0x800000000000,
	~0ull,
	~0ull - 7,
	1ull << 63,
};

#define SMALL 160u /* of the values of the first byte, so many are numbers themselves */

uint64_t input_number(struct input *in)
{
	uint8_t first = input_byte(in);

	if (first < SMALL)
		return first;
	if (first < SMALL + array_size(edges))
		return edges[first - SMALL];
	return input_bytes(in, 1 + first % 8);
}
