// SPDX-License-Identifier: MIT OR Apache-2.0
/* Arithmetic that says when it leaves 64 bits, order, and joining of texts and lists. */
#include "internal.h"

/* Integers as sign and magnitude in 128 bits: sums and products of 64-bit ones fit. */
static __int128 wide(const struct shell_value *v)
{
	__int128 magnitude = (__int128)v->magnitude;

	return v->negative ? -magnitude : magnitude;
}

static bool new_integer(struct shell *shell, __int128 n, uint32_t at, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_INTEGER, at);

	if (!out)
		return false;
	if (n > (__int128)UINT64_MAX || n < -((__int128)1 << 63))
		return shell_fail_at(shell, at, "the result does not fit into 64 bits");
	out->negative = n < 0;
	out->magnitude = (uint64_t)(n < 0 ? -n : n);
	*value = out;
	return true;
}

static bool integers(struct shell *shell, uint16_t op, const struct shell_value *a,
		     const struct shell_value *b, uint32_t at, const struct shell_value **value)
{
	__int128 x = wide(a), y = wide(b);
	bool negative = (x < 0) != (y < 0);

	if ((op == '/' || op == '%') && b->magnitude == 0)
		return shell_fail_at(shell, at, "division by zero");
	switch (op) {
	case '+':
		return new_integer(shell, x + y, at, value);
	case '-':
		return new_integer(shell, x - y, at, value);
	case '*': {
		unsigned __int128 product = (unsigned __int128)a->magnitude * b->magnitude;

		if (product > UINT64_MAX)
			return shell_fail_at(shell, at, "the result does not fit into 64 bits");
		return new_integer(shell, negative ? -(__int128)product : (__int128)product, at, value);
	}
	case '/': {
		__int128 quotient = (__int128)(a->magnitude / b->magnitude);

		return new_integer(shell, negative ? -quotient : quotient, at, value);
	}
	default: {
		__int128 rest = (__int128)(a->magnitude % b->magnitude);

		return new_integer(shell, x < 0 ? -rest : rest, at, value);
	}
	}
}

static bool reals(struct shell *shell, uint16_t op, const struct shell_value *a, const struct shell_value *b,
		  uint32_t at, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_REAL, at);
	double x = shell_real(a), y = shell_real(b);

	if (!out)
		return false;
	switch (op) {
	case '+':
		out->real = x + y;
		break;
	case '-':
		out->real = x - y;
		break;
	case '*':
		out->real = x * y;
		break;
	case '/':
		out->real = x / y;
		break;
	default:
		return shell_fail_at(shell, at, "%% wants whole numbers");
	}
	*value = out;
	return true;
}

static bool join_bytes(struct shell *shell, const struct shell_value *a, const struct shell_value *b,
		       uint32_t at, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, a->kind, at);
	uint64_t len = (uint64_t)a->word.len + b->word.len;
	char *bytes = len < SHELL_ARENA_BYTES ? shell_arena_alloc(&shell->arena, (uint32_t)len + 1) : nullptr;

	if (!out || !bytes)
		return shell_fail_at(shell, at, "too much at once: there is no room for it");
	__builtin_memcpy(bytes, a->word.ptr, a->word.len);
	__builtin_memcpy(bytes + a->word.len, b->word.ptr, b->word.len);
	out->word = (struct shell_word){bytes, (uint32_t)len, at};
	*value = out;
	return true;
}

static bool join_lists(struct shell *shell, const struct shell_value *a, const struct shell_value *b,
		       uint32_t at, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_LIST, at);
	const struct shell_value *lists[2] = {a, b}, **link;

	if (!out)
		return false;
	link = &out->first;
	for (unsigned i = 0; i < 2; i++) {
		for (const struct shell_value *m = lists[i]->first; m; m = m->next) {
			struct shell_value *copy = eval_new(shell, m->kind, at);

			if (!copy)
				return false;
			*copy = *m;
			copy->next = nullptr;
			*link = copy;
			link = &copy->next;
			out->count++;
		}
	}
	*value = out;
	return true;
}

static bool is_number(const struct shell_value *v)
{
	return v->kind == SHELL_INTEGER || v->kind == SHELL_REAL;
}

static bool order(struct shell *shell, uint16_t op, const struct shell_value *a, const struct shell_value *b,
		  uint32_t at, const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_BOOL, at);
	bool less, equal = shell_values_equal(a, b);

	if (!out)
		return false;
	if (a->kind == SHELL_INTEGER && b->kind == SHELL_INTEGER) {
		less = wide(a) < wide(b);
	} else if (is_number(a) && is_number(b)) {
		less = shell_real(a) < shell_real(b);
	} else if (a->kind == SHELL_TEXT && b->kind == SHELL_TEXT) {
		uint32_t len = a->word.len < b->word.len ? a->word.len : b->word.len;
		int difference = __builtin_memcmp(a->word.ptr, b->word.ptr, len);

		less = difference < 0 || (difference == 0 && a->word.len < b->word.len);
	} else {
		return shell_fail_at(shell, at, "only numbers, and texts, have an order");
	}
	out->truth = (op & 0xff) == '=' && equal     ? true
		     : (op == '<' || op >> 8 == '<') ? less
						     : !less && !equal;
	*value = out;
	return true;
}

bool operator_negate(struct shell *shell, const struct shell_value *a, uint32_t at,
		     const struct shell_value **value)
{
	struct shell_value zero = {.kind = SHELL_INTEGER};

	if (!is_number(a))
		return shell_fail_at(shell, at, "a number is wanted behind -");
	return operator_binary(shell, '-', &zero, a, at, value);
}

bool operator_binary(struct shell *shell, uint16_t op, const struct shell_value *a,
		     const struct shell_value *b, uint32_t at, const struct shell_value **value)
{
	if (op == '<' || op == '>' || op >> 8 == '<' || op >> 8 == '>')
		return order(shell, op, a, b, at, value);
	if (op == ('^' << 8 | '='))
		return shell_fail_at(shell, at, "^= is for the rules of where()");
	if (a->kind == SHELL_INTEGER && b->kind == SHELL_INTEGER)
		return integers(shell, op, a, b, at, value);
	if (is_number(a) && is_number(b))
		return reals(shell, op, a, b, at, value);
	if (op == '+' && a->kind == b->kind && (a->kind == SHELL_TEXT || a->kind == SHELL_DATA))
		return join_bytes(shell, a, b, at, value);
	if (op == '+' && a->kind == SHELL_LIST && b->kind == SHELL_LIST)
		return join_lists(shell, a, b, at, value);
	if (op == '+' && (a->kind == SHELL_TEXT || b->kind == SHELL_TEXT))
		return shell_fail_at(shell, at, "a text is joined with a text; text(x) makes one");
	return shell_fail_at(shell, at, "these two cannot be calculated with");
}
