// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Framing, and the copy that brings several segments into one.
 *
 * The frame is: segment count minus one, each segment's size in words, padding to a word, segments. The copy walks the
 * pointers from the root, follows far pointers, checks every object against the bounds of its own segment, and charges
 * a budget, so that a message whose pointers alias cannot make it run or grow without end.
 */
#include <message/frame.h>

#include "internal.h"

struct segment {
	const uint8_t *base;
	uint32_t words;
};

struct flatten {
	struct segment segments[MSG_MAX_SEGMENTS];
	uint32_t count;
	uint32_t budget;
	struct msg_builder out;
	bool bad;
};

/* An object found behind a pointer: the word that describes it, and where it is. */
struct object {
	uint64_t word;
	uint32_t segment;
	uint64_t at; /* words from the segment's start */
};

enum status msg_frame_length(const void *in, size_t in_bytes, uint64_t *bytes)
{
	const uint8_t *p = in;

	*bytes = 8;
	if (in_bytes < 8)
		return STATUS_AGAIN;

	uint32_t raw = msg_load32(p);
	if (raw >= MSG_MAX_SEGMENTS - 1) /* the raw count, before 1 is added to it */
		return STATUS_BAD_MESSAGE;

	uint32_t count = raw + 1;
	uint64_t table = (4 + (uint64_t)count * 4 + 7) & ~7ull;
	*bytes = table;
	if (in_bytes < table)
		return STATUS_AGAIN;

	uint64_t words = 0;
	for (uint32_t i = 0; i < count; i++)
		words += msg_load32(p + 4 + (size_t)i * 4);
	*bytes = table + words * 8;
	return STATUS_OK;
}

static enum status find_segments(struct flatten *f, const uint8_t *in, size_t in_bytes)
{
	uint64_t length;
	enum status s = msg_frame_length(in, in_bytes, &length);

	if (s != STATUS_OK || length > in_bytes)
		return STATUS_BAD_MESSAGE;

	f->count = msg_load32(in) + 1;
	uint64_t at = (4 + (uint64_t)f->count * 4 + 7) & ~7ull;
	for (uint32_t i = 0; i < f->count; i++) {
		f->segments[i] = (struct segment){in + at, msg_load32(in + 4 + (size_t)i * 4)};
		at += (uint64_t)f->segments[i].words * 8;
	}
	return f->segments[0].words ? STATUS_OK : STATUS_BAD_MESSAGE;
}

static bool inside(const struct flatten *f, uint32_t segment, uint64_t at, uint64_t words)
{
	return segment < f->count && at <= f->segments[segment].words &&
	       words <= f->segments[segment].words - at;
}

static uint64_t load(const struct flatten *f, uint32_t segment, uint64_t at)
{
	return msg_load64(f->segments[segment].base + at * 8);
}

static bool pay(struct flatten *f, uint64_t words)
{
	if (words > f->budget)
		return false;
	f->budget -= (uint32_t)words;
	return true;
}

/* The object that the (non-null) pointer at (segment, at) names, through at most one far pointer; false: malformed. */
static bool resolve(const struct flatten *f, uint32_t segment, uint64_t at, struct object *o)
{
	uint64_t word = load(f, segment, at);

	if ((word & 3) == 2) {
		uint32_t pad_segment = (uint32_t)(word >> 32);
		uint64_t pad = (uint32_t)word >> 3;
		bool two = (word >> 2 & 1) != 0;

		if (!inside(f, pad_segment, pad, two ? 2 : 1))
			return false;
		word = load(f, pad_segment, pad);
		segment = pad_segment;
		at = pad;
		if (two) {
			if ((word & 7) != 2 || (word >> 32) >= f->count)
				return false;
			*o = (struct object){load(f, pad_segment, pad + 1), (uint32_t)(word >> 32),
					     (uint32_t)word >> 3};
			return (o->word & 3) < 2;
		}
	}

	int64_t target = (int64_t)at + 1 + ((int32_t)(uint32_t)word >> 2);
	*o = (struct object){word, segment, (uint64_t)target};
	return (word & 3) == 3 || ((word & 3) < 2 && target >= 0);
}

static void copy(struct flatten *f, uint32_t segment, uint64_t at, struct msg_pointer_builder to,
		 unsigned depth);

static void copy_body(struct flatten *f, uint32_t segment, uint64_t at, struct msg_struct_builder to,
		      uint32_t data_words, uint32_t pointers, unsigned depth)
{
	if (!to.data)
		return;
	if (data_words)
		__builtin_memcpy(to.data, f->segments[segment].base + at * 8, (size_t)data_words * 8);
	for (uint32_t i = 0; i < pointers && !f->bad; i++)
		copy(f, segment, at + data_words + i, msg_struct_slot(to, (data_words + i) * 8), depth);
}

static void copy_composite(struct flatten *f, struct object o, struct msg_pointer_builder to, unsigned depth)
{
	uint64_t words = o.word >> 35;

	if (!inside(f, o.segment, o.at, words + 1) || !pay(f, words + 1)) {
		f->bad = true;
		return;
	}

	uint64_t tag = load(f, o.segment, o.at);
	uint32_t count = (uint32_t)tag >> 2, data_words = (uint16_t)(tag >> 32),
		 pointers = (uint32_t)(tag >> 48);
	uint64_t step = data_words + pointers;

	if ((tag & 3) != 0 || step * count > words || (step == 0 && !pay(f, count))) {
		f->bad = true;
		return;
	}

	struct msg_list_builder list = msg_init_struct_list(to, data_words, pointers, count);
	for (uint32_t i = 0; i < list.count && step != 0 && !f->bad; i++)
		copy_body(f, o.segment, o.at + 1 + i * step, msg_list_struct_at(list, i), data_words,
			  pointers, depth);
}

static void copy_list(struct flatten *f, struct object o, struct msg_pointer_builder to, unsigned depth)
{
	enum msg_elem elem = (enum msg_elem)(o.word >> 32 & 7);
	uint64_t count = o.word >> 35;
	uint64_t words = msg_list_words(elem, count);

	if (elem == MSG_ELEM_COMPOSITE) {
		copy_composite(f, o, to, depth);
		return;
	}
	if (!inside(f, o.segment, o.at, words) || !pay(f, elem == MSG_ELEM_VOID ? count : words)) {
		f->bad = true;
		return;
	}

	struct msg_list_builder list = msg_init_list(to, elem, (uint32_t)count);
	if (!list.data)
		return;
	if (elem == MSG_ELEM_POINTER) {
		for (uint32_t i = 0; i < list.count && !f->bad; i++)
			copy(f, o.segment, o.at + i, msg_list_slot(list, i), depth);
		return;
	}
	if (words)
		__builtin_memcpy(list.data, f->segments[o.segment].base + o.at * 8, (size_t)words * 8);
}

static void copy(struct flatten *f, uint32_t segment, uint64_t at, struct msg_pointer_builder to,
		 unsigned depth)
{
	struct object o;

	if (!to.slot || load(f, segment, at) == 0)
		return;
	if (!resolve(f, segment, at, &o) || depth == 0) {
		f->bad = true;
		return;
	}
	if ((o.word & 3) == 3) {
		f->bad |= (uint32_t)o.word != 3 || o.word >> 32 > INT32_MAX;
		msg_set_cap(to, (int32_t)(o.word >> 32));
		return;
	}
	if ((o.word & 3) == 1) {
		copy_list(f, o, to, depth - 1);
		return;
	}

	uint32_t data_words = (uint16_t)(o.word >> 32), pointers = (uint32_t)(o.word >> 48);
	if (!inside(f, o.segment, o.at, data_words + pointers) || !pay(f, data_words + pointers)) {
		f->bad = true;
		return;
	}
	copy_body(f, o.segment, o.at, msg_init_struct(to, data_words, pointers), data_words, pointers,
		  depth - 1);
}

enum status msg_frame_flatten(const void *in, size_t in_bytes, void *out, size_t out_bytes,
			      uint32_t budget_words, size_t *used)
{
	struct flatten f = {.budget = budget_words};
	enum status s = find_segments(&f, in, in_bytes);

	*used = 0;
	if (s != STATUS_OK)
		return s;
	msg_builder_init(&f.out, out, out_bytes);
	copy(&f, 0, 0, msg_builder_root_pointer(&f.out), MSG_FRAME_NESTING);
	if (f.bad)
		return STATUS_BAD_MESSAGE;
	if (!msg_builder_ok(&f.out))
		return STATUS_TOO_LARGE;
	*used = msg_builder_size(&f.out);
	return STATUS_OK;
}
