// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls between threads and processes, bare: every operation of the ring that takes part, and what can go
 * wrong.
 */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "ipc.h"

struct world w;

struct cap_cqe receive_any(uint64_t ns)
{
	struct cap_sqe sqe = raw_recv(&w.raw, w.endpoint);

	sqe.deadline_ns = runtime_now() + ns;
	return raw_do(&w.raw, sqe);
}

struct cap_cqe receive_within(uint64_t ns)
{
	struct cap_cqe cqe;

	do
		cqe = receive_any(ns);
	while (cqe.status == STATUS_OK && (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)));
	return cqe;
}

struct cap_cqe receive(void)
{
	return receive_within(1000 * MS);
}

struct cap_cqe receive_expiring(struct raw_remote *call)
{
	for (uint64_t within = 20 * MS;; within *= 10) {
		*call = (struct raw_remote){.target = w.facet, .deadline_ns = runtime_now() + within};
		(void)!raw_remote_start(call);
		struct cap_cqe cqe = receive();
		if (cqe.status == STATUS_OK || within > 10'000 * MS)
			return cqe;
		raw_remote_join(call);
	}
}

enum status answer(uint64_t token, uint32_t words, uint64_t first)
{
	return raw_status(&w.raw, raw_return(&w.raw, token, raw_fill(&w.raw, words, first)));
}

int main(void)
{
	tap_start();
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.raw = raw_start();
	if (runtime_argument_count() > 0)
		return child();
	w.timer = runtime_need("timer", TIMER_INTERFACE_ID);
	w.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	w.space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	child_start_up();
	tap_is(raw_endpoint(1024, 4, &w.endpoint, &w.facet_template), STATUS_OK,
	       "an endpoint and a template");
	tap_is(raw_mint(&w.raw, w.endpoint, w.facet_template, 7, &w.facet), STATUS_OK,
	       "a facet, minted in a message");
	test_calls();
	test_answers();
	test_capabilities();
	test_failures();
	test_gates();
	test_notices();
	test_supervised();
	test_pipeline();
	test_credits();
	test_processes();
	test_notifications();
	return tap_end();
}
