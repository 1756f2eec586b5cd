// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Hashing of content: BLAKE2b with a 32-byte digest and no key (RFC 7693), the hash by which capOS names programs and
 * images.  Compiled for the kernel, user space and the host from the same source (ports/libsodium); it uses no vector
 * registers and allocates nothing.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { HASH_BLAKE2B_SIZE = 32 };

/* The state of a hash in progress.  Opaque; may be copied (to hash two continuations of one beginning). */
struct hash_blake2b_state {
	alignas(64) uint8_t opaque[384];
};

/* The digest of `len` bytes at `data` (which may be null when len is 0). */
void hash_blake2b(uint8_t out[HASH_BLAKE2B_SIZE], const void *data, size_t len);

/* The same in pieces: init, any number of updates, final.  After final the state is wiped; init starts a new hash. */
void hash_blake2b_init(struct hash_blake2b_state *state);
/* The same for one purpose, named by at most 16 bytes: the digests have nothing to do with those of others. */
void hash_blake2b_init_personal(struct hash_blake2b_state *state, const char *purpose);
void hash_blake2b_update(struct hash_blake2b_state *state, const void *data, size_t len);
void hash_blake2b_final(struct hash_blake2b_state *state, uint8_t out[HASH_BLAKE2B_SIZE]);
