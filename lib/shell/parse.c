// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The parser: recursive descent over one line, into structures of fixed size. What is too much for them is an
 * error like any other.
 */
#include <fmt/fmt.h>
#include <shell/parse.h>

#include "lex.h"

struct parser {
	struct lexer lexer; /* first */
	struct shell_statement *out;
	unsigned depth;
};

static bool fail(struct parser *p, const char *text, const struct shell_word *what)
{
	return lex_fail(p->lexer.error, p->lexer.token.word.at, text, what);
}

/* "expected ..., not ..." at the present token. */
static bool expected(struct parser *p, const char *what)
{
	struct token *t = &p->lexer.token;

	struct shell_word word = {p->lexer.line + t->word.at, p->lexer.at - t->word.at, t->word.at};

	if (t->kind == TOKEN_END)
		fmt_print(p->lexer.error->text, sizeof(p->lexer.error->text), "%s the end of the line", what);
	else
		return lex_fail(p->lexer.error, t->word.at, what, &word);
	p->lexer.error->at = t->word.at;
	return false;
}

static bool at_sign(const struct parser *p, char sign)
{
	return p->lexer.token.kind == TOKEN_SIGN && p->lexer.token.sign == sign;
}

static bool at_word(const struct parser *p, const char *word)
{
	return p->lexer.token.kind == TOKEN_NAME && shell_word_is(p->lexer.token.word, word);
}

static bool next(struct parser *p)
{
	return lex_next(&p->lexer);
}

static bool take_sign(struct parser *p, char sign, const char *what)
{
	return at_sign(p, sign) ? next(p) : expected(p, what);
}

static bool take_name(struct parser *p, struct shell_word *name, const char *what)
{
	if (p->lexer.token.kind != TOKEN_NAME)
		return expected(p, what);
	*name = p->lexer.token.word;
	return next(p);
}

/* ---- Values ---- */

static bool new_value(struct parser *p, uint16_t *index)
{
	struct shell_values *values = &p->out->values;

	if (values->count == SHELL_MAX_VALUES)
		return fail(p, "too many values in one line", nullptr);
	*index = values->count++;
	values->value[*index] = (struct shell_value){
		.next = SHELL_NONE, .first = SHELL_NONE, .word = p->lexer.token.word};
	return true;
}

static bool parse_value(struct parser *p, uint16_t *index);

struct chain {
	uint16_t first, last, count;
};

static void chain_add(struct parser *p, struct chain *chain, uint16_t index)
{
	if (chain->count++ == 0)
		chain->first = index;
	else
		p->out->values.value[chain->last].next = index;
	chain->last = index;
}

/* [ NAME "=" ] value. A name is only known to be one when "=" follows it. */
static bool parse_argument(struct parser *p, struct chain *chain)
{
	uint16_t index;

	if (!parse_value(p, &index))
		return false;

	struct shell_value *value = &p->out->values.value[index];
	if (at_sign(p, '=')) {
		struct shell_word name = value->word;

		if (value->kind != SHELL_NAME && value->kind != SHELL_BOOL && value->kind != SHELL_VOID)
			return fail(p, "a parameter's name goes before \"=\"", nullptr);
		p->out->values.count = index; /* the name's place is the value's */
		if (!next(p) || !parse_value(p, &index))
			return false;
		p->out->values.value[index].name = name;
	}
	chain_add(p, chain, index);
	return true;
}

/* Members up to the closing sign, separated by commas; a trailing one is allowed. */
static bool parse_members(struct parser *p, char close, const char *what, struct chain *chain)
{
	*chain = (struct chain){SHELL_NONE, SHELL_NONE, 0};
	if (!next(p))
		return false;
	while (!at_sign(p, close)) {
		if (!parse_argument(p, chain))
			return false;
		if (at_sign(p, close))
			break;
		if (!take_sign(p, ',', what))
			return false;
	}
	return next(p);
}

static bool parse_compound(struct parser *p, uint16_t index, enum shell_value_kind kind)
{
	struct chain chain;
	bool good;

	if (++p->depth > SHELL_MAX_DEPTH)
		return fail(p, "nested too deeply", nullptr);
	if (kind == SHELL_LIST)
		good = parse_members(p, ']', "expected \",\" or \"]\", not", &chain);
	else
		good = parse_members(p, ')', "expected \",\" or \")\", not", &chain);
	p->depth--;
	if (!good)
		return false;

	struct shell_value *value = &p->out->values.value[index];
	value->kind = kind;
	value->first = chain.first;
	value->count = chain.count;
	return true;
}

static bool parse_value(struct parser *p, uint16_t *index)
{
	struct token *t = &p->lexer.token;

	if (!new_value(p, index))
		return false;

	struct shell_value *value = &p->out->values.value[*index];
	switch (t->kind) {
	case TOKEN_INTEGER:
		value->kind = SHELL_INTEGER;
		value->negative = t->negative;
		value->magnitude = t->magnitude;
		return next(p);
	case TOKEN_REAL:
		value->kind = SHELL_REAL;
		value->real = t->real;
		return next(p);
	case TOKEN_TEXT:
		value->kind = SHELL_TEXT;
		return next(p);
	case TOKEN_DATA:
		value->kind = SHELL_DATA;
		return next(p);
	case TOKEN_NAME:
		value->kind = SHELL_NAME;
		value->truth = shell_word_is(t->word, "true");
		if (value->truth || shell_word_is(t->word, "false"))
			value->kind = SHELL_BOOL;
		else if (shell_word_is(t->word, "void"))
			value->kind = SHELL_VOID;
		return next(p);
	case TOKEN_SIGN:
		if (t->sign == '[')
			return parse_compound(p, *index, SHELL_LIST);
		if (t->sign == '(')
			return parse_compound(p, *index, SHELL_STRUCT);
		break;
	case TOKEN_END:
		break;
	}
	return expected(p, "expected a value, not");
}

/* ---- Expressions ---- */

static bool parse_arguments(struct parser *p, struct shell_step *step)
{
	struct chain chain = {SHELL_NONE, SHELL_NONE, 0};

	if (at_sign(p, '(') && !p->lexer.token.spaced) {
		if (!parse_members(p, ')', "expected \",\" or \")\", not", &chain))
			return false;
		step->called = true;
	} else {
		while (p->lexer.token.kind != TOKEN_END && !at_sign(p, '.') && !at_sign(p, '&') &&
		       !at_sign(p, '|')) {
			if (!parse_argument(p, &chain))
				return false;
			if (at_sign(p, ',') && !next(p))
				return false;
		}
		step->called = chain.count > 0;
	}
	step->first = chain.first;
	step->count = chain.count;
	return true;
}

static bool parse_expression(struct parser *p, struct shell_word target)
{
	struct shell_statement *out = p->out;

	out->kind = SHELL_EXPRESSION;
	out->target = target;
	while (at_sign(p, '.')) {
		if (out->step_count == SHELL_MAX_STEPS)
			return fail(p, "too many steps", nullptr);
		struct shell_step *step = &out->steps[out->step_count++];
		if (!next(p) || !take_name(p, &step->name, "expected a method or field after \".\", not") ||
		    !parse_arguments(p, step))
			return false;
	}
	return p->lexer.token.kind == TOKEN_END || expected(p, "expected the end of the line, not");
}

static bool parse_let(struct parser *p)
{
	struct shell_statement *out = p->out;
	struct shell_word target;

	for (;;) {
		if (out->let_count == SHELL_MAX_LET)
			return fail(p, "too many names", nullptr);
		if (!take_name(p, &out->let[out->let_count++], "expected a name after \"let\", not"))
			return false;
		if (!at_sign(p, ','))
			break;
		if (!next(p))
			return false;
	}
	if (!take_sign(p, '=', "expected \"=\", not") ||
	    !take_name(p, &target, "expected a capability after \"=\", not"))
		return false;
	return parse_expression(p, target);
}

/* ---- Commands ---- */

/* A word of a command: a dotted name, a number as written, a sign, or quoted text. */
static bool take_word(struct parser *p, const char *stop)
{
	struct shell_statement *out = p->out;
	struct token *t = &p->lexer.token;

	if (t->kind == TOKEN_SIGN && t->sign != '.' && __builtin_strchr(stop, t->sign))
		return expected(p, "expected a word, not");
	if (out->word_count == SHELL_MAX_WORDS)
		return fail(p, "too many words", nullptr);

	struct shell_word *word = &out->words[out->word_count++];
	*word = t->word;
	if (t->kind == TOKEN_TEXT)
		return next(p);
	if (!next(p))
		return false;
	/* What follows without a space belongs to it: "Timer.sleep", "a=b". */
	while (!p->lexer.token.spaced && p->lexer.token.kind != TOKEN_END &&
	       p->lexer.token.kind != TOKEN_TEXT &&
	       !(p->lexer.token.kind == TOKEN_SIGN && __builtin_strchr(stop, p->lexer.token.sign))) {
		if (!next(p))
			return false;
		word->len = p->lexer.token.word.at - word->at;
		while (word->len > 0 && (word->ptr[word->len - 1] == ' ' || word->ptr[word->len - 1] == '\t'))
			word->len--;
	}
	return true;
}

static bool parse_command(struct parser *p, struct shell_word name)
{
	p->out->kind = SHELL_COMMAND;
	p->out->words[p->out->word_count++] = name;
	while (p->lexer.token.kind != TOKEN_END)
		if (!take_word(p, ""))
			return false;
	return true;
}

static bool parse_grants(struct parser *p)
{
	struct shell_statement *out = p->out;

	out->with = true;
	if (!take_sign(p, '{', "expected \"{\" after \"with\", not"))
		return false;
	while (!at_sign(p, '}')) {
		if (out->grant_count == SHELL_MAX_GRANTS)
			return fail(p, "too many grants", nullptr);
		struct shell_grant *grant = &out->grants[out->grant_count];
		if (!take_name(p, &grant->name, "expected a grant's name, not"))
			return false;
		grant->capability = grant->name;
		if (at_sign(p, ':') &&
		    (!next(p) || !take_name(p, &grant->capability, "expected a capability after \":\", not")))
			return false;
		for (uint32_t i = 0; i < out->grant_count; i++)
			if (shell_words_equal(out->grants[i].name, grant->name))
				return lex_fail(p->lexer.error, grant->name.at,
						"granted twice:", &grant->name);
		out->grant_count++;
		if (at_sign(p, '}'))
			break;
		if (!take_sign(p, ',', "expected \",\" or \"}\", not"))
			return false;
	}
	return next(p);
}

static bool parse_launch_arguments(struct parser *p)
{
	if (!take_sign(p, '[', "expected \"[\" after \"args\", not"))
		return false;
	while (!at_sign(p, ']')) {
		if (p->lexer.token.kind == TOKEN_END)
			return fail(p, "expected \"]\" at the end of args", nullptr);
		if (!take_word(p, "],"))
			return false;
		if (at_sign(p, ',') && !next(p))
			return false;
	}
	return next(p);
}

static bool parse_run(struct parser *p)
{
	p->out->kind = SHELL_RUN;
	if (!take_name(p, &p->out->program, "expected a program after \"run\", not"))
		return false;
	if (at_word(p, "with") && (!next(p) || !parse_grants(p)))
		return false;
	if (at_word(p, "args") && (!next(p) || !parse_launch_arguments(p)))
		return false;
	if (at_sign(p, '&')) {
		p->out->background = true;
		if (!next(p))
			return false;
	}
	return p->lexer.token.kind == TOKEN_END ||
	       expected(p, "expected \"with\", \"args\" or the end of the line, not");
}

bool shell_parse(const char *line, uint32_t len, struct shell_statement *statement, struct shell_error *error)
{
	struct parser p = {.lexer = {line, len, 0, &statement->values, error, {}}, .out = statement};
	struct shell_word first;

	__builtin_memset(statement, 0, sizeof(*statement));
	*error = (struct shell_error){};
	if (!next(&p))
		return false;
	if (p.lexer.token.kind == TOKEN_END)
		return true;
	if (!take_name(&p, &first, "expected a command or a capability, not"))
		return false;
	if (shell_word_is(first, "let"))
		return parse_let(&p);
	if (shell_word_is(first, "run"))
		return parse_run(&p);
	if (at_sign(&p, '.'))
		return parse_expression(&p, first);
	return parse_command(&p, first);
}
