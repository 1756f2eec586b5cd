// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the shell does to capabilities. The names that a person uses stand for the capabilities of this process itself, so
 * a few methods would hurt it: those that change its own memory, threads and table. They are refused by name; the
 * same methods of another process's objects are not.
 */
#include <file_client/file_client.h>
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "files.h"

bool capability_facts(cap_id id, struct capability_facts *facts)
{
	struct capability_manager_describe_results_reader results;
	struct rpc_call call;
	cap_id manager;

	if (runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager) != STATUS_OK)
		return false;

	struct capability_manager_describe_params_builder params = capability_manager_describe_begin(
		&call, runtime_transport(), manager);
	capability_manager_describe_params_builder_set_capability(params, rpc_add_cap(&call, id));

	bool good = capability_manager_describe_call(&call, &results) == STATUS_OK;
	if (good) {
		struct capability_manager_entry_reader entry =
			capability_manager_describe_results_reader_entry(results);
		struct capability_manager_entry_via_reader via = capability_manager_entry_reader_via(entry);
		bool noted = capability_manager_entry_via_reader_which(via) ==
			     CAPABILITY_MANAGER_ENTRY_VIA_WHICH_NOTE;

		*facts = (struct capability_facts){
			.interface_id = capability_manager_entry_reader_interface_id(entry),
			.methods = capability_manager_entry_reader_methods(entry),
			.object = capability_manager_entry_reader_object(entry),
			.provenance = (uint16_t)capability_manager_entry_reader_provenance(entry),
			.giver = capability_manager_entry_reader_giver(entry),
			.line = noted ? capability_manager_entry_via_reader_note(via) : 0,
		};
	}
	rpc_end(&call);
	return good;
}

bool names_need(const char *text, uint64_t interface_id, cap_id *id)
{
	char buffer[24];
	struct msg_text interface;

	if (runtime_cap(text, interface_id, id) == STATUS_OK)
		return true;
	interface = registry_interface_name(&registry, interface_id, buffer);
	return shell_fail(&shell, "NOT_GRANTED",
			  "this needs \"%s\" (%.*s), which the image does not give to this prompt", text,
			  (int)interface.len, interface.ptr);
}

void show_failure(struct rpc_call *call, enum status status)
{
	shell_fail_call(&shell, call, status, CAP_ID_NULL, nullptr);
	shell_failure_print(&shell.failure, &out);
}

void show_status(const char *what, enum status status)
{
	shell_fail_status(&shell, what, status);
	shell_failure_print(&shell.failure, &out);
}

/* ---- The shell's host ---- */

static enum status host_wait(void *self, struct rpc_call *call)
{
	(void)self;
	return terminal_wait(call);
}

static bool host_facts(void *self, cap_id id, uint64_t *interface_id, uint64_t *methods)
{
	struct capability_facts facts;

	(void)self;
	if (!capability_facts(id, &facts))
		return false;
	*interface_id = facts.interface_id;
	*methods = facts.methods;
	return true;
}

static enum status host_attenuate(void *self, cap_id id, uint64_t interface_id, uint64_t methods,
				  cap_id *result)
{
	cap_id manager;
	enum status status = runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager);

	(void)self;
	return status != STATUS_OK ? status
				   : capability_manager_attenuate(runtime_transport(), manager, id,
								  interface_id, methods, result);
}

static enum status host_duplicate(void *self, cap_id id, cap_id *result)
{
	(void)self;
	return ring_dup(runtime_ring(), id, result);
}

static void host_release(void *self, cap_id id)
{
	(void)self;
	ring_release(runtime_ring(), id);
}

/* Is it the object behind the capability that this process was given under that name? */
static bool is_own(const char *name, uint64_t interface_id, cap_id id)
{
	struct capability_facts own, other;
	cap_id given;

	if (runtime_cap(name, interface_id, &given) != STATUS_OK)
		return false;
	if (given.raw == id.raw)
		return true;
	return capability_facts(given, &own) && capability_facts(id, &other) && own.object == other.object;
}

static const char *host_forbidden(void *self, cap_id id, uint64_t interface_id, uint16_t method)
{
	static const struct {
		const char *name;
		uint64_t interface_id;
		uint16_t method;
		const char *why;
	} rows[] = {
		{"virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_UNMAP,
		 "this is the shell's own address space, and it would pull the floor from under itself"},
		{"virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_PROTECT,
		 "this is the shell's own address space, and it would pull the floor from under itself"},
		{"threadSpawner", THREAD_SPAWNER_INTERFACE_ID, THREAD_SPAWNER_CREATE,
		 "it would start a thread inside the shell itself; give the capability to a program"},
		{"capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, CAPABILITY_MANAGER_DROP,
		 "\"drop NAME\" gives up what you have named; the rest the shell itself needs"},
	};

	(void)self;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].interface_id == interface_id && rows[i].method == method &&
		    is_own(rows[i].name, interface_id, id))
			return rows[i].why;
	return nullptr;
}

static bool host_interrupted(void *self)
{
	(void)self;
	return terminal_interrupted();
}

/* All outcomes here are those of files and names. */
static const char *host_outcome(void *self, struct shell_word name)
{
	(void)self;
	for (unsigned i = FILE_OUTCOME_DONE + 1; i <= FILE_OUTCOME_DAMAGED; i++)
		if (shell_word_is(name, file_client_name((enum file_outcome)i)))
			return file_client_text((enum file_outcome)i);
	return nullptr;
}

static struct shell_host host = {
	.out = &out,
	.wait = host_wait,
	.facts = host_facts,
	.attenuate = host_attenuate,
	.duplicate = host_duplicate,
	.release = host_release,
	.forbidden = host_forbidden,
	.outcome = host_outcome,
	.interrupted = host_interrupted,
	.command = run_command,
	.offer_commands = offer_commands,
	.run = run_program,
	.path = path_open,
	.script = find_script,
};

void host_start(void)
{
	host.transport = runtime_transport();
	shell_init(&shell, &host, &registry);
	for (uint32_t i = 0; i < runtime_grant_count(); i++) {
		struct runtime_grant grant = runtime_grant_at(i);

		(void)shell_give(&shell, grant.name, grant.id, grant.interface_id);
	}
}
