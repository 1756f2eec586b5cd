// SPDX-License-Identifier: MIT OR Apache-2.0
/* Default values and constants. A pointer's value becomes an array of words that starts with the pointer. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define MAX_VALUE_WORDS (1u << 20)

const char *pointer_words(struct msg_pointer p)
{
	static uint64_t words[MAX_VALUE_WORDS];
	struct msg_builder b;

	msg_builder_init(&b, words, sizeof(words));
	msg_set_pointer(msg_builder_root_pointer(&b), p);
	if (!msg_builder_ok(&b))
		die("a default value or constant is larger than %u words", MAX_VALUE_WORDS);

	char *text = malloc((size_t)b.words * 23 + 1), *at = text;
	if (!text)
		die("no memory");
	*at = 0;
	for (uint32_t i = 0; i < b.words; i++)
		at += sprintf(at, "%s0x%016llxu", i ? ", " : "", (unsigned long long)words[i]);
	return text;
}

const char *field_default_name(const char *prefix, struct field f)
{
	if (msg_pointer_is_null(value_pointer(field_default(f))))
		return nullptr;
	return string("%s_%s_default", prefix, field_c_name(f));
}

static void emit_scalar(struct gen *g, const char *name, struct type t, struct value v)
{
	unsigned long long bits = value_bits(v);
	unsigned size = type_bits(t);
	const char *suffix = size == 64 ? "ll" : "";

	switch (type_kind(t)) {
	case TYPE_VOID:
		break;
	case TYPE_BOOL:
		emit(g, "\nstatic constexpr bool %s = %s;\n", name, bits ? "true" : "false");
		break;
	case TYPE_FLOAT32:
	case TYPE_FLOAT64:
		emit(g, "\nstatic constexpr uint%u_t %s_BITS = 0x%llxu%s;\n", size, name, bits, suffix);
		emit(g, "#if MSG_FLOAT\n#define %s msg_float%u(%s_BITS)\n#endif\n", name, size, name);
		break;
	case TYPE_INT8:
	case TYPE_INT16:
	case TYPE_INT32:
	case TYPE_INT64: {
		long long value = size == 64 ? (long long)bits
					     : (long long)(bits << (64 - size)) >> (64 - size);

		if (value == INT64_MIN)
			emit(g, "\nstatic constexpr int64_t %s = INT64_MIN;\n", name);
		else
			emit(g, "\nstatic constexpr int%u_t %s = %lld%s;\n", size, name, value, suffix);
		break;
	}
	default:
		emit(g, "\nstatic constexpr %s %s = (%s)0x%llxu%s;\n", scalar_type(g, t), name,
		     scalar_type(g, t), bits, suffix);
		break;
	}
}

/* A constant that is a struct, list, Data or AnyPointer is a function without parameters. */
static void emit_words(struct gen *g, const char *name, struct type t, struct value v)
{
	const char *result = "struct msg_pointer", *of = nullptr, *open = "", *close = "";

	if (type_kind(t) == TYPE_DATA) {
		result = "struct msg_data", open = "msg_read_data(", close = ")";
	} else if (type_kind(t) == TYPE_STRUCT) {
		of = node_name(schema_node(g->schema, type_id(t)));
		result = string("struct %s_reader", of);
		open = string("%s_pointer_reader(", of), close = ")";
	} else if (type_kind(t) == TYPE_LIST && type_kind(type_element(t)) == TYPE_STRUCT) {
		of = node_name(schema_node(g->schema, type_id(type_element(t))));
		result = string("struct %s_list_reader", of);
		open = string("(struct %s_list_reader){msg_read_list(", of), close = ", MSG_ELEM_COMPOSITE)}";
	} else if (type_kind(t) == TYPE_LIST) {
		result = "struct msg_list", open = "msg_read_list(", close = ", MSG_ELEM_ANY)";
	}
	emit(g, "\n[[maybe_unused]] static const uint64_t %s_words[] = {%s};\n", name,
	     pointer_words(value_pointer(v)));
	emit(g, "\nstatic inline %s %s(void)\n{\n\treturn %smsg_trusted(%s_words)%s;\n}\n", result, name,
	     open, name, close);
}

void emit_constant(struct gen *g, struct node n)
{
	const char *name = node_name(n);
	struct type t = const_type(n);
	struct value v = const_value(n);

	if (type_kind(t) == TYPE_TEXT)
		emit(g, "\n#define %s MSG_TEXT(%s)\n", upper(name), c_quote(msg_read_text(value_pointer(v))));
	else if (type_is_pointer(t))
		emit_words(g, name, t, v);
	else
		emit_scalar(g, upper(name), t, v);
}
