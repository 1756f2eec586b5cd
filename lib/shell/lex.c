// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The lexer: names, numbers, quoted text, data, signs. It reads each byte once and never past the end of the
 * line.
 */
#include "lex.h"

#include <fmt/fmt.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static char peek(const struct lexer *lexer, uint32_t ahead)
{
	return lexer->at + ahead < lexer->len ? lexer->line[lexer->at + ahead] : '\0';
}

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

static void finish_word(struct lexer *lexer, uint32_t start)
{
	lexer->token.word = (struct shell_word){lexer->line + start, lexer->at - start, start};
}

static bool keep_byte(struct lexer *lexer, uint32_t start, char c)
{
	if (lexer->values->used == SHELL_MAX_BYTES)
		return lex_fail(lexer->error, start, "too much text in one line", nullptr);
	lexer->values->bytes[lexer->values->used++] = c;
	return true;
}

/* The character after a backslash; *c is what it stands for. */
static bool escape(struct lexer *lexer, char *c)
{
	static const char from[] = "nrtabfv0\\\"'", to[] = "\n\r\t\a\b\f\v\0\\\"'";
	uint32_t start = lexer->at - 1;
	char letter = peek(lexer, 0);

	lexer->at++;
	if (letter == 'x') {
		int high = hex_digit(peek(lexer, 0)), low = hex_digit(peek(lexer, 1));

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

static bool lex_text(struct lexer *lexer)
{
	uint32_t start = lexer->at, first = lexer->values->used;

	for (lexer->at++; peek(lexer, 0) != '"';) {
		if (lexer->at >= lexer->len)
			return lex_fail(lexer->error, start, "this quote is never closed", nullptr);
		char c = lexer->line[lexer->at++];
		if (c == '\\' && !escape(lexer, &c))
			return false;
		if (!keep_byte(lexer, start, c))
			return false;
	}
	lexer->at++;
	lexer->token.kind = TOKEN_TEXT;
	lexer->token.word = (struct shell_word){lexer->values->bytes + first, lexer->values->used - first,
						start};
	return true;
}

/* 0x"01 ff" */
static bool lex_data(struct lexer *lexer)
{
	uint32_t start = lexer->at, first = lexer->values->used;

	for (lexer->at += 3; peek(lexer, 0) != '"'; lexer->at++) {
		int high, low;

		if (lexer->at >= lexer->len)
			return lex_fail(lexer->error, start, "this quote is never closed", nullptr);
		if (peek(lexer, 0) == ' ')
			continue;
		high = hex_digit(peek(lexer, 0));
		low = hex_digit(peek(lexer, 1));
		if (high < 0 || low < 0)
			return lex_fail(lexer->error, lexer->at, "data is pairs of hexadecimal digits",
					nullptr);
		lexer->at++;
		if (!keep_byte(lexer, start, (char)(high * 16 + low)))
			return false;
	}
	lexer->at++;
	lexer->token.kind = TOKEN_DATA;
	lexer->token.word = (struct shell_word){lexer->values->bytes + first, lexer->values->used - first,
						start};
	return true;
}

static double power_of_ten(int exponent)
{
	double result = 1, base = 10;

	for (unsigned n = (unsigned)(exponent < 0 ? -exponent : exponent); n; n >>= 1, base *= base)
		if (n & 1)
			result *= base;
	return exponent < 0 ? 1 / result : result;
}

/* [digits] [. digits] [e [sign] digits]: an integer if it is exactly one, else a real. */
static void finish_decimal(struct token *token, uint64_t mantissa, double approximate, int exponent,
			   bool overflow)
{
	uint64_t value = mantissa;
	int left = exponent;

	while (left < 0 && value % 10 == 0 && value != 0 && !overflow) {
		value /= 10;
		left++;
	}
	while (left > 0 && !overflow) {
		overflow = __builtin_mul_overflow(value, 10, &value);
		left--;
	}
	if (!overflow && (left == 0 || mantissa == 0)) {
		token->kind = TOKEN_INTEGER;
		token->magnitude = value;
		return;
	}
	token->kind = TOKEN_REAL;
	token->real = exponent < 0 ? approximate / power_of_ten(-exponent)
				   : approximate * power_of_ten(exponent);
	if (token->negative)
		token->real = -token->real;
}

static bool lex_decimal(struct lexer *lexer, uint32_t start)
{
	uint64_t mantissa = 0;
	double approximate = 0;
	bool overflow = false, fraction = false;
	int exponent = 0, written = 0, sign = 1;

	for (;; lexer->at++) {
		char c = peek(lexer, 0);

		if (c == '.' && !fraction && is_digit(peek(lexer, 1))) {
			fraction = true;
			continue;
		}
		if (!is_digit(c))
			break;
		overflow |= __builtin_mul_overflow(mantissa, 10, &mantissa) ||
			    __builtin_add_overflow(mantissa, (uint64_t)(c - '0'), &mantissa);
		approximate = approximate * 10 + (c - '0');
		exponent -= fraction;
	}
	char next = peek(lexer, 1);
	if ((peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') &&
	    (is_digit(next) || ((next == '-' || next == '+') && is_digit(peek(lexer, 2))))) {
		lexer->at++;
		if (next == '-' || next == '+') {
			sign = next == '-' ? -1 : 1;
			lexer->at++;
		}
		for (; is_digit(peek(lexer, 0)); lexer->at++)
			written = written > 9999 ? written : written * 10 + (peek(lexer, 0) - '0');
	}
	finish_word(lexer, start);
	finish_decimal(&lexer->token, mantissa, approximate, exponent + sign * written, overflow);
	return true;
}

static bool lex_hexadecimal(struct lexer *lexer, uint32_t start)
{
	uint64_t value = 0;
	uint32_t first = lexer->at += 2;

	for (; hex_digit(peek(lexer, 0)) >= 0; lexer->at++) {
		if (value >> 60)
			return lex_fail(lexer->error, start, "larger than 64 bits", nullptr);
		value = value << 4 | (uint64_t)hex_digit(peek(lexer, 0));
	}
	finish_word(lexer, start);
	if (lexer->at == first)
		return lex_fail(lexer->error, start, "no hexadecimal digits after", &lexer->token.word);
	lexer->token.kind = TOKEN_INTEGER;
	lexer->token.magnitude = value;
	return true;
}

static bool lex_number(struct lexer *lexer)
{
	uint32_t start = lexer->at;
	bool good;

	if (peek(lexer, 0) == '-' || peek(lexer, 0) == '+') {
		lexer->token.negative = peek(lexer, 0) == '-';
		lexer->at++;
	}
	if (peek(lexer, 0) == '0' && peek(lexer, 1) == 'x' && peek(lexer, 2) == '"')
		return lex_data(lexer);
	if (peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X'))
		good = lex_hexadecimal(lexer, start);
	else
		good = lex_decimal(lexer, start);
	if (good && (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))) {
		while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
			lexer->at++;
		finish_word(lexer, start);
		return lex_fail(lexer->error, start, "not a number:", &lexer->token.word);
	}
	return good;
}

static void lex_name(struct lexer *lexer)
{
	uint32_t start = lexer->at;

	while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)) ||
	       (peek(lexer, 0) == '-' && (is_letter(peek(lexer, 1)) || is_digit(peek(lexer, 1)))))
		lexer->at++;
	lexer->token.kind = TOKEN_NAME;
	finish_word(lexer, start);
}

bool lex_next(struct lexer *lexer)
{
	uint32_t before = lexer->at;

	while (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t')
		lexer->at++;
	lexer->token = (struct token){.kind = TOKEN_END, .spaced = lexer->at > before};
	if (peek(lexer, 0) == '#')
		lexer->at = lexer->len;
	finish_word(lexer, lexer->at);
	if (lexer->at >= lexer->len)
		return true;

	char c = peek(lexer, 0), next = peek(lexer, 1);
	if (c == '"')
		return lex_text(lexer);
	if (is_digit(c) || ((c == '-' || c == '+') && is_digit(next)))
		return lex_number(lexer);
	if (is_letter(c)) {
		lex_name(lexer);
		return true;
	}
	lexer->at++;
	finish_word(lexer, lexer->at - 1);
	if (c == '\0' || !__builtin_strchr(".,:=()[]{}&|", c)) {
		uint32_t start = lexer->at - 1;

		/* The whole character, not a part of it. */
		while (((uint8_t)peek(lexer, 0) & 0xc0) == 0x80)
			lexer->at++;
		finish_word(lexer, start);
		return lex_fail(lexer->error, start,
				"a character that means nothing here:", &lexer->token.word);
	}
	lexer->token.kind = TOKEN_SIGN;
	lexer->token.sign = c;
	return true;
}
