// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ProcessHandle: a process, seen by who created it.
 *
 * A process that was never started ends when the last view of its handle is gone: nobody could start or reap it.
 */
#include "object_types.h"

#include <arch/platform.h>
#include <core/clock.h>
#include <core/log.h>
#include <core/recorder.h>
#include <ring/thread.h>
#include <schema/kernel/process_handle.capnp.h>

static struct process *process_of(void *self)
{
	return container_of((struct object *)self, struct process, object);
}

static enum process_handle_state state_of(const struct process *process)
{
	switch (load_acquire(&process->state)) {
	case PROCESS_CREATED:
		return PROCESS_HANDLE_STATE_CREATED;
	case PROCESS_ENDED:
		return PROCESS_HANDLE_STATE_ENDED;
	default:
		return PROCESS_HANDLE_STATE_RUNNING;
	}
}

static enum status info(void *self, struct rpc_request *request,
			struct process_handle_info_results_builder results)
{
	struct process *process = process_of(self);

	(void)request;
	process_handle_info_results_builder_set_pid(results, process->pid);
	process_handle_info_results_builder_set_name(results, msg_text_from(process->name));
	process_handle_info_results_builder_set_state(results, state_of(process));
	process_handle_info_results_builder_set_threads(results, process->thread_count);
	process_handle_info_results_builder_set_capabilities(
		results, (uint32_t)load_relaxed(&process->ledger.used[LEDGER_ENTRIES]));
	process_handle_info_results_builder_set_pages(results,
						      load_relaxed(&process->ledger.used[LEDGER_PAGES]));
	process_handle_info_results_builder_set_cpu_ns(results, object_cpu_time(process));
	return STATUS_OK;
}

/* Puts a copy of view into the process's table; under its lock, so that it cannot end meanwhile. */
enum status process_handle_insert(struct rpc_request *request, struct process *process, int32_t index,
				  uint32_t slot, uint32_t note, bool before_start, cap_id *out)
{
	struct provenance provenance = {.giver = kcall_of(request)->thread->process->pid,
					.kind = PROVENANCE_GRANT,
					.minted = kcall_is_minted(request, index),
					.detail = note};
	struct cap_ref ref = {kcall_view(request, index), kcall_gate(request, index)};
	enum status status = STATUS_BAD_STATE;

	if (ref.view == NULL)
		return object_raise_invalid(request, "no capability was given", "capability");
	if (unlikely(!scope_allows(ref.view->scope, kcall_of(request)->thread->process, process)))
		return STATUS_OUT_OF_SCOPE;
	spin_lock(&process->lock);
	bool created = process->state == PROCESS_CREATED;
	bool alive = created || process->state == PROCESS_RUNNING;
	if (before_start ? created : alive) {
		cap_ref_get(ref);
		status = cap_table_insert_at(&process->table, slot, ref, provenance, out);
	}
	spin_unlock(&process->lock);
	switch (status) {
	case STATUS_OK:
		return STATUS_OK;
	case STATUS_BAD_STATE:
		if (before_start)
			return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the process has started", NULL);
		return rpc_raise(request, EXCEPTION_TYPE_DISCONNECTED, "the process has ended", "process");
	default:
		cap_ref_put(ref);
		break;
	}
	if (status == STATUS_EXISTS)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the slot is taken", "slot");
	if (status == STATUS_NO_QUOTA)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED,
				 "the process may hold no more capabilities", "process");
	return object_raise_status(request, status == STATUS_NO_SLOT ? STATUS_INVALID : status, "slot");
}

static enum status grant(void *self, struct rpc_request *request,
			 struct process_handle_grant_params_reader params,
			 struct process_handle_grant_results_builder results)
{
	cap_id id;
	enum status status = process_handle_insert(
		request, process_of(self), process_handle_grant_params_reader_capability(params),
		process_handle_grant_params_reader_slot(params),
		process_handle_grant_params_reader_note(params), true, &id);

	if (status == STATUS_OK)
		process_handle_grant_results_builder_set_id(results, id.raw);
	return status;
}

static enum status start(void *self, struct rpc_request *request,
			 struct process_handle_start_params_reader params)
{
	struct process *process = process_of(self);
	struct thread_start how = {
		.entry = VADDR(process_handle_start_params_reader_entry(params)),
		.stack = VADDR(process_handle_start_params_reader_stack(params)),
		.argument = process_handle_start_params_reader_argument(params),
		.start_message = process_handle_start_params_reader_start_message(params),
		.start_message_len = process_handle_start_params_reader_start_message_length(params),
		.geometry = {process_handle_start_params_reader_submissions(params),
			     process_handle_start_params_reader_arena_bytes(params)},
	};

	if (how.entry.raw >= arch_user_end || how.stack.raw >= arch_user_end)
		return object_raise_invalid(request, "outside the user half", "entry or stack");
	if (load_acquire(&process->state) != PROCESS_CREATED)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the process has started", NULL);
	int32_t index = process_handle_start_params_reader_context(params);
	struct object *context;
	struct thread *thread;
	enum status status = scheduling_context_promise(request, index, &context);
	if (status != STATUS_OK)
		return status;
	status = thread_prepare(process, &how, &thread);
	if (status != STATUS_OK) {
		scheduling_context_drop(context);
		return object_raise_status(request, status, "submissions or arenaBytes");
	}
	scheduling_context_keep(request, index, context, thread);
	thread_begin(thread);
	return STATUS_OK;
}

static enum status wait(void *self, struct rpc_request *request,
			struct process_handle_wait_results_builder results)
{
	struct process *process = process_of(self);

	spin_lock(&process->lock);
	if (process->state != PROCESS_ENDED) {
		enum status status = kcall_defer(request, self, &process->waiters, &process->lock);
		spin_unlock(&process->lock);
		return status;
	}
	spin_unlock(&process->lock);
	struct process_handle_exit_builder exit = process_handle_wait_results_builder_init_exit(results);
	process_handle_exit_builder_set_reason(exit, (enum process_handle_exit_reason)process->exit.reason);
	process_handle_exit_builder_set_code(exit, process->exit.code);
	process_handle_exit_builder_set_address(exit, process->exit.address);
	process_handle_exit_builder_set_instruction(exit, process->exit.instruction);
	return STATUS_OK;
}

static enum status kill(void *self, struct rpc_request *request,
			struct process_handle_kill_params_reader params)
{
	struct exit_record why = {.reason = EXIT_KILLED,
				  .code = process_handle_kill_params_reader_code(params)};

	(void)request;
	process_kill(process_of(self), &why);
	return STATUS_OK;
}

static enum status interrupt(void *self, struct rpc_request *request,
			     struct process_handle_interrupt_params_reader params)
{
	uint64_t bits = process_handle_interrupt_params_reader_bits(params);

	if (bits == 0 || bits >= CAP_UPCALL_COMPLETION)
		return object_raise_invalid(request, "not 0, and without bits 62 and 63", "bits");
	if (!process_interrupt(process_of(self), bits))
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "its first thread has no upcall entry",
				 NULL);
	return STATUS_OK;
}

static enum status events(void *self, struct rpc_request *request,
			  struct process_handle_events_params_reader params,
			  struct process_handle_events_results_builder results)
{
	struct recorder_event found[OBJECT_EVENTS_MAX];
	uint64_t next, lost;
	uint32_t count = object_read_events(process_handle_events_params_reader_from(params),
					    process_of(self)->pid, found, &next, &lost);
	struct process_handle_event_list_builder list = process_handle_events_results_builder_init_events(
		results, count);

	(void)request;
	for (uint32_t i = 0; i < count; i++)
		object_fill_event(process_handle_event_list_builder_at(list, i), &found[i]);
	process_handle_events_results_builder_set_next(results, next);
	process_handle_events_results_builder_set_lost(results, lost);
	return STATUS_OK;
}

static enum status backtrace(void *self, struct rpc_request *request,
			     struct process_handle_backtrace_results_builder results)
{
	struct process *process = process_of(self);
	char text[PROCESS_BACKTRACE_MAX * 20];
	size_t len = 0;

	(void)request;
	for (unsigned i = 0; i < process->backtrace_len; i++)
		len += print_to(text + len, sizeof(text) - len, "0x%lx\n",
				(unsigned long)process->backtrace[i]);
	process_handle_backtrace_results_builder_set_text(results, (struct msg_text){text, (uint32_t)len});
	return STATUS_OK;
}

static enum status registers(void *self, struct rpc_request *request,
			     struct process_handle_registers_results_builder results)
{
	struct process *process = process_of(self);
	struct process_handle_register_list_builder list =
		process_handle_registers_results_builder_init_registers(
			results, process->backtrace_len != 0 ? ARCH_REGISTERS : 0);

	(void)request;
	for (unsigned i = 0; i < ARCH_REGISTERS && process->backtrace_len != 0; i++) {
		struct process_handle_register_builder out = process_handle_register_list_builder_at(list, i);
		process_handle_register_builder_set_name(out, msg_text_from(arch_register_names[i]));
		process_handle_register_builder_set_value(out, process->registers[i]);
	}
	return STATUS_OK;
}

static const struct process_handle_server_ops process_handle_ops = {
	.info = info,
	.grant = grant,
	.start = start,
	.wait = wait,
	.kill = kill,
	.interrupt = interrupt,
	.events = events,
	.backtrace = backtrace,
	.registers = registers,
};

static void destroy(struct object *object)
{
	process_put(process_of(object));
}

static enum status view_created(struct view *view)
{
	(void)atomic_add(&process_of(view->object)->handles, 1u);
	return STATUS_OK;
}

/* Counted apart from the object's references: a view that is gone keeps its own for a while. */
static void view_gone(struct view *view)
{
	struct process *process = process_of(view->object);

	if (atomic_sub(&process->handles, 1u) == 1 && load_acquire(&process->state) == PROCESS_CREATED)
		process_abandon(process, &(struct exit_record){.reason = EXIT_KILLED});
}

PROCESS_HANDLE_BIND(process_handle, process_handle_ops);

const struct object_type process_handle_type = {
	.name = "process",
	.interface_id = PROCESS_HANDLE_INTERFACE_ID,
	OBJECT_METHODS(process_handle),
	.destroy = destroy,
	.view_created = view_created,
	.view_gone = view_gone,
};
