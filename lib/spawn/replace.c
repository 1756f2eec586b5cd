// SPDX-License-Identifier: MIT OR Apache-2.0
/* A process that goes on as another program: it is loaded beside the present one, which the kernel then removes (spawn/spawn.h). */
#include <runtime/ring.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <spawn/spawn.h>

#include "batch.h"

static uint64_t window_bytes(const struct layout *l)
{
	return l->message + l->message_pages * SPAWN_PAGE - l->image;
}

/* Whether nothing is there; and as this process does nothing else, it stays so. */
static bool is_free(struct rpc_transport *transport, cap_id space, const struct layout *l)
{
	uint64_t at;

	return virtual_memory_allocate(transport, space, window_bytes(l), l->image, &at) == STATUS_OK &&
	       virtual_memory_unmap(transport, space, at, window_bytes(l)) == STATUS_OK;
}

static enum status load(struct batch *b, const struct spawn_request *request, struct start_builder *start,
			const struct layout *l)
{
	b->status = STATUS_OK;
	b->why = nullptr;
	b->count = 0;
	spawn_finish_start(start, l, request->seed * 0xd1342543de82ef95ull + 1);
	batch_create_memory(b, l->memory_bytes);
	batch_load(b, request->program, start, l);
	batch_note(b, rpc_wait(&b->memory), "making its memory");
	batch_settle(b);
	if (b->memory.status == STATUS_OK) {
		struct virtual_memory_create_memory_results_reader r = virtual_memory_create_memory_results(
			&b->memory);

		ring_release(
			ring_of(b->transport),
			rpc_result_cap(&b->memory, virtual_memory_create_memory_results_reader_memory(r)));
	}
	rpc_end(&b->memory);
	return b->status;
}

/* What of it has been mapped goes. */
static void unload(struct rpc_transport *transport, const struct spawn_request *request, cap_id space,
		   const struct layout *l)
{
	const struct spawn_program *program = request->program;

	for (uint32_t i = 0; i < program->segment_count; i++)
		(void)!virtual_memory_unmap(transport, space,
					    l->image + spawn_segment_start(&program->segments[i]),
					    spawn_segment_bytes(&program->segments[i]));
	(void)!virtual_memory_unmap(transport, space, l->stack, l->stack_bytes);
	(void)!virtual_memory_unmap(transport, space, l->message, l->message_pages * SPAWN_PAGE);
}

static enum status replace(struct rpc_transport *transport, const struct spawn_request *request,
			   const struct layout *l, uint64_t message_bytes)
{
	const struct spawn_program *program = request->program;
	struct rpc_call call;
	struct process_spawner_replace_params_builder p = process_spawner_replace_begin_sized(
		&call, transport, rpc_target_cap(request->spawner), 64 + 8 * request->grant_count);
	struct msg_list_builder keep = process_spawner_replace_params_builder_init_keep(p,
											request->grant_count);

	process_spawner_replace_params_builder_set_entry(p, l->image + program->entry);
	process_spawner_replace_params_builder_set_stack(p, l->stack + l->stack_bytes);
	process_spawner_replace_params_builder_set_start_message(p, l->message);
	process_spawner_replace_params_builder_set_start_message_length(p, message_bytes);
	process_spawner_replace_params_builder_set_submissions(p, program->submissions);
	process_spawner_replace_params_builder_set_arena_bytes(p, program->arena_bytes);
	process_spawner_replace_params_builder_set_address(p, l->image);
	process_spawner_replace_params_builder_set_length(p, window_bytes(l));
	process_spawner_replace_params_builder_set_name(p, request->name.len ? request->name : program->name);
	for (uint32_t i = 0; i < request->grant_count; i++)
		msg_list_set_u64(keep, i, request->grants[i].cap.raw);
	(void)rpc_send(&call);

	enum status status = rpc_wait(&call);

	rpc_end(&call);
	return status;
}

enum status spawn_replace(struct rpc_transport *transport, const struct spawn_request *request, cap_id space)
{
	__attribute__((uninitialized)) uint64_t buffer[SPAWN_START_BYTES / 8];
	__attribute__((uninitialized)) struct batch b;
	struct start_builder start;
	enum status status = spawn_build_start(&start, buffer, sizeof(buffer), request, true);

	if (status != STATUS_OK)
		return status;

	uint64_t bytes = msg_builder_size(&start.message);
	struct layout l = spawn_layout(request->program, bytes, request->seed);

	if (!is_free(transport, space, &l))
		return STATUS_NO_MEMORY;
	b.transport = transport;
	b.space = rpc_target_cap(space);
	status = load(&b, request, &start, &l);
	ring_flush(ring_of(transport));
	if (status == STATUS_OK)
		status = replace(transport, request, &l, bytes);
	unload(transport, request, space, &l);
	return status;
}
