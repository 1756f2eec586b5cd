// SPDX-License-Identifier: MIT OR Apache-2.0
/* Shared buffers (shared_buffer/shared_buffer.h). */
#include <queue/order.h>
#include <rpc/rpc.h>
#include <runtime/commit.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>

#define PAGE 4096ull
#define COMMIT 262144ull /* what one call may take */

/* CapabilityManager.Entry.flags */
#define SERVED_BY_KERNEL 1u
#define TEMPLATE 2u
#define REVOCABLE 4u

bool shared_buffer_header_ok(const struct shared_buffer_header *header, uint64_t memory_bytes)
{
	return memory_bytes >= SHARED_BUFFER_DATA && header->magic == SHARED_BUFFER_MAGIC &&
	       header->version == SHARED_BUFFER_VERSION && header->zero == 0 && header->slot_bytes != 0 &&
	       header->slot_bytes % 8 == 0 && header->slots != 0 &&
	       (uint64_t)header->slots * header->slot_bytes <=
		       memory_bytes - SHARED_BUFFER_DATA; /* 32 by 32 bits: no overflow */
}

enum status shared_memory_commit(struct rpc_transport *transport, cap_id memory, uint64_t bytes)
{
	enum status status = STATUS_OK;

	for (uint64_t at = 0; at < bytes && status == STATUS_OK; at += COMMIT)
		status = memory_object_commit(transport, memory, at,
					      bytes - at < COMMIT ? bytes - at : COMMIT);
	return status;
}

enum status shared_memory_make(struct rpc_transport *transport, cap_id space, uint64_t bytes, cap_id *memory)
{
	enum status status = virtual_memory_create_memory(transport, space, bytes, memory);

	if (status != STATUS_OK)
		return status;
	status = shared_memory_commit(transport, *memory, bytes);
	if (status != STATUS_OK) {
		ring_release(ring_of(transport), *memory);
		*memory = CAP_ID_NULL;
	}
	return status;
}

static enum status map(struct shared_buffer *b, cap_id memory)
{
	return virtual_memory_map(b->transport, b->space, memory, 0, b->bytes, 0,
				  b->access == SHARED_BUFFER_WRITE ? VIRTUAL_MEMORY_PROTECTION_READ_WRITE
								   : VIRTUAL_MEMORY_PROTECTION_READ,
				  &b->address);
}

static void use(struct shared_buffer *b, const struct shared_buffer_header *header)
{
	b->data = (uint8_t *)(uintptr_t)b->address + SHARED_BUFFER_DATA;
	b->slot_bytes = header->slot_bytes;
	b->slots = header->slots;
}

enum status shared_buffer_make(struct shared_buffer *b, struct rpc_transport *transport, cap_id space,
			       uint32_t slot_bytes, uint32_t slots, cap_id *memory)
{
	const struct shared_buffer_header header = {
		.magic = SHARED_BUFFER_MAGIC,
		.version = SHARED_BUFFER_VERSION,
		.slot_bytes = slot_bytes,
		.slots = slots,
	};
	uint64_t data = (uint64_t)slot_bytes * slots;

	*b = (struct shared_buffer){.transport = transport, .space = space, .access = SHARED_BUFFER_WRITE};
	*memory = CAP_ID_NULL;
	b->bytes = SHARED_BUFFER_DATA + ((data + PAGE - 1) & ~(PAGE - 1));
	if (!shared_buffer_header_ok(&header, b->bytes))
		return STATUS_INVALID;
	enum status status = shared_memory_make(transport, space, b->bytes, memory);

	if (status != STATUS_OK)
		return status;
	status = map(b, *memory);
	if (status != STATUS_OK) {
		ring_release(ring_of(transport), *memory);
		*memory = CAP_ID_NULL;
		return status;
	}
	queue_copy((void *)(uintptr_t)b->address, &header, sizeof(header));
	use(b, &header);
	return STATUS_OK;
}

enum status shared_buffer_share(struct rpc_transport *transport, cap_id manager, cap_id memory,
				enum shared_buffer_access access, cap_id *share)
{
	uint64_t methods = 1ull << MEMORY_OBJECT_SIZE | 1ull << MEMORY_OBJECT_READ;

	if (access == SHARED_BUFFER_WRITE)
		methods |= 1ull << MEMORY_OBJECT_WRITE;
	return capability_manager_attenuate(transport, manager, memory, MEMORY_OBJECT_INTERFACE_ID, methods,
					    share);
}

/* The mapping is there; the header is read once, and looked at afterwards. */
static enum status open_mapped(struct shared_buffer *b)
{
	struct shared_buffer_header header;

	queue_copy(&header, (const void *)(uintptr_t)b->address, sizeof(header));
	if (!shared_buffer_header_ok(&header, b->bytes))
		return STATUS_BAD_MESSAGE;
	use(b, &header);
	return STATUS_OK;
}

/* `resident`: all that touching it could take is taken first. */
static enum status attach(struct shared_buffer *b, cap_id memory, bool resident)
{
	enum status status = map(b, memory);

	if (status != STATUS_OK)
		return status;
	if (resident)
		status = commit_range(b->transport, b->space, b->address, b->bytes);
	if (status == STATUS_OK)
		status = open_mapped(b);
	if (status != STATUS_OK)
		(void)!virtual_memory_unmap(b->transport, b->space, b->address, b->bytes);
	return status;
}

enum status shared_buffer_attach(struct shared_buffer *b, struct rpc_transport *transport, cap_id space,
				 cap_id memory, enum shared_buffer_access access)
{
	*b = (struct shared_buffer){.transport = transport, .space = space, .access = access};
	enum status status = memory_object_size(transport, memory, &b->bytes);

	return status == STATUS_OK ? attach(b, memory, false) : status;
}

enum status shared_memory_check(struct rpc_transport *transport, cap_id manager, cap_id memory, bool lasting)
{
	struct capability_manager_describe_results_reader results;
	struct rpc_call call;
	enum status status;

	capability_manager_describe_params_builder_set_capability(
		capability_manager_describe_begin(&call, transport, manager), rpc_add_cap(&call, memory));
	status = capability_manager_describe_call(&call, &results);
	if (status == STATUS_OK) {
		struct capability_manager_entry_reader entry =
			capability_manager_describe_results_reader_entry(results);
		uint32_t flags = capability_manager_entry_reader_flags(entry);

		if ((flags & (SERVED_BY_KERNEL | TEMPLATE)) != SERVED_BY_KERNEL ||
		    capability_manager_entry_reader_interface_id(entry) != MEMORY_OBJECT_INTERFACE_ID ||
		    (lasting && (flags & REVOCABLE)))
			status = STATUS_INVALID;
	}
	rpc_end(&call);
	return status;
}

enum status shared_buffer_take(struct shared_buffer *b, struct rpc_transport *transport, cap_id space,
			       cap_id manager, cap_id memory, enum shared_buffer_access access,
			       uint64_t max_bytes)
{
	enum status status = shared_memory_check(transport, manager, memory, true);

	*b = (struct shared_buffer){.transport = transport, .space = space, .access = access};
	if (status == STATUS_OK)
		status = memory_object_size(transport, memory, &b->bytes);
	if (status == STATUS_OK && b->bytes > max_bytes + SHARED_BUFFER_DATA)
		status = STATUS_TOO_LARGE;
	return status == STATUS_OK ? attach(b, memory, true) : status;
}

void shared_buffer_detach(struct shared_buffer *b)
{
	if (b->data)
		(void)!virtual_memory_unmap(b->transport, b->space, b->address, b->bytes);
	b->data = nullptr;
	b->slots = b->slot_bytes = 0;
}

uint8_t *shared_buffer_range(const struct shared_buffer *b, uint64_t offset, uint64_t length)
{
	uint64_t size = (uint64_t)b->slots * b->slot_bytes;

	if (offset > size || length > size - offset)
		return nullptr;
	return b->data + offset;
}

uint8_t *shared_buffer_slot(const struct shared_buffer *b, uint32_t slot, uint32_t offset, uint32_t length)
{
	if (slot >= b->slots || offset > b->slot_bytes || length > b->slot_bytes - offset)
		return nullptr;
	return b->data + (uint64_t)slot * b->slot_bytes + offset;
}

bool shared_buffer_copy_out(const struct shared_buffer *b, uint64_t offset, void *to, uint64_t length)
{
	const uint8_t *from = shared_buffer_range(b, offset, length);

	if (from)
		queue_copy(to, from, length);
	return from != nullptr;
}

bool shared_buffer_copy_in(const struct shared_buffer *b, uint64_t offset, const void *from, uint64_t length)
{
	uint8_t *to = b->access == SHARED_BUFFER_WRITE ? shared_buffer_range(b, offset, length) : nullptr;

	if (to)
		queue_copy(to, from, length);
	return to != nullptr;
}
