// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * fork, by ProcessSpawner.clone: the same memory and the same capabilities, one thread; and exec.
 *
 * exec, by ProcessSpawner.replace: the program is loaded beside this one, and takes its place, with its descriptors, number and children.
 * What becomes of signals: those that are ignored, blocked, or blocked and pending stay so, handlers and timers go.
 */
#include "parent.h"
#include "pipe_buffer.h"
#include "process.h"
#include "removed.h"
#include "signal.h"
#include "thread.h"

#include <runtime/clone.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <unistd.h>

POSIX_TOGETHER static long numbers;

/* Numbers of those that this process starts follow its own, apart far enough that families hardly meet. */
long posix_new_number(void)
{
	uint64_t seed = (uint64_t)sys_getpid(0, 0, 0, 0, 0, 0) << 20 | (uint64_t)++numbers;

	return posix_process_number(seed * 0xd6e8feb86659fd93ull);
}

static void hold_tables(bool hold)
{
	posix_descriptors_hold(hold);
	posix_grants_hold(hold);
	posix_programs_hold(hold);
	if (posix_pipes_hold)
		posix_pipes_hold(hold);
	if (posix_directories_hold)
		posix_directories_hold(hold);
	if (posix_removed_hold)
		posix_removed_hold(hold);
	if (posix_threads_hold)
		posix_threads_hold(hold);
}

/* Of a process with one thread nobody else is in the middle of anything. */
static enum status clone_it(cap_id spawner, bool alone, cap_id *handle)
{
	enum status status;

	if (!alone)
		hold_tables(true);
	status = runtime_clone(spawner, nullptr, handle);
	if (!alone)
		hold_tables(false);
	return status;
}

POSIX_CALL(fork)
{
	cap_id spawner = posix_grant("processSpawner", PROCESS_SPAWNER_INTERFACE_ID, "ProcessSpawner",
				     "fork");
	cap_id handle;
	long own = sys_getpid(0, 0, 0, 0, 0, 0), number = posix_new_number();
	bool alone = !posix_threads_exist || !posix_threads_exist();
	enum status status;

	if (!spawner.raw)
		return -EAGAIN;
	(void)posix_parent_facet(); /* the clone has it, by the same id */
	posix_share_positions();
	status = clone_it(spawner, alone, &handle);
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
	posix_parent_forked();
	posix_children_forget();
	if (posix_removed_forked)
		posix_removed_forked();
	if (!alone)
		posix_descriptors_forked();
	if (posix_programs_forked)
		posix_programs_forked();
	if (posix_pipes_forked)
		posix_pipes_forked();
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
	long error;

	posix_table_take(&table);
	table.pending = posix_signals_pending() & table.blocked;
	error = posix_exec_program(POSIX_POINTER(a), POSIX_POINTER(b), POSIX_POINTER(c), &table);
	posix_table_drop(&table);
	return error;
}
