// SPDX-License-Identifier: MIT OR Apache-2.0
/* print_to against the C library's snprintf, cutting, and the refusal of addresses; the log's ring and its text. */
#include <stdio.h>
#include <string.h>

#include <arch/platform.h>
#include <archimpl/explorer.h>
#include <core/log.h>

#define SAME(format, ...)                                                               \
	do {                                                                            \
		char ours[128], theirs[128];                                            \
		size_t len = print_to(ours, sizeof(ours), format, __VA_ARGS__);         \
		int expected = snprintf(theirs, sizeof(theirs), format, __VA_ARGS__);   \
		if (len != (size_t)expected || strcmp(ours, theirs) != 0)               \
			host_die("%s: \"%s\", should be \"%s\"", format, ours, theirs); \
	} while (0)

EXPLORE_TEST(formats_print_as_in_c, 1)
{
	SAME("%d|%i|%u|%x", -5, 7, 4000000000u, 0xbeefu);
	SAME("%d %d", (-2147483647 - 1), 2147483647);
	SAME("%lld %llu", -9223372036854775807ll - 1, 18446744073709551615ull);
	SAME("%ld %lu %lx %zu %zx", -1l, 1ul, 255ul, sizeof(int), (size_t)48);
	SAME("%hd %hu %hhd %hhx", (short)-3, (unsigned short)65535, (signed char)-3, (unsigned char)200);
	SAME("[%5d] [%-5d] [%05d] [%5u] [%08x] [%-8x]", -42, -42, -42, 42u, 0xabcu, 0xabcu);
	SAME("[%s] [%10s] [%-10s] [%.3s] [%.*s] [%6.2s]", "text", "right", "left", "cut", 2, "star", "both");
	SAME("[%c] [%3c] [%-3c] %%", 'a', 'b', 'c');
	SAME("%x %d %u %05d", 0u, 0, 0u, 0);
}

EXPLORE_TEST(output_is_cut_and_ends_with_zero, 1)
{
	char buffer[8];

	memset(buffer, 'x', sizeof(buffer));
	explore_check(print_to(buffer, 5, "%s", "abcdefgh") == 4);
	explore_check(memcmp(buffer, "abcd\0xxx", 8) == 0);
	explore_check(print_to(buffer, 1, "%d", 12345) == 0 && buffer[0] == 0);
	explore_check(print_to(buffer, 0, "%d", 12345) == 0);
	explore_check(print_to(buffer, 8, "%50d", 1) == 7);
}

EXPLORE_TEST(addresses_and_null_are_not_printed, 1)
{
	char buffer[64];
	const char *volatile none = NULL;

	print_to(buffer, sizeof(buffer), "%p.", (void *)buffer);
	explore_check(strcmp(buffer, "(address).") == 0);
	print_to(buffer, sizeof(buffer), "%s.", none);
	explore_check(strcmp(buffer, "(null).") == 0);
}

/* --- log ------------------------------------------------------------------------------------------------------- */

static struct log_entry entry;

EXPLORE_TEST(log_keeps_order_text_and_level, 1)
{
	host_test_boot(1, 1 << 20);
	log_line(LOG_INFO, "first %d", 1);
	log_line(LOG_ERROR, "second");
	explore_check(log_next_sequence() == 3);
	explore_check(log_read(0, &entry) && entry.sequence == 1 && entry.level == LOG_INFO);
	explore_check(entry.len == 7 && memcmp(entry.text, "first 1", 7) == 0);
	explore_check(log_read(2, &entry) && entry.sequence == 2 && entry.level == LOG_ERROR);
	explore_check(!log_read(3, &entry));
	explore_check(log_read(1, &entry) && entry.sequence == 1);
	explore_check(strstr(host_test_log(), "] second\r\n"));
}

EXPLORE_TEST(log_ring_wraps_and_drops_the_oldest, 1)
{
	uint64_t next = 0, seen = 0;
	char expected[300];

	host_test_boot(1, 1 << 20);
	for (int i = 1; i <= 5000; i++)
		log_line(LOG_DEBUG, "%d %.*s", i, i % 200,
			 "................................................................"
			 "................................................................"
			 "................................................................");
	explore_check(log_next_sequence() == 5001);
	while (log_read(next, &entry)) {
		explore_check(entry.sequence >= next && entry.len < LOG_LINE_MAX);
		explore_check(seen == 0 || entry.sequence == next);
		print_to(expected, sizeof(expected), "%d %.*s", (int)entry.sequence,
			 (int)(entry.sequence % 200),
			 "................................................................"
			 "................................................................"
			 "................................................................");
		explore_check(entry.len == strlen(expected) && memcmp(entry.text, expected, entry.len) == 0);
		next = entry.sequence + 1;
		seen++;
	}
	explore_check(next == 5001 && seen > 150 && seen < 1000);
}

static void expect_text(const char *text, size_t len, const char *shown)
{
	log_text(LOG_INFO, "who", text, len);
	explore_check(log_read(log_next_sequence() - 1, &entry));
	if (entry.len != strlen(shown) || memcmp(entry.text, shown, entry.len) != 0)
		host_die("shown as \"%.*s\", not \"%s\"", entry.len, entry.text, shown);
}

EXPLORE_TEST(text_of_processes_cannot_move_the_cursor, 1)
{
	host_test_boot(1, 1 << 20);
	expect_text("plain", 5, "who: plain");
	expect_text("a\x1b[2Jb\x07\x7f\0c", 10, "who: a.[2Jb...c");
	expect_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "who: \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	expect_text("\x9b"
		    "1m",
		    3, "who: .1m");
	expect_text("\xc2\x9b"
		    "1m",
		    4, "who: ..1m");
	expect_text("\xc0\x9b\xe0\x82\x9b\xed\xa0\x80\xf5\x80\x80\x80\xe2\x82", 14, "who: ..............");
	expect_text("\xe2\x80\xae"
		    "x",
		    4, "who: ...x");
	expect_text("", 0, "who: ");
	expect_text("one\ntwo\n", 8, "who: two");
	explore_check(log_read(log_next_sequence() - 2, &entry) && memcmp(entry.text, "who: one", 8) == 0);
}

EXPLORE_TEST(long_text_becomes_several_lines, 1)
{
	static char text[1000];
	uint64_t first;
	size_t total = 0;

	host_test_boot(1, 1 << 20);
	memset(text, 'y', sizeof(text));
	first = log_next_sequence();
	log_text(LOG_INFO, "p", text, sizeof(text));
	for (uint64_t i = first; log_read(i, &entry); i++)
		total += entry.len - 3u;
	explore_check(total == sizeof(text) && log_next_sequence() == first + 4);
}

EXPLORE_TEST(backtraces_and_panics_tell_no_addresses, 1)
{
	uint64_t pcs[2] = {0xffffffff80001234, 0xdeadbeef};

	host_test_boot(1, 1 << 20);
	log_backtrace(pcs, 2);
	explore_check(!strstr(host_test_log(), "dead") && !strstr(host_test_log(), "1234"));
}

EXPLORE_MAIN
