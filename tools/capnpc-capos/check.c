// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Generated checks: X_check follows every pointer that the schema knows, so that a dispatcher can refuse a
 * malformed message before it calls: decode, then invoke. Bounded by the reader's budget and nesting.
 */
#include "gen.h"

static bool checkable(struct type t)
{
	return type_is_pointer(t) && (type_kind(t) != TYPE_ANY || type_is_cap(t));
}

bool has_check(struct gen *g, struct node n)
{
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);

		if (field_is_group(f) ? has_check(g, schema_node(g->schema, field_group_id(f)))
				      : checkable(field_type(f)))
			return true;
	}
	return false;
}

static void emit_value(struct gen *g, struct type t, const char *value, unsigned depth);

/* `list` is the text of a struct msg_list; its elements need to be visited if they hold pointers. */
static void emit_elements(struct gen *g, struct type element, const char *list, unsigned depth)
{
	if (!checkable(element))
		return;
	if (type_kind(element) == TYPE_STRUCT && !has_check(g, schema_node(g->schema, type_id(element))))
		return;

	const char *i = string("i%u", depth), *l = string("l%u", depth);
	emit(g,
	     "\tstruct msg_list %s = %s;\n\tfor (uint32_t %s = 0; %s < %s.count && msg_ok(%s.msg); %s++) {\n",
	     l, list, i, i, l, l, i);
	if (type_kind(element) == TYPE_STRUCT)
		emit(g, "\t%s_check((struct %s_reader){msg_list_struct(%s, %s)});\n",
		     node_name(schema_node(g->schema, type_id(element))),
		     node_name(schema_node(g->schema, type_id(element))), l, i);
	else
		emit_value(g, element, string("msg_list_pointer(%s, %s)", l, i), depth + 1);
	emit(g, "\t}\n");
}

/* `pointer` is the text of a struct msg_pointer. */
static void emit_value(struct gen *g, struct type t, const char *pointer, unsigned depth)
{
	static const char *const elems[] = {"VOID", "BIT", "8", "16", "32", "64", "POINTER", "COMPOSITE"};
	struct type element;
	const char *of;

	switch (type_kind(t)) {
	case TYPE_TEXT:
		emit(g, "\t(void)msg_read_text(%s);\n", pointer);
		break;
	case TYPE_DATA:
		emit(g, "\t(void)msg_read_data(%s);\n", pointer);
		break;
	case TYPE_STRUCT:
		of = node_name(schema_node(g->schema, type_id(t)));
		if (has_check(g, schema_node(g->schema, type_id(t))))
			emit(g, "\tif (!msg_pointer_is_null(%s))\n\t\t%s_check(%s_pointer_reader(%s));\n",
			     pointer, of, of, pointer);
		else
			emit(g, "\t(void)msg_read_struct(%s);\n", pointer);
		break;
	case TYPE_LIST:
		element = type_element(t);
		of = string("msg_read_list(%s, MSG_ELEM_%s)", pointer, elems[type_elem(element)]);
		if (checkable(element) && !(type_kind(element) == TYPE_STRUCT &&
					    !has_check(g, schema_node(g->schema, type_id(element))))) {
			emit(g, "\t{\n");
			emit_elements(g, element, of, depth);
			emit(g, "\t}\n");
		} else {
			emit(g, "\t(void)%s;\n", of);
		}
		break;
	default:
		if (type_is_cap(t))
			emit(g, "\t(void)msg_read_cap(%s);\n", pointer);
		break;
	}
}

static void emit_fields(struct gen *g, struct node n, const char *name)
{
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);
		struct node group = {};

		if (field_is_group(f)) {
			group = schema_node(g->schema, field_group_id(f));
			if (!has_check(g, group))
				continue;
		} else if (!checkable(field_type(f))) {
			continue;
		}
		if (field_in_union(f))
			emit(g, "\tif (msg_struct_u16(r.s, %u) == %u) {\n", struct_discriminant_at(n),
			     field_discriminant(f));
		if (field_is_group(f))
			emit_fields(g, group, name);
		else
			emit_value(g, field_type(f), string("msg_struct_pointer(r.s, %u)", field_offset(f)),
				   0);
		if (field_in_union(f))
			emit(g, "\t}\n");
	}
}

void emit_check(struct gen *g, struct node n)
{
	const char *name = node_name(n);

	if (struct_is_group(n) || !has_check(g, n))
		return;
	emit(g, "\nvoid %s_check(struct %s_reader r)\n{\n", name, name);
	emit_fields(g, n, name);
	emit(g, "}\n");
}
