// SPDX-License-Identifier: MIT OR Apache-2.0
/* See methods.h. */
#include "methods.h"

#include <registry/read.h>
#include <registry/registry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METHODS_MAX 512u
#define LIST_MAX 24u /* elements of what is made up */

/* Made of all schemas at build time (mk/schema.mk). */
static const uint8_t registry_bytes[] __attribute__((aligned(8))) = {
#embed "registry.bin"
};

static struct method methods[METHODS_MAX];
static unsigned count;

/* ---- From the registry ---- */

static bool is_of_the_kernel(struct registry_data_interface_reader interface)
{
	static const char room[] = "schema/kernel/";
	struct msg_text file = registry_data_interface_reader_file(interface);

	return file.len > sizeof(room) - 1 && memcmp(file.ptr, room, sizeof(room) - 1) == 0;
}

static bool is_capability(struct registry_type type)
{
	return type.lists == 0 &&
	       (type.kind == REGISTRY_DATA_KIND_INTERFACE || type.kind == REGISTRY_DATA_KIND_CAPABILITY);
}

/* Of elements of the list that the type is, Text and Data included. */
static uint8_t element_bits(struct registry_type type)
{
	if (type.kind == REGISTRY_DATA_KIND_TEXT || type.kind == REGISTRY_DATA_KIND_DATA)
		return 8;
	return type.lists > 1 ? 0 : (uint8_t)registry_scalar_bits(type.kind);
}

static void load_fields(struct registry *registry, struct method *method,
			struct registry_data_struct_reader type, unsigned depth)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(type);

	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);
		struct registry_type t = registry_type_of(field);
		struct registry_data_struct_reader inner;

		if (t.kind == REGISTRY_DATA_KIND_GROUP && depth < 3 &&
		    registry_struct(registry, t.id, &inner)) {
			load_fields(registry, method, inner, depth + 1);
			continue;
		}
		if (method->field_count == METHOD_FIELDS)
			return;
		struct method_field *out = &method->fields[method->field_count++];
		*out = (struct method_field){
			.bits = t.lists == 0 ? (uint8_t)registry_scalar_bits(t.kind) : 0,
			.is_cap = is_capability(t),
			.element = element_bits(t),
			.offset = (uint16_t)registry_data_field_reader_offset(field),
			.interface_id = t.kind == REGISTRY_DATA_KIND_INTERFACE ? t.id : 0,
		};
		if (t.kind == REGISTRY_DATA_KIND_STRUCT && registry_struct(registry, t.id, &inner)) {
			out->is_struct = true;
			out->words = (uint8_t)registry_data_struct_reader_data_words(inner);
			out->pointers = (uint8_t)registry_data_struct_reader_pointers(inner);
		}
	}
}

static void load_results(struct registry *registry, struct method *method,
			 struct registry_data_struct_reader type)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(type);
	unsigned n = 0;

	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields) && n < METHOD_RESULTS; i++) {
		struct registry_type t = registry_type_of(registry_data_field_list_reader_at(fields, i));
		struct registry_data_struct_reader group;

		if (is_capability(t))
			method->results[n++] = t.id;
		else if (t.kind == REGISTRY_DATA_KIND_GROUP && n == 0 &&
			 registry_struct(registry, t.id, &group))
			load_results(registry, method, group);
	}
}

static void load_method(struct registry *registry, struct registry_data_interface_reader interface,
			struct registry_data_method_reader from, uint16_t ordinal)
{
	struct registry_data_struct_reader params, results;

	if (count == METHODS_MAX ||
	    !registry_struct(registry, registry_data_method_reader_params(from), &params))
		return;
	struct method *method = &methods[count++];
	*method = (struct method){
		.interface_id = registry_data_interface_reader_id(interface),
		.ordinal = ordinal,
		.words = (uint8_t)registry_data_struct_reader_data_words(params),
		.pointers = (uint8_t)registry_data_struct_reader_pointers(params),
	};
	load_fields(registry, method, params, 0);
	if (registry_struct(registry, registry_data_method_reader_results(from), &results))
		load_results(registry, method, results);
}

void methods_load(void)
{
	struct registry registry;

	if (count != 0)
		return;
	if (!registry_open(&registry, registry_bytes, sizeof(registry_bytes))) {
		fprintf(stderr, "the registry data is none\n");
		abort();
	}
	for (uint32_t i = 0; i < registry_data_interface_list_reader_count(registry.interfaces); i++) {
		registry_renew(&registry);
		struct registry_data_interface_reader interface = registry_data_interface_list_reader_at(
			registry.interfaces, i);
		struct registry_data_method_list_reader list = registry_data_interface_reader_methods(
			interface);
		if (!is_of_the_kernel(interface))
			continue;
		for (uint32_t m = 0; m < registry_data_method_list_reader_count(list); m++)
			load_method(&registry, interface, registry_data_method_list_reader_at(list, m),
				    (uint16_t)m);
	}
}

unsigned methods_count(void)
{
	return count;
}

const struct method *methods_at(unsigned i)
{
	return &methods[i];
}

unsigned methods_of(uint64_t interface_id, unsigned *of)
{
	unsigned first = 0;

	while (first < count && methods[first].interface_id != interface_id)
		first++;
	*of = 0;
	while (first + *of < count && methods[first + *of].interface_id == interface_id)
		++*of;
	return first;
}

/* ---- Into a message ---- */

struct message {
	uint64_t *words;
	unsigned used, limit, caps;
	uint64_t *wanted;
};

/* Pointers as the encoding has them (capnproto.org/encoding.html): offsets count from the word behind the pointer. */
static uint64_t struct_pointer(unsigned at, unsigned to, unsigned words, unsigned pointers)
{
	return (uint64_t)(to - at - 1) << 2 | (uint64_t)words << 32 | (uint64_t)pointers << 48;
}

static uint64_t list_pointer(unsigned at, unsigned to, unsigned size_code, unsigned elements)
{
	return 1 | (uint64_t)(to - at - 1) << 2 | (uint64_t)size_code << 32 | (uint64_t)elements << 35;
}

static void put_bits(uint64_t *words, unsigned bits, unsigned offset, uint64_t value)
{
	unsigned bit = bits * offset;
	uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;

	words[bit / 64] |= (value & mask) << bit % 64;
}

/* A list of scalars, of Texts (NUL included), or of pointers, which stay null. */
static void put_list(struct message *m, unsigned at, uint8_t bits, struct input *in)
{
	unsigned n = input_below(in, LIST_MAX), words = (n * (bits ? bits : 64) + 63) / 64;
	unsigned code = bits == 0 ? 6 : bits == 1 ? 1 : bits == 8 ? 2 : bits == 16 ? 3 : bits == 32 ? 4 : 5;
	uint64_t fill = input_byte(in) * 0x0101010101010101ull;

	if (n == 0 || words > m->limit - m->used)
		return;
	for (unsigned i = 0; i < words; i++)
		m->words[m->used + i] = bits ? fill : 0;
	if (bits == 8 && n % 8 != 0)
		m->words[m->used + words - 1] &= ~(~0ull
						   << 8 * (n % 8 - 1)); /* ends in NUL, and padding is zero */
	m->words[at] = list_pointer(at, m->used, code, n);
	m->used += words;
}

static void put_field(struct message *m, const struct method *method, const struct method_field *field,
		      struct input *in)
{
	unsigned at = 1 + method->words + field->offset;

	if (field->bits != 0) {
		put_bits(m->words + 1, field->bits, field->offset, input_number(in));
	} else if (field->offset >= method->pointers) {
		return;
	} else if (field->is_cap) {
		if (m->caps == METHOD_CAPS || input_rarely(in, 8))
			return;
		m->wanted[m->caps] = field->interface_id;
		m->words[at] = 3 | (uint64_t)m->caps++ << 32;
	} else if (field->is_struct && field->element == 0 &&
		   (unsigned)field->words + field->pointers < m->limit - m->used) {
		for (unsigned i = 0; i < field->words; i++)
			m->words[m->used + i] = input_number(in);
		for (unsigned i = 0; i < field->pointers; i++)
			m->words[m->used + field->words + i] = 0;
		m->words[at] = struct_pointer(at, m->used, field->words, field->pointers);
		m->used += (unsigned)field->words + field->pointers;
	} else {
		put_list(m, at, field->element, in);
	}
}

unsigned method_message(const struct method *method, struct input *in, uint64_t *words, unsigned limit,
			unsigned *caps, uint64_t wanted[METHOD_CAPS])
{
	struct message m = {words, 1 + (unsigned)method->words + method->pointers, limit, 0, wanted};

	memset(words, 0, m.used * sizeof(*words));
	words[0] = struct_pointer(0, 1, method->words, method->pointers);
	for (unsigned i = 0; i < method->field_count; i++)
		put_field(&m, method, &method->fields[i], in);
	if (input_rarely(in, 16))
		words[input_below(in, m.used)] ^= 1ull << input_below(in, 64);
	if (input_rarely(in, 32))
		m.used = input_below(in, m.used + 1);
	*caps = m.caps;
	return m.used;
}
