// SPDX-License-Identifier: MIT OR Apache-2.0
/* Objects by key (pool/keys.h). */
#include <pool/keys.h>

void keys_init(struct keys *keys, struct pool *pool, uint32_t bytes, uint32_t max)
{
	uint32_t of_page = POOL_PAGE / bytes;

	__builtin_memset(keys, 0, sizeof(*keys));
	keys->pool = pool;
	keys->bytes = bytes;
	keys->of_page = of_page;
	keys->max = max < of_page * KEYS_PAGES ? max : of_page * KEYS_PAGES;
}

static struct keys_entry *entry_at(const struct keys *keys, uint32_t place)
{
	uint8_t *page = keys->pages[place / keys->of_page];

	return (struct keys_entry *)(void *)(page + (size_t)(place % keys->of_page) * keys->bytes);
}

static bool make_place(struct keys *keys)
{
	uint32_t place = keys->made;

	if (place == keys->max)
		return false;
	if (place % keys->of_page == 0 &&
	    !(keys->pages[place / keys->of_page] = pool_alloc(keys->pool, POOL_PAGE)))
		return false;
	*entry_at(keys, place) = (struct keys_entry){};
	keys->made++;
	keys->free = place + 1;
	return true;
}

void *keys_take(struct keys *keys, uint64_t *key)
{
	struct keys_entry *entry;
	uint32_t place;

	if (keys->free == 0 && !make_place(keys))
		return nullptr;
	place = keys->free - 1;
	entry = entry_at(keys, place);
	keys->free = entry->next;
	entry->serial++;
	entry->next = KEYS_USED;
	keys->count++;
	__builtin_memset(entry + 1, 0, keys->bytes - sizeof(*entry));
	*key = (uint64_t)entry->serial << 32 | place;
	return entry;
}

void *keys_find(const struct keys *keys, uint64_t key)
{
	uint32_t place = (uint32_t)key;
	struct keys_entry *entry;

	if (place >= keys->made)
		return nullptr;
	entry = entry_at(keys, place);
	return entry->next == KEYS_USED && entry->serial == key >> 32 ? entry : nullptr;
}

void keys_give(struct keys *keys, void *object, uint64_t key)
{
	struct keys_entry *entry = object;

	keys->count--;
	if (entry->serial == UINT32_MAX) {
		entry->next = 0; /* used up: on no list */
		return;
	}
	entry->next = keys->free;
	keys->free = (uint32_t)key + 1;
}
