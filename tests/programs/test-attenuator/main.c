// SPDX-License-Identifier: MIT OR Apache-2.0
/* Capabilities behind rules, seen by who has them wrapped and by who calls them. */
#include <schema/kernel/session_context.capnp.h>

#include "attenuator.h"

struct world w;

static void fill(struct attenuator_rule_builder b, const struct rule *r)
{
	attenuator_rule_builder_set_op(b, r->op);
	attenuator_rule_builder_set_method(b, msg_text_from(r->method ? r->method : ""));
	attenuator_rule_builder_set_field(b, msg_text_from(r->field ? r->field : ""));
	attenuator_rule_builder_set_text(b, msg_text_from(r->text ? r->text : ""));
	attenuator_rule_builder_set_number(b, r->number);
	attenuator_rule_builder_set_per_ns(b, r->per_ns);
}

cap_id where(cap_id cap, const struct rule *rules, uint32_t count, enum status *status)
{
	struct attenuator_where_results_reader results;
	cap_id made = CAP_ID_NULL;
	struct rpc_call call;
	struct attenuator_where_params_builder p = attenuator_where_begin_sized(
		&call, w.t, rpc_target_cap(w.attenuator), 1600);
	struct attenuator_rule_list_builder list;

	attenuator_where_params_builder_set_capability(p, rpc_add_cap(&call, cap));
	list = attenuator_where_params_builder_init_rules(p, count);
	for (uint32_t i = 0; i < count; i++)
		fill(attenuator_rule_list_builder_at(list, i), &rules[i]);
	*status = attenuator_where_call(&call, &results);
	if (*status == STATUS_OK)
		made = rpc_result_cap(&call, attenuator_where_results_reader_capability(results));
	rpc_end(&call);
	return made;
}

uint64_t object_of(cap_id cap, bool *kernel)
{
	struct capability_manager_describe_results_reader results;
	uint64_t object = 0;
	struct rpc_call call;
	struct capability_manager_describe_params_builder p = capability_manager_describe_begin(&call, w.t,
												w.manager);

	capability_manager_describe_params_builder_set_capability(p, rpc_add_cap(&call, cap));
	if (capability_manager_describe_call(&call, &results) == STATUS_OK) {
		struct capability_manager_entry_reader e = capability_manager_describe_results_reader_entry(
			results);

		object = capability_manager_entry_reader_object(e);
		*kernel = capability_manager_entry_reader_flags(e) & 1;
	}
	rpc_end(&call);
	return object;
}

bool sleep_is_refused(cap_id timer, uint64_t ns, enum exception_type type, const char *field)
{
	struct rpc_call call;

	timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, w.t, timer), ns);
	return tap_raises(&call, type, field);
}

int main(void)
{
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.timer = runtime_need("timer", TIMER_INTERFACE_ID);
	w.attenuator = runtime_need("attenuator", ATTENUATOR_INTERFACE_ID);
	if (runtime_argument_count() > 0)
		return child_other();
	tap_start();
	child_start_up();
	w.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	w.sessions = runtime_need("sessions", SESSION_FACTORY_INTERFACE_ID);
	w.steady = runtime_need("steady", CRASHER_INTERFACE_ID);
	test_rules();
	test_calls();
	test_greedy();
	return tap_end();
}
