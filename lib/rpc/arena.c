// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The slow half of a transport's arena: reusing what ended calls left below the top.
 *
 * Blocks lie side by side from `start` to `next`. A header holds the block's size (bit 0: free) and, in its upper
 * half, where the block below starts. Calls that end in reverse order never come here; a window of calls that end in
 * order does once each time the top reaches the limit.
 */
#include <rpc/client.h>

static uint64_t header(const struct rpc_transport *t, uint32_t block)
{
	return msg_load64(t->arena + block);
}

static uint32_t size_of(uint64_t h)
{
	return (uint32_t)h & ~7u;
}

static void set_header(struct rpc_transport *t, uint32_t block, uint32_t size, uint32_t below, bool is_free)
{
	msg_store64(t->arena + block, (uint64_t)below << 32 | size | is_free);
}

static void set_below(struct rpc_transport *t, uint32_t block, uint32_t below)
{
	uint64_t h = header(t, block);

	set_header(t, block, size_of(h), below, (h & 1) != 0);
}

/* Lowers the top over blocks that are free. */
static void shrink(struct rpc_transport *t)
{
	while (t->next != t->start && (header(t, t->top) & 1) != 0) {
		t->next = t->top;
		t->top = (uint32_t)(header(t, t->top) >> 32);
	}
}

/* Joins the free blocks that follow a free one; gives their common size. */
static uint32_t merge(struct rpc_transport *t, uint32_t block)
{
	uint32_t size = size_of(header(t, block));
	uint32_t below = (uint32_t)(header(t, block) >> 32);

	while ((header(t, block + size) & 1) != 0)
		size += size_of(header(t, block + size));
	set_header(t, block, size, below, true);
	set_below(t, block + size, block);
	return size;
}

uint32_t rpc_arena_reuse(struct rpc_transport *t, uint32_t bytes)
{
	uint32_t size;

	shrink(t);
	if (bytes <= t->limit - t->next)
		return rpc_arena_alloc(t, bytes);
	for (uint32_t block = t->start; block < t->next; block += size) {
		uint64_t h = header(t, block);

		size = size_of(h);
		if ((h & 1) == 0)
			continue;
		size = merge(t, block);
		if (size < bytes)
			continue;
		if (size > bytes) { /* at least 8 more: a header fits */
			set_header(t, block + bytes, size - bytes, block, true);
			set_below(t, block + size, block + bytes);
		}
		set_header(t, block, bytes, (uint32_t)(h >> 32), false);
		return block;
	}
	return RPC_NO_BLOCK;
}
