// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * VirtualMemory: a process's address space as a capability. The object lies inside struct process.
 *
 * A memory is charged to the ledger of the process that created it, and mappings elsewhere may outlive that process's end:
 * so the memory itself keeps its owner (struct memory.owner).
 */
#include "object_types.h"

#include <cap/gate_mapping.h>
#include <mm/space.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

static struct process *process_of(void *self)
{
	return container_of((struct object *)self, struct process, space_object);
}

/* A process that has ended has no space any more; one that ends meanwhile keeps it until this entry is over. */
static bool has_space(struct process *process)
{
	return load_acquire(&process->state) <= PROCESS_RUNNING;
}

static enum status create_memory(void *self, struct rpc_request *request,
				 struct virtual_memory_create_memory_params_reader params,
				 struct virtual_memory_create_memory_results_builder results)
{
	struct process *process = process_of(self);
	uint64_t bytes = virtual_memory_create_memory_params_reader_bytes(params);
	struct memory *memory;
	struct object *object;
	int32_t index;

	if (bytes == 0 || bytes > MEMORY_MAX_PAGES * PAGE_SIZE)
		return object_raise_invalid(request, "1 byte to 512 GiB", "bytes");
	enum status status = memory_create(&process->ledger, (bytes + PAGE_MASK) >> PAGE_SHIFT, &memory);
	if (status == STATUS_OK)
		status = memory_object_create(process, memory, &object);
	if (status == STATUS_OK)
		status = kcall_return_object(request, object, &index);
	if (status == STATUS_OK)
		virtual_memory_create_memory_results_builder_set_memory(results, index);
	return status;
}

static bool protection_of(enum virtual_memory_protection protection, unsigned *prot, uint64_t *methods)
{
	switch (protection) {
	case VIRTUAL_MEMORY_PROTECTION_READ:
		*prot = PAGE_USER | PAGE_READ;
		*methods = 1ull << MEMORY_OBJECT_READ;
		return true;
	case VIRTUAL_MEMORY_PROTECTION_READ_WRITE:
		*prot = PAGE_USER | PAGE_READ | PAGE_WRITE;
		*methods = 1ull << MEMORY_OBJECT_READ | 1ull << MEMORY_OBJECT_WRITE;
		return true;
	case VIRTUAL_MEMORY_PROTECTION_READ_EXECUTE:
		*prot = PAGE_USER | PAGE_READ | PAGE_EXEC;
		*methods = 1ull << MEMORY_OBJECT_READ | 1ull << MEMORY_OBJECT_EXECUTE;
		return true;
	case VIRTUAL_MEMORY_PROTECTION_NONE:
		*prot = PAGE_USER;
		*methods = 0;
		return true;
	}
	return false;
}

static enum status raise_map(struct rpc_request *request, enum status status)
{
	if (status == STATUS_EXISTS)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "something is mapped there", "address");
	return object_raise_status(request, status, "address");
}

struct wanted { /* what map and mapAs ask for */
	int32_t memory;
	uint64_t offset, length, address;
	enum virtual_memory_protection protection;
	enum virtual_memory_sharing sharing;
};

/* A mapping made through a gate goes with it: it is lent, and never the space's own. */
static enum status map_gated(struct process *process, const struct wanted *w, struct memory *memory,
			     uint64_t first, unsigned prot, struct gate *gate, vaddr_t *out)
{
	struct gate_mapping *record = NULL;
	enum mapping_kind kind = gate != NULL                                  ? MAPPING_LENT
				 : w->sharing == VIRTUAL_MEMORY_SHARING_SHARED ? MAPPING_SHARED
									       : MAPPING_OWN;

	enum status status = STATUS_OK;
	if (gate != NULL)
		status = gate_mapping_prepare(process, gate, memory->source != NULL ? memory->source : memory,
					      w->length / PAGE_SIZE, &record);
	if (status != STATUS_OK)
		return status;
	status = space_map_as(&process->space, memory, first, w->length / PAGE_SIZE, VADDR(w->address), prot,
			      kind, out);
	if (record != NULL && status == STATUS_OK)
		gate_mapping_link(record, out->raw);
	else if (record != NULL)
		gate_mapping_free(record);
	return status;
}

static enum status map_memory(struct process *process, const struct wanted *w, struct memory *memory,
			      unsigned prot, struct gate *gate, vaddr_t *out)
{
	uint64_t first = w->offset / PAGE_SIZE;
	struct memory *copies;

	if (w->sharing != VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE)
		return map_gated(process, w, memory, first, prot, gate, out);
	enum status status = memory_create_copying(&process->ledger, memory, first, w->length / PAGE_SIZE,
						   &copies);
	if (status != STATUS_OK)
		return status;
	status = map_gated(process, w, copies, 0, prot, gate, out);
	memory_put(copies);
	return status;
}

static enum status map_wanted(struct process *process, struct rpc_request *request, const struct wanted *w,
			      vaddr_t *mapped)
{
	uint64_t methods;
	unsigned prot;

	if (!protection_of(w->protection, &prot, &methods) || w->protection == VIRTUAL_MEMORY_PROTECTION_NONE)
		return object_raise_invalid(request, "no such protection", "protection");
	if (w->sharing > VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE)
		return object_raise_invalid(request, "no such sharing", "sharing");
	if (w->sharing == VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE)
		methods &= ~(1ull << MEMORY_OBJECT_WRITE); /* never written itself */
	struct object *object = kcall_object(request, w->memory, &memory_object_type, 0);
	if (object == NULL)
		return object_raise_invalid(request, "not a MemoryObject", "memory");
	if (kcall_object(request, w->memory, &memory_object_type, methods) == NULL)
		return object_raise_invalid(request, "the capability lacks the method for it", "protection");
	struct memory *memory = container_of(object, struct memory_object, object)->memory;
	if (((w->offset | w->length | w->address) & PAGE_MASK) != 0 || w->length == 0)
		return object_raise_invalid(request, "not a multiple of 4096", "offset, length or address");
	if (w->offset / PAGE_SIZE > memory->pages ||
	    w->length / PAGE_SIZE > memory->pages - w->offset / PAGE_SIZE)
		return object_raise_invalid(request, "reaches past the end of the memory", "length");
	if (!has_space(process))
		return STATUS_DISCONNECTED;
	enum status status = map_memory(process, w, memory, prot, kcall_gate(request, w->memory), mapped);
	return status == STATUS_OK ? STATUS_OK : raise_map(request, status);
}

static enum status map(void *self, struct rpc_request *request,
		       struct virtual_memory_map_params_reader params,
		       struct virtual_memory_map_results_builder results)
{
	struct wanted wanted = {.memory = virtual_memory_map_params_reader_memory(params),
				.offset = virtual_memory_map_params_reader_offset(params),
				.length = virtual_memory_map_params_reader_length(params),
				.address = virtual_memory_map_params_reader_address(params),
				.protection = virtual_memory_map_params_reader_protection(params)};
	vaddr_t mapped;
	enum status status = map_wanted(process_of(self), request, &wanted, &mapped);

	if (status == STATUS_OK)
		virtual_memory_map_results_builder_set_address(results, mapped.raw);
	return status;
}

static enum status map_as(void *self, struct rpc_request *request,
			  struct virtual_memory_map_as_params_reader params,
			  struct virtual_memory_map_as_results_builder results)
{
	struct wanted wanted = {.memory = virtual_memory_map_as_params_reader_memory(params),
				.offset = virtual_memory_map_as_params_reader_offset(params),
				.length = virtual_memory_map_as_params_reader_length(params),
				.address = virtual_memory_map_as_params_reader_address(params),
				.protection = virtual_memory_map_as_params_reader_protection(params),
				.sharing = virtual_memory_map_as_params_reader_sharing(params)};
	vaddr_t mapped;
	enum status status = map_wanted(process_of(self), request, &wanted, &mapped);

	if (status == STATUS_OK)
		virtual_memory_map_as_results_builder_set_address(results, mapped.raw);
	return status;
}

static bool range_ok(uint64_t address, uint64_t length)
{
	return ((address | length) & PAGE_MASK) == 0 && length != 0 && address < arch_user_end &&
	       length <= arch_user_end - address;
}

/* What was not done to a range; `denied` says why its pages are not to be had like that. */
static enum status raise_range(struct rpc_request *request, enum status status, const char *denied,
			       const char *field)
{
	if (status == STATUS_NOT_FOUND)
		return object_raise_invalid(request, "not all of that range is mapped", "address");
	if (status == STATUS_DENIED)
		return object_raise_invalid(request, denied, field);
	return object_raise_status(request, status, field);
}

static enum status unmap(void *self, struct rpc_request *request,
			 struct virtual_memory_unmap_params_reader params)
{
	struct process *process = process_of(self);
	uint64_t address = virtual_memory_unmap_params_reader_address(params);
	uint64_t length = virtual_memory_unmap_params_reader_length(params);

	if (!range_ok(address, length))
		return object_raise_invalid(request, "not whole pages of the user half", "address");
	if (!has_space(process))
		return STATUS_DISCONNECTED;
	enum status status = space_unmap(&process->space, VADDR(address), length / PAGE_SIZE);
	if (unlikely(!list_is_empty(&process->gate_mappings)) && status == STATUS_OK)
		gate_mappings_unmapped(process, address, address + length);
	if (likely(status == STATUS_OK))
		return STATUS_OK;
	return raise_range(request, status, "a thread's ring is there", "address");
}

static enum status protect(void *self, struct rpc_request *request,
			   struct virtual_memory_protect_params_reader params)
{
	struct process *process = process_of(self);
	uint64_t address = virtual_memory_protect_params_reader_address(params);
	uint64_t length = virtual_memory_protect_params_reader_length(params);
	uint64_t methods;
	unsigned prot;

	if (!protection_of(virtual_memory_protect_params_reader_protection(params), &prot, &methods))
		return object_raise_invalid(request, "no such protection", "protection");
	if (!range_ok(address, length))
		return object_raise_invalid(request, "not whole pages of the user half", "address");
	if (!has_space(process))
		return STATUS_DISCONNECTED;
	return raise_range(request, space_protect(&process->space, VADDR(address), length / PAGE_SIZE, prot),
			   "more than it was mapped with, or a thread's ring is there", "protection");
}

static enum status allocate_pages(struct process *process, uint64_t pages, vaddr_t at, vaddr_t *mapped)
{
	struct memory *memory;
	enum status status = memory_create(&process->ledger, pages, &memory);

	if (status != STATUS_OK)
		return status;
	status = space_map_as(&process->space, memory, 0, pages, at, PAGE_USER | PAGE_READ | PAGE_WRITE,
			      MAPPING_OWN, mapped);
	memory_put(memory);
	return status;
}

static enum status allocate(void *self, struct rpc_request *request,
			    struct virtual_memory_allocate_params_reader params,
			    struct virtual_memory_allocate_results_builder results)
{
	struct process *process = process_of(self);
	uint64_t address = virtual_memory_allocate_params_reader_address(params);
	uint64_t length = virtual_memory_allocate_params_reader_length(params);
	vaddr_t mapped;

	if (!range_ok(address, length))
		return object_raise_invalid(request, "not whole pages of the user half", "length");
	if (!has_space(process))
		return STATUS_DISCONNECTED;
	/* A single page will be touched, and the fault would cost more than the page does. */
	enum status status = length == PAGE_SIZE
				     ? space_map_page(&process->space, VADDR(address), &mapped)
				     : allocate_pages(process, length / PAGE_SIZE, VADDR(address), &mapped);
	if (status != STATUS_OK)
		return raise_map(request, status);
	virtual_memory_allocate_results_builder_set_address(results, mapped.raw);
	return STATUS_OK;
}

static enum status commit(void *self, struct rpc_request *request,
			  struct virtual_memory_commit_params_reader params)
{
	struct process *process = process_of(self);
	uint64_t address = virtual_memory_commit_params_reader_address(params);
	uint64_t length = virtual_memory_commit_params_reader_length(params);

	if (!range_ok(address, length))
		return object_raise_invalid(request, "not whole pages of the user half", "address");
	if (length > COMMIT_MAX)
		return object_raise_invalid(request, "at most 262144 bytes at a time", "length");
	if (!has_space(process))
		return STATUS_DISCONNECTED;
	return raise_range(request, space_commit(&process->space, VADDR(address), length / PAGE_SIZE),
			   "a page of it is protected with none", "address");
}

static const struct virtual_memory_server_ops virtual_memory_ops = {.create_memory = create_memory,
								    .map = map,
								    .unmap = unmap,
								    .protect = protect,
								    .allocate = allocate,
								    .map_as = map_as,
								    .commit = commit};

static void destroy(struct object *object)
{
	process_put(process_of(object));
}

OBJECT_TYPE(virtual_memory, VIRTUAL_MEMORY, destroy);
