// SPDX-License-Identifier: MIT OR Apache-2.0
/* Tokens of the source. The parser looks at one at a time. */
#pragma once

#include <shell/value.h>

enum token_kind : uint8_t {
	TOKEN_END,     /* of the source */
	TOKEN_LINE,    /* end of a line, or ; */
	TOKEN_NAME,    /* letter or _, then letters, digits, _ and - (between letters) */
	TOKEN_INTEGER, /* magnitude, negative */
	TOKEN_REAL,
	TOKEN_TEXT, /* word: its bytes, unescaped, in the arena */
	TOKEN_DATA,
	TOKEN_SIGN, /* one of . , : = ( ) [ ] { } & | + - * / % < > and == != <= >= .. ^= */
};

/* Signs of two characters, as one number. */
#define SIGN2(a, b) ((uint16_t)((a) << 8 | (b)))

struct token {
	enum token_kind kind;
	bool negative;
	bool spaced;       /* white space came before it */
	bool spaced_after; /* SIGN: and white space, or the end, after it */
	uint16_t sign;
	struct shell_word word;
	uint32_t end; /* the first byte after it */
	union {
		uint64_t magnitude;
		double real;
	};
};

struct lexer {
	const char *line;
	uint32_t len, at;
	struct shell_arena *arena; /* takes texts and data */
	struct shell_error *error;
	uint32_t brackets;  /* open ( and [ : there, ends of lines are white space */
	bool operand;       /* the token before was one: a - that follows without space subtracts */
	struct token token; /* the present one */
};

/* On to the next token; false: there is none that could be, and error says why. */
bool lex_next(struct lexer *lexer);
/* Writes an error; always false. what may be null; otherwise it follows in quotes. */
bool lex_fail(struct shell_error *error, uint32_t at, const char *text, const struct shell_word *what);
/* The character after a backslash, at lexer->at; *c is what it stands for. */
bool lex_escape(struct lexer *lexer, char *c);
