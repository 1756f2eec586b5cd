// SPDX-License-Identifier: MIT OR Apache-2.0
/* Generated builders: setters, and init functions for what has a size or fields of its own. */
#include "gen.h"

struct setter {
	struct gen *g;
	struct node node; /* the struct or group */
	const char *prefix;
	const char *name;
	struct field field;
	struct type type;
};

/* Opens `RESULT PREFIX_builder_VERB_NAME(struct PREFIX_builder b, PARAMS)` and sets the discriminant. */
static void open(struct setter *e, const char *result, const char *verb, const char *params)
{
	emit(e->g, "\nstatic inline %s %s_builder_%s%s(struct %s_builder b%s%s)\n{\n", result, e->prefix,
	     verb, e->name, e->prefix, *params ? ", " : "", params);
	if (field_in_union(e->field))
		emit(e->g, "\tmsg_struct_set_u16(b.b, %u, %u);\n", struct_discriminant_at(e->node),
		     field_discriminant(e->field));
}

static const char *slot(struct setter *e)
{
	return string("msg_struct_slot(b.b, %u)", (struct_data_words(e->node) + field_offset(e->field)) * 8);
}

static void emit_bits(struct setter *e, const char *type, const char *suffix)
{
	unsigned bits = type_bits(e->type);
	unsigned long long value = value_bits(field_default(e->field));
	const char *name = e->name;

	e->name = string("%s%s", name, suffix);
	open(e, "void", "set_", string("%s value", type));
	e->name = name;
	const char *mask = value ? string(" ^ 0x%llxu%s", value, bits == 64 ? "ll" : "") : "";
	emit(e->g, "\tmsg_struct_set_u%u(b.b, %u, (uint%u_t)((uint%u_t)value%s));\n}\n", bits,
	     field_offset(e->field) * bits / 8, bits, bits, mask);
}

static void emit_scalar(struct setter *e)
{
	enum type_kind k = type_kind(e->type);

	if (k == TYPE_VOID) {
		if (!field_in_union(e->field))
			return;
		open(e, "void", "set_", "");
		emit(e->g, "}\n");
	} else if (k == TYPE_BOOL) {
		open(e, "void", "set_", "bool value");
		emit(e->g, "\tmsg_struct_set_bool(b.b, %u, %svalue);\n}\n", field_offset(e->field),
		     value_bits(field_default(e->field)) ? "!" : "");
	} else if (k == TYPE_FLOAT32 || k == TYPE_FLOAT64) {
		unsigned bits = type_bits(e->type);

		emit_bits(e, string("uint%u_t", bits), "_bits");
		emit(e->g, "\n#if MSG_FLOAT");
		open(e, "void", "set_", bits == 32 ? "float value" : "double value");
		emit(e->g, "\t%s_builder_set_%s_bits(b, msg_bits%u(value));\n}\n#endif\n", e->prefix, e->name,
		     bits);
	} else {
		emit_bits(e, scalar_type(e->g, e->type), "");
	}
}

static void emit_bytes(struct setter *e, const char *kind, const char *pointer)
{
	open(e, "void", "set_", string("struct msg_%s value", kind));
	emit(e->g, "\tmsg_set_%s(%s, value);\n}\n", kind, slot(e));
	open(e, pointer, "init_", "uint32_t len");
	emit(e->g, "\treturn msg_init_%s(%s, len);\n}\n", kind, slot(e));
}

static void emit_struct(struct setter *e)
{
	struct node of = schema_node(e->g->schema, type_id(e->type));
	const char *name = node_name(of);
	const char *value = field_default_name(e->prefix, e->field);
	const char *builder = string("struct %s_builder", name);
	unsigned data = struct_data_words(of), pointers = struct_pointers(of);

	open(e, builder, "init_", "");
	emit(e->g, "\treturn (%s){msg_init_struct(%s, %u, %u)};\n}\n", builder, slot(e), data, pointers);
	open(e, builder, "", "");
	emit(e->g, "\treturn (%s){msg_get_struct(%s, %u, %u, %s)};\n}\n", builder, slot(e), data, pointers,
	     value ? value : "nullptr");
	open(e, "void", "set_", string("struct %s_reader value", name));
	emit(e->g, "\tmsg_set_struct(%s, value.s, %u, %u);\n}\n", slot(e), data, pointers);
}

static void emit_struct_list(struct setter *e)
{
	struct node of = schema_node(e->g->schema, type_id(type_element(e->type)));
	const char *name = node_name(of), *builder = string("struct %s_list_builder", name);
	unsigned data = struct_data_words(of), pointers = struct_pointers(of);

	open(e, builder, "init_", "uint32_t count");
	emit(e->g, "\treturn (%s){msg_init_struct_list(%s, %u, %u, count)};\n}\n", builder, slot(e), data,
	     pointers);
	open(e, builder, "", "");
	emit(e->g, "\treturn (%s){msg_get_struct_list(%s, %u, %u)};\n}\n", builder, slot(e), data, pointers);
	open(e, "void", "set_", string("struct %s_list_reader value", name));
	emit(e->g, "\tmsg_set_list(%s, value.l);\n}\n", slot(e));
}

static void emit_list(struct setter *e)
{
	static const char *const elems[] = {"VOID", "BIT", "8", "16", "32", "64", "POINTER"};
	enum msg_elem elem = type_elem(type_element(e->type));

	if (elem == MSG_ELEM_COMPOSITE) {
		emit_struct_list(e);
		return;
	}
	open(e, "struct msg_list_builder", "init_", "uint32_t count");
	emit(e->g, "\treturn msg_init_list(%s, MSG_ELEM_%s, count);\n}\n", slot(e), elems[elem]);
	open(e, "struct msg_list_builder", "", "");
	emit(e->g, "\treturn msg_get_list(%s);\n}\n", slot(e));
	open(e, "void", "set_", "struct msg_list value");
	emit(e->g, "\tmsg_set_list(%s, value);\n}\n", slot(e));
}

static void emit_pointer(struct setter *e)
{
	switch (type_kind(e->type)) {
	case TYPE_TEXT:
		emit_bytes(e, "text", "char *");
		break;
	case TYPE_DATA:
		emit_bytes(e, "data", "uint8_t *");
		break;
	case TYPE_LIST:
		emit_list(e);
		break;
	case TYPE_STRUCT:
		emit_struct(e);
		break;
	default:
		if (type_is_cap(e->type)) {
			open(e, "void", "set_", "int32_t index");
			emit(e->g, "\tmsg_set_cap(%s, index);\n}\n", slot(e));
		} else {
			open(e, "struct msg_pointer_builder", "", "");
			emit(e->g, "\treturn %s;\n}\n", slot(e));
		}
		break;
	}
}

/* Zeroes what a group occupies: before, another member of its union may have been there. */
static void emit_clear(struct setter *e, struct node group)
{
	if (struct_discriminants(group))
		emit(e->g, "\tmsg_struct_set_u16(b.b, %u, 0);\n", struct_discriminant_at(group));
	for (uint32_t i = 0; i < struct_field_count(group); i++) {
		struct field f = struct_field(group, i);

		if (field_is_group(f)) {
			emit_clear(e, schema_node(e->g->schema, field_group_id(f)));
			continue;
		}
		unsigned bits = type_bits(field_type(f)), at = field_offset(f);
		if (type_is_pointer(field_type(f)))
			emit(e->g, "\tmsg_set_null(msg_struct_slot(b.b, %u));\n",
			     (struct_data_words(group) + at) * 8);
		else if (bits == 1)
			emit(e->g, "\tmsg_struct_set_bool(b.b, %u, false);\n", at);
		else if (bits > 0)
			emit(e->g, "\tmsg_struct_set_u%u(b.b, %u, 0);\n", bits, at * bits / 8);
	}
}

static void emit_group(struct setter *e)
{
	struct node group = schema_node(e->g->schema, field_group_id(e->field));
	const char *builder = string("struct %s_builder", node_name(group));

	if (field_in_union(e->field)) {
		open(e, builder, "init_", "");
		emit_clear(e, group);
		emit(e->g, "\treturn (%s){b.b};\n}\n", builder);
	}
	emit(e->g, "\nstatic inline %s %s_builder_%s(struct %s_builder b)\n{\n\treturn (%s){b.b};\n}\n",
	     builder, e->prefix, e->name, e->prefix, builder);
}

static void emit_roots(struct gen *g, struct node n, const char *name)
{
	unsigned data = struct_data_words(n), pointers = struct_pointers(n);

	emit(g, "\nstatic inline struct %s_builder %s_builder_root(struct msg_builder *b)\n{\n", name, name);
	emit(g, "\treturn (struct %s_builder){msg_builder_root(b, %u, %u)};\n}\n", name, data, pointers);
	emit(g, "\nstatic inline struct %s_builder %s_pointer_builder(struct msg_pointer_builder p)\n{\n",
	     name, name);
	emit(g, "\treturn (struct %s_builder){msg_init_struct(p, %u, %u)};\n}\n", name, data, pointers);
	if (struct_is_implicit(n))
		return;
	emit(g,
	     "\nstatic inline struct %s_list_builder %s_list_pointer_builder(struct msg_pointer_builder p, uint32_t count)\n",
	     name, name);
	emit(g, "{\n\treturn (struct %s_list_builder){msg_init_struct_list(p, %u, %u, count)};\n}\n", name,
	     data, pointers);
	emit(g,
	     "\nstatic inline struct %s_builder %s_list_builder_at(struct %s_list_builder l, uint32_t i)\n{\n",
	     name, name, name);
	emit(g, "\treturn (struct %s_builder){msg_list_struct_at(l.l, i)};\n}\n", name);
	emit(g,
	     "\nstatic inline void %s_list_builder_set(struct %s_list_builder l, uint32_t i, struct %s_reader value)\n{\n",
	     name, name, name);
	emit(g, "\tmsg_copy_struct(msg_list_struct_at(l.l, i), value.s, %u, %u);\n}\n", data, pointers);
}

void emit_builder(struct gen *g, struct node n)
{
	const char *name = node_name(n);

	if (!struct_is_group(n))
		emit_roots(g, n, name);
	emit(g, "\nstatic inline struct %s_reader %s_builder_as_reader(struct %s_builder b)\n{\n", name, name,
	     name);
	emit(g, "\treturn (struct %s_reader){msg_struct_as_reader(b.b, %u, %u)};\n}\n", name,
	     struct_data_words(n), struct_pointers(n));
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);
		struct setter e = {g, n, name, field_c_name(f), f, {}};

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
}
