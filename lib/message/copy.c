// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Deep copies from a message (or a default, or another builder) into a builder.
 *
 * The source is walked by the same checks and the same budget as any reader's; recursion is bounded by the depth
 * that its handles carry. The copy keeps the sizes of the source, so that fields newer than our schema survive.
 */
#include <message/builder.h>

#include "internal.h"

static void copy_pointers(uint8_t *to, struct msg_builder *msg, struct msg_struct from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		msg_set_pointer((struct msg_pointer_builder){msg, to + (size_t)i * 8},
				msg_struct_pointer(from, i));
}

void msg_copy_struct(struct msg_struct_builder to, struct msg_struct from, uint32_t data_words,
		     uint32_t pointers)
{
	uint32_t bytes = from.data_bytes < data_words * 8 ? from.data_bytes : data_words * 8;

	if (!to.data)
		return;
	if (bytes)
		__builtin_memcpy(to.data, from.data, bytes);
	copy_pointers(to.data + (size_t)data_words * 8, to.msg, from,
		      pointers < from.pointers ? pointers : from.pointers);
}

void msg_set_struct(struct msg_pointer_builder p, struct msg_struct from, uint32_t data_words,
		    uint32_t pointers)
{
	uint32_t from_words = (from.data_bytes + 7) / 8;
	uint32_t d = from_words > data_words ? from_words : data_words;
	uint32_t n = from.pointers > pointers ? from.pointers : pointers;

	msg_copy_struct(msg_init_struct(p, d, n), from, d, n);
}

static void set_composite(struct msg_pointer_builder p, struct msg_list from)
{
	uint32_t data_words = from.data_bytes / 8;
	struct msg_list_builder to = msg_init_struct_list(p, data_words, from.pointers, from.count);

	for (uint32_t i = 0; i < to.count; i++)
		msg_copy_struct(msg_list_struct_at(to, i), msg_list_struct(from, i), data_words,
				from.pointers);
}

void msg_set_list(struct msg_pointer_builder p, struct msg_list from)
{
	if (from.elem == MSG_ELEM_COMPOSITE) {
		set_composite(p, from);
		return;
	}

	struct msg_list_builder to = msg_init_list(p, (enum msg_elem)from.elem, from.count);
	if (from.elem == MSG_ELEM_POINTER) {
		for (uint32_t i = 0; i < to.count; i++)
			msg_set_pointer(msg_list_slot(to, i), msg_list_pointer(from, i));
		return;
	}

	size_t bytes = (size_t)(((uint64_t)to.count * from.step_bits + 7) / 8);
	if (!bytes)
		return;
	__builtin_memcpy(to.data, from.data, bytes);
	if (from.elem == MSG_ELEM_BIT &&
	    to.count % 8 != 0) /* what lies behind the last bit is not ours to copy */
		to.data[bytes - 1] &= (uint8_t)((1u << to.count % 8) - 1);
}

void msg_set_pointer(struct msg_pointer_builder p, struct msg_pointer from)
{
	if (!p.slot)
		return;
	switch (msg_pointer_kind(from)) {
	case MSG_POINTER_NULL:
		msg_set_null(p);
		break;
	case MSG_POINTER_CAP:
		msg_set_cap(p, msg_read_cap(from));
		break;
	case MSG_POINTER_LIST: {
		struct msg_list list = msg_read_list(from, MSG_ELEM_ANY);

		if (list.data)
			msg_set_list(p, list);
		else
			msg_set_null(p);
		break;
	}
	default: {
		struct msg_struct s = msg_read_struct(from);

		if (s.data)
			msg_set_struct(p, s, 0, 0);
		else
			msg_set_null(p);
		break;
	}
	}
}

/* Moves a struct within its builder: data as it is, pointers re-aimed. */
static void move_struct(uint8_t *to, uint32_t data_words, struct msg_struct from)
{
	uint32_t bytes = from.data_bytes < data_words * 8 ? from.data_bytes : data_words * 8;

	if (bytes)
		__builtin_memcpy(to, from.data, bytes);
	for (uint32_t i = 0; i < from.pointers; i++) {
		const uint8_t *src = from.data + from.data_bytes + (size_t)i * 8;
		uint8_t *dst = to + ((size_t)data_words + i) * 8;
		uint64_t word = msg_load64(src);
		bool aimed = word != 0 && (word & 2) == 0 && (uint32_t)word != 0xfffffffcu;
		uint32_t low = (uint32_t)word;

		if (aimed)
			low -= (uint32_t)((dst - src) / 8) << 2;
		msg_store64(dst, (word & 0xffffffff00000000u) | low);
	}
}

struct msg_struct_builder msg_get_struct(struct msg_pointer_builder p, uint32_t data_words, uint32_t pointers,
					 const void *default_words)
{
	if (p.slot && default_words && msg_load64(p.slot) == 0)
		msg_set_pointer(p, msg_trusted(default_words));

	struct msg_struct s = msg_read_struct(msg_pointer_as_reader(p));
	if (!s.data)
		return msg_init_struct(p, data_words, pointers);

	if (s.data_bytes == data_words * 8 && s.pointers >= pointers)
		return (struct msg_struct_builder){p.msg, p.slot + (s.data - p.slot)};

	struct msg_struct_builder to = msg_init_struct(p, data_words,
						       s.pointers > pointers ? s.pointers : pointers);
	if (to.data)
		move_struct(to.data, data_words, s);
	return to;
}

struct msg_list_builder msg_get_struct_list(struct msg_pointer_builder p, uint32_t data_words,
					    uint32_t pointers)
{
	struct msg_list l = msg_read_list(msg_pointer_as_reader(p), MSG_ELEM_COMPOSITE);

	if (l.count == 0 ||
	    (l.elem == MSG_ELEM_COMPOSITE && l.data_bytes == data_words * 8 && l.pointers >= pointers))
		return msg_get_list(p);

	uint32_t n = l.pointers > pointers ? l.pointers : pointers;
	struct msg_list_builder to = msg_init_struct_list(p, data_words, n, l.count);
	for (uint32_t i = 0; i < to.count; i++)
		move_struct(msg_list_at(to, i), data_words, msg_list_struct(l, i));
	return to;
}
