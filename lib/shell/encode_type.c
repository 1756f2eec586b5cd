// SPDX-License-Identifier: MIT OR Apache-2.0
/* Scalars: what range each type has, enumerants by name, and errors that quote what was written. */
#include "encode_type.h"

#include <fmt/fmt.h>
#include <shell/nearest.h>

struct type type_of_field(struct registry_data_field_reader field)
{
	struct registry_data_type_reader t = registry_data_field_reader_type(field);

	return (struct type){registry_data_type_reader_kind(t), registry_data_type_reader_lists(t),
			     registry_data_type_reader_id(t)};
}

unsigned type_bits(struct type type)
{
	static const uint8_t bits[] = {
		[REGISTRY_DATA_KIND_BOOL] = 1,     [REGISTRY_DATA_KIND_INT8] = 8,
		[REGISTRY_DATA_KIND_INT16] = 16,   [REGISTRY_DATA_KIND_INT32] = 32,
		[REGISTRY_DATA_KIND_INT64] = 64,   [REGISTRY_DATA_KIND_UINT8] = 8,
		[REGISTRY_DATA_KIND_UINT16] = 16,  [REGISTRY_DATA_KIND_UINT32] = 32,
		[REGISTRY_DATA_KIND_UINT64] = 64,  [REGISTRY_DATA_KIND_FLOAT32] = 32,
		[REGISTRY_DATA_KIND_FLOAT64] = 64, [REGISTRY_DATA_KIND_ENUM] = 16,
	};

	return type.lists == 0 && type.kind < sizeof(bits) ? bits[type.kind] : 0;
}

bool type_is_pointer(struct type type)
{
	return type_bits(type) == 0 && (type.lists > 0 || type.kind != REGISTRY_DATA_KIND_VOID);
}

bool type_is_real(struct type type)
{
	return type.lists == 0 &&
	       (type.kind == REGISTRY_DATA_KIND_FLOAT32 || type.kind == REGISTRY_DATA_KIND_FLOAT64);
}

enum msg_elem type_elem(struct type type)
{
	switch (type_bits(type)) {
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
		return type_is_pointer(type) ? MSG_ELEM_POINTER : MSG_ELEM_VOID;
	}
}

bool encode_fail_word(struct shell_encoder *e, struct shell_word word, const char *text)
{
	e->error->at = word.at;
	fmt_print(e->error->text, sizeof(e->error->text), "%s \"%.*s\"", text,
		  (int)(word.len < 60 ? word.len : 60), word.ptr);
	return false;
}

bool encode_fail(struct shell_encoder *e, const struct shell_value *value, const char *text)
{
	static const char *const kinds[] = {
		[SHELL_VOID] = "void",
		[SHELL_BOOL] = "true or false",
		[SHELL_INTEGER] = "a number",
		[SHELL_REAL] = "a number with a fraction",
		[SHELL_TEXT] = "a text",
		[SHELL_DATA] = "data",
		[SHELL_NAME] = "a name",
		[SHELL_ENUMERANT] = "an enumerant",
		[SHELL_LIST] = "a list",
		[SHELL_STRUCT] = "a struct",
		[SHELL_CAPABILITY] = "a capability",
		[SHELL_OWN_SPACE] = "an address space",
	};

	if (value->word.len > 0)
		return encode_fail_word(e, value->word, text);
	e->error->at = value->word.at;
	fmt_print(e->error->text, sizeof(e->error->text), "%s %s", text, kinds[value->kind]);
	return false;
}

static bool encode_enumerant(struct shell_encoder *e, uint64_t id, const struct shell_value *value,
			     uint64_t *bits)
{
	struct registry_data_enum_reader r;
	struct shell_nearest nearest = shell_nearest(value->word.ptr, value->word.len);

	if (value->kind == SHELL_INTEGER && !value->negative && value->magnitude <= UINT16_MAX) {
		*bits = value->magnitude;
		return true;
	}
	if ((value->kind != SHELL_NAME && value->kind != SHELL_ENUMERANT && value->kind != SHELL_TEXT) ||
	    !registry_enum(e->registry, id, &r))
		return encode_fail(e, value, "a name of this enum is wanted here, not");

	struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(r);
	for (uint32_t i = 0; i < registry_data_enumerant_list_reader_count(list); i++) {
		struct msg_text name = registry_data_enumerant_reader_name(
			registry_data_enumerant_list_reader_at(list, i));

		if (name.len == value->word.len &&
		    __builtin_memcmp(name.ptr, value->word.ptr, name.len) == 0) {
			*bits = i;
			return true;
		}
		shell_nearest_offer(&nearest, name.ptr, name.len);
	}
	if (!nearest.found)
		return encode_fail(e, value, "the enum has no such name:");
	e->error->at = value->word.at;
	fmt_print(e->error->text, sizeof(e->error->text), "the enum has no \"%.*s\"; did you mean \"%.*s\"?",
		  (int)(value->word.len < 40 ? value->word.len : 40), value->word.ptr, (int)nearest.name_len,
		  nearest.name);
	return false;
}

static bool is_signed(enum registry_data_kind kind)
{
	return kind >= REGISTRY_DATA_KIND_INT8 && kind <= REGISTRY_DATA_KIND_INT64;
}

bool encode_whole(struct shell_encoder *e, struct type type, const struct shell_value *value, uint64_t *bits)
{
	unsigned width = type_bits(type);
	bool negative = value->negative && value->magnitude != 0;

	if (type.kind == REGISTRY_DATA_KIND_VOID)
		return value->kind == SHELL_VOID || encode_fail(e, value, "void is wanted here, not");
	if (type.kind == REGISTRY_DATA_KIND_ENUM)
		return encode_enumerant(e, type.id, value, bits);
	if (type.kind == REGISTRY_DATA_KIND_BOOL) {
		*bits = value->truth;
		return value->kind == SHELL_BOOL ||
		       encode_fail(e, value, "true or false is wanted here, not");
	}
	if (value->kind != SHELL_INTEGER)
		return encode_fail(e, value, "a whole number is wanted here, not");

	uint64_t most = UINT64_MAX >> (64 - width);
	if (is_signed(type.kind))
		most = (most >> 1) + negative;
	else if (negative)
		return encode_fail(e, value, "it cannot be negative:");
	if (value->magnitude > most) {
		char text[48];

		fmt_print(text, sizeof(text), "it does not fit into %u bits:", width);
		return encode_fail(e, value, text);
	}
	*bits = negative ? 0 - value->magnitude : value->magnitude;
	return true;
}

bool encode_real(struct shell_encoder *e, struct type type, const struct shell_value *value, uint64_t *bits)
{
	double real;

	if (value->kind == SHELL_REAL)
		real = value->real;
	else if (value->kind == SHELL_INTEGER)
		real = value->negative ? -(double)value->magnitude : (double)value->magnitude;
	else if (value->kind == SHELL_NAME && shell_word_is(value->word, "inf"))
		real = __builtin_inf();
	else if (value->kind == SHELL_NAME && shell_word_is(value->word, "nan"))
		real = __builtin_nan("");
	else
		return encode_fail(e, value, "a number is wanted here, not");
	if (type.kind == REGISTRY_DATA_KIND_FLOAT64)
		*bits = __builtin_bit_cast(uint64_t, real);
	else
		*bits = __builtin_bit_cast(uint32_t, (float)real);
	return true;
}

void encode_list_scalar(struct msg_list_builder list, uint32_t i, unsigned bits, uint64_t value)
{
	switch (bits) {
	case 1:
		msg_list_set_bool(list, i, value != 0);
		break;
	case 8:
		msg_list_set_u8(list, i, (uint8_t)value);
		break;
	case 16:
		msg_list_set_u16(list, i, (uint16_t)value);
		break;
	case 32:
		msg_list_set_u32(list, i, (uint32_t)value);
		break;
	case 64:
		msg_list_set_u64(list, i, value);
		break;
	default:
		break;
	}
}
