// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Dates and times of day, in UTC, by the Gregorian calendar, without leap seconds; as seconds since 1970 and back.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct calendar_time {
	int32_t year;
	uint8_t month, day;           /* from 1 */
	uint8_t hour, minute, second; /* from 0 */
};

/* A date that there is, from year 1 to 9999. */
bool calendar_is_valid(const struct calendar_time *time);
/* Of a valid one. */
int64_t calendar_to_unix(const struct calendar_time *time);
/* Of seconds whose year is 1 to 9999; others are brought to the nearest that is. */
struct calendar_time calendar_from_unix(int64_t seconds);

#define CALENDAR_TEXT 20u
/* "2026-11-28T18:33:36Z", and no NUL behind it. */
void calendar_format(const struct calendar_time *time, char text[CALENDAR_TEXT]);
