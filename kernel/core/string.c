// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The functions that the compiler and freestanding libraries may call on their own. Eight bytes at a time and no string instructions: a
 * figure stated in guest instructions must not hide work in one of them (docs/performance.md). Bulk copies of whole words
 * use mm/copy.c. In the host kernel the C library's are used: a linker takes this file only where there are none.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *s);

/* Unaligned words: a plain mov on machines that have it, bytes elsewhere. */
struct [[gnu::packed]] word {
	uint64_t value;
} __attribute__((may_alias));

static void copy_forward(unsigned char *to, const unsigned char *from, size_t len)
{
	for (; len >= 32; len -= 32, to += 32, from += 32) {
		((struct word *)to)[0].value = ((const struct word *)from)[0].value;
		((struct word *)to)[1].value = ((const struct word *)from)[1].value;
		((struct word *)to)[2].value = ((const struct word *)from)[2].value;
		((struct word *)to)[3].value = ((const struct word *)from)[3].value;
	}
	for (; len >= 8; len -= 8, to += 8, from += 8)
		((struct word *)to)->value = ((const struct word *)from)->value;
	for (; len; len--)
		*to++ = *from++;
}

static void copy_backward(unsigned char *to, const unsigned char *from, size_t len)
{
	for (; len % 8; len--)
		to[len - 1] = from[len - 1];
	for (; len >= 32; len -= 32) {
		((struct word *)(to + len))[-1].value = ((const struct word *)(from + len))[-1].value;
		((struct word *)(to + len))[-2].value = ((const struct word *)(from + len))[-2].value;
		((struct word *)(to + len))[-3].value = ((const struct word *)(from + len))[-3].value;
		((struct word *)(to + len))[-4].value = ((const struct word *)(from + len))[-4].value;
	}
	for (; len; len -= 8)
		((struct word *)(to + len - 8))->value = ((const struct word *)(from + len - 8))->value;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	copy_forward(to, from, len);
	return to;
}

/* Forward is safe unless the target begins inside the source: each word is read before anything at or above it is
 * written, as long as `to` is below `from`. */
void *memmove(void *to, const void *from, size_t len)
{
	if ((uintptr_t)to - (uintptr_t)from >= len)
		copy_forward(to, from, len);
	else
		copy_backward(to, from, len);
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	uint64_t value = 0x0101010101010101ull * (unsigned char)byte;
	unsigned char *p = to;

	for (; len >= 32; len -= 32, p += 32) {
		((struct word *)p)[0].value = value;
		((struct word *)p)[1].value = value;
		((struct word *)p)[2].value = value;
		((struct word *)p)[3].value = value;
	}
	for (; len >= 8; len -= 8, p += 8)
		((struct word *)p)->value = value;
	for (; len; len--)
		*p++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (; len >= 8 && ((const struct word *)x)->value == ((const struct word *)y)->value; len -= 8)
		x += 8, y += 8;
	for (; len; len--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t len = 0;

	while (s[len] != '\0')
		len++;
	return len;
}
