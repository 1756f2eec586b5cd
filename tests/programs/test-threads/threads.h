// SPDX-License-Identifier: MIT OR Apache-2.0
/* The parts of test-threads. Each prints its own TAP lines. */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <testing/child.h>
#include <testing/tap.h>

#define MS 1'000'000ull

/* Runs `body` in `count` threads and joins them; false if one could not be made or its code was not 0. */
bool run_threads(unsigned count, int64_t (*body)(void *));

void test_lives(void);
void test_locks(void);
void test_deaths(void);

/* What a child does instead; its exit code. */
int child_main(struct msg_text what);
