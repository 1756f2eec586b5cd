// SPDX-License-Identifier: MIT OR Apache-2.0
/* Filling an address space with a program, in batches of calls (batch.h). */
#include <schema/kernel/memory_object.capnp.h>
#include <spawn/spawn.h>

#include "batch.h"

#define WRITE_CHUNK 960u  /* MemoryObject.write */
#define COPY_CHUNK 65536u /* MemoryObject.copyFrom */

void batch_note(struct batch *b, enum status status, const char *step)
{
	if (status == STATUS_OK || b->status != STATUS_OK)
		return;
	b->status = status;
	b->why = step;
}

void batch_settle(struct batch *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		batch_note(b, rpc_wait(&b->calls[i]), b->steps[i]);
	while (b->count > 0) /* the last first: the arena is a stack */
		rpc_end(&b->calls[--b->count]);
}

bool batch_again(struct batch *b, struct rpc_call *call)
{
	if (call->block != RPC_NO_BLOCK || b->count == 0)
		return false;
	rpc_end(call);
	batch_settle(b);
	return true;
}

void batch_send(struct batch *b, const char *step)
{
	struct rpc_call *call = &b->calls[b->count];

	b->steps[b->count] = step;
	/* A failed send is reported by rpc_wait as well. */
	(void)rpc_send(call);
	b->count++;
}

static void map(struct batch *b, struct rpc_target memory, uint64_t offset, uint64_t bytes, uint64_t address,
		enum virtual_memory_protection protection, const char *step)
{
	struct virtual_memory_map_as_params_builder p;
	struct rpc_call *call;

	BATCH_OPEN(b, call, p, virtual_memory_map_as_begin_on(call, b->transport, b->space));
	virtual_memory_map_as_params_builder_set_memory(p, rpc_add_answer(call, memory));
	virtual_memory_map_as_params_builder_set_offset(p, offset);
	virtual_memory_map_as_params_builder_set_length(p, bytes);
	virtual_memory_map_as_params_builder_set_address(p, address);
	virtual_memory_map_as_params_builder_set_protection(p, protection);
	/* What it may write is its own: should it be cloned, the clone gets a copy. */
	if (protection == VIRTUAL_MEMORY_PROTECTION_READ_WRITE)
		virtual_memory_map_as_params_builder_set_sharing(p, VIRTUAL_MEMORY_SHARING_OWN);
	batch_send(b, step);
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

		BATCH_OPEN(b, call, p, memory_object_copy_from_begin_on(call, b->transport, own_memory(b)));
		memory_object_copy_from_params_builder_set_source(
			p, rpc_add_cap(call, program->package->memory));
		memory_object_copy_from_params_builder_set_source_offset(p, s->package_offset + done);
		memory_object_copy_from_params_builder_set_offset(p, memory_offset + s->address % SPAWN_PAGE +
									     done);
		memory_object_copy_from_params_builder_set_count(p, left < COPY_CHUNK ? left : COPY_CHUNK);
		batch_send(b, "copying its data");
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

		BATCH_OPEN(b, call, p,
			   memory_object_write_begin_sized(call, b->transport, own_memory(b),
							   rpc_data_room(count)));
		memory_object_write_params_builder_set_offset(p, l->message_offset + done);
		memory_object_write_params_builder_set_bytes(
			p, (struct msg_data){start->message.base + done, count});
		batch_send(b, "writing its start message");
	}
	map(b, own_memory(b), l->message_offset, l->message_pages * SPAWN_PAGE, l->message,
	    VIRTUAL_MEMORY_PROTECTION_READ, "mapping its start message");
}

void batch_load(struct batch *b, const struct spawn_program *program, const struct start_builder *start,
		const struct layout *l)
{
	map_program(b, program, l);
	map(b, own_memory(b), l->stack_offset, l->stack_bytes, l->stack, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
	    "mapping its stack");
	write_message(b, start, l);
}

void batch_create_memory(struct batch *b, uint64_t bytes)
{
	struct virtual_memory_create_memory_params_builder m = virtual_memory_create_memory_begin_on(
		&b->memory, b->transport, b->space);

	virtual_memory_create_memory_params_builder_set_bytes(m, bytes);
	rpc_keep(&b->memory);
	(void)rpc_send(&b->memory);
}
