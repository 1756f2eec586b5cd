// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls to programs/bench_server, each waiting for its answer. The small ones use the generated one-line stubs; for
 * 512 bytes and 4 KiB the message is built once and sent again, as by a program whose data is already in its arena.
 */
#include <schema/service/bench.capnp.h>

#include "bench.h"

static void call_nothing(uint32_t operations, void *context)
{
	const struct bench *b = context;

	while (operations--) {
		enum status status = bench_nothing(b->transport, b->server);

		if (status != STATUS_OK)
			bench_fail("ipc_0", status);
	}
}

static void call_eight(uint32_t operations, void *context)
{
	const struct bench *b = context;

	while (operations--) {
		uint64_t r[8];
		enum status status = bench_eight(b->transport, b->server, 1, 2, 3, 4, 5, 6, 7, operations,
						 &r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6], &r[7]);

		if (status != STATUS_OK || r[7] != operations + 1ull)
			bench_fail("ipc_64", status);
	}
}

static void call_eight_with(uint32_t operations, void *context)
{
	const struct bench *b = context;

	while (operations--) {
		uint64_t r[8];
		enum status status = bench_eight_with(b->transport, b->server, b->timer, 1, 2, 3, 4, 5, 6,
						      operations, &r[0], &r[1], &r[2], &r[3], &r[4], &r[5],
						      &r[6], &r[7]);

		if (status != STATUS_OK || r[6] != operations + 1ull)
			bench_fail("ipc_64_cap", status);
	}
}

void bench_ipc(struct bench *b)
{
	bench_run("ipc_0", 1000, call_nothing, b);
	bench_run("ipc_64", 1000, call_eight, b);
	bench_run("ipc_64_cap", 1000, call_eight_with, b);
}

/* ---- Larger messages ---- */

struct block {
	struct rpc_call call;
	struct msg_builder params; /* as built; the call's own is overlaid by its results */
	uint32_t bytes;            /* message, each way */
	const char *key;
};

static void call_block(uint32_t operations, void *context)
{
	struct block *block = context;

	while (operations--) {
		struct bench_block_results_reader results;

		block->call.params = block->params; /* the same message once more */
		block->call.done = false;

		enum status status = bench_block_call(&block->call, &results);

		if (status != STATUS_OK || bench_block_results_reader_bytes(results).len != block->bytes - 16)
			bench_fail(block->key, status);
	}
}

static void bench_block_size(struct bench *b, const char *key, uint32_t bytes, uint32_t operations)
{
	struct block block = {.bytes = bytes, .key = key};
	uint32_t data = bytes - 16; /* root pointer, pointer to the data */

	rpc_begin(&block.call, b->transport, rpc_target_cap(b->server_large),
		  (struct rpc_shape){
			  .interface_id = BENCH_INTERFACE_ID,
			  .method = BENCH_BLOCK,
			  .params_bytes = bytes,
			  .result_bytes = bytes,
		  });

	struct bench_block_params_builder p = bench_block_params_builder_root(&block.call.params);
	uint8_t *to = bench_block_params_builder_init_bytes(p, data);

	if (to)
		__builtin_memset(to, 0x5a, data);

	block.params = block.call.params;
	bench_run(key, operations, call_block, &block);
	rpc_end(&block.call);
}

void bench_ipc_large(struct bench *b)
{
	bench_block_size(b, "ipc_512", 512, 1000);
	bench_block_size(b, "ipc_4096", 4096, 500);
}
