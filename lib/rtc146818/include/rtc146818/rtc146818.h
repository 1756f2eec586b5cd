// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The real-time clock of PCs: Motorola MC146818 and its descendants, at I/O ports 70h (index) and 71h (data).
 * It counts whole seconds. Registers: MC146818A data sheet; the century's: ACPI, FADT, 4.8.3, usually 32h.
 */
#pragma once

#include <calendar/calendar.h>

struct rtc146818 {
	/* Reads one register. False: the device cannot be reached. */
	bool (*read)(void *context, uint8_t index, uint8_t *value);
	void *context;
};

#define RTC146818_SECONDS 0x00u /* changes once a second; in whichever coding */

/*
 * What time it shows, in UTC if it was set so. False: there is no such device, it does not hold still, or shows no date. An
 * absent century is taken for the 21st.
 */
bool rtc146818_now(const struct rtc146818 *rtc, struct calendar_time *time);
