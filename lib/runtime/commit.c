// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ranges, in the pieces that one call may take (runtime/commit.h). */
#include <runtime/commit.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define PAGE 4096ull
#define PIECE 262144ull

enum status commit_range(struct rpc_transport *transport, cap_id space, uint64_t address, uint64_t bytes)
{
	uint64_t from = address & ~(PAGE - 1), end = (address + bytes + PAGE - 1) & ~(PAGE - 1);
	enum status status = STATUS_OK;

	for (; from < end && status == STATUS_OK; from += PIECE)
		status = virtual_memory_commit(transport, space, from,
					       end - from < PIECE ? end - from : PIECE);
	return status;
}
