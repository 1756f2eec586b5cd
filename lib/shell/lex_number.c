// SPDX-License-Identifier: MIT OR Apache-2.0
/* Numbers: decimal, hexadecimal, reals, with units of time (in nanoseconds) and of size. */
#include "lex_internal.h"

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
		char c = lex_peek(lexer, 0);

		if (c == '.' && !fraction && lex_is_digit(lex_peek(lexer, 1))) {
			fraction = true;
			continue;
		}
		if (!lex_is_digit(c))
			break;
		overflow |= __builtin_mul_overflow(mantissa, 10, &mantissa) ||
			    __builtin_add_overflow(mantissa, (uint64_t)(c - '0'), &mantissa);
		approximate = approximate * 10 + (c - '0');
		exponent -= fraction;
	}
	char next = lex_peek(lexer, 1);
	if ((lex_peek(lexer, 0) == 'e' || lex_peek(lexer, 0) == 'E') &&
	    (lex_is_digit(next) || ((next == '-' || next == '+') && lex_is_digit(lex_peek(lexer, 2))))) {
		lexer->at++;
		if (next == '-' || next == '+') {
			sign = next == '-' ? -1 : 1;
			lexer->at++;
		}
		for (; lex_is_digit(lex_peek(lexer, 0)); lexer->at++)
			written = written > 9999 ? written : written * 10 + (lex_peek(lexer, 0) - '0');
	}
	lex_finish_word(lexer, start);
	finish_decimal(&lexer->token, mantissa, approximate, exponent + sign * written, overflow);
	return true;
}

static bool lex_hexadecimal(struct lexer *lexer, uint32_t start)
{
	uint64_t value = 0;
	uint32_t first = lexer->at += 2;

	for (; lex_hex_digit(lex_peek(lexer, 0)) >= 0; lexer->at++) {
		if (value >> 60)
			return lex_fail(lexer->error, start, "larger than 64 bits", nullptr);
		value = value << 4 | (uint64_t)lex_hex_digit(lex_peek(lexer, 0));
	}
	lex_finish_word(lexer, start);
	if (lexer->at == first)
		return lex_fail(lexer->error, start, "no hexadecimal digits after", &lexer->token.word);
	lexer->token.kind = TOKEN_INTEGER;
	lexer->token.magnitude = value;
	return true;
}

/* A unit behind a number: what it multiplies by; 0: none. */
static uint64_t unit_of(struct shell_word word)
{
	static const struct {
		const char *name;
		uint64_t factor;
	} units[] = {
		{"ns", 1},
		{"us", 1'000},
		{"ms", 1'000'000},
		{"s", 1'000'000'000},
		{"min", 60'000'000'000},
		{"Ki", 1ull << 10},
		{"Mi", 1ull << 20},
		{"Gi", 1ull << 30},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (shell_word_is(word, units[i].name))
			return units[i].factor;
	return 0;
}

/* 5s, 1.5ms, 4Ki: an integer, rounded to the nearest. */
static bool apply_unit(struct lexer *lexer, uint64_t factor)
{
	struct token *t = &lexer->token;

	if (t->kind == TOKEN_INTEGER) {
		if (__builtin_mul_overflow(t->magnitude, factor, &t->magnitude))
			return lex_fail(lexer->error, t->word.at, "larger than 64 bits:", &t->word);
		return true;
	}
	double real = (t->negative ? -t->real : t->real) * (double)factor + 0.5;
	if (!(real < 18e18))
		return lex_fail(lexer->error, t->word.at, "larger than 64 bits:", &t->word);
	t->kind = TOKEN_INTEGER;
	t->magnitude = (uint64_t)real;
	return true;
}

bool lex_number(struct lexer *lexer)
{
	uint32_t start = lexer->at, end;
	bool good;

	if (lex_peek(lexer, 0) == '-' || lex_peek(lexer, 0) == '+') {
		lexer->token.negative = lex_peek(lexer, 0) == '-';
		lexer->at++;
	}
	if (lex_peek(lexer, 0) == '0' && (lex_peek(lexer, 1) == 'x' || lex_peek(lexer, 1) == 'X'))
		good = lex_hexadecimal(lexer, start);
	else
		good = lex_decimal(lexer, start);
	end = lexer->at;
	if (!good || !(lex_is_letter(lex_peek(lexer, 0)) || lex_is_digit(lex_peek(lexer, 0))))
		return good;
	while (lex_is_letter(lex_peek(lexer, 0)) || lex_is_digit(lex_peek(lexer, 0)))
		lexer->at++;

	uint64_t factor = unit_of((struct shell_word){lexer->line + end, lexer->at - end, end});
	lex_finish_word(lexer, start);
	if (factor != 0)
		return apply_unit(lexer, factor);
	return lex_fail(lexer->error, start, "not a number:", &lexer->token.word);
}
