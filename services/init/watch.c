// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * After the start: one open ProcessHandle.wait for each process. Each end is reported with its typed reason and, after
 * a fault, with a backtrace that names functions.
 */
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/status.h>
#include <schema/kernel/process_handle.capnp.h>
#include <spawn/backtrace.h>

#include "init.h"

static void post_wait(struct init *init, struct process *process)
{
	process_handle_wait_begin(&process->wait, init->transport, process->spawned.handle);
	process->running = process_handle_wait_send(&process->wait) == STATUS_OK;
	if (!process->running)
		rpc_end(&process->wait);
}

static void print_frame(void *context, const char *line)
{
	const struct process *process = context;

	runtime_print("init: %.*s:   %s\n", (int)process->name.len, process->name.ptr, line);
}

static int64_t report(struct init *init, struct process *process)
{
	struct spawn_exit exit = {};
	char text[96];
	enum status status = rpc_wait(&process->wait);

	if (status == STATUS_OK) {
		struct process_handle_exit_reader e = process_handle_wait_results_reader_exit(
			process_handle_wait_results(&process->wait));

		exit = (struct spawn_exit){
			process_handle_exit_reader_reason(e), process_handle_exit_reader_code(e),
			process_handle_exit_reader_address(e), process_handle_exit_reader_instruction(e)};
		spawn_exit_text(&exit, text, sizeof(text));
		runtime_print("init: %.*s: %s\n", (int)process->name.len, process->name.ptr, text);
		if (exit.reason > PROCESS_HANDLE_EXIT_REASON_KILLED)
			(void)spawn_backtrace(init->transport, process->spawned.handle, &process->program,
					      process->spawned.load_address, print_frame, process);
	} else {
		runtime_print("init: %.*s: cannot be watched: %s\n", (int)process->name.len,
			      process->name.ptr, status_text(status));
	}
	rpc_end(&process->wait);
	ring_release(ring_of(init->transport), process->spawned.handle);
	process->running = false;
	return exit.reason == PROCESS_HANDLE_EXIT_REASON_EXIT ? exit.code : 255;
}

int64_t init_watch(struct init *init)
{
	struct ring_client *ring = ring_of(init->transport);

	for (uint32_t i = 0; i < init->count; i++)
		if (!init->processes[i].failed)
			post_wait(init, &init->processes[i]);
	for (;;) {
		for (uint32_t i = 0; i < init->count; i++) {
			struct process *process = &init->processes[i];

			if (!process->running || !process->wait.done)
				continue;

			int64_t code = report(init, process);

			if (image_process_reader_ends_system(process->image))
				return code;
		}
		ring_wait(ring, 0);
	}
}
