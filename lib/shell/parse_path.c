// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Paths as values: NAME/PATH, without white space, as commands take them. A letter behind the first "/" makes it one, so n/2 is a
 * division, and dividing by a name wants white space. A path ends where a word does, or at a bracket, comma or quote. In front of "("
 * the last "." is that of a method: home/doc.list("").
 */
#include "lex_internal.h"
#include "parse_internal.h"

static bool ends_path(char c)
{
	return (uint8_t)c <= ' ' || __builtin_strchr(";,(){}[]\"=<>#&|", c) != nullptr;
}

bool parse_before_path(const struct parser *p)
{
	const struct lexer *l = &p->lexer;
	uint32_t at = l->token.end;

	return l->token.kind == TOKEN_NAME && at + 1 < l->len && l->line[at] == '/' &&
	       (lex_is_letter(l->line[at + 1]) || (uint8_t)l->line[at + 1] >= 0x80);
}

bool parse_path(struct parser *p, struct shell_node **node)
{
	struct lexer *l = &p->lexer;
	uint32_t start = l->token.word.at, end = l->token.end, dot = 0;

	*node = parse_node(p, SHELL_NODE_PATH);
	if (!*node)
		return false;
	for (; end < l->len && !ends_path(l->line[end]); end++)
		dot = l->line[end] == '.' ? end : l->line[end] == '/' ? 0 : dot;
	if (dot && end < l->len && l->line[end] == '(')
		end = dot;
	(*node)->name = (struct shell_word){l->line + start, end - start, start};
	l->at = end;
	return parse_next(p);
}
