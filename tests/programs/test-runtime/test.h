// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The parts of test-runtime. Each prints its own TAP lines.
 */
#pragma once

#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <testing/child.h>
#include <testing/tap.h>

void test_start(void);
void test_heap(void);
void test_owned(void);
void test_threads(void);
void test_upcalls(void);
void test_calls(void);
void test_service(void);
void test_children(void);

/* What a child does instead; its exit code. */
int child_main(struct msg_text what);
