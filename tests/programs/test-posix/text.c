// SPDX-License-Identifier: MIT OR Apache-2.0
/* A smoke test of what musl does alone: printf, numbers, strings, characters, mathematics, locale, environment. */
#include "test.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static thread_local int local = 41;

void test_text(void)
{
	char text[128];
	int numbers[] = {5, 3, 9, 1}, n = 0;
	char *end;
	regex_t regex;
	regmatch_t match[2];

	snprintf(text, sizeof(text), "%5d|%-5s|%05.1f|%x|%e|%lld|%c|%%", 42, "ab", 3.14159, 255u, 12345.678,
		 -9000000000ll, 'z');
	tap_ok(strcmp(text, "   42|ab   |003.1|ff|1.234568e+04|-9000000000|z|%") == 0, "printf");
	tap_ok(sscanf("12 abc 3.5", "%d %s %*f", &n, text) == 2 && n == 12 && strcmp(text, "abc") == 0,
	       "scanf");
	tap_ok(strtod("2.5e3xyz", &end) == 2500.0 && strcmp(end, "xyz") == 0, "strtod");
	tap_ok(strtol("0x1f", nullptr, 0) == 31 && strtoul("777", nullptr, 8) == 511, "strtol");
	tap_ok(isalpha('a') && !isalpha('1') && toupper('q') == 'Q', "ctype");
	qsort(numbers, 4, sizeof(int), compare);
	tap_ok(numbers[0] == 1 && numbers[3] == 9, "qsort");
	tap_ok(fabs(sin(1.0) - 0.8414709848078965) < 1e-15 && sqrt(2.0) * sqrt(2.0) > 1.9999, "mathematics");
	tap_ok(setlocale(LC_ALL, "C.UTF-8") && mbstowcs(nullptr, "\303\244\342\202\254", 0) == 2,
	       "wide characters");
	tap_ok(regcomp(&regex, "b(c+)d", REG_EXTENDED) == 0 && regexec(&regex, "abcccde", 2, match, 0) == 0 &&
		       match[1].rm_so == 2 && match[1].rm_eo == 5,
	       "regular expressions");
	regfree(&regex);
	tap_ok(getenv("COLOUR") && strcmp(getenv("COLOUR"), "red") == 0 && !getenv("NONE"),
	       "the environment");
	tap_ok(++local == 42, "thread-local variables");
}
