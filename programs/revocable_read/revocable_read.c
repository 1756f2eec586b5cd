// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Revocable Read: a process lends three pages to a reader that it does not trust, for reading only, and takes them back
 * between two reads. The reader keeps the capability; it is worth nothing any more. Both are this program: the reader
 * is the child that it starts with an argument.
 */
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <spawn/spawn.h>

#define PAGE 4096u
#define LINE 40u

enum { HAS_READ = 1, GO_ON = 2 }; /* bits that the two set for each other */

static const char lines[3][LINE] = {"In the beginning was the word,", "and the word was sixty-four bits.",
				    "This line nobody reads."};

static void must(enum status status, const char *what)
{
	if (status == STATUS_OK)
		return;
	runtime_print("%s: %s\n", what, status_text(status));
	runtime_exit(1);
}

/* ---- The reader ---- */

static enum status read_line(cap_id pages, unsigned page)
{
	struct memory_object_read_results_reader results;
	struct rpc_call call;
	struct memory_object_read_params_builder p = memory_object_read_begin(&call, runtime_transport(),
									      pages);

	memory_object_read_params_builder_set_offset(p, page * PAGE);
	memory_object_read_params_builder_set_count(p, LINE);
	enum status status = memory_object_read_call(&call, &results);
	if (status == STATUS_OK)
		runtime_print("reader: page %u: %.40s\n", page,
			      (const char *)memory_object_read_results_reader_bytes(results).ptr);
	else
		runtime_print("reader: page %u: %s\n", page, status_text(status));
	rpc_end(&call);
	return status;
}

static int reader(void)
{
	cap_id pages = runtime_need("pages", MEMORY_OBJECT_INTERFACE_ID);
	cap_id turn = runtime_need("turn", NOTIFICATION_INTERFACE_ID);
	enum status status;
	uint64_t taken;

	must(memory_object_write(runtime_transport(), pages, 0,
				 (struct msg_data){(const uint8_t *)"mine", 4}) == STATUS_DENIED
		     ? STATUS_OK
		     : STATUS_INVALID,
	     "reader: it could write");
	for (unsigned page = 0;; page++) {
		status = read_line(pages, page);
		if (status != STATUS_OK)
			return status == STATUS_REVOKED ? 0 : 1;
		ring_signal_bits(runtime_ring(), turn, HAS_READ);
		must(ring_wait_bits(runtime_ring(), turn, GO_ON, 0, &taken), "reader: waiting");
	}
}

/* ---- The lender ---- */

static cap_id make_pages(cap_id space)
{
	cap_id pages;

	must(virtual_memory_create_memory(runtime_transport(), space, 3 * PAGE, &pages), "making memory");
	for (unsigned i = 0; i < 3; i++)
		must(memory_object_write(runtime_transport(), pages, i * PAGE,
					 (struct msg_data){(const uint8_t *)lines[i], LINE}),
		     "writing");
	return pages;
}

static cap_id start_reader(cap_id space, cap_id lent, cap_id turn)
{
	static struct spawn_package package;
	static struct spawn_program program;
	const struct msg_text argument = MSG_TEXT("reader");
	struct spawn_grant grants[] = {
		{.name = MSG_TEXT("console"),
		 .interface_id = CONSOLE_INTERFACE_ID,
		 .cap = runtime_need("console", CONSOLE_INTERFACE_ID)},
		{.name = MSG_TEXT("pages"), .interface_id = MEMORY_OBJECT_INTERFACE_ID, .cap = lent},
		{.name = MSG_TEXT("turn"), .interface_id = NOTIFICATION_INTERFACE_ID, .cap = turn},
	};
	struct spawn_process process;

	must(spawn_package_open(&package, runtime_transport(),
				runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID), space),
	     "the boot package");
	must(spawn_package_program(&package, MSG_TEXT("revocable_read"), &program), "the reader's program");
	must(spawn_start(runtime_transport(),
			 &(struct spawn_request){
				 .program = &program,
				 .spawner = runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID),
				 .grants = grants,
				 .grant_count = 3,
				 .arguments = &argument,
				 .argument_count = 1,
				 .seed = spawn_seed(runtime_transport(), CAP_ID_NULL)},
			 &process, nullptr),
	     "starting the reader");
	return process.handle;
}

int main(void)
{
	struct rpc_transport *t = runtime_transport();
	uint64_t taken, entries, calls, mappings;
	cap_id for_reading, lent, revoker, turn;
	struct spawn_exit end;

	if (runtime_argument_count() > 0)
		return reader();
	cap_id manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	cap_id space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	must(capability_manager_create_notification(t, manager, &turn), "making a notification");
	/* For reading only, and revocable: two steps, each of which gives less. */
	must(capability_manager_attenuate(t, manager, make_pages(space), MEMORY_OBJECT_INTERFACE_ID,
					  1ull << MEMORY_OBJECT_READ, &for_reading),
	     "attenuating");
	must(capability_manager_make_revocable(t, manager, for_reading, 0, &lent, &revoker), "lending");
	cap_id handle = start_reader(space, lent, turn);
	for (unsigned i = 0; i < 2; i++) {
		must(ring_wait_bits(runtime_ring(), turn, HAS_READ, 0, &taken), "waiting");
		if (i == 1) {
			must(revoker_revoke(t, revoker, &entries, &calls, &mappings), "revoking");
			runtime_print("lender: revoked: %llu capabilities are dead\n",
				      (unsigned long long)entries);
		}
		ring_signal_bits(runtime_ring(), turn, GO_ON);
		ring_flush(runtime_ring());
	}
	must(spawn_wait(t, handle, 0, &end), "waiting for the reader");
	runtime_print("lender: the reader %s\n", end.reason == 1 && end.code == 0
							 ? "was cut off between two reads"
							 : "got away with it");
	return end.reason == 1 && end.code == 0 ? 0 : 1;
}
