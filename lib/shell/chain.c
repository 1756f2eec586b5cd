// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Chains of steps: NAME.method(...).field.method(...)
 *
 * What a step means depends on what it is applied to: on a capability it is a method (or `only`, which attenuates), on a
 * struct a member. Where the registry says beforehand that a member of a result is a capability whose method comes next,
 * both calls go out together.
 */
#include <shell/decode.h>

#include "internal.h"

#define MAX_STEPS 25u

struct chain {
	const struct shell_node *steps[MAX_STEPS]; /* STEP and INDEX, the first first */
	uint32_t count, next;
	bool show;
	const struct shell_value *value; /* what it has come to; null: it was printed */
};

static struct msg_text text_of(struct shell_word word)
{
	return (struct msg_text){word.ptr, word.len};
}

static bool unknown_method(struct shell *shell, struct registry_data_interface_reader interface,
			   struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	struct msg_text name = registry_data_interface_reader_name(interface);
	struct registry_method m;
	int len = (int)(word.len < 40 ? word.len : 40);

	for (uint32_t i = 0; registry_method_at(shell->registry, interface, i, &m); i++) {
		struct msg_text method = registry_data_method_reader_name(m.method);

		shell_nearest_offer(&nearest, method.ptr, method.len);
	}
	if (nearest.found)
		return shell_fail_at(shell, word.at, "there is no method \"%.*s\"; did you mean \"%.*s\"?",
				     len, word.ptr, (int)nearest.name_len, nearest.name);
	return shell_fail_at(shell, word.at, "there is no method \"%.*s\"; try \"describe %.*s\"", len,
			     word.ptr, (int)name.len, name.ptr);
}

/* ---- Attenuation ---- */

static bool attenuate(struct shell *shell, const struct shell_value *target,
		      struct registry_data_interface_reader interface, const struct shell_node *step,
		      const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_CAPABILITY, step->at);
	uint64_t methods = 0;
	cap_id id;

	if (!out)
		return false;
	for (const struct shell_node *n = step->first; n; n = n->next) {
		struct registry_method m;

		if (n->kind != SHELL_NODE_BARE || n->label.len > 0)
			return shell_fail_at(shell, n->at, "only() wants names of methods");
		if (!registry_method_named(shell->registry, interface, text_of(n->name), &m))
			return unknown_method(shell, interface, n->name);
		if (registry_data_interface_reader_id(m.interface) != target->interface_id ||
		    m.ordinal > 63) {
			struct msg_text name = registry_data_interface_reader_name(interface);

			return shell_fail_at(shell, n->at,
					     "\"%.*s\" is inherited: only() keeps methods of %.*s itself",
					     (int)n->name.len, n->name.ptr, (int)name.len, name.ptr);
		}
		methods |= 1ull << m.ordinal;
	}

	enum status status = shell->host->attenuate(shell->host->self, target->cap, target->interface_id,
						    methods, &id);
	if (status != STATUS_OK)
		return shell_fail_status(shell, "only", status);
	out->cap = id;
	out->interface_id = target->interface_id;
	*value = out;
	return temporary_add(shell, id);
}

/* ---- Calls ---- */

static bool plan_call(struct shell *shell, struct call_plan *plan, const struct shell_node *step,
		      uint64_t interface_id)
{
	struct registry_data_interface_reader interface;
	uint32_t count;

	*plan = (struct call_plan){.step = step};
	if (step->kind != SHELL_NODE_STEP || !registry_interface(shell->registry, interface_id, &interface) ||
	    !registry_method_named(shell->registry, interface, text_of(step->name), &plan->method) ||
	    !registry_struct(shell->registry, registry_data_method_reader_params(plan->method.method),
			     &plan->params) ||
	    !registry_struct(shell->registry, registry_data_method_reader_results(plan->method.method),
			     &plan->results))
		return shell_fail_at(shell, step->at, "the registry does not know this method, or its types");
	return eval_arguments(shell, step->first, true, &plan->arguments, &count);
}

/*
 * The steps from `at` on as members of a result, up to one that is a capability: *steps of them, and its interface.
 * False: they lead elsewhere.
 */
static bool leads_to_capability(struct shell *shell, const struct chain *chain, uint32_t at,
				struct call_plan *plan, uint64_t *interface_id, uint32_t *steps)
{
	struct registry_data_struct_reader s = plan->results;

	for (plan->path_len = 0, *steps = 0; at < chain->count && plan->path_len < 4; at++) {
		const struct shell_node *step = chain->steps[at];
		struct registry_data_field_reader field;

		if (step->kind != SHELL_NODE_STEP || step->called ||
		    registry_data_struct_reader_discriminant_count(s) > 0 ||
		    !registry_field_named(s, text_of(step->name), &field))
			return false;

		struct registry_data_type_reader type = registry_data_field_reader_type(field);
		uint32_t offset = registry_data_field_reader_offset(field);
		if (registry_data_type_reader_lists(type) > 0 || offset >= 255)
			return false;
		plan->path[plan->path_len++] = (uint8_t)offset;
		++*steps;
		if (registry_data_type_reader_kind(type) == REGISTRY_DATA_KIND_INTERFACE) {
			*interface_id = registry_data_type_reader_id(type);
			return true;
		}
		if (registry_data_type_reader_kind(type) != REGISTRY_DATA_KIND_STRUCT ||
		    !registry_struct(shell->registry, registry_data_type_reader_id(type), &s))
			return false;
	}
	return false;
}

/* Is the step a method of that interface, so that the call can be planned now? */
static bool is_method(struct shell *shell, const struct shell_node *step, uint64_t interface_id)
{
	struct registry_data_interface_reader interface;
	struct registry_method m;

	return step->kind == SHELL_NODE_STEP &&
	       registry_interface(shell->registry, interface_id, &interface) &&
	       registry_method_named(shell->registry, interface, text_of(step->name), &m);
}

static bool show_results(struct shell *shell, struct call_plan *plan)
{
	registry_print_results(shell->registry, shell->host->out, plan->results,
			       msg_reader_root(&plan->call.results));
	if (!msg_reader_ok(&plan->call.results))
		return shell_fail(shell, "BAD_MESSAGE", "the answer is malformed");
	return true;
}

static bool check_allowed(struct shell *shell, cap_id target, const struct call_plan *plan)
{
	const char *why = shell->host->forbidden(shell->host->self, target,
						 registry_data_interface_reader_id(plan->method.interface),
						 plan->method.ordinal);

	return !why || shell_fail(shell, "REFUSED", "%s", why);
}

/* A method, and those that follow on what it returns as far as that is known beforehand. */
static bool call_steps(struct shell *shell, struct chain *chain, const struct shell_value *target)
{
	struct call_plan plans[CALL_MAX];
	uint64_t interface_id = target->interface_id;
	uint32_t count = 0, steps = 0;
	cap_id cap = target->cap;
	bool good;

	for (;;) {
		struct call_plan *plan = &plans[count++];

		if (!plan_call(shell, plan, chain->steps[chain->next++], interface_id))
			return false;
		/* What later calls go to is none of the shell's own. */
		if (count == 1 && !check_allowed(shell, cap, plan))
			return false;
		if (count == CALL_MAX ||
		    !leads_to_capability(shell, chain, chain->next, plan, &interface_id, &steps) ||
		    chain->next + steps >= chain->count ||
		    !is_method(shell, chain->steps[chain->next + steps], interface_id))
			break;
		chain->next += steps;
	}
	good = call_run(shell, plans, count, cap);

	struct call_plan *last = &plans[count - 1];
	if (good && chain->show && chain->next == chain->count && last->call.result_caps == 0) {
		chain->value = nullptr;
		good = show_results(shell, last);
	} else if (good) {
		good = call_results(shell, last, &chain->value);
	}
	call_end_all(plans, count);
	return good;
}

static bool step_on_capability(struct shell *shell, struct chain *chain, const struct shell_value *target)
{
	const struct shell_node *step = chain->steps[chain->next];
	struct registry_data_interface_reader interface;
	struct registry_method m;

	if (step->kind != SHELL_NODE_STEP)
		return shell_fail_at(shell, step->at, "a capability has methods, not members by number");
	if (!registry_interface(shell->registry, target->interface_id, &interface))
		return shell_fail_at(shell, step->at,
				     "its interface is not in the registry, so nothing is known of \"%.*s\"",
				     (int)(step->name.len < 40 ? step->name.len : 40), step->name.ptr);
	if (registry_method_named(shell->registry, interface, text_of(step->name), &m))
		return call_steps(shell, chain, target);
	if (shell_word_is(step->name, "only") && step->called) {
		chain->next++;
		return attenuate(shell, target, interface, step, &chain->value);
	}
	if (shell_word_is(step->name, "where") && step->called) {
		chain->next++;
		return where_eval(shell, target, interface, step, &chain->value);
	}
	return unknown_method(shell, interface, step->name);
}

/* ---- Members ---- */

static bool unknown_member(struct shell *shell, const struct shell_value *value, struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	int len = (int)(word.len < 40 ? word.len : 40);

	for (const struct shell_value *m = value->first; m; m = m->next)
		shell_nearest_offer(&nearest, m->name.ptr, m->name.len);
	if (nearest.found)
		return shell_fail_at(shell, word.at, "there is no member \"%.*s\"; did you mean \"%.*s\"?",
				     len, word.ptr, (int)nearest.name_len, nearest.name);
	return shell_fail_at(shell, word.at, "the result has no member \"%.*s\"", len, word.ptr);
}

static bool step_on_struct(struct shell *shell, struct chain *chain)
{
	const struct shell_node *step = chain->steps[chain->next];
	const struct shell_value *member = shell_member(chain->value, step->name);

	if (member && !step->called) {
		/* A capability or a struct that did not come. */
		if ((member->kind == SHELL_VOID || member->kind == SHELL_STRUCT) &&
		    !answer_has(shell, chain->value, step->name))
			return false;
		chain->value = member;
		chain->next++;
		return true;
	}
	/* x.createNotification.signal: the one thing that came is meant. */
	const struct shell_value *plain = shell_plain(chain->value);
	if (plain->kind == SHELL_CAPABILITY)
		return step_on_capability(shell, chain, plain);
	if (member)
		return shell_fail_at(shell, step->at, "\"%.*s\" is a member, not a method",
				     (int)step->name.len, step->name.ptr);
	return unknown_member(shell, chain->value, step->name);
}

static bool step_index(struct shell *shell, struct chain *chain)
{
	const struct shell_node *step = chain->steps[chain->next++];
	const struct shell_value *list = shell_plain(chain->value), *index;

	if (!eval(shell, step->b, &index))
		return false;
	index = shell_plain(index);
	if (list->kind != SHELL_LIST)
		return shell_fail_at(shell, step->at, "only lists have members by number");
	if (index->kind != SHELL_INTEGER || index->negative || index->magnitude >= list->count)
		return shell_fail_at(shell, step->b->at, "the list has %u members, from number 0 on",
				     list->count);
	chain->value = list->first;
	for (uint64_t i = 0; i < index->magnitude; i++)
		chain->value = chain->value->next;
	return true;
}

static bool step_on(struct shell *shell, struct chain *chain)
{
	const struct shell_node *step = chain->steps[chain->next];

	if (step->kind == SHELL_NODE_INDEX)
		return step_index(shell, chain);
	if (chain->value->kind == SHELL_CAPABILITY)
		return step_on_capability(shell, chain, chain->value);
	if (chain->value->kind == SHELL_STRUCT)
		return step_on_struct(shell, chain);
	if (chain->value->kind == SHELL_VOID)
		return shell_fail_at(shell, step->at, "it is null: nothing to call");
	return shell_fail_at(shell, step->at, "\"%.*s\": this has no members of its own",
			     (int)(step->name.len < 40 ? step->name.len : 40), step->name.ptr);
}

bool chain_eval(struct shell *shell, const struct shell_node *node, bool show,
		const struct shell_value **value)
{
	struct chain chain = {.show = show};
	const struct shell_node *base = node;

	for (; base->kind == SHELL_NODE_STEP || base->kind == SHELL_NODE_INDEX; base = base->a)
		chain.count++;
	if (chain.count > MAX_STEPS)
		return shell_fail_at(shell, node->at, "too many steps");
	for (uint32_t i = chain.count; i > 0; i--, node = node->a)
		chain.steps[i - 1] = node;
	if (!eval(shell, base, &chain.value))
		return false;
	while (chain.next < chain.count)
		if (!step_on(shell, &chain))
			return false;
	*value = chain.value;
	return true;
}
