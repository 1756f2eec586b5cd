// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Building a struct member by member. Recursion follows the nesting of the written values, which the parser
 * bounds.
 */
#include <shell/encode.h>

#include <fmt/fmt.h>
#include <shell/nearest.h>

#include "encode_type.h"

#define MAX_FIELDS 64u

static bool encode_pointer(struct shell_encoder *e, struct type type, struct msg_pointer_builder slot,
			   const struct shell_value *value);

static bool encode_scalar(struct shell_encoder *e, struct type type, const struct shell_value *value,
			  uint64_t *bits)
{
	return type_is_real(type) ? encode_real(e, type, value, bits) : encode_whole(e, type, value, bits);
}

static void set_bits(struct msg_struct_builder b, unsigned bits, uint32_t offset, uint64_t value)
{
	switch (bits) {
	case 1:
		msg_struct_set_bool(b, offset, value != 0);
		break;
	case 8:
		msg_struct_set_u8(b, offset, (uint8_t)value);
		break;
	case 16:
		msg_struct_set_u16(b, offset * 2, (uint16_t)value);
		break;
	case 32:
		msg_struct_set_u32(b, offset * 4, (uint32_t)value);
		break;
	case 64:
		msg_struct_set_u64(b, offset * 8, value);
		break;
	default:
		break;
	}
}

/* Does the registry's own layout keep this member inside the struct? Builders do not check. */
static bool fits(struct registry_data_struct_reader s, struct type type, uint32_t offset)
{
	unsigned bits = type_bits(type);

	if (bits == 0)
		return type.kind == REGISTRY_DATA_KIND_VOID ||
		       offset < registry_data_struct_reader_pointers(s);
	return ((uint64_t)offset + 1) * bits <= registry_data_struct_reader_data_words(s) * 64ull;
}

/*
 * The value that is meant: of a bare name where no enumerant is wanted, its variable's; of results with one member,
 * that. Null: there is none. Its place is where the name was written.
 */
/* A bare word that names nothing, where a text is wanted: the quotes were forgotten. */
static const struct shell_value *not_meant(struct shell_encoder *e, struct type type, struct shell_word word)
{
	if (type.lists == 0 && type.kind == REGISTRY_DATA_KIND_TEXT)
		fmt_print(e->error->text, sizeof(e->error->text),
			  "you hold nothing called \"%.*s\"; a text is written in quotes: \"%.*s\"",
			  (int)(word.len < 40 ? word.len : 40), word.ptr,
			  (int)(word.len < 40 ? word.len : 40), word.ptr);
	return nullptr;
}

static const struct shell_value *resolve(struct shell_encoder *e, struct type type,
					 const struct shell_value *value, struct shell_value *meant)
{
	bool is_enum = type.lists == 0 && type.kind == REGISTRY_DATA_KIND_ENUM;
	const struct shell_value *found = value;

	if (value->kind == SHELL_NAME && !is_enum &&
	    !(type_is_real(type) &&
	      (shell_word_is(value->word, "inf") || shell_word_is(value->word, "nan")))) {
		found = e->variable(e->self, value->word);
		if (!found)
			return not_meant(e, type, value->word);
	}
	if (type.lists > 0 || type.kind != REGISTRY_DATA_KIND_STRUCT)
		found = shell_plain(found);
	if (found == value)
		return value;
	*meant = *found;
	if (found->kind == SHELL_INTEGER || found->kind == SHELL_CAPABILITY)
		meant->word = value->word;
	meant->word.at = value->word.at;
	return meant;
}

/* ---- Structs ---- */

/* outer: the struct that the data is in; s: the struct or group whose member it is. */
struct target {
	struct registry_data_struct_reader outer, s;
	struct msg_struct_builder b;
};

static bool encode_members(struct shell_encoder *e, struct target *target, const struct shell_value *first,
			   uint32_t at, bool all);

static struct msg_pointer_builder pointer_slot(const struct target *target, uint32_t offset)
{
	uint32_t at = (registry_data_struct_reader_data_words(target->outer) + offset) * 8;

	return (struct msg_pointer_builder){target->b.msg, target->b.data ? target->b.data + at : nullptr};
}

static bool encode_member(struct shell_encoder *e, struct target *target,
			  struct registry_data_field_reader field, const struct shell_value *written)
{
	struct type type = type_of_field(field);
	struct shell_value meant;
	const struct shell_value *value = resolve(e, type, written, &meant);
	uint32_t offset = registry_data_field_reader_offset(field);
	uint16_t discriminant = registry_data_field_reader_discriminant(field);
	uint64_t bits = 0;

	if (!value)
		return false;
	if (discriminant != 65535) {
		uint32_t where = registry_data_struct_reader_discriminant_offset(target->s);

		if (where >= registry_data_struct_reader_data_words(target->outer) * 4u)
			return encode_fail(e, value, "the registry's layout is damaged here:");
		msg_struct_set_u16(target->b, where * 2, discriminant);
	}
	if (type.lists == 0 && type.kind == REGISTRY_DATA_KIND_GROUP) {
		struct target group = {.outer = target->outer, .b = target->b};

		if (value->kind != SHELL_STRUCT)
			return encode_fail(e, value, "a group is written (name = value, ...), not");
		if (!registry_struct(e->registry, type.id, &group.s))
			return encode_fail(e, value, "this type is not in the registry:");
		return encode_members(e, &group, value->first, value->word.at, false);
	}
	if (!fits(target->outer, type, offset))
		return encode_fail(e, value, "the registry's layout is damaged here:");
	if (type_is_pointer(type))
		return encode_pointer(e, type, pointer_slot(target, offset), value);
	if (!encode_scalar(e, type, value, &bits))
		return false;
	set_bits(target->b, type_bits(type), offset, bits ^ registry_data_field_reader_default_bits(field));
	return true;
}

static bool unknown_member(struct shell_encoder *e, const struct target *target, struct shell_word name)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(target->s);
	struct shell_nearest nearest = shell_nearest(name.ptr, name.len);

	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct msg_text text = registry_data_field_reader_name(
			registry_data_field_list_reader_at(fields, i));

		shell_nearest_offer(&nearest, text.ptr, text.len);
	}
	e->error->at = name.at;
	if (nearest.found)
		fmt_print(e->error->text, sizeof(e->error->text),
			  "nothing is called \"%.*s\" here; did you mean \"%.*s\"?",
			  (int)(name.len < 40 ? name.len : 40), name.ptr, (int)nearest.name_len,
			  nearest.name);
	else
		fmt_print(e->error->text, sizeof(e->error->text), "nothing is called \"%.*s\" here",
			  (int)(name.len < 40 ? name.len : 40), name.ptr);
	return false;
}

/* The member that a value is for: by its name, or the next that has none yet. */
static bool find_member(struct shell_encoder *e, const struct target *target, const struct shell_value *value,
			uint64_t given, uint32_t *index)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(target->s);
	uint32_t count = registry_data_field_list_reader_count(fields);

	if (count > MAX_FIELDS)
		count = MAX_FIELDS;
	for (*index = 0; *index < count; ++*index) {
		struct msg_text name = registry_data_field_reader_name(
			registry_data_field_list_reader_at(fields, *index));

		if (value->name.len == 0) {
			if (!(given >> *index & 1))
				return true;
		} else if (name.len == value->name.len &&
			   __builtin_memcmp(name.ptr, value->name.ptr, name.len) == 0) {
			break;
		}
	}
	if (value->name.len == 0)
		return encode_fail(e, value, count ? "one value too many:" : "it takes no values, not");
	if (*index == count)
		return unknown_member(e, target, value->name);
	if (given >> *index & 1)
		return encode_fail_word(e, value->name, "given twice:");
	return true;
}

static bool check_all_given(struct shell_encoder *e, const struct target *target, uint64_t given, uint32_t at)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(target->s);
	uint32_t count = registry_data_field_list_reader_count(fields);

	for (uint32_t i = 0; i < count && i < MAX_FIELDS; i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);
		struct type type = type_of_field(field);
		struct msg_text name = registry_data_field_reader_name(field);

		if (given >> i & 1 || type.lists > 0 ||
		    (type_bits(type) == 0 && type.kind != REGISTRY_DATA_KIND_TEXT &&
		     type.kind != REGISTRY_DATA_KIND_DATA) ||
		    registry_data_field_reader_discriminant(field) != 65535)
			continue;
		return encode_fail_word(e, (struct shell_word){name.ptr, name.len, at}, "missing:");
	}
	return true;
}

static bool encode_members(struct shell_encoder *e, struct target *target, const struct shell_value *first,
			   uint32_t at, bool all)
{
	uint64_t given = 0;

	for (const struct shell_value *value = first; value; value = value->next) {
		uint32_t member;

		if (!find_member(e, target, value, given, &member))
			return false;
		given |= 1ull << member;
		if (!encode_member(e, target,
				   registry_data_field_list_reader_at(
					   registry_data_struct_reader_fields(target->s), member),
				   value))
			return false;
	}
	return !all || first || check_all_given(e, target, given, at);
}

bool shell_encode_params(struct shell_encoder *encoder, struct registry_data_struct_reader type,
			 struct msg_struct_builder builder, const struct shell_value *first, uint32_t at)
{
	struct target target = {type, type, builder};

	*encoder->error = (struct shell_error){.at = at};
	return encode_members(encoder, &target, first, at, true);
}

/* ---- Pointers ---- */

static bool encode_list(struct shell_encoder *e, struct type type, struct msg_pointer_builder slot,
			const struct shell_value *value)
{
	struct type element = {type.kind, type.lists - 1, type.id};
	struct registry_data_struct_reader s = {};
	bool structs = element.lists == 0 && element.kind == REGISTRY_DATA_KIND_STRUCT;
	struct msg_list_builder list;

	if (value->kind != SHELL_LIST)
		return encode_fail(e, value, "a list is written [value, ...], not");
	if (structs && !registry_struct(e->registry, element.id, &s))
		return encode_fail(e, value, "this type is not in the registry:");
	if (structs)
		list = msg_init_struct_list(slot, registry_data_struct_reader_data_words(s),
					    registry_data_struct_reader_pointers(s), value->count);
	else
		list = msg_init_list(slot, type_elem(element), value->count);

	uint32_t i = 0;
	for (const struct shell_value *member = value->first; member; member = member->next, i++) {
		struct shell_value meant;
		const struct shell_value *v = resolve(e, element, member, &meant);
		uint64_t bits = 0;

		if (!v)
			return false;

		if (structs) {
			struct target target = {s, s, msg_list_struct_at(list, i)};

			if (v->kind != SHELL_STRUCT)
				return encode_fail(e, v, "a struct is written (name = value, ...), not");
			if (!encode_members(e, &target, v->first, v->word.at, false))
				return false;
		} else if (type_is_pointer(element)) {
			if (!encode_pointer(e, element, msg_list_slot(list, i), v))
				return false;
		} else {
			if (!encode_scalar(e, element, v, &bits))
				return false;
			encode_list_scalar(list, i, type_bits(element), bits);
		}
	}
	return true;
}

static bool encode_pointer(struct shell_encoder *e, struct type type, struct msg_pointer_builder slot,
			   const struct shell_value *value)
{
	struct target target = {};
	int32_t index = -1;

	if (type.lists > 0)
		return encode_list(e, type, slot, value);
	switch (type.kind) {
	case REGISTRY_DATA_KIND_TEXT:
		if (value->kind != SHELL_TEXT)
			return encode_fail(e, value, "a text is written in quotes, not");
		msg_set_text(slot, (struct msg_text){value->word.ptr, value->word.len});
		return true;
	case REGISTRY_DATA_KIND_DATA:
		if (value->kind != SHELL_DATA && value->kind != SHELL_TEXT)
			return encode_fail(e, value, "data is written 0x\"01 ff\" or as a text, not");
		msg_set_data(slot, (struct msg_data){(const uint8_t *)value->word.ptr, value->word.len});
		return true;
	case REGISTRY_DATA_KIND_STRUCT:
		if (value->kind != SHELL_STRUCT)
			return encode_fail(e, value, "a struct is written (name = value, ...), not");
		if (!registry_struct(e->registry, type.id, &target.s))
			return encode_fail(e, value, "this type is not in the registry:");
		target.outer = target.s;
		target.b = msg_init_struct(slot, registry_data_struct_reader_data_words(target.s),
					   registry_data_struct_reader_pointers(target.s));
		return encode_members(e, &target, value->first, value->word.at, false);
	default:
		if (value->kind == SHELL_VOID)
			return true; /* null */
		if (value->kind != SHELL_CAPABILITY)
			return encode_fail(e, value, "a capability is wanted here, not");
		if (!e->capability(e->self, value, type.kind == REGISTRY_DATA_KIND_INTERFACE ? type.id : 0,
				   &index))
			return false;
		msg_set_cap(slot, index);
		return true;
	}
}
