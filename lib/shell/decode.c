// SPDX-License-Identifier: MIT OR Apache-2.0
/* Messages as values. Recursion follows the message, bounded by SHELL_MAX_DEPTH; size is bounded by the arena. */
#include <shell/decode.h>

#include <registry/read.h>

static struct shell_value *decode_struct(struct shell_decoder *d, uint64_t id, struct msg_struct s,
					 unsigned depth);
static bool decode_pointer(struct shell_decoder *d, struct registry_type type, struct msg_pointer pointer,
			   struct shell_value *v, unsigned depth);

static bool set_bytes(struct shell_decoder *d, struct shell_value *v, enum shell_value_kind kind,
		      const void *bytes, uint32_t len)
{
	v->kind = kind;
	v->word.ptr = shell_arena_bytes(d->arena, bytes, len);
	v->word.len = len;
	return v->word.ptr != nullptr;
}

static void set_signed(struct shell_value *v, int64_t value)
{
	v->kind = SHELL_INTEGER;
	v->negative = value < 0;
	v->magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static bool decode_enumerant(struct shell_decoder *d, uint64_t id, uint64_t bits, struct shell_value *v)
{
	struct registry_data_enum_reader e;

	if (registry_enum(d->registry, id, &e)) {
		struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(e);

		if (bits < registry_data_enumerant_list_reader_count(list)) {
			struct msg_text name = registry_data_enumerant_reader_name(
				registry_data_enumerant_list_reader_at(list, (uint32_t)bits));

			return set_bytes(d, v, SHELL_ENUMERANT, name.ptr, name.len);
		}
	}
	v->kind = SHELL_INTEGER;
	v->magnitude = bits;
	return true;
}

static bool decode_scalar(struct shell_decoder *d, struct registry_type type, uint64_t bits,
			  struct shell_value *v)
{
	switch (type.kind) {
	case REGISTRY_DATA_KIND_VOID:
		v->kind = SHELL_VOID;
		return true;
	case REGISTRY_DATA_KIND_BOOL:
		v->kind = SHELL_BOOL;
		v->truth = bits != 0;
		return true;
	case REGISTRY_DATA_KIND_INT8:
		set_signed(v, (int8_t)bits);
		return true;
	case REGISTRY_DATA_KIND_INT16:
		set_signed(v, (int16_t)bits);
		return true;
	case REGISTRY_DATA_KIND_INT32:
		set_signed(v, (int32_t)bits);
		return true;
	case REGISTRY_DATA_KIND_INT64:
		set_signed(v, (int64_t)bits);
		return true;
	case REGISTRY_DATA_KIND_FLOAT32:
		v->kind = SHELL_REAL;
		v->real = (double)__builtin_bit_cast(float, (uint32_t)bits);
		return true;
	case REGISTRY_DATA_KIND_FLOAT64:
		v->kind = SHELL_REAL;
		v->real = __builtin_bit_cast(double, bits);
		return true;
	case REGISTRY_DATA_KIND_ENUM:
		return decode_enumerant(d, type.id, bits, v);
	default:
		v->kind = SHELL_INTEGER;
		v->magnitude = bits;
		return true;
	}
}

static struct shell_value *new_value(struct shell_decoder *d)
{
	return shell_arena_alloc(d->arena, sizeof(struct shell_value));
}

/* Takes over what was decoded into a value of its own, which keeps its place among its neighbours. */
static bool become(struct shell_value *v, const struct shell_value *decoded)
{
	struct shell_word name = v->name;

	if (!decoded)
		return false;
	*v = *decoded;
	v->name = name;
	return true;
}

static bool decode_list(struct shell_decoder *d, struct registry_type type, struct msg_pointer pointer,
			struct shell_value *v, unsigned depth)
{
	struct registry_type element = {type.kind, type.lists - 1, type.id};
	enum msg_elem elem = registry_elem(element);
	struct msg_list list = msg_read_list(pointer, elem);
	const struct shell_value **link = &v->first;

	v->kind = SHELL_LIST;
	v->count = msg_list_count(list);
	for (uint32_t i = 0; i < v->count; i++) {
		struct shell_value *m = new_value(d);
		bool good;

		if (!m)
			return false;
		if (elem == MSG_ELEM_COMPOSITE)
			good = become(m, decode_struct(d, element.id, msg_list_struct(list, i), depth + 1));
		else if (elem == MSG_ELEM_POINTER)
			good = decode_pointer(d, element, msg_list_pointer(list, i), m, depth + 1);
		else
			good = decode_scalar(
				d, element,
				registry_element_bits(list, i, registry_scalar_bits(element.kind)), m);
		if (!good)
			return false;
		*link = m;
		link = &m->next;
	}
	return true;
}

static bool decode_capability(struct shell_decoder *d, struct registry_type type, struct msg_pointer pointer,
			      struct shell_value *v)
{
	v->kind = SHELL_VOID;
	if (msg_pointer_kind(pointer) != MSG_POINTER_CAP)
		return true;
	v->cap = d->capability(d->self, msg_read_cap(pointer));
	v->kind = v->cap.raw ? SHELL_CAPABILITY : SHELL_VOID;
	v->interface_id = type.kind == REGISTRY_DATA_KIND_INTERFACE ? type.id : 0;
	return true;
}

static bool decode_pointer(struct shell_decoder *d, struct registry_type type, struct msg_pointer pointer,
			   struct shell_value *v, unsigned depth)
{
	if (depth >= SHELL_MAX_DEPTH)
		return false;
	if (type.lists > 0)
		return decode_list(d, type, pointer, v, depth);
	if (type.kind == REGISTRY_DATA_KIND_TEXT) {
		struct msg_text text = msg_read_text(pointer);

		return set_bytes(d, v, SHELL_TEXT, text.ptr, text.len);
	}
	if (type.kind == REGISTRY_DATA_KIND_DATA) {
		struct msg_data data = msg_read_data(pointer);

		return set_bytes(d, v, SHELL_DATA, data.ptr, data.len);
	}
	if (type.kind == REGISTRY_DATA_KIND_STRUCT)
		return become(v, decode_struct(d, type.id, msg_read_struct(pointer), depth + 1));
	return decode_capability(d, type, pointer, v);
}

static bool decode_field(struct shell_decoder *d, struct registry_data_field_reader field,
			 struct msg_struct s, struct shell_value *v, unsigned depth)
{
	struct registry_type type = registry_type_of(field);
	uint32_t offset = registry_data_field_reader_offset(field);
	unsigned bits = type.lists == 0 ? registry_scalar_bits(type.kind) : 0;

	if (type.lists == 0 && type.kind == REGISTRY_DATA_KIND_GROUP)
		return become(v, decode_struct(d, type.id, s, depth + 1));
	if (bits > 0 || (type.lists == 0 && type.kind == REGISTRY_DATA_KIND_VOID))
		return decode_scalar(d, type,
				     registry_field_bits(s, bits, offset) ^
					     registry_data_field_reader_default_bits(field),
				     v);

	struct msg_pointer pointer = msg_struct_pointer(s, offset);
	if (msg_pointer_is_null(pointer) && registry_data_field_reader_has_default_pointer(field))
		pointer = registry_data_field_reader_default_pointer(field);
	return decode_pointer(d, type, pointer, v, depth);
}

static struct shell_value *decode_struct(struct shell_decoder *d, uint64_t id, struct msg_struct s,
					 unsigned depth)
{
	struct registry_data_struct_reader type;
	struct shell_value *out = depth < SHELL_MAX_DEPTH ? new_value(d) : nullptr;

	if (!out)
		return nullptr;
	out->kind = SHELL_STRUCT;
	if (!registry_struct(d->registry, id, &type))
		return out;

	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(type);
	const struct shell_value **link = &out->first;
	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);
		struct msg_text name = registry_data_field_reader_name(field);
		struct shell_value *m;

		if (registry_absent(type, field, s))
			continue;
		m = new_value(d);
		if (!m)
			return nullptr;
		/* Names are the registry's, which stays; a copy of the value takes them along. */
		m->name = (struct shell_word){name.ptr, name.len, 0};
		if (!decode_field(d, field, s, m, depth))
			return nullptr;
		*link = m;
		link = &m->next;
		out->count++;
	}
	return out;
}

struct shell_value *shell_decode(struct shell_decoder *decoder, struct registry_data_struct_reader type,
				 struct msg_struct value)
{
	struct shell_value *v = decode_struct(decoder, registry_data_struct_reader_id(type), value, 0);

	if (v)
		v->results = true;
	return v;
}
