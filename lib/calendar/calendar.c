// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Days are counted in years that begin with March, so that the leap day is the last of its year: then the days before a
 * month are a linear function, and 400 years are one period of 146097 days.
 */
#include <calendar/calendar.h>

#define DAY_SECONDS 86400
#define PERIOD_DAYS 146097
#define DAYS_TO_1970 719468         /* from 0000-03-01 */
#define FIRST_SECOND (-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND 253402300799    /* 9999-12-31T23:59:59Z */

static bool is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint8_t days_of_month(int32_t year, uint8_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return (uint8_t)(days[month - 1] + (month == 2 && is_leap(year)));
}

bool calendar_is_valid(const struct calendar_time *t)
{
	return t->year >= 1 && t->year <= 9999 && t->month >= 1 && t->month <= 12 && t->day >= 1 &&
	       t->day <= days_of_month(t->year, t->month) && t->hour < 24 && t->minute < 60 && t->second < 60;
}

int64_t calendar_to_unix(const struct calendar_time *t)
{
	int64_t year = t->year - (t->month <= 2), month = (t->month + 9) % 12; /* March is 0 */
	int64_t period = year / 400, of_period = year % 400;
	int64_t day = (153 * month + 2) / 5 + t->day - 1;

	day += of_period * 365 + of_period / 4 - of_period / 100 + period * PERIOD_DAYS - DAYS_TO_1970;
	return day * DAY_SECONDS + t->hour * 3600 + t->minute * 60 + t->second;
}

struct calendar_time calendar_from_unix(int64_t seconds)
{
	seconds = seconds < FIRST_SECOND ? FIRST_SECOND : seconds > LAST_SECOND ? LAST_SECOND : seconds;

	/* All positive from here on. */
	int64_t since = seconds + (int64_t)DAYS_TO_1970 * DAY_SECONDS, days = since / DAY_SECONDS,
		second = since % DAY_SECONDS;
	int64_t period = days / PERIOD_DAYS, day = days % PERIOD_DAYS;
	/* Without the leap days before it, a day of the period tells its year. */
	int64_t of_period = (day - day / 1460 + day / 36524 - day / (PERIOD_DAYS - 1)) / 365;

	day -= of_period * 365 + of_period / 4 - of_period / 100;

	int64_t month = (5 * day + 2) / 153;

	return (struct calendar_time){
		.year = (int32_t)(period * 400 + of_period + (month >= 10)),
		.month = (uint8_t)(month < 10 ? month + 3 : month - 9),
		.day = (uint8_t)(day - (153 * month + 2) / 5 + 1),
		.hour = (uint8_t)(second / 3600),
		.minute = (uint8_t)(second / 60 % 60),
		.second = (uint8_t)(second % 60),
	};
}

static void put(char *text, unsigned digits, unsigned number)
{
	while (digits-- > 0) {
		text[digits] = (char)('0' + number % 10);
		number /= 10;
	}
}

void calendar_format(const struct calendar_time *t, char text[CALENDAR_TEXT])
{
	__builtin_memcpy(text, "0000-00-00T00:00:00Z", CALENDAR_TEXT);
	put(text, 4, (unsigned)t->year);
	put(text + 5, 2, t->month);
	put(text + 8, 2, t->day);
	put(text + 11, 2, t->hour);
	put(text + 14, 2, t->minute);
	put(text + 17, 2, t->second);
}
