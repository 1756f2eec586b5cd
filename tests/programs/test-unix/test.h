// SPDX-License-Identifier: MIT OR Apache-2.0
/* TAP on the Console (5), since 0, 1 and 2 are the terminal; and the groups of this program. */
#pragma once

#include <stdbool.h>

void tap_ok(bool good, const char *what);
/* The result of a call and errno: -1 and the errno wanted. */
void tap_fails(long result, int wanted, const char *what);

void test_polls(void);
void test_pipes(void);
void test_server(void);
/* This program once more, executed with a signal pending. */
int test_pending(void);
void test_signals(void);
void test_forks(void);
void test_maps(void);
void test_sockets(void);
void test_terminal(void);
