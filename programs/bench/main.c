// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * bench: measures what the system costs, from inside. tests/bench/run boots it (images/bench.capnp) and compares.
 *
 * Rows run on the first thread with the default ring; those that want a ring of 64 or larger messages run on a second
 * thread that has one.
 */
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <runtime/thread.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/bench.capnp.h>
#include <schema/service/directory.capnp.h>

#include "bench.h"

static uint64_t median(uint64_t values[BENCH_BATCHES])
{
	for (uint32_t i = 1; i < BENCH_BATCHES; i++) {
		for (uint32_t j = i; j > 0 && values[j - 1] > values[j]; j--) {
			uint64_t larger = values[j - 1];

			values[j - 1] = values[j];
			values[j] = larger;
		}
	}
	return values[BENCH_BATCHES / 2];
}

void bench_row(const char *key, struct bench_samples *samples, uint32_t operations)
{
	uint64_t ticks = median(samples->ticks) * 10 / operations, ns = median(samples->ns) * 10 / operations;

	runtime_print("row %s %lu.%lu %lu.%lu\n", key, ticks / 10, ticks % 10, ns / 10, ns % 10);
	runtime_print("segment %s %u\n", key, operations); /* for tests/bench/profile.c */
}

void bench_fail(const char *key, enum status status)
{
	runtime_print("fail %s: %s\n", key, status_text(status));
}

static void measure(struct bench_samples *samples, uint32_t i, uint32_t operations, bench_fn *body,
		    void *context)
{
	uint64_t ns = runtime_now(), ticks = bench_tsc();

	body(operations, context);
	samples->ticks[i] = bench_tsc() - ticks;
	samples->ns[i] = runtime_now() - ns;
}

void bench_run(const char *key, uint32_t operations, bench_fn *body, void *context)
{
	struct bench_samples samples;

	body(operations / 4 + 1, context);
	for (uint32_t i = 0; i < BENCH_BATCHES - 1; i++)
		measure(&samples, i, operations, body, context);
	BENCH_MARK(1); /* BENCH_BEGIN */
	measure(&samples, BENCH_BATCHES - 1, operations, body, context);
	BENCH_MARK(2); /* BENCH_END */
	bench_row(key, &samples, operations);
}

/* Two instructions an iteration, so that a reader sees what the TSC counts. */
static void empty_loop(uint32_t operations, void *)
{
	__asm__ volatile("1: decl %0; jnz 1b" : "+r"(operations)::"cc");
}

static int64_t large_rows(void *context)
{
	struct bench b = *(const struct bench *)context;

	b.transport = runtime_transport();
	b.ring = runtime_ring();
	bench_batches(&b);
	bench_ipc_batches(&b);
	bench_ipc_large(&b);
	bench_files(&b);
	return 0;
}

static void run_large(struct bench *b)
{
	struct thread thread;
	enum status status = thread_start(&thread, large_rows, b,
					  &(struct thread_options){.submissions = 64, .arena_bytes = 65536});

	if (status == STATUS_OK)
		status = thread_join(&thread, nullptr);
	if (status != STATUS_OK)
		bench_fail("large", status);
}

/* What a captured child does (process.c). */
static int captured_rows(void)
{
	struct bench b = {
		.transport = runtime_transport(),
		.ring = runtime_ring(),
		.timer = runtime_need("timer", TIMER_INTERFACE_ID),
	};

	bench_captured_row(&b);
	return 0;
}

int main(void)
{
	if (runtime_argument_count() > 0)
		return captured_rows();

	struct bench b = {
		.transport = runtime_transport(),
		.ring = runtime_ring(),
		.timer = runtime_need("timer", TIMER_INTERFACE_ID),
		.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID),
		.memory = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID),
		.spawner = runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID),
		.package = runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID),
		.entropy = runtime_need("entropy", ENTROPY_SOURCE_INTERFACE_ID),
		.server = runtime_need("server", BENCH_INTERFACE_ID),
		.files = runtime_need("files", DIRECTORY_INTERFACE_ID),
		.info = runtime_need("systemInfo", SYSTEM_INFO_INTERFACE_ID),
		.server_large = runtime_need("serverLarge", BENCH_INTERFACE_ID),
	};

	BENCH_MARK(3);
	bench_run("calibration", 1000000, empty_loop, nullptr);
	bench_ring(&b);
	bench_codec(&b);
	bench_ipc(&b);
	run_large(&b);
	bench_signals(&b);
	bench_revoke(&b);
	bench_memory(&b);
	bench_process(&b);
	bench_time(&b);
	runtime_print("done\n");
	return 0;
}
