// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The registers are read while the clock runs: a reading counts if no update was in progress, and a second one gives the
 * same. What a register holds is the device's word: every field is checked.
 */
#include <rtc146818/rtc146818.h>

#define MINUTES 0x02u
#define HOURS 0x04u
#define DAY 0x07u
#define MONTH 0x08u
#define YEAR 0x09u
#define STATUS_A 0x0au
#define STATUS_B 0x0bu
#define CENTURY 0x32u

#define A_UPDATING 0x80u
#define B_24_HOURS 0x02u
#define B_BINARY 0x04u
#define HOURS_PM 0x80u

#define TRIES 1000

static const uint8_t registers[] = {RTC146818_SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR, CENTURY, STATUS_B};
enum { R_SECOND, R_MINUTE, R_HOUR, R_DAY, R_MONTH, R_YEAR, R_CENTURY, R_B, R_COUNT };
static_assert(sizeof(registers) == R_COUNT);

static bool read_all(const struct rtc146818 *rtc, uint8_t values[R_COUNT])
{
	uint8_t a;

	if (!rtc->read(rtc->context, STATUS_A, &a) || (a & A_UPDATING))
		return false;
	for (int i = 0; i < R_COUNT; i++)
		if (!rtc->read(rtc->context, registers[i], &values[i]))
			return false;
	return true;
}

/* False: no number from 0 to 99. */
static bool decode(uint8_t value, bool binary, uint8_t *number)
{
	if (binary) {
		*number = value;
		return value < 100;
	}
	*number = (uint8_t)((value >> 4) * 10 + (value & 0xf));
	return value >> 4 < 10 && (value & 0xf) < 10;
}

static bool to_time(const uint8_t values[R_COUNT], struct calendar_time *t)
{
	bool binary = values[R_B] & B_BINARY, pm = !(values[R_B] & B_24_HOURS) && (values[R_HOUR] & HOURS_PM);
	uint8_t year, century;

	if (!decode(values[R_SECOND], binary, &t->second) || !decode(values[R_MINUTE], binary, &t->minute) ||
	    !decode(pm ? values[R_HOUR] & 0x7f : values[R_HOUR], binary, &t->hour) ||
	    !decode(values[R_DAY], binary, &t->day) || !decode(values[R_MONTH], binary, &t->month) ||
	    !decode(values[R_YEAR], binary, &year))
		return false;
	if (!(values[R_B] & B_24_HOURS)) {
		if (t->hour < 1 || t->hour > 12)
			return false;
		t->hour = (uint8_t)(t->hour % 12 + (pm ? 12 : 0));
	}
	if (!decode(values[R_CENTURY], binary, &century) || century < 19 || century > 21)
		century = 20;
	t->year = century * 100 + year;
	return calendar_is_valid(t);
}

bool rtc146818_now(const struct rtc146818 *rtc, struct calendar_time *time)
{
	uint8_t first[R_COUNT], second[R_COUNT];

	for (int i = 0; i < TRIES; i++) {
		if (!read_all(rtc, first) || !read_all(rtc, second))
			continue;
		if (__builtin_memcmp(first, second, R_COUNT) == 0)
			return to_time(first, time);
	}
	return false;
}
