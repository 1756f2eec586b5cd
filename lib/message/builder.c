// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Writing pointers and the objects behind them.
 *
 * A pointer is written only after its object has room: a failed builder holds a message that is still well-formed,
 * with nulls where things did not fit. Deep copies are in copy.c.
 */
#include <message/builder.h>

#include "internal.h"

uint64_t msg_list_word(const uint8_t *slot, const uint8_t *data, enum msg_elem elem, uint64_t count)
{
	int64_t offset = (data - slot) / 8 - 1;

	return (uint32_t)((uint64_t)offset << 2 | 1) | (uint64_t)elem << 32 | count << 35;
}

struct msg_struct_builder msg_init_struct(struct msg_pointer_builder p, uint32_t data_words,
					  uint32_t pointers)
{
	uint8_t *data = p.slot ? msg_builder_alloc(p.msg, data_words + pointers) : nullptr;

	if (data)
		msg_store64(p.slot, msg_struct_word(p.slot, data, data_words, pointers));
	return (struct msg_struct_builder){p.msg, data};
}

struct msg_list_builder msg_init_list(struct msg_pointer_builder p, enum msg_elem elem, uint32_t count)
{
	struct msg_list_builder list = {
		.msg = p.msg, .step_bits = msg_step_bits[elem], .data_bytes = msg_data_bytes[elem]};

	if (!p.slot)
		return list;
	if (count >= MSG_MAX_WORDS) { /* a pointer counts with 29 bits */
		p.msg->failed = true;
		return list;
	}
	list.data = msg_builder_alloc(p.msg, msg_list_words(elem, count));
	if (!list.data)
		return list;
	list.count = count;
	msg_store64(p.slot, msg_list_word(p.slot, list.data, elem, count));
	return list;
}

struct msg_list_builder msg_init_struct_list(struct msg_pointer_builder p, uint32_t data_words,
					     uint32_t pointers, uint32_t count)
{
	uint32_t step = data_words + pointers;
	uint64_t words = (uint64_t)count * step;
	struct msg_list_builder list = {.msg = p.msg, .step_bits = step * 64, .data_bytes = data_words * 8};

	if (!p.slot)
		return list;
	if (words >= MSG_MAX_WORDS || count >= MSG_MAX_WORDS) {
		p.msg->failed = true;
		return list;
	}

	uint8_t *tag = msg_builder_alloc(p.msg, words + 1);
	if (!tag)
		return list;
	msg_store64(tag, (uint32_t)(count << 2) | (uint64_t)data_words << 32 | (uint64_t)pointers << 48);
	msg_store64(p.slot, msg_list_word(p.slot, tag, MSG_ELEM_COMPOSITE, words));
	list.data = tag + 8;
	list.count = count;
	return list;
}

/* Only the last word is cleared: the caller writes all bytes. */
static uint8_t *reserve_bytes(struct msg_pointer_builder p, uint64_t bytes)
{
	uint64_t words = (bytes + 7) / 8;

	if (!p.slot)
		return nullptr;
	if (bytes >= MSG_MAX_WORDS || words > p.msg->capacity - p.msg->words) {
		p.msg->failed = true;
		return nullptr;
	}

	uint8_t *data = p.msg->base + (size_t)p.msg->words * 8;

	p.msg->words += (uint32_t)words;
	if (words > 0)
		msg_store64(data + (words - 1) * 8, 0);
	msg_store64(p.slot, msg_list_word(p.slot, data, MSG_ELEM_8, bytes));
	return data;
}

static uint8_t *init_bytes(struct msg_pointer_builder p, uint64_t bytes)
{
	uint8_t *data = reserve_bytes(p, bytes);

	if (data)
		__builtin_memset(data, 0, bytes);
	return data;
}

char *msg_init_text(struct msg_pointer_builder p, uint32_t len)
{
	return (char *)init_bytes(p, (uint64_t)len + 1);
}

uint8_t *msg_init_data(struct msg_pointer_builder p, uint32_t len)
{
	return init_bytes(p, len);
}

uint8_t *msg_reserve_data(struct msg_pointer_builder p, uint32_t len)
{
	return reserve_bytes(p, len);
}

void msg_set_text(struct msg_pointer_builder p, struct msg_text text)
{
	char *to = (char *)reserve_bytes(p, (uint64_t)text.len + 1);

	if (to && text.len)
		__builtin_memcpy(to, text.ptr, text.len);
}

void msg_set_data(struct msg_pointer_builder p, struct msg_data data)
{
	uint8_t *to = reserve_bytes(p, data.len);

	if (to && data.len)
		__builtin_memcpy(to, data.ptr, data.len);
}

struct msg_list_builder msg_get_list(struct msg_pointer_builder p)
{
	struct msg_list l = msg_read_list(msg_pointer_as_reader(p), MSG_ELEM_ANY);

	if (l.count == 0)
		return (struct msg_list_builder){.msg = p.msg};
	/* The list was found through p.slot, which is ours to write. */
	uint8_t *data = p.slot + (l.data - p.slot);
	return (struct msg_list_builder){p.msg, data, l.count, l.step_bits, l.data_bytes};
}
