// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of this test share: threads that use as much CPU time as they get. */
#pragma once

#include <runtime/runtime.h>
#include <runtime/thread.h>

struct world {
	struct rpc_transport *t;
	cap_id timer, policy, manager;
	uint32_t cpus;
};
extern struct world w;

struct runner {
	struct thread thread;
	bool stop;
	uint64_t rounds;
};
bool runner_start(struct runner *runner);
void runner_stop(struct runner *runner);

struct figures {
	uint64_t cpu_ns, wake_ups, preemptions, migrations;
	uint32_t weight;
	unsigned class;
};
struct figures figures_of(cap_id thread);
