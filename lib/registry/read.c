// SPDX-License-Identifier: MIT OR Apache-2.0
/* Where a member of a type known at run time lies in a message, and its bits. */
#include <registry/read.h>

struct registry_type registry_type_of(struct registry_data_field_reader field)
{
	struct registry_data_type_reader t = registry_data_field_reader_type(field);

	return (struct registry_type){registry_data_type_reader_kind(t), registry_data_type_reader_lists(t),
				      registry_data_type_reader_id(t)};
}

unsigned registry_scalar_bits(enum registry_data_kind kind)
{
	switch (kind) {
	case REGISTRY_DATA_KIND_BOOL:
		return 1;
	case REGISTRY_DATA_KIND_INT8:
	case REGISTRY_DATA_KIND_UINT8:
		return 8;
	case REGISTRY_DATA_KIND_INT16:
	case REGISTRY_DATA_KIND_UINT16:
	case REGISTRY_DATA_KIND_ENUM:
		return 16;
	case REGISTRY_DATA_KIND_INT32:
	case REGISTRY_DATA_KIND_UINT32:
	case REGISTRY_DATA_KIND_FLOAT32:
		return 32;
	case REGISTRY_DATA_KIND_INT64:
	case REGISTRY_DATA_KIND_UINT64:
	case REGISTRY_DATA_KIND_FLOAT64:
		return 64;
	default:
		return 0;
	}
}

uint64_t registry_element_bits(struct msg_list list, uint32_t i, unsigned bits)
{
	switch (bits) {
	case 1:
		return msg_list_bool(list, i);
	case 8:
		return msg_list_u8(list, i);
	case 16:
		return msg_list_u16(list, i);
	case 32:
		return msg_list_u32(list, i);
	case 64:
		return msg_list_u64(list, i);
	default:
		return 0;
	}
}

enum msg_elem registry_elem(struct registry_type type)
{
	if (type.lists > 0)
		return MSG_ELEM_POINTER;
	if (type.kind == REGISTRY_DATA_KIND_STRUCT)
		return MSG_ELEM_COMPOSITE;
	switch (registry_scalar_bits(type.kind)) {
	case 1:
		return MSG_ELEM_BIT;
	case 8:
		return MSG_ELEM_8;
	case 16:
		return MSG_ELEM_16;
	case 32:
		return MSG_ELEM_32;
	case 64:
		return MSG_ELEM_64;
	default:
		return type.kind == REGISTRY_DATA_KIND_VOID ? MSG_ELEM_VOID : MSG_ELEM_POINTER;
	}
}

uint64_t registry_field_bits(struct msg_struct s, unsigned bits, uint32_t offset)
{
	switch (bits) {
	case 1:
		return msg_struct_bool(s, offset);
	case 8:
		return msg_struct_u8(s, offset);
	case 16:
		return offset < UINT32_MAX / 2 ? msg_struct_u16(s, offset * 2) : 0;
	case 32:
		return offset < UINT32_MAX / 4 ? msg_struct_u32(s, offset * 4) : 0;
	case 64:
		return offset < UINT32_MAX / 8 ? msg_struct_u64(s, offset * 8) : 0;
	default:
		return 0;
	}
}

bool registry_absent(struct registry_data_struct_reader type, struct registry_data_field_reader field,
		     struct msg_struct s)
{
	uint16_t wanted = registry_data_field_reader_discriminant(field);
	uint32_t offset = registry_data_struct_reader_discriminant_offset(type);

	if (registry_data_struct_reader_discriminant_count(type) == 0 || wanted == 65535)
		return false;
	return offset >= UINT32_MAX / 2 || msg_struct_u16(s, offset * 2) != wanted;
}
