// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * bench_server: serves Bench (schema/service/bench.capnp) to programs/bench, with the ordinary service loop.
 *
 * With the argument "large" it serves on a thread whose arena has room for messages of 4 KiB; a ring's geometry is
 * fixed when its thread is made.
 */
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/service.h>
#include <runtime/status.h>
#include <runtime/thread.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/service/bench.capnp.h>

enum { LARGE_ARENA = 32768, LARGE_REPLY = 4096, SLOTS = 8, REPLY = 256 };

static enum status do_nothing(void *, struct rpc_request *)
{
	return STATUS_OK;
}

static enum status do_eight(void *, struct rpc_request *, struct bench_eight_params_reader p,
			    struct bench_eight_results_builder r)
{
	bench_eight_results_builder_set_a(r, bench_eight_params_reader_a(p) + 1);
	bench_eight_results_builder_set_b(r, bench_eight_params_reader_b(p) + 1);
	bench_eight_results_builder_set_c(r, bench_eight_params_reader_c(p) + 1);
	bench_eight_results_builder_set_d(r, bench_eight_params_reader_d(p) + 1);
	bench_eight_results_builder_set_e(r, bench_eight_params_reader_e(p) + 1);
	bench_eight_results_builder_set_f(r, bench_eight_params_reader_f(p) + 1);
	bench_eight_results_builder_set_g(r, bench_eight_params_reader_g(p) + 1);
	bench_eight_results_builder_set_h(r, bench_eight_params_reader_h(p) + 1);
	return STATUS_OK;
}

/* The service loop releases the capability, which this method does not keep. */
static enum status do_eight_with(void *, struct rpc_request *, struct bench_eight_with_params_reader p,
				 struct bench_eight_with_results_builder r)
{
	bench_eight_with_results_builder_set_a(r, bench_eight_with_params_reader_a(p) + 1);
	bench_eight_with_results_builder_set_b(r, bench_eight_with_params_reader_b(p) + 1);
	bench_eight_with_results_builder_set_c(r, bench_eight_with_params_reader_c(p) + 1);
	bench_eight_with_results_builder_set_d(r, bench_eight_with_params_reader_d(p) + 1);
	bench_eight_with_results_builder_set_e(r, bench_eight_with_params_reader_e(p) + 1);
	bench_eight_with_results_builder_set_f(r, bench_eight_with_params_reader_f(p) + 1);
	bench_eight_with_results_builder_set_g(r, bench_eight_with_params_reader_g(p) + 1);
	return STATUS_OK;
}

/*
 * The results' buffer is the same for each call and nobody writes there in between, so a message of the same size is
 * still in it: only the root, which the dispatcher has cleared, is put back.
 */
static enum status do_block(void *, struct rpc_request *, struct bench_block_params_reader p,
			    struct bench_block_results_builder r)
{
	static uint64_t root;
	static uint32_t bytes, words;
	struct msg_data data = bench_block_params_reader_bytes(p);

	if (data.len == bytes && r.b.data) {
		msg_store64(r.b.data, root);
		r.b.msg->words = words;
		return STATUS_OK;
	}

	uint8_t *to = bench_block_results_builder_init_bytes(r, data.len);

	if (!to)
		return STATUS_TOO_LARGE;
	__builtin_memset(to, 0xa5, data.len);
	bytes = data.len;
	root = msg_load64(r.b.data);
	words = r.b.msg->words;
	return STATUS_OK;
}

/* ---- Threads that answer ---- */

static struct thread waker_thread, signaller_thread;
static cap_id caller, signals_in, signals_out;

static int64_t answer_wakes(void *)
{
	if (thread_park(0) != STATUS_OK)
		return 0;
	while (thread_hand_over(caller, 0) == STATUS_OK)
		;
	return 0;
}

static enum status do_partner(void *, struct rpc_request *request, struct bench_partner_params_reader p,
			      struct bench_partner_results_builder r)
{
	caller = service_keep(request, bench_partner_params_reader_caller(p));

	enum status status = thread_start(&waker_thread, answer_wakes, nullptr, nullptr);

	if (status == STATUS_OK)
		bench_partner_results_builder_set_partner(r,
							  rpc_request_copy_cap(request, waker_thread.handle));
	return status;
}

static int64_t answer_signals(void *)
{
	uint64_t taken;

	while (ring_wait_bits(runtime_ring(), signals_in, 0, 0, &taken) == STATUS_OK)
		ring_signal_bits(runtime_ring(), signals_out, 1);
	return 0;
}

static enum status do_answer_signals(void *, struct rpc_request *request,
				     struct bench_answer_signals_params_reader p)
{
	signals_in = service_keep(request, bench_answer_signals_params_reader_from(p));
	signals_out = service_keep(request, bench_answer_signals_params_reader_to(p));
	return thread_start(&signaller_thread, answer_signals, nullptr, nullptr);
}

/* ---- A capability to give out ---- */

static cap_id kept;

static enum status do_keep(void *, struct rpc_request *request, struct bench_keep_params_reader p)
{
	kept = service_keep(request, bench_keep_params_reader_bench(p));
	return STATUS_OK;
}

static enum status do_kept(void *, struct rpc_request *request, struct bench_kept_results_builder r)
{
	bench_kept_results_builder_set_bench(r, rpc_request_copy_cap(request, kept));
	return STATUS_OK;
}

/* ---- The service ---- */

static const struct bench_server_ops ops = {
	.nothing = do_nothing,
	.eight = do_eight,
	.eight_with = do_eight_with,
	.block = do_block,
	.partner = do_partner,
	.answer_signals = do_answer_signals,
	.keep = do_keep,
	.kept = do_kept,
};
BENCH_BIND(bench, ops);
static const struct service_interface interfaces[] = {{&bench_interface, &ops}};
static rpc_method_fn *const *const bound[] = {bench_bound};

static int64_t serve(void *context)
{
	static struct service_slot slots[SLOTS];
	const bool *large = context;
	struct service service;
	struct service_options options = {
		.interfaces = interfaces,
		.interface_count = 1,
		.bound = bound,
		.max_reply = *large ? LARGE_REPLY : REPLY,
		.slots = *large ? nullptr : slots,
		.slot_count = SLOTS,
	};
	enum status status = service_init(&service, runtime_ring(),
					  runtime_need("endpoint", ENDPOINT_INTERFACE_ID), &options);

	if (status == STATUS_OK)
		status = service_run(&service);
	runtime_print("bench_server: %s\n", status_text(status));
	return status;
}

int main(void)
{
	bool large = msg_text_equal(runtime_argument(0), MSG_TEXT("large"));
	struct thread thread;

	__asm__ volatile(
		".byte 0x0f, 0x1f, 0x80; .long 0xca905004"); /* says where the program is: tests/bench/plugin */
	if (!large)
		return (int)serve(&large);

	enum status status = thread_start(&thread, serve, &large,
					  &(struct thread_options){.arena_bytes = LARGE_ARENA});

	if (status == STATUS_OK)
		status = thread_join(&thread, nullptr);
	return (int)status;
}
