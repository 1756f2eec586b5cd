// SPDX-License-Identifier: MIT OR Apache-2.0
/* Lines and scripts: parse all, then run statement by statement. */
#include <fmt/fmt.h>

#include "internal.h"

#define MAX_SCRIPTS 8u /* that run each other */

void shell_init(struct shell *shell, const struct shell_host *host, struct registry *registry)
{
	shell->host = host;
	shell->registry = registry;
	shell->variable_count = shell->globals = shell->frame = shell->block = 0;
	shell->temporary_count = shell->depth = shell->blocks = shell->scripts = 0;
	shell->status = 0;
	shell->keeps = shell->leaving = false;
	shell->source = "";
	shell->source_len = 0;
	shell->returned = nullptr;
	shell->arena = (struct shell_arena){shell->arena_bytes, SHELL_ARENA_BYTES, 0};
	store_init(shell);
}

/* Is every statement well-formed? */
static bool check(struct shell *shell, const char *source, uint32_t len, struct shell_error *error)
{
	uint32_t mark = shell->arena.used;
	struct shell_parser parser;
	struct shell_node *node = nullptr;
	bool good;

	shell_parser_init(&parser, source, len, &shell->arena, error);
	do {
		shell->arena.used = mark;
		good = shell_parse_statement(&parser, &node);
	} while (good && node);
	shell->arena.used = mark;
	if (!good) {
		shell_fail_at(shell, error->at, "%s", error->text);
		fmt_print(shell->failure.kind, sizeof(shell->failure.kind), "syntax");
	}
	return good;
}

static enum flow run_all(struct shell *shell, const char *source, uint32_t len, uint32_t *at)
{
	uint32_t mark = shell->arena.used, source_len = shell->source_len;
	const char *before = shell->source;
	enum flow flow = FLOW_NEXT;
	struct shell_parser parser;
	struct shell_error error;
	struct shell_node *node;

	shell->source = source;
	shell->source_len = len;
	shell_parser_init(&parser, source, len, &shell->arena, &error);
	while (flow == FLOW_NEXT && shell_parse_statement(&parser, &node) && node) {
		*at = node->at;
		flow = statement_run(shell, node, true);
		shell->arena.used = mark;
	}
	shell->source = before;
	shell->source_len = source_len;
	return flow;
}

enum shell_outcome shell_line(struct shell *shell, const char *line, uint32_t len)
{
	struct shell_error error;
	uint32_t at = 0;
	enum flow flow;

	if (!check(shell, line, len, &error))
		return error.incomplete ? SHELL_INCOMPLETE : SHELL_FAILED;
	flow = run_all(shell, line, len, &at);
	shell->leaving = flow == FLOW_EXIT;
	if (flow == FLOW_FAILED)
		return SHELL_FAILED;
	if (flow == FLOW_BREAK || flow == FLOW_CONTINUE || flow == FLOW_RETURN) {
		shell_fail_at(shell, at, "there is no loop or function around this");
		return SHELL_FAILED;
	}
	return SHELL_DONE;
}

/* Where in a script the failure was: its line and column, the innermost script first. */
static void place(struct shell *shell, struct shell_word name, const char *text, uint32_t len, uint32_t at)
{
	struct shell_failure *f = &shell->failure;

	if (f->script[0])
		return;
	if (f->placed)
		at = f->at;
	fmt_print(f->script, sizeof(f->script), "%.*s", (int)(name.len < 32 ? name.len : 32), name.ptr);
	f->line = f->column = 1;
	for (uint32_t i = 0; i < at && i < len; i++) {
		f->line += text[i] == '\n';
		f->column = text[i] == '\n' ? 1 : f->column + 1;
	}
}

bool shell_script(struct shell *shell, struct shell_word name, const char *text, uint32_t len)
{
	struct shell_error error;
	uint32_t at = 0;
	enum flow flow;

	if (shell->scripts >= MAX_SCRIPTS)
		return shell_fail_at(shell, name.at, "scripts run each other too deeply");
	if (!eval_enter(shell, name.at))
		return false;
	shell->scripts++;
	flow = check(shell, text, len, &error) ? run_all(shell, text, len, &at) : FLOW_FAILED;
	shell->scripts--;
	shell->depth--;
	if (flow == FLOW_BREAK || flow == FLOW_CONTINUE) {
		shell_fail_at(shell, at, "there is no loop around this");
		flow = FLOW_FAILED;
	}
	if (flow == FLOW_FAILED) {
		place(shell, name, text, len, at);
		shell->status = 1;
		return false;
	}
	/* exit ends the script, not who runs it. */
	if (flow != FLOW_EXIT)
		shell->status = 0;
	shell->leaving = false;
	return true;
}
