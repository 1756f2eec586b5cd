// SPDX-License-Identifier: MIT OR Apache-2.0
/* From a name to a value: walking a message by the types in the registry. */
#include "private.h"

#define MAX_DEPTH 6u

bool rules_is_signed(enum registry_data_kind kind)
{
	return kind >= REGISTRY_DATA_KIND_INT8 && kind <= REGISTRY_DATA_KIND_INT64;
}

bool rules_is_number(enum registry_data_kind kind)
{
	return kind >= REGISTRY_DATA_KIND_BOOL && kind <= REGISTRY_DATA_KIND_UINT64;
}

/* log2 of the bytes of a number in the data section. */
static unsigned size_of(enum registry_data_kind kind)
{
	switch (kind) {
	case REGISTRY_DATA_KIND_INT8:
	case REGISTRY_DATA_KIND_UINT8:
		return 0;
	case REGISTRY_DATA_KIND_INT16:
	case REGISTRY_DATA_KIND_UINT16:
	case REGISTRY_DATA_KIND_ENUM:
		return 1;
	case REGISTRY_DATA_KIND_INT32:
	case REGISTRY_DATA_KIND_UINT32:
		return 2;
	default:
		return 3;
	}
}

static uint64_t read_bits(struct msg_struct s, enum registry_data_kind kind, uint32_t offset)
{
	if (kind == REGISTRY_DATA_KIND_BOOL)
		return msg_struct_bool(s, offset);
	switch (size_of(kind)) {
	case 0:
		return msg_struct_u8(s, offset);
	case 1:
		return msg_struct_u16(s, offset * 2);
	case 2:
		return msg_struct_u32(s, offset * 4);
	default:
		return msg_struct_u64(s, offset * 8);
	}
}

static uint64_t extend(uint64_t bits, enum registry_data_kind kind)
{
	unsigned unused = 64 - (8u << size_of(kind));

	if (!rules_is_signed(kind) || unused == 0)
		return bits;
	return (uint64_t)((int64_t)(bits << unused) >> unused);
}

static void read_pointer(struct msg_struct s, struct registry_data_field_reader field,
			 struct rules_value *value)
{
	struct msg_pointer p = msg_struct_pointer(s, registry_data_field_reader_offset(field));

	if (msg_pointer_is_null(p))
		p = registry_data_field_reader_default_pointer(field);
	if (value->lists > 0) {
		value->bits = msg_read_list(p, MSG_ELEM_ANY).count;
	} else if (value->kind == REGISTRY_DATA_KIND_TEXT) {
		struct msg_text text = msg_read_text(p);

		value->bytes = text.ptr;
		value->bits = value->len = text.len;
	} else if (value->kind == REGISTRY_DATA_KIND_DATA) {
		struct msg_data data = msg_read_data(p);

		value->bytes = (const char *)data.ptr;
		value->bits = value->len = data.len;
	}
}

static void read_leaf(struct msg_struct s, struct registry_data_field_reader field, struct rules_value *value)
{
	if (value->lists > 0 || value->kind == REGISTRY_DATA_KIND_TEXT ||
	    value->kind == REGISTRY_DATA_KIND_DATA)
		read_pointer(s, field, value);
	else if (rules_is_number(value->kind) || value->kind == REGISTRY_DATA_KIND_ENUM)
		value->bits = extend(read_bits(s, value->kind, registry_data_field_reader_offset(field)) ^
					     registry_data_field_reader_default_bits(field),
				     value->kind);
}

static bool is_active(struct registry_data_struct_reader type, struct registry_data_field_reader field,
		      struct msg_struct s)
{
	uint16_t discriminant = registry_data_field_reader_discriminant(field);

	return discriminant == UINT16_MAX ||
	       msg_struct_u16(s, registry_data_struct_reader_discriminant_offset(type) * 2) == discriminant;
}

static struct msg_text first_component(struct msg_text *path)
{
	struct msg_text first = *path;

	for (uint32_t i = 0; i < path->len; i++) {
		if (path->ptr[i] != '.')
			continue;
		first.len = i;
		*path = (struct msg_text){path->ptr + i + 1, path->len - i - 1};
		return first;
	}
	path->len = 0;
	return first;
}

bool rules_field(struct registry *registry, uint64_t struct_id, struct msg_text path,
		 const struct msg_struct *from, struct rules_value *value)
{
	struct msg_struct s = from ? *from : (struct msg_struct){};

	*value = (struct rules_value){.given = true};
	for (unsigned depth = 0; depth < MAX_DEPTH; depth++) {
		struct msg_text name = first_component(&path);
		struct registry_data_struct_reader type;
		struct registry_data_field_reader field;

		if (!registry_struct(registry, struct_id, &type) || !registry_field_named(type, name, &field))
			return false;

		struct registry_data_type_reader t = registry_data_field_reader_type(field);

		value->kind = registry_data_type_reader_kind(t);
		value->lists = registry_data_type_reader_lists(t);
		value->type_id = struct_id = registry_data_type_reader_id(t);
		if (from && !is_active(type, field, s))
			value->given = false;
		if (path.len == 0) {
			if (from && value->given)
				read_leaf(s, field, value);
			return true;
		}
		if (value->lists > 0)
			return false;
		if (value->kind == REGISTRY_DATA_KIND_STRUCT) {
			if (from)
				s = msg_struct_struct(s, registry_data_field_reader_offset(field));
		} else if (value->kind != REGISTRY_DATA_KIND_GROUP) {
			return false;
		}
	}
	return false;
}
