// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The C library functions that compilers call. Copies and clears go by 8 bytes: short ones are what programs do most. From
 * LONG bytes on the processor's own instruction is worth its start (`rep` of 8 bytes at a time).
 */
#include <runtime/string.h>
#include <stdint.h>

typedef uint64_t word __attribute__((may_alias, aligned(1)));

#define LONG 256u

/* The compiler would otherwise make these loops into calls of the functions that they are, or into long vector code. */
#define SCALAR _Pragma("clang loop vectorize(disable) unroll(disable)")
#pragma clang attribute push(__attribute__((no_builtin)), apply_to = function)

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (bytes >= LONG) {
		size_t words = bytes / 8;

		__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words)::"memory");
		bytes %= 8;
	}
	SCALAR
	for (; bytes >= 8; bytes -= 8, d += 8, s += 8)
		*(word *)(void *)d = *(const word *)(const void *)s;
	SCALAR
	for (; bytes > 0; bytes--)
		*d++ = *s++;
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= bytes)
		return memcpy(to, from, bytes);
	SCALAR
	for (; bytes % 8 != 0; bytes--)
		d[bytes - 1] = s[bytes - 1];
	SCALAR
	for (; bytes > 0; bytes -= 8)
		*(word *)(void *)(d + bytes - 8) = *(const word *)(const void *)(s + bytes - 8);
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	uint8_t *d = to;
	uint64_t pattern = 0x0101010101010101ull * (uint8_t)value;

	if (bytes >= LONG) {
		size_t words = bytes / 8;

		__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
		bytes %= 8;
	}
	SCALAR
	for (; bytes >= 8; bytes -= 8, d += 8)
		*(word *)(void *)d = pattern;
	SCALAR
	for (; bytes > 0; bytes--)
		*d++ = (uint8_t)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const uint8_t *p = a, *q = b;

	SCALAR
	for (; bytes >= 8 && *(const word *)(const void *)p == *(const word *)(const void *)q;
	     bytes -= 8, p += 8, q += 8)
		;
	SCALAR
	for (; bytes > 0; bytes--, p++, q++)
		if (*p != *q)
			return *p < *q ? -1 : 1;
	return 0;
}

void *memchr(const void *s, int value, size_t bytes)
{
	const uint8_t *p = s;

	SCALAR
	for (; bytes > 0; bytes--, p++)
		if (*p == (uint8_t)value)
			return (void *)(uintptr_t)p;
	return nullptr;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	SCALAR
	while (n < max && s[n])
		n++;
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
	SCALAR
	for (; max > 0; max--, a++, b++) {
		if (*a != *b)
			return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	SCALAR
	for (; *s != (char)c; s++)
		if (!*s)
			return nullptr;
	return (char *)(uintptr_t)s;
}

#pragma clang attribute pop
