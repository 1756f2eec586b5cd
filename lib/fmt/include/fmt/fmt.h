// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Formatting text into a buffer, without allocation or libc.
 *
 * Understood: %d %i %u %x %X %o %c %s %p %% with the lengths hh h l ll z j t, the flags - 0 + space #, width and
 * precision (also *). Not understood: floating point, %n. An unknown conversion is copied as it stands.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes at most size bytes, NUL included (nothing if size is 0); returns the length that the whole text would have had
 * without its NUL.
 */
size_t fmt_print(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t fmt_vprint(char *buffer, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
