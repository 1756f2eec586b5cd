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

static bool make_place(struct keys *keys)
{
	uint32_t place = keys->made;

	if (place == keys->max)
		return false;
	if (place % keys->of_page == 0 &&
	    !(keys->pages[place / keys->of_page] = pool_alloc(keys->pool, POOL_PAGE)))
		return false;
	__builtin_memset(keys_entry_at(keys, place), 0, keys->bytes);
	keys->made++;
	keys->free = place + 1;
	return true;
}

void *keys_take_new(struct keys *keys, uint64_t *key)
{
	return make_place(keys) ? keys_take(keys, key) : nullptr;
}

void keys_give(struct keys *keys, void *object, uint64_t key)
{
	struct keys_entry *entry = object;

	if (entry->serial == UINT32_MAX) {
		entry->next = 0; /* used up: on no list */
		return;
	}
	entry->next = keys->free;
	keys->free = (uint32_t)key + 1;
}
