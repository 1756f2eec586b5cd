// SPDX-License-Identifier: MIT OR Apache-2.0
/* TAP by printf, and the groups of this program. */
#pragma once

#include <stdbool.h>

void tap_ok(bool good, const char *what);
/* The result of a call and errno: -1 and the errno wanted. */
void tap_fails(long result, int wanted, const char *what);

void test_descriptors(void);
void test_files(void);
void test_directories(void);
void test_memory(void);
void test_time(void);
void test_text(void);
void test_signals(void);
void test_threads(void);
