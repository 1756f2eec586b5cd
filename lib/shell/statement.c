// SPDX-License-Identifier: MIT OR Apache-2.0
/* Statements: what they do to variables, and where they go next. */
#include <fmt/fmt.h>
#include <shell/decode.h>

#include "internal.h"

/* ---- Showing and naming results ---- */

static bool has_capability(const struct shell_value *value)
{
	if (value->kind == SHELL_CAPABILITY)
		return true;
	if (value->kind != SHELL_LIST && value->kind != SHELL_STRUCT)
		return false;
	for (const struct shell_value *m = value->first; m; m = m->next)
		if (has_capability(m))
			return true;
	return false;
}

/* "notification", "notification2", ...: the first that is free. */
static bool free_name(struct shell *shell, struct shell_word wanted, char name[SHELL_MAX_NAME + 1],
		      struct shell_word *out)
{
	uint32_t len = wanted.len < SHELL_MAX_NAME - 3 ? wanted.len : SHELL_MAX_NAME - 3;

	__builtin_memcpy(name, wanted.ptr, len);
	*out = (struct shell_word){name, len, 0};
	for (unsigned n = 2; n < 100 && scope_find(shell, *out); n++) {
		uint32_t at = len;

		if (n >= 10)
			name[at++] = (char)('0' + n / 10);
		name[at++] = (char)('0' + n % 10);
		out->len = at;
	}
	return len > 0 && !scope_find(shell, *out);
}

/* At a prompt, capabilities that came with a result are kept, under the names of the members. */
static void keep_members(struct shell *shell, const struct shell_value *value)
{
	char name[SHELL_MAX_NAME + 1];
	struct shell_word word;

	for (const struct shell_value *m = value->first; m; m = m->next) {
		if (m->kind != SHELL_CAPABILITY)
			continue;
		if (!free_name(shell, m->name, name, &word) || !scope_set(shell, word, m, false, true)) {
			text_put(shell->host->out, "  (no room to keep it; \"drop NAME\" makes some)\n");
			return;
		}
		text_print(shell->host->out, "  (kept as %.*s)\n", (int)word.len, word.ptr);
	}
}

static void show_members(struct shell *shell, const struct shell_value *value)
{
	const struct text_out *out = shell->host->out;

	for (const struct shell_value *m = value->first; m; m = m->next) {
		text_put(out, "  ");
		text_put_text(out, (struct msg_text){m->name.ptr, m->name.len});
		text_put(out, " = ");
		shell_print(shell->registry, out, m);
		text_put(out, "\n");
	}
}

static void show_value(struct shell *shell, const struct shell_value *value)
{
	if (value->kind == SHELL_VOID || (value->kind == SHELL_STRUCT && value->count == 0 && value->results))
		return;
	if (value->kind != SHELL_STRUCT || value->count == 0) {
		text_put(shell->host->out, "  ");
		shell_print(shell->registry, shell->host->out, value);
		text_put(shell->host->out, "\n");
		return;
	}
	show_members(shell, value);
	if (!value->results || !has_capability(value))
		return;
	if (shell->keeps && shell->blocks == 0 && shell->scripts == 0)
		keep_members(shell, value);
	else
		text_put(shell->host->out, "  capabilities were dropped; \"let x = ...\" keeps one\n");
}

/* ---- let ---- */

static void show_let(struct shell *shell, struct shell_word name, const struct shell_value *value)
{
	if (shell->scripts > 0 || shell->blocks > 0)
		return;
	text_print(shell->host->out, "  %.*s = ", (int)name.len, name.ptr);
	shell_print(shell->registry, shell->host->out, value);
	text_put(shell->host->out, "\n");
}

static bool let_several(struct shell *shell, const struct shell_node *node, const struct shell_value *value)
{
	const struct shell_value *m = value->first;

	if (value->kind != SHELL_STRUCT && value->kind != SHELL_LIST)
		return shell_fail_at(shell, node->first->next->at, "that is one value: it gets one name");
	if (value->count != node->count)
		return shell_fail_at(shell, node->first->at, "the result holds %u %s; let gives each a name",
				     value->count, value->count == 1 ? "value" : "values");
	for (const struct shell_node *n = node->first; n; n = n->next, m = m->next) {
		if (!scope_set(shell, n->name, m, false, true))
			return false;
		show_let(shell, n->name, m);
	}
	return true;
}

static bool run_let(struct shell *shell, const struct shell_node *node)
{
	const struct shell_value *value;

	if (!eval_settled(shell, node->a, &value))
		return false;
	if (node->count > 1)
		return let_several(shell, node, value);
	value = shell_plain(value);
	if (value->kind == SHELL_STRUCT && value->results && value->count == 0)
		return shell_fail_at(shell, node->first->at, "the call gives nothing that could get a name");
	if (!scope_set(shell, node->first->name, value, false, true))
		return false;
	show_let(shell, node->first->name, value);
	return true;
}

static bool run_assign(struct shell *shell, const struct shell_node *node)
{
	struct shell_variable *variable = scope_find(shell, node->name);
	const struct shell_value *value;

	if (!variable || variable->function)
		return shell_fail_at(shell, node->name.at,
				     "there is no variable \"%.*s\"; \"let %.*s = ...\" makes one",
				     (int)(node->name.len < 40 ? node->name.len : 40), node->name.ptr,
				     (int)(node->name.len < 40 ? node->name.len : 40), node->name.ptr);
	return eval_settled(shell, node->a, &value) &&
	       scope_set(shell, node->name, shell_plain(value), false, false);
}

/* ---- Blocks and loops ---- */

static enum flow run_block(struct shell *shell, const struct shell_node *block, struct shell_word name,
			   const struct shell_value *value)
{
	uint32_t count = shell->variable_count, outer = shell->block;
	enum flow flow = FLOW_NEXT;

	if (!eval_enter(shell, block->at))
		return FLOW_FAILED;
	shell->block = count;
	shell->blocks++;
	if (value && !scope_set(shell, name, value, false, true))
		flow = FLOW_FAILED;
	for (const struct shell_node *n = block->first; n && flow == FLOW_NEXT; n = n->next)
		flow = statement_run(shell, n, false);
	/* What is returned may be a variable of this block: it was copied when it was looked at. */
	scope_leave(shell, count);
	shell->block = outer;
	shell->blocks--;
	shell->depth--;
	return flow;
}

static bool check_interrupt(struct shell *shell)
{
	if (shell->host->interrupted(shell->host->self))
		return shell_fail(shell, "CANCELLED", "interrupted by Ctrl-C");
	return true;
}

/* One round of a loop: *flow is what the loop is to come to if it ends here. */
static bool go_on(struct shell *shell, enum flow *flow, uint32_t at, uint32_t rounds)
{
	if (*flow != FLOW_NEXT && *flow != FLOW_CONTINUE) {
		*flow = *flow == FLOW_BREAK ? FLOW_NEXT : *flow;
		return false;
	}
	*flow = FLOW_NEXT;
	if (rounds >= SHELL_MAX_LOOPS)
		shell_fail_at(shell, at, "the loop did not end after %u rounds", SHELL_MAX_LOOPS);
	if (rounds >= SHELL_MAX_LOOPS || !check_interrupt(shell)) {
		*flow = FLOW_FAILED;
		return false;
	}
	return true;
}

static enum flow run_while(struct shell *shell, const struct shell_node *node)
{
	enum flow flow = FLOW_NEXT;
	uint32_t mark = shell->arena.used, temporaries = shell->temporary_count;

	for (uint32_t rounds = 0; go_on(shell, &flow, node->at, rounds); rounds++) {
		bool truth;

		if (!eval_truth(shell, node->a, &truth))
			return FLOW_FAILED;
		temporaries_release(shell, temporaries);
		shell->arena.used = mark;
		if (!truth)
			return FLOW_NEXT;
		flow = run_block(shell, node->b, node->name, nullptr);
	}
	return flow;
}

static enum flow run_range(struct shell *shell, const struct shell_node *node)
{
	const struct shell_value *a, *b;
	enum flow flow = FLOW_NEXT;

	if (!eval(shell, node->a->a, &a) || !eval(shell, node->a->b, &b))
		return FLOW_FAILED;
	a = shell_plain(a);
	b = shell_plain(b);
	if (a->kind != SHELL_INTEGER || b->kind != SHELL_INTEGER || a->negative || b->negative) {
		shell_fail_at(shell, node->a->at, "a range goes from one whole number to another: 1..5");
		return FLOW_FAILED;
	}
	uint64_t i = a->magnitude, last = b->magnitude;
	for (uint32_t rounds = 0; i <= last && go_on(shell, &flow, node->at, rounds); rounds++) {
		struct shell_value value = {.kind = SHELL_INTEGER, .magnitude = i};

		flow = run_block(shell, node->b, node->name, &value);
		if (i++ == UINT64_MAX)
			break;
	}
	return flow == FLOW_BREAK || flow == FLOW_CONTINUE ? FLOW_NEXT : flow;
}

static enum flow run_for(struct shell *shell, const struct shell_node *node)
{
	const struct shell_value *list;
	enum flow flow = FLOW_NEXT;
	uint32_t rounds = 0;

	if (node->a->kind == SHELL_NODE_BINARY && node->a->op == ('.' << 8 | '.'))
		return run_range(shell, node);
	if (!eval_settled(shell, node->a, &list))
		return FLOW_FAILED;
	list = shell_plain(list);
	if (list->kind != SHELL_LIST) {
		shell_fail_at(shell, node->a->at, "for goes through a list, or a range such as 1..5");
		return FLOW_FAILED;
	}
	for (const struct shell_value *m = list->first; m && go_on(shell, &flow, node->at, rounds);
	     m = m->next, rounds++)
		flow = run_block(shell, node->b, node->name, m);
	return flow == FLOW_BREAK || flow == FLOW_CONTINUE ? FLOW_NEXT : flow;
}

static enum flow run_if(struct shell *shell, const struct shell_node *node)
{
	bool truth;

	if (!eval_truth(shell, node->a, &truth))
		return FLOW_FAILED;
	if (truth)
		return run_block(shell, node->b, node->name, nullptr);
	if (!node->c)
		return FLOW_NEXT;
	return node->c->kind == SHELL_NODE_IF ? run_if(shell, node->c)
					      : run_block(shell, node->c, node->name, nullptr);
}

/* ---- try ---- */

static bool add_text(struct shell *shell, const struct shell_value ***link, const char *name,
		     const char *text)
{
	struct shell_value *m = eval_new(shell, SHELL_TEXT, 0);

	if (!m)
		return false;
	m->name = (struct shell_word){name, (uint32_t)__builtin_strlen(name), 0};
	m->word.len = (uint32_t)__builtin_strlen(text);
	m->word.ptr = shell_arena_bytes(&shell->arena, text, m->word.len);
	**link = m;
	*link = (const struct shell_value **)&m->next;
	return m->word.ptr != nullptr;
}

static enum flow run_try(struct shell *shell, const struct shell_node *node)
{
	uint32_t mark = shell->arena.used;
	enum flow flow = run_block(shell, node->a, node->name, nullptr);
	struct shell_value *why;
	const struct shell_value **link;

	/* Ctrl-C ends the whole, not this part of it. */
	if (flow != FLOW_FAILED || __builtin_strcmp(shell->failure.kind, "CANCELLED") == 0)
		return flow;
	shell->arena.used = mark;
	if (!node->b)
		return FLOW_NEXT;
	why = eval_new(shell, SHELL_STRUCT, 0);
	if (!why)
		return FLOW_FAILED;
	link = &why->first;
	why->count = 3;
	struct shell_failure failure = shell->failure;
	if (!add_text(shell, &link, "kind", failure.kind) ||
	    !add_text(shell, &link, "field", failure.field) ||
	    !add_text(shell, &link, "reason", failure.text))
		return FLOW_FAILED;
	return run_block(shell, node->b, node->name, node->name.len > 0 ? why : nullptr);
}

/* ---- Functions ---- */

static enum flow run_define(struct shell *shell, const struct shell_node *node)
{
	struct shell_value source = {
		.kind = SHELL_TEXT,
		.word = {shell->source + node->at, node->end - node->at, node->at},
	};

	return scope_set(shell, node->name, &source, true, true) ? FLOW_NEXT : FLOW_FAILED;
}

/* Runs the body with the arguments as its variables, which are on top already. */
static bool run_body(struct shell *shell, const struct shell_node *definition, uint32_t at,
		     const struct shell_value *first, uint32_t count, const struct shell_value **value)
{
	const struct shell_value *argument = first;

	if (count != definition->count)
		return shell_fail_at(shell, at, "%.*s takes %u value%s, not %u", (int)definition->name.len,
				     definition->name.ptr, definition->count,
				     definition->count == 1 ? "" : "s", count);
	for (const struct shell_node *n = definition->first; n; n = n->next, argument = argument->next)
		if (!scope_set(shell, n->name, shell_plain(argument), false, true))
			return false;

	enum flow flow = run_block(shell, definition->a, definition->name, nullptr);
	if (flow == FLOW_EXIT)
		shell->leaving = true;
	if (flow == FLOW_FAILED)
		return false;
	*value = flow == FLOW_RETURN && shell->returned ? shell->returned : eval_new(shell, SHELL_VOID, at);
	return *value != nullptr;
}

bool function_call(struct shell *shell, const struct shell_variable *function, uint32_t at,
		   const struct shell_value *first, uint32_t count, const struct shell_value **value)
{
	uint32_t variables = shell->variable_count, frame = shell->frame, block = shell->block;
	uint32_t len = function->value->word.len, source_len = shell->source_len;
	const char *source = shell->source;
	struct shell_error error;
	struct shell_parser parser;
	struct shell_node *definition;
	bool good;

	if (!check_interrupt(shell) || !eval_enter(shell, at))
		return false;
	/* A copy: the function may redefine itself while it runs. */
	shell->source = shell_arena_bytes(&shell->arena, function->value->word.ptr, len);
	shell->source_len = len;
	shell->frame = shell->block = variables;
	shell->blocks++;
	shell_parser_init(&parser, shell->source ? shell->source : "", shell->source ? len : 0, &shell->arena,
			  &error);
	good = shell->source && shell_parse_statement(&parser, &definition) && definition
		       ? run_body(shell, definition, at, first, count, value)
		       : shell_fail_at(shell, at, "too much at once: there is no room to call it");
	/* A place inside a function means nothing to who called it; a failure says once in which it was. */
	if (!good && shell->failure.placed && !shell->failure.within) {
		char text[sizeof(shell->failure.text)];

		__builtin_memcpy(text, shell->failure.text, sizeof(text));
		fmt_print(shell->failure.text, sizeof(shell->failure.text), "in %s: %s", function->text,
			  text);
		shell->failure.within = true;
	}
	if (!good && shell->failure.placed)
		shell->failure.at = at;
	scope_leave(shell, variables);
	shell->blocks--;
	shell->frame = frame;
	shell->block = block;
	shell->source = source;
	shell->source_len = source_len;
	shell->depth--;
	return good;
}

/* ---- Programs ---- */

static bool fill_grants(struct shell *shell, const struct shell_node *node, struct shell_run *run)
{
	const struct shell_value *grants;

	run->with = node != nullptr;
	if (!node)
		return true;
	if (!eval_settled(shell, node, &grants))
		return false;
	if (grants->kind != SHELL_STRUCT)
		return shell_fail_at(shell, node->at,
				     "grants are written { a, b: x }, or saved by \"save grants\"");
	for (const struct shell_value *m = grants->first; m; m = m->next) {
		if (m->kind != SHELL_CAPABILITY && m->kind != SHELL_OWN_SPACE)
			return shell_fail_at(shell, node->at, "only capabilities can be granted");
		if (run->grant_count == SHELL_MAX_GRANTS)
			return shell_fail_at(shell, node->at, "at most %u grants", SHELL_MAX_GRANTS);
		run->grants[run->grant_count++] = (struct shell_grant){
			.name = {m->name.ptr, m->name.len},
			.cap = m->kind == SHELL_CAPABILITY ? m->cap : CAP_ID_NULL,
			.interface_id = m->interface_id,
			.own_space = m->kind == SHELL_OWN_SPACE,
		};
	}
	return true;
}

/* What stands behind "in" or "on", if anything. */
static bool fill_place(struct shell *shell, const struct shell_node *node, const char *what, cap_id *cap,
		       uint64_t *interface_id)
{
	const struct shell_value *place;

	if (!node)
		return true;
	if (!eval(shell, node, &place))
		return false;
	place = shell_plain(place);
	if (place->kind != SHELL_CAPABILITY)
		return shell_fail_at(shell, node->at, "a program runs %s, which is a capability", what);
	*cap = place->cap;
	*interface_id = place->interface_id;
	return true;
}

static bool fill_arguments(struct shell *shell, const struct shell_node *node, struct shell_run *run)
{
	for (const struct shell_node *n = node->first; n; n = n->next) {
		const struct shell_value *value, *text;
		bool found;

		if (run->argument_count == SHELL_MAX_ARGUMENTS)
			return shell_fail_at(shell, n->at, "at most %u arguments", SHELL_MAX_ARGUMENTS);
		if (!eval_settled(shell, n, &value) ||
		    !builtin_call(shell, (struct shell_word){"text", 4, 0}, n->at, value, 1, &found, &text))
			return false;
		run->arguments[run->argument_count++] = (struct msg_text){text->word.ptr, text->word.len};
	}
	return true;
}

bool function_run_program(struct shell *shell, const struct shell_node *node,
			  const struct shell_value **value)
{
	struct shell_run *run = shell_arena_alloc(&shell->arena, sizeof(*run));
	struct shell_value *out = eval_new(shell, SHELL_STRUCT, node->at);

	if (!run || !out)
		return shell_fail_at(shell, node->at, "too much at once: there is no room for it");
	run->program = node->name;
	run->background = node->background;
	out->results = true;
	*value = out;
	return fill_grants(shell, node->a, run) &&
	       fill_place(shell, node->b, "in a session", &run->session, &run->session_interface) &&
	       fill_place(shell, node->c, "on CPU time", &run->context, &run->context_interface) &&
	       fill_arguments(shell, node, run) && shell->host->run(shell->host->self, shell, run, out);
}

/* ---- Commands ---- */

static bool unknown_command(struct shell *shell, struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	int len = (int)(word.len < 40 ? word.len : 40);

	shell->host->offer_commands(shell->host->self, &nearest);
	for (uint32_t i = 0; i < shell->variable_count; i++)
		shell_nearest_offer(&nearest, shell->variables[i].text,
				    (uint32_t)__builtin_strlen(shell->variables[i].text));
	builtin_offer(&nearest);
	if (nearest.found)
		return shell_fail_at(shell, word.at, "there is no \"%.*s\"; did you mean \"%.*s\"?", len,
				     word.ptr, (int)nearest.name_len, nearest.name);
	return shell_fail_at(shell, word.at, "there is no \"%.*s\"; \"help\" shows what there is", len,
			     word.ptr);
}

/* A function with arguments as behind a method: print "a" x. */
static bool call_loosely(struct shell *shell, const struct shell_node *node)
{
	struct shell_error error;
	struct shell_parser parser;
	struct shell_node call = {.kind = SHELL_NODE_FUNCTION, .at = node->at, .name = node->name};
	const struct shell_value *value;

	call.at = node->name.at;
	shell_parser_init(&parser, shell->source, shell->source_len, &shell->arena, &error);
	if (!shell_parse_arguments(&parser, node->at, node->end, &call.first, &call.count))
		return shell_fail_at(shell, error.at, "%s", error.text);
	if (!eval(shell, &call, &value))
		return false;
	show_value(shell, value);
	return true;
}

static bool run_command(struct shell *shell, const struct shell_node *node)
{
	struct shell_variable *variable = scope_find(shell, node->name);
	struct shell_word *words;
	uint32_t count = 0;
	int ran;

	if ((variable && variable->function) || (!variable && builtin_exists(node->name)))
		return call_loosely(shell, node);
	words = shell_arena_alloc(&shell->arena, node->count * (uint32_t)sizeof(*words));
	if (!words)
		return shell_fail_at(shell, node->at, "too many words");
	for (const struct shell_node *n = node->first; n; n = n->next) {
		const struct shell_value *value;

		if (!eval(shell, n, &value))
			return false;
		words[count] = value->word;
		words[count++].at = n->at;
	}
	ran = shell->host->command(shell->host->self, shell, words, count);
	if (ran != 0)
		return ran > 0;
	if (!variable || node->count > 1)
		return unknown_command(shell, node->name);
	show_value(shell, variable->value);
	return true;
}

static bool run_do(struct shell *shell, const struct shell_node *node)
{
	const struct shell_value *value;
	bool calls = node->a->kind == SHELL_NODE_STEP;

	if (calls ? !chain_eval(shell, node->a, true, &value) : !eval_settled(shell, node->a, &value))
		return false;
	if (value && node->a->kind != SHELL_NODE_RUN)
		show_value(shell, value);
	return true;
}

/* ---- The whole ---- */

static enum flow run_leave(struct shell *shell, const struct shell_node *node)
{
	const struct shell_value *value = nullptr;

	if (node->a && !eval_settled(shell, node->a, &value))
		return FLOW_FAILED;
	if (node->kind == SHELL_NODE_RETURN) {
		shell->returned = value ? scope_lift(shell, value) : nullptr;
		return value && !shell->returned ? FLOW_FAILED : FLOW_RETURN;
	}
	value = value ? shell_plain(value) : nullptr;
	if (value && value->kind != SHELL_INTEGER) {
		shell_fail_at(shell, node->a->at, "exit wants a number");
		return FLOW_FAILED;
	}
	shell->status = value ? (int64_t)(value->negative ? 0 - value->magnitude : value->magnitude) : 0;
	return FLOW_EXIT;
}

static enum flow run_kind(struct shell *shell, const struct shell_node *node)
{
	switch (node->kind) {
	case SHELL_NODE_DO:
		return run_do(shell, node) ? FLOW_NEXT : FLOW_FAILED;
	case SHELL_NODE_COMMAND:
		return run_command(shell, node) ? FLOW_NEXT : FLOW_FAILED;
	case SHELL_NODE_LET:
		return run_let(shell, node) ? FLOW_NEXT : FLOW_FAILED;
	case SHELL_NODE_ASSIGN:
		return run_assign(shell, node) ? FLOW_NEXT : FLOW_FAILED;
	case SHELL_NODE_IF:
		return run_if(shell, node);
	case SHELL_NODE_FOR:
		return run_for(shell, node);
	case SHELL_NODE_WHILE:
		return run_while(shell, node);
	case SHELL_NODE_TRY:
		return run_try(shell, node);
	case SHELL_NODE_DEFINE:
		return run_define(shell, node);
	case SHELL_NODE_BREAK:
		return FLOW_BREAK;
	case SHELL_NODE_CONTINUE:
		return FLOW_CONTINUE;
	case SHELL_NODE_RETURN:
	case SHELL_NODE_EXIT:
		return run_leave(shell, node);
	default:
		shell_fail_at(shell, node->at, "a statement is wanted here");
		return FLOW_FAILED;
	}
}

enum flow statement_run(struct shell *shell, const struct shell_node *node, bool outermost)
{
	uint32_t mark = shell->arena.used, temporaries = shell->temporary_count;
	enum flow flow;

	if (!check_interrupt(shell) || !eval_enter(shell, node->at))
		return FLOW_FAILED;
	flow = run_kind(shell, node);
	shell->depth--;
	if (shell->leaving && flow != FLOW_FAILED)
		flow = FLOW_EXIT;
	/* What is returned lives until the statement of its caller ends. */
	if (flow != FLOW_RETURN || outermost) {
		temporaries_release(shell, temporaries);
		shell->arena.used = mark;
	}
	return flow;
}
