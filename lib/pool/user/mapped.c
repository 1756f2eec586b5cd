// SPDX-License-Identifier: MIT OR Apache-2.0
/* Chunks for pools (pool/mapped.h). */
#include <pool/mapped.h>
#include <runtime/commit.h>
#include <runtime/ring.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define CHUNK (256u << 10)

enum status pool_map_memory(struct rpc_transport *transport, cap_id space, uint64_t bytes, cap_id *memory,
			    uint64_t *address)
{
	enum status status = virtual_memory_create_memory(transport, space, bytes, memory);

	if (status != STATUS_OK)
		return status;
	status = virtual_memory_map(transport, space, *memory, 0, bytes, 0,
				    VIRTUAL_MEMORY_PROTECTION_READ_WRITE, address);
	if (status == STATUS_OK) {
		status = commit_range(transport, space, *address, bytes);
		if (status != STATUS_OK)
			(void)!virtual_memory_unmap(transport, space, *address, bytes);
	}
	if (status != STATUS_OK) {
		ring_release(ring_of(transport), *memory);
		*memory = CAP_ID_NULL;
	}
	return status;
}

static void *chunk(void *context, size_t *bytes)
{
	struct pool_mapped *mapped = context;
	uint64_t address;
	cap_id memory;

	if (mapped->pool.pages * POOL_PAGE + CHUNK > mapped->max_bytes ||
	    pool_map_memory(mapped->transport, mapped->space, CHUNK, &memory, &address) != STATUS_OK)
		return nullptr;
	ring_release(ring_of(mapped->transport), memory); /* the mapping keeps it */
	*bytes = CHUNK;
	return (void *)(uintptr_t)address;
}

void pool_mapped_init(struct pool_mapped *mapped, struct rpc_transport *transport, cap_id space,
		      uint64_t max_bytes)
{
	mapped->transport = transport;
	mapped->space = space;
	mapped->max_bytes = max_bytes;
	pool_init(&mapped->pool, chunk, mapped);
}
