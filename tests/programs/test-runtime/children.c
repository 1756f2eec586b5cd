// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Children: parameters, grants, every way to end, and that nothing stays behind.
 */
#include <runtime/string.h>
#include <runtime/thread.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <spawn/backtrace.h>

#include "test.h"

#define PROGRAM "test-runtime"

/* ---- What a child does ---- */

[[gnu::noinline]] static int fault_here(volatile int *where)
{
	*where = 1;
	return 0;
}

[[gnu::noinline]] static int overflow_stack(int depth)
{
	volatile char room[1024];

	room[0] = (char)depth;
	if (depth < 0)
		return 0;
	return overflow_stack(depth + 1) + room[0];
}

static int check_bounds(void)
{
	cap_id cap;

	/* No name that was not granted, and the most parameters that are allowed. */
	if (runtime_cap("processSpawner", 0, &cap) != STATUS_NOT_GRANTED || runtime_grant_count() != 1)
		return 1;
	return runtime_argument_count() == 64 ? 0 : 2;
}

int child_main(struct msg_text what)
{
	volatile int zero = 0;

	if (msg_text_equal(what, MSG_TEXT("code")))
		return 7;
	if (msg_text_equal(what, MSG_TEXT("fault")))
		return fault_here((volatile int *)(uintptr_t)0x10); /* NOLINT: that is the point */
	if (msg_text_equal(what, MSG_TEXT("stack")))
		return overflow_stack(0);
	if (msg_text_equal(what, MSG_TEXT("divide")))
		return 100 / zero;
	if (msg_text_equal(what, MSG_TEXT("text")))
		return fault_here((volatile int *)(uintptr_t)&child_main); /* text is not writable */
	if (msg_text_equal(what, MSG_TEXT("execute"))) {
		volatile uint8_t data[] = {0xc3}; /* a return, on the stack */

		((void (*)(void))(uintptr_t)data)(); /* data is not executable */
		return 0;
	}
	if (msg_text_equal(what, MSG_TEXT("bounds")))
		return check_bounds();
	if (msg_text_equal(what, MSG_TEXT("park")))
		for (;;)
			(void)thread_park(0);
	return 99;
}

/* ---- The parent ---- */

static struct msg_text many[65];
static char large[4096];
static struct spawn_package package;
static struct spawn_program program;

static struct spawn_exit run(const char *what)
{
	return child_run(PROGRAM, &(struct child_options){.arguments = {"child", what}});
}

static void test_ends(void)
{
	struct spawn_exit e = run("code");

	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 7, "a child's exit code");
	e = run("fault");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT && e.address == 0x10,
	       "a null pointer is a page fault");
	e = run("stack");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT, "a stack overflow meets the guard page");
	e = run("divide");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_ARITHMETIC, "a division by zero");
	e = run("text");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT, "text cannot be written");
	e = run("execute");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT, "data cannot be executed");
}

static struct spawn_request request_for(const struct msg_text *arguments, uint32_t count)
{
	return (struct spawn_request){
		.program = &program,
		.spawner = runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID),
		.arguments = arguments,
		.argument_count = count,
		.seed = spawn_seed(runtime_transport(), runtime_need("entropy", ENTROPY_SOURCE_INTERFACE_ID)),
	};
}

static void find_frame(void *context, const char *line)
{
	for (const char *p = line; *p; p++)
		if (strncmp(p, "fault_here", 10) == 0)
			*(bool *)context = true;
}

static void test_backtrace(void)
{
	const struct msg_text words[] = {MSG_TEXT("child"), MSG_TEXT("fault")};
	struct spawn_request request = request_for(words, 2);
	struct spawn_process process;
	struct spawn_exit exit;
	bool found = false;

	tap_is(spawn_start(runtime_transport(), &request, &process, nullptr), STATUS_OK,
	       "a child that will fault");
	tap_is(spawn_wait(runtime_transport(), process.handle, 0, &exit), STATUS_OK, "has ended");
	tap_is(spawn_backtrace(runtime_transport(), process.handle, &program, process.load_address,
			       find_frame, &found),
	       STATUS_OK, "its backtrace can be had");
	tap_ok(found, "and names the function");
	ring_release(runtime_ring(), process.handle);
}

static void test_kill(void)
{
	const struct msg_text words[] = {MSG_TEXT("child"), MSG_TEXT("park")};
	struct spawn_request request = request_for(words, 2);
	struct spawn_process first, second;
	struct spawn_exit exit;

	tap_ok(spawn_start(runtime_transport(), &request, &first, nullptr) == STATUS_OK,
	       "a child that never ends");
	request.seed++;
	tap_ok(spawn_start(runtime_transport(), &request, &second, nullptr) == STATUS_OK &&
		       first.load_address != second.load_address,
	       "another one lies elsewhere");
	tap_is(spawn_wait(runtime_transport(), first.handle, runtime_now() + 2'000'000, &exit),
	       STATUS_TIMED_OUT, "waiting for it ends at the deadline");
	tap_ok(spawn_kill(runtime_transport(), first.handle, 5) == STATUS_OK &&
		       spawn_wait(runtime_transport(), first.handle, 0, &exit) == STATUS_OK &&
		       exit.reason == PROCESS_HANDLE_EXIT_REASON_KILLED && exit.code == 5,
	       "it can be killed");
	tap_is(spawn_kill(runtime_transport(), second.handle, 0), STATUS_OK, "and the other");
	ring_release(runtime_ring(), first.handle);
	ring_release(runtime_ring(), second.handle);
}

static void test_parameters(void)
{
	struct spawn_grant console = child_grant("console");
	struct spawn_request request;
	struct spawn_process process;
	struct spawn_exit exit = {};
	const char *why = "";

	for (int i = 0; i < 65; i++)
		many[i] = i == 0   ? MSG_TEXT("child")
			  : i == 1 ? MSG_TEXT("bounds")
				   : MSG_TEXT("a longer argument");
	request = request_for(many, 64);
	request.grants = &console;
	request.grant_count = 1;
	tap_ok(spawn_start(runtime_transport(), &request, &process, &why) == STATUS_OK &&
		       spawn_wait(runtime_transport(), process.handle, 0, &exit) == STATUS_OK &&
		       exit.code == 0 && exit.reason == PROCESS_HANDLE_EXIT_REASON_EXIT,
	       "64 arguments, and only what was granted");
	ring_release(runtime_ring(), process.handle);
}

static void test_refusals(void)
{
	struct spawn_grant console = child_grant("console");
	struct spawn_request request = request_for(many, 65);
	struct spawn_process process;
	const char *why = "";

	request.grants = &console;
	request.grant_count = 1;
	tap_is(spawn_start(runtime_transport(), &request, &process, &why), STATUS_INVALID, "65 are too many");
	many[2] = (struct msg_text){large, sizeof(large)};
	request.argument_count = 3;
	tap_is(spawn_start(runtime_transport(), &request, &process, &why), STATUS_INVALID,
	       "4096 bytes are too many");
	request.argument_count = 2;
	request.name = (struct msg_text){large, 32};
	tap_is(spawn_start(runtime_transport(), &request, &process, &why), STATUS_EXCEPTION,
	       "a name of 32 bytes is refused");
	request.name = (struct msg_text){};
	console.cap = (cap_id){0x700000007};
	tap_is(spawn_start(runtime_transport(), &request, &process, &why), STATUS_BAD_ID,
	       "a grant of something that is not held is refused");
	tap_ok(strcmp(why, "granting") == 0, "and said to be that");
}

static void test_lookup(void)
{
	struct spawn_program other;
	struct msg_text name;

	tap_is(spawn_package_open(&package, runtime_transport(),
				  runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID),
				  runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID)),
	       STATUS_OK, "the boot package is opened");
	tap_is(spawn_package_program(&package, MSG_TEXT("absent"), &other), STATUS_NOT_FOUND,
	       "a program that is not there");
	tap_is(spawn_package_program(&package, MSG_TEXT("registry"), &other), STATUS_NOT_FOUND,
	       "a file that is none");
	tap_is(spawn_package_program(&package, MSG_TEXT(PROGRAM), &program), STATUS_OK, "this program");
	tap_ok(spawn_package_name(&package, 0, 0, &name) && !spawn_package_name(&package, 0, 100, &name),
	       "programs can be listed");
}

void test_children(void)
{
	struct child_counts before;

	child_start_up();
	test_lookup();
	/* Whatever is made once is made now: pages of our own among it. */
	(void)run("code");
	__builtin_memset(large, 'x', sizeof(large));
	test_parameters();
	before = child_counts();
	test_ends();
	test_backtrace();
	test_kill();
	test_refusals();
	tap_ok(child_counts_return(&before), "nothing of them stays behind");
}
