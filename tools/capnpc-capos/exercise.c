// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A test program for a schema whose root type is Root, made of nothing but generated accessors. tests/schema has the rest
 * of it (driver.h, driver_main.h) and compares what it does with the stock tool. For each struct T it has
 *
 *   random_T   fills a builder with random values
 *   dump_T     prints a reader as text that `capnp encode` takes
 *   copy_T     copies reader to builder, field by field
 *
 * so that reader and builder are checked against the stock tool, and by the names of fields.
 */
#include "gen.h"

struct walk {
	struct gen *g;
	const char *prefix, *name, *schema_name;
	struct field field;
	struct type type;
};

static const char *of(struct walk *w, struct type t)
{
	return node_name(schema_node(w->g->schema, type_id(t)));
}

static const char *primitive_name(struct type t)
{
	static const char *const names[] = {"void", "bool", "i8",  "i16", "i32", "i64",  "u8",
					    "u16",  "u32",  "u64", "f32", "f64", "text", "data"};

	return names[type_kind(t)];
}

static void emit_enum_names(struct gen *g, struct node n)
{
	emit(g, "static const char *const %s_names[] = {", node_name(n));
	for (uint32_t i = 0; i < node_members(n).count; i++)
		emit(g, "%s, ", c_quote(member_name(msg_list_struct(node_members(n), i))));
	emit(g, "};\n");
}

/* ---- Elements of lists, through the generic list accessors ---- */

static const char *const elems[] = {"VOID", "BIT", "8", "16", "32", "64", "POINTER", "COMPOSITE"};

static void emit_list_dump(struct walk *w, struct type e, const char *list, unsigned d)
{
	struct gen *g = w->g;

	emit(g,
	     "\t{\n\tstruct msg_list l%u = %s;\n\tprintf(\"[\");\n\tfor (uint32_t i%u = 0; i%u < l%u.count; i%u++) {\n",
	     d, list, d, d, d, d);
	emit(g, "\tif (i%u) printf(\", \");\n", d);
	const char *at = string("l%u, i%u", d, d);
	switch (type_kind(e)) {
	case TYPE_VOID:
		emit(g, "\tprintf(\"void\");\n");
		break;
	case TYPE_ENUM:
		emit(g, "\tprint_enum(%s_names, %s_COUNT, msg_list_u16(%s));\n", of(w, e), upper(of(w, e)),
		     at);
		break;
	case TYPE_STRUCT:
		emit(g, "\tdump_%s((struct %s_reader){msg_list_struct(%s)});\n", of(w, e), of(w, e), at);
		break;
	case TYPE_LIST:
		emit_list_dump(
			w, type_element(e),
			string("msg_list_list(%s, MSG_ELEM_%s)", at, elems[type_elem(type_element(e))]),
			d + 1);
		break;
	default:
		emit(g, "\tprint_%s(list_%s(%s));\n", primitive_name(e), primitive_name(e), at);
		break;
	}
	emit(g, "\t}\n\tprintf(\"]\");\n\t}\n");
}

static void emit_list_copy(struct walk *w, struct type e, const char *from, const char *to, unsigned d)
{
	struct gen *g = w->g;
	const char *at = string("i%u", d);

	emit(g, "\tfor (uint32_t i%u = 0; i%u < %s.count; i%u++) {\n", d, d, from, d);
	switch (type_kind(e)) {
	case TYPE_VOID:
		break;
	case TYPE_ENUM:
		emit(g, "\tmsg_list_set_u16(%s, %s, msg_list_u16(%s, %s));\n", to, at, from, at);
		break;
	case TYPE_STRUCT:
		emit(g,
		     "\tcopy_%s((struct %s_reader){msg_list_struct(%s, %s)}, (struct %s_builder){msg_list_struct_at(%s, %s)});\n",
		     of(w, e), of(w, e), from, at, of(w, e), to, at);
		break;
	case TYPE_LIST: {
		struct type inner = type_element(e);
		const char *f = string("f%u", d + 1), *t = string("t%u", d + 1);

		emit(g, "\tstruct msg_list %s = msg_list_list(%s, %s, MSG_ELEM_%s);\n", f, from, at,
		     elems[type_elem(inner)]);
		emit(g, "\tif (msg_pointer_is_null(msg_list_pointer(%s, %s))) continue;\n", from, at);
		if (type_kind(inner) == TYPE_STRUCT)
			emit(g,
			     "\tstruct msg_list_builder %s = %s_list_pointer_builder(msg_list_slot(%s, %s), %s.count).l;\n",
			     t, of(w, inner), to, at, f);
		else
			emit(g,
			     "\tstruct msg_list_builder %s = msg_init_list(msg_list_slot(%s, %s), MSG_ELEM_%s, %s.count);\n",
			     t, to, at, elems[type_elem(inner)], f);
		emit_list_copy(w, inner, f, t, d + 1);
		break;
	}
	default:
		emit(g, "\tlist_set_%s(%s, %s, list_%s(%s, %s));\n", primitive_name(e), to, at,
		     primitive_name(e), from, at);
		break;
	}
	emit(g, "\t}\n");
}

static void emit_list_random(struct walk *w, struct type e, const char *to, unsigned d)
{
	struct gen *g = w->g;
	const char *at = string("i%u", d);

	emit(g, "\tfor (uint32_t i%u = 0; i%u < %s.count; i%u++) {\n", d, d, to, d);
	switch (type_kind(e)) {
	case TYPE_VOID:
		break;
	case TYPE_ENUM:
		emit(g, "\tmsg_list_set_u16(%s, %s, (uint16_t)pick(%s_COUNT));\n", to, at, upper(of(w, e)));
		break;
	case TYPE_STRUCT:
		emit(g, "\trandom_%s((struct %s_builder){msg_list_struct_at(%s, %s)}, depth + 1);\n",
		     of(w, e), of(w, e), to, at);
		break;
	case TYPE_LIST: {
		struct type inner = type_element(e);
		const char *t = string("t%u", d + 1);

		if (type_kind(inner) == TYPE_STRUCT)
			emit(g,
			     "\tstruct msg_list_builder %s = %s_list_pointer_builder(msg_list_slot(%s, %s), pick(4)).l;\n",
			     t, of(w, inner), to, at);
		else
			emit(g,
			     "\tstruct msg_list_builder %s = msg_init_list(msg_list_slot(%s, %s), MSG_ELEM_%s, pick(6));\n",
			     t, to, at, elems[type_elem(inner)]);
		emit_list_random(w, inner, t, d + 1);
		break;
	}
	default:
		emit(g, "\tlist_set_%s(%s, %s, random_%s());\n", primitive_name(e), to, at,
		     primitive_name(e));
		break;
	}
	emit(g, "\t}\n");
}

/* ---- Fields ---- */

static bool skipped(struct type t)
{
	while (type_kind(t) == TYPE_LIST)
		t = type_element(t);
	return type_kind(t) >= TYPE_INTERFACE; /* text cannot say capabilities and AnyPointers */
}

static const char *list_text(struct walk *w, const char *getter)
{
	return type_kind(type_element(w->type)) == TYPE_STRUCT ? string("%s.l", getter) : getter;
}

static void emit_dump_field(struct walk *w)
{
	struct gen *g = w->g;
	const char *get = string("%s_reader_%s(r)", w->prefix, w->name);

	if (!field_is_group(w->field) && type_is_pointer(w->type))
		emit(g, "\tif (%s_reader_has_%s(r)) {\n", w->prefix, w->name);
	emit(g, "\tprintf(\"%%s%s = \", sep); sep = \", \";\n", w->schema_name);
	if (field_is_group(w->field)) {
		emit(g, "\tdump_%s(%s);\n", node_name(schema_node(g->schema, field_group_id(w->field))), get);
		return;
	}
	switch (type_kind(w->type)) {
	case TYPE_VOID:
		emit(g, "\tprintf(\"void\");\n");
		break;
	case TYPE_ENUM:
		emit(g, "\tprint_enum(%s_names, %s_COUNT, (uint16_t)%s);\n", of(w, w->type),
		     upper(of(w, w->type)), get);
		break;
	case TYPE_STRUCT:
		emit(g, "\tdump_%s(%s);\n", of(w, w->type), get);
		break;
	case TYPE_LIST:
		emit_list_dump(w, type_element(w->type), list_text(w, get), 0);
		break;
	default:
		emit(g, "\tprint_%s(%s);\n", primitive_name(w->type), get);
		break;
	}
	if (type_is_pointer(w->type))
		emit(g, "\t}\n");
}

static void emit_copy_field(struct walk *w)
{
	struct gen *g = w->g;
	const char *get = string("%s_reader_%s(r)", w->prefix, w->name);
	bool in_union = field_in_union(w->field);

	if (field_is_group(w->field)) {
		emit(g, "\tcopy_%s(%s, %s_builder_%s%s(b));\n",
		     node_name(schema_node(g->schema, field_group_id(w->field))), get, w->prefix,
		     in_union ? "init_" : "", w->name);
		return;
	}
	if (type_kind(w->type) == TYPE_VOID) {
		if (in_union)
			emit(g, "\t%s_builder_set_%s(b);\n", w->prefix, w->name);
		return;
	}
	if (type_is_pointer(w->type)) /* a null in a union still sets the discriminant */
		emit(g, "\tif (!%s_reader_has_%s(r)) {\n%s\t} else ", w->prefix, w->name,
		     in_union ? string("\tmsg_struct_set_u16(b.b, msg_at, %u);\n",
				       field_discriminant(w->field))
			      : "");
	emit(g, "\t{\n");
	if (type_kind(w->type) == TYPE_STRUCT) {
		emit(g, "\tcopy_%s(%s, %s_builder_init_%s(b));\n", of(w, w->type), get, w->prefix, w->name);
	} else if (type_kind(w->type) == TYPE_LIST) {
		const char *init = string("%s_builder_init_%s(b, f0.count)", w->prefix, w->name);

		emit(g, "\tstruct msg_list f0 = %s;\n\tstruct msg_list_builder t0 = %s;\n\t(void)t0;\n",
		     list_text(w, get), list_text(w, init));
		emit_list_copy(w, type_element(w->type), "f0", "t0", 0);
	} else {
		emit(g, "\t%s_builder_set_%s(b, %s);\n", w->prefix, w->name, get);
	}
	emit(g, "\t}\n");
}

static void emit_random_field(struct walk *w)
{
	struct gen *g = w->g;
	bool in_union = field_in_union(w->field);

	if (field_is_group(w->field)) {
		emit(g, "\trandom_%s(%s_builder_%s%s(b), depth);\n",
		     node_name(schema_node(g->schema, field_group_id(w->field))), w->prefix,
		     in_union ? "init_" : "", w->name);
		return;
	}
	switch (type_kind(w->type)) {
	case TYPE_VOID:
		if (in_union)
			emit(g, "\t%s_builder_set_%s(b);\n", w->prefix, w->name);
		break;
	case TYPE_ENUM:
		emit(g, "\t%s_builder_set_%s(b, (enum %s)pick(%s_COUNT));\n", w->prefix, w->name,
		     of(w, w->type), upper(of(w, w->type)));
		break;
	case TYPE_STRUCT:
		/* In a union a null cannot be said in text: make it empty rather. */
		emit(g, "\tif (%s(depth < 4 && pick(4))) {\n\tstruct %s_builder c = %s_builder_init_%s(b);\n",
		     in_union ? "true || " : "", of(w, w->type), w->prefix, w->name);
		emit(g, "\tif (depth < 4)\n\t\trandom_%s(c, depth + 1);\n\t}\n", of(w, w->type));
		break;
	case TYPE_LIST: {
		const char *init = string("%s_builder_init_%s(b, depth > 3 ? 0 : pick(depth > 2 ? 2 : 5))",
					  w->prefix, w->name);

		emit(g, "\tif (%spick(4)) {\n\tstruct msg_list_builder t0 = %s;\n\t(void)t0;\n",
		     in_union ? "true || " : "", list_text(w, init));
		emit_list_random(w, type_element(w->type), "t0", 0);
		emit(g, "\t}\n");
		break;
	}
	default:
		emit(g, "\tif (%spick(5))\n\t\t%s_builder_set_%s(b, random_%s());\n",
		     in_union ? "true || " : "", w->prefix, w->name, primitive_name(w->type));
		break;
	}
}

/* Calls fn for each field; members of a union inside a switch over `selector`. */
static void each_field(struct gen *g, struct node n, const char *selector, void (*fn)(struct walk *))
{
	for (int members = 0; members < 2; members++) {
		if (members && struct_discriminants(n))
			emit(g, "\tswitch (%s) {\n", selector);
		for (uint32_t i = 0; i < struct_field_count(n); i++) {
			struct field f = struct_field(n, i);
			struct walk w = {g, node_name(n), field_c_name(f), text_string(field_name(f)), f, {}};

			if (field_in_union(f) != members)
				continue;
			if (!field_is_group(f))
				w.type = field_type(f);
			if (members)
				emit(g, "\tcase %u:\n", field_discriminant(f));
			if (field_is_group(f) || !skipped(w.type))
				fn(&w);
			if (members)
				emit(g, "\tbreak;\n");
		}
		if (members && struct_discriminants(n))
			emit(g, "\tdefault: break;\n\t}\n");
	}
}

static void emit_struct(struct gen *g, struct node n)
{
	const char *name = node_name(n);
	const char *which = string("(unsigned)%s_reader_which(r)", name);

	emit(g,
	     "\nstatic void dump_%s([[maybe_unused]] struct %s_reader r)\n{\n\tconst char *sep = \"\";\n\tprintf(\"(\");\n",
	     name, name);
	each_field(g, n, which, emit_dump_field);
	emit(g, "\t(void)sep;\n\tprintf(\")\");\n}\n");
	emit(g,
	     "\nstatic void copy_%s([[maybe_unused]] struct %s_reader r, [[maybe_unused]] struct %s_builder b)\n{\n",
	     name, name, name);
	emit(g, "\t[[maybe_unused]] uint32_t msg_at = %u;\n", struct_discriminant_at(n));
	each_field(g, n, which, emit_copy_field);
	emit(g,
	     "}\n\nstatic void random_%s([[maybe_unused]] struct %s_builder b, [[maybe_unused]] unsigned depth)\n{\n",
	     name, name);
	each_field(g, n, string("pick(%u)", struct_discriminants(n)), emit_random_field);
	emit(g, "}\n");
}

void write_exercise(const struct schema *schema)
{
	struct gen g = {.schema = schema, .out = stdout};

	g.file = schema_node(schema, msg_struct_u64(msg_list_struct(schema->files, 0), 0));
	emit(&g, "#include <%s.h>\n#include \"driver.h\"\n\n", text_string(node_display_name(g.file)));
	for (uint32_t i = 0; i < schema->node_count; i++)
		if (node_kind(schema->by_id[i]) == NODE_ENUM)
			emit_enum_names(&g, schema->by_id[i]);
	for (uint32_t i = 0; i < schema->node_count; i++) {
		const char *name = node_name(schema->by_id[i]);

		if (node_kind(schema->by_id[i]) == NODE_STRUCT)
			emit(&g,
			     "static void dump_%s(struct %s_reader r);\n"
			     "static void copy_%s(struct %s_reader r, struct %s_builder b);\n"
			     "static void random_%s(struct %s_builder b, unsigned depth);\n",
			     name, name, name, name, name, name, name);
	}
	for (uint32_t i = 0; i < schema->node_count; i++)
		if (node_kind(schema->by_id[i]) == NODE_STRUCT)
			emit_struct(&g, schema->by_id[i]);
	emit(&g, "\n#include \"driver_main.h\"\n");
}
