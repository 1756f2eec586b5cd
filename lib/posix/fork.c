// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * fork, by ProcessSpawner.clone: the same memory and the same capabilities, one thread; and exec.
 *
 * exec starts the program as a process of its own, gives it this one's descriptors and number, and stays to pass its end on: whoever
 * waits for this process sees the program's. (A process cannot be made into another program; it can only be made.)
 */
#include "process.h"
#include "signal.h"

#include <runtime/clone.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <sys/wait.h>
#include <unistd.h>

static long numbers;

/* Numbers of those that this process starts follow its own, apart far enough that families hardly meet. */
long posix_new_number(void)
{
	uint64_t seed = (uint64_t)sys_getpid(0, 0, 0, 0, 0, 0) << 20 | (uint64_t)++numbers;

	return posix_process_number(seed * 0xd6e8feb86659fd93ull);
}

POSIX_CALL(fork)
{
	cap_id spawner = posix_grant("processSpawner", PROCESS_SPAWNER_INTERFACE_ID, "ProcessSpawner",
				     "fork");
	cap_id handle;
	long own = sys_getpid(0, 0, 0, 0, 0, 0), number = posix_new_number();
	enum status status;

	if (!spawner.raw)
		return -EAGAIN;
	posix_share_positions();
	status = runtime_clone(spawner, nullptr, &handle);
	if (status != STATUS_OK) {
		posix_unshare_positions();
		return -EAGAIN;
	}
	if (handle.raw) {
		long error = posix_child_add(number, handle);

		return error ? error : number;
	}
	posix_own_number = number;
	posix_parent_number = own;
	numbers = 0;
	posix_children_forget();
	posix_signals_forked();
	return 0;
}

pid_t vfork(void)
{
	return fork();
}

POSIX_CALL(execve)
{
	struct posix_table table;
	long number = sys_getpid(0, 0, 0, 0, 0, 0), error;
	int status = 0;

	posix_children_quiet();
	posix_children_forget();
	posix_table_take(&table);
	error = posix_start_program(POSIX_POINTER(a), POSIX_POINTER(b), POSIX_POINTER(c), &table, &number);
	posix_table_drop(&table);
	if (error)
		return error;
	for (uint32_t fd = 0; fd < POSIX_DESCRIPTORS; fd++)
		(void)sys_close(fd, 0, 0, 0, 0, 0);
	posix_signals_forward();
	while (sys_wait4(number, (long)(uintptr_t)&status, 0, 0, 0, 0) != number)
		;
	runtime_exit(WIFSIGNALED(status) ? POSIX_EXIT_SIGNAL | WTERMSIG(status) : WEXITSTATUS(status));
}
