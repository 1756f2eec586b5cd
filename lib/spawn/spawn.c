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
#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <spawn/spawn.h>

#include <spawn/layout.h>
#include "start_message.h"

#define BATCH 30u         /* with the two kept calls, what a default ring takes in one entry */
#define WRITE_CHUNK 960u  /* MemoryObject.write */
#define COPY_CHUNK 65536u /* MemoryObject.copyFrom */

struct batch {
	struct rpc_transport *transport;
	enum status status; /* of the first that failed */
	const char *why;    /* what that was */
	uint32_t count;
	struct rpc_call create, memory; /* kept */
	struct rpc_call calls[BATCH];
	const char *steps[BATCH];
};

static void note(struct batch *b, enum status status, const char *step)
{
	if (status == STATUS_OK || b->status != STATUS_OK)
		return;
	b->status = status;
	b->why = step;
}

/* Waits for all calls but the kept ones. */
static void settle(struct batch *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		note(b, rpc_wait(&b->calls[i]), b->steps[i]);
		rpc_end(&b->calls[i]);
	}
	b->count = 0;
}

static struct rpc_call *next_call(struct batch *b)
{
	if (b->count == BATCH)
		settle(b);
	return &b->calls[b->count];
}

/* After begin: true if there was no room, but is now. */
static bool again(struct batch *b, struct rpc_call *call)
{
	if (call->block != RPC_NO_BLOCK || b->count == 0)
		return false;
	rpc_end(call);
	settle(b);
	return true;
}

static void send(struct batch *b, const char *step)
{
	struct rpc_call *call = &b->calls[b->count];

	b->steps[b->count] = step;
	/* A failed send is reported by rpc_wait as well. */
	(void)rpc_send(call);
	b->count++;
}

/* Opens a call with `begin`, an expression over `call`; once more if room had to be made first. */
#define OPEN(b, call, params, begin)   \
	do {                           \
		(call) = next_call(b); \
		(params) = (begin);    \
	} while (again(b, call))

static void map(struct batch *b, struct rpc_target memory, uint64_t offset, uint64_t bytes, uint64_t address,
		enum virtual_memory_protection protection, const char *step)
{
	struct virtual_memory_map_as_params_builder p;
	struct rpc_call *call;
	struct rpc_target space = process_spawner_create_results_pipeline_space(&b->create);

	OPEN(b, call, p, virtual_memory_map_as_begin_on(call, b->transport, space));
	virtual_memory_map_as_params_builder_set_memory(p, rpc_add_answer(call, memory));
	virtual_memory_map_as_params_builder_set_offset(p, offset);
	virtual_memory_map_as_params_builder_set_length(p, bytes);
	virtual_memory_map_as_params_builder_set_address(p, address);
	virtual_memory_map_as_params_builder_set_protection(p, protection);
	/* What it may write is its own: should it be cloned, the clone gets a copy. */
	if (protection == VIRTUAL_MEMORY_PROTECTION_READ_WRITE)
		virtual_memory_map_as_params_builder_set_sharing(p, VIRTUAL_MEMORY_SHARING_OWN);
	send(b, step);
}

static struct rpc_target own_memory(const struct batch *b)
{
	return virtual_memory_create_memory_results_pipeline_memory(&b->memory);
}

static void copy_segment(struct batch *b, const struct spawn_program *program, const struct spawn_segment *s,
			 uint64_t memory_offset)
{
	for (uint64_t done = 0; done < s->file_size; done += COPY_CHUNK) {
		struct memory_object_copy_from_params_builder p;
		struct rpc_call *call;
		uint64_t left = s->file_size - done;

		OPEN(b, call, p, memory_object_copy_from_begin_on(call, b->transport, own_memory(b)));
		memory_object_copy_from_params_builder_set_source(
			p, rpc_add_cap(call, program->package->memory));
		memory_object_copy_from_params_builder_set_source_offset(p, s->package_offset + done);
		memory_object_copy_from_params_builder_set_offset(p, memory_offset + s->address % SPAWN_PAGE +
									     done);
		memory_object_copy_from_params_builder_set_count(p, left < COPY_CHUNK ? left : COPY_CHUNK);
		send(b, "copying its data");
	}
}

static void map_program(struct batch *b, const struct spawn_program *program, const struct layout *l)
{
	for (uint32_t i = 0; i < program->segment_count; i++) {
		const struct spawn_segment *s = &program->segments[i];
		uint64_t bytes = spawn_segment_bytes(s), address = l->image + spawn_segment_start(s);

		if (s->writable) {
			copy_segment(b, program, s, l->segment_offset[i]);
			map(b, own_memory(b), l->segment_offset[i], bytes, address,
			    VIRTUAL_MEMORY_PROTECTION_READ_WRITE, "mapping its data");
		} else {
			map(b, rpc_target_cap(program->package->memory),
			    s->package_offset & ~(SPAWN_PAGE - 1), bytes, address,
			    s->executable ? VIRTUAL_MEMORY_PROTECTION_READ_EXECUTE
					  : VIRTUAL_MEMORY_PROTECTION_READ,
			    "mapping its text");
		}
	}
}

static void write_message(struct batch *b, const struct start_builder *start, const struct layout *l)
{
	uint32_t size = (uint32_t)msg_builder_size(&start->message);

	for (uint32_t done = 0; done < size; done += WRITE_CHUNK) {
		struct memory_object_write_params_builder p;
		struct rpc_call *call;
		uint32_t count = size - done < WRITE_CHUNK ? size - done : WRITE_CHUNK;

		OPEN(b, call, p,
		     memory_object_write_begin_sized(call, b->transport, own_memory(b),
						     rpc_data_room(count)));
		memory_object_write_params_builder_set_offset(p, l->message_offset + done);
		memory_object_write_params_builder_set_bytes(
			p, (struct msg_data){start->message.base + done, count});
		send(b, "writing its start message");
	}
	map(b, own_memory(b), l->message_offset, l->message_pages * SPAWN_PAGE, l->message,
	    VIRTUAL_MEMORY_PROTECTION_READ, "mapping its start message");
}

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

		OPEN(b, call, p, process_handle_grant_begin_on(call, b->transport, process));
		process_handle_grant_params_builder_set_slot(p, i + 1);
		process_handle_grant_params_builder_set_note(p, grants[i].note);
		process_handle_grant_params_builder_set_capability(p, grant_descriptor(b, call, &grants[i]));
		send(b, "granting");
	}
}

static void start_thread(struct batch *b, const struct spawn_program *program, const struct layout *l,
			 uint64_t bytes)
{
	struct process_handle_start_params_builder p;
	struct rpc_call *call;
	struct rpc_target process = process_spawner_create_results_pipeline_process(&b->create);

	OPEN(b, call, p, process_handle_start_begin_on(call, b->transport, process));
	process_handle_start_params_builder_set_entry(p, l->image + program->entry);
	process_handle_start_params_builder_set_stack(p, l->stack + l->stack_bytes);
	process_handle_start_params_builder_set_start_message(p, l->message);
	process_handle_start_params_builder_set_start_message_length(p, bytes);
	process_handle_start_params_builder_set_submissions(p, program->submissions);
	process_handle_start_params_builder_set_arena_bytes(p, program->arena_bytes);
	send(b, "starting");
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

	struct virtual_memory_create_memory_params_builder m = virtual_memory_create_memory_begin_on(
		&b->memory, b->transport, process_spawner_create_results_pipeline_space(&b->create));

	virtual_memory_create_memory_params_builder_set_bytes(m, l->memory_bytes);
	rpc_keep(&b->memory);
	(void)rpc_send(&b->memory);
}

/* Both kept calls are over; what came with them is taken or dropped. */
static cap_id finish(struct batch *b)
{
	struct ring_client *ring = ring_of(b->transport);
	cap_id process = CAP_ID_NULL, space = CAP_ID_NULL, memory = CAP_ID_NULL;

	note(b, rpc_wait(&b->create), "creating the process");
	note(b, rpc_wait(&b->memory), "making its memory");
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
	enum status status = spawn_build_start(&start, buffer, sizeof(buffer), request);

	*process = (struct spawn_process){};
	if (why)
		*why = "the request";
	if (status != STATUS_OK)
		return status;

	uint64_t bytes = msg_builder_size(&start.message);
	struct layout l = spawn_layout(request->program, bytes, request->seed);

	spawn_finish_start(&start, l.image, request->seed * 0xd1342543de82ef95ull + 1);
	b.transport = transport;
	b.status = STATUS_OK;
	b.why = nullptr;
	b.count = 0;
	create(&b, request, &l);
	map_program(&b, request->program, &l);
	map(&b, own_memory(&b), l.stack_offset, l.stack_bytes, l.stack, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
	    "mapping its stack");
	write_message(&b, &start, &l);
	give(&b, request->grants, request->grant_count);
	start_thread(&b, request->program, &l, bytes);

	/* Creation first: if that failed, all else did in consequence. */
	note(&b, rpc_wait(&b.create), "creating the process");
	note(&b, rpc_wait(&b.memory), "making its memory");
	settle(&b);

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
