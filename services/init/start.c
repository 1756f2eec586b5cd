// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Starting one process of the image, the first time as well as any other: its program, its grants, its parameters.
 */
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/scheduling_policy.capnp.h>

#include "init.h"

#define MAX_PARAMETERS 64u

static uint32_t take_arguments(struct image_process_reader image, struct msg_text *arguments)
{
	struct msg_list list = image_process_reader_arguments(image);
	uint32_t count = list.count < MAX_PARAMETERS ? list.count : MAX_PARAMETERS;

	for (uint32_t i = 0; i < count; i++)
		arguments[i] = msg_list_text(list, i);
	return count;
}

static uint32_t take_environment(struct image_process_reader image, struct spawn_variable *variables)
{
	struct image_variable_list_reader list = image_process_reader_environment(image);
	uint32_t count = image_variable_list_reader_count(list);

	count = count < MAX_PARAMETERS ? count : MAX_PARAMETERS;
	for (uint32_t i = 0; i < count; i++) {
		struct image_variable_reader v = image_variable_list_reader_at(list, i);

		variables[i] = (struct spawn_variable){image_variable_reader_name(v),
						       image_variable_reader_value(v)};
	}
	return count;
}

static struct spawn_limits take_limits(struct image_process_reader image)
{
	struct image_limits_reader l = image_process_reader_limits(image);

	return (struct spawn_limits){
		.pages = image_limits_reader_pages(l),
		.capabilities = image_limits_reader_capabilities(l),
		.threads = image_limits_reader_threads(l),
		.calls = image_limits_reader_calls(l),
	};
}

/* Once: it has it again whenever it is started. */
static enum status make_context(struct init *init, struct process *process)
{
	struct image_cpu_time_reader time = image_process_reader_cpu_time(process->image);

	if (image_cpu_time_reader_budget_ns(time) == 0 || process->context.raw)
		return STATUS_OK;
	return scheduling_policy_create_context(
		init->transport, runtime_need("schedulingPolicy", SCHEDULING_POLICY_INTERFACE_ID),
		image_cpu_time_reader_budget_ns(time), image_cpu_time_reader_period_ns(time),
		image_cpu_time_reader_cpu(time), CAP_ID_NULL, &process->context);
}

static enum status spawn(struct init *init, struct process *process, const char **why)
{
	static struct grants grants;
	static struct msg_text arguments[MAX_PARAMETERS];
	static struct spawn_variable environment[MAX_PARAMETERS];
	enum status status = spawn_package_program(
		&init->package, image_process_reader_program(process->image), &process->program);

	*why = "its program";
	if (status != STATUS_OK)
		return status;
	*why = "its CPU time";
	status = make_context(init, process);
	if (status != STATUS_OK)
		return status;
	*why = "its grants";
	status = init_make_grants(init, process, &grants);
	if (status == STATUS_OK) {
		struct spawn_request request = {
			.program = &process->program,
			.name = process->name,
			.spawner = init->spawner,
			.grants = grants.list,
			.grant_count = grants.count,
			.arguments = arguments,
			.argument_count = take_arguments(process->image, arguments),
			.environment = environment,
			.environment_count = take_environment(process->image, environment),
			.limits = take_limits(process->image),
			.context = process->context,
			.seed = spawn_seed(init->transport, init->entropy),
		};

		status = spawn_start(init->transport, &request, &process->spawned, why);
	}
	init_end_grants(&grants);
	return status;
}

static uint32_t pid_of(struct init *init, cap_id handle)
{
	struct process_handle_info_results_reader results;
	struct rpc_call call;
	uint32_t pid = 0;

	process_handle_info_begin(&call, init->transport, handle);
	if (process_handle_info_call(&call, &results) == STATUS_OK)
		pid = process_handle_info_results_reader_pid(results);
	rpc_end(&call);
	return pid;
}

enum status init_start_process(struct init *init, struct process *process)
{
	const char *why;
	enum status status = spawn(init, process, &why);

	if (status == STATUS_OK) {
		why = "watching it";
		process->pid = pid_of(init, process->spawned.handle);
		process_handle_wait_begin(&process->wait, init->transport, process->spawned.handle);
		status = process_handle_wait_send(&process->wait);
		if (status != STATUS_OK) {
			rpc_end(&process->wait);
			(void)spawn_kill(init->transport, process->spawned.handle, 0);
			ring_release(ring_of(init->transport), process->spawned.handle);
			process->pid = 0;
		}
	}
	if (status == STATUS_OK)
		init_set_state(process, SUPERVISOR_STATE_RUNNING);
	else
		runtime_print("%.*s: cannot be started: %s: %s\n", (int)process->name.len, process->name.ptr,
			      why, status_text(status));
	return status;
}
