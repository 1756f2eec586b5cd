// SPDX-License-Identifier: MIT OR Apache-2.0
/* ThreadSpawner: more threads in the calling process. */
#include "object_types.h"

#include <arch/paging.h>
#include <ring/thread.h>
#include <schema/kernel/thread.capnp.h>

static enum status create(void *self, struct rpc_request *request,
			  struct thread_spawner_create_params_reader params,
			  struct thread_spawner_create_results_builder results)
{
	struct thread *caller = kcall_of(request)->thread, *thread;
	struct thread_start how = {
		.entry = VADDR(thread_spawner_create_params_reader_entry(params)),
		.stack = VADDR(thread_spawner_create_params_reader_stack(params)),
		.argument = thread_spawner_create_params_reader_argument(params),
		.start_message = caller->ring.start_message,
		.start_message_len = caller->ring.start_message_len,
		.geometry = {thread_spawner_create_params_reader_submissions(params),
			     thread_spawner_create_params_reader_arena_bytes(params)},
	};
	int32_t index;

	(void)self;
	if (how.entry.raw >= arch_user_end || how.stack.raw >= arch_user_end)
		return object_raise_invalid(request, "outside the user half", "entry or stack");
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	enum status status = thread_create(caller->process, &how, &thread);
	if (status != STATUS_OK)
		return object_raise_status(request, status, "submissions or arenaBytes");
	status = kcall_return_object(request, &thread->object, &index);
	if (status == STATUS_OK)
		thread_spawner_create_results_builder_set_thread(results, index);
	return status;
}

static enum status current(void *self, struct rpc_request *request,
			   struct thread_spawner_current_results_builder results)
{
	struct thread *caller = kcall_of(request)->thread;
	int32_t index;

	(void)self;
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	object_get(&caller->object);
	enum status status = kcall_return_object(request, &caller->object, &index);
	if (status == STATUS_OK)
		thread_spawner_current_results_builder_set_thread(results, index);
	return status;
}

static const struct thread_spawner_server_ops thread_spawner_ops = {.create = create, .current = current};

OBJECT_TYPE(thread_spawner, THREAD_SPAWNER, object_destroy_never);

struct object thread_spawner_object = {.type = &thread_spawner_type, .refs = 1};
