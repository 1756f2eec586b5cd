// SPDX-License-Identifier: MIT OR Apache-2.0
/* Tokens of a line. The parser looks at one at a time. */
#pragma once

#include <shell/value.h>

enum token_kind : uint8_t {
	TOKEN_END,
	TOKEN_NAME,    /* letter or _, then letters, digits, _ and - (between letters) */
	TOKEN_INTEGER, /* magnitude, negative */
	TOKEN_REAL,
	TOKEN_TEXT, /* word: its bytes, unescaped, in the pool */
	TOKEN_DATA,
	TOKEN_SIGN, /* one of . , : = ( ) [ ] { } & | */
};

struct token {
	enum token_kind kind;
	char sign;
	bool negative;
	bool spaced; /* white space came before it */
	struct shell_word word;
	union {
		uint64_t magnitude;
		double real;
	};
};

struct lexer {
	const char *line;
	uint32_t len, at;
	struct shell_values *values; /* whose bytes take texts and data */
	struct shell_error *error;
	struct token token; /* the present one */
};

/* On to the next token; false: there is none that could be, and error says why. */
bool lex_next(struct lexer *lexer);
/* Writes an error; always false. what may be null; otherwise it follows in quotes. */
bool lex_fail(struct shell_error *error, uint32_t at, const char *text, const struct shell_word *what);
