// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What it takes to reach another CPU, in wall-clock time: a call to a server that is bound to a leased CPU, and NOPs and calls through the ring
 * of a thread that polls there, beside the same by an entry. One line for each: `row KEY NANOSECONDS ns`, the median of the batches.
 * tests/bench/cross reads them, and those of the Linux guest (tests/bench/linux/ipc.c).
 */
#include <runtime/polled.h>
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/cpu_isolation.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/raw.h>
#include <testing/tap.h>

#define CPU 1u
#define BATCHES 11u
#define OPERATIONS 1000u
#define HOUR 3'600'000'000'000ull
#define SECOND 1'000'000'000ull

static cap_id lease, endpoint, template, door, timer;
static uint32_t bound; /* atomic */

/* ---- A server on the other CPU ---- */

static int64_t serve(void *)
{
	struct raw raw = raw_start();
	enum status status = cpu_isolation_lease_bind(runtime_transport(), lease);

	__atomic_store_n(&bound, 1, __ATOMIC_RELEASE);
	struct cap_sqe sqe = raw_recv(&raw, endpoint);
	while (status == STATUS_OK) {
		struct cap_cqe cqe = raw_do(&raw, sqe);

		sqe = raw_recv(&raw, endpoint);
		if (cqe.status != STATUS_OK)
			break;
		if (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED))
			continue;
		bool last = raw_header(&raw)->method != 0;
		struct cap_sqe answer = raw_return(&raw, cqe.token, raw_fill(&raw, 1, 0));
		if (last)
			return raw_status(&raw, answer);
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.target = cqe.token;
		sqe.interface_id = endpoint.raw;
		sqe.msg_off = answer.msg_off;
		sqe.msg_len = answer.msg_len;
	}
	return status;
}

static struct raw raw;

static bool call_server(uint16_t method)
{
	return raw_status(&raw, raw_call(&raw, door, method, raw_fill(&raw, 1, 0))) == STATUS_OK;
}

static bool calls(uint32_t n)
{
	bool good = true;

	while (n--)
		good &= call_server(0);
	return good;
}

/* ---- The ring of a thread that polls there ---- */

static struct polled_ring polled;

struct counted {
	struct ring_op op;
	uint32_t count;
};

static void count(struct ring_op *op, const struct cap_cqe *cqe)
{
	((struct counted *)(void *)op)->count += cqe->status == STATUS_OK;
}

static bool polled_nops(uint32_t n, uint32_t at_once)
{
	struct counted nops = {.op = {count}};
	uint32_t begun = 0;

	while (nops.count < n) {
		for (uint32_t i = 0; i < at_once && begun < n; i++, begun++)
			(void)!ring_submit(&polled.ring, &(struct cap_sqe){.op = CAP_OP_NOP}, &nops.op);
		polled_ring_publish(&polled);
		while (nops.count < begun)
			if (!polled_ring_reap(&polled))
				__builtin_ia32_pause();
	}
	return nops.count == n;
}

static bool polled_nop_1(uint32_t n)
{
	return polled_nops(n, 1);
}

static bool polled_nop_16(uint32_t n)
{
	return polled_nops(n, 16);
}

static bool times(struct rpc_transport *transport, uint32_t n)
{
	bool good = true;
	uint64_t now;

	while (n--)
		good &= timer_now(transport, timer, &now) == STATUS_OK;
	return good;
}

static bool polled_kcall(uint32_t n)
{
	return times(polled_ring_transport(&polled), n);
}

static bool entered_kcall(uint32_t n)
{
	return times(runtime_transport(), n);
}

static bool entered_nop(uint32_t n)
{
	bool good = true;

	while (n--)
		good &= raw_status(&raw, (struct cap_sqe){.op = CAP_OP_NOP}) == STATUS_OK;
	return good;
}

/* ---- Measuring ---- */

static void measure(const char *key, bool (*body)(uint32_t))
{
	uint64_t samples[BATCHES];
	bool good = body(OPERATIONS);

	for (unsigned i = 0; i < BATCHES; i++) {
		uint64_t began = runtime_now();
		good &= body(OPERATIONS);
		uint64_t ns = runtime_now() - began;
		unsigned at = i;
		for (; at > 0 && samples[at - 1] > ns; at--)
			samples[at] = samples[at - 1];
		samples[at] = ns;
	}
	if (tap_ok(good, "%s", key))
		runtime_print("row %s %lu ns\n", key, (unsigned long)(samples[BATCHES / 2] / OPERATIONS));
}

int main(void)
{
	cap_id isolation = runtime_need("isolation", CPU_ISOLATION_INTERFACE_ID);
	struct thread server;
	uint64_t expires;

	tap_start();
	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	raw = raw_start();
	tap_is(cpu_isolation_take(runtime_transport(), isolation, CPU, HOUR, &lease, &expires), STATUS_OK,
	       "the second CPU is leased");
	tap_ok(raw_endpoint(256, 2, &endpoint, &template) == STATUS_OK &&
		       raw_mint(&raw, endpoint, template, 1, &door) == STATUS_OK &&
		       thread_start(&server, serve, nullptr, nullptr) == STATUS_OK,
	       "a server is bound to it");
	while (!__atomic_load_n(&bound, __ATOMIC_ACQUIRE))
		(void)thread_park(runtime_now() + SECOND / 1000);
	measure("cross_call", calls);
	(void)call_server(1);
	(void)thread_join(&server, nullptr);
	measure("nop_1", entered_nop);
	measure("kcall_1", entered_kcall);
	tap_is(polled_ring_open(&polled, lease, SECOND, nullptr), STATUS_OK, "a thread polls there");
	measure("polled_nop_1", polled_nop_1);
	measure("polled_nop_16", polled_nop_16);
	measure("polled_kcall_1", polled_kcall);
	tap_is(polled_ring_close(&polled), STATUS_OK, "it ends");
	return tap_end();
}
