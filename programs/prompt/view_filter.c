// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which calls a trace shows: words behind its name, with or without bars between them.
 *
 *	trace counter | only Timer.sleep | failed | slower 1ms | last 5
 */
#include "view.h"

bool view_duration(struct shell_word word, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t unit;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"", 1}};
	uint64_t whole = 0, part = 0, scale = 1;
	uint32_t i = 0;

	for (; i < word.len && word.ptr[i] >= '0' && word.ptr[i] <= '9' && i < 12; i++)
		whole = whole * 10 + (uint64_t)(word.ptr[i] - '0');
	if (i == 0)
		return false;
	if (i < word.len && word.ptr[i] == '.') {
		for (i++; i < word.len && word.ptr[i] >= '0' && word.ptr[i] <= '9' && scale < 1'000'000;
		     i++) {
			part = part * 10 + (uint64_t)(word.ptr[i] - '0');
			scale *= 10;
		}
	}
	for (unsigned n = 0; n < sizeof(units) / sizeof(units[0]); n++) {
		if (!shell_word_is((struct shell_word){word.ptr + i, word.len - i, 0}, units[n].name))
			continue;
		*ns = whole * units[n].unit + part * units[n].unit / scale;
		return true;
	}
	return false;
}

static bool next_word(const struct shell_word *words, uint32_t count, uint32_t *i, const char *what)
{
	if (*i + 1 < count) {
		++*i;
		return true;
	}
	return shell_fail_at(&shell, words[*i].at, "%s", what);
}

static bool check_status(struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);

#define ROW(name, value, sentence)      \
	if (shell_word_is(word, #name)) \
		return true;            \
	shell_nearest_offer(&nearest, #name, sizeof(#name) - 1);
	STATUS_LIST(ROW)
#undef ROW
	return shell_fail_at(&shell, word.at, "there is no status \"%.*s\"; %s%.*s",
			     (int)(word.len < 40 ? word.len : 40), word.ptr,
			     nearest.found ? "did you mean " : "for example DENIED, REVOKED, EXCEPTION",
			     (int)(nearest.found ? nearest.name_len : 0), nearest.found ? nearest.name : "");
}

bool trace_filter_parse(struct trace_filter *f, const struct shell_word *words, uint32_t from, uint32_t count)
{
	uint64_t number;

	*f = (struct trace_filter){};
	for (uint32_t i = from; i < count; i++) {
		struct shell_word word = words[i];

		if (shell_word_is(word, "|"))
			continue;
		if (shell_word_is(word, "failed")) {
			f->failed = true;
		} else if (shell_word_is(word, "live") || shell_word_is(word, "follow")) {
			f->live = true;
		} else if (shell_word_is(word, "export")) {
			f->export = true;
		} else if (shell_word_is(word, "scheduling")) {
			f->scheduling = true;
		} else if (shell_word_is(word, "count")) {
			f->count = true;
		} else if (shell_word_is(word, "last")) {
			if (!next_word(words, count, &i, "last N: how many?"))
				return false;
			if (!view_word_is_number(words[i], &number) || number == 0 || number > 1'000'000)
				return shell_fail_at(&shell, words[i].at, "last wants a number from 1 on");
			f->last = (uint32_t)number;
		} else if (shell_word_is(word, "slower")) {
			if (!next_word(words, count, &i, "slower 1ms: than what?"))
				return false;
			if (!view_duration(words[i], &f->slower_ns))
				return shell_fail_at(&shell, words[i].at,
						     "slower wants a duration: 500, 20us, 1.5ms, 2s");
		} else if (shell_word_is(word, "only")) {
			if (!next_word(words, count, &i, "only Interface, method or Interface.method"))
				return false;
			f->only = words[i];
		} else if (shell_word_is(word, "status")) {
			if (!next_word(words, count, &i,
				       "status NAME: OK, DENIED, REVOKED, EXCEPTION, ...") ||
			    !check_status(words[i]))
				return false;
			f->status = words[i];
		} else {
			return shell_fail_at(
				&shell, word.at,
				"a trace can be narrowed by: only X, failed, status NAME, slower 1ms, "
				"last N, count, live, export, scheduling");
		}
	}
	return true;
}

uint32_t trace_method_name(uint64_t interface_id, uint16_t method, char text[80])
{
	struct registry_data_interface_reader interface;
	struct msg_text name;
	char buffer[24];

	name = registry_interface_name(&registry, interface_id, buffer);
	if (!registry_interface(&registry, interface_id, &interface))
		return (uint32_t)fmt_print(text, 80, "%.*s.%u", (int)name.len, name.ptr, method);

	struct registry_data_method_list_reader methods = registry_data_interface_reader_methods(interface);
	if (method >= registry_data_method_list_reader_count(methods))
		return (uint32_t)fmt_print(text, 80, "%.*s.%u", (int)(name.len < 60 ? name.len : 60),
					   name.ptr, method);

	struct msg_text m = registry_data_method_reader_name(
		registry_data_method_list_reader_at(methods, method));
	return (uint32_t)fmt_print(text, 80, "%.*s.%.*s", (int)(name.len < 40 ? name.len : 40), name.ptr,
				   (int)(m.len < 38 ? m.len : 38), m.ptr);
}

static bool is_named(const struct trace_call *call, struct shell_word only)
{
	char text[80];
	uint32_t len = trace_method_name(call->interface_id, call->method, text), dot = 0;

	while (dot < len && text[dot] != '.')
		dot++;
	return shell_word_is(only, text) || (only.len == dot && __builtin_memcmp(only.ptr, text, dot) == 0) ||
	       (dot < len && shell_word_is(only, text + dot + 1));
}

bool trace_filter_takes(const struct trace_filter *f, const struct trace_call *call)
{
	if (f->failed && (call->status == STATUS_OK || call->end_ns == 0))
		return false;
	if (f->status.len > 0 &&
	    (call->end_ns == 0 || !shell_word_is(f->status, view_status_name(call->status))))
		return false;
	if (f->slower_ns != 0 && (call->start_ns == 0 || call->end_ns - call->start_ns < f->slower_ns))
		return false;
	return f->only.len == 0 || is_named(call, f->only);
}
