// SPDX-License-Identifier: MIT OR Apache-2.0
/* Between the files of test-isolation. */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <schema/kernel/cpu_isolation.capnp.h>

#define MS 1'000'000ull
#define CPU 1u

void sleep_ms(uint64_t ms);
enum status take(uint32_t cpu, uint64_t ns, cap_id *lease);
/* The last one has ended when all CPUs have noticed. */
cap_id take_soon(uint64_t ns);

/* A capability to it that can be revoked. */
cap_id lend(cap_id lease, cap_id *revoker);
void revoke(cap_id revoker);

struct seen {
	enum cpu_isolation_lease_state state;
	bool tick_stopped;
	uint64_t tick_stops, interrupts, polls, poll_sleeps;
};
struct seen look(cap_id lease);

void test_polled(void);
