// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * After the start: one open ProcessHandle.wait for each process. Each end is reported with its typed reason and, after
 * a fault, with a backtrace that names functions; then the process's policy decides what becomes of it (lib/restart).
 *
 * While a supervised server is down, calls to it wait at its endpoint, which init keeps; objects that it had handed out are retired.
 * When it does not come back, the endpoint is closed, and its clients learn DISCONNECTED.
 */
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/process_handle.capnp.h>
#include <spawn/backtrace.h>

#include "init.h"

#define MS 1'000'000ull
#define T(t) (int)(t).len, (t).ptr

void init_set_state(struct process *process, enum supervisor_state state)
{
	process->state = state;
	process->since_ns = runtime_now();
	process->next_ns = 0;
}

static void print_frame(void *context, const char *line)
{
	const struct process *process = context;

	runtime_print("%.*s:   %s\n", T(process->name), line);
}

/* ---- Ends ---- */

/* It stays down. */
static void give_up(struct init *init, struct process *process, enum supervisor_state state)
{
	init_set_state(process, state);
	init_close_endpoint(init, process, true);
}

static void print_decision(const struct process *process, const struct restart_decision *decision,
			   uint64_t now)
{
	const struct restart_policy *p = &process->policy;

	if (decision->verdict == RESTART_AFTER)
		runtime_print("%.*s: starts again in %u ms (restart %u of %u within %u ms)\n",
			      T(process->name), (unsigned)((decision->at_ns - now) / MS), decision->recent,
			      p->limit < RESTART_MAX_LIMIT ? p->limit : RESTART_MAX_LIMIT, p->window_ms);
	else if (decision->verdict == RESTART_GIVE_UP)
		runtime_print("%.*s: given up: %u restarts within %u ms\n", T(process->name),
			      decision->recent, p->window_ms);
}

/* It has ended, or could not be started again: what its policy says. */
static void decide(struct init *init, struct process *process, bool failed)
{
	uint64_t now = runtime_now();
	struct restart_decision decision = restart_decide(&process->policy, &process->history, now, failed);

	print_decision(process, &decision, now);
	switch (decision.verdict) {
	case RESTART_AFTER:
		init_set_state(process, SUPERVISOR_STATE_WAITING);
		process->next_ns = decision.at_ns;
		break;
	case RESTART_GIVE_UP:
		give_up(init, process, SUPERVISOR_STATE_GIVEN_UP);
		break;
	case RESTART_END:
		give_up(init, process, SUPERVISOR_STATE_ENDED);
		break;
	}
}

void init_take_up(struct init *init, struct process *process)
{
	enum status status;

	process->history = (struct restart_history){};
	init_close_endpoint(init, process, false);
	status = init_start_process(init, process);
	process->restarts += status == STATUS_OK;
	if (status != STATUS_OK)
		give_up(init, process, SUPERVISOR_STATE_FAILED);
	init_answer_asker(process, status);
}

static void conclude(struct init *init, struct process *process, bool failed)
{
	uint8_t wanted = process->wanted;

	process->wanted = WANTED_NOTHING;
	init_retire_objects(init, process);
	if (wanted == WANTED_RESTART) {
		init_take_up(init, process);
	} else if (wanted == WANTED_STOP) {
		give_up(init, process, SUPERVISOR_STATE_STOPPED);
		runtime_print("%.*s: stopped\n", T(process->name));
		init_answer_asker(process, STATUS_OK);
	} else {
		decide(init, process, failed);
	}
}

static bool take_exit(struct process *process, struct spawn_exit *exit)
{
	enum status status = rpc_wait(&process->wait);

	*exit = (struct spawn_exit){};
	if (status == STATUS_OK) {
		struct process_handle_exit_reader e = process_handle_wait_results_reader_exit(
			process_handle_wait_results(&process->wait));

		*exit = (struct spawn_exit){
			process_handle_exit_reader_reason(e), process_handle_exit_reader_code(e),
			process_handle_exit_reader_address(e), process_handle_exit_reader_instruction(e)};
	} else {
		runtime_print("%.*s: cannot be watched: %s\n", T(process->name), status_text(status));
	}
	rpc_end(&process->wait);
	return status == STATUS_OK;
}

static void handle_end(struct init *init, struct process *process)
{
	struct spawn_exit exit;
	char text[96];
	bool known = take_exit(process, &exit);
	bool failed = exit.reason != PROCESS_HANDLE_EXIT_REASON_EXIT || exit.code != 0;

	process->last_code = exit.reason == PROCESS_HANDLE_EXIT_REASON_EXIT ? exit.code : 255;
	if (known && process->wanted == WANTED_NOTHING) {
		spawn_exit_text(&exit, text, sizeof(text));
		runtime_print("%.*s: %s\n", T(process->name), text);
		if (exit.reason > PROCESS_HANDLE_EXIT_REASON_KILLED)
			(void)spawn_backtrace(init->transport, process->spawned.handle, &process->program,
					      process->spawned.load_address, print_frame, process);
		if (failed)
			init_keep_crash(init, process, &exit);
	}
	ring_release(ring_of(init->transport), process->spawned.handle);
	process->pid = 0;
	conclude(init, process, failed);
}

/* ---- The loop ---- */

/* The system goes with this process, and it will not come back. */
static bool ends_system(const struct process *process)
{
	return image_process_reader_ends_system(process->image) &&
	       process->state != SUPERVISOR_STATE_RUNNING && process->state != SUPERVISOR_STATE_WAITING;
}

static bool has_ended(const struct process *process)
{
	return process->state == SUPERVISOR_STATE_RUNNING && process->wait.done;
}

static void start_again(struct init *init, struct process *process)
{
	if (init_start_process(init, process) == STATUS_OK)
		process->restarts++;
	else
		decide(init, process, true);
}

/* Handles what has happened; false: the system ends with *code. */
static bool turn(struct init *init, int64_t *code)
{
	for (uint32_t i = 0; i < init->count; i++) {
		struct process *process = &init->processes[i];

		if (has_ended(process))
			handle_end(init, process);
		if (process->state == SUPERVISOR_STATE_WAITING && process->next_ns <= runtime_now())
			start_again(init, process);
		if (ends_system(process)) {
			*code = process->last_code;
			return false;
		}
	}
	init_answer_watchers(init);
	return true;
}

/* The calls that init makes meanwhile reap what completes, also the ends of processes: nothing would come for these any more. */
static bool is_idle(const struct init *init)
{
	for (uint32_t i = 0; i < init->count; i++)
		if (has_ended(&init->processes[i]))
			return false;
	return true;
}

/* When the next process is to be started; 0: none waits. */
static uint64_t next_start(const struct init *init)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < init->count; i++) {
		const struct process *process = &init->processes[i];

		if (process->state == SUPERVISOR_STATE_WAITING && (next == 0 || process->next_ns < next))
			next = process->next_ns;
	}
	return next;
}

int64_t init_watch(struct init *init)
{
	int64_t code = 0;

	while (turn(init, &code)) {
		if (!is_idle(init))
			continue;
		if (init->endpoint.raw == 0)
			ring_wait(ring_of(init->transport), next_start(init));
		else if (service_step(&init->service, next_start(init)) != STATUS_OK)
			init->endpoint = CAP_ID_NULL; /* it cannot be received at; supervision goes on */
	}
	return code;
}
