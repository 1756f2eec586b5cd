// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From source to statements. Pure: nothing is looked up, nothing is called. The grammar is docs/guide/shell-grammar.md.
 *
 *   struct shell_parser p;
 *   shell_parser_init(&p, source, len, &arena, &error);
 *   while (shell_parse_statement(&p, &node) && node) ...
 *
 * - Nodes point into the source and the arena, which must stay.
 * - Nesting is bounded by SHELL_MAX_DEPTH, everything else by the arena. What is too much is an error like any other.
 * - error.incomplete says that more lines may make the statement whole (an open bracket or block).
 */
#pragma once

#include <shell/value.h>

enum shell_node_kind : uint8_t {
	/* Expressions */
	SHELL_NODE_LITERAL,  /* value */
	SHELL_NODE_BARE,     /* name */
	SHELL_NODE_PATH,     /* name: all of NAME/PATH */
	SHELL_NODE_LIST,     /* first.. */
	SHELL_NODE_STRUCT,   /* first.., their labels are the members' names */
	SHELL_NODE_GRANTS,   /* { a, b: expression }: first.., labels */
	SHELL_NODE_STEP,     /* a.name, called with first.. */
	SHELL_NODE_INDEX,    /* a[b] */
	SHELL_NODE_FUNCTION, /* name(first..) */
	SHELL_NODE_UNARY,    /* op: '-' or 'n' (not); a */
	SHELL_NODE_BINARY,   /* op: a sign, 'a' (and), 'o' (or); a, b */
	SHELL_NODE_RUN, /* name; a: grants or null; b: session or null; c: context or null; first..: arguments;
			      background */

	/* Statements */
	SHELL_NODE_DO,      /* the expression a */
	SHELL_NODE_COMMAND, /* first..: words, the first is its name; at, end: the source of the others */
	SHELL_NODE_LET,     /* first..: names; a */
	SHELL_NODE_ASSIGN,  /* name; a */
	SHELL_NODE_IF,      /* a, b: block, c: null, a block or an if */
	SHELL_NODE_FOR,     /* name; a, b: block */
	SHELL_NODE_WHILE,   /* a, b: block */
	SHELL_NODE_TRY,     /* a: block; name (may be empty), b: null or block */
	SHELL_NODE_DEFINE,  /* name; first..: parameters; a: block; at, end: its source */
	SHELL_NODE_RETURN,  /* a: null or expression */
	SHELL_NODE_BREAK,
	SHELL_NODE_CONTINUE,
	SHELL_NODE_EXIT,  /* a: null or expression */
	SHELL_NODE_BLOCK, /* first..: statements */
};

struct shell_node {
	enum shell_node_kind kind;
	bool called; /* STEP: with parentheses or arguments, so it must be a method */
	bool background;
	uint16_t op;
	uint32_t at, end; /* in the source */
	uint32_t count;   /* of first.. */
	struct shell_word name, label;
	const struct shell_value *value;
	struct shell_node *a, *b, *c, *first, *next;
};

struct shell_parser {
	struct shell_arena *arena;
	struct shell_error *error;
	const char *source;
	uint32_t len, at;
};

void shell_parser_init(struct shell_parser *parser, const char *source, uint32_t len,
		       struct shell_arena *arena, struct shell_error *error);
/* The next statement; null at the end. False: it is wrong, and error says how. */
bool shell_parse_statement(struct shell_parser *parser, struct shell_node **node);
/* Arguments without parentheses, in [at, end) of the source: a COMMAND that turned out to be a function. */
bool shell_parse_arguments(struct shell_parser *parser, uint32_t at, uint32_t end, struct shell_node **first,
			   uint32_t *count);
