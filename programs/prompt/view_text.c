// SPDX-License-Identifier: MIT OR Apache-2.0
/* Columns and units of the views. */
#include <fmt/fmt.h>
#include <schema/exception.capnp.h>

#include "view.h"

void view_put_time(uint64_t ns)
{
	uint64_t us = ns / 1000;

	text_print(&out, "[%5llu.%06llu] ", (unsigned long long)us / 1'000'000,
		   (unsigned long long)us % 1'000'000);
}

static int span_text(uint64_t ns, char *text, size_t size)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1000, "us"}};

	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t tenths = ns / (units[i].unit / 10);

		if (ns >= units[i].unit)
			return (int)fmt_print(text, size, "%llu.%llu %s", (unsigned long long)tenths / 10,
					      (unsigned long long)tenths % 10, units[i].name);
	}
	return (int)fmt_print(text, size, "%llu ns", (unsigned long long)ns);
}

uint32_t view_put_span(uint64_t ns)
{
	char text[32];
	int len = span_text(ns, text, sizeof(text));

	text_put(&out, text);
	return (uint32_t)len;
}

void view_put_span_in(uint64_t ns, uint32_t width)
{
	char text[32];
	uint32_t len = (uint32_t)span_text(ns, text, sizeof(text));

	text_put_pad(&out, len, width);
	text_put(&out, text);
}

const char *view_status_name(int32_t status)
{
	switch (status) {
#define ROW(name, value, sentence) \
	case value:                \
		return #name;
		STATUS_LIST(ROW)
#undef ROW
	default:
		return "?";
	}
}

bool view_word_is_number(struct shell_word word, uint64_t *number)
{
	*number = 0;
	for (uint32_t i = 0; i < word.len; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9' || *number > UINT64_MAX / 10 - 1)
			return false;
		*number = *number * 10 + (uint64_t)(word.ptr[i] - '0');
	}
	return word.len > 0;
}

void view_put_failure(int32_t status, const void *message, uint32_t bytes)
{
	static const char *const types[] = {"failed", "overloaded", "disconnected", "unimplemented",
					    "invalidArgument"};
	struct msg_reader reader;

	if (status != STATUS_EXCEPTION || bytes == 0) {
		text_put(&out, view_status_name(status));
		return;
	}
	msg_reader_init(&reader, message, bytes);

	struct exception_reader e = exception_reader_root(&reader);
	uint16_t type = (uint16_t)exception_reader_type(e);
	struct msg_text field = exception_reader_field(e), reason = exception_reader_reason(e);

	text_put(&out, type < sizeof(types) / sizeof(types[0]) ? types[type] : "exception");
	if (field.len > 0)
		text_print(&out, " (%.*s)", (int)field.len, field.ptr);
	if (reason.len > 0)
		text_print(&out, ": %.*s", (int)reason.len, reason.ptr);
}
