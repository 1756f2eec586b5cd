// SPDX-License-Identifier: MIT OR Apache-2.0
/* Address spaces and memory objects: mapping, sharing, protection, and what is refused. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "memory.h"

struct world w;

/* Children share this one with their parent. */
static void test_shared(void)
{
	struct spawn_grant grants[] = {child_grant("console"),
				       child_grant("timer"),
				       child_grant("threadSpawner"),
				       child_grant_space(),
				       {}};
	uint64_t address = 0;

	(void)!virtual_memory_create_memory(w.t, w.space, 8192, &w.memory);
	tap_is(virtual_memory_map(w.t, w.space, w.memory, 0, 8192, 0, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
				  &address),
	       STATUS_OK, "memory to share");
	volatile uint64_t *words = (volatile uint64_t *)address;
	words[0] = 0x1234;
	grants[4] = child_grant_as("memory", w.memory, MEMORY_OBJECT_INTERFACE_ID);
	victim_tests("test-memory", victims, victim_count, grants, 5);
	tap_ok(words[1] == 0x5678, "what a child wrote to shared memory is there");
	(void)!virtual_memory_unmap(w.t, w.space, address, 8192);
	ring_release(w.ring, w.memory);
}

int main(void)
{
	w = (struct world){.t = runtime_transport(), .ring = runtime_ring()};
	(void)!runtime_cap("timer", TIMER_INTERFACE_ID, &w.timer);
	(void)!runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &w.manager);
	w.space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	(void)!runtime_cap("memory", MEMORY_OBJECT_INTERFACE_ID, &w.memory);
	tap_start();
	if (runtime_argument_count() > 0)
		return victim_main(victims, victim_count);
	child_start_up();
	test_mappings();
	test_refusals();
	test_shared();
	return tap_end();
}
