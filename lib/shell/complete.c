// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Completion works on the bytes before the cursor, not on a parsed line, which is seldom whole. Three questions are asked:
 * is it a member (a dot before the word), an argument (an open call before it), or the beginning of something.
 */
#include <shell/complete.h>

#include "lex_internal.h"

struct place {
	const struct shell_completer *c;
	const char *line;
	uint32_t start, from, cursor; /* of the statement; of the word */
	struct shell_completion *out;
};

/* A type that a chain of steps has come to. */
struct reached {
	bool is_interface, is_struct;
	uint64_t interface_id, methods;
	struct registry_data_struct_reader s;
};

static bool is_name_byte(char c)
{
	return lex_is_letter(c) || lex_is_digit(c) || c == '-';
}

/* ---- Candidates ---- */

static int compare(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (uint8_t)*a - (uint8_t)*b;
}

static void count_common(struct shell_completion *out, const char *text, uint32_t len)
{
	const char *first = out->candidate[0].text;
	uint32_t n = 0;

	if (out->total == 1) {
		out->common_len = len;
		return;
	}
	while (n < out->common_len && n < len && first[n] == text[n])
		n++;
	out->common_len = n;
}

static void offer(struct place *p, const char *text, uint32_t len, enum shell_candidate_kind kind, char after)
{
	struct shell_completion *out = p->out;
	uint32_t typed = p->cursor - p->from, at = 0;
	struct shell_candidate new = {.kind = kind, .after = after};

	if (len == 0 || len >= SHELL_CANDIDATE_BYTES || typed > len ||
	    (typed > 0 && __builtin_memcmp(text, p->line + p->from, typed) != 0))
		return;
	__builtin_memcpy(new.text, text, len);
	for (; at < out->count; at++) {
		int order = compare(new.text, out->candidate[at].text);

		if (order == 0)
			return;
		if (order < 0)
			break;
	}
	out->total++;
	if (out->count == SHELL_CANDIDATES && at == out->count) {
		count_common(out, new.text, len);
		return;
	}
	if (out->count < SHELL_CANDIDATES)
		out->count++;
	for (uint32_t i = out->count - 1; i > at; i--)
		out->candidate[i] = out->candidate[i - 1];
	out->candidate[at] = new;
	count_common(out, new.text, len);
}

static void offer_text(struct place *p, struct msg_text text, enum shell_candidate_kind kind, char after)
{
	offer(p, text.ptr, text.len, kind, after);
}

static void offer_list(struct place *p, bool (*list)(void *self, uint32_t index, struct shell_word *name),
		       enum shell_candidate_kind kind, char after)
{
	struct shell_word name;

	for (uint32_t i = 0; list && list(p->c->self, i, &name); i++)
		offer(p, name.ptr, name.len, kind, after);
}

/* after: behind capabilities; other variables have nothing behind them. */
static void offer_variables(struct place *p, bool capabilities, char after)
{
	struct shell_word name;
	uint64_t interface_id;

	for (uint32_t i = 0; p->c->variable(p->c->self, i, &name, &interface_id); i++)
		if (interface_id || !capabilities)
			offer(p, name.ptr, name.len, SHELL_CANDIDATE_NAME, interface_id ? after : 0);
}

static void offer_types(struct place *p)
{
	for (struct registry *r = p->c->registry; r; r = r->next)
		for (uint32_t i = 0; i < registry_data_interface_list_reader_count(r->interfaces); i++)
			offer_text(p,
				   registry_data_interface_reader_name(
					   registry_data_interface_list_reader_at(r->interfaces, i)),
				   SHELL_CANDIDATE_TYPE, 0);
}

/* Methods that are inherited are not in the capability's own set. */
static bool has_method(const struct reached *reached, const struct registry_method *m)
{
	return registry_data_interface_reader_id(m->interface) != reached->interface_id || m->ordinal > 63 ||
	       (reached->methods >> m->ordinal & 1);
}

static void offer_methods(struct place *p, const struct reached *reached, char after)
{
	struct registry_data_interface_reader interface;
	struct registry_method m;

	if (!registry_interface(p->c->registry, reached->interface_id, &interface))
		return;
	for (uint32_t i = 0; registry_method_at(p->c->registry, interface, i, &m); i++) {
		if (has_method(reached, &m))
			offer_text(p, registry_data_method_reader_name(m.method), SHELL_CANDIDATE_METHOD,
				   after);
	}
}

static void offer_fields(struct place *p, struct registry_data_struct_reader s,
			 enum shell_candidate_kind kind, char after)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(s);

	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++)
		offer_text(p, registry_data_field_reader_name(registry_data_field_list_reader_at(fields, i)),
			   kind, after);
}

/* What may follow a capability's dot. */
static void offer_members(struct place *p, const struct reached *reached)
{
	offer_methods(p, reached, 0);
	offer(p, "only", 4, SHELL_CANDIDATE_METHOD, '(');
	offer(p, "where", 5, SHELL_CANDIDATE_METHOD, '(');
}

/* What a rule of where() may begin with: a parameter of any method, a method, or what is about no parameter. */
static void offer_rules(struct place *p, const struct reached *reached)
{
	struct registry_data_interface_reader interface;
	struct registry_data_struct_reader params;
	struct registry_method m;

	offer_methods(p, reached, '.');
	if (registry_interface(p->c->registry, reached->interface_id, &interface))
		for (uint32_t i = 0; registry_method_at(p->c->registry, interface, i, &m); i++)
			if (has_method(reached, &m) &&
			    registry_struct(p->c->registry, registry_data_method_reader_params(m.method),
					    &params))
				offer_fields(p, params, SHELL_CANDIDATE_PARAMETER, ' ');
	offer(p, "uses", 4, SHELL_CANDIDATE_PARAMETER, ' ');
	offer(p, "expires", 7, SHELL_CANDIDATE_PARAMETER, ' ');
	offer(p, "rate", 4, SHELL_CANDIDATE_METHOD, '(');
	offer(p, "prefix", 6, SHELL_CANDIDATE_METHOD, '(');
	offer(p, "oneOf", 5, SHELL_CANDIDATE_METHOD, '(');
	offer(p, "allow", 5, SHELL_CANDIDATE_METHOD, '(');
}

/* ---- Chains ---- */

/* Back over a name that ends before `at`; where it begins. */
static uint32_t name_before(const struct place *p, uint32_t at)
{
	while (at > p->start && is_name_byte(p->line[at - 1]))
		at--;
	return at;
}

/* Back over "(...)" that ends before `at`; at itself if there is none. */
static uint32_t before_parentheses(const struct place *p, uint32_t at)
{
	uint32_t depth = 0, i = at;

	if (at == p->start || p->line[at - 1] != ')')
		return at;
	while (i > p->start) {
		i--;
		depth += p->line[i] == ')';
		depth -= p->line[i] == '(';
		if (depth == 0)
			return i;
	}
	return at;
}

static bool enter_field(const struct place *p, struct reached *reached, struct msg_text name)
{
	struct registry_data_field_reader field;
	struct registry_data_type_reader type;

	if (!reached->is_struct || !registry_field_named(reached->s, name, &field))
		return false;
	type = registry_data_field_reader_type(field);
	*reached = (struct reached){.methods = ~0ull, .interface_id = registry_data_type_reader_id(type)};
	if (registry_data_type_reader_lists(type) > 0)
		return false;
	reached->is_interface = registry_data_type_reader_kind(type) == REGISTRY_DATA_KIND_INTERFACE;
	reached->is_struct = !reached->is_interface &&
			     registry_struct(p->c->registry, reached->interface_id, &reached->s);
	return reached->is_interface || reached->is_struct;
}

static bool find_method(const struct place *p, const struct reached *reached, struct msg_text name,
			struct registry_method *m)
{
	struct registry_data_interface_reader interface;

	return reached->is_interface &&
	       registry_interface(p->c->registry, reached->interface_id, &interface) &&
	       registry_method_named(p->c->registry, interface, name, m);
}

static bool enter_variable(const struct place *p, struct reached *reached, struct shell_word name)
{
	struct shell_word variable;
	uint64_t interface_id;

	for (uint32_t i = 0; p->c->variable(p->c->self, i, &variable, &interface_id); i++) {
		if (!shell_words_equal(variable, name) || interface_id == 0)
			continue;
		*reached = (struct reached){.is_interface = true,
					    .interface_id = interface_id,
					    .methods = p->c->methods ? p->c->methods(p->c->self, name)
								     : ~0ull};
		return true;
	}
	return false;
}

#define MAX_STEPS 8u

/* What the chain that ends before `end` has come to: "timer", "maker.make("a").thing". */
static bool reach(const struct place *p, uint32_t end, struct reached *reached)
{
	struct shell_word steps[MAX_STEPS];
	uint32_t count = 0;

	for (;;) {
		uint32_t name_end = before_parentheses(p, end), at = name_before(p, name_end);

		if (at == name_end || count == MAX_STEPS)
			return false;
		steps[count++] = (struct shell_word){p->line + at, name_end - at, at};
		if (at == p->start || p->line[at - 1] != '.')
			break;
		end = at - 1;
	}
	if (!enter_variable(p, reached, steps[--count]))
		return false;
	while (count-- > 0) {
		struct msg_text name = {steps[count].ptr, steps[count].len};
		struct registry_method m;

		if (find_method(p, reached, name, &m)) {
			*reached = (struct reached){.methods = ~0ull};
			reached->is_struct = registry_struct(
				p->c->registry, registry_data_method_reader_results(m.method), &reached->s);
		} else if (!enter_field(p, reached, name)) {
			return false;
		}
	}
	return true;
}

/* ---- Arguments ---- */

/* Where the method's name ends whose arguments the cursor is in; p->start: it is in none. */
static uint32_t open_call(const struct place *p)
{
	uint32_t depth = 0, i = p->from;

	while (i > p->start) {
		i--;
		if (p->line[i] == ')' || p->line[i] == ']')
			depth++;
		if ((p->line[i] == '(' || p->line[i] == '[') && depth-- == 0)
			return i;
	}
	/* NAME.method arguments: the first chain of the statement, behind "let x =". */
	for (i = p->start; i < p->from && p->line[i] != '.'; i++)
		;
	if (i == p->from)
		return p->start;
	while (i < p->from && (is_name_byte(p->line[i]) || p->line[i] == '.'))
		i++;
	return i < p->from && p->line[i] == ' ' ? i : p->start;
}

/* name=| : the enumerants of that parameter. */
static bool complete_value(struct place *p, struct registry_data_struct_reader params)
{
	uint32_t at = p->from;
	struct registry_data_field_reader field;
	struct registry_data_type_reader type;
	struct registry_data_enum_reader e;

	while (at > p->start && p->line[at - 1] == ' ')
		at--;
	if (at == p->start || p->line[at - 1] != '=')
		return false;
	at--;
	while (at > p->start && p->line[at - 1] == ' ')
		at--;

	uint32_t first = name_before(p, at);
	if (!registry_field_named(params, (struct msg_text){p->line + first, at - first}, &field))
		return false;
	type = registry_data_field_reader_type(field);
	if (registry_data_type_reader_kind(type) != REGISTRY_DATA_KIND_ENUM ||
	    !registry_enum(p->c->registry, registry_data_type_reader_id(type), &e)) {
		offer_variables(p, registry_data_type_reader_kind(type) == REGISTRY_DATA_KIND_INTERFACE, 0);
		return true;
	}

	struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(e);
	for (uint32_t i = 0; i < registry_data_enumerant_list_reader_count(list); i++)
		offer_text(
			p,
			registry_data_enumerant_reader_name(registry_data_enumerant_list_reader_at(list, i)),
			SHELL_CANDIDATE_ENUMERANT, 0);
	return true;
}

static bool complete_argument(struct place *p)
{
	uint32_t end = open_call(p), name = name_before(p, end);
	struct registry_data_struct_reader params;
	struct registry_method m;
	struct reached reached;

	if (end == p->start || name == end || name == p->start || p->line[name - 1] != '.' ||
	    !reach(p, name - 1, &reached))
		return false;

	struct msg_text text = {p->line + name, end - name};
	if (msg_text_equal(text, MSG_TEXT("only"))) {
		offer_methods(p, &reached, 0);
		return true;
	}
	if (msg_text_equal(text, MSG_TEXT("where"))) {
		offer_rules(p, &reached);
		return true;
	}
	if (!find_method(p, &reached, text, &m) ||
	    !registry_struct(p->c->registry, registry_data_method_reader_params(m.method), &params))
		return false;
	if (complete_value(p, params))
		return true;
	offer_fields(p, params, SHELL_CANDIDATE_PARAMETER, '=');
	offer_variables(p, false, 0);
	return true;
}

/* ---- Beginnings ---- */

/* The n-th word of the statement. */
static struct shell_word word_at(const struct place *p, uint32_t n)
{
	uint32_t at = p->start, first;

	for (;; n--) {
		while (at < p->from && p->line[at] == ' ')
			at++;
		first = at;
		while (at < p->from && p->line[at] != ' ')
			at++;
		if (n == 0 || first == at)
			return (struct shell_word){p->line + first, at - first, first};
	}
}

static bool contains(const struct place *p, const char *text)
{
	uint32_t len = (uint32_t)__builtin_strlen(text);

	for (uint32_t i = p->start; i + len <= p->from; i++)
		if (__builtin_memcmp(p->line + i, text, len) == 0)
			return true;
	return false;
}

static void complete_run(struct place *p)
{
	struct shell_word program = word_at(p, 1);

	if (program.len == 0)
		offer_list(p, p->c->program, SHELL_CANDIDATE_PROGRAM, ' ');
	else if (contains(p, "with"))
		offer_variables(p, true, 0);
	else
		offer(p, "with", 4, SHELL_CANDIDATE_COMMAND, ' ');
	if (program.len > 0)
		offer(p, "args", 4, SHELL_CANDIDATE_COMMAND, ' ');
}

static void complete_beginning(struct place *p)
{
	static const char *const keywords[] = {"let", "run", "save", "if", "for", "while", "try", "fn"};
	struct shell_word first = word_at(p, 0);

	if (first.len == 0) {
		offer_list(p, p->c->command, SHELL_CANDIDATE_COMMAND, ' ');
		for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
			offer(p, keywords[i], (uint32_t)__builtin_strlen(keywords[i]),
			      SHELL_CANDIDATE_COMMAND, ' ');
		offer_variables(p, false, '.');
	} else if (shell_word_is(first, "describe")) {
		offer_variables(p, true, 0);
		offer_types(p);
	} else if (shell_word_is(first, "help")) {
		offer_list(p, p->c->topic, SHELL_CANDIDATE_COMMAND, 0);
	} else if (shell_word_is(first, "source")) {
		offer_list(p, p->c->file, SHELL_CANDIDATE_FILE,
			   p->from > 0 && p->line[p->from - 1] == '"' ? '"' : 0);
	} else if (shell_word_is(first, "run") || contains(p, "run ")) {
		complete_run(p);
	} else {
		offer_variables(p, false, shell_word_is(first, "drop") ? 0 : '.');
	}
}

/* ---- The whole ---- */

/* Behind the last ; or { or line's end that is not quoted. False: the cursor is inside quotes (but those of source). */
static bool find_start(struct place *p)
{
	bool quoted = false;

	for (uint32_t i = 0; i < p->cursor; i++) {
		char c = p->line[i];

		if (c == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (c == '#')
			return false;
		if (c == ';' || c == '\n' ||
		    (c == '{' &&
		     !contains(&(struct place){.line = p->line, .start = p->start, .from = i}, "with")))
			p->start = i + 1;
	}
	while (p->start < p->cursor && p->line[p->start] == ' ')
		p->start++;
	p->from = p->start;
	return !quoted ||
	       contains(&(struct place){.line = p->line, .start = p->start, .from = p->cursor}, "source \"");
}

void shell_complete(const struct shell_completer *completer, const char *line, uint32_t len, uint32_t cursor,
		    struct shell_completion *out)
{
	struct place p = {.c = completer, .line = line, .cursor = cursor < len ? cursor : len, .out = out};
	struct reached reached;

	out->from = p.cursor;
	out->count = out->total = out->common_len = 0;
	if (!find_start(&p))
		return;
	p.from = name_before(&p, p.cursor);
	if (shell_word_is(word_at(&p, 0), "source"))
		while (p.from > p.start && p.line[p.from - 1] != '"' && p.line[p.from - 1] != ' ')
			p.from--;
	out->from = p.from;
	if (p.from > p.start && p.line[p.from - 1] == '.' && !shell_word_is(word_at(&p, 0), "source")) {
		if (!reach(&p, p.from - 1, &reached))
			return;
		if (reached.is_interface)
			offer_members(&p, &reached);
		else
			offer_fields(&p, reached.s, SHELL_CANDIDATE_FIELD, 0);
		return;
	}
	if (!complete_argument(&p))
		complete_beginning(&p);
}
