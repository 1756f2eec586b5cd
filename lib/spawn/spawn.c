// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Creating and starting a process as one batch of calls (spawn/spawn.h).
 *
 * Two answers are kept: that of ProcessSpawner.create (process and address space), and that of createMemory. All
 * other calls go to these, and none waits for another, so the whole is one entry into the kernel as long as it fits
 * into the ring and its arena; what does not fit goes in further batches, in the same order.
 *
 * The kernel runs the submissions of a ring through one reference in order, and `start` is the last: when it runs,
 * mappings and grants, which complete within their dispatch, are there. If one of them failed, so does the child:
 * it is killed before spawn_start returns.
 */
#include <runtime/ring.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <spawn/spawn.h>

#include "batch.h"

static int32_t grant_descriptor(struct batch *b, struct rpc_call *call, const struct spawn_grant *grant)
{
	switch (grant->kind) {
	case SPAWN_GRANT_MINT:
		return rpc_add_minted(call, grant->cap, grant->key);
	case SPAWN_GRANT_OWN_SPACE:
		return rpc_add_answer(call, process_spawner_create_results_pipeline_space(&b->create));
	default:
		return rpc_add_cap(call, grant->cap);
	}
}

static void give(struct batch *b, const struct spawn_grant *grants, uint32_t count)
{
	struct rpc_target process = process_spawner_create_results_pipeline_process(&b->create);

	for (uint32_t i = 0; i < count; i++) {
		struct process_handle_grant_params_builder p;
		struct rpc_call *call;

		BATCH_OPEN(b, call, p, process_handle_grant_begin_on(call, b->transport, process));
		process_handle_grant_params_builder_set_slot(p, i + 1);
		process_handle_grant_params_builder_set_note(p, grants[i].note);
		process_handle_grant_params_builder_set_capability(p, grant_descriptor(b, call, &grants[i]));
		batch_send(b, "granting");
	}
}

static void start_thread(struct batch *b, const struct spawn_request *r, const struct layout *l,
			 uint64_t bytes)
{
	const struct spawn_program *program = r->program;
	struct process_handle_start_params_builder p;
	struct rpc_call *call;
	struct rpc_target process = process_spawner_create_results_pipeline_process(&b->create);

	BATCH_OPEN(b, call, p, process_handle_start_begin_on(call, b->transport, process));
	process_handle_start_params_builder_set_entry(p, l->image + program->entry);
	process_handle_start_params_builder_set_stack(p, l->stack + l->stack_bytes);
	process_handle_start_params_builder_set_start_message(p, l->message);
	process_handle_start_params_builder_set_start_message_length(p, bytes);
	process_handle_start_params_builder_set_submissions(p, program->submissions);
	process_handle_start_params_builder_set_arena_bytes(p, program->arena_bytes);
	if (r->context.raw)
		process_handle_start_params_builder_set_context(p, rpc_add_cap(call, r->context));
	batch_send(b, "starting");
}

static void set_limits(struct process_spawner_create_params_builder p, const struct spawn_limits *l)
{
	struct process_spawner_limits_builder b;

	if (!(l->pages | l->capabilities | l->threads | l->calls | l->objects | l->processes))
		return;
	b = process_spawner_create_params_builder_init_limits(p);
	process_spawner_limits_builder_set_pages(b, l->pages);
	process_spawner_limits_builder_set_capabilities(b, l->capabilities);
	process_spawner_limits_builder_set_threads(b, l->threads);
	process_spawner_limits_builder_set_calls(b, l->calls);
	process_spawner_limits_builder_set_objects(b, l->objects);
	process_spawner_limits_builder_set_processes(b, l->processes);
}

static void create(struct batch *b, const struct spawn_request *r, const struct layout *l)
{
	struct msg_text name = r->name.len ? r->name : r->program->name;
	struct process_spawner_create_params_builder p = process_spawner_create_begin(
		&b->create, b->transport, r->spawner);

	process_spawner_create_params_builder_set_name(p, name);
	set_limits(p, &r->limits);
	if (r->session.raw)
		process_spawner_create_params_builder_set_session(p, rpc_add_cap(&b->create, r->session));
	process_spawner_create_params_builder_set_capture(p, rpc_add_cap(&b->create, r->capture));
	rpc_keep(&b->create);
	(void)rpc_send(&b->create);

	b->space = process_spawner_create_results_pipeline_space(&b->create);
	batch_create_memory(b, l->memory_bytes);
}

/* Both kept calls are over; what came with them is taken or dropped. */
static cap_id finish(struct batch *b)
{
	struct ring_client *ring = ring_of(b->transport);
	cap_id process = CAP_ID_NULL, space = CAP_ID_NULL, memory = CAP_ID_NULL;

	batch_note(b, rpc_wait(&b->create), "creating the process");
	batch_note(b, rpc_wait(&b->memory), "making its memory");
	if (b->create.status == STATUS_OK) {
		struct process_spawner_create_results_reader r = process_spawner_create_results(&b->create);

		process = rpc_result_cap(&b->create, process_spawner_create_results_reader_process(r));
		space = rpc_result_cap(&b->create, process_spawner_create_results_reader_space(r));
	}
	if (b->memory.status == STATUS_OK) {
		struct virtual_memory_create_memory_results_reader r = virtual_memory_create_memory_results(
			&b->memory);

		memory = rpc_result_cap(&b->memory, virtual_memory_create_memory_results_reader_memory(r));
	}
	ring_release(ring, space);
	ring_release(ring, memory);
	rpc_end(&b->memory);
	rpc_end(&b->create);
	return process;
}

enum status spawn_start(struct rpc_transport *transport, const struct spawn_request *request,
			struct spawn_process *process, const char **why)
{
	/* Large, and written before they are read. */
	__attribute__((uninitialized)) uint64_t buffer[SPAWN_START_BYTES / 8];
	__attribute__((uninitialized)) struct batch b;
	struct start_builder start;
	enum status status = spawn_build_start(&start, buffer, sizeof(buffer), request, false);

	*process = (struct spawn_process){};
	if (why)
		*why = "the request";
	if (status != STATUS_OK)
		return status;

	uint64_t bytes = msg_builder_size(&start.message);
	struct layout l = spawn_layout(request->program, bytes, request->seed);

	spawn_finish_start(&start, &l, request->seed * 0xd1342543de82ef95ull + 1);
	b.transport = transport;
	b.status = STATUS_OK;
	b.why = nullptr;
	b.count = 0;
	create(&b, request, &l);
	batch_load(&b, request->program, &start, &l);
	give(&b, request->grants, request->grant_count);
	start_thread(&b, request, &l, bytes);

	/* Creation first: if that failed, all else did in consequence. */
	batch_note(&b, rpc_wait(&b.create), "creating the process");
	batch_note(&b, rpc_wait(&b.memory), "making its memory");
	batch_settle(&b);

	cap_id handle = finish(&b);

	if (why)
		*why = b.why;
	if (b.status != STATUS_OK) {
		if (handle.raw)
			(void)process_handle_kill(transport, handle, 0);
		ring_release(ring_of(transport), handle);
		return b.status;
	}
	*process = (struct spawn_process){.handle = handle, .load_address = l.image};
	return STATUS_OK;
}
