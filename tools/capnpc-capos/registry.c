// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Registry data: everything that a program needs to name, build and decode any call, as one unframed message of
 * RegistryData (schema/service/registry_data.capnp), merged over all files of the request.
 */
#include <stdlib.h>
#include <string.h>

#include "dynamic.h"
#include "gen.h"

#define MAX_REGISTRY (16u << 20)
#define KIND_GROUP 14u
#define KIND_CAPABILITY 19u

/* Declarations of the compiler's own files are left out. */
static bool wanted(struct node n, enum node_kind kind)
{
	return node_kind(n) == kind && strncmp(node_display_name(n).ptr, "capnp/", 6) != 0;
}

static uint32_t count(const struct schema *s, enum node_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->node_count; i++)
		n += wanted(s->by_id[i], kind);
	return n;
}

static void fill_type(struct dynamic d, struct type t)
{
	uint64_t lists = 0;
	uint64_t kind;

	while (type_kind(t) == TYPE_LIST) {
		lists++;
		t = type_element(t);
	}
	kind = type_is_any_cap(t) ? KIND_CAPABILITY : type_kind(t);
	dynamic_set(d, "kind", kind);
	dynamic_set(d, "lists", lists);
	if (type_kind(t) >= TYPE_ENUM && type_kind(t) <= TYPE_INTERFACE)
		dynamic_set(d, "id", type_id(t));
}

static void fill_head(struct dynamic d, struct node n)
{
	dynamic_set(d, "id", node_id(n));
	dynamic_set_text(d, "name", msg_text_from(node_schema_name(n)));
	dynamic_set_text(d, "doc", schema_doc(d.schema, node_id(n), -1));
}

/* Of schema/annotation.capnp. */
static void fill_limits(struct dynamic d, struct field f)
{
	struct value value;

	if (member_annotation(f.s, ANNOTATION_PATH, &value))
		dynamic_set(d, "path", 1);
	if (member_annotation(f.s, ANNOTATION_MAX_BYTES, &value) ||
	    member_annotation(f.s, ANNOTATION_AT_MOST, &value))
		dynamic_set(d, "atMost", value_bits(value));
}

static void fill_field(struct dynamic d, struct node n, uint32_t i)
{
	struct field f = struct_field(n, i);

	dynamic_set_text(d, "name", field_name(f));
	dynamic_set_text(d, "doc", schema_doc(d.schema, node_id(n), (int)i));
	dynamic_set(d, "discriminant", field_discriminant(f));
	if (field_is_group(f)) {
		struct dynamic t = dynamic_init(d, "type");

		dynamic_set(t, "kind", KIND_GROUP);
		dynamic_set(t, "id", field_group_id(f));
		return;
	}
	fill_type(dynamic_init(d, "type"), field_type(f));
	fill_limits(d, f);
	dynamic_set(d, "offset", field_offset(f));
	if (type_is_pointer(field_type(f)))
		dynamic_set_pointer(d, "defaultPointer", value_pointer(field_default(f)));
	else
		dynamic_set(d, "defaultBits", value_bits(field_default(f)));
}

static void fill_struct(struct dynamic d, struct node n)
{
	uint32_t fields = struct_field_count(n);
	uint32_t *order = calloc(fields + 1, sizeof(*order));

	if (!order)
		die("no memory");
	dynamic_set(d, "dataWords", struct_data_words(n));
	dynamic_set(d, "pointers", struct_pointers(n));
	dynamic_set(d, "isGroup", struct_is_group(n));
	dynamic_set(d, "discriminantCount", struct_discriminants(n));
	dynamic_set(d, "discriminantOffset", struct_discriminant_at(n) / 2);
	for (uint32_t i = 0; i < fields; i++) /* a permutation of 0 .. fields - 1 */
		order[member_code_order(struct_field(n, i).s) % fields] = i;

	struct dynamic_list list = dynamic_init_list(d, "fields", fields);
	for (uint32_t i = 0; i < fields; i++)
		fill_field(dynamic_at(list, i), n, order[i]);
	free(order);
}

static void fill_interface(struct dynamic d, struct node n)
{
	struct msg_list supers = interface_supers(n);
	uint32_t methods = node_members(n).count;

	dynamic_set_text(d, "file", node_file(n));
	struct msg_list_builder ids = dynamic_init_u64s(d, "supers", supers.count);
	for (uint32_t i = 0; i < supers.count; i++)
		msg_list_set_u64(ids, i, msg_struct_u64(msg_list_struct(supers, i), 0));

	struct dynamic_list list = dynamic_init_list(d, "methods", methods);
	for (uint32_t i = 0; i < methods; i++) {
		struct method m = interface_method(n, i);
		struct dynamic to = dynamic_at(list, i);

		dynamic_set_text(to, "name", member_name(m.s));
		dynamic_set_text(to, "doc", schema_doc(d.schema, node_id(n), (int)i));
		dynamic_set(to, "params", method_params(m));
		dynamic_set(to, "results", method_results(m));
		dynamic_set(to, "idempotent", method_is_idempotent(m));
	}
}

static void fill_enum(struct dynamic d, struct node n)
{
	struct msg_list members = node_members(n);
	struct dynamic_list list = dynamic_init_list(d, "enumerants", members.count);

	for (uint32_t i = 0; i < members.count; i++) {
		dynamic_set_text(dynamic_at(list, i), "name", member_name(msg_list_struct(members, i)));
		dynamic_set_text(dynamic_at(list, i), "doc", schema_doc(d.schema, node_id(n), (int)i));
	}
}

static void fill_constant(struct dynamic d, struct node n)
{
	fill_type(dynamic_init(d, "type"), const_type(n));
	if (type_is_pointer(const_type(n)))
		dynamic_set_pointer(d, "pointer", value_pointer(const_value(n)));
	else
		dynamic_set(d, "bits", value_bits(const_value(n)));
}

static void fill_all(struct dynamic root, const char *field, enum node_kind kind,
		     void (*fill)(struct dynamic, struct node))
{
	struct dynamic_list list = dynamic_init_list(root, field, count(root.schema, kind));
	uint32_t at = 0;

	for (uint32_t i = 0; i < root.schema->node_count; i++) {
		struct node n = root.schema->by_id[i];

		if (!wanted(n, kind))
			continue;
		fill_head(dynamic_at(list, at), n);
		fill(dynamic_at(list, at++), n);
	}
}

void write_registry(const struct schema *s)
{
	const char *path = getenv("CAPNPC_CAPOS_REGISTRY");
	struct msg_builder b;
	void *words = malloc(MAX_REGISTRY);

	if (!words)
		die("no memory");
	msg_builder_init(&b, words, MAX_REGISTRY);
	struct dynamic root = dynamic_root(s, "registry_data.capnp", "RegistryData", &b);
	fill_all(root, "interfaces", NODE_INTERFACE, fill_interface);
	fill_all(root, "structs", NODE_STRUCT, fill_struct);
	fill_all(root, "enums", NODE_ENUM, fill_enum);
	fill_all(root, "constants", NODE_CONST, fill_constant);
	if (!msg_builder_ok(&b))
		die("the registry data is larger than %u bytes", MAX_REGISTRY);

	FILE *f = open_output(path && *path ? path : "registry.bin");
	if (fwrite(words, 1, msg_builder_size(&b), f) != msg_builder_size(&b) || fclose(f) != 0)
		die("cannot write the registry data");
	free(words);
}
