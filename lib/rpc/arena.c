// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The slow half of a transport's arena: reusing what ended calls left below the top.
 *
 * Blocks lie side by side from RPC_QUICK_BYTES to `next`, each with its size (bit 0: free) in front. Calls that end in reverse
 * order never come here; a window of calls that end in order does once each time the top reaches the limit.
 */
#include <rpc/client.h>

static uint64_t header(const struct rpc_transport *t, uint32_t block)
{
	return msg_load64(t->arena + block);
}

/* The size of a free block and of the free ones that follow it. */
static uint32_t free_size(const struct rpc_transport *t, uint32_t block)
{
	uint32_t size = (uint32_t)header(t, block) & ~7u;

	while (block + size < t->next && (header(t, block + size) & 1) != 0)
		size += (uint32_t)header(t, block + size) & ~7u;
	return size;
}

RPC_ASIDE uint32_t rpc_arena_reuse(struct rpc_transport *t, uint32_t bytes)
{
	uint32_t size, found = RPC_NO_BLOCK;

	for (uint32_t block = RPC_QUICK_BYTES; block < t->next; block += size) {
		size = (uint32_t)header(t, block) & ~7u;
		if ((header(t, block) & 1) == 0)
			continue;
		size = free_size(t, block);
		msg_store64(t->arena + block, size | 1);
		if (block + size == t->next)
			t->next = block; /* the end of the loop */
		else if (size >= bytes && found == RPC_NO_BLOCK)
			found = block;
	}
	if (bytes <= t->limit - t->next)
		return rpc_arena_alloc(t, bytes);
	if (found == RPC_NO_BLOCK)
		return RPC_NO_BLOCK;
	size = (uint32_t)header(t, found) & ~7u;
	if (size > bytes) /* at least 8 more: a header fits */
		msg_store64(t->arena + found + bytes, (size - bytes) | 1);
	msg_store64(t->arena + found, bytes);
	return found;
}
