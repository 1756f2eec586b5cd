// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-attenuator share. */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/attenuator.capnp.h>
#include <schema/service/crasher.capnp.h>
#include <testing/child.h>
#include <testing/tap.h>

#define MS 1'000'000ull

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id timer, manager, attenuator, steady, sessions;
};

extern struct world w;

struct rule {
	enum attenuator_op op;
	const char *method, *field, *text;
	uint64_t number, per_ns;
};

/* One call of `where`; the null id if it failed, with the status. */
cap_id where(cap_id cap, const struct rule *rules, uint32_t count, enum status *status);
/* What a capability is: its object, and whether the kernel serves it. */
uint64_t object_of(cap_id cap, bool *kernel);
/* Timer.sleep: raises invalidArgument about that field? */
bool sleep_is_refused(cap_id timer, uint64_t ns, enum exception_type type, const char *field);

void test_rules(void);  /* rules.c */
void test_calls(void);  /* calls.c */
void test_greedy(void); /* greedy.c */
int child_other(void);
