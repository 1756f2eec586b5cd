// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Objects of one size, found by 64-bit keys that are never used twice: what a service keeps for each facet that it minted.
 *
 * A key is a serial number (upper half, from 1) and a place (lower half). A place is given out again with the next serial;
 * after the last one it is not. Keys below 2^32 are never given out: they are the service's own (those that an image names).
 */
#pragma once

#include <pool/pool.h>

#define KEYS_PAGES 2048u

/* At the beginning of each object. */
struct keys_entry {
	uint32_t serial;
	uint32_t next; /* free: the next free place + 1; used: KEYS_USED */
};
#define KEYS_USED UINT32_MAX

struct keys {
	struct pool *pool;
	uint32_t bytes, of_page;
	uint32_t free; /* place + 1; 0: none */
	uint32_t made; /* places */
	uint32_t max;
	void *pages[KEYS_PAGES];
};

/* bytes: of an object, struct keys_entry included, at most POOL_PAGE. At most max objects (and KEYS_PAGES pages). */
void keys_init(struct keys *keys, struct pool *pool, uint32_t bytes, uint32_t max);
/* As keys_take when no place is free: one more. Null: no more. */
void *keys_take_new(struct keys *keys, uint64_t *key);
void keys_give(struct keys *keys, void *object, uint64_t key);

static inline struct keys_entry *keys_entry_at(const struct keys *keys, uint32_t place)
{
	uint8_t *page = (uint8_t *)keys->pages[place / keys->of_page];

	return (struct keys_entry *)(void *)(page + (size_t)(place % keys->of_page) * keys->bytes);
}

/* A new object; what lies behind its entry is what the last one left there, and zeroes before that. Null: no more. */
[[nodiscard]] static inline void *keys_take(struct keys *keys, uint64_t *key)
{
	uint32_t place = keys->free - 1;
	struct keys_entry *entry;

	if (keys->free == 0)
		return keys_take_new(keys, key);
	entry = keys_entry_at(keys, place);
	keys->free = entry->next;
	entry->serial++;
	entry->next = KEYS_USED;
	*key = (uint64_t)entry->serial << 32 | place;
	return entry;
}

/* Null: no such key. */
static inline void *keys_find(const struct keys *keys, uint64_t key)
{
	uint32_t place = (uint32_t)key;
	struct keys_entry *entry;

	if (place >= keys->made)
		return nullptr;
	entry = keys_entry_at(keys, place);
	return entry->next == KEYS_USED && entry->serial == key >> 32 ? entry : nullptr;
}
