// SPDX-License-Identifier: MIT OR Apache-2.0
/* Processes: how they begin, how they end, and that nobody else notices. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "process.h"

struct world w;

int main(void)
{
	w = (struct world){.t = runtime_transport(), .ring = runtime_ring()};
	(void)!runtime_cap("timer", TIMER_INTERFACE_ID, &w.timer);
	(void)!runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &w.manager);
	(void)!runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &w.space);
	(void)!runtime_cap("processSpawner", PROCESS_SPAWNER_INTERFACE_ID, &w.spawner);
	tap_start();
	if (runtime_argument_count() > 0 && msg_text_equal(runtime_argument(0), MSG_TEXT("calls both ways")))
		return calls_both_ways();
	if (runtime_argument_count() > 0 && msg_text_equal(runtime_argument(0), MSG_TEXT("after replace")))
		return after_replace();
	if (runtime_argument_count() > 0)
		return victim_main(victims, victim_count);
	child_start_up();

	/* Somebody who must not notice anything of what follows. */
	struct spawn_grant grants[] = {child_grant("console"),        child_grant("timer"),
				       child_grant("threadSpawner"),  child_grant("capabilityManager"),
				       child_grant("processSpawner"), child_grant_space()};
	struct child_options bystander = {.grants = grants, .grant_count = 2, .arguments = {"stands by"}};
	cap_id standing;

	tap_is(child_start("test-process", &bystander, &standing), STATUS_OK, "a bystander");
	victim_tests("test-process", victims, victim_count - 1, grants, sizeof(grants) / sizeof(grants[0]));
	test_life();
	test_handles();
	test_limits();
	test_cpu_time();
	test_audit();
	test_capture();
	test_clone();
	test_replace();

	struct spawn_exit e;
	tap_is(spawn_wait(w.t, standing, runtime_now() + 10 * MS, &e), STATUS_TIMED_OUT,
	       "the bystander is still there");
	(void)!spawn_kill(w.t, standing, 0);
	e = child_wait(standing);
	tap_ok(e.reason == 2, "and ends when it is killed");
	return tap_end();
}
