// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The lexer: names, quoted text, data, signs. It reads each byte once (quoted ones twice) and never past the end of
 * the source.
 */
#include <fmt/fmt.h>

#include "lex_internal.h"

bool lex_fail(struct shell_error *error, uint32_t at, const char *text, const struct shell_word *what)
{
	error->at = at;
	if (what)
		fmt_print(error->text, sizeof(error->text), "%s \"%.*s\"", text,
			  (int)(what->len < 60 ? what->len : 60), what->ptr);
	else
		fmt_print(error->text, sizeof(error->text), "%s", text);
	return false;
}

bool lex_escape(struct lexer *lexer, char *c)
{
	static const char from[] = "nrtabfv0\\\"'", to[] = "\n\r\t\a\b\f\v\0\\\"'";
	uint32_t start = lexer->at - 1;
	char letter = lex_peek(lexer, 0);

	lexer->at++;
	if (letter == 'x') {
		int high = lex_hex_digit(lex_peek(lexer, 0)), low = lex_hex_digit(lex_peek(lexer, 1));

		if (high < 0 || low < 0)
			return lex_fail(lexer->error, start, "\\x wants two hexadecimal digits", nullptr);
		lexer->at += 2;
		*c = (char)(high * 16 + low);
		return true;
	}
	for (unsigned i = 0; i < sizeof(from) - 1; i++) {
		if (letter == from[i] && letter != '\0') {
			*c = to[i];
			return true;
		}
	}
	return lex_fail(lexer->error, start,
			"unknown escape; there are \\n \\r \\t \\\" \\\\ \\xNN and a few more", nullptr);
}

/* Room for what stands between the quote at `start` and its end; null: there is no end, or no room. */
static char *quoted_room(struct lexer *lexer, uint32_t start, uint32_t first)
{
	uint32_t at = first;

	while (at < lexer->len && lexer->line[at] != '"' && lexer->line[at] != '\n')
		at += lexer->line[at] == '\\' ? 2 : 1;
	if (at >= lexer->len || lexer->line[at] != '"') {
		lex_fail(lexer->error, start, "this quote is never closed", nullptr);
		return nullptr;
	}

	char *room = shell_arena_alloc(lexer->arena, at - first + 1);
	if (!room)
		lex_fail(lexer->error, start, "too much text at once", nullptr);
	return room;
}

static bool finish_quoted(struct lexer *lexer, uint32_t start, enum token_kind kind, const char *room,
			  uint32_t len)
{
	lexer->at++;
	lexer->token.kind = kind;
	lexer->token.word = (struct shell_word){room, len, start};
	return true;
}

static bool lex_text(struct lexer *lexer)
{
	uint32_t start = lexer->at, len = 0;
	char *room = quoted_room(lexer, start, ++lexer->at);

	if (!room)
		return false;
	while (lex_peek(lexer, 0) != '"') {
		char c = lexer->line[lexer->at++];

		if (c == '\\' && !lex_escape(lexer, &c))
			return false;
		room[len++] = c;
	}
	return finish_quoted(lexer, start, TOKEN_TEXT, room, len);
}

/* 0x"01 ff" */
static bool lex_data(struct lexer *lexer)
{
	uint32_t start = lexer->at, len = 0;
	char *room = quoted_room(lexer, start, lexer->at += 3);

	if (!room)
		return false;
	for (; lex_peek(lexer, 0) != '"'; lexer->at++) {
		int high, low;

		if (lex_peek(lexer, 0) == ' ')
			continue;
		high = lex_hex_digit(lex_peek(lexer, 0));
		low = lex_hex_digit(lex_peek(lexer, 1));
		if (high < 0 || low < 0)
			return lex_fail(lexer->error, lexer->at, "data is pairs of hexadecimal digits",
					nullptr);
		lexer->at++;
		room[len++] = (char)(high * 16 + low);
	}
	return finish_quoted(lexer, start, TOKEN_DATA, room, len);
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? __builtin_strchr(digits, c) : nullptr;

	return found ? (int)(found - digits) : -1;
}

/* b64"Af8=": groups of four, the last one filled up with = or cut short. */
static bool lex_base64(struct lexer *lexer)
{
	uint32_t start = lexer->at, len = 0, bits = 0, have = 0, digits = 0;
	char *room = quoted_room(lexer, start, lexer->at += 4);

	if (!room)
		return false;
	for (; lex_peek(lexer, 0) != '"' && lex_peek(lexer, 0) != '='; lexer->at++) {
		int digit = base64_digit(lex_peek(lexer, 0));

		if (digit < 0)
			return lex_fail(lexer->error, lexer->at, "this is no digit of base64", nullptr);
		bits = (bits << 6 | (uint32_t)digit) & 0xfffff;
		digits++;
		have += 6;
		if (have >= 8) {
			have -= 8;
			room[len++] = (char)(bits >> have);
		}
	}
	for (; lex_peek(lexer, 0) == '='; lexer->at++)
		digits++;
	if (lex_peek(lexer, 0) != '"' || digits % 4 == 1 || (bits & ((1u << have) - 1)) != 0)
		return lex_fail(lexer->error, lexer->at, "base64 does not end like this", nullptr);
	return finish_quoted(lexer, start, TOKEN_DATA, room, len);
}

static void lex_name(struct lexer *lexer)
{
	uint32_t start = lexer->at;

	while (lex_is_letter(lex_peek(lexer, 0)) || lex_is_digit(lex_peek(lexer, 0)) ||
	       (lex_peek(lexer, 0) == '-' &&
		(lex_is_letter(lex_peek(lexer, 1)) || lex_is_digit(lex_peek(lexer, 1)))))
		lexer->at++;
	lexer->token.kind = TOKEN_NAME;
	lex_finish_word(lexer, start);
}

static bool lex_sign(struct lexer *lexer)
{
	static const char pairs[][3] = {"==", "!=", "<=", ">=", "..", "^="};
	uint32_t start = lexer->at;
	char c = lex_peek(lexer, 0), next = lex_peek(lexer, 1);

	lexer->at++;
	lexer->token.sign = (uint8_t)c;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (c == pairs[i][0] && next == pairs[i][1]) {
			lexer->token.sign = SIGN2((uint8_t)c, (uint8_t)next);
			lexer->at++;
			break;
		}
	}
	lex_finish_word(lexer, start);
	if (lexer->at - start == 1 && (c == '\0' || !__builtin_strchr(".,:=()[]{}&|+-*/%<>", c))) {
		/* The whole character, not a part of it. */
		while (((uint8_t)lex_peek(lexer, 0) & 0xc0) == 0x80)
			lexer->at++;
		lex_finish_word(lexer, start);
		return lex_fail(lexer->error, start,
				"a character that means nothing here:", &lexer->token.word);
	}
	lexer->token.kind = TOKEN_SIGN;
	c = lex_peek(lexer, 0);
	lexer->token.spaced_after = lexer->at >= lexer->len || c == ' ' || c == '\t' || c == '\n';
	return true;
}

/* White space, comments, and inside brackets the ends of lines. */
static void skip_space(struct lexer *lexer)
{
	for (;; lexer->at++) {
		char c = lex_peek(lexer, 0);

		if (c == '#')
			while (lexer->at < lexer->len && lexer->line[lexer->at] != '\n')
				lexer->at++;
		if (lexer->at >= lexer->len)
			return;
		c = lexer->line[lexer->at];
		if (c != ' ' && c != '\t' && c != '\r' && !(c == '\n' && lexer->brackets > 0))
			return;
	}
}

static bool lex_one(struct lexer *lexer)
{
	char c = lex_peek(lexer, 0), next = lex_peek(lexer, 1);
	bool sign = c == '-' || c == '+';

	if (c == '\n' || c == ';') {
		lexer->at++;
		lex_finish_word(lexer, lexer->at - 1);
		lexer->token.kind = TOKEN_LINE;
		return true;
	}
	if (c == '"')
		return lex_text(lexer);
	if (c == '0' && next == 'x' && lex_peek(lexer, 2) == '"')
		return lex_data(lexer);
	if (c == 'b' && next == '6' && lex_peek(lexer, 2) == '4' && lex_peek(lexer, 3) == '"')
		return lex_base64(lexer);
	if (lex_is_digit(c) || (sign && lex_is_digit(next) && (!lexer->operand || lexer->token.spaced)))
		return lex_number(lexer);
	if (lex_is_letter(c)) {
		lex_name(lexer);
		return true;
	}
	return lex_sign(lexer);
}

bool lex_next(struct lexer *lexer)
{
	uint32_t before = lexer->at;

	skip_space(lexer);
	lexer->token = (struct token){.kind = TOKEN_END, .spaced = lexer->at > before};
	lex_finish_word(lexer, lexer->at);
	lexer->token.end = lexer->at;
	if (lexer->at >= lexer->len)
		return true;
	if (!lex_one(lexer))
		return false;
	lexer->token.end = lexer->at;

	const struct token *t = &lexer->token;
	lexer->operand = t->kind != TOKEN_SIGN ? t->kind != TOKEN_LINE : t->sign == ')' || t->sign == ']';
	return true;
}
