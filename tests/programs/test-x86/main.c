// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What only an x86-64 processor can be tempted to: entries in strange states, privileged instructions, leaks
 * of registers.
 */
#include "x86.h"

struct world w;

static int run_child(void)
{
	static const struct {
		const struct victim *table;
		const uint32_t *count;
	} tables[] = {{entries, &entry_count}, {instructions, &instruction_count}, {vectors, &vector_count}};

	for (unsigned i = 0; i < 3; i++) {
		int code = victim_main(tables[i].table, *tables[i].count);

		if (code != 97)
			return code;
	}
	return 97;
}

int main(void)
{
	w = (struct world){.t = runtime_transport()};
	(void)!runtime_cap("timer", TIMER_INTERFACE_ID, &w.timer);
	(void)!runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &w.space);
	tap_start();
	if (runtime_argument_count() > 0)
		return run_child();
	child_start_up();

	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer"),
				       child_grant("threadSpawner"), child_grant_space()};
	victim_tests("test-x86", entries, entry_count, grants, 4);
	victim_tests("test-x86", instructions, instruction_count, grants, 4);
	victim_tests("test-x86", vectors, vector_count, grants, 4);
	return tap_end();
}
