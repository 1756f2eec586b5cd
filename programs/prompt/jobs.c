// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs that were started here. Their handles are kept for some time after their end: what a program did can be read
 * from them.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <spawn/spawn.h>

#include "prompt.h"

#define MAX_JOBS 24u

static struct job jobs[MAX_JOBS];
static uint32_t order[MAX_JOBS], started; /* when each place was taken */

struct job *job_at(uint32_t index)
{
	return index < MAX_JOBS ? &jobs[index] : nullptr;
}

struct job *job_new(void)
{
	struct job *job = nullptr;

	for (uint32_t i = 0; i < MAX_JOBS; i++) {
		if (jobs[i].handle.raw && !jobs[i].ended)
			continue;
		if (!job || order[i] < order[job - jobs])
			job = &jobs[i];
	}
	if (!job)
		return nullptr;
	if (job->handle.raw)
		ring_release(runtime_ring(), job->handle);
	*job = (struct job){};
	order[job - jobs] = ++started;
	return job;
}

static uint32_t number_of(struct shell_word word)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < word.len && number < 1000000; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return 0;
		number = number * 10 + (uint32_t)(word.ptr[i] - '0');
	}
	return number;
}

struct job *job_find(struct shell_word word)
{
	uint32_t number = number_of(word);
	struct job *found = nullptr;

	for (uint32_t i = 0; i < MAX_JOBS; i++) {
		struct job *job = &jobs[i];

		if (!job->handle.raw || (number ? job->number != number : !shell_word_is(word, job->name)))
			continue;
		if (!found || order[i] > order[found - jobs])
			found = job;
	}
	return found;
}

/* ---- Ends ---- */

static void show_exit(const struct job *job, const struct spawn_exit *exit)
{
	char text[160];

	spawn_exit_text(exit, text, sizeof(text));
	text_print(&out, "%s: %s\n", job->name, text);
}

/* The exit status that a script sees: the code, or above 128 when it did not end by itself. */
static void finish(struct job *job, const struct spawn_exit *exit, bool always, struct shell_value *result)
{
	static const struct shell_word names[] = {{"reason", 6, 0}, {"code", 4, 0}};
	bool plain = exit->reason == PROCESS_HANDLE_EXIT_REASON_EXIT;

	job->ended = true;
	shell.status = plain ? exit->code : 128 + exit->reason;
	if (always || !plain || exit->code != 0)
		show_exit(job, exit);
	if (result) {
		shell_add_enumerant(&shell, result, names[0], MSG_TEXT("ProcessHandle.Exit.Reason"),
				    exit->reason);
		shell_add_integer(&shell, result, names[1], exit->code);
	}
}

static enum status wait_for_end(struct job *job, struct spawn_exit *exit)
{
	struct rpc_call call;

	process_handle_wait_begin(&call, runtime_transport(), job->handle);

	enum status status = terminal_call(&call);
	if (status == STATUS_OK) {
		struct process_handle_exit_reader r = process_handle_wait_results_reader_exit(
			process_handle_wait_results(&call));

		*exit = (struct spawn_exit){
			.reason = (uint16_t)process_handle_exit_reader_reason(r),
			.code = process_handle_exit_reader_code(r),
			.address = process_handle_exit_reader_address(r),
			.instruction = process_handle_exit_reader_instruction(r),
		};
	}
	rpc_end(&call);
	return status;
}

bool job_wait(struct job *job, bool always, struct shell_value *result)
{
	struct spawn_exit exit = {};
	enum status status;

	if (job->stdio)
		terminal_set_foreground(job->stdio);
	status = wait_for_end(job, &exit);
	if (status == STATUS_CANCELLED && job->number == 0) {
		/* Ctrl-C ends what is in the foreground, if that did not look after it itself. */
		(void)!spawn_kill(runtime_transport(), job->handle, 130);
		status = spawn_wait(runtime_transport(), job->handle, 0, &exit);
	}
	if (job->stdio)
		terminal_set_foreground(0);
	if (status == STATUS_CANCELLED)
		return shell_fail(&shell, "CANCELLED", "job %u goes on", job->number);
	if (status != STATUS_OK)
		return shell_fail_status(&shell, job->name, status);
	finish(job, &exit, always, result);
	return true;
}

static bool has_ended(const struct job *job)
{
	struct process_handle_info_results_reader results;
	struct rpc_call call;
	bool ended = false;

	process_handle_info_begin(&call, runtime_transport(), job->handle);
	if (process_handle_info_call(&call, &results) == STATUS_OK)
		ended = process_handle_info_results_reader_state(results) == PROCESS_HANDLE_STATE_ENDED;
	rpc_end(&call);
	return ended;
}

void report_ended_jobs(void)
{
	int64_t status = shell.status;

	for (uint32_t i = 0; i < MAX_JOBS; i++) {
		if (jobs[i].number == 0 || jobs[i].ended || !has_ended(&jobs[i]))
			continue;
		text_print(&out, "[%u] ", jobs[i].number);
		if (!job_wait(&jobs[i], true, nullptr))
			shell_failure_print(&shell.failure, &out);
	}
	shell.status = status;
}

/* ---- Commands ---- */

bool command_jobs(const struct shell_word *words, uint32_t count)
{
	(void)words, (void)count;
	for (uint32_t i = 0; i < MAX_JOBS; i++)
		if (jobs[i].number != 0 && !jobs[i].ended)
			text_print(&out, "  [%u] %s %s\n", jobs[i].number, jobs[i].name,
				   has_ended(&jobs[i]) ? "ended" : "running");
	return true;
}

static struct job *job_of(const struct shell_word *words, uint32_t count)
{
	struct job *job;

	if (count != 2) {
		shell_fail(&shell, "", "which job? \"jobs\" lists their numbers");
		return nullptr;
	}
	job = job_find(words[1]);
	if (!job || job->ended || job->number == 0) {
		shell_fail(&shell, "", "there is no such job");
		return nullptr;
	}
	return job;
}

bool command_wait(const struct shell_word *words, uint32_t count)
{
	struct job *job = job_of(words, count);

	return job && job_wait(job, true, nullptr);
}

bool command_kill(const struct shell_word *words, uint32_t count)
{
	struct job *job = job_of(words, count);
	enum status status;

	if (!job)
		return false;
	status = spawn_kill(runtime_transport(), job->handle, 0);
	if (status != STATUS_OK)
		return shell_fail_status(&shell, job->name, status);
	return job_wait(job, true, nullptr);
}
