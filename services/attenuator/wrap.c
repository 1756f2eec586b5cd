// SPDX-License-Identifier: MIT OR Apache-2.0
/* What is wrapped: capabilities with their rules, from `where` (or from an answer) to the release of their last facet. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>

#include "attenuator.h"

bool attenuator_interfaces(struct attenuator *a, cap_id cap, struct rules_set *sets, uint32_t *count)
{
	struct capability_manager_interfaces_results_reader results;
	struct rpc_call call;
	struct capability_manager_interfaces_params_builder p = capability_manager_interfaces_begin(
		&call, a->transport, a->manager);

	*count = 0;
	capability_manager_interfaces_params_builder_set_capability(p, rpc_add_cap(&call, cap));
	if (capability_manager_interfaces_call(&call, &results) == STATUS_OK) {
		struct endpoint_method_set_list_reader list =
			capability_manager_interfaces_results_reader_sets(results);

		for (; *count < endpoint_method_set_list_reader_count(list) && *count < RULES_MAX_SETS;
		     ++*count) {
			struct endpoint_method_set_reader set = endpoint_method_set_list_reader_at(list,
												   *count);

			sets[*count] = (struct rules_set){endpoint_method_set_reader_interface_id(set),
							  endpoint_method_set_reader_methods(set)};
		}
	}
	rpc_end(&call);
	return *count > 0;
}

static cap_id make_template(struct attenuator *a, const struct rules_set *sets, uint32_t count)
{
	struct endpoint_template_results_reader results;
	cap_id made = CAP_ID_NULL;
	struct rpc_call call;
	struct endpoint_template_params_builder p = endpoint_template_begin(&call, a->transport, a->endpoint);
	struct endpoint_method_set_list_builder list = endpoint_template_params_builder_init_interfaces(
		p, count);

	for (uint32_t i = 0; i < count; i++) {
		struct endpoint_method_set_builder set = endpoint_method_set_list_builder_at(list, i);

		endpoint_method_set_builder_set_interface_id(set, sets[i].interface_id);
		endpoint_method_set_builder_set_methods(set, sets[i].methods);
	}
	if (endpoint_template_call(&call, &results) == STATUS_OK)
		made = rpc_result_cap(&call, endpoint_template_results_reader_template(results));
	rpc_end(&call);
	return made;
}

struct rule_set *attenuator_free_set(struct attenuator *a)
{
	for (uint32_t i = 0; i < MAX_RULE_SETS; i++)
		if (a->sets[i].users == 0)
			return &a->sets[i];
	return nullptr;
}

static struct wrapped *free_wrapped(struct attenuator *a)
{
	for (uint32_t i = 0; i < MAX_WRAPPED; i++)
		if (!a->wrapped[i].used)
			return &a->wrapped[i];
	return nullptr;
}

static bool take_set(struct attenuator *a, struct rule_set *rules)
{
	if (rules->users == 0 && !shares_take(&a->sets_taken, rules->session, &rules->share))
		return false;
	rules->users++;
	return true;
}

static void give_set(struct attenuator *a, struct rule_set *rules)
{
	if (--rules->users == 0)
		shares_give(&a->sets_taken, rules->share);
}

struct wrapped *attenuator_wrap(struct attenuator *a, cap_id target, struct rule_set *rules,
				const struct rules_set *sets, uint32_t count)
{
	struct wrapped *w = free_wrapped(a);
	uint8_t share;

	if (!w || !shares_take(&a->wraps_taken, rules->session, &share))
		return nullptr;
	*w = (struct wrapped){.target = target, .rules = rules, .share = share, .set_count = count};
	for (uint32_t n = 0; n < count; n++)
		w->sets[n] = sets[n];
	w->facet_template = make_template(a, sets, count);
	w->used = w->facet_template.raw && take_set(a, rules);
	if (!w->used) {
		ring_release(a->ring, w->facet_template);
		shares_give(&a->wraps_taken, share);
		return nullptr;
	}
	w->number = ++a->numbers;
	return w;
}

void attenuator_unwrap(struct attenuator *a, struct wrapped *w)
{
	ring_release(a->ring, w->target);
	ring_release(a->ring, w->facet_template);
	give_set(a, w->rules);
	shares_give(&a->wraps_taken, w->share);
	w->used = false;
}

struct wrapped *attenuator_find(struct attenuator *a, uint64_t key)
{
	uint64_t i = key - KEY_FIRST;

	return i < MAX_WRAPPED && a->wrapped[i].used ? &a->wrapped[i] : nullptr;
}

uint64_t attenuator_key(const struct attenuator *a, const struct wrapped *w)
{
	return KEY_FIRST + (uint64_t)(w - a->wrapped);
}

struct wrapped *attenuator_wrap_like(struct attenuator *a, cap_id cap, const struct wrapped *like,
				     bool *refused)
{
	struct rules_set sets[RULES_MAX_SETS];
	uint32_t count;
	bool same = false;

	*refused = false;
	if (!attenuator_interfaces(a, cap, sets, &count))
		return nullptr;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t n = 0; n < like->set_count; n++)
			same |= sets[i].interface_id == like->sets[n].interface_id;
	if (!same)
		return nullptr;

	struct wrapped *w = rules_narrow(&like->rules->rules, sets, count)
				    ? attenuator_wrap(a, cap, like->rules, sets, count)
				    : nullptr;

	*refused = w == nullptr;
	return w;
}
