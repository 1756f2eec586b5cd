// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From a line to a statement. Pure: no capability is looked up, nothing is called.
 *
 *   statement = "" | "let" NAME { "," NAME } "=" expression | expression | command
 *   expression = NAME "." NAME [arguments] { "." NAME [arguments] }
 *   arguments = "(" [ argument { "," argument } ] ")" | argument { argument }     the latter only at the end
 *   argument = [ NAME "=" ] value
 *   command = NAME { word }
 *   run = "run" NAME [ "with" "{" grant { "," grant } "}" ] [ "args" "[" { word } "]" ] [ "&" ]
 *   grant = NAME [ ":" NAME ]
 *
 * A # begins a comment, except inside quotes. The statement points into the line.
 */
#pragma once

#include <shell/value.h>

#define SHELL_MAX_STEPS 8u
#define SHELL_MAX_WORDS 24u
#define SHELL_MAX_GRANTS 24u
#define SHELL_MAX_LET 8u

enum shell_statement_kind : uint8_t {
	SHELL_EMPTY,
	SHELL_EXPRESSION,
	SHELL_COMMAND, /* words[0] is its name */
	SHELL_RUN,
};

struct shell_step {
	struct shell_word name;
	uint16_t first, count; /* arguments */
	bool called;           /* with parentheses or arguments, so it must be a method */
};

struct shell_grant {
	struct shell_word name, capability;
};

struct shell_statement {
	enum shell_statement_kind kind;
	struct shell_word
		let[SHELL_MAX_LET]; /* EXPRESSION: names for the capabilities of its result, in their order */
	uint32_t let_count;

	struct shell_word target; /* EXPRESSION: where it begins */
	struct shell_step steps[SHELL_MAX_STEPS];
	uint32_t step_count;

	struct shell_word words[SHELL_MAX_WORDS]; /* COMMAND: its words, quotes taken off; RUN: args */
	uint32_t word_count;

	struct shell_word program; /* RUN */
	struct shell_grant grants[SHELL_MAX_GRANTS];
	uint32_t grant_count;
	bool with; /* a list of grants was given, even an empty one */
	bool background;

	struct shell_values values;
};

/* False: the line is wrong, and error says how. */
bool shell_parse(const char *line, uint32_t len, struct shell_statement *statement,
		 struct shell_error *error);
