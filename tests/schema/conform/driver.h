// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a generated test program (tools/capnpc-capos/exercise.c) calls: random values, printing them as text of Cap'n Proto, list elements. */
#pragma once

#include <message/frame.h>
#include <message/message.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 1;
static bool plain; /* only values that the stock tool's own text keeps: letters, short fractions */

static inline uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dull;
}

static inline unsigned pick(unsigned below)
{
	return (unsigned)(random_u64() >> 33) % below;
}

/* Corners as often as anything else. */
static inline uint64_t corner(void)
{
	static const uint64_t corners[] = {0,          1,         0x7f,       0x80,       0xff,
					   0x7fff,     0x8000,    0xffff,     0x7fffffff, 0x80000000,
					   0xffffffff, INT64_MAX, 1ull << 63, UINT64_MAX};

	return pick(2) ? corners[pick(14)] : random_u64();
}

static inline bool random_bool(void)
{
	return pick(2);
}

#define RANDOM_INT(name, type)                 \
	static inline type random_##name(void) \
	{                                      \
		return (type)corner();         \
	}
RANDOM_INT(i8, int8_t)
RANDOM_INT(i16, int16_t)
RANDOM_INT(i32, int32_t)
RANDOM_INT(i64, int64_t)
RANDOM_INT(u8, uint8_t)
RANDOM_INT(u16, uint16_t)
RANDOM_INT(u32, uint32_t)

static inline double random_f64(void)
{
	if (plain)
		return (double)pick(1000) / 8;
	switch (pick(5)) {
	case 0:
		return __builtin_inf();
	case 1:
		return -0.0;
	case 2:
		return (double)pick(1000) / 8;
	default:
		return ((double)random_u64() / 1e9 - 5e9) * 1e-3;
	}
}

static inline float random_f32(void)
{
	return (float)random_f64();
}

static inline struct msg_text random_text(void)
{
	static char buffer[64];
	unsigned len = pick(sizeof(buffer));

	for (unsigned i = 0; i < len; i++)
		buffer[i] = (char)(plain     ? 'a' + (int)pick(26)
				   : pick(8) ? ' ' + (int)pick(95)
					     : 1 + (int)pick(31));
	return (struct msg_text){buffer, len};
}

static inline struct msg_data random_data(void)
{
	static uint8_t buffer[64];
	unsigned len = pick(sizeof(buffer));

	for (unsigned i = 0; i < len; i++)
		buffer[i] = plain ? (uint8_t)('a' + pick(26)) : (uint8_t)random_u64();
	return (struct msg_data){buffer, len};
}

static inline void print_bool(bool v)
{
	printf(v ? "true" : "false");
}

#define PRINT_INT(name, type, format, as)       \
	static inline void print_##name(type v) \
	{                                       \
		printf(format, (as)v);          \
	}
PRINT_INT(i8, int8_t, "%lld", long long)
PRINT_INT(i16, int16_t, "%lld", long long)
PRINT_INT(i32, int32_t, "%lld", long long)
PRINT_INT(i64, int64_t, "%lld", long long)
PRINT_INT(u8, uint8_t, "%llu", unsigned long long)
PRINT_INT(u16, uint16_t, "%llu", unsigned long long)
PRINT_INT(u32, uint32_t, "%llu", unsigned long long)
PRINT_INT(u64, uint64_t, "%llu", unsigned long long)

/* With a point, so that it is read as a float: -0 as an integer would lose its sign. */
static inline void print_float(double v, int digits)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*g", digits, v);
	printf("%s%s", text, strpbrk(text, ".en") ? "" : ".0");
}

static inline void print_f64(double v)
{
	print_float(v, 17);
}

static inline void print_f32(float v)
{
	print_float((double)v, 9);
}

static inline void print_text(struct msg_text t)
{
	printf("\"");
	for (uint32_t i = 0; i < t.len; i++)
		printf("\\x%02x", (unsigned char)t.ptr[i]);
	printf("\"");
}

static inline void print_data(struct msg_data d)
{
	if (d.len == 0) { /* 0x"" is not in the language */
		printf("\"\"");
		return;
	}
	printf("0x\"");
	for (uint32_t i = 0; i < d.len; i++)
		printf("%02x ", d.ptr[i]);
	printf("\"");
}

static inline void print_enum(const char *const *names, unsigned count, uint16_t v)
{
	if (v < count)
		printf("%s", names[v]);
	else
		printf("%u", v);
}

#define LIST_OF(name, type, generic, back)                                                \
	static inline type list_##name(struct msg_list l, uint32_t i)                     \
	{                                                                                 \
		return (type)msg_list_##generic(l, i);                                    \
	}                                                                                 \
	static inline void list_set_##name(struct msg_list_builder l, uint32_t i, type v) \
	{                                                                                 \
		msg_list_set_##generic(l, i, (back)v);                                    \
	}
LIST_OF(bool, bool, bool, bool)
LIST_OF(i8, int8_t, u8, uint8_t)
LIST_OF(i16, int16_t, u16, uint16_t)
LIST_OF(i32, int32_t, u32, uint32_t)
LIST_OF(i64, int64_t, u64, uint64_t)
LIST_OF(u8, uint8_t, u8, uint8_t)
LIST_OF(u16, uint16_t, u16, uint16_t)
LIST_OF(u32, uint32_t, u32, uint32_t)
LIST_OF(u64, uint64_t, u64, uint64_t)

static inline float list_f32(struct msg_list l, uint32_t i)
{
	return msg_list_float32(l, i);
}

static inline double list_f64(struct msg_list l, uint32_t i)
{
	return msg_list_float64(l, i);
}

static inline void list_set_f32(struct msg_list_builder l, uint32_t i, float v)
{
	msg_list_set_u32(l, i, msg_bits32(v));
}

static inline void list_set_f64(struct msg_list_builder l, uint32_t i, double v)
{
	msg_list_set_u64(l, i, msg_bits64(v));
}

static inline struct msg_text list_text(struct msg_list l, uint32_t i)
{
	return msg_list_text(l, i);
}

static inline struct msg_data list_data(struct msg_list l, uint32_t i)
{
	return msg_list_data(l, i);
}

static inline void list_set_text(struct msg_list_builder l, uint32_t i, struct msg_text v)
{
	msg_set_text(msg_list_slot(l, i), v);
}

static inline void list_set_data(struct msg_list_builder l, uint32_t i, struct msg_data v)
{
	msg_set_data(msg_list_slot(l, i), v);
}
