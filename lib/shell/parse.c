// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Statements. What begins with a name is an expression, an assignment or a command, as the bytes behind the name tell;
 * the words of a command are taken as they stand.
 */
#include <shell/parse.h>

#include <fmt/fmt.h>

#include "parse_internal.h"

bool parse_fail(struct parser *p, const char *text, const struct shell_word *what)
{
	return lex_fail(p->lexer.error, p->lexer.token.word.at, text, what);
}

bool parse_expected(struct parser *p, const char *what)
{
	const struct token *t = &p->lexer.token;
	struct shell_word word = {p->lexer.line + t->word.at, t->end - t->word.at, t->word.at};

	p->lexer.error->incomplete = t->kind == TOKEN_END && (p->blocks > 0 || p->lexer.brackets > 0);
	if (!parse_at_end(p))
		return lex_fail(p->lexer.error, t->word.at, what, &word);
	fmt_print(p->lexer.error->text, sizeof(p->lexer.error->text), "%s the end of the line", what);
	p->lexer.error->at = t->word.at;
	return false;
}

bool parse_enter(struct parser *p)
{
	return ++p->depth <= SHELL_MAX_DEPTH || parse_fail(p, "nested too deeply", nullptr);
}

struct shell_node *parse_node(struct parser *p, enum shell_node_kind kind)
{
	struct shell_node *node = shell_arena_alloc(p->arena, sizeof(*node));

	if (!node) {
		parse_fail(p, "too much at once", nullptr);
		return nullptr;
	}
	node->kind = kind;
	node->at = p->lexer.token.word.at;
	return node;
}

void parse_add(struct chain *chain, struct shell_node *node)
{
	if (chain->count++ == 0)
		chain->first = node;
	else
		chain->last->next = node;
	chain->last = node;
}

bool parse_take_sign(struct parser *p, uint16_t sign, const char *what)
{
	return parse_at_sign(p, sign) ? parse_next(p) : parse_expected(p, what);
}

bool parse_take_name(struct parser *p, struct shell_word *name, const char *what)
{
	if (p->lexer.token.kind != TOKEN_NAME)
		return parse_expected(p, what);
	*name = p->lexer.token.word;
	return parse_next(p);
}

/* The byte at an offset from the end of the present token; 0 beyond the source. */
static char behind(const struct parser *p, uint32_t ahead)
{
	uint32_t at = p->lexer.token.end + ahead;

	return at < p->lexer.len ? p->lexer.line[at] : '\0';
}

static uint32_t spaces_behind(const struct parser *p)
{
	uint32_t n = 0;

	while (behind(p, n) == ' ' || behind(p, n) == '\t')
		n++;
	return n;
}

bool parse_before_equals(const struct parser *p)
{
	uint32_t n = spaces_behind(p);

	return behind(p, n) == '=' && behind(p, n + 1) != '=';
}

/* "x + 1", as against "x +y": an operator with white space on both sides. */
static bool before_operator(const struct parser *p)
{
	uint32_t n = spaces_behind(p), len = 1;
	char c = behind(p, n), d = behind(p, n + 1);

	if (n == 0 || c == '\0')
		return false;
	if ((c == '=' || c == '!' || c == '<' || c == '>') && d == '=')
		len = 2;
	else if (!__builtin_strchr("+-*/%<>", c))
		return false;
	return behind(p, n + len) == ' ';
}

/* ---- Words ---- */

/* The word at [start, lexer.at) as a literal. */
static struct shell_node *word_node(struct parser *p, uint32_t start, struct shell_word bytes)
{
	struct shell_node *node = parse_node(p, SHELL_NODE_LITERAL);
	struct shell_value *value = shell_arena_alloc(p->arena, sizeof(*value));

	if (!node || !value) {
		parse_fail(p, "too much at once", nullptr);
		return nullptr;
	}
	value->kind = SHELL_TEXT;
	value->word = bytes;
	node->value = value;
	node->at = start;
	node->name = (struct shell_word){p->lexer.line + start, p->lexer.at - start, start};
	return node;
}

bool parse_raw_word(struct parser *p, const char *stop, struct shell_node **node)
{
	struct lexer *l = &p->lexer;
	uint32_t start;

	*node = nullptr;
	while (l->at < l->len && (l->line[l->at] == ' ' || l->line[l->at] == '\t' || l->line[l->at] == '\r' ||
				  (l->line[l->at] == '\n' && l->brackets > 0)))
		l->at++;
	start = l->at;
	if (start == l->len || l->line[start] == '#')
		return true;
	if (l->line[start] == '(' && l->brackets > 0) {
		/* A calculated one; what is behind it is looked at again, as a word. */
		if (!parse_next(p) || !parse_expression(p, false, node))
			return false;
		l->at = l->token.word.at;
		return true;
	}
	if (l->line[start] == '"') {
		if (!parse_next(p))
			return false;
		*node = word_node(p, start, l->token.word);
		return *node != nullptr;
	}
	while (l->at < l->len && !__builtin_strchr(" \t\r\n;", l->line[l->at]) &&
	       !__builtin_strchr(stop, l->line[l->at]))
		l->at++;
	if (l->at == start)
		return true;
	*node = word_node(p, start, (struct shell_word){l->line + start, l->at - start, start});
	return *node != nullptr;
}

static bool parse_command(struct parser *p, struct shell_node **node)
{
	struct shell_node *command = parse_node(p, SHELL_NODE_COMMAND), *word;
	struct chain chain = {};

	if (!command)
		return false;
	command->name = p->lexer.token.word;
	word = word_node(p, command->name.at, command->name);
	command->at = p->lexer.token.end;
	while (word) {
		parse_add(&chain, word);
		command->end = p->lexer.at;
		if (!parse_raw_word(p, p->blocks > 0 ? "}" : "", &word))
			return false;
	}
	command->first = chain.first;
	command->count = chain.count;
	*node = command;
	return command->first && parse_next(p);
}

/* ---- Blocks ---- */

static bool parse_one(struct parser *p, struct shell_node **node);

static bool parse_block(struct parser *p, struct shell_node **node)
{
	struct shell_node *block = parse_node(p, SHELL_NODE_BLOCK);
	struct chain chain = {};

	if (!block || !parse_at_sign(p, '{'))
		return parse_expected(p, "expected \"{\", not");
	p->blocks++;
	if (!parse_enter(p) || !parse_next(p))
		return false;
	for (;;) {
		struct shell_node *statement;

		while (p->lexer.token.kind == TOKEN_LINE)
			if (!parse_next(p))
				return false;
		if (parse_at_sign(p, '}'))
			break;
		if (p->lexer.token.kind == TOKEN_END)
			return parse_expected(p, "expected \"}\", not");
		if (!parse_one(p, &statement))
			return false;
		parse_add(&chain, statement);
	}
	p->depth--;
	p->blocks--;
	block->first = chain.first;
	block->count = chain.count;
	block->end = p->lexer.at;
	*node = block;
	return parse_next(p);
}

static bool parse_if(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_IF);

	if (!n || !parse_enter(p) || !parse_next(p) || !parse_expression(p, false, &n->a) ||
	    !parse_block(p, &n->b))
		return false;
	if (parse_at_word(p, "else")) {
		if (!parse_next(p))
			return false;
		if (parse_at_word(p, "if") ? !parse_if(p, &n->c) : !parse_block(p, &n->c))
			return false;
	}
	p->depth--;
	return true;
}

static bool parse_for(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_FOR);

	if (!n || !parse_next(p) || !parse_take_name(p, &n->name, "expected a name after \"for\", not"))
		return false;
	if (!parse_at_word(p, "in"))
		return parse_expected(p, "expected \"in\", not");
	return parse_next(p) && parse_expression(p, false, &n->a) && parse_block(p, &n->b);
}

static bool parse_while(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_WHILE);

	return n && parse_next(p) && parse_expression(p, false, &n->a) && parse_block(p, &n->b);
}

static bool parse_try(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_TRY);

	if (!n || !parse_next(p) || !parse_block(p, &n->a))
		return false;
	if (!parse_at_word(p, "catch"))
		return true;
	if (!parse_next(p) ||
	    (p->lexer.token.kind == TOKEN_NAME && !parse_take_name(p, &n->name, "expected a name, not")))
		return false;
	return parse_block(p, &n->b);
}

static bool parse_define(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_DEFINE);
	struct chain chain = {};

	if (!n || !parse_next(p) || !parse_take_name(p, &n->name, "expected a name after \"fn\", not") ||
	    !parse_take_sign(p, '(', "expected \"(\", not"))
		return false;
	while (!parse_at_sign(p, ')')) {
		struct shell_node *parameter = parse_node(p, SHELL_NODE_BARE);

		if (!parameter || !parse_take_name(p, &parameter->name, "expected a parameter, not"))
			return false;
		parse_add(&chain, parameter);
		if (!parse_at_sign(p, ')') && !parse_take_sign(p, ',', "expected \",\" or \")\", not"))
			return false;
	}
	n->first = chain.first;
	n->count = chain.count;
	if (!parse_next(p) || !parse_block(p, &n->a))
		return false;
	n->end = n->a->end;
	return true;
}

/* ---- Statements ---- */

static bool parse_let(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_LET);
	struct chain chain = {};

	if (!n || !parse_next(p))
		return false;
	for (;;) {
		struct shell_node *name = parse_node(p, SHELL_NODE_BARE);

		if (!name || !parse_take_name(p, &name->name, "expected a name after \"let\", not"))
			return false;
		parse_add(&chain, name);
		if (!parse_at_sign(p, ','))
			break;
		if (!parse_next(p))
			return false;
	}
	n->first = chain.first;
	n->count = chain.count;
	return parse_take_sign(p, '=', "expected \"=\", not") && parse_expression(p, true, &n->a);
}

/* save grants NAME { ... } */
static bool parse_save(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_LET), *name;

	if (!n || !parse_next(p))
		return false;
	if (!parse_at_word(p, "grants"))
		return parse_expected(p, "expected \"grants\" after \"save\", not");
	if (!parse_next(p))
		return false;
	name = parse_node(p, SHELL_NODE_BARE);
	if (!name || !parse_take_name(p, &name->name, "expected a name for the grants, not"))
		return false;
	n->first = name;
	n->count = 1;
	if (!parse_at_sign(p, '{'))
		return parse_expected(p, "expected \"{\", not");
	return parse_expression(p, false, &n->a);
}

static bool parse_assign(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_ASSIGN);

	return n && parse_take_name(p, &n->name, "expected a name, not") && parse_next(p) &&
	       parse_expression(p, true, &n->a);
}

/* A keyword with or without an expression behind it. */
static bool parse_leave(struct parser *p, enum shell_node_kind kind, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, kind);

	if (!n || !parse_next(p))
		return false;
	if (kind == SHELL_NODE_BREAK || kind == SHELL_NODE_CONTINUE || parse_at_end(p) ||
	    parse_at_sign(p, '}'))
		return true;
	return parse_expression(p, true, &n->a);
}

static bool parse_do(struct parser *p, struct shell_node **node)
{
	struct shell_node *n = *node = parse_node(p, SHELL_NODE_DO);

	return n && parse_expression(p, true, &n->a);
}

static bool parse_named(struct parser *p, struct shell_node **node)
{
	static const struct {
		const char *word;
		bool (*parse)(struct parser *p, struct shell_node **node);
	} keywords[] = {
		{"let", parse_let}, {"if", parse_if},     {"for", parse_for},   {"while", parse_while},
		{"try", parse_try}, {"fn", parse_define}, {"save", parse_save}, {"run", parse_do},
		{"not", parse_do},  {"true", parse_do},   {"false", parse_do},  {"void", parse_do},
	};
	static const struct {
		const char *word;
		enum shell_node_kind kind;
	} leaves[] = {
		{"return", SHELL_NODE_RETURN},
		{"break", SHELL_NODE_BREAK},
		{"continue", SHELL_NODE_CONTINUE},
		{"exit", SHELL_NODE_EXIT},
	};
	char c = behind(p, 0);

	if (c == '.' || c == '(' || c == '[' || before_operator(p) || parse_before_path(p))
		return parse_do(p, node);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (parse_at_word(p, keywords[i].word))
			return keywords[i].parse(p, node);
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		if (parse_at_word(p, leaves[i].word))
			return parse_leave(p, leaves[i].kind, node);
	return parse_before_equals(p) ? parse_assign(p, node) : parse_command(p, node);
}

static bool parse_one(struct parser *p, struct shell_node **node)
{
	if (p->lexer.token.kind == TOKEN_NAME ? !parse_named(p, node) : !parse_do(p, node))
		return false;
	if (parse_at_end(p) || (p->blocks > 0 && parse_at_sign(p, '}')))
		return true;
	return parse_expected(p, "expected the end of the line, not");
}

/* ---- The whole ---- */

void shell_parser_init(struct shell_parser *parser, const char *source, uint32_t len,
		       struct shell_arena *arena, struct shell_error *error)
{
	*parser = (struct shell_parser){arena, error, source, len, 0};
	*error = (struct shell_error){};
}

bool shell_parse_statement(struct shell_parser *parser, struct shell_node **node)
{
	struct parser p = {
		.lexer =
			{parser->source, parser->len, parser->at, parser->arena, parser->error, 0, false, {}},
		.arena = parser->arena,
	};

	*parser->error = (struct shell_error){};
	*node = nullptr;
	do {
		if (!parse_next(&p))
			return false;
	} while (p.lexer.token.kind == TOKEN_LINE);
	if (p.lexer.token.kind == TOKEN_END)
		return true;
	if (!parse_one(&p, node))
		return false;
	parser->at = p.lexer.at;
	return true;
}

bool shell_parse_arguments(struct shell_parser *parser, uint32_t at, uint32_t end, struct shell_node **first,
			   uint32_t *count)
{
	struct parser p = {
		.lexer = {parser->source, end, at, parser->arena, parser->error, 0, false, {}},
		.arena = parser->arena,
	};
	struct chain chain = {};

	*parser->error = (struct shell_error){};
	if (!parse_next(&p))
		return false;
	p.lexer.token.spaced = true;
	if (!parse_bare_arguments(&p, &chain))
		return false;
	*first = chain.first;
	*count = chain.count;
	return parse_at_end(&p) || parse_expected(&p, "expected a value, not");
}
