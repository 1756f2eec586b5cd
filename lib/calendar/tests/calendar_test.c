// SPDX-License-Identifier: MIT OR Apache-2.0
/* Against the C library, day by day for 9999 years. */
#include <calendar/calendar.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int number, failures;

static void check(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	failures += !good;
}

static bool every_day(void)
{
	for (int64_t s = -62135596800; s <= 253402300799; s += 86400 - 1 + (s % 7 == 0)) {
		struct calendar_time t = calendar_from_unix(s);
		struct tm tm;
		time_t seconds = s;

		if (!gmtime_r(&seconds, &tm) || t.year != tm.tm_year + 1900 || t.month != tm.tm_mon + 1 ||
		    t.day != tm.tm_mday || t.hour != tm.tm_hour || t.minute != tm.tm_min ||
		    t.second != tm.tm_sec || !calendar_is_valid(&t) || calendar_to_unix(&t) != s)
			return false;
	}
	return true;
}

int main(void)
{
	struct calendar_time leap = {2024, 2, 29, 23, 59, 59}, none = {2023, 2, 29, 0, 0, 0},
			     late = {2024, 1, 1, 24, 0, 0};
	char text[CALENDAR_TEXT];

	check(every_day(), "every day from year 1 to 9999 is what the C library says, and comes back");
	check(calendar_is_valid(&leap) && !calendar_is_valid(&none) && !calendar_is_valid(&late),
	      "a date that is none is found");
	calendar_format(&leap, text);
	check(memcmp(text, "2024-02-29T23:59:59Z", CALENDAR_TEXT) == 0, "it is written as ISO 8601 has it");
	leap = calendar_from_unix(INT64_MAX);
	none = calendar_from_unix(INT64_MIN);
	check(leap.year == 9999 && none.year == 1, "times beyond the calendar are brought into it");
	printf("1..%d\n", number);
	return failures != 0;
}
