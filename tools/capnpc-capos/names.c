// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names of the schema as names of C. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

const char *string(const char *format, ...)
{
	va_list args;
	char *p;

	va_start(args, format);
	if (vasprintf(&p, format, args) < 0)
		die("no memory");
	va_end(args);
	return p;
}

void emit(struct gen *g, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(g->out, format, args);
	va_end(args);
}

const char *text_string(struct msg_text t)
{
	return string("%.*s", (int)t.len, t.ptr);
}

/* An underscore goes before a capital that follows a small letter or digit, or that begins a word after capitals. */
const char *snake(struct msg_text camel)
{
	char *out = malloc((size_t)camel.len * 2 + 1), *p = out;

	if (!out)
		die("no memory");
	for (uint32_t i = 0; i < camel.len; i++) {
		char c = camel.ptr[i], before = i > 0 ? camel.ptr[i - 1] : 0;
		char after = i + 1 < camel.len ? camel.ptr[i + 1] : 0;

		if (c == '.' || c == '$') {
			*p++ = '_';
			continue;
		}
		if (isupper(c) && before != 0 && before != '.' && before != '$' && before != '_' &&
		    (!isupper(before) || islower(after)))
			*p++ = '_';
		*p++ = (char)tolower(c);
	}
	*p = 0;
	return out;
}

const char *upper(const char *snake_name)
{
	char *out = strdup(snake_name);

	if (!out)
		die("no memory");
	for (char *p = out; *p; p++)
		*p = (char)toupper(*p);
	return out;
}

static struct msg_text name_in_file(struct node n)
{
	struct msg_text name = node_display_name(n), file = node_file(n);

	if (file.len == name.len)
		return name;
	return (struct msg_text){name.ptr + file.len + 1, name.len - file.len - 1};
}

const char *node_name(struct node n)
{
	return snake(name_in_file(n));
}

const char *node_schema_name(struct node n)
{
	return text_string(name_in_file(n));
}

const char *identifier(const char *name)
{
	static const char *const taken[] = {
		"alignas",
		"alignof",
		"auto",
		"bool",
		"break",
		"case",
		"char",
		"const",
		"constexpr",
		"continue",
		"default",
		"do",
		"double",
		"else",
		"enum",
		"extern",
		"false",
		"float",
		"for",
		"goto",
		"if",
		"inline",
		"int",
		"long",
		"nullptr",
		"register",
		"restrict",
		"return",
		"short",
		"signed",
		"sizeof",
		"static",
		"static_assert",
		"struct",
		"switch",
		"thread_local",
		"true",
		"typedef",
		"typeof",
		"typeof_unqual",
		"union",
		"unsigned",
		"void",
		"volatile",
		"while",
		"asm",
		/* the parameters and locals of generated functions */
		"call",
		"transport",
		"target",
		"status",
		"params",
		"results",
		"self",
		"request",
		"variable",
		"cap",
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(name, taken[i]) == 0)
			return string("%s_", name);
	return name;
}

const char *c_quote(struct msg_text t)
{
	char *out = malloc((size_t)t.len * 4 + 3), *p = out;

	if (!out)
		die("no memory");
	*p++ = '"';
	for (uint32_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.ptr[i];

		if (c == '"' || c == '\\')
			p += sprintf(p, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f || c == '?')
			p += sprintf(p, "\\%03o", c);
		else
			*p++ = (char)c;
	}
	*p++ = '"';
	*p = 0;
	return out;
}

const char *scalar_type(struct gen *g, struct type t)
{
	static const char *const names[] = {"void",     "bool",     "int8_t",  "int16_t",
					    "int32_t",  "int64_t",  "uint8_t", "uint16_t",
					    "uint32_t", "uint64_t", "float",   "double"};

	if (type_kind(t) == TYPE_ENUM)
		return string("enum %s", node_name(schema_node(g->schema, type_id(t))));
	return type_kind(t) <= TYPE_FLOAT64 ? names[type_kind(t)] : "void";
}

void emit_comment(struct gen *g, struct msg_text doc, const char *indent)
{
	if (doc.len == 0)
		return;
	emit(g, "%s/*\n%s * ", indent, indent);
	while (doc.len > 0 && (doc.ptr[doc.len - 1] == '\n' || doc.ptr[doc.len - 1] == ' '))
		doc.len--;
	for (uint32_t i = 0; i < doc.len; i++) {
		if (doc.ptr[i] == '\n')
			emit(g, "\n%s *%s", indent, i + 1 < doc.len && doc.ptr[i + 1] == '\n' ? "" : " ");
		else if (doc.ptr[i] == '/' && i > 0 && doc.ptr[i - 1] == '*')
			emit(g, " /"); /* would end the comment */
		else if (doc.ptr[i] == '*' && i > 0 && doc.ptr[i - 1] == '/')
			emit(g, " *");
		else
			fputc(doc.ptr[i], g->out);
	}
	emit(g, "\n%s */\n", indent);
}

const char *field_c_name(struct field f)
{
	const char *name = snake(field_name(f));

	if (strcmp(name, "root") == 0 || strcmp(name, "which") == 0 || strcmp(name, "as_reader") == 0)
		return string("%s_", name);
	return name;
}
