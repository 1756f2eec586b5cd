// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reference pages, one for each interface, and the rule that every method says what it does. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

static bool in_file(struct gen *g, struct node n)
{
	return msg_text_equal(node_file(n), node_display_name(g->file)) && node_id(n) != node_id(g->file);
}

/*
 * The line of a method, or 0. The request has no line numbers, and the compiler ran us in the output directory; but where
 * it was started is still in the environment.
 */
static unsigned find_line(struct gen *g, const char *interface, const char *method)
{
	const char *top = getenv("PWD"), *dot = strrchr(interface, '.');
	const char *head = string("interface %s", dot ? dot + 1 : interface);
	FILE *f = top ? fopen(string("%s/%s", top, text_string(node_display_name(g->file))), "r") : nullptr;
	char text[512];
	bool inside = false;

	if (!f)
		return 0;
	for (unsigned line = 1; fgets(text, sizeof(text), f); line++) {
		const char *start = text + strspn(text, " \t");

		if (strncmp(start, head, strlen(head)) == 0)
			inside = true;
		if (inside && strncmp(start, method, strlen(method)) == 0 &&
		    start[strlen(method) + strspn(start + strlen(method), " ")] == '@') {
			fclose(f);
			return line;
		}
	}
	fclose(f);
	return 0;
}

/* `-> stream` and the like: a struct of the compiler's own files, for which there is no code. */
static void check_known(struct gen *g, struct node interface, uint64_t id)
{
	struct node n = schema_node(g->schema, id);

	if (strncmp(node_display_name(n).ptr, "capnp/", 6) == 0)
		die("%s: %s uses %s, which capOS does not support", text_string(node_display_name(g->file)),
		    node_schema_name(interface), text_string(node_display_name(n)));
}

static void complain(struct gen *g, struct node n, const char *method)
{
	const char *interface = node_schema_name(n);

	fprintf(stderr,
		"%s:%u: %s.%s has no doc comment: say below it, in # lines, what it does, its units and its errors\n",
		text_string(node_display_name(g->file)), find_line(g, interface, method), interface, method);
}

void check_docs(struct gen *g)
{
	unsigned missing = 0;

	for (uint32_t i = 0; i < g->schema->node_count; i++) {
		struct node n = g->schema->by_id[i];

		if (!in_file(g, n) || node_kind(n) != NODE_INTERFACE)
			continue;
		for (uint32_t m = 0; m < node_members(n).count; m++) {
			struct method method = interface_method(n, m);

			check_known(g, n, method_params(method));
			check_known(g, n, method_results(method));
			if (schema_doc(g->schema, node_id(n), (int)m).len)
				continue;
			missing++;
			complain(g, n, text_string(member_name(method.s)));
		}
	}
	if (missing)
		die("%u method%s without a doc comment", missing, missing == 1 ? "" : "s");
}

static const char *type_text(struct gen *g, struct type t)
{
	static const char *const names[] = {"Void",    "Bool",    "Int8",   "Int16",  "Int32",
					    "Int64",   "UInt8",   "UInt16", "UInt32", "UInt64",
					    "Float32", "Float64", "Text",   "Data"};
	struct node n;

	switch (type_kind(t)) {
	case TYPE_LIST:
		return string("List(%s)", type_text(g, type_element(t)));
	case TYPE_ENUM:
	case TYPE_STRUCT:
	case TYPE_INTERFACE:
		return schema_find(g->schema, type_id(t), &n) ? node_schema_name(n) : "?";
	case TYPE_ANY:
		return type_is_any_cap(t) ? "Capability" : "AnyPointer";
	default:
		return names[type_kind(t)];
	}
}

static void emit_fields(struct gen *g, struct node n)
{
	emit(g, "(");
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);

		emit(g, "%s%s", i ? ", " : "", text_string(field_name(f)));
		emit(g, " :%s", field_is_group(f) ? "group" : type_text(g, field_type(f)));
	}
	emit(g, ")");
}

static void emit_doc(struct gen *g, struct msg_text doc)
{
	if (doc.len)
		emit(g, "%.*s%s", (int)doc.len, doc.ptr, doc.ptr[doc.len - 1] == '\n' ? "" : "\n");
}

/* Structs and enums that are declared inside the interface. */
static void emit_nested(struct gen *g, struct node n)
{
	struct msg_list nested = node_nested(n);

	for (uint32_t i = 0; i < nested.count; i++) {
		struct node t;

		if (!schema_find(g->schema, msg_struct_u64(msg_list_struct(nested, i), 0), &t) ||
		    (node_kind(t) != NODE_STRUCT && node_kind(t) != NODE_ENUM))
			continue;
		emit(g, "## %s %s\n\n", node_kind(t) == NODE_ENUM ? "enum" : "struct", node_schema_name(t));
		emit_doc(g, schema_doc(g->schema, node_id(t), -1));
		for (uint32_t m = 0; m < node_members(t).count; m++) {
			struct msg_struct member = msg_list_struct(node_members(t), m);
			struct msg_text doc = schema_doc(g->schema, node_id(t), (int)m);

			emit(g, "* `%s`", text_string(member_name(member)));
			if (node_kind(t) == NODE_STRUCT && !field_is_group((struct field){member}))
				emit(g, " :%s", type_text(g, field_type((struct field){member})));
			if (doc.len)
				emit(g, " - %.*s", (int)doc.len, doc.ptr);
			emit(g, "%s", doc.len && doc.ptr[doc.len - 1] == '\n' ? "" : "\n");
		}
		emit(g, "\n");
	}
}

static void write_page(struct gen *g, struct node n)
{
	const char *name = node_schema_name(n);

	g->out = open_output(string("docs/reference/%s.md", name));
	emit(g, "<!-- Generated from %s. -->\n# %s\n\n", text_string(node_display_name(g->file)), name);
	emit_doc(g, schema_doc(g->schema, node_id(n), -1));
	emit(g, "\nInterface id `0x%016llx`, declared in `%s`.\n", (unsigned long long)node_id(n),
	     text_string(node_display_name(g->file)));
	for (uint32_t i = 0; i < interface_supers(n).count; i++) {
		struct node s = schema_node(g->schema,
					    msg_struct_u64(msg_list_struct(interface_supers(n), i), 0));

		emit(g, "Extends [%s](%s.md).\n", node_schema_name(s), node_schema_name(s));
	}
	for (uint32_t i = 0; i < node_members(n).count; i++) {
		struct method m = interface_method(n, i);

		emit(g, "\n## %s\n\n`%s @%u ", text_string(member_name(m.s)), text_string(member_name(m.s)),
		     i);
		emit_fields(g, schema_node(g->schema, method_params(m)));
		emit(g, " -> ");
		emit_fields(g, schema_node(g->schema, method_results(m)));
		emit(g, "`\n\n");
		emit_doc(g, schema_doc(g->schema, node_id(n), (int)i));
	}
	emit(g, "\n");
	emit_nested(g, n);
	fclose(g->out);
}

void write_docs(struct gen *g)
{
	for (uint32_t i = 0; i < g->schema->node_count; i++) {
		struct node n = g->schema->by_id[i];

		if (in_file(g, n) && node_kind(n) == NODE_INTERFACE)
			write_page(g, n);
	}
}
