// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Words for a person, through the Console that was granted as "console". Without one, they are dropped.
 *
 * Calls wait until the Console has taken the text. Lines longer than RUNTIME_LINE bytes are cut.
 */
#pragma once

#include <abi/status.h>
#include <message/types.h>
#include <stdarg.h>

#define RUNTIME_LINE 480u

/* Formats as lib/fmt does. */
void runtime_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void runtime_vprint(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
/* As it is, in as many calls as needed. */
void runtime_print_text(struct msg_text text);
