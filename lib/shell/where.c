// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * capability.where(rule, ...): less by what calls say. The rules become the argument of Attenuator.where, called at whatever
 * capability of that interface the shell holds.
 *
 *	path ^= "tmp/agent"      within         size <= 4Ki, size >= 1   atMost, atLeast
 *	mode == read, mode != x  equal, notEqual write.bytes <= 100      of one method only
 *	uses <= 10               uses           rate(5, 1s)              rate
 *	expires <= timer.now() + 1min           prefix(name, "a")  oneOf(name, ["a", "b"])  allow(size)
 */
#include "internal.h"

#define SIGN2(a, b) ((uint16_t)((a) << 8 | (b)))

static struct shell_word word(const char *text)
{
	return (struct shell_word){text, (uint32_t)__builtin_strlen(text), 0};
}

/* A rule that is being made: a struct value, its members added one by one. */
struct rule {
	struct shell *shell;
	struct shell_value *value;
	const struct shell_value **link;
	uint32_t at;
};

static bool add(struct rule *rule, const char *name, const struct shell_value *value)
{
	struct shell_value *member = eval_new(rule->shell, SHELL_VOID, rule->at);

	if (!member)
		return false;
	*member = *value;
	member->next = nullptr;
	member->name = word(name);
	member->word.at = rule->at;
	*rule->link = member;
	rule->link = &member->next;
	rule->value->count++;
	return true;
}

static bool add_word(struct rule *rule, const char *name, enum shell_value_kind kind, struct shell_word text)
{
	return add(rule, name, &(struct shell_value){.kind = kind, .word = text});
}

/* "path", "write.bytes" (method and field), "options.path" (a member of a struct). */
static bool add_field(struct rule *rule, const struct shell_node *node,
		      struct registry_data_interface_reader interface)
{
	const struct shell_node *base = node;
	struct registry_method m;
	uint32_t start, end;

	while (base->kind == SHELL_NODE_STEP && !base->called)
		base = base->a;
	if (base->kind != SHELL_NODE_BARE)
		return shell_fail_at(rule->shell, node->at, "a rule begins with a parameter's name");
	start = base->at;
	end = node->name.at + node->name.len;
	if (base != node && registry_method_named(rule->shell->registry, interface,
						  (struct msg_text){base->name.ptr, base->name.len}, &m)) {
		if (!add_word(rule, "method", SHELL_TEXT, base->name))
			return false;
		start += base->name.len + 1;
	}
	return add_word(rule, "field", SHELL_TEXT,
			(struct shell_word){rule->shell->source + start, end - start, start});
}

/* What it is compared with, by its kind. */
static bool add_operand(struct rule *rule, const struct shell_node *node)
{
	const struct shell_value *value;
	struct shell_value truth;

	if (node->kind == SHELL_NODE_BARE && !scope_find(rule->shell, node->name))
		return add_word(rule, "text", SHELL_TEXT, node->name);
	if (!eval_settled(rule->shell, node, &value))
		return false;
	value = shell_plain(value);
	switch (value->kind) {
	case SHELL_TEXT:
	case SHELL_ENUMERANT:
		return add_word(rule, "text", SHELL_TEXT, value->word);
	case SHELL_DATA:
		return add(rule, "data", value);
	case SHELL_INTEGER:
		truth = *value;
		if (value->negative)
			truth.magnitude = 0 - value->magnitude;
		truth.negative = false;
		return add(rule, "number", &truth);
	case SHELL_BOOL:
		return add(rule, "number",
			   &(struct shell_value){.kind = SHELL_INTEGER, .magnitude = value->truth});
	case SHELL_LIST:
		return add(rule, value->first && value->first->kind == SHELL_INTEGER ? "numbers" : "texts",
			   value);
	default:
		return shell_fail_at(rule->shell, node->at, "rules compare with texts, data and numbers");
	}
}

static bool compare_rule(struct rule *rule, const struct shell_node *node,
			 struct registry_data_interface_reader interface)
{
	static const struct {
		uint16_t sign;
		const char *op;
	} ops[] = {
		{SIGN2('^', '='), "within"}, {SIGN2('=', '='), "equal"},   {SIGN2('!', '='), "notEqual"},
		{SIGN2('<', '='), "atMost"}, {SIGN2('>', '='), "atLeast"},
	};
	bool bare = node->a->kind == SHELL_NODE_BARE && node->op == SIGN2('<', '=');

	if (bare && (shell_word_is(node->a->name, "uses") || shell_word_is(node->a->name, "expires")))
		return add_word(rule, "op", SHELL_ENUMERANT, node->a->name) && add_operand(rule, node->b);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (ops[i].sign == node->op)
			return add_word(rule, "op", SHELL_ENUMERANT, word(ops[i].op)) &&
			       add_field(rule, node->a, interface) && add_operand(rule, node->b);
	return shell_fail_at(rule->shell, node->at, "rules compare with ^= == != <= or >=");
}

static bool call_rule(struct rule *rule, const struct shell_node *node,
		      struct registry_data_interface_reader interface)
{
	const struct shell_node *a = node->first, *b = a ? a->next : nullptr;
	const struct shell_value *per;

	if (shell_word_is(node->name, "allow") && node->count == 1 && a->kind == SHELL_NODE_BARE)
		return add_word(rule, "op", SHELL_ENUMERANT, node->name) &&
		       add_word(rule, "method", SHELL_TEXT, a->name);
	if (shell_word_is(node->name, "rate") && node->count == 2)
		return add_word(rule, "op", SHELL_ENUMERANT, node->name) && add_operand(rule, a) &&
		       eval(rule->shell, b, &per) && add(rule, "perNs", shell_plain(per));
	if ((shell_word_is(node->name, "prefix") || shell_word_is(node->name, "oneOf") ||
	     shell_word_is(node->name, "within")) &&
	    node->count == 2)
		return add_word(rule, "op", SHELL_ENUMERANT, node->name) && add_field(rule, a, interface) &&
		       add_operand(rule, b);
	return shell_fail_at(
		rule->shell, node->at,
		"rules are comparisons, or rate(n, time), prefix(field, x), oneOf(field, list), allow(method)");
}

/* Any capability of that interface that has a name here. */
static const struct shell_value *find_attenuator(struct shell *shell, uint64_t interface_id)
{
	for (uint32_t i = 0; i < shell->variable_count; i++) {
		const struct shell_variable *v = &shell->variables[i];

		if (!v->function && v->value->kind == SHELL_CAPABILITY &&
		    v->value->interface_id == interface_id)
			return v->value;
	}
	return nullptr;
}

static bool make_rules(struct shell *shell, const struct shell_node *step,
		       struct registry_data_interface_reader interface, struct shell_value *rules)
{
	const struct shell_value **link = &rules->first;

	for (const struct shell_node *n = step->first; n; n = n->next) {
		struct rule rule = {shell, eval_new(shell, SHELL_STRUCT, n->at), nullptr, n->at};

		if (!rule.value)
			return false;
		rule.link = &rule.value->first;
		if (n->label.len > 0)
			return shell_fail_at(shell, n->at, "a rule is a comparison: write == and not =");
		if (n->kind == SHELL_NODE_BINARY ? !compare_rule(&rule, n, interface)
		    : n->kind == SHELL_NODE_FUNCTION
			    ? !call_rule(&rule, n, interface)
			    : !shell_fail_at(shell, n->at, "a rule is a comparison: size <= 10"))
			return false;
		*link = rule.value;
		link = &rule.value->next;
		rules->count++;
	}
	return true;
}

bool where_eval(struct shell *shell, const struct shell_value *target,
		struct registry_data_interface_reader interface, const struct shell_node *step,
		const struct shell_value **value)
{
	struct shell_value *capability = eval_new(shell, SHELL_CAPABILITY, step->at);
	struct shell_value *rules = eval_new(shell, SHELL_LIST, step->at);
	struct registry_data_interface_reader attenuator;
	struct call_plan plan = {.step = step, .arguments = capability};
	const struct shell_value *server;
	bool good;

	if (!capability || !rules)
		return false;
	if (!registry_interface_named(shell->registry, MSG_TEXT("Attenuator"), &attenuator) ||
	    !registry_method_named(shell->registry, attenuator, MSG_TEXT("where"), &plan.method) ||
	    !registry_struct(shell->registry, registry_data_method_reader_params(plan.method.method),
			     &plan.params) ||
	    !registry_struct(shell->registry, registry_data_method_reader_results(plan.method.method),
			     &plan.results))
		return shell_fail_at(shell, step->at, "the registry does not know Attenuator");
	server = find_attenuator(shell, registry_data_interface_reader_id(attenuator));
	if (!server)
		return shell_fail(shell, "NOT_GRANTED",
				  "where() needs a capability of the interface Attenuator");
	capability->cap = target->cap;
	capability->interface_id = target->interface_id;
	capability->next = rules;
	if (!make_rules(shell, step, interface, rules))
		return false;
	good = call_run(shell, &plan, 1, server->cap) && call_results(shell, &plan, value);
	call_end_all(&plan, 1);
	if (good)
		*value = shell_plain(*value);
	return good;
}
