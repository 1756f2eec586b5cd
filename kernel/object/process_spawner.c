// SPDX-License-Identifier: MIT OR Apache-2.0
/* ProcessSpawner: empty processes, charged to the one that calls. */
#include "object_types.h"
#include "process_replace.h"

#include <arch/paging.h>
#include <cap/capture.h>
#include <cap/gate_mapping.h>
#include <ring/record.h>
#include <ring/thread.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/session_context.capnp.h>

static struct process_limits read_limits(struct process_spawner_limits_reader limits)
{
	return (struct process_limits){
		.resource = {
			[LEDGER_PAGES] = process_spawner_limits_reader_pages(limits),
			[LEDGER_ENTRIES] = process_spawner_limits_reader_capabilities(limits),
			[LEDGER_OBJECTS] = process_spawner_limits_reader_objects(limits),
			[LEDGER_THREADS] = process_spawner_limits_reader_threads(limits),
			[LEDGER_PROCESSES] = process_spawner_limits_reader_processes(limits),
			[LEDGER_CALLS] = process_spawner_limits_reader_calls(limits),
		}};
}

#define CAPTURE_METHODS (1ull << MEMORY_OBJECT_READ | 1ull << MEMORY_OBJECT_WRITE)

/* Nobody has seen it yet: if its messages cannot be captured, it ends. */
static enum status start_capture(struct rpc_request *request, struct process *process, struct object *memory)
{
	enum status status = capture_start(process,
					   container_of(memory, struct memory_object, object)->memory);

	if (status != STATUS_OK)
		process_abandon(process, &(struct exit_record){.reason = EXIT_KILLED});
	return status == STATUS_INVALID ? object_raise_invalid(request, "1 to 512 pages of memory", "capture")
					: status;
}

struct wanted { /* what create and clone have in common */
	struct msg_text name;
	struct process_limits limits;
	int32_t session; /* index of the argument */
};

/* A process in state CREATED; its two references are its own. */
static enum status make_process(struct rpc_request *request, const struct wanted *wanted,
				struct process **out)
{
	struct process_limits limits = wanted->limits;
	struct object *session = wanted->session < 0
					 ? NULL
					 : kcall_object(request, wanted->session, &session_context_type,
							1ull << SESSION_CONTEXT_MEMBER);

	limits.shared = kcall_called(request)->kind == VIEW_FACET;
	if (wanted->session >= 0 && session == NULL)
		return object_raise_invalid(request, "not a SessionContext with the method member",
					    "session");
	if (session != NULL && !session_is_alive(container_of(session, struct session, object)))
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the session has ended", "session");
	if (wanted->name.len == 0 || wanted->name.len > PROCESS_NAME_MAX)
		return object_raise_invalid(request, "1 to 31 bytes", "name");
	return process_create(kcall_of(request)->thread->process,
			      session != NULL ? container_of(session, struct session, object) : NULL,
			      wanted->name.ptr, wanted->name.len, &limits, out);
}

/* Two capabilities or none. */
static enum status give(struct rpc_request *request, struct process *process,
			struct process_spawner_create_results_builder results)
{
	int32_t handle, space;

	enum status status = kcall_return_object(request, &process->object, &handle);
	enum status second = kcall_return_object(request, &process->space_object, &space);
	if (status == STATUS_OK)
		status = second;
	if (status == STATUS_OK) {
		process_spawner_create_results_builder_set_process(results, handle);
		process_spawner_create_results_builder_set_space(results, space);
	}
	return status;
}

static enum status create(void *self, struct rpc_request *request,
			  struct process_spawner_create_params_reader params,
			  struct process_spawner_create_results_builder results)
{
	struct wanted wanted = {.name = process_spawner_create_params_reader_name(params),
				.limits = read_limits(process_spawner_create_params_reader_limits(params)),
				.session = process_spawner_create_params_reader_session(params)};
	int32_t capture = process_spawner_create_params_reader_capture(params);
	struct object *memory = capture < 0 ? NULL
					    : kcall_object(request, capture, &memory_object_type,
							   CAPTURE_METHODS);
	struct process *process;

	(void)self;
	if (capture >= 0 && memory == NULL)
		return object_raise_invalid(request, "not a MemoryObject that may be written", "capture");
	if (request->caps_out_max < 2)
		return STATUS_NO_SLOT;
	enum status status = make_process(request, &wanted, &process);
	if (status != STATUS_OK)
		return status;
	if (memory != NULL && (status = start_capture(request, process, memory)) != STATUS_OK)
		return status;
	/* Its own references stay until it has ended; the capabilities have theirs. */
	object_get(&process->object);
	object_get(&process->space_object);
	status = give(request, process, results);
	if (status != STATUS_OK) /* without a handle nobody could end it */
		process_abandon(process, &(struct exit_record){.reason = EXIT_KILLED});
	return status;
}

/* A spawner's view of kind FACET is a bounded one: there is no other difference. */
static enum status bounded(void *self, struct rpc_request *request,
			   struct process_spawner_bounded_results_builder results)
{
	const struct view *own = kcall_called(request);
	struct view *view;
	int32_t index;

	(void)self;
	enum status status = view_derive(kcall_of(request)->thread->process, own, VIEW_FACET, 0, own->sets,
					 own->count, &view);
	if (status == STATUS_OK)
		status = kcall_return(request, view, &index);
	if (status == STATUS_OK)
		process_spawner_bounded_results_builder_set_spawner(results, index);
	return status;
}

/* Rights to receive stay with who has them: a server's clone is not the server. */
static bool goes_along(const struct view *view)
{
	return !(view->object->type->is_endpoint && view->kind == VIEW_OBJECT &&
		 view_allows(view, ENDPOINT_INTERFACE_ID, ENDPOINT_RECEIVE));
}

struct both {
	struct process *from, *to;
};

static enum status clone_lent(void *context)
{
	const struct both *both = context;

	return gate_mappings_clone(both->from, both->to);
}

/* Nobody has seen it yet. */
static enum status fill_clone(struct rpc_request *request, struct process *process,
			      const struct thread_start *how, int32_t *handle)
{
	struct both both = {kcall_of(request)->thread->process, process};
	enum status status = cap_table_clone(both.from, process, goes_along);

	if (status == STATUS_OK)
		status = space_clone(&both.from->space, &process->space, clone_lent, &both);
	if (status != STATUS_OK)
		return status;
	object_get(&process->object);
	status = kcall_return_object(request, &process->object, handle);
	if (status == STATUS_OK)
		status = thread_create(process, how, NULL);
	return object_raise_status(request, status, "submissions or arenaBytes");
}

static enum status clone(void *self, struct rpc_request *request,
			 struct process_spawner_clone_params_reader params,
			 struct process_spawner_clone_results_builder results)
{
	const struct thread *caller = kcall_of(request)->thread;
	struct wanted wanted = {.name = process_spawner_clone_params_reader_name(params),
				.limits = read_limits(process_spawner_clone_params_reader_limits(params)),
				.session = process_spawner_clone_params_reader_session(params)};
	struct thread_start how = {
		.entry = VADDR(process_spawner_clone_params_reader_entry(params)),
		.stack = VADDR(process_spawner_clone_params_reader_stack(params)),
		.argument = process_spawner_clone_params_reader_argument(params),
		.start_message = caller->ring.start_message,
		.start_message_len = caller->ring.start_message_len,
		.geometry = {process_spawner_clone_params_reader_submissions(params),
			     process_spawner_clone_params_reader_arena_bytes(params)},
	};
	struct process *process;
	int32_t handle;

	(void)self;
	if (how.entry.raw >= arch_user_end || how.stack.raw >= arch_user_end)
		return object_raise_invalid(request, "outside the user half", "entry or stack");
	if (wanted.name.len == 0)
		wanted.name = msg_text_from(caller->process->name);
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	enum status status = make_process(request, &wanted, &process);
	if (status != STATUS_OK)
		return status;
	status = fill_clone(request, process, &how, &handle);
	if (status != STATUS_OK)
		process_abandon(process, &(struct exit_record){.reason = EXIT_KILLED});
	else
		process_spawner_clone_results_builder_set_process(results, handle);
	return status;
}

static const struct process_spawner_server_ops process_spawner_ops = {
	.create = create, .bounded = bounded, .clone = clone, .replace = process_replace};

OBJECT_TYPE(process_spawner, PROCESS_SPAWNER, object_destroy_never);

struct object process_spawner_object = {.type = &process_spawner_type, .refs = 1};
