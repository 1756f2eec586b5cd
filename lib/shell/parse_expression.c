// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Expressions: recursive descent by precedence. Loose arguments (without parentheses) are only taken where a whole
 * statement or the right side of `let` is expected; white space separates them, as -1 behind white space is a number.
 */
#include "parse_internal.h"

#define MAX_CHAIN 24u /* operators of one level in a row, and steps in a row: evaluating them nests */

static bool parse_operand(struct parser *p, bool arguments, struct shell_node **node);

/* [ NAME "=" ] expression, up to `close`, separated by commas; a trailing one is allowed. */
static bool parse_members(struct parser *p, uint16_t close, const char *what, struct chain *chain,
			  bool *trailing)
{
	bool loose = p->loose;

	p->loose = false;
	p->lexer.brackets++;
	*trailing = false;
	if (!parse_next(p))
		return false;
	while (!parse_at_sign(p, close)) {
		struct shell_word label = {};
		struct shell_node *node;

		*trailing = false;
		if (p->lexer.token.kind == TOKEN_NAME && parse_before_equals(p)) {
			label = p->lexer.token.word;
			if (!parse_next(p) || !parse_next(p))
				return false;
		}
		if (!parse_expression(p, false, &node))
			return false;
		if (parse_at_sign(p, '='))
			return parse_fail(p, "a parameter's name goes before \"=\"", nullptr);
		node->label = label;
		parse_add(chain, node);
		if (parse_at_sign(p, close))
			break;
		*trailing = true;
		if (!parse_take_sign(p, ',', what))
			return false;
	}
	p->lexer.brackets--;
	p->loose = loose;
	return parse_next(p);
}

static bool parse_list(struct parser *p, struct shell_node **node)
{
	struct chain chain = {};
	bool trailing;

	*node = parse_node(p, SHELL_NODE_LIST);
	if (!*node || !parse_members(p, ']', "expected \",\" or \"]\", not", &chain, &trailing))
		return false;
	(*node)->first = chain.first;
	(*node)->count = chain.count;
	return true;
}

/* A struct, or what parentheses group: one member without a name. */
static bool parse_parentheses(struct parser *p, struct shell_node **node)
{
	struct chain chain = {};
	bool trailing;

	*node = parse_node(p, SHELL_NODE_STRUCT);
	if (!*node || !parse_members(p, ')', "expected \",\" or \")\", not", &chain, &trailing))
		return false;
	(*node)->first = chain.first;
	(*node)->count = chain.count;
	if (chain.count == 1 && !trailing && chain.first->label.len == 0)
		*node = chain.first;
	return true;
}

/* { a, b: expression } */
static bool parse_grants(struct parser *p, struct shell_node **node)
{
	static const char example[] = "{ home: mydir }";
	const struct shell_word as_in = {example, sizeof(example) - 1, 0};
	struct chain chain = {};

	*node = parse_node(p, SHELL_NODE_GRANTS);
	p->lexer.brackets++;
	if (!*node || !parse_next(p))
		return false;
	while (!parse_at_sign(p, '}')) {
		struct shell_word name;
		struct shell_node *value = parse_node(p, SHELL_NODE_BARE);

		if (!value || !parse_take_name(p, &name, "expected a grant's name, not"))
			return false;
		value->name = name;
		if (parse_at_sign(p, ':') && (!parse_next(p) || !parse_expression(p, false, &value)))
			return false;
		for (const struct shell_node *n = chain.first; n; n = n->next)
			if (shell_words_equal(n->label, name))
				return lex_fail(p->lexer.error, name.at, "granted twice:", &name);
		value->label = name;
		parse_add(&chain, value);
		if (parse_at_sign(p, '}'))
			break;
		if (parse_at_sign(p, '='))
			return parse_fail(p, "a grant under another name is written with \":\", as in",
					  &as_in);
		if (!parse_take_sign(p, ',', "expected \",\" or \"}\", not"))
			return false;
	}
	p->lexer.brackets--;
	(*node)->first = chain.first;
	(*node)->count = chain.count;
	return parse_next(p);
}

static bool parse_literal(struct parser *p, struct shell_node **node)
{
	const struct token *t = &p->lexer.token;
	struct shell_value *value = shell_arena_alloc(p->arena, sizeof(*value));

	*node = parse_node(p, SHELL_NODE_LITERAL);
	if (!*node || !value)
		return parse_fail(p, "too much at once", nullptr);
	value->word = t->word;
	(*node)->value = value;
	switch (t->kind) {
	case TOKEN_INTEGER:
		value->kind = SHELL_INTEGER;
		value->negative = t->negative;
		value->magnitude = t->magnitude;
		break;
	case TOKEN_REAL:
		value->kind = SHELL_REAL;
		value->real = t->real;
		break;
	case TOKEN_TEXT:
		value->kind = SHELL_TEXT;
		break;
	case TOKEN_DATA:
		value->kind = SHELL_DATA;
		break;
	default:
		value->truth = shell_word_is(t->word, "true");
		value->kind = shell_word_is(t->word, "void") ? SHELL_VOID : SHELL_BOOL;
		break;
	}
	return parse_next(p);
}

static bool parse_name(struct parser *p, struct shell_node **node)
{
	struct chain chain = {};
	bool trailing;

	if (parse_at_word(p, "true") || parse_at_word(p, "false") || parse_at_word(p, "void"))
		return parse_literal(p, node);
	*node = parse_node(p, SHELL_NODE_BARE);
	if (!*node || !parse_take_name(p, &(*node)->name, "expected a name, not"))
		return false;
	if (!parse_at_sign(p, '(') || p->lexer.token.spaced)
		return true;
	(*node)->kind = SHELL_NODE_FUNCTION;
	if (!parse_members(p, ')', "expected \",\" or \")\", not", &chain, &trailing))
		return false;
	(*node)->first = chain.first;
	(*node)->count = chain.count;
	return true;
}

static bool parse_primary(struct parser *p, struct shell_node **node)
{
	switch (p->lexer.token.kind) {
	case TOKEN_INTEGER:
	case TOKEN_REAL:
	case TOKEN_TEXT:
	case TOKEN_DATA:
		return parse_literal(p, node);
	case TOKEN_NAME:
		return parse_before_path(p) ? parse_path(p, node) : parse_name(p, node);
	case TOKEN_SIGN:
		if (p->lexer.token.sign == '[')
			return parse_list(p, node);
		if (p->lexer.token.sign == '(')
			return parse_parentheses(p, node);
		if (p->lexer.token.sign == '{')
			return parse_grants(p, node);
		break;
	case TOKEN_LINE:
	case TOKEN_END:
		break;
	}
	return parse_expected(p, "expected a value, not");
}

/* ---- Steps ---- */

static bool begins_argument(const struct parser *p)
{
	const struct token *t = &p->lexer.token;

	if (!t->spaced || parse_at_end(p))
		return false;
	if (t->kind == TOKEN_SIGN)
		return t->sign == '(' || t->sign == '[';
	return !parse_at_word(p, "and") && !parse_at_word(p, "or");
}

bool parse_bare_arguments(struct parser *p, struct chain *chain)
{
	bool loose = p->loose;

	p->loose = true;
	while (begins_argument(p)) {
		struct shell_word label = {};
		struct shell_node *node;

		if (p->lexer.token.kind == TOKEN_NAME && parse_before_equals(p)) {
			label = p->lexer.token.word;
			if (!parse_next(p) || !parse_next(p))
				return false;
		}
		if (!parse_expression(p, false, &node))
			return false;
		node->label = label;
		parse_add(chain, node);
		if (parse_at_sign(p, '='))
			return parse_fail(p, "a parameter's name goes before \"=\"", nullptr);
		if (parse_at_sign(p, ',')) {
			if (!parse_next(p))
				return false;
			p->lexer.token.spaced = true;
		}
	}
	p->loose = loose;
	if (chain->count == 0 || parse_at_end(p) || parse_at_sign(p, '}') || parse_at_sign(p, '&') ||
	    parse_at_sign(p, '{'))
		return true;
	return parse_expected(p, "expected a value, not");
}

static bool parse_step(struct parser *p, bool arguments, struct shell_node **node)
{
	struct shell_node *step = parse_node(p, SHELL_NODE_STEP);
	struct chain chain = {};
	bool trailing;

	if (!step || !parse_next(p) ||
	    !parse_take_name(p, &step->name, "expected a method or field after \".\", not"))
		return false;
	step->at = step->name.at;
	step->a = *node;
	if (parse_at_sign(p, '(') && !p->lexer.token.spaced) {
		if (!parse_members(p, ')', "expected \",\" or \")\", not", &chain, &trailing))
			return false;
		step->called = true;
	} else if (arguments && !parse_at_sign(p, '.')) {
		if (!parse_bare_arguments(p, &chain))
			return false;
		step->called = chain.count > 0;
	}
	step->first = chain.first;
	step->count = chain.count;
	*node = step;
	return true;
}

static bool parse_index(struct parser *p, struct shell_node **node)
{
	struct shell_node *index = parse_node(p, SHELL_NODE_INDEX);

	p->lexer.brackets++;
	if (!index || !parse_next(p) || !parse_expression(p, false, &index->b))
		return false;
	index->a = *node;
	p->lexer.brackets--;
	*node = index;
	return parse_take_sign(p, ']', "expected \"]\", not");
}

/* A primary and the steps behind it. */
static bool parse_operand(struct parser *p, bool arguments, struct shell_node **node)
{
	if (!parse_enter(p) || !parse_primary(p, node))
		return false;
	for (unsigned i = 0;; i++) {
		bool step = parse_at_sign(p, '.'), index = parse_at_sign(p, '[') && !p->lexer.token.spaced;

		if (!step && !index)
			break;
		if (i == MAX_CHAIN)
			return parse_fail(p, "too many steps", nullptr);
		if (step ? !parse_step(p, arguments, node) : !parse_index(p, node))
			return false;
	}
	p->depth--;
	return true;
}

/* ---- Operators ---- */

static bool parse_unary(struct parser *p, bool arguments, struct shell_node **node)
{
	struct shell_node *unary;

	if (!parse_at_sign(p, '-'))
		return parse_operand(p, arguments, node);
	unary = parse_node(p, SHELL_NODE_UNARY);
	if (!unary || !parse_enter(p) || !parse_next(p) || !parse_unary(p, false, &unary->a))
		return false;
	p->depth--;
	unary->op = '-';
	*node = unary;
	return true;
}

static bool parse_binary(struct parser *p, unsigned level, bool arguments, struct shell_node **node);

/* "not" binds less than comparisons do. */
static bool parse_not(struct parser *p, unsigned level, struct shell_node **node)
{
	struct shell_node *unary = parse_node(p, SHELL_NODE_UNARY);

	if (!unary || !parse_enter(p) || !parse_next(p) || !parse_binary(p, level, false, &unary->a))
		return false;
	p->depth--;
	unary->op = 'n';
	*node = unary;
	return true;
}

/* The operator at the present token if it is one of that level; 0: it is not. */
static uint16_t operator_at(const struct parser *p, unsigned level)
{
	static const uint16_t levels[][8] = {
		{},
		{},
		{SIGN2('=', '='), SIGN2('!', '='), '<', '>', SIGN2('<', '='), SIGN2('>', '='),
		 SIGN2('^', '=')},
		{SIGN2('.', '.')},
		{'+', '-'},
		{'*', '/', '%'},
	};

	if (level == 0)
		return parse_at_word(p, "or") ? 'o' : 0;
	if (level == 1)
		return parse_at_word(p, "and") ? 'a' : 0;
	for (unsigned i = 0; i < 8 && levels[level][i]; i++)
		if (parse_at_sign(p, levels[level][i]))
			return levels[level][i];
	return 0;
}

#define LEVELS 6u
#define LEVEL_ORDER 2u
#define LEVEL_SUM 4u

static bool signed_number(const struct parser *p)
{
	const struct token *t = &p->lexer.token;
	char c = t->word.at < p->lexer.len ? p->lexer.line[t->word.at] : '\0';

	return !p->loose && (t->kind == TOKEN_INTEGER || t->kind == TOKEN_REAL) && (c == '-' || c == '+');
}

static bool parse_binary(struct parser *p, unsigned level, bool arguments, struct shell_node **node)
{
	if (level == LEVELS)
		return parse_unary(p, arguments, node);
	if (level == LEVEL_ORDER && parse_at_word(p, "not") && !parse_before_equals(p))
		return parse_not(p, level, node);
	if (!parse_binary(p, level + 1, arguments, node))
		return false;
	for (unsigned i = 0;; i++) {
		uint16_t op = operator_at(p, level);
		struct shell_node *binary;

		if (op == 0 && level == LEVEL_SUM && signed_number(p)) {
			/* "x -1": the sign is the operator; what is behind it is looked at again. */
			op = (uint8_t)p->lexer.line[p->lexer.token.word.at];
			p->lexer.at = p->lexer.token.word.at + 1;
		}

		if (op == 0)
			return true;
		if (i == MAX_CHAIN)
			return parse_fail(p, "too many operators in a row; use parentheses", nullptr);
		binary = parse_node(p, SHELL_NODE_BINARY);
		if (!binary || !parse_next(p) || !parse_binary(p, level + 1, false, &binary->b))
			return false;
		binary->op = op;
		binary->a = *node;
		*node = binary;
	}
}

bool parse_expression(struct parser *p, bool arguments, struct shell_node **node)
{
	if (!parse_enter(p))
		return false;
	if (parse_at_word(p, "run") && !parse_before_equals(p)) {
		if (!parse_run(p, node))
			return false;
	} else if (!parse_binary(p, 0, arguments, node)) {
		return false;
	}
	p->depth--;
	return true;
}

/* ---- Programs ---- */

static bool parse_launch_arguments(struct parser *p, struct chain *chain)
{
	if (!parse_at_sign(p, '['))
		return parse_expected(p, "expected \"[\" after \"args\", not");
	p->lexer.brackets++;
	for (;;) {
		struct shell_node *word;

		if (!parse_raw_word(p, "],", &word))
			return false;
		if (word) {
			parse_add(chain, word);
			continue;
		}
		if (!parse_next(p))
			return false;
		if (p->lexer.token.kind == TOKEN_END)
			return parse_expected(p, "expected \"]\" at the end of args, not");
		if (parse_at_sign(p, ']'))
			break;
		if (!parse_at_sign(p, ','))
			return parse_expected(p, "expected \"]\" at the end of args, not");
	}
	p->lexer.brackets--;
	return parse_next(p);
}

bool parse_run(struct parser *p, struct shell_node **node)
{
	struct chain chain = {};
	struct shell_node *run = parse_node(p, SHELL_NODE_RUN);

	if (!run || !parse_next(p) ||
	    !parse_take_name(p, &run->name, "expected a program after \"run\", not"))
		return false;
	if (parse_at_word(p, "with")) {
		if (!parse_next(p))
			return false;
		if (!parse_at_sign(p, '{') && p->lexer.token.kind != TOKEN_NAME)
			return parse_expected(p, "expected \"{\" or saved grants after \"with\", not");
		if (!parse_operand(p, false, &run->a))
			return false;
	}
	if (parse_at_word(p, "in") && (!parse_next(p) || !parse_operand(p, false, &run->b)))
		return false;
	if (parse_at_word(p, "on") && (!parse_next(p) || !parse_operand(p, false, &run->c)))
		return false;
	if (parse_at_word(p, "args") && (!parse_next(p) || !parse_launch_arguments(p, &chain)))
		return false;
	run->first = chain.first;
	run->count = chain.count;
	if (parse_at_sign(p, '&')) {
		run->background = true;
		if (!parse_next(p))
			return false;
	}
	*node = run;
	if (parse_at_end(p) || p->lexer.brackets > 0 || parse_at_sign(p, '}') || parse_at_sign(p, '{'))
		return true;
	return parse_expected(p, "expected \"with\", \"in\", \"on\", \"args\" or the end of the line, not");
}
