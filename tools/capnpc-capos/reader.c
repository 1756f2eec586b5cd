// SPDX-License-Identifier: MIT OR Apache-2.0
/* Generated readers: one getter for each field, thin enough to vanish when inlined. */
#include "gen.h"

/* One getter being written. */
struct getter {
	struct gen *g;
	const char *prefix; /* of the struct */
	const char *name;   /* of the field */
	struct field field;
	struct type type;
};

static void open(struct getter *e, const char *type, const char *suffix)
{
	emit(e->g, "\nstatic inline %s %s_reader_%s%s(struct %s_reader r)\n{\n", type, e->prefix, e->name,
	     suffix, e->prefix);
}

static const char *active(struct getter *e)
{
	return string("%s_reader_which(r) == %s_WHICH_%s", e->prefix, upper(e->prefix), upper(e->name));
}

/* Starts a getter's result: the default, if the field is in a union and not the active one. */
static void emit_guard(struct getter *e, const char *inactive)
{
	if (field_in_union(e->field))
		emit(e->g, "\tif (%s_reader_which(r) != %s_WHICH_%s)\n\t\treturn %s;\n", e->prefix,
		     upper(e->prefix), upper(e->name), inactive);
}

static void emit_bits(struct getter *e, const char *type, const char *suffix)
{
	unsigned bits = type_bits(e->type);
	unsigned long long value = value_bits(field_default(e->field));
	const char *mask = string("0x%llxu%s", value, bits == 64 ? "ll" : "");

	open(e, type, suffix);
	emit_guard(e, value ? string("(%s)%s", type, mask) : string("(%s)0", type));
	const char *load = string("msg_struct_u%u(r.s, %u)", bits, field_offset(e->field) * bits / 8);
	if (value)
		emit(e->g, "\treturn (%s)(%s ^ %s);\n}\n", type, load, mask);
	else
		emit(e->g, "\treturn (%s)%s;\n}\n", type, load);
}

static void emit_scalar(struct getter *e)
{
	enum type_kind k = type_kind(e->type);
	bool on = value_bits(field_default(e->field)) != 0;

	if (k == TYPE_BOOL) {
		open(e, "bool", "");
		emit_guard(e, on ? "true" : "false");
		emit(e->g, "\treturn %smsg_struct_bool(r.s, %u);\n}\n", on ? "!" : "",
		     field_offset(e->field));
	} else if (k == TYPE_FLOAT32 || k == TYPE_FLOAT64) {
		unsigned bits = type_bits(e->type);

		emit_bits(e, string("uint%u_t", bits), "_bits");
		emit(e->g, "\n#if MSG_FLOAT");
		open(e, bits == 32 ? "float" : "double", "");
		emit(e->g, "\treturn msg_float%u(%s_reader_%s_bits(r));\n}\n#endif\n", bits, e->prefix,
		     e->name);
	} else if (k != TYPE_VOID) {
		emit_bits(e, scalar_type(e->g, e->type), "");
	}
}

/* The text of a struct msg_pointer for the field: null when inactive, the default when null. */
static const char *pointer_text(struct getter *e)
{
	const char *p = string("msg_struct_pointer(r.s, %u)", field_offset(e->field));
	const char *value = field_default_name(e->prefix, e->field);

	if (field_in_union(e->field))
		p = string("msg_pointer_if(%s, %s)", active(e), p);
	return value ? string("msg_pointer_or(%s, %s)", p, value) : p;
}

static void emit_has(struct getter *e)
{
	const char *p = string("msg_struct_has(r.s, %u)", field_offset(e->field));

	emit(e->g, "\nstatic inline bool %s_reader_has_%s(struct %s_reader r)\n{\n\treturn %s%s%s;\n}\n",
	     e->prefix, e->name, e->prefix, field_in_union(e->field) ? active(e) : "",
	     field_in_union(e->field) ? " && " : "", p);
}

static void emit_list(struct getter *e, const char *p)
{
	static const char *const elems[] = {"VOID", "BIT", "8", "16", "32", "64", "POINTER", "COMPOSITE"};
	struct type element = type_element(e->type);
	const char *read = string("msg_read_list(%s, MSG_ELEM_%s)", p, elems[type_elem(element)]);

	if (type_kind(element) == TYPE_STRUCT) {
		const char *of = node_name(schema_node(e->g->schema, type_id(element)));

		open(e, string("struct %s_list_reader", of), "");
		emit(e->g, "\treturn (struct %s_list_reader){%s};\n}\n", of, read);
	} else {
		open(e, "struct msg_list", "");
		emit(e->g, "\treturn %s;\n}\n", read);
	}
}

static void emit_pointer(struct getter *e)
{
	const char *p = pointer_text(e), *value = field_default_name(e->prefix, e->field);
	const char *type = nullptr, *read = nullptr;

	if (value)
		emit(e->g, "\n[[maybe_unused]] static const uint64_t %s[] = {%s};\n", value,
		     pointer_words(value_pointer(field_default(e->field))));
	emit_has(e);
	switch (type_kind(e->type)) {
	case TYPE_LIST:
		emit_list(e, p);
		return;
	case TYPE_TEXT:
		type = "struct msg_text", read = "msg_get_text(%s)";
		break;
	case TYPE_DATA:
		type = "struct msg_data", read = "msg_get_data(%s)";
		break;
	case TYPE_STRUCT: {
		const char *of = node_name(schema_node(e->g->schema, type_id(e->type)));

		open(e, string("struct %s_reader", of), "");
		emit(e->g, "\treturn (struct %s_reader){msg_read_struct(%s)};\n}\n", of, p);
		return;
	}
	default:
		if (type_is_cap(e->type))
			type = "int32_t", read = "msg_read_cap(%s)";
		else
			type = "struct msg_pointer", read = "%s";
		break;
	}
	open(e, type, "");
	emit(e->g, "\treturn ");
	for (const char *c = read; *c; c++) {
		if (c[0] == '%' && c[1] == 's') {
			emit(e->g, "%s", p);
			c++;
		} else {
			fputc(*c, e->g->out);
		}
	}
	emit(e->g, ";\n}\n");
}

static void emit_group(struct getter *e)
{
	const char *of = node_name(schema_node(e->g->schema, field_group_id(e->field)));

	open(e, string("struct %s_reader", of), "");
	emit_guard(e, string("(struct %s_reader){{.msg = r.s.msg}}", of));
	emit(e->g, "\treturn (struct %s_reader){r.s};\n}\n", of);
}

static void emit_roots(struct gen *g, struct node n, const char *name)
{
	emit(g, "\nstatic inline struct %s_reader %s_reader_root(struct msg_reader *r)\n{\n", name, name);
	emit(g, "\treturn (struct %s_reader){msg_reader_root_of(r, %u, %u)};\n}\n", name,
	     struct_data_words(n), struct_pointers(n));
	emit(g, "\nstatic inline struct %s_reader %s_pointer_reader(struct msg_pointer p)\n{\n", name, name);
	emit(g, "\treturn (struct %s_reader){msg_read_struct(p)};\n}\n", name);
	if (struct_is_implicit(n))
		return;
	emit(g,
	     "\nstatic inline uint32_t %s_list_reader_count(struct %s_list_reader l)\n{\n\treturn l.l.count;\n}\n",
	     name, name);
	emit(g,
	     "\nstatic inline struct %s_reader %s_list_reader_at(struct %s_list_reader l, uint32_t i)\n{\n",
	     name, name, name);
	emit(g, "\treturn (struct %s_reader){msg_list_struct(l.l, i)};\n}\n", name);
}

void emit_reader(struct gen *g, struct node n)
{
	const char *name = node_name(n);

	if (!struct_is_group(n))
		emit_roots(g, n, name);
	if (struct_discriminants(n)) {
		emit(g, "\nstatic inline enum %s_which %s_reader_which(struct %s_reader r)\n{\n", name, name,
		     name);
		emit(g, "\treturn (enum %s_which)msg_struct_u16(r.s, %u);\n}\n", name,
		     struct_discriminant_at(n));
	}
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);
		struct getter e = {g, name, field_c_name(f), f, {}};

		emit_comment(g, (struct msg_text){"", 0}, "");
		if (field_is_group(f)) {
			emit_group(&e);
			continue;
		}
		e.type = field_type(f);
		if (type_is_pointer(e.type))
			emit_pointer(&e);
		else
			emit_scalar(&e);
	}
	if (has_check(g, n) && !struct_is_group(n))
		emit(g,
		     "\n/* Follows every pointer that the schema knows; the reader is marked if one is malformed. */\n"
		     "void %s_check(struct %s_reader r);\n",
		     name, name);
}
