// SPDX-License-Identifier: MIT OR Apache-2.0
/* Upcalls: interrupts of a thread that computes, of one that waits, and faults that the program repairs. */
#include <runtime/thread.h>
#include <runtime/upcall.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "test.h"

#define MS 1'000'000ull

static cap_id timer;
static uint64_t seen, upcalls;
static uint32_t ready, stop;
static volatile int target;

static void note_reasons(uint64_t reasons, struct cap_upcall_frame *frame)
{
	(void)frame;
	__atomic_fetch_or(&seen, reasons, __ATOMIC_RELAXED);
	__atomic_fetch_add(&upcalls, 1, __ATOMIC_RELEASE);
}

/* The same from the same start, whatever comes between: integer and vector registers, flags and stack. */
static double compute(void)
{
	uint64_t x = 88172645463325252ull;
	double sum = 0;

	for (int i = 0; i < 20000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		sum += (double)(x & 1023) * 0.5;
	}
	return sum;
}

static int64_t compute_interrupted(void *argument)
{
	double expected = *(const double *)argument;
	bool good = true;

	upcall_set_handler(note_reasons, false);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		good &= compute() == expected;
	upcall_set_handler(nullptr, false);
	return good ? 1 : 0;
}

static void start(struct thread *thread, int64_t (*body)(void *), void *argument)
{
	seen = upcalls = 0;
	ready = stop = 0;
	tap_is(thread_start(thread, body, argument, nullptr), STATUS_OK, "a thread that takes upcalls");
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		(void)timer_sleep(runtime_transport(), timer, MS);
}

static void test_computing(void)
{
	struct thread thread = {};
	double expected = compute();
	int64_t code = 0;
	bool sent = true;

	start(&thread, compute_interrupted, &expected);
	for (int i = 0; i < 50; i++) {
		sent &= thread_handle_interrupt(runtime_transport(), thread.handle, 1ull << (i % 8)) ==
			STATUS_OK;
		(void)timer_sleep(runtime_transport(), timer, 200'000);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	tap_ok(sent && thread_join(&thread, &code) == STATUS_OK, "is interrupted 50 times");
	tap_ok(seen == 0xff && upcalls > 0 && upcalls <= 50, "the handler saw all reasons, in %llu upcalls",
	       (unsigned long long)upcalls);
	tap_ok(code == 1, "and what it interrupted never noticed");
}

static int64_t sleep_interrupted(void *argument)
{
	uint64_t before = runtime_now();

	(void)argument;
	upcall_set_handler(note_reasons, false);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);

	enum status status = timer_sleep(runtime_transport(), timer, 30 * MS);

	upcall_set_handler(nullptr, false);
	return status == STATUS_OK && runtime_now() - before >= 30 * MS;
}

static void test_waiting(void)
{
	struct thread thread = {};
	int64_t code = 0;

	start(&thread, sleep_interrupted, nullptr);
	(void)timer_sleep(runtime_transport(), timer, 5 * MS);
	tap_is(thread_handle_interrupt(runtime_transport(), thread.handle, 4), STATUS_OK,
	       "is interrupted in a call");
	(void)timer_sleep(runtime_transport(), timer, 5 * MS);
	tap_ok(__atomic_load_n(&upcalls, __ATOMIC_ACQUIRE) == 1 && seen == 4,
	       "the handler ran while the call waited");
	tap_ok(thread_join(&thread, &code) == STATUS_OK && code == 1, "and the call went on to its end");
}

/* A completion of a call that was sent so interrupts who computes; one who waits sees it anyway. */
static void test_completion(void)
{
	struct rpc_call call;
	uint64_t end = runtime_now() + 2000 * MS;
	bool good;

	seen = upcalls = 0;
	upcall_set_handler(note_reasons, false);
	timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, runtime_transport(), timer), 5 * MS);
	rpc_sqe(&call)->flags |= CAP_SQE_INTERRUPT;
	(void)timer_sleep_send(&call);
	ring_flush(runtime_ring());
	while (!__atomic_load_n(&seen, __ATOMIC_RELAXED) && runtime_now() < end)
		(void)compute();
	good = seen == CAP_UPCALL_COMPLETION && !call.done;
	ring_flush(runtime_ring());
	tap_ok(good && call.done, "a call's end interrupts who computes, if it was sent so");
	rpc_end(&call);
	upcall_set_handler(nullptr, false);
}

static int64_t wait_held(void *argument)
{
	uint64_t bits;

	(void)argument;
	upcall_set_handler(note_reasons, false);
	upcall_hold();
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	while ((bits = upcall_take()) == 0)
		(void)compute(); /* it comes here, most often */
	uint64_t before = runtime_now();
	(void)ring_wait(runtime_ring(), before + 5000 * MS);
	bool soon = runtime_now() - before < 4000 * MS && upcalls == 0;
	upcall_release();
	upcall_set_handler(nullptr, false);
	return soon && bits == 8;
}

/* A thread that holds upcalls back and is about to wait is not lost. */
static void test_held(void)
{
	struct thread thread = {};
	int64_t code = 0;

	start(&thread, wait_held, nullptr);
	tap_is(thread_handle_interrupt(runtime_transport(), thread.handle, 8), STATUS_OK,
	       "is interrupted while it holds upcalls back");
	tap_ok(thread_join(&thread, &code) == STATUS_OK && code == 1,
	       "finds the bits, and a wait that begins behind them ends at once");
}

/* Points the register that was wrong to something that is there; the instruction runs again. */
static void repair(uint64_t reasons, struct cap_upcall_frame *frame)
{
	seen = reasons;
	upcalls++;
	if (frame->fault_address == 0x20)
		frame->rax = (uint64_t)(uintptr_t)&target;
}

static void test_fault(void)
{
	seen = upcalls = 0;
	target = 0;
	upcall_set_handler(repair, true);
	__asm__ volatile("movl $7, (%%rax)" : : "a"(0x20ull) : "memory");
	upcall_set_handler(nullptr, false);
	tap_ok(seen == UPCALL_FAULT && upcalls == 1 && target == 7, "a fault is repaired by the handler");
}

void test_upcalls(void)
{
	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	test_computing();
	test_waiting();
	test_completion();
	test_held();
	test_fault();
}
