// SPDX-License-Identifier: MIT OR Apache-2.0
/* Building by name: every call looks its field up in the schema. */
#include "dynamic.h"

#include <string.h>

static bool ends_with(struct msg_text t, const char *end)
{
	size_t len = strlen(end);

	return t.len >= len && memcmp(t.ptr + t.len - len, end, len) == 0;
}

struct dynamic dynamic_root(const struct schema *s, const char *file, const char *name, struct msg_builder *b)
{
	for (uint32_t i = 0; i < s->node_count; i++) {
		struct node n = s->by_id[i];
		struct msg_text display = node_display_name(n);

		if (node_kind(n) == NODE_STRUCT && ends_with(node_file(n), file) &&
		    ends_with(display, name) && display.len == node_file(n).len + 1 + strlen(name))
			return (struct dynamic){
				s, n, msg_builder_root(b, struct_data_words(n), struct_pointers(n))};
	}
	die("%s is not among the files: name it, too", file);
}

static struct field find(struct dynamic d, const char *name)
{
	for (uint32_t i = 0; i < struct_field_count(d.node); i++) {
		struct field f = struct_field(d.node, i);

		if (msg_text_equal(field_name(f), msg_text_from(name)))
			return f;
	}
	die("%s has no field %s", node_display_name(d.node).ptr, name);
}

static struct msg_pointer_builder slot(struct dynamic d, struct field f)
{
	return msg_struct_slot(d.b, (struct_data_words(d.node) + field_offset(f)) * 8);
}

void dynamic_set(struct dynamic d, const char *field, uint64_t value)
{
	struct field f = find(d, field);
	uint32_t bits = type_bits(field_type(f)), at = field_offset(f);

	value ^= value_bits(field_default(f));
	switch (bits) {
	case 1:
		msg_struct_set_bool(d.b, at, value != 0);
		break;
	case 8:
		msg_struct_set_u8(d.b, at, (uint8_t)value);
		break;
	case 16:
		msg_struct_set_u16(d.b, at * 2, (uint16_t)value);
		break;
	case 32:
		msg_struct_set_u32(d.b, at * 4, (uint32_t)value);
		break;
	default:
		msg_struct_set_u64(d.b, at * 8, value);
		break;
	}
}

void dynamic_set_text(struct dynamic d, const char *field, struct msg_text value)
{
	if (value.len)
		msg_set_text(slot(d, find(d, field)), value);
}

void dynamic_set_pointer(struct dynamic d, const char *field, struct msg_pointer value)
{
	msg_set_pointer(slot(d, find(d, field)), value);
}

struct dynamic dynamic_init(struct dynamic d, const char *field)
{
	struct field f = find(d, field);
	struct node n = schema_node(d.schema, type_id(field_type(f)));

	return (struct dynamic){d.schema, n,
				msg_init_struct(slot(d, f), struct_data_words(n), struct_pointers(n))};
}

struct dynamic_list dynamic_init_list(struct dynamic d, const char *field, uint32_t count)
{
	struct field f = find(d, field);
	struct node n = schema_node(d.schema, type_id(type_element(field_type(f))));

	return (struct dynamic_list){
		d.schema, n,
		msg_init_struct_list(slot(d, f), struct_data_words(n), struct_pointers(n), count)};
}

struct msg_list_builder dynamic_init_u64s(struct dynamic d, const char *field, uint32_t count)
{
	return msg_init_list(slot(d, find(d, field)), MSG_ELEM_64, count);
}

struct dynamic dynamic_at(struct dynamic_list l, uint32_t i)
{
	return (struct dynamic){l.schema, l.node, msg_list_struct_at(l.l, i)};
}
