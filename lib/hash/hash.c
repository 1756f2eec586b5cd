// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The hash of capOS over libsodium's BLAKE2b core.  Only the core is used, not libsodium's own front, because that would
 * pull in its choice of vector implementations.
 */
#include <hash/hash.h>

#include "blake2.h"

static_assert(sizeof(blake2b_state) <= sizeof(struct hash_blake2b_state), "room for libsodium's state");

static blake2b_state *core(struct hash_blake2b_state *state)
{
	return (blake2b_state *)(void *)state->opaque;
}

void hash_blake2b_init(struct hash_blake2b_state *state)
{
	/* The core fails only for a digest size that this one is not. */
	(void)blake2b_init(core(state), HASH_BLAKE2B_SIZE);
}

void hash_blake2b_init_personal(struct hash_blake2b_state *state, const char *purpose)
{
	uint8_t personal[BLAKE2B_PERSONALBYTES] = {};

	for (unsigned i = 0; i < sizeof(personal) && purpose[i]; i++)
		personal[i] = (uint8_t)purpose[i];
	(void)blake2b_init_salt_personal(core(state), HASH_BLAKE2B_SIZE, nullptr, personal);
}

void hash_blake2b_update(struct hash_blake2b_state *state, const void *data, size_t len)
{
	if (len)
		(void)blake2b_update(core(state), data, len);
}

void hash_blake2b_final(struct hash_blake2b_state *state, uint8_t out[HASH_BLAKE2B_SIZE])
{
	(void)blake2b_final(core(state), out, HASH_BLAKE2B_SIZE);
}

void hash_blake2b(uint8_t out[HASH_BLAKE2B_SIZE], const void *data, size_t len)
{
	struct hash_blake2b_state state;

	hash_blake2b_init(&state);
	hash_blake2b_update(&state, data, len);
	hash_blake2b_final(&state, out);
}
