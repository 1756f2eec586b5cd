// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The language over a process: maker.make(5).thing.use(1) goes to the kernel in one entry, and all of it has come back when that
 * returns. The host here counts entries; what it does otherwise is the least that a host does.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>
#include <shell/shell.h>
#include <spawn/package.h>
#include <testing/tap.h>

#include "parts.h"

static struct shell shell;
static struct registry registry;
static char said[4096];
static uint32_t said_len;
static uint32_t entries, together; /* how many calls are expected to be sent at once */

static void say(void *, const char *bytes, size_t len)
{
	if (said_len + len >= sizeof(said))
		return;
	__builtin_memcpy(said + said_len, bytes, len);
	said_len += (uint32_t)len;
	said[said_len] = '\0';
}

static const struct text_out out = {say, nullptr, nullptr};

/* All answers of a chain in one entry, if all of its calls were handed over in it; otherwise it would not return. */
static enum status wait(void *, struct rpc_call *call)
{
	struct ring_client *ring = runtime_ring();

	while (!call->done) {
		entries++;
		(void)ring_wait_for(ring, entries == 1 ? together : 1);
	}
	return rpc_wait(call);
}

static bool facts(void *, cap_id id, uint64_t *interface_id, uint64_t *methods)
{
	struct capability_manager_describe_results_reader results;
	struct rpc_call call;
	struct capability_manager_describe_params_builder params = capability_manager_describe_begin(
		&call, runtime_transport(),
		runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID));

	capability_manager_describe_params_builder_set_capability(params, rpc_add_cap(&call, id));

	bool good = capability_manager_describe_call(&call, &results) == STATUS_OK;
	if (good) {
		struct capability_manager_entry_reader e = capability_manager_describe_results_reader_entry(
			results);

		*interface_id = capability_manager_entry_reader_interface_id(e);
		*methods = capability_manager_entry_reader_methods(e);
	}
	rpc_end(&call);
	return good;
}

static enum status attenuate(void *, cap_id, uint64_t, uint64_t, cap_id *)
{
	return STATUS_DENIED;
}

static enum status duplicate(void *, cap_id id, cap_id *copy)
{
	return ring_dup(runtime_ring(), id, copy);
}

static void release(void *, cap_id id)
{
	ring_release(runtime_ring(), id);
}

static const char *forbidden(void *, cap_id, uint64_t, uint16_t)
{
	return nullptr;
}

static bool interrupted(void *)
{
	return false;
}

static int command(void *, struct shell *, const struct shell_word *, uint32_t)
{
	return 0;
}

static void offer(void *, struct shell_nearest *)
{
}

static struct shell_host host = {
	.out = &out,
	.wait = wait,
	.facts = facts,
	.attenuate = attenuate,
	.duplicate = duplicate,
	.release = release,
	.forbidden = forbidden,
	.interrupted = interrupted,
	.command = command,
	.offer_commands = offer,
};

static bool open_registry(void)
{
	static struct spawn_package package;
	struct msg_text name;
	struct msg_data bytes;

	return spawn_package_open(&package, runtime_transport(),
				  runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID),
				  runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID)) == STATUS_OK &&
	       spawn_package_name(&package, PACKAGE_INDEX_KIND_REGISTRY, 0, &name) &&
	       spawn_package_file(&package, name, PACKAGE_INDEX_KIND_REGISTRY, &bytes) == STATUS_OK &&
	       registry_open(&registry, bytes.ptr, bytes.len);
}

/* Runs a line whose calls are sent `calls` at a time. Did it say that? */
static bool says(uint32_t calls, const char *line, const char *text)
{
	together = calls;
	said_len = 0;
	said[0] = '\0';
	entries = 0;
	if (shell_line(&shell, line, (uint32_t)__builtin_strlen(line)) != SHELL_DONE)
		shell_failure_print(&shell.failure, &out);
	if (__builtin_strcmp(said, text) == 0)
		return true;
	tap_note("%s says: %s", line, said);
	return false;
}

void test_language(void)
{
	if (!tap_ok(open_registry(), "the registry of the image"))
		return;
	host.transport = runtime_transport();
	shell_init(&shell, &host, &registry);
	for (uint32_t i = 0; i < runtime_grant_count(); i++) {
		struct runtime_grant grant = runtime_grant_at(i);

		(void)shell_give(&shell, grant.name, grant.id, grant.interface_id);
	}
	tap_ok(says(2, "maker.make(5).thing.use(1)", "  value = 6\n"),
	       "a method of what a server's answer brings");
	tap_ok(entries == 1, "both calls, and both answers, in one entry (%u)", entries);
	tap_ok(says(3, "maker.make(5).again.thing.child().thing.use 4", "  value = 9\n"),
	       "three calls, a capability deeper in an answer");
	tap_ok(entries == 1, "also in one entry (%u)", entries);
	tap_ok(says(1, "let a = maker.make(1).thing; let b = maker.make(2).thing; maker.add(a, b)",
		    "  a = <Thing>\n"
		    "  b = <Thing>\n"
		    "  sum = 3\n"),
	       "objects of a server go back to it as arguments");
	tap_ok(says(2, "maker.refuse(\"not today\").thing.use(1)", "overloaded: not today\n"),
	       "the failure of the first is what is said");
	tap_ok(says(2, "maker.late(1000000).thing.use(3)", "  value = 3\n"), "an answer that takes its time");
}
