// SPDX-License-Identifier: MIT OR Apache-2.0
/* Registries side by side. A position counts through the kinds of one source, then through the next source. */
#include <registry/set.h>

static struct msg_list list_of(struct registry *r, unsigned kind)
{
	switch (kind) {
	case REGISTRY_NODE_INTERFACE:
		return r->interfaces.l;
	case REGISTRY_NODE_STRUCT:
		return r->structs.l;
	case REGISTRY_NODE_ENUM:
		return r->enums.l;
	default:
		return r->constants.l;
	}
}

static uint32_t members_of(unsigned kind, struct msg_struct s)
{
	if (kind == REGISTRY_NODE_INTERFACE)
		return registry_data_method_list_reader_count(
			registry_data_interface_reader_methods((struct registry_data_interface_reader){s}));
	if (kind == REGISTRY_NODE_STRUCT)
		return registry_data_field_list_reader_count(
			registry_data_struct_reader_fields((struct registry_data_struct_reader){s}));
	if (kind == REGISTRY_NODE_ENUM)
		return registry_data_enumerant_list_reader_count(
			registry_data_enum_reader_enumerants((struct registry_data_enum_reader){s}));
	return 0;
}

/* In all four kinds the id is the first field, and the name the first pointer. */
static struct registry_node node_of(unsigned kind, uint32_t source, struct msg_struct s)
{
	return (struct registry_node){
		.id = msg_struct_u64(s, 0),
		.name = msg_struct_text(s, 0),
		.kind = (enum registry_node_kind)kind,
		.source = source,
		.members = members_of(kind, s),
	};
}

bool registry_set_at(struct registry_set *set, uint32_t position, struct registry_node *node)
{
	for (uint32_t i = 0; i < REGISTRY_SET_MAX; i++) {
		if (!set->there[i])
			continue;
		registry_renew(&set->source[i]);
		for (unsigned kind = 0; kind <= REGISTRY_NODE_CONSTANT; kind++) {
			struct msg_list list = list_of(&set->source[i], kind);

			if (position < msg_list_count(list)) {
				*node = node_of(kind, i, msg_list_struct(list, position));
				return true;
			}
			position -= msg_list_count(list);
		}
	}
	return false;
}

bool registry_set_by_id(struct registry_set *set, uint32_t source, uint64_t id, struct registry_node *node)
{
	if (source >= REGISTRY_SET_MAX || !set->there[source])
		return false;
	registry_renew(&set->source[source]);
	for (unsigned kind = 0; kind <= REGISTRY_NODE_CONSTANT; kind++) {
		struct msg_list list = list_of(&set->source[source], kind);
		uint32_t low = 0, high = msg_list_count(list);

		while (low < high) {
			uint32_t middle = low + (high - low) / 2;
			struct msg_struct s = msg_list_struct(list, middle);
			uint64_t found = msg_struct_u64(s, 0);

			if (found == id) {
				*node = node_of(kind, source, s);
				return true;
			}
			if (found < id)
				low = middle + 1;
			else
				high = middle;
		}
	}
	return false;
}

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool registry_name_contains(struct msg_text name, struct msg_text text)
{
	for (uint32_t i = 0; i + text.len <= name.len; i++) {
		uint32_t n = 0;

		while (n < text.len && folded(name.ptr[i + n]) == folded(text.ptr[n]))
			n++;
		if (n == text.len)
			return true;
	}
	return false;
}

/* ---- Text ---- */

static void print_doc(const struct text_out *out, const char *indent, struct msg_text doc)
{
	while (doc.len > 0) {
		const char *newline = __builtin_memchr(doc.ptr, '\n', doc.len);
		uint32_t len = newline ? (uint32_t)(newline - doc.ptr) : doc.len;

		text_put(out, indent);
		text_put(out, "# ");
		text_put_text(out, (struct msg_text){doc.ptr, len});
		text_put(out, "\n");
		doc.ptr += len + (newline != nullptr);
		doc.len -= len + (newline != nullptr);
	}
}

static void print_interface(struct registry *r, const struct text_out *out, uint64_t id)
{
	struct registry_data_interface_reader interface;

	if (!registry_interface(r, id, &interface))
		return;
	text_put(out, "interface ");
	text_put_text(out, registry_data_interface_reader_name(interface));
	text_put(out, "\n");
	print_doc(out, "  ", registry_data_interface_reader_doc(interface));

	struct registry_data_method_list_reader methods = registry_data_interface_reader_methods(interface);
	for (uint32_t i = 0; i < registry_data_method_list_reader_count(methods); i++) {
		struct registry_data_method_reader method = registry_data_method_list_reader_at(methods, i);

		text_put(out, "  ");
		registry_print_signature(r, out, method);
		text_put(out, "\n");
		print_doc(out, "    ", registry_data_method_reader_doc(method));
	}
}

static void print_struct(struct registry *r, const struct text_out *out, uint64_t id)
{
	struct registry_data_struct_reader s;

	if (!registry_struct(r, id, &s))
		return;
	text_put(out, "struct ");
	text_put_text(out, registry_data_struct_reader_name(s));
	text_put(out, "\n");
	print_doc(out, "  ", registry_data_struct_reader_doc(s));

	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(s);
	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);

		text_put(out, "  ");
		text_put_text(out, registry_data_field_reader_name(field));
		text_put(out, " :");
		registry_print_type(r, out, registry_data_field_reader_type(field));
		text_put(out, "\n");
		print_doc(out, "    ", registry_data_field_reader_doc(field));
	}
}

static void print_enum(struct registry *r, const struct text_out *out, uint64_t id)
{
	struct registry_data_enum_reader e;

	if (!registry_enum(r, id, &e))
		return;
	text_put(out, "enum ");
	text_put_text(out, registry_data_enum_reader_name(e));
	text_put(out, "\n");
	print_doc(out, "  ", registry_data_enum_reader_doc(e));

	struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(e);
	for (uint32_t i = 0; i < registry_data_enumerant_list_reader_count(list); i++) {
		struct registry_data_enumerant_reader enumerant = registry_data_enumerant_list_reader_at(list,
													 i);

		text_put(out, "  ");
		text_put_text(out, registry_data_enumerant_reader_name(enumerant));
		text_put(out, "\n");
		print_doc(out, "    ", registry_data_enumerant_reader_doc(enumerant));
	}
}

static void print_constant(struct registry *r, const struct text_out *out, const struct registry_node *node)
{
	for (uint32_t i = 0; i < registry_data_constant_list_reader_count(r->constants); i++) {
		struct registry_data_constant_reader c = registry_data_constant_list_reader_at(r->constants,
											       i);

		if (registry_data_constant_reader_id(c) != node->id)
			continue;
		text_put(out, "const ");
		text_put_text(out, registry_data_constant_reader_name(c));
		text_put(out, " :");
		registry_print_type(r, out, registry_data_constant_reader_type(c));
		text_put(out, "\n");
		print_doc(out, "  ", registry_data_constant_reader_doc(c));
		return;
	}
}

void registry_print_node(struct registry *registry, const struct text_out *out,
			 const struct registry_node *node)
{
	switch (node->kind) {
	case REGISTRY_NODE_INTERFACE:
		print_interface(registry, out, node->id);
		break;
	case REGISTRY_NODE_STRUCT:
		print_struct(registry, out, node->id);
		break;
	case REGISTRY_NODE_ENUM:
		print_enum(registry, out, node->id);
		break;
	case REGISTRY_NODE_CONSTANT:
		print_constant(registry, out, node);
		break;
	}
}
