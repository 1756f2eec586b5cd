// SPDX-License-Identifier: MIT OR Apache-2.0
/* Expressions, but for calls (chain.c) and arithmetic (operators.c). Values live in the arena until the statement ends. */
#include "internal.h"

#define MAX_RANGE 4096u /* members of a list that a range makes; `for` needs no list */

bool eval_enter(struct shell *shell, uint32_t at)
{
	if (shell->depth >= MAX_NESTING)
		return shell_fail_at(shell, at, "nested too deeply");
	shell->depth++;
	return true;
}

struct shell_value *eval_new(struct shell *shell, enum shell_value_kind kind, uint32_t at)
{
	struct shell_value *value = shell_arena_alloc(&shell->arena, sizeof(*value));

	if (!value) {
		shell_fail_at(shell, at, "too much at once: there is no room for it");
		return nullptr;
	}
	value->kind = kind;
	value->word.ptr = value->name.ptr = "";
	value->word.at = at;
	return value;
}

static bool eval_bare(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	struct shell_variable *variable = scope_find(shell, node->name);
	struct shell_value *copy;

	if (!variable && shell_word_is(node->name, "status")) {
		copy = eval_new(shell, SHELL_INTEGER, node->at);
		if (!copy)
			return false;
		copy->negative = shell->status < 0;
		copy->magnitude = shell->status < 0 ? 0 - (uint64_t)shell->status : (uint64_t)shell->status;
		*value = copy;
		return true;
	}
	if (!variable)
		return scope_not_found(shell, node->name);
	if (variable->function)
		return shell_fail_at(shell, node->at, "\"%s\" is a function: %s(...)", variable->text,
				     variable->text);
	/* A copy, as what runs next may change the variable. */
	copy = shell_value_copy(&shell->arena, variable->value);
	if (!copy)
		return shell_fail_at(shell, node->at, "too much at once: there is no room for it");
	copy->word.at = node->at;
	*value = copy;
	return true;
}

static bool eval_path(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	const char *slash = __builtin_memchr(node->name.ptr, '/', node->name.len);
	struct shell_word head = {node->name.ptr, (uint32_t)(slash - node->name.ptr), node->at};
	const struct shell_variable *variable = scope_find(shell, head);
	struct shell_value *out = eval_new(shell, SHELL_CAPABILITY, node->at);

	if (!out)
		return false;
	if (!variable)
		return scope_not_found(shell, head);
	if (variable->function || variable->value->kind != SHELL_CAPABILITY)
		return shell_fail_at(
			shell, node->at,
			"\"%s\" is no Directory or Namespace that a path could begin at; a division is written "
			"with spaces: x / y",
			variable->text);
	if (!shell->host->path(shell->host->self, node->name, out))
		return false;
	*value = out;
	return out->kind != SHELL_CAPABILITY || temporary_add(shell, out->cap);
}

bool eval_arguments(struct shell *shell, const struct shell_node *first, bool bare,
		    const struct shell_value **values, uint32_t *count)
{
	const struct shell_value **link = values;

	*values = nullptr;
	*count = 0;
	for (const struct shell_node *node = first; node; node = node->next) {
		const struct shell_value *value;
		struct shell_value *member = eval_new(shell, SHELL_NAME, node->at);

		if (!member)
			return false;
		if (bare && node->kind == SHELL_NODE_BARE) {
			member->word = node->name;
		} else {
			if (bare ? !eval(shell, node, &value) : !eval_settled(shell, node, &value))
				return false;
			*member = *value;
			member->word.at = node->at;
		}
		member->next = nullptr;
		member->name = node->label;
		*link = member;
		link = &member->next;
		++*count;
	}
	return true;
}

static bool eval_members(struct shell *shell, const struct shell_node *node, enum shell_value_kind kind,
			 const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, kind, node->at);

	if (!out || !eval_arguments(shell, node->first, true, &out->first, &out->count))
		return false;
	*value = out;
	return true;
}

/* { a, b: x }: capabilities under the names that a program is to find them by. */
static bool eval_grants(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_STRUCT, node->at);
	const struct shell_value **link;

	if (!out)
		return false;
	link = &out->first;
	for (const struct shell_node *n = node->first; n; n = n->next) {
		const struct shell_value *found;
		struct shell_value *member = eval_new(shell, SHELL_OWN_SPACE, n->at);

		if (!member)
			return false;
		/* A program's address space is its own, never the shell's. */
		if (n->kind != SHELL_NODE_BARE || !shell_word_is(n->name, "virtualMemory")) {
			if (!eval(shell, n, &found))
				return false;
			*member = *shell_plain(found);
			if (member->kind != SHELL_CAPABILITY && member->kind != SHELL_OWN_SPACE)
				return shell_fail_at(shell, n->at, "only capabilities can be granted");
		}
		member->next = nullptr;
		member->name = n->label;
		*link = member;
		link = &member->next;
		out->count++;
	}
	*value = out;
	return true;
}

static bool eval_function(struct shell *shell, const struct shell_node *node,
			  const struct shell_value **value)
{
	struct shell_variable *function = scope_find(shell, node->name);
	struct shell_nearest nearest = shell_nearest(node->name.ptr, node->name.len);
	const struct shell_value *first;
	uint32_t count;
	bool found;

	if (!eval_arguments(shell, node->first, false, &first, &count))
		return false;
	function = scope_find(shell, node->name);
	if (function && function->function)
		return function_call(shell, function, node->at, first, count, value);
	if (!builtin_call(shell, node->name, node->at, first, count, &found, value))
		return false;
	if (found)
		return true;
	for (uint32_t i = 0; i < shell->variable_count; i++)
		if (shell->variables[i].function)
			shell_nearest_offer(&nearest, shell->variables[i].text,
					    (uint32_t)__builtin_strlen(shell->variables[i].text));
	builtin_offer(&nearest);
	return shell_fail_at(shell, node->at, "there is no function \"%.*s\"%s%.*s%s",
			     (int)(node->name.len < 40 ? node->name.len : 40), node->name.ptr,
			     nearest.found ? "; did you mean \"" : "", (int)nearest.name_len,
			     nearest.found ? nearest.name : "", nearest.found ? "\"?" : "");
}

bool eval_truth(struct shell *shell, const struct shell_node *node, bool *truth)
{
	const struct shell_value *value;

	if (!eval(shell, node, &value))
		return false;
	value = shell_plain(value);
	if (value->kind != SHELL_BOOL)
		return shell_fail_at(shell, node->at, "true or false is wanted here; compare with == < >");
	*truth = value->truth;
	return true;
}

static bool new_truth(struct shell *shell, bool truth, uint32_t at, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_BOOL, at);

	if (!out)
		return false;
	out->truth = truth;
	*value = out;
	return true;
}

static bool eval_unary(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	const struct shell_value *a;
	bool truth;

	if (node->op == 'n')
		return eval_truth(shell, node->a, &truth) && new_truth(shell, !truth, node->at, value);
	return eval(shell, node->a, &a) && operator_negate(shell, shell_plain(a), node->at, value);
}

/* One side of a comparison: a bare name that is no variable is an enumerant there. */
static bool eval_side(struct shell *shell, const struct shell_node *node, bool compares,
		      const struct shell_value **value)
{
	struct shell_value *name;

	if (!compares || node->kind != SHELL_NODE_BARE || scope_find(shell, node->name) ||
	    shell_word_is(node->name, "status")) {
		if (!eval(shell, node, value))
			return false;
		*value = shell_plain(*value);
		return true;
	}
	name = eval_new(shell, SHELL_NAME, node->at);
	if (!name)
		return false;
	name->word = node->name;
	*value = name;
	return true;
}

static bool eval_range(struct shell *shell, const struct shell_value *a, const struct shell_value *b,
		       uint32_t at, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_LIST, at);
	const struct shell_value **link;

	if (!out)
		return false;
	if (a->kind != SHELL_INTEGER || b->kind != SHELL_INTEGER || a->negative || b->negative)
		return shell_fail_at(shell, at, "a range goes from one whole number to another: 1..5");
	if (b->magnitude >= a->magnitude && b->magnitude - a->magnitude >= MAX_RANGE)
		return shell_fail_at(shell, at, "a list of more than %u members", MAX_RANGE);
	link = &out->first;
	for (uint64_t i = a->magnitude; i <= b->magnitude; i++) {
		struct shell_value *m = eval_new(shell, SHELL_INTEGER, at);

		if (!m)
			return false;
		m->magnitude = i;
		*link = m;
		link = &m->next;
		out->count++;
	}
	*value = out;
	return true;
}

static bool eval_binary(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	bool compares = node->op == ('=' << 8 | '=') || node->op == ('!' << 8 | '=');
	const struct shell_value *a, *b;
	bool truth;

	if (node->op == 'a' || node->op == 'o') {
		if (!eval_truth(shell, node->a, &truth))
			return false;
		if (truth == (node->op == 'a') && !eval_truth(shell, node->b, &truth))
			return false;
		return new_truth(shell, truth, node->at, value);
	}
	if (!eval_side(shell, node->a, compares, &a) || !eval_side(shell, node->b, compares, &b))
		return false;
	if (compares) {
		if ((a->kind == SHELL_NAME && b->kind != SHELL_ENUMERANT && b->kind != SHELL_TEXT) ||
		    (b->kind == SHELL_NAME && a->kind != SHELL_ENUMERANT && a->kind != SHELL_TEXT))
			return scope_not_found(shell, a->kind == SHELL_NAME ? a->word : b->word);
		return new_truth(shell, shell_values_equal(a, b) == (node->op >> 8 == '='), node->at, value);
	}
	if (node->op == ('.' << 8 | '.'))
		return eval_range(shell, a, b, node->at, value);
	return operator_binary(shell, node->op, a, b, node->at, value);
}

static bool eval_kind(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	switch (node->kind) {
	case SHELL_NODE_LITERAL:
		*value = node->value;
		return true;
	case SHELL_NODE_BARE:
		return eval_bare(shell, node, value);
	case SHELL_NODE_PATH:
		return eval_path(shell, node, value);
	case SHELL_NODE_LIST:
		return eval_members(shell, node, SHELL_LIST, value);
	case SHELL_NODE_STRUCT:
		return eval_members(shell, node, SHELL_STRUCT, value);
	case SHELL_NODE_GRANTS:
		return eval_grants(shell, node, value);
	case SHELL_NODE_STEP:
	case SHELL_NODE_INDEX:
		return chain_eval(shell, node, false, value);
	case SHELL_NODE_FUNCTION:
		return eval_function(shell, node, value);
	case SHELL_NODE_UNARY:
		return eval_unary(shell, node, value);
	case SHELL_NODE_BINARY:
		return eval_binary(shell, node, value);
	case SHELL_NODE_RUN:
		return function_run_program(shell, node, value);
	default:
		return shell_fail_at(shell, node->at, "a value is wanted here");
	}
}

bool eval(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	bool good;

	if (!eval_enter(shell, node->at))
		return false;
	good = eval_kind(shell, node, value);
	shell->depth--;
	return good;
}

/* ---- Values that are kept ---- */

static bool has_names(const struct shell_value *value)
{
	if (value->kind == SHELL_NAME)
		return true;
	if (value->kind != SHELL_LIST && value->kind != SHELL_STRUCT)
		return false;
	for (const struct shell_value *m = value->first; m; m = m->next)
		if (has_names(m))
			return true;
	return false;
}

/* Names become what they stand for now; one that stands for nothing is an enumerant. */
static bool settle(struct shell *shell, struct shell_value *value)
{
	struct shell_variable *variable;

	if (value->kind == SHELL_NAME) {
		struct shell_value before = *value;

		variable = scope_find(shell, value->word);
		value->kind = SHELL_ENUMERANT;
		if (!variable || variable->function)
			return true;
		struct shell_value *copy = shell_value_copy(&shell->arena, variable->value);
		if (!copy)
			return shell_fail_at(shell, value->word.at,
					     "too much at once: there is no room for it");
		*value = *copy;
		value->name = before.name;
		value->next = before.next;
	} else if (value->kind == SHELL_LIST || value->kind == SHELL_STRUCT) {
		for (const struct shell_value *m = value->first; m; m = m->next)
			if (!settle(shell, (struct shell_value *)m)) /* the copy is ours to change */
				return false;
	}
	return true;
}

bool eval_settled(struct shell *shell, const struct shell_node *node, const struct shell_value **value)
{
	struct shell_value *copy;

	if (!eval(shell, node, value))
		return false;
	if (!has_names(*value))
		return true;
	copy = shell_value_copy(&shell->arena, *value);
	if (!copy)
		return shell_fail_at(shell, node->at, "too much at once: there is no room for it");
	*value = copy;
	return settle(shell, copy);
}
