// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the two halves of the parser share: parse.c (statements) and parse_expression.c. */
#pragma once

#include <shell/parse.h>

#include "lex.h"

struct parser {
	struct lexer lexer; /* first */
	struct shell_arena *arena;
	unsigned depth;
	unsigned blocks; /* open { of blocks */
	bool loose;      /* in arguments without parentheses: a number with a sign is one more */
};

/* Nodes in a row. */
struct chain {
	struct shell_node *first, *last;
	uint32_t count;
};

bool parse_fail(struct parser *p, const char *text, const struct shell_word *what);
/* "expected ..., not ..." at the present token. */
bool parse_expected(struct parser *p, const char *what);
bool parse_enter(struct parser *p);
struct shell_node *parse_node(struct parser *p, enum shell_node_kind kind);
void parse_add(struct chain *chain, struct shell_node *node);
bool parse_take_sign(struct parser *p, uint16_t sign, const char *what);
bool parse_take_name(struct parser *p, struct shell_word *name, const char *what);
/* Is the next thing behind the present token a single "="? */
bool parse_before_equals(const struct parser *p);
/* A word as it stands, up to white space or one of `stop`; quotes are taken off. Null in *node: none is left. */
bool parse_raw_word(struct parser *p, const char *stop, struct shell_node **node);

/* parse_path.c: is the present token, a name, the beginning of a path? */
bool parse_before_path(const struct parser *p);
bool parse_path(struct parser *p, struct shell_node **node);

/* arguments: the last method may take arguments without parentheses. */
bool parse_expression(struct parser *p, bool arguments, struct shell_node **node);
bool parse_bare_arguments(struct parser *p, struct chain *chain);
bool parse_run(struct parser *p, struct shell_node **node);

static inline bool parse_at_sign(const struct parser *p, uint16_t sign)
{
	return p->lexer.token.kind == TOKEN_SIGN && p->lexer.token.sign == sign;
}

static inline bool parse_at_word(const struct parser *p, const char *word)
{
	return p->lexer.token.kind == TOKEN_NAME && shell_word_is(p->lexer.token.word, word);
}

static inline bool parse_at_end(const struct parser *p)
{
	return p->lexer.token.kind == TOKEN_END || p->lexer.token.kind == TOKEN_LINE;
}

static inline bool parse_next(struct parser *p)
{
	return lex_next(&p->lexer);
}
