// SPDX-License-Identifier: MIT OR Apache-2.0
/* What is told of capabilities: where each came from, who can take it back, and who holds what in the whole machine. */
#include "inspector.h"

struct world w;

struct entry copy_entry(struct capability_manager_entry_reader e)
{
	struct capability_manager_entry_via_reader via = capability_manager_entry_reader_via(e);
	struct entry out = {
		.id = capability_manager_entry_reader_id(e),
		.interface_id = capability_manager_entry_reader_interface_id(e),
		.methods = capability_manager_entry_reader_methods(e),
		.object = capability_manager_entry_reader_object(e),
		.revoker = capability_manager_entry_reader_revoker(e),
		.key = capability_manager_entry_reader_key(e),
		.giver = capability_manager_entry_reader_giver(e),
		.flags = capability_manager_entry_reader_flags(e),
		.lender = capability_manager_entry_reader_lender(e),
		.provenance = capability_manager_entry_reader_provenance(e),
		.method = capability_manager_entry_reader_method(e),
		.which = capability_manager_entry_via_reader_which(via),
		.revocations = capability_manager_entry_reader_revocations(e),
	};

	switch (out.which) {
	case CAPABILITY_MANAGER_ENTRY_VIA_WHICH_INTERFACE:
		out.via = capability_manager_entry_via_reader_interface(via);
		break;
	case CAPABILITY_MANAGER_ENTRY_VIA_WHICH_NOTE:
		out.via = capability_manager_entry_via_reader_note(via);
		break;
	case CAPABILITY_MANAGER_ENTRY_VIA_WHICH_ORIGIN:
		out.via = capability_manager_entry_via_reader_origin(via);
		break;
	default:
		break;
	}
	return out;
}

struct entry describe(cap_id cap)
{
	struct capability_manager_describe_results_reader results;
	struct entry entry = {};
	struct rpc_call call;
	struct capability_manager_describe_params_builder p = capability_manager_describe_begin(&call, w.t,
												w.manager);

	capability_manager_describe_params_builder_set_capability(p, rpc_add_cap(&call, cap));
	if (capability_manager_describe_call(&call, &results) == STATUS_OK)
		entry = copy_entry(capability_manager_describe_results_reader_entry(results));
	rpc_end(&call);
	return entry;
}

struct entry first_of(uint32_t pid, uint32_t from, uint32_t *next, enum status *status)
{
	struct system_inspector_capabilities_results_reader results;
	struct entry entry = {};
	struct rpc_call call;
	struct system_inspector_capabilities_params_builder p = system_inspector_capabilities_begin(
		&call, w.t, w.inspector);

	system_inspector_capabilities_params_builder_set_pid(p, pid);
	system_inspector_capabilities_params_builder_set_from(p, from);
	*next = 0;
	*status = system_inspector_capabilities_call(&call, &results);
	if (*status == STATUS_OK) {
		struct capability_manager_entry_list_reader list =
			system_inspector_capabilities_results_reader_entries(results);

		*next = system_inspector_capabilities_results_reader_next(results);
		if (capability_manager_entry_list_reader_count(list) > 0) {
			entry = copy_entry(capability_manager_entry_list_reader_at(list, 0));
			if (capability_manager_entry_list_reader_count(list) > 1)
				*next = cap_id_slot((cap_id){
					copy_entry(capability_manager_entry_list_reader_at(list, 1)).id});
		}
	}
	rpc_end(&call);
	return entry;
}

int main(void)
{
	tap_start();
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	if (runtime_argument_count() > 0)
		return child();
	w.raw = raw_start();
	w.timer = runtime_need("timer", 0);
	w.inspector = runtime_need("inspector", SYSTEM_INSPECTOR_INTERFACE_ID);
	child_start_up();
	test_provenance();
	test_graph();
	test_load();
	return tap_end();
}
