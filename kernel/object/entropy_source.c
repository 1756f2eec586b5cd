// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * EntropySource: a hash generator over BLAKE2b. Each request takes output blocks H(state, counter) and then replaces the
 * state by H(state, "next", fresh input), so that an output tells nothing about earlier ones.
 */
#include "object_types.h"

#include <arch/cpu.h>
#include <arch/platform.h>
#include <core/lock.h>
#include <hash/hash.h>
#include <object/object.h>
#include <schema/kernel/entropy_source.capnp.h>

#define FILL_MAX 256u

static struct spinlock pool_lock = SPINLOCK_INIT(LOCK_RANK_LOG);
static struct pool {
	uint8_t state[HASH_BLAKE2B_SIZE];
	uint64_t counter;
	uint64_t input[4]; /* processor's generator, ticks */
} pool;                    /* under pool_lock */

static void stir(uint64_t domain)
{
	uint64_t fresh[3] = {0};

	(void)arch_entropy(fresh, sizeof(fresh));
	pool.input[0] ^= fresh[0];
	pool.input[1] ^= fresh[1];
	pool.input[2] ^= fresh[2];
	pool.input[3] = arch_ticks() ^ domain;
	pool.counter++;
	uint8_t next[HASH_BLAKE2B_SIZE];
	hash_blake2b(next, &pool, sizeof(pool));
	__builtin_memcpy(pool.state, next, sizeof(next));
}

void entropy_init(void)
{
	stir(1);
}

void entropy_fill(void *out, size_t len)
{
	uint8_t *to = out;
	uint8_t block[HASH_BLAKE2B_SIZE];

	spin_lock(&pool_lock);
	while (len > 0) {
		size_t part = len < sizeof(block) ? len : sizeof(block);
		pool.counter++;
		hash_blake2b(block, &pool, sizeof(pool));
		__builtin_memcpy(to, block, part);
		to += part;
		len -= part;
	}
	stir(2);
	spin_unlock(&pool_lock);
}

static enum status fill(void *self, struct rpc_request *request,
			struct entropy_source_fill_params_reader params,
			struct entropy_source_fill_results_builder results)
{
	uint32_t count = entropy_source_fill_params_reader_count(params);

	(void)self;
	if (count == 0 || count > FILL_MAX)
		return object_raise_invalid(request, "1 to 256 bytes at a time", "count");
	uint8_t *bytes = entropy_source_fill_results_builder_init_bytes(results, count);
	if (bytes == NULL)
		return STATUS_TOO_LARGE;
	entropy_fill(bytes, count);
	return STATUS_OK;
}

static const struct entropy_source_server_ops entropy_source_ops = {.fill = fill};

OBJECT_TYPE(entropy_source, ENTROPY_SOURCE, object_destroy_never);

struct object entropy_source_object = {.type = &entropy_source_type, .refs = 1};
