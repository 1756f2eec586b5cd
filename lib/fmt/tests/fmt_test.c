// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Formatting against the C library's: the same text and the same length for everything that is supported, and nothing
 * written beyond the buffer.
 */
#include <fmt/fmt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

#define SAME(...)                                                               \
	do {                                                                    \
		char ours[256], theirs[256];                                    \
		size_t n = fmt_print(ours, sizeof(ours), __VA_ARGS__);          \
		int m = snprintf(theirs, sizeof(theirs), __VA_ARGS__);          \
		bool good = n == (size_t)m && strcmp(ours, theirs) == 0;        \
		if (!good)                                                      \
			printf("# ours \"%s\", libc's \"%s\"\n", ours, theirs); \
		report(good, #__VA_ARGS__);                                     \
	} while (0)

static void test_numbers(void)
{
	SAME("%d %i %u", 0, -1, 3000000000u);
	SAME("%d %d", INT_MAX, INT_MIN);
	SAME("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
	SAME("%hhd %hhu %hd %hu", 200, 200, 40000, 40000);
	SAME("[%5d] [%-5d] [%05d] [%+d] [% d]", 42, 42, 42, 42, 42);
	SAME("[%.3d] [%8.3d] [%-8.3d] [%08.3d] [%.0d]", 7, 7, 7, 7, 0);
	SAME("%x %X %#x %#x %o", 0xbeefu, 0xbeefu, 0xbeefu, 0u, 8u);
	SAME("[%#10x] [%-#10x] [%#010x]", 255u, 255u, 255u);
	SAME("[%*d] [%*d] [%.*d] [%.*d]", 6, 1, -6, 2, 3, 3, -1, 4);
	SAME("%zu %jd %td", (size_t)7, (intmax_t)-7, (ptrdiff_t)9);
	SAME("%p", (void *)0x1234);
}

static void test_text(void)
{
	SAME("%s|%10s|%-10s|%.2s|%.0s|%c", "text", "right", "left", "cut", "none", 'x');
	SAME("100%% %s", "");
	report(fmt_print(nullptr, 0, "%d", 12345) == 5, "a size of 0 writes nothing and counts");
}

static void test_bounds(void)
{
	bool good = true;

	for (size_t size = 1; size < 32; size++) {
		char *buffer = malloc(size);
		size_t n = fmt_print(buffer, size, "%s %08x %d", "longer text", 0xabcu, -77);

		good &= n == 24 && strlen(buffer) == (size <= 24 ? size - 1 : 24);
		free(buffer);
	}
	report(good, "every buffer size is respected and terminated");
}

int main(void)
{
	test_numbers();
	test_text();
	test_bounds();
	printf("1..%d\n", test_number);
	return failures > 0;
}
