// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-supervisor share. */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/service/crasher.capnp.h>
#include <schema/service/supervisor.capnp.h>
#include <testing/tap.h>

#define MS 1'000'000ull

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id timer, supervisor, looker, steady, keeper, fragile, single, loop;
};

extern struct world w;

struct process_status {
	enum supervisor_state state;
	uint32_t pid, restarts, recent;
};

/* Of a process of the image, by the Supervisor. */
struct process_status status_of(const char *name);
/* Until it is in that state; false after some seconds. */
bool comes_to(const char *name, enum supervisor_state state);
/* Crashes so far. */
uint64_t crash_count(void);
/* Tells the service to end; the status that its caller gets. */
enum status end_service(cap_id service, enum crasher_how how);

void test_clients(void); /* clients.c */
void test_crashes(void); /* crashes.c */
void test_limits(void);  /* limits.c */
