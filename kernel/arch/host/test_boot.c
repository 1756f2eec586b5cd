// SPDX-License-Identifier: MIT OR Apache-2.0
/* A fresh machine for each test; see archimpl/test.h. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <archimpl/test.h>
#include <core/clock.h>
#include <mm/frame.h>

#include "host.h"

void host_test_boot_bare(unsigned cpu_total, uint64_t memory_bytes)
{
	if (cpu_total < 1 || cpu_total > MAX_CPUS)
		host_die("a machine of %u CPUs", cpu_total);
	host_user_reset();
	host_interrupt_reset();
	host_platform_reset();
	host_hooks = (struct host_hooks){};
	host_memory_reset(memory_bytes);
	host_machine_reset(cpu_total);
	for (unsigned i = 0; i < cpu_total; i++) {
		host_test_as_cpu(i);
		cpu_init(&cpus[i], i);
		cpus[i].online = true;
	}
	cpu_count = cpu_total;
	host_test_as_cpu(0);
}

void host_test_boot(unsigned cpu_total, uint64_t memory_bytes)
{
	host_test_boot_bare(cpu_total, memory_bytes);
	frame_init();
	clock_init();
}

bool host_test_dies(void (*fn)(void *), void *arg)
{
	int state;
	pid_t child;

	fflush(stdout);
	fflush(stderr);
	child = fork();
	if (child < 0)
		host_die("fork");
	if (child == 0) {
		if (!getenv("HOST_LOG") && !freopen("/dev/null", "w", stderr))
			_exit(0);
		fn(arg);
		_exit(0);
	}
	if (waitpid(child, &state, 0) != child)
		host_die("waitpid");
	return !(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

#pragma clang attribute pop
