// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making a process that ends at once (programs/bench_tiny) and waiting for its end, through lib/spawn as any program
 * would; making and joining a thread through lib/runtime.
 */
#include <runtime/print.h>
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

/* What C programs that have said hello and wait take up, each: frames, also those of page tables and kernel objects. */
static void bench_hello(struct bench *b)
{
	enum { HELLOS = 8 };
	static struct spawn_package package;
	struct spawn_program program;
	struct spawn_process hellos[HELLOS] = {};
	const struct spawn_grant console = {.name = MSG_TEXT("console"),
					    .interface_id = CONSOLE_INTERFACE_ID,
					    .cap = runtime_need("console", CONSOLE_INTERFACE_ID)};
	uint64_t before, end, seed = 1;
	enum status status = spawn_package_open(&package, b->transport, b->package, b->memory);

	if (status == STATUS_OK)
		status = spawn_package_program(&package, MSG_TEXT("hello-waits"), &program);
	before = bench_frames_free(b);
	for (uint32_t i = 0; i < HELLOS && status == STATUS_OK; i++) {
		const struct spawn_request request = {.program = &program,
						      .spawner = b->spawner,
						      .grants = &console,
						      .grant_count = 1,
						      .seed = seed += 0x9e3779b97f4a7c15ull};

		status = spawn_start(b->transport, &request, &hellos[i], nullptr);
	}
	for (end = runtime_now() + 50'000'000; runtime_now() < end;) /* they say it, and wait */
		ring_wait(b->ring, end);
	if (status == STATUS_OK)
		runtime_print("row hello_memory %lu.0 0\n",
			      (before - bench_frames_free(b)) * 4096 / 1024 / HELLOS);
	else
		bench_fail("hello_memory", status);
	for (uint32_t i = 0; i < HELLOS; i++) {
		if (hellos[i].handle.raw)
			(void)!spawn_kill(b->transport, hellos[i].handle, 0);
		ring_release(b->ring, hellos[i].handle);
	}
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
	bench_hello(b);
}
