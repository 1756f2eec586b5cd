// SPDX-License-Identifier: MIT OR Apache-2.0
/* MemoryObject: pages as a capability. What mapping it allows is decided by virtual_memory.c from the methods held. */
#include "object_types.h"

#include <mm/slab.h>
#include <schema/kernel/memory_object.capnp.h>

#define COPY_MAX 65536u
#define RW_MAX 960u

static struct slab_cache memory_object_cache = SLAB_CACHE(memory_object);

static struct memory *memory_of(void *self)
{
	return container_of((struct object *)self, struct memory_object, object)->memory;
}

static uint64_t size_of(const struct memory *memory)
{
	return memory->pages * PAGE_SIZE;
}

static bool inside(const struct memory *memory, uint64_t offset, uint64_t count)
{
	return offset <= size_of(memory) && count <= size_of(memory) - offset;
}

static enum status size(void *self, struct rpc_request *request,
			struct memory_object_size_results_builder results)
{
	(void)request;
	memory_object_size_results_builder_set_bytes(results, size_of(memory_of(self)));
	return STATUS_OK;
}

static enum status read(void *self, struct rpc_request *request,
			struct memory_object_read_params_reader params,
			struct memory_object_read_results_builder results)
{
	uint64_t offset = memory_object_read_params_reader_offset(params);
	uint32_t count = memory_object_read_params_reader_count(params);

	if (count > RW_MAX)
		return object_raise_invalid(request, "at most 960 bytes at a time", "count");
	if (!inside(memory_of(self), offset, count))
		return object_raise_invalid(request, "reaches past the end", "offset");
	uint8_t *bytes = memory_object_read_results_builder_init_bytes(results, count);
	if (bytes == NULL)
		return STATUS_TOO_LARGE;
	return memory_read(memory_of(self), offset, bytes, count);
}

static enum status write(void *self, struct rpc_request *request,
			 struct memory_object_write_params_reader params)
{
	uint64_t offset = memory_object_write_params_reader_offset(params);
	struct msg_data bytes = memory_object_write_params_reader_bytes(params);

	if (bytes.len > RW_MAX || !inside(memory_of(self), offset, bytes.len))
		return object_raise_invalid(request, "reaches past the end", "offset");
	return object_raise_status(request, memory_write(memory_of(self), offset, bytes.ptr, bytes.len),
				   "offset");
}

static enum status execute(void *self, struct rpc_request *request)
{
	(void)self, (void)request;
	return STATUS_OK;
}

/* Pieces of at most 512 bytes through the CPU's second scratch half would cost two copies; page by page costs one. */
static enum status copy(struct memory *to, uint64_t to_offset, struct memory *from, uint64_t from_offset,
			uint64_t count)
{
	while (count > 0) {
		paddr_t frame;
		uint64_t part = PAGE_SIZE - (from_offset & PAGE_MASK);
		part = part < count ? part : count;
		enum status status = memory_page(from, from_offset >> PAGE_SHIFT, &frame);
		if (status == STATUS_OK)
			status = memory_write(to, to_offset,
					      (char *)phys_to_virt(frame) + (from_offset & PAGE_MASK), part);
		if (status != STATUS_OK)
			return status;
		from_offset += part;
		to_offset += part;
		count -= part;
	}
	return STATUS_OK;
}

#define METHOD_READ (1ull << MEMORY_OBJECT_READ)

static enum status copy_from(void *self, struct rpc_request *request,
			     struct memory_object_copy_from_params_reader params)
{
	struct object *source = kcall_object(request, memory_object_copy_from_params_reader_source(params),
					     &memory_object_type, METHOD_READ);
	uint64_t source_offset = memory_object_copy_from_params_reader_source_offset(params);
	uint64_t offset = memory_object_copy_from_params_reader_offset(params);
	uint64_t count = memory_object_copy_from_params_reader_count(params);

	if (!view_allows(kcall_called(request), MEMORY_OBJECT_INTERFACE_ID, MEMORY_OBJECT_WRITE))
		return STATUS_DENIED;
	if (source == NULL)
		return object_raise_invalid(request, "not a MemoryObject that may be read", "source");
	if (count > COPY_MAX)
		return object_raise_invalid(request, "at most 65536 bytes at a time", "count");
	if (!inside(memory_of(source), source_offset, count))
		return object_raise_invalid(request, "reaches past the end of source", "sourceOffset");
	if (!inside(memory_of(self), offset, count))
		return object_raise_invalid(request, "reaches past the end", "offset");
	if (memory_of(source) == memory_of(self) && source_offset < offset + count &&
	    offset < source_offset + count)
		return object_raise_invalid(request, "the ranges overlap", "offset");
	return object_raise_status(
		request, copy(memory_of(self), offset, memory_of(source), source_offset, count), "offset");
}

static enum status commit(void *self, struct rpc_request *request,
			  struct memory_object_commit_params_reader params)
{
	uint64_t offset = memory_object_commit_params_reader_offset(params);
	uint64_t count = memory_object_commit_params_reader_count(params);
	enum status status = STATUS_OK;
	paddr_t frame;

	if (count > COMMIT_MAX)
		return object_raise_invalid(request, "at most 262144 bytes at a time", "count");
	if (!inside(memory_of(self), offset, count))
		return object_raise_invalid(request, "reaches past the end", "offset");
	for (uint64_t page = offset >> PAGE_SHIFT; page << PAGE_SHIFT < offset + count && status == STATUS_OK;
	     page++)
		status = memory_page(memory_of(self), page, &frame);
	return object_raise_status(request, status, "offset");
}

static const struct memory_object_server_ops memory_object_ops = {.size = size,
								  .read = read,
								  .write = write,
								  .execute = execute,
								  .copy_from = copy_from,
								  .commit = commit};

static void destroy(struct object *object)
{
	struct memory_object *memory_object = container_of(object, struct memory_object, object);

	memory_put(memory_object->memory);
	object_fini(object);
	slab_free(&memory_object_cache, memory_object);
}

OBJECT_TYPE(memory_object, MEMORY_OBJECT, destroy);

enum status memory_object_create(struct process *owner, struct memory *memory, struct object **out)
{
	struct memory_object *memory_object = slab_alloc(&memory_object_cache);
	enum status status = STATUS_NO_MEMORY;

	if (memory_object != NULL)
		status = object_init(&memory_object->object, &memory_object_type, owner);
	if (status != STATUS_OK) {
		if (memory_object != NULL)
			slab_free(&memory_object_cache, memory_object);
		memory_put(memory);
		return status;
	}
	memory_object->memory = memory;
	*out = &memory_object->object;
	return STATUS_OK;
}
