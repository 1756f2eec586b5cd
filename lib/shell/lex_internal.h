// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the two halves of the lexer share: lex.c (signs, names, quoted things) and lex_number.c. */
#pragma once

#include "lex.h"

static inline bool lex_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool lex_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline int lex_hex_digit(char c)
{
	if (lex_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static inline char lex_peek(const struct lexer *lexer, uint32_t ahead)
{
	return lexer->at + ahead < lexer->len ? lexer->line[lexer->at + ahead] : '\0';
}

static inline void lex_finish_word(struct lexer *lexer, uint32_t start)
{
	lexer->token.word = (struct shell_word){lexer->line + start, lexer->at - start, start};
}

bool lex_number(struct lexer *lexer);
