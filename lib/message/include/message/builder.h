// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Building a message in place, in a buffer of the caller's: one segment, root pointer first, nothing allocated.
 *
 * - Objects are laid one behind the other, in the order of their init calls, each zeroed first.
 * - Running out of room (or a Text or list beyond what a pointer can count) marks the builder as failed; handles that
 *   come back are then inert: writing through them does nothing. Ask msg_builder_ok once, before sending.
 * - Setting a pointer a second time leaves the first object in the message as dead words.
 * - Generated builders know the sizes of their structs and pass constants; whoever builds by a schema known only at
 *   run time passes those of the schema. `at` is in bytes (bits for Bool) from the start of the struct, so that
 *   pointer `i` of a struct with d data words is at (d + i) * 8. It must lie inside the struct: not checked.
 */
#pragma once

#include <message/reader.h>

struct msg_builder {
	uint8_t *base;
	uint32_t words;    /* used */
	uint32_t capacity; /* words */
	bool failed;
};

/* data is null in an inert handle. */
struct msg_struct_builder {
	struct msg_builder *msg;
	uint8_t *data;
};

struct msg_list_builder {
	struct msg_builder *msg;
	uint8_t *data;
	uint32_t count;
	uint32_t step_bits;
	uint32_t data_bytes; /* of each element */
};

/* Where a pointer is written. slot is null in an inert handle. */
struct msg_pointer_builder {
	struct msg_builder *msg;
	uint8_t *slot;
};

/* The buffer's old contents do not matter; a tail of fewer than 8 bytes is not used. */
static inline void msg_builder_init(struct msg_builder *b, void *words, size_t bytes)
{
	b->base = words;
	b->words = 0;
	b->capacity = bytes / 8 > MSG_MAX_WORDS ? MSG_MAX_WORDS : (uint32_t)(bytes / 8);
	b->failed = false;
}

/* Bytes of the message so far. */
static inline size_t msg_builder_size(const struct msg_builder *b)
{
	return (size_t)b->words * 8;
}

static inline bool msg_builder_ok(const struct msg_builder *b)
{
	return !b->failed;
}

/* Zeroed words at the end of the message, or null. */
static inline uint8_t *msg_builder_alloc(struct msg_builder *b, uint64_t words)
{
	if (words > b->capacity - b->words) {
		b->failed = true;
		return nullptr;
	}

	uint8_t *p = b->base + (size_t)b->words * 8;
	__builtin_memset(p, 0, (size_t)words * 8);
	b->words += (uint32_t)words;
	return p;
}

/* A struct pointer's word. An empty struct sits on its own pointer, so that it differs from null. */
static inline uint64_t msg_struct_word(const uint8_t *slot, const uint8_t *data, uint32_t data_words,
				       uint32_t pointers)
{
	int64_t offset = data_words + pointers == 0 ? -1 : (data - slot) / 8 - 1;

	return (uint32_t)((uint64_t)offset << 2) | (uint64_t)data_words << 32 | (uint64_t)pointers << 48;
}

/* Starts the message over with a root struct of that size. */
static inline struct msg_struct_builder msg_builder_root(struct msg_builder *b, uint32_t data_words,
							 uint32_t pointers)
{
	uint32_t words = 1 + data_words + pointers;

	if (words > b->capacity) {
		b->failed = true;
		return (struct msg_struct_builder){.msg = b};
	}
	__builtin_memset(b->base + 8, 0, (size_t)(words - 1) * 8);
	msg_store64(b->base, msg_struct_word(b->base, b->base + 8, data_words, pointers));
	b->words = words;
	b->failed = false;
	return (struct msg_struct_builder){b, b->base + 8};
}

/*
 * Text that the caller writes where the builder's next object comes, before it knows how long: there, and from then on it is one. The
 * caller has checked that len + 1 bytes, rounded up to words, have room, and has cleared those behind the text.
 */
static inline char *msg_text_place(const struct msg_builder *b)
{
	return (char *)b->base + (size_t)b->words * 8;
}

/*
 * The same for a builder whose capacity is known to be the root's size at least: the message is only begun. Without pointers it cannot
 * fail, and whether it has is not set.
 */
[[gnu::always_inline]] static inline struct msg_struct_builder msg_builder_root_as(struct msg_builder *b,
										   uint32_t data_words,
										   uint32_t pointers)
{
	uint8_t *base = b->base;

	__builtin_assume(base + 8 != nullptr);
	b->words = 1 + data_words + pointers;
	if (pointers != 0)
		b->failed = false;
	msg_store64(base, msg_root_word(data_words, pointers));
	__builtin_memset(base + 8, 0, (size_t)(data_words + pointers) * 8);
	return (struct msg_struct_builder){b, base + 8};
}

/* The root as a pointer that can be set to anything; starts the message over. */
static inline struct msg_pointer_builder msg_builder_root_pointer(struct msg_builder *b)
{
	b->words = 0;
	b->failed = false;
	return (struct msg_pointer_builder){b, msg_builder_alloc(b, 1)};
}

/* ---- Writing pointers ---- */
struct msg_struct_builder msg_init_struct(struct msg_pointer_builder p, uint32_t data_words,
					  uint32_t pointers);
/* A list of anything but structs. */
struct msg_list_builder msg_init_list(struct msg_pointer_builder p, enum msg_elem elem, uint32_t count);
struct msg_list_builder msg_init_struct_list(struct msg_pointer_builder p, uint32_t data_words,
					     uint32_t pointers, uint32_t count);
void msg_set_text(struct msg_pointer_builder p, struct msg_text text);
void msg_set_data(struct msg_pointer_builder p, struct msg_data data);
/* Room for len bytes (and, for text, the NUL), to be filled by the caller; null if there is none. */
char *msg_init_text(struct msg_pointer_builder p, uint32_t len);
/* The Text of len bytes at msg_text_place is what the pointer points to. */
static inline void msg_take_text(struct msg_pointer_builder p, uint32_t len)
{
	uint8_t *text = p.msg->base + (size_t)p.msg->words * 8;
	uint64_t offset = (uint64_t)(text - p.slot) / 8 - 1;

	msg_store64(p.slot, (uint64_t)(len + 1) << 35 | 2ull << 32 | offset << 2 | 1);
	p.msg->words += len / 8 + 1;
}
uint8_t *msg_init_data(struct msg_pointer_builder p, uint32_t len);
/* The same without clearing it: all bytes must be written. */
uint8_t *msg_reserve_data(struct msg_pointer_builder p, uint32_t len);
/* A deep copy. A malformed source marks its reader, a lack of room the builder; either leaves a null there. */
void msg_set_pointer(struct msg_pointer_builder p, struct msg_pointer from);
/* The same for a struct, making it at least as large as its schema says. */
void msg_set_struct(struct msg_pointer_builder p, struct msg_struct from, uint32_t data_words,
		    uint32_t pointers);
void msg_set_list(struct msg_pointer_builder p, struct msg_list from);
/* Copies the fields of `from` over an existing struct (an element of a list): what does not fit is dropped. */
void msg_copy_struct(struct msg_struct_builder to, struct msg_struct from, uint32_t data_words,
		     uint32_t pointers);
/*
 * What was set before, to be changed further; if it is null, made as a copy of the default (no default: zeroes). A
 * struct whose sizes are not those of its schema (copied from an older or newer message) is moved to one that has
 * them, without the data fields that the schema does not know.
 */
struct msg_struct_builder msg_get_struct(struct msg_pointer_builder p, uint32_t data_words, uint32_t pointers,
					 const void *default_words);
/* What was set before; an empty list if nothing was. */
struct msg_list_builder msg_get_list(struct msg_pointer_builder p);
struct msg_list_builder msg_get_struct_list(struct msg_pointer_builder p, uint32_t data_words,
					    uint32_t pointers);

/* index of a capability that travels with the message; negative: null. */
static inline void msg_set_cap(struct msg_pointer_builder p, int32_t index)
{
	if (p.slot)
		msg_store64(p.slot, index < 0 ? 0 : (uint64_t)(uint32_t)index << 32 | 3);
}

static inline void msg_set_null(struct msg_pointer_builder p)
{
	if (p.slot)
		msg_store64(p.slot, 0);
}

/* What was built, for reading. It needs no checks: this program made it. */
static inline struct msg_pointer msg_pointer_as_reader(struct msg_pointer_builder p)
{
	return (struct msg_pointer){nullptr, p.slot, MSG_NESTING};
}

static inline struct msg_struct msg_struct_as_reader(struct msg_struct_builder b, uint32_t data_words,
						     uint32_t pointers)
{
	if (!b.data)
		return (struct msg_struct){};
	return (struct msg_struct){nullptr, b.data, data_words * 8, (uint16_t)pointers, MSG_NESTING};
}

/* ---- Fields of a struct ---- */

static inline void msg_struct_set_u8(struct msg_struct_builder b, uint32_t at, uint8_t v)
{
	if (b.data)
		b.data[at] = v;
}

static inline void msg_struct_set_u16(struct msg_struct_builder b, uint32_t at, uint16_t v)
{
	if (b.data)
		msg_store16(b.data + at, v);
}

static inline void msg_struct_set_u32(struct msg_struct_builder b, uint32_t at, uint32_t v)
{
	if (b.data)
		msg_store32(b.data + at, v);
}

static inline void msg_struct_set_u64(struct msg_struct_builder b, uint32_t at, uint64_t v)
{
	if (b.data)
		msg_store64(b.data + at, v);
}

static inline void msg_struct_set_bool(struct msg_struct_builder b, uint32_t bit, bool v)
{
	if (b.data)
		b.data[bit / 8] = (uint8_t)((b.data[bit / 8] & ~(1u << bit % 8)) | (unsigned)v << bit % 8);
}

static inline struct msg_pointer_builder msg_struct_slot(struct msg_struct_builder b, uint32_t at)
{
	return (struct msg_pointer_builder){b.msg, b.data ? b.data + at : nullptr};
}

/* ---- Elements of a list; beyond the end nothing is written ---- */

static inline uint8_t *msg_list_at(struct msg_list_builder l, uint32_t i)
{
	return l.data && i < l.count ? l.data + (size_t)((uint64_t)i * l.step_bits / 8) : nullptr;
}

static inline void msg_list_set_u8(struct msg_list_builder l, uint32_t i, uint8_t v)
{
	uint8_t *p = msg_list_at(l, i);

	if (p && l.data_bytes >= 1)
		*p = v;
}

static inline void msg_list_set_u16(struct msg_list_builder l, uint32_t i, uint16_t v)
{
	uint8_t *p = msg_list_at(l, i);

	if (p && l.data_bytes >= 2)
		msg_store16(p, v);
}

static inline void msg_list_set_u32(struct msg_list_builder l, uint32_t i, uint32_t v)
{
	uint8_t *p = msg_list_at(l, i);

	if (p && l.data_bytes >= 4)
		msg_store32(p, v);
}

static inline void msg_list_set_u64(struct msg_list_builder l, uint32_t i, uint64_t v)
{
	uint8_t *p = msg_list_at(l, i);

	if (p && l.data_bytes >= 8)
		msg_store64(p, v);
}

/* For lists that msg_init_list made of MSG_ELEM_BIT. */
static inline void msg_list_set_bool(struct msg_list_builder l, uint32_t i, bool v)
{
	uint8_t *p = msg_list_at(l, i);
	unsigned bit = (unsigned)((uint64_t)i * l.step_bits % 8);

	if (p)
		*p = (uint8_t)((*p & ~(1u << bit)) | (unsigned)v << bit);
}

static inline struct msg_pointer_builder msg_list_slot(struct msg_list_builder l, uint32_t i)
{
	uint8_t *p = msg_list_at(l, i);

	return (struct msg_pointer_builder){l.msg,
					    p && l.step_bits > l.data_bytes * 8 ? p + l.data_bytes : nullptr};
}

static inline struct msg_struct_builder msg_list_struct_at(struct msg_list_builder l, uint32_t i)
{
	return (struct msg_struct_builder){l.msg, msg_list_at(l, i)};
}
