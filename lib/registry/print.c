// SPDX-License-Identifier: MIT OR Apache-2.0
/* Types and signatures, as the schema language writes them. */
#include <registry/registry.h>

static const char *const kind_names[] = {
	[REGISTRY_DATA_KIND_VOID] = "Void",
	[REGISTRY_DATA_KIND_BOOL] = "Bool",
	[REGISTRY_DATA_KIND_INT8] = "Int8",
	[REGISTRY_DATA_KIND_INT16] = "Int16",
	[REGISTRY_DATA_KIND_INT32] = "Int32",
	[REGISTRY_DATA_KIND_INT64] = "Int64",
	[REGISTRY_DATA_KIND_UINT8] = "UInt8",
	[REGISTRY_DATA_KIND_UINT16] = "UInt16",
	[REGISTRY_DATA_KIND_UINT32] = "UInt32",
	[REGISTRY_DATA_KIND_UINT64] = "UInt64",
	[REGISTRY_DATA_KIND_FLOAT32] = "Float32",
	[REGISTRY_DATA_KIND_FLOAT64] = "Float64",
	[REGISTRY_DATA_KIND_TEXT] = "Text",
	[REGISTRY_DATA_KIND_DATA] = "Data",
	[REGISTRY_DATA_KIND_GROUP] = "group",
	[REGISTRY_DATA_KIND_ENUM] = "enum",
	[REGISTRY_DATA_KIND_STRUCT] = "struct",
	[REGISTRY_DATA_KIND_INTERFACE] = "interface",
	[REGISTRY_DATA_KIND_ANY_POINTER] = "AnyPointer",
	[REGISTRY_DATA_KIND_CAPABILITY] = "Capability",
};

#define KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

static struct msg_text type_name(struct registry *registry, struct registry_data_type_reader type)
{
	uint64_t id = registry_data_type_reader_id(type);
	enum registry_data_kind kind = registry_data_type_reader_kind(type);
	struct registry_data_struct_reader s;
	struct registry_data_enum_reader e;
	struct registry_data_interface_reader i;

	if (kind == REGISTRY_DATA_KIND_STRUCT && registry_struct(registry, id, &s))
		return registry_data_struct_reader_name(s);
	if (kind == REGISTRY_DATA_KIND_ENUM && registry_enum(registry, id, &e))
		return registry_data_enum_reader_name(e);
	if (kind == REGISTRY_DATA_KIND_INTERFACE && registry_interface(registry, id, &i))
		return registry_data_interface_reader_name(i);
	return kind < KINDS ? msg_text_from(kind_names[kind]) : MSG_TEXT("unknown");
}

void registry_print_type(struct registry *registry, const struct text_out *out,
			 struct registry_data_type_reader type)
{
	unsigned lists = registry_data_type_reader_lists(type);

	for (unsigned i = 0; i < lists; i++)
		text_put(out, "List(");
	text_put_text(out, type_name(registry, type));
	for (unsigned i = 0; i < lists; i++)
		text_put(out, ")");
}

/* Counts what goes through it. */
struct counted {
	const struct text_out *out;
	uint32_t count;
};

static void write_counted(void *self, const char *bytes, size_t len)
{
	struct counted *counted = self;

	counted->count += (uint32_t)len;
	counted->out->write(counted->out->self, bytes, len);
}

static void print_parameters(struct registry *registry, const struct text_out *out, uint64_t id)
{
	struct registry_data_struct_reader s = {};

	text_put(out, "(");
	if (registry_struct(registry, id, &s)) {
		struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(s);

		for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
			struct registry_data_field_reader field = registry_data_field_list_reader_at(fields,
												     i);

			text_put(out, i ? ", " : "");
			text_put_text(out, registry_data_field_reader_name(field));
			text_put(out, " :");
			registry_print_type(registry, out, registry_data_field_reader_type(field));
		}
	}
	text_put(out, ")");
}

uint32_t registry_print_signature(struct registry *registry, const struct text_out *out,
				  struct registry_data_method_reader m)
{
	struct counted counted = {out, 0};
	struct text_out inner = {write_counted, &counted, nullptr};

	text_put_text(&inner, registry_data_method_reader_name(m));
	text_put(&inner, " ");
	print_parameters(registry, &inner, registry_data_method_reader_params(m));
	text_put(&inner, " -> ");
	print_parameters(registry, &inner, registry_data_method_reader_results(m));
	return counted.count;
}

void registry_print_methods(struct registry *registry, const struct text_out *out,
			    struct registry_data_interface_reader interface, uint64_t methods)
{
	struct registry_data_method_list_reader list = registry_data_interface_reader_methods(interface);
	bool first = true;

	(void)registry;
	for (uint32_t i = 0; i < registry_data_method_list_reader_count(list) && i < 64; i++) {
		if (!(methods >> i & 1))
			continue;
		text_put(out, first ? "" : ", ");
		text_put_text(out,
			      registry_data_method_reader_name(registry_data_method_list_reader_at(list, i)));
		first = false;
	}
}
