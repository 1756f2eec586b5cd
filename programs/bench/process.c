// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making a process that ends at once (programs/bench_tiny) and waiting for its end, through lib/spawn as any program
 * would; making and joining a thread through lib/runtime.
 */
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <spawn/package.h>
#include <spawn/spawn.h>

#include "bench.h"

struct spawning {
	struct bench *bench;
	struct spawn_program program;
	uint64_t seed;
};

static void spawn_reap(uint32_t operations, void *context)
{
	struct spawning *s = context;

	while (operations--) {
		struct spawn_request request = {
			.program = &s->program,
			.spawner = s->bench->spawner,
			.seed = s->seed += 0x9e3779b97f4a7c15ull,
		};
		struct spawn_process process;
		struct spawn_exit exit = {};
		enum status status = spawn_start(s->bench->transport, &request, &process, nullptr);

		if (status == STATUS_OK)
			status = spawn_wait(s->bench->transport, process.handle, 0, &exit);
		if (status != STATUS_OK || exit.code != 0)
			bench_fail("spawn_reap", status);
		ring_release(s->bench->ring, process.handle);
	}
}

static void bench_spawn(struct bench *b)
{
	static struct spawn_package package;
	struct spawning spawning = {.bench = b, .seed = spawn_seed(b->transport, b->entropy)};
	enum status status = spawn_package_open(&package, b->transport, b->package, b->memory);

	if (status == STATUS_OK)
		status = spawn_package_program(&package, MSG_TEXT("bench_tiny"), &spawning.program);
	if (status == STATUS_OK)
		bench_run("spawn_reap", 40, spawn_reap, &spawning);
	else
		bench_fail("spawn_reap", status);
}

/* This program once more, with its messages captured: it measures its own calls (bench_captured_row). */
static void bench_captured(struct bench *b)
{
	static struct spawn_package package;
	struct virtual_memory_create_memory_results_reader memory;
	struct spawn_program program;
	struct spawn_process process;
	struct spawn_exit exit = {.code = 1};
	struct rpc_call call;
	cap_id console = runtime_need("console", CONSOLE_INTERFACE_ID);
	const struct spawn_grant grants[] = {
		{.name = MSG_TEXT("console"), .interface_id = CONSOLE_INTERFACE_ID, .cap = console},
		{.name = MSG_TEXT("timer"), .interface_id = TIMER_INTERFACE_ID, .cap = b->timer},
	};
	const struct msg_text argument = MSG_TEXT("captured");
	enum status status = spawn_package_open(&package, b->transport, b->package, b->memory);

	if (status == STATUS_OK)
		status = spawn_package_program(&package, MSG_TEXT("bench"), &program);
	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&call, b->transport, b->memory), 65536);
	if (status == STATUS_OK)
		status = virtual_memory_create_memory_call(&call, &memory);
	if (status == STATUS_OK)
		status = spawn_start(
			b->transport,
			&(struct spawn_request){
				.program = &program,
				.spawner = b->spawner,
				.grants = grants,
				.grant_count = 2,
				.arguments = &argument,
				.argument_count = 1,
				.capture = rpc_result_cap(
					&call, virtual_memory_create_memory_results_reader_memory(memory)),
				.seed = 1,
			},
			&process, nullptr);
	if (status == STATUS_OK)
		status = spawn_wait(b->transport, process.handle, 0, &exit);
	rpc_end(&call);
	if (status != STATUS_OK || exit.code != 0)
		bench_fail("kcall_1_captured", status);
}

static int64_t end_at_once(void *)
{
	return 0;
}

static void create_join(uint32_t operations, void *)
{
	while (operations--) {
		struct thread thread;
		enum status status = thread_start(&thread, end_at_once, nullptr, nullptr);

		if (status == STATUS_OK)
			status = thread_join(&thread, nullptr);
		if (status != STATUS_OK)
			bench_fail("thread_join", status);
	}
}

void bench_process(struct bench *b)
{
	bench_run("thread_join", 100, create_join, nullptr);
	bench_spawn(b);
	bench_captured(b);
}
