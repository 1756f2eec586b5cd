// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The message work of a 64-byte call by itself, as both sides do it in ipc_64: encoding the parameters, decoding
 * them, and the generated dispatcher with an empty method behind it.
 */
#include <schema/service/bench.capnp.h>

#include "bench.h"

static uint64_t words[16];
static uint64_t result_words[64];
static volatile uint64_t sink;

static void encode(uint32_t operations, void *)
{
	while (operations--) {
		struct msg_builder m;

		msg_builder_init(&m, words, sizeof(words));

		struct bench_eight_params_builder p = bench_eight_params_builder_root(&m);

		bench_eight_params_builder_set_a(p, operations);
		bench_eight_params_builder_set_b(p, operations);
		bench_eight_params_builder_set_c(p, operations);
		bench_eight_params_builder_set_d(p, operations);
		bench_eight_params_builder_set_e(p, operations);
		bench_eight_params_builder_set_f(p, operations);
		bench_eight_params_builder_set_g(p, operations);
		bench_eight_params_builder_set_h(p, operations);
		if (!msg_builder_ok(&m))
			bench_fail("encode_64", STATUS_TOO_LARGE);
		sink = msg_builder_size(&m);
		__asm__ volatile("" ::: "memory"); /* somebody reads the message */
	}
}

static void decode(uint32_t operations, void *)
{
	while (operations--) {
		struct msg_reader m;

		msg_reader_init(&m, words, 72);

		struct bench_eight_params_reader p = bench_eight_params_reader_root(&m);

		sink = bench_eight_params_reader_a(p) + bench_eight_params_reader_b(p) +
		       bench_eight_params_reader_c(p) + bench_eight_params_reader_d(p) +
		       bench_eight_params_reader_e(p) + bench_eight_params_reader_f(p) +
		       bench_eight_params_reader_g(p) + bench_eight_params_reader_h(p);
		if (!msg_reader_ok(&m))
			bench_fail("decode_64", STATUS_BAD_MESSAGE);
	}
}

static enum status do_nothing(void *, struct rpc_request *)
{
	return STATUS_OK;
}

static enum status do_eight(void *, struct rpc_request *, struct bench_eight_params_reader params,
			    struct bench_eight_results_builder results)
{
	bench_eight_results_builder_set_a(results, bench_eight_params_reader_a(params));
	return STATUS_OK;
}

static const struct bench_server_ops ops = {.nothing = do_nothing, .eight = do_eight};
BENCH_BIND(bench, ops);
static rpc_method_fn *const *volatile methods = bench_bound; /* as a service loop knows them */

static void dispatch(uint32_t operations, void *)
{
	static const struct cap_call_header header = {.interface_id = BENCH_INTERFACE_ID,
						      .method = BENCH_EIGHT};

	while (operations--) {
		struct rpc_request request;

		rpc_request_init(&request, &header, words, 72, result_words, sizeof(result_words));
		if (methods[header.method](nullptr, &request, request.params.base, 72) != STATUS_OK)
			bench_fail("dispatch", STATUS_INVALID);
	}
}

void bench_codec(struct bench *)
{
	bench_run("encode_64", 2000, encode, nullptr);
	bench_run("decode_64", 2000, decode, nullptr);
	bench_run("dispatch", 2000, dispatch, nullptr);
}
