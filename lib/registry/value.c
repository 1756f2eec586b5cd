// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Values of types that are known only at run time, printed as Cap'n Proto's text form has them.
 *
 * What is long is folded: texts and data beyond a bound, lists after so many elements, structs nested too
 * deeply. A struct, enum or member that the registry does not know is printed as far as it can be.
 */
#include <fmt/fmt.h>
#include <registry/read.h>

#define MAX_TEXT 400u
#define MAX_DATA 64u
#define MAX_ELEMENTS 64u
#define MAX_DEPTH 8u

struct printer {
	struct registry *registry;
	const struct text_out *out;
};

void registry_print_real(const struct text_out *out, double v)
{
	if (v != v) {
		text_put(out, "nan");
		return;
	}
	if (v < 0) {
		text_put(out, "-");
		v = -v;
	}
	if (v > 1e308 * 1.7976) {
		text_put(out, "inf");
		return;
	}

	int exponent = 0;
	while (v >= 1e15 && exponent < 400)
		v /= 10, exponent++;
	while (v != 0 && v < 1e-5 && exponent > -400)
		v *= 10, exponent--;

	uint64_t whole = (uint64_t)v;
	uint64_t millionths = (uint64_t)((v - (double)whole) * 1e6 + 0.5);
	if (millionths == 1000000)
		whole++, millionths = 0;
	unsigned digits = 6;
	for (; digits > 1 && millionths % 10 == 0; digits--)
		millionths /= 10;
	text_print(out, "%llu.%0*llu", (unsigned long long)whole, (int)digits,
		   (unsigned long long)millionths);
	if (exponent)
		text_print(out, "e%d", exponent);
}

static void print_enumerant(struct printer *p, uint64_t id, uint64_t value)
{
	struct registry_data_enum_reader e;

	if (registry_enum(p->registry, id, &e)) {
		struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(e);

		if (value < registry_data_enumerant_list_reader_count(list)) {
			text_put_text(p->out,
				      registry_data_enumerant_reader_name(
					      registry_data_enumerant_list_reader_at(list, (uint32_t)value)));
			return;
		}
	}
	text_print(p->out, "%llu", (unsigned long long)value);
}

static void print_scalar(struct printer *p, struct registry_type type, uint64_t bits)
{
	switch (type.kind) {
	case REGISTRY_DATA_KIND_VOID:
		text_put(p->out, "void");
		break;
	case REGISTRY_DATA_KIND_BOOL:
		text_put(p->out, bits ? "true" : "false");
		break;
	case REGISTRY_DATA_KIND_INT8:
		text_print(p->out, "%d", (int8_t)bits);
		break;
	case REGISTRY_DATA_KIND_INT16:
		text_print(p->out, "%d", (int16_t)bits);
		break;
	case REGISTRY_DATA_KIND_INT32:
		text_print(p->out, "%d", (int32_t)bits);
		break;
	case REGISTRY_DATA_KIND_INT64:
		text_print(p->out, "%lld", (long long)bits);
		break;
	case REGISTRY_DATA_KIND_FLOAT32:
		registry_print_real(p->out, (double)__builtin_bit_cast(float, (uint32_t)bits));
		break;
	case REGISTRY_DATA_KIND_FLOAT64:
		registry_print_real(p->out, __builtin_bit_cast(double, bits));
		break;
	case REGISTRY_DATA_KIND_ENUM:
		print_enumerant(p, type.id, bits);
		break;
	default:
		/* Numbers of that size are ids and bit sets. */
		text_print(p->out, bits >> 56 ? "0x%llx" : "%llu", (unsigned long long)bits);
		break;
	}
}

static void print_pointer(struct printer *p, struct registry_type type, struct msg_pointer pointer,
			  unsigned depth);
static void print_struct(struct printer *p, uint64_t id, struct msg_struct value, unsigned depth);

static void print_element(struct printer *p, struct registry_type element, struct msg_list list, uint32_t i,
			  unsigned depth)
{
	enum msg_elem elem = registry_elem(element);

	if (elem == MSG_ELEM_COMPOSITE)
		print_struct(p, element.id, msg_list_struct(list, i), depth);
	else if (elem == MSG_ELEM_POINTER)
		print_pointer(p, element, msg_list_pointer(list, i), depth);
	else
		print_scalar(p, element, registry_element_bits(list, i, registry_scalar_bits(element.kind)));
}

/* between: what goes before each element, and what ends the list. */
static void print_list(struct printer *p, struct registry_type type, struct msg_pointer pointer,
		       unsigned depth, const char *before, const char *between)
{
	struct registry_type element = {type.kind, type.lists - 1, type.id};
	struct msg_list list = msg_read_list(pointer, registry_elem(element));
	uint32_t count = msg_list_count(list), shown = count < MAX_ELEMENTS ? count : MAX_ELEMENTS;

	for (uint32_t i = 0; i < shown; i++) {
		text_put(p->out, i ? between : before);
		print_element(p, element, list, i, depth);
	}
	if (shown < count)
		text_print(p->out, "%s... (%u in all)", between, count);
}

static void print_capability(struct printer *p, struct registry_type type, struct msg_pointer pointer)
{
	char buffer[24];

	if (msg_pointer_is_null(pointer)) {
		text_put(p->out, "null");
		return;
	}
	text_put(p->out, "<");
	if (type.kind == REGISTRY_DATA_KIND_INTERFACE)
		text_put_text(p->out, registry_interface_name(p->registry, type.id, buffer));
	else
		text_put(p->out, "capability");
	text_put(p->out, ">");
}

static void print_pointer(struct printer *p, struct registry_type type, struct msg_pointer pointer,
			  unsigned depth)
{
	if (type.lists > 0) {
		text_put(p->out, "[");
		if (depth < MAX_DEPTH)
			print_list(p, type, pointer, depth + 1, "", ", ");
		else
			text_put(p->out, "...");
		text_put(p->out, "]");
	} else if (type.kind == REGISTRY_DATA_KIND_TEXT) {
		text_put_quoted(p->out, msg_read_text(pointer), MAX_TEXT);
	} else if (type.kind == REGISTRY_DATA_KIND_DATA) {
		text_put_data(p->out, msg_read_data(pointer), MAX_DATA);
	} else if (type.kind == REGISTRY_DATA_KIND_STRUCT) {
		print_struct(p, type.id, msg_read_struct(pointer), depth);
	} else if (type.kind == REGISTRY_DATA_KIND_ANY_POINTER &&
		   msg_pointer_kind(pointer) != MSG_POINTER_CAP) {
		text_put(p->out, msg_pointer_is_null(pointer) ? "null" : "<any>");
	} else {
		print_capability(p, type, pointer);
	}
}

static void print_field(struct printer *p, struct registry_data_field_reader field, struct msg_struct s,
			unsigned depth)
{
	struct registry_type type = registry_type_of(field);
	uint32_t offset = registry_data_field_reader_offset(field);

	if (type.lists == 0 && type.kind == REGISTRY_DATA_KIND_GROUP) {
		print_struct(p, type.id, s, depth);
	} else if (type.lists > 0 ||
		   (registry_scalar_bits(type.kind) == 0 && type.kind != REGISTRY_DATA_KIND_VOID)) {
		struct msg_pointer pointer = msg_struct_pointer(s, offset);

		if (msg_pointer_is_null(pointer) && registry_data_field_reader_has_default_pointer(field))
			pointer = registry_data_field_reader_default_pointer(field);
		print_pointer(p, type, pointer, depth);
	} else {
		uint64_t bits = registry_field_bits(s, registry_scalar_bits(type.kind), offset);

		print_scalar(p, type, bits ^ registry_data_field_reader_default_bits(field));
	}
}

static void print_struct(struct printer *p, uint64_t id, struct msg_struct value, unsigned depth)
{
	struct registry_data_struct_reader type;

	if (depth >= MAX_DEPTH || !registry_struct(p->registry, id, &type)) {
		text_put(p->out, "(...)");
		return;
	}

	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(type);
	bool first = true;
	text_put(p->out, "(");
	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);

		if (registry_absent(type, field, value))
			continue;
		text_put(p->out, first ? "" : ", ");
		text_put_text(p->out, registry_data_field_reader_name(field));
		text_put(p->out, " = ");
		print_field(p, field, value, depth + 1);
		first = false;
	}
	text_put(p->out, ")");
}

void registry_print_struct(struct registry *registry, const struct text_out *out,
			   struct registry_data_struct_reader type, struct msg_struct value)
{
	struct printer p = {registry, out};

	print_struct(&p, registry_data_struct_reader_id(type), value, 0);
}

void registry_print_results(struct registry *registry, const struct text_out *out,
			    struct registry_data_struct_reader type, struct msg_struct value)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(type);
	struct printer p = {registry, out};

	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);
		struct registry_type t = registry_type_of(field);

		if (registry_absent(type, field, value))
			continue;
		text_put(out, "  ");
		text_put_text(out, registry_data_field_reader_name(field));
		text_put(out, " =");
		if (t.lists > 0 &&
		    registry_elem((struct registry_type){t.kind, t.lists - 1, t.id}) == MSG_ELEM_COMPOSITE &&
		    msg_list_count(msg_struct_list(value, registry_data_field_reader_offset(field),
						   MSG_ELEM_COMPOSITE)) > 0) {
			print_list(&p, t, msg_struct_pointer(value, registry_data_field_reader_offset(field)),
				   1, "\n    ", "\n    ");
		} else {
			text_put(out, " ");
			print_field(&p, field, value, 0);
		}
		text_put(out, "\n");
	}
}
