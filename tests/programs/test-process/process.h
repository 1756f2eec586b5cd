// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-process share. */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <testing/child.h>
#include <testing/tap.h>
#include <testing/victim.h>

#define MS 1'000'000ull

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id timer, manager, space, spawner;
};

extern struct world w;

/* faults.c: what children do. */
extern const struct victim victims[];
extern const uint32_t victim_count;
/* life.c */
void test_life(void);
void test_handles(void);
void test_limits(void);
/* budget.c */
void test_cpu_time(void);
/* audit.c */
void test_audit(void);
int calls_both_ways(void);
/* clone.c */
void test_clone(void);
/* replace.c */
void test_replace(void);
int after_replace(void);
/* capture.c */
void test_capture(void);
