// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ProcessSpawner.replace: a process goes on as another program. A clone of this one, which has all its memory and capabilities, becomes this
 * program again, with an argument, and tells by its exit code what it still has.
 */
#include <runtime/clone.h>
#include <runtime/string.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "process.h"

#define PAGE 4096ull
#define FAILED EXCEPTION_TYPE_FAILED
#define INVALID EXCEPTION_TYPE_INVALID_ARGUMENT

static struct {
	uint64_t heap;      /* memory of before */
	cap_id kept, given; /* capabilities of before: one is to stay, one is not */
} parts;

static uint64_t number_of(struct msg_text text)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < text.len; i++)
		n = n * 10 + (uint64_t)(text.ptr[i] - '0');
	return n;
}

/* Arguments: this; what to do; the address of memory, and the id of a capability, that were there before. */
int after_replace(void)
{
	struct msg_text what = runtime_argument(1);
	uint64_t address = number_of(runtime_argument(2)), bytes, at;
	cap_id gone = {number_of(runtime_argument(3))}, kept;
	int good = 0;

	if (msg_text_equal(what, MSG_TEXT("touch")))
		return *(volatile uint8_t *)(uintptr_t)address;
	good += runtime_grant_count() == 3;
	good += memory_object_size(w.t, gone, &bytes) == STATUS_BAD_ID;
	good += runtime_cap("kept", MEMORY_OBJECT_INTERFACE_ID, &kept) == STATUS_OK &&
		memory_object_size(w.t, kept, &bytes) == STATUS_OK && bytes == PAGE;
	/* Of the old image, heap and stacks nothing is mapped: there is room exactly there. */
	good += virtual_memory_allocate(w.t, w.space, 3 * PAGE, address, &at) == STATUS_OK;
	good += virtual_memory_allocate(w.t, w.space, PAGE, 0, &at) == STATUS_OK;
	return good;
}

static void put_number(char text[24], uint64_t n)
{
	char digits[20];
	int count = 0, length = 0;

	do
		digits[count++] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (count > 0)
		text[length++] = digits[--count];
	text[length] = '\0';
}

/* In a clone. Comes back only if it failed. */
static enum status become(const char *what)
{
	struct spawn_package package;
	struct spawn_program program;
	char address[24], id[24];
	cap_id boot;
	struct spawn_grant grants[] = {
		{.name = MSG_TEXT("console")},
		{.name = MSG_TEXT("virtualMemory"),
		 .interface_id = VIRTUAL_MEMORY_INTERFACE_ID,
		 .cap = w.space},
		{.name = MSG_TEXT("kept"), .interface_id = MEMORY_OBJECT_INTERFACE_ID, .cap = parts.kept},
	};

	grants[0] = child_grant("console");
	put_number(address, parts.heap);
	put_number(id, parts.given.raw);

	const struct msg_text arguments[] = {MSG_TEXT("after replace"), msg_text_from(what),
					     msg_text_from(address), msg_text_from(id)};

	if (runtime_cap("bootPackage", BOOT_PACKAGE_INTERFACE_ID, &boot) != STATUS_OK ||
	    spawn_package_open(&package, w.t, boot, w.space) != STATUS_OK ||
	    spawn_package_program(&package, MSG_TEXT("test-process"), &program) != STATUS_OK)
		return STATUS_NOT_FOUND;
	return spawn_replace(w.t,
			     &(struct spawn_request){.program = &program,
						     .name = MSG_TEXT("replaced"),
						     .spawner = w.spawner,
						     .grants = grants,
						     .grant_count = 3,
						     .arguments = arguments,
						     .argument_count = 4,
						     .seed = 12345 + parts.heap},
			     w.space);
}

static cap_id clone_and_become(const char *what)
{
	cap_id handle = CAP_ID_NULL;

	if (runtime_clone(w.spawner, nullptr, &handle) == STATUS_OK && handle.raw == 0) {
		w.t = runtime_transport();
		runtime_exit(100 + (int)become(what));
	}
	return handle;
}

static int64_t waits(void *argument)
{
	(void)argument;
	(void)!timer_sleep(runtime_transport(), w.timer, 20 * MS);
	return 0;
}

/* Every argument is fit, but for those of the test. */
static bool raises(uint64_t entry, uint32_t submissions, uint32_t kept, enum exception_type type,
		   const char *field)
{
	struct rpc_call call;
	struct process_spawner_replace_params_builder p = process_spawner_replace_begin_sized(
		&call, w.t, rpc_target_cap(w.spawner), 900);

	process_spawner_replace_params_builder_set_entry(p, entry);
	process_spawner_replace_params_builder_set_stack(p, PAGE);
	process_spawner_replace_params_builder_set_submissions(p, submissions);
	(void)process_spawner_replace_params_builder_init_keep(p, kept);
	return tap_raises(&call, type, field);
}

static void test_refusals(void)
{
	struct child_counts before = child_counts();
	struct rpc_call sleeping;
	struct thread thread;

	tap_ok(raises(~0ull, 0, 0, INVALID, "entry or stack"), "not with an entry in the kernel's half");
	tap_ok(raises(PAGE, 3, 0, INVALID, "submissions or arenaBytes"), "nor a geometry that is none");
	tap_ok(raises(PAGE, 0, 97, INVALID, "keep"), "nor more capabilities than it takes");
	timer_sleep_params_builder_set_ns(timer_sleep_begin(&sleeping, w.t, w.timer), 1'000'000'000ull);
	(void)timer_sleep_send(&sleeping);
	tap_ok(raises(PAGE, 0, 0, FAILED, nullptr), "nor while another call is in flight");
	rpc_end(&sleeping);
	(void)!thread_start(&thread, waits, nullptr, nullptr);
	tap_ok(raises(PAGE, 0, 0, FAILED, nullptr), "nor by one thread of several");
	(void)!thread_join(&thread, nullptr);
	tap_ok(child_counts_return(&before), "and nothing is left of the attempts");
}

void test_replace(void)
{
	struct process_handle_info_results_reader info;
	struct child_counts before;
	struct rpc_call call;
	struct spawn_exit e;
	uint64_t at = 0;
	struct thread thread;
	uint32_t pid = 0;
	cap_id handle;

	(void)!virtual_memory_allocate(w.t, w.space, 3 * PAGE, 0, &at);
	*(volatile uint64_t *)(uintptr_t)at = 1;
	parts.heap = at;
	(void)!thread_start(&thread, waits, nullptr, nullptr); /* leaves its region to the next one */
	(void)!thread_join(&thread, nullptr);
	(void)!virtual_memory_create_memory(w.t, w.space, PAGE, &parts.kept);
	(void)!virtual_memory_create_memory(w.t, w.space, PAGE, &parts.given);
	before = child_counts();

	handle = clone_and_become("look");
	process_handle_info_begin(&call, w.t, handle);
	if (process_handle_info_call(&call, &info) == STATUS_OK)
		pid = process_handle_info_results_reader_pid(info);
	rpc_end(&call);
	(void)!spawn_wait(w.t, handle, 0, &e);
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 5,
	       "a process becomes another program, with what it is left, and nothing else");
	process_handle_info_begin(&call, w.t, handle);
	tap_ok(process_handle_info_call(&call, &info) == STATUS_OK &&
		       process_handle_info_results_reader_pid(info) == pid &&
		       msg_text_equal(process_handle_info_results_reader_name(info), MSG_TEXT("replaced")),
	       "under the same number and handle, with a new name");
	rpc_end(&call);
	ring_release(w.ring, handle);
	handle = clone_and_become("touch");
	e = child_wait(handle);
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT && e.address == parts.heap,
	       "its former memory is not there");
	test_refusals();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
	(void)!virtual_memory_unmap(w.t, w.space, at, 3 * PAGE);
	ring_release(w.ring, parts.kept);
	ring_release(w.ring, parts.given);
}
