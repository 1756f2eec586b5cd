// SPDX-License-Identifier: MIT OR Apache-2.0
/* Against a device that is a table of registers, with codings, updates in progress, and lies. */
#include <rtc146818/rtc146818.h>
#include <stdio.h>
#include <string.h>

static int number, failures;

static void check(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	failures += !good;
}

static struct device {
	uint8_t registers[128];
	int updating; /* readings of status A that say so */
	int torn;     /* readings of the minutes that give another value */
	bool absent;
} device;

static bool read(void *context, uint8_t index, uint8_t *value)
{
	(void)context;
	*value = device.registers[index & 127];
	if (index == 0x0a && device.updating > 0 && device.updating--)
		*value |= 0x80;
	if (index == 0x02 && device.torn > 0 && device.torn--)
		*value = 0x59;
	return !device.absent;
}

static const struct rtc146818 rtc = {read, nullptr};

static void set(uint8_t status_b, const uint8_t fields[7])
{
	static const uint8_t at[] = {0, 2, 4, 7, 8, 9, 0x32};

	device = (struct device){};
	device.registers[0x0b] = status_b;
	for (int i = 0; i < 7; i++)
		device.registers[at[i]] = fields[i];
}

static bool shows(int year, int month, int day, int hour, int minute, int second)
{
	struct calendar_time t;

	return rtc146818_now(&rtc, &t) && t.year == year && t.month == month && t.day == day &&
	       t.hour == hour && t.minute == minute && t.second == second;
}

static bool shows_nothing(void)
{
	struct calendar_time t;

	return !rtc146818_now(&rtc, &t);
}

int main(void)
{
	set(0x02, (const uint8_t[]){0x36, 0x33, 0x18, 0x28, 0x11, 0x26, 0x20});
	check(shows(2026, 11, 28, 18, 33, 36), "decimal coding, 24 hours");
	device.updating = 3;
	device.torn = 1;
	check(shows(2026, 11, 28, 18, 33, 36), "read again while it is updated, or half old");
	set(0x06, (const uint8_t[]){36, 33, 18, 28, 11, 26, 20});
	check(shows(2026, 11, 28, 18, 33, 36), "binary coding");
	set(0x00, (const uint8_t[]){0x00, 0x00, 0x92, 0x01, 0x01, 0x00, 0x20});
	check(shows(2000, 1, 1, 12, 0, 0), "12 hours: noon");
	set(0x00, (const uint8_t[]){0x00, 0x00, 0x12, 0x01, 0x01, 0x00, 0x20});
	check(shows(2000, 1, 1, 0, 0, 0), "and midnight");
	set(0x00, (const uint8_t[]){0x00, 0x00, 0x81, 0x01, 0x01, 0x99, 0x19});
	check(shows(1999, 1, 1, 13, 0, 0), "one in the afternoon, in another century");
	set(0x02, (const uint8_t[]){0x00, 0x00, 0x00, 0x01, 0x01, 0x30, 0xff});
	check(shows(2030, 1, 1, 0, 0, 0), "without a century it is this one");
	set(0x02, (const uint8_t[]){0x00, 0x00, 0x00, 0x30, 0x02, 0x26, 0x20});
	check(shows_nothing(), "30 February is refused");
	set(0x02, (const uint8_t[]){0x7a, 0x00, 0x00, 0x01, 0x01, 0x26, 0x20});
	check(shows_nothing(), "what is no decimal digit is refused");
	memset(device.registers, 0xff, sizeof(device.registers));
	check(shows_nothing(), "no device: all ones");
	set(0x02, (const uint8_t[]){0x36, 0x33, 0x18, 0x28, 0x11, 0x26, 0x20});
	device.updating = 1 << 30;
	check(shows_nothing(), "one that never holds still is given up");
	device.absent = true;
	check(shows_nothing(), "so is one that cannot be reached");
	printf("1..%d\n", number);
	return failures != 0;
}
