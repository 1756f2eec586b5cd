// SPDX-License-Identifier: MIT OR Apache-2.0
/* Types, sizes and ids: what the rest of a generated header, and of those that include it, refers to. */
#include "gen.h"

static void emit_which(struct gen *g, struct node n, const char *name)
{
	if (struct_discriminants(n) == 0)
		return;
	emit(g, "\nenum %s_which : uint16_t {\n", name);
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);

		if (field_in_union(f))
			emit(g, "\t%s_WHICH_%s = %u,\n", upper(name), upper(field_c_name(f)),
			     field_discriminant(f));
	}
	emit(g, "};\n");
}

static void emit_struct_types(struct gen *g, struct node n, const char *name)
{
	emit(g, "\n");
	if (!struct_is_group(n))
		emit_comment(g, schema_doc(g->schema, node_id(n), -1), "");
	emit(g, "struct %s_reader {\n\tstruct msg_struct s;\n};\n\n", name);
	emit(g, "struct %s_builder {\n\tstruct msg_struct_builder b;\n};\n", name);
	emit_which(g, n, name);
	if (struct_is_group(n))
		return;
	emit(g, "\n");
	if (!struct_is_implicit(n)) {
		emit(g, "struct %s_list_reader {\n\tstruct msg_list l;\n};\n\n", name);
		emit(g, "struct %s_list_builder {\n\tstruct msg_list_builder l;\n};\n\n", name);
	}
	emit(g, "#define %s_TYPE_ID 0x%016llxull\n", upper(name), (unsigned long long)node_id(n));
	emit(g, "#define %s_DATA_WORDS %uu\n", upper(name), struct_data_words(n));
	emit(g, "#define %s_POINTERS %uu\n", upper(name), struct_pointers(n));
}

static void emit_enum(struct gen *g, struct node n, const char *name)
{
	struct msg_list members = node_members(n);

	emit(g, "\n");
	emit_comment(g, schema_doc(g->schema, node_id(n), -1), "");
	emit(g, "enum %s : uint16_t {\n", name);
	for (uint32_t i = 0; i < members.count; i++) {
		emit_comment(g, schema_doc(g->schema, node_id(n), (int)i), "\t");
		emit(g, "\t%s_%s = %u,\n", upper(name),
		     upper(snake(member_name(msg_list_struct(members, i)))), i);
	}
	emit(g, "};\n#define %s_COUNT %uu\n", upper(name), members.count);
}

static void emit_interface_ids(struct gen *g, struct node n, const char *name)
{
	struct msg_list members = node_members(n);

	emit(g, "\n#define %s_INTERFACE_ID 0x%016llxull\n", upper(name), (unsigned long long)node_id(n));
	if (members.count == 0)
		return;
	emit(g, "enum %s_method : uint16_t {\n", name);
	for (uint32_t i = 0; i < members.count; i++)
		emit(g, "\t%s_%s = %u,\n", upper(name),
		     upper(snake(member_name(msg_list_struct(members, i)))), i);
	emit(g, "};\n");
}

void emit_types(struct gen *g, struct node n)
{
	const char *name = node_name(n);

	switch (node_kind(n)) {
	case NODE_STRUCT:
		emit_struct_types(g, n, name);
		break;
	case NODE_ENUM:
		emit_enum(g, n, name);
		break;
	case NODE_INTERFACE:
		emit_interface_ids(g, n, name);
		break;
	case NODE_ANNOTATION:
		emit(g, "\n#define %s_ANNOTATION_ID 0x%016llxull\n", upper(name),
		     (unsigned long long)node_id(n));
		break;
	default:
		break;
	}
}
