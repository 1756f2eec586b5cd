// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-memory share. */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <runtime/thread.h>
#include <testing/child.h>
#include <testing/tap.h>
#include <testing/victim.h>

#define MS 1'000'000ull

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id timer, manager, space, memory;
};

extern struct world w;

extern const struct victim victims[]; /* children.c */
extern const uint32_t victim_count;
void test_mappings(void); /* mappings.c */
void test_refusals(void);
