// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Supervisor: what init tells, and does, for whom the image grants it (schema/service/supervisor.capnp).
 *
 * Calls are answered from init's state at once. restart, stop and waitCrash may be answered later: each process has room for one who
 * asked, and waitCrash for a few.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>

#include "init.h"

#define MAX_MESSAGE 256u
#define MAX_REPLY 2048u
#define LIST_MAX 8u

/* ---- Processes ---- */

static void fill_process(struct supervisor_process_builder b, const struct process *process)
{
	supervisor_process_builder_set_name(b, process->name);
	supervisor_process_builder_set_program(b, image_process_reader_program(process->image));
	supervisor_process_builder_set_state(b, process->state);
	supervisor_process_builder_set_policy(b, (enum image_restart_policy)process->policy.when);
	supervisor_process_builder_set_pid(b, process->pid);
	supervisor_process_builder_set_restarts(b, process->restarts);
	supervisor_process_builder_set_recent(
		b, restart_recent(&process->policy, &process->history, runtime_now()));
	supervisor_process_builder_set_since_ns(b, process->since_ns);
	supervisor_process_builder_set_next_ns(b, process->next_ns);
}

static enum status image(void *self, struct rpc_request *request,
			 struct supervisor_image_results_builder results)
{
	const struct init *init = self;

	(void)request;
	supervisor_image_results_builder_set_name(results, image_reader_name(init->image));
	supervisor_image_results_builder_set_processes(results, init->count);
	supervisor_image_results_builder_set_crashes(results, init->crash_count);
	return STATUS_OK;
}

static enum status list(void *self, struct rpc_request *request, struct supervisor_list_params_reader params,
			struct supervisor_list_results_builder results)
{
	const struct init *init = self;
	uint32_t from = supervisor_list_params_reader_from(params);
	uint32_t left = from < init->count ? init->count - from : 0;
	uint32_t count = left < LIST_MAX ? left : LIST_MAX;
	struct supervisor_process_list_builder out = supervisor_list_results_builder_init_processes(results,
												    count);

	(void)request;
	for (uint32_t i = 0; i < count; i++)
		fill_process(supervisor_process_list_builder_at(out, i), &init->processes[from + i]);
	supervisor_list_results_builder_set_next(results, count < left ? from + count : 0);
	return STATUS_OK;
}

static enum status unknown_name(struct rpc_request *request)
{
	return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "the image names no such process", "name");
}

static enum status status(void *self, struct rpc_request *request,
			  struct supervisor_status_params_reader params,
			  struct supervisor_status_results_builder results)
{
	const struct process *process = init_find_process(self, supervisor_status_params_reader_name(params));

	if (!process)
		return unknown_name(request);
	fill_process(supervisor_status_results_builder_init_process(results), process);
	return STATUS_OK;
}

/* ---- Crashes ---- */

/* "name+0x12" of "0x... name+0x12". */
static struct msg_text function_of(const struct crash *crash)
{
	const char *p = crash->frame_count > 0 ? crash->frames[0] : "";

	while (*p && *p != ' ')
		p++;
	return msg_text_from(*p ? p + 1 : p);
}

static void fill_exit(struct process_handle_exit_builder b, const struct spawn_exit *exit)
{
	process_handle_exit_builder_set_reason(b, (enum process_handle_exit_reason)exit->reason);
	process_handle_exit_builder_set_code(b, exit->code);
	process_handle_exit_builder_set_address(b, exit->address);
	process_handle_exit_builder_set_instruction(b, exit->instruction);
}

static void fill_summary(struct supervisor_summary_builder b, const struct crash *crash)
{
	supervisor_summary_builder_set_number(b, crash->number);
	supervisor_summary_builder_set_name(b, crash->process->name);
	supervisor_summary_builder_set_pid(b, crash->pid);
	supervisor_summary_builder_set_time_ns(b, crash->time_ns);
	supervisor_summary_builder_set_reason(b, (enum process_handle_exit_reason)crash->exit.reason);
	supervisor_summary_builder_set_code(b, crash->exit.code);
	supervisor_summary_builder_set_function(b, function_of(crash));
}

static enum status crashes(void *self, struct rpc_request *request,
			   struct supervisor_crashes_params_reader params,
			   struct supervisor_crashes_results_builder results)
{
	const struct init *init = self;
	uint64_t asked = supervisor_crashes_params_reader_from(params), end = init->crash_count;
	uint64_t oldest = end > MAX_CRASHES ? end - MAX_CRASHES : 0;
	uint64_t from = asked < oldest ? oldest : asked < end ? asked : end;
	uint32_t count = end - from < LIST_MAX ? (uint32_t)(end - from) : LIST_MAX;
	struct supervisor_summary_list_builder out = supervisor_crashes_results_builder_init_crashes(results,
												     count);

	(void)request;
	for (uint32_t i = 0; i < count; i++)
		fill_summary(supervisor_summary_list_builder_at(out, i), init_crash(init, from + i));
	supervisor_crashes_results_builder_set_next(results, from + count);
	supervisor_crashes_results_builder_set_lost(results, asked < oldest ? oldest - asked : 0);
	return STATUS_OK;
}

static enum status unknown_crash(struct rpc_request *request)
{
	return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "there is no such crash, or not any more",
			 "number");
}

static enum status crash(void *self, struct rpc_request *request,
			 struct supervisor_crash_params_reader params,
			 struct supervisor_crash_results_builder results)
{
	const struct crash *c = init_crash(self, supervisor_crash_params_reader_number(params));

	if (!c)
		return unknown_crash(request);

	struct supervisor_crash_builder b = supervisor_crash_results_builder_init_crash(results);

	supervisor_crash_builder_set_number(b, c->number);
	supervisor_crash_builder_set_name(b, c->process->name);
	supervisor_crash_builder_set_program(b, image_process_reader_program(c->process->image));
	supervisor_crash_builder_set_pid(b, c->pid);
	supervisor_crash_builder_set_time_ns(b, c->time_ns);
	supervisor_crash_builder_set_load_address(b, c->load_address);
	fill_exit(supervisor_crash_builder_init_exit(b), &c->exit);

	struct process_handle_register_list_builder registers = supervisor_crash_builder_init_registers(
		b, c->register_count);
	struct msg_list_builder frames = supervisor_crash_builder_init_backtrace(b, c->frame_count);

	for (uint32_t i = 0; i < c->register_count; i++) {
		struct process_handle_register_builder r = process_handle_register_list_builder_at(registers,
												   i);

		process_handle_register_builder_set_name(r, msg_text_from(c->registers[i].name));
		process_handle_register_builder_set_value(r, c->registers[i].value);
	}
	for (uint32_t i = 0; i < c->frame_count; i++)
		msg_set_text(msg_list_slot(frames, i), msg_text_from(c->frames[i]));
	return STATUS_OK;
}

static enum status calls(void *self, struct rpc_request *request,
			 struct supervisor_calls_params_reader params,
			 struct supervisor_calls_results_builder results)
{
	const struct crash *c = init_crash(self, supervisor_calls_params_reader_number(params));

	if (!c)
		return unknown_crash(request);

	struct process_handle_event_list_builder out = supervisor_calls_results_builder_init_calls(
		results, c->call_count);

	for (uint32_t i = 0; i < c->call_count; i++) {
		struct process_handle_event_builder e = process_handle_event_list_builder_at(out, i);
		const struct crash_call *from = &c->calls[i];

		process_handle_event_builder_set_sequence(e, from->sequence);
		process_handle_event_builder_set_time_ns(e, from->time_ns);
		process_handle_event_builder_set_interface_id(e, from->interface_id);
		process_handle_event_builder_set_method(e, from->method);
		process_handle_event_builder_set_kind(e, from->kind);
		process_handle_event_builder_set_status(e, from->status);
		process_handle_event_builder_set_object(e, from->object);
		process_handle_event_builder_set_message_bytes(e, from->message_bytes);
		process_handle_event_builder_set_slot(e, from->slot);
		process_handle_event_builder_set_thread(e, from->thread);
		process_handle_event_builder_set_process(e, c->pid);
	}
	return STATUS_OK;
}

static enum status wait_crash(void *self, struct rpc_request *request,
			      struct supervisor_wait_crash_params_reader params)
{
	struct init *init = self;
	uint64_t number = supervisor_wait_crash_params_reader_number(params);

	if (number < init->crash_count)
		return STATUS_OK;
	for (uint32_t i = 0; i < MAX_WATCHERS; i++) {
		if (init->watchers[i].reply.token != 0)
			continue;
		init->watchers[i].number = number;
		return service_defer(request, &init->watchers[i].reply);
	}
	return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "too many wait", nullptr);
}

/* ---- Restart and stop ---- */

static bool runs(const struct process *process)
{
	return process->state == SUPERVISOR_STATE_RUNNING;
}

/* A supervised process that nobody else has asked for. */
static enum status take_process(void *self, struct rpc_request *request, struct msg_text name,
				struct process **process)
{
	*process = init_find_process(self, name);
	if (!*process)
		return unknown_name(request);
	if (!init_supervises(*process))
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "it is not supervised (its policy is never)",
				 "name");
	if ((*process)->wanted != WANTED_NOTHING)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "it is being ended already", "name");
	return STATUS_OK;
}

static enum status end_it(struct init *init, struct rpc_request *request, struct process *process,
			  uint8_t wanted)
{
	process->wanted = wanted;
	(void)spawn_kill(init->transport, process->spawned.handle, 0);
	return service_defer(request, &process->asker);
}

static enum status restart(void *self, struct rpc_request *request,
			   struct supervisor_restart_params_reader params)
{
	struct process *process;
	enum status found = take_process(self, request, supervisor_restart_params_reader_name(params),
					 &process);

	if (found != STATUS_OK)
		return found;
	if (runs(process))
		return end_it(self, request, process, WANTED_RESTART);
	init_take_up(self, process);
	return runs(process) ? STATUS_OK
			     : rpc_raise(request, EXCEPTION_TYPE_FAILED, "it cannot be started", "name");
}

static enum status stop(void *self, struct rpc_request *request, struct supervisor_stop_params_reader params)
{
	struct process *process;
	enum status found = take_process(self, request, supervisor_stop_params_reader_name(params), &process);

	if (found != STATUS_OK)
		return found;
	if (runs(process))
		return end_it(self, request, process, WANTED_STOP);
	init_set_state(process, SUPERVISOR_STATE_STOPPED);
	init_close_endpoint(self, process, true);
	return STATUS_OK;
}

/* Both methods' results are empty. */
static void send_empty(struct service_reply *reply)
{
	if (service_reply_begin(reply, 0, 0) == STATUS_OK)
		(void)supervisor_restart_results_builder_root(&reply->results);
	(void)service_reply_send(reply);
}

void init_answer_asker(struct process *process, enum status done)
{
	if (process->asker.token == 0)
		return;
	if (done == STATUS_OK)
		send_empty(&process->asker);
	else
		(void)service_reply_raise(&process->asker, EXCEPTION_TYPE_FAILED, status_text(done), "name");
}

void init_answer_watchers(struct init *init)
{
	for (uint32_t i = 0; i < MAX_WATCHERS; i++)
		if (init->watchers[i].reply.token != 0 && init->watchers[i].number < init->crash_count)
			send_empty(&init->watchers[i].reply);
}

static void cancelled(void *context, uint64_t token)
{
	struct init *init = context;

	for (uint32_t i = 0; i < MAX_WATCHERS; i++)
		if (init->watchers[i].reply.token == token)
			(void)service_reply_raise(&init->watchers[i].reply, EXCEPTION_TYPE_FAILED,
						  "cancelled", nullptr);
}

/* ---- The endpoint ---- */

static bool is_granted(const struct init *init)
{
	for (uint32_t i = 0; i < init->count; i++) {
		struct image_grant_list_reader grants = image_process_reader_grants(init->processes[i].image);

		for (uint32_t g = 0; g < image_grant_list_reader_count(grants); g++)
			if (image_grant_source_reader_which(image_grant_reader_source(
				    image_grant_list_reader_at(grants, g))) == IMAGE_GRANT_SOURCE_WHICH_INIT)
				return true;
	}
	return false;
}

enum status init_make_supervisor(struct init *init)
{
	static const struct supervisor_server_ops ops = {
		.image = image,
		.list = list,
		.status_ = status,
		.crashes = crashes,
		.crash = crash,
		.calls = calls,
		.wait_crash = wait_crash,
		.restart = restart,
		.stop = stop,
	};
	static const struct service_interface interfaces[] = {{&supervisor_interface, &ops}};
	static const uint64_t id = SUPERVISOR_INTERFACE_ID;
	enum status made;

	if (!is_granted(init))
		return STATUS_OK;
	made = capability_manager_create_endpoint(init->transport, init->manager, MAX_MESSAGE, 0,
						  &init->endpoint);
	if (made == STATUS_OK)
		made = init_make_template(init, init->endpoint, &id, 1, UINT64_MAX,
					  &init->supervisor_template);
	if (made != STATUS_OK)
		return made;
	return service_init(&init->service, ring_of(init->transport), init->endpoint,
			    &(struct service_options){.interfaces = interfaces,
						      .interface_count = 1,
						      .context = init,
						      .cancelled = cancelled,
						      .max_message = MAX_MESSAGE,
						      .max_reply = MAX_REPLY});
}
