// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A fuzzer's input as a source of choices. Whoever builds something from it asks for numbers below a bound; each costs the
 * fewest bytes that can tell the difference, so that the fuzzer's changes change one choice at a time. Behind the end all choices
 * are 0.
 */
#pragma once

#include <core/types.h>

/* To ThreadSanitizer it is the kernel that may have races: programs on all CPUs choose from one input. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

struct input {
	const uint8_t *at, *end;
};

static inline bool input_ended(const struct input *in)
{
	return in->at == in->end;
}

static inline uint8_t input_byte(struct input *in)
{
	return in->at == in->end ? 0 : *in->at++;
}

/* Little-endian, 1 to 8 bytes. */
static inline uint64_t input_bytes(struct input *in, unsigned count)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value |= (uint64_t)input_byte(in) << 8 * i;
	return value;
}

/* Below `bound`, which is 1 to 65536. */
static inline uint32_t input_below(struct input *in, uint32_t bound)
{
	return bound <= 1 ? 0 : (uint32_t)input_bytes(in, bound <= 256 ? 1 : 2) % bound;
}

/* Mostly false: true for one byte value in `n`, n at most 256. */
static inline bool input_rarely(struct input *in, unsigned n)
{
	return input_byte(in) >= 256u - 256u / n;
}

/* A number: small, at an edge, or any. */
uint64_t input_number(struct input *in);

#pragma clang attribute pop
