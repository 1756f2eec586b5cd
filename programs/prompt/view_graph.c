// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * graph: who holds what. caps --why NAME: how a capability came here.
 *
 * With a SystemInspector ("inspector") the graph is that of the whole machine, otherwise this prompt's own table.
 */
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/system_inspector.capnp.h>
#include <schema/service/supervisor.capnp.h>

#include "view.h"

#define MAX_NAMES 64u

struct named {
	uint32_t pid;
	char name[32];
};

static struct named names[MAX_NAMES];
static uint32_t name_count;

void view_read_names(cap_id inspector)
{
	uint32_t from = 0;

	name_count = 0;
	do {
		struct system_inspector_processes_results_reader results;
		struct rpc_call call;

		system_inspector_processes_params_builder_set_from(
			system_inspector_processes_begin(&call, runtime_transport(), inspector), from);
		from = 0;
		if (system_inspector_processes_call(&call, &results) == STATUS_OK) {
			struct system_inspector_process_list_reader list =
				system_inspector_processes_results_reader_processes(results);

			for (uint32_t i = 0;
			     i < system_inspector_process_list_reader_count(list) && name_count < MAX_NAMES;
			     i++) {
				struct system_inspector_process_reader p =
					system_inspector_process_list_reader_at(list, i);
				struct msg_text name = system_inspector_process_reader_name(p);
				struct named *n = &names[name_count++];
				uint32_t len = name.len < 31 ? name.len : 31;

				*n = (struct named){.pid = system_inspector_process_reader_pid(p)};
				__builtin_memcpy(n->name, name.ptr, len);
			}
			from = system_inspector_processes_results_reader_next(results);
		}
		rpc_end(&call);
	} while (from != 0 && name_count < MAX_NAMES);
}

/* Without an inspector: the processes of the image, from init, if it serves a Supervisor to this prompt. */
static void read_own_names(void)
{
	cap_id supervisor;
	uint32_t from = 0;

	name_count = 0;
	if (runtime_cap("supervisor", SUPERVISOR_INTERFACE_ID, &supervisor) != STATUS_OK)
		return;
	do {
		struct supervisor_list_results_reader results;
		struct rpc_call call;

		supervisor_list_params_builder_set_from(
			supervisor_list_begin(&call, runtime_transport(), supervisor), from);
		from = 0;
		if (supervisor_list_call(&call, &results) == STATUS_OK) {
			struct supervisor_process_list_reader list = supervisor_list_results_reader_processes(
				results);

			for (uint32_t i = 0;
			     i < supervisor_process_list_reader_count(list) && name_count < MAX_NAMES; i++) {
				struct supervisor_process_reader p = supervisor_process_list_reader_at(list,
												       i);
				struct msg_text name = supervisor_process_reader_name(p);
				struct named *n = &names[name_count++];
				uint32_t len = name.len < 31 ? name.len : 31;

				*n = (struct named){.pid = supervisor_process_reader_pid(p)};
				__builtin_memcpy(n->name, name.ptr, len);
			}
			from = supervisor_list_results_reader_next(results);
		}
		rpc_end(&call);
	} while (from != 0 && name_count < MAX_NAMES);
}

const char *view_name_of(uint32_t pid)
{
	if (pid == 0)
		return "the kernel";
	for (uint32_t i = 0; i < name_count; i++)
		if (names[i].pid == pid)
			return names[i].name;
	return pid == 1 ? "init" : "a process";
}

/* ---- One capability ---- */

static void put_methods(const struct text_out *to, uint64_t interface_id, uint64_t methods)
{
	struct registry_data_interface_reader interface;

	if (methods == UINT64_MAX || !registry_interface(&registry, interface_id, &interface))
		return;
	text_put(to, " (");
	registry_print_methods(&registry, to, interface, methods);
	text_put(to, ")");
}

/* How it came, as a sentence's end. */
static void put_provenance(const struct text_out *to, struct capability_manager_entry_reader e)
{
	struct capability_manager_entry_via_reader via = capability_manager_entry_reader_via(e);
	uint32_t giver = capability_manager_entry_reader_giver(e);
	char method[80];

	switch (capability_manager_entry_reader_provenance(e)) {
	case CAPABILITY_MANAGER_PROVENANCE_BOOT:
		text_put(to, "given by the kernel at boot");
		break;
	case CAPABILITY_MANAGER_PROVENANCE_GRANT:
		text_print(to, "granted by %s (%u)", view_name_of(giver), giver);
		if (capability_manager_entry_via_reader_which(via) ==
			    CAPABILITY_MANAGER_ENTRY_VIA_WHICH_NOTE &&
		    capability_manager_entry_via_reader_note(via) != 0)
			text_print(to, ", image line %llu",
				   (unsigned long long)capability_manager_entry_via_reader_note(via));
		break;
	case CAPABILITY_MANAGER_PROVENANCE_CALL:
	case CAPABILITY_MANAGER_PROVENANCE_ANSWER:
		text_print(to,
			   capability_manager_entry_reader_provenance(e) == CAPABILITY_MANAGER_PROVENANCE_CALL
				   ? "came with a call by %s (%u)"
				   : "came with an answer of %s (%u)",
			   view_name_of(giver), giver);
		if (capability_manager_entry_via_reader_which(via) ==
		    CAPABILITY_MANAGER_ENTRY_VIA_WHICH_INTERFACE) {
			trace_method_name(capability_manager_entry_via_reader_interface(via),
					  capability_manager_entry_reader_method(e), method);
			text_print(to, ", %s", method);
		}
		break;
	default:
		text_put(to, "a duplicate");
		if (capability_manager_entry_via_reader_which(via) ==
		    CAPABILITY_MANAGER_ENTRY_VIA_WHICH_ORIGIN)
			text_print(to, " of slot %u",
				   (uint32_t)capability_manager_entry_via_reader_origin(via));
		break;
	}
	if (capability_manager_entry_reader_revocations(e) > 0)
		text_print(to, ", %s (lent by %s)",
			   capability_manager_entry_reader_flags(e) & 16 ? "revoked" : "revocable",
			   view_name_of(capability_manager_entry_reader_lender(e)));
}

static void put_entry(struct capability_manager_entry_reader e)
{
	uint64_t interface_id = capability_manager_entry_reader_interface_id(e);
	uint64_t key = capability_manager_entry_reader_key(e);
	struct passage line = {};
	struct text_out collected = passage_out(&line), *to = &collected;
	char buffer[24];

	text_print(&out, "    %4u ", (uint32_t)capability_manager_entry_reader_id(e));
	text_put_text(to, registry_interface_name(&registry, interface_id, buffer));
	put_methods(to, interface_id, capability_manager_entry_reader_methods(e));
	text_print(to, " #%llu", (unsigned long long)capability_manager_entry_reader_object(e));
	if (key != 0)
		text_print(to, ".%llu", (unsigned long long)key);
	text_put(to, "  ");
	put_provenance(to, e);
	put_passage(&line, 11, 9);
}

/* ---- graph ---- */

typedef void entry_fn(uint32_t pid, struct capability_manager_entry_reader e);

static void each_capability(cap_id inspector, uint32_t pid, entry_fn *show)
{
	uint32_t from = 0;

	do {
		struct system_inspector_capabilities_results_reader results;
		struct rpc_call call;
		struct system_inspector_capabilities_params_builder params =
			system_inspector_capabilities_begin(&call, runtime_transport(), inspector);

		system_inspector_capabilities_params_builder_set_pid(params, pid);
		system_inspector_capabilities_params_builder_set_from(params, from);
		from = 0;
		if (system_inspector_capabilities_call(&call, &results) == STATUS_OK) {
			struct capability_manager_entry_list_reader list =
				system_inspector_capabilities_results_reader_entries(results);

			for (uint32_t i = 0; i < capability_manager_entry_list_reader_count(list); i++)
				show(pid, capability_manager_entry_list_reader_at(list, i));
			from = system_inspector_capabilities_results_reader_next(results);
		}
		rpc_end(&call);
	} while (from != 0 && !terminal_interrupted());
}

static void show_line(uint32_t pid, struct capability_manager_entry_reader e)
{
	(void)pid;
	put_entry(e);
}

static void show_edge(uint32_t pid, struct capability_manager_entry_reader e)
{
	uint64_t interface_id = capability_manager_entry_reader_interface_id(e);
	char buffer[24];
	struct msg_text name = registry_interface_name(&registry, interface_id, buffer);

	text_print(&out, "  p%u -> o%llu [label=\"%.*s\"%s];\n", pid,
		   (unsigned long long)capability_manager_entry_reader_object(e), (int)name.len, name.ptr,
		   capability_manager_entry_reader_methods(e) == UINT64_MAX ? "" : ", style=dashed");
}

static void show_own_table(void)
{
	uint32_t from = 0;
	cap_id manager;

	if (!names_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager))
		return;
	text_put(&out, "  this prompt\n");
	do {
		struct capability_manager_list_results_reader results;
		struct rpc_call call;

		capability_manager_list_params_builder_set_from(
			capability_manager_list_begin(&call, runtime_transport(), manager), from);
		from = 0;
		if (capability_manager_list_call(&call, &results) == STATUS_OK) {
			struct capability_manager_entry_list_reader list =
				capability_manager_list_results_reader_entries(results);

			for (uint32_t i = 0; i < capability_manager_entry_list_reader_count(list); i++)
				put_entry(capability_manager_entry_list_reader_at(list, i));
			from = capability_manager_list_results_reader_next(results);
		}
		rpc_end(&call);
	} while (from != 0 && !terminal_interrupted());
}

bool view_graph(const struct shell_word *words, uint32_t count)
{
	bool dot = count > 1 && (shell_word_is(words[1], "--dot") || shell_word_is(words[1], "dot"));
	uint64_t only = 0;
	cap_id inspector;

	if (count > 1 && !dot && !view_word_is_number(words[1], &only))
		return shell_fail_at(&shell, words[1].at, "graph, graph PID, or graph --dot");
	if (runtime_cap("inspector", SYSTEM_INSPECTOR_INTERFACE_ID, &inspector) != STATUS_OK) {
		if (dot)
			return names_need("inspector", SYSTEM_INSPECTOR_INTERFACE_ID, &inspector);
		read_own_names();
		show_own_table();
		return true;
	}
	view_read_names(inspector);
	if (dot)
		text_put(&out, "digraph capabilities {\n  rankdir=LR;\n  node [shape=box];\n");
	for (uint32_t i = 0; i < name_count && !terminal_interrupted(); i++) {
		if (only != 0 && names[i].pid != only)
			continue;
		if (dot)
			text_print(&out, "  p%u [label=\"%s (%u)\"];\n", names[i].pid, names[i].name,
				   names[i].pid);
		else
			text_print(&out, "  %s (%u)\n", names[i].name, names[i].pid);
		each_capability(inspector, names[i].pid, dot ? show_edge : show_line);
	}
	if (dot)
		text_put(&out, "}\n");
	return true;
}

/* ---- caps --why ---- */

bool view_why(const struct shell_word *words, uint32_t count)
{
	struct capability_manager_describe_results_reader results;
	const struct shell_value *value = count == 3 ? shell_variable(&shell, words[2]) : nullptr;
	struct rpc_call call;
	cap_id manager, inspector;

	if (!value || value->kind != SHELL_CAPABILITY)
		return shell_fail(&shell, "", "caps --why NAME: of which capability? \"caps\" lists them");
	if (!names_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager))
		return false;
	if (runtime_cap("inspector", SYSTEM_INSPECTOR_INTERFACE_ID, &inspector) == STATUS_OK)
		view_read_names(inspector);
	else
		read_own_names();
	capability_manager_describe_params_builder_set_capability(
		capability_manager_describe_begin(&call, runtime_transport(), manager),
		rpc_add_cap(&call, value->cap));

	enum status status = capability_manager_describe_call(&call, &results);
	if (status == STATUS_OK) {
		struct capability_manager_entry_reader e = capability_manager_describe_results_reader_entry(
			results);

		put_entry(e);
	} else {
		show_failure(&call, status);
	}
	rpc_end(&call);
	return true;
}
