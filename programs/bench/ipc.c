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

/* ---- Several at a time; on a ring of 64 ---- */

enum { BATCH = 8 };

static inline void set_eight(struct bench_eight_params_builder p, uint64_t n)
{
	bench_eight_params_builder_set_a(p, 1);
	bench_eight_params_builder_set_b(p, 2);
	bench_eight_params_builder_set_c(p, 3);
	bench_eight_params_builder_set_d(p, 4);
	bench_eight_params_builder_set_e(p, 5);
	bench_eight_params_builder_set_f(p, 6);
	bench_eight_params_builder_set_g(p, 7);
	bench_eight_params_builder_set_h(p, n);
}

/* All have come: looks at each. */
static void end_all(const char *key, struct rpc_call *calls, uint32_t count, uint64_t n)
{
	for (uint32_t i = 0; i < count; i++) {
		enum status status = rpc_wait(&calls[i]);

		if (status != STATUS_OK ||
		    bench_eight_results_reader_h(bench_eight_results(&calls[i])) != n + 1)
			bench_fail(key, status);
	}
	while (count > 0)
		rpc_end(&calls[--count]);
}

static void call_batch(uint32_t operations, void *context)
{
	struct bench *b = context;
	struct rpc_call calls[BATCH];

	for (; operations >= BATCH; operations -= BATCH) {
		for (uint32_t i = 0; i < BATCH; i++) {
			set_eight(bench_eight_begin(&calls[i], b->transport, b->server), operations);
			(void)bench_eight_send(&calls[i]);
		}
		(void)ring_wait_for(b->ring, BATCH);
		end_all("ipc_64_batch8", calls, BATCH, operations);
	}
}

/* One that gives a capability, and seven on that before it is there. */
static void call_pipeline(uint32_t operations, void *context)
{
	struct bench *b = context;
	struct rpc_call calls[BATCH - 1], first;

	for (; operations >= BATCH; operations -= BATCH) {
		bench_kept_begin(&first, b->transport, b->server);
		rpc_keep(&first);
		(void)bench_kept_send(&first);
		for (uint32_t i = 0; i < BATCH - 1; i++) {
			set_eight(bench_eight_begin_on(&calls[i], b->transport,
						       bench_kept_results_pipeline_bench(&first)),
				  operations);
			(void)bench_eight_send(&calls[i]);
		}
		(void)ring_wait_for(b->ring, BATCH);
		end_all("ipc_pipeline_8", calls, BATCH - 1, operations);
		ring_release(b->ring, rpc_result_cap(&first, 0));
		rpc_end(&first);
	}
}

void bench_ipc_batches(struct bench *b)
{
	struct rpc_call call;
	struct bench_keep_params_builder p = bench_keep_begin(&call, b->transport, b->server);

	bench_keep_params_builder_set_bench(p, rpc_add_cap(&call, b->server));
	(void)!rpc_call(&call);
	rpc_end(&call);
	bench_run("ipc_64_batch8", 1000, call_batch, b);
	bench_run("ipc_pipeline_8", 1000, call_pipeline, b);
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
		rpc_again(&block->call);

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
			  .again = true,
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
