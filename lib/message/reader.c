// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Following pointers. Every check of a message's structure is in this file; the accessors of reader.h only compare
 * offsets with sizes that were established here.
 *
 * I1. A target is computed and compared as a 64-bit count of words from the base; a pointer to it is formed only
 *     when the whole object lies inside the segment.
 * I2. A handle of data_bytes and pointers (for lists: count elements of step_bits) lies inside the segment.
 * I3. Each object visited was paid for: its words, and a word for each zero-sized list element.
 */
#include "internal.h"

static void refuse(struct msg_reader *r)
{
	if (r)
		r->malformed = true;
}

struct msg_struct msg_refuse_struct(struct msg_reader *r)
{
	refuse(r);
	return (struct msg_struct){.msg = r};
}

static struct msg_list refuse_list(struct msg_reader *r)
{
	refuse(r);
	return (struct msg_list){.msg = r};
}

/* Takes `words` from the budget. */
static bool pay(struct msg_reader *r, uint64_t words)
{
	if (!r)
		return true;
	if (words > r->budget)
		return false;
	r->budget -= (uint32_t)words;
	return true;
}

/* Where a struct or list pointer points, if `words` words from there exist and are paid for; otherwise null. */
static const uint8_t *target(struct msg_pointer p, uint64_t word, uint64_t words)
{
	int64_t offset = (int32_t)(uint32_t)word >> 2;

	if (!p.msg)
		return p.slot + 8 + offset * 8;

	int64_t at = (p.slot - p.msg->base) / 8 + 1 + offset;
	if (at < 0 || (uint64_t)at > p.msg->words || words > p.msg->words - (uint64_t)at ||
	    !pay(p.msg, words))
		return nullptr;
	return p.msg->base + at * 8;
}

struct msg_struct msg_read_struct(struct msg_pointer p)
{
	uint64_t word = p.slot ? msg_load64(p.slot) : 0;
	uint32_t data_words = (uint16_t)(word >> 32), pointers = (uint32_t)(word >> 48);

	if (word == 0)
		return (struct msg_struct){.msg = p.msg};
	if ((word & 3) != 0 || p.depth == 0)
		return msg_refuse_struct(p.msg);

	const uint8_t *data = target(p, word, data_words + pointers);
	if (!data)
		return msg_refuse_struct(p.msg);
	return (struct msg_struct){p.msg, data, data_words * 8, (uint16_t)pointers, (uint16_t)(p.depth - 1)};
}

[[clang::preserve_most]] struct msg_root msg_reader_find_root(struct msg_reader *r)
{
	if (r->words == 0)
		return (struct msg_root){};

	uint64_t word = msg_load64(r->base);
	uint32_t data_words = (uint16_t)(word >> 32), pointers = (uint32_t)(word >> 48);

	/* Right behind the pointer, or empty: the root is free (reader.h). */
	if ((uint32_t)word == 0 && data_words + pointers < r->words)
		return (struct msg_root){r->base + 8, data_words * 8, (uint16_t)pointers,
					 (uint16_t)(r->nesting - 1)};
	if (word == msg_root_word(0, 0))
		return (struct msg_root){r->base + 8, 0, 0, (uint16_t)(r->nesting - 1)};

	struct msg_struct s = msg_read_struct(msg_reader_root_pointer(r));

	return (struct msg_root){s.data, s.data_bytes, s.pointers, s.depth};
}

/* Can a list of structs of these sizes be read as a list of `expected`? (Encoding specification, "Lists") */
static bool composite_fits(enum msg_elem expected, uint32_t data_words, uint32_t pointers)
{
	switch (expected) {
	case MSG_ELEM_BIT:
		return false;
	case MSG_ELEM_8:
	case MSG_ELEM_16:
	case MSG_ELEM_32:
	case MSG_ELEM_64:
		return data_words > 0;
	case MSG_ELEM_POINTER:
		return pointers > 0;
	default:
		return true;
	}
}

/* `count` is below 2^30 and `step` below 2^17: the product does not wrap. */
static bool elements_fit(uint64_t step, uint32_t count, uint64_t words)
{
	return step * count <= words;
}

static struct msg_list composite_list(struct msg_pointer p, const uint8_t *data, uint32_t count,
				      uint32_t data_words, uint32_t pointers)
{
	return (struct msg_list){
		.msg = p.msg,
		.data = data,
		.count = count,
		.step_bits = (data_words + pointers) * 64,
		.data_bytes = data_words * 8,
		.pointers = (uint16_t)pointers,
		.depth = (uint8_t)(p.depth - 1),
		.elem = MSG_ELEM_COMPOSITE,
	};
}

static struct msg_list read_composite(struct msg_pointer p, uint64_t word, enum msg_elem expected)
{
	uint64_t words = word >> 35;
	const uint8_t *tag_at = target(p, word, words + 1);

	if (!tag_at)
		return refuse_list(p.msg);

	uint64_t tag = msg_load64(tag_at);
	uint32_t count = (uint32_t)tag >> 2;
	uint32_t data_words = (uint16_t)(tag >> 32), pointers = (uint32_t)(tag >> 48);
	uint64_t step = data_words + pointers;

	if ((tag & 3) != 0 || !elements_fit(step, count, words) || (step == 0 && !pay(p.msg, count)) ||
	    !composite_fits(expected, data_words, pointers))
		return refuse_list(p.msg);
	return composite_list(p, tag_at + 8, count, data_words, pointers);
}

/* Can elements encoded as `elem` be read as `expected`? Larger ones can, but bits are only bits. */
static bool elem_fits(enum msg_elem expected, enum msg_elem elem)
{
	if (expected == MSG_ELEM_ANY)
		return true;
	if (elem == MSG_ELEM_BIT)
		return expected == MSG_ELEM_BIT;
	if (expected == MSG_ELEM_POINTER)
		return elem == MSG_ELEM_POINTER;
	if (expected == MSG_ELEM_BIT)
		return msg_data_bytes[elem] > 0;
	return msg_data_bytes[expected] <= msg_data_bytes[elem];
}

static struct msg_list plain_list(struct msg_pointer p, const uint8_t *data, enum msg_elem elem,
				  uint32_t count)
{
	return (struct msg_list){
		.msg = p.msg,
		.data = data,
		.count = count,
		.step_bits = msg_step_bits[elem],
		.data_bytes = msg_data_bytes[elem],
		.pointers = elem == MSG_ELEM_POINTER,
		.depth = (uint8_t)(p.depth - 1),
		.elem = elem,
	};
}

struct msg_list msg_read_list(struct msg_pointer p, enum msg_elem expected)
{
	uint64_t word = p.slot ? msg_load64(p.slot) : 0;
	enum msg_elem elem = (enum msg_elem)(word >> 32 & 7);
	uint64_t count = word >> 35;

	if (word == 0)
		return (struct msg_list){.msg = p.msg};
	if ((word & 3) != 1 || p.depth == 0)
		return refuse_list(p.msg);
	if (elem == MSG_ELEM_COMPOSITE)
		return read_composite(p, word, expected);

	const uint8_t *data = target(p, word, msg_list_words(elem, count));
	if (!data || (elem == MSG_ELEM_VOID && !pay(p.msg, count)) || !elem_fits(expected, elem))
		return refuse_list(p.msg);
	return plain_list(p, data, elem, (uint32_t)count);
}

/* A list of bytes, as Text and Data are. */
static struct msg_data read_bytes(struct msg_pointer p, uint64_t word)
{
	uint64_t count = word >> 35;
	const uint8_t *data = nullptr;

	if ((word & 3) == 1 && (word >> 32 & 7) == MSG_ELEM_8)
		data = target(p, word, (count + 7) / 8);
	if (!data)
		refuse(p.msg);
	return (struct msg_data){data, data ? (uint32_t)count : 0};
}

struct msg_text msg_read_text(struct msg_pointer p)
{
	uint64_t word = p.slot ? msg_load64(p.slot) : 0;

	if (word == 0)
		return (struct msg_text){"", 0};

	struct msg_data bytes = read_bytes(p, word);
	if (bytes.len == 0 || bytes.ptr[bytes.len - 1] != 0) {
		refuse(p.msg);
		return (struct msg_text){"", 0};
	}
	return (struct msg_text){(const char *)bytes.ptr, bytes.len - 1};
}

struct msg_data msg_read_data(struct msg_pointer p)
{
	uint64_t word = p.slot ? msg_load64(p.slot) : 0;

	if (word == 0)
		return (struct msg_data){};
	return read_bytes(p, word);
}

int32_t msg_read_cap(struct msg_pointer p)
{
	uint64_t word = p.slot ? msg_load64(p.slot) : 0;

	if (word == 0)
		return -1;
	if ((uint32_t)word != 3 || word >> 32 > INT32_MAX || (p.msg && word >> 32 >= p.msg->caps)) {
		refuse(p.msg);
		return -1;
	}
	return (int32_t)(word >> 32);
}
