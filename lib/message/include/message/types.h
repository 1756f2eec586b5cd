// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What reader and builder share: the value types that schemas are made of, the limits, and the loads and stores.
 *
 * A message is little-endian on the wire, and so is every machine that capOS runs on. Loads and stores go through
 * __builtin_memcpy: a buffer need not be aligned.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "messages are read and written in place");

#if !defined(MSG_NO_FLOAT) && (defined(__SSE2__) || defined(__ARM_FP))
#define MSG_FLOAT 1
#else
#define MSG_FLOAT 0
#endif

/* Levels of pointers below which a message is refused; the root pointer is the first. */
#define MSG_NESTING 16u
/* A message may be visited this many times over before it is refused (pointers may overlap). */
#define MSG_TRAVERSAL 4u
/* Largest segment, in words: what a 30-bit signed offset reaches. */
#define MSG_MAX_WORDS (1u << 29)

/* Text: UTF-8 by convention, not checked. In a message a NUL follows, which len excludes. */
struct msg_text {
	const char *ptr;
	uint32_t len;
};

struct msg_data {
	const uint8_t *ptr;
	uint32_t len;
};

#define MSG_TEXT(literal) ((struct msg_text){"" literal, (uint32_t)(sizeof(literal) - 1)})

static inline struct msg_text msg_text_from(const char *nul_terminated)
{
	return (struct msg_text){nul_terminated, (uint32_t)__builtin_strlen(nul_terminated)};
}

static inline bool msg_text_equal(struct msg_text a, struct msg_text b)
{
	return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* How the elements of a list are encoded: the three bits of a list pointer (encoding specification, "Lists"). */
enum msg_elem : uint8_t {
	MSG_ELEM_VOID = 0,
	MSG_ELEM_BIT = 1,
	MSG_ELEM_8 = 2,
	MSG_ELEM_16 = 3,
	MSG_ELEM_32 = 4,
	MSG_ELEM_64 = 5,
	MSG_ELEM_POINTER = 6,
	MSG_ELEM_COMPOSITE = 7,
	MSG_ELEM_ANY = 8, /* to read a list whatever its encoding */
};

static inline uint8_t msg_load8(const uint8_t *p)
{
	return *p;
}

static inline uint16_t msg_load16(const uint8_t *p)
{
	uint16_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t msg_load32(const uint8_t *p)
{
	uint32_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t msg_load64(const uint8_t *p)
{
	uint64_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline void msg_store16(uint8_t *p, uint16_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void msg_store32(uint8_t *p, uint32_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void msg_store64(uint8_t *p, uint64_t v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

#if MSG_FLOAT
static inline float msg_float32(uint32_t bits)
{
	return __builtin_bit_cast(float, bits);
}

static inline double msg_float64(uint64_t bits)
{
	return __builtin_bit_cast(double, bits);
}

static inline uint32_t msg_bits32(float value)
{
	return __builtin_bit_cast(uint32_t, value);
}

static inline uint64_t msg_bits64(double value)
{
	return __builtin_bit_cast(uint64_t, value);
}
#endif
