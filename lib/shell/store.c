// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory of variables: blocks of one buffer, first fit, neighbours joined when they are free. A block begins with a word:
 * its size in bytes, bit 0 = used.
 */
#include "internal.h"

#define HEADER 8u

static uint64_t *block_at(struct shell *shell, uint32_t at)
{
	return (uint64_t *)(void *)(shell->store + at);
}

void store_init(struct shell *shell)
{
	*block_at(shell, 0) = SHELL_STORE_BYTES;
}

static void *allocate(struct shell *shell, uint32_t bytes)
{
	uint32_t wanted = ((bytes + 7) & ~7u) + HEADER;

	if (bytes > SHELL_STORE_BYTES)
		return nullptr;
	for (uint32_t at = 0; at < SHELL_STORE_BYTES; at += (uint32_t)(*block_at(shell, at) & ~1ull)) {
		uint64_t *block = block_at(shell, at);

		if (*block & 1)
			continue;
		while (at + *block < SHELL_STORE_BYTES && !(*block_at(shell, at + (uint32_t)*block) & 1))
			*block += *block_at(shell, at + (uint32_t)*block);
		if (*block < wanted)
			continue;
		if (*block > wanted)
			*block_at(shell, at + wanted) = *block - wanted;
		*block = wanted | 1;
		return shell->store + at + HEADER;
	}
	return nullptr;
}

struct shell_value *store_copy(struct shell *shell, const struct shell_value *value)
{
	uint32_t size = shell_value_size(value);
	struct shell_arena arena = {allocate(shell, size), size + 7 & ~7u, 0};

	if (!arena.base)
		return nullptr;

	struct shell_value *copy = shell_value_copy(&arena, value);
	if (!copy)
		*(uint64_t *)(void *)(arena.base - HEADER) &= ~1ull;
	return copy;
}

void store_free(struct shell *shell, const struct shell_value *value)
{
	/* The root is the first thing in its block. */
	if (value)
		*block_at(shell, (uint32_t)((const uint8_t *)value - shell->store) - HEADER) &= ~1ull;
}
