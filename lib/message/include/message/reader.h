// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Reading a message: zero-copy, bounds-checked, nothing allocated.
 *
 * - Getters never fail. What is absent (null, or newer than the message) reads as its default; what is malformed
 *   reads as its default too, and marks the reader. A consumer reads all that it needs, asks msg_reader_ok once, and
 *   only then acts: decode, then invoke.
 * - The bytes must not change while they are read, and outlive every handle. Handles (msg_struct, msg_list,
 *   msg_pointer) are values; they point to the msg_reader, which holds the budget, so that must outlive them too.
 * - Budget: every object visited is charged its size in words, a zero-sized list element one word; the sum is at
 *   most MSG_TRAVERSAL times the message (the root struct itself is free). Pointers nest at most MSG_NESTING deep.
 * - Refused beyond what Cap'n Proto refuses: far pointers (message/frame.h resolves them), and messages over the
 *   limits above.
 * - A handle whose msg is null reads bytes that this program itself made (defaults, constants, a builder's own
 *   words): those are not checked.
 *
 * Offsets: `at` is in bytes from the start of the data section (bits for Bool), `index` counts pointers.
 */
#pragma once

#include <message/types.h>

struct msg_reader {
	const uint8_t *base;
	uint32_t words;
	uint32_t budget;  /* words that may still be visited */
	uint32_t caps;    /* capability indexes below this exist */
	uint16_t nesting; /* levels that a root may have */
	bool malformed;
};

struct msg_struct {
	struct msg_reader *msg;
	const uint8_t *data;
	uint32_t data_bytes; /* the pointers follow the data */
	uint16_t pointers;
	uint16_t depth; /* levels still allowed below */
};

struct msg_list {
	struct msg_reader *msg;
	const uint8_t *data;
	uint32_t count;
	uint32_t step_bits;  /* from one element to the next */
	uint32_t data_bytes; /* of each element; 0 for bits */
	uint16_t pointers;   /* of each element */
	uint8_t depth;
	uint8_t elem; /* enum msg_elem, as encoded */
};

/* A pointer of any kind (AnyPointer, a generic's parameter). slot is null where there is no such pointer. */
struct msg_pointer {
	struct msg_reader *msg;
	const uint8_t *slot;
	uint16_t depth;
};

/*
 * `bytes` must be a multiple of 8, and the first word the root pointer; otherwise the reader is malformed from the
 * start. Capability indexes are unlimited until msg_reader_set_caps.
 */
static inline void msg_reader_init(struct msg_reader *r, const void *words, size_t bytes)
{
	size_t count = bytes / 8;
	bool bad = bytes % 8 != 0 || count == 0 || count > MSG_MAX_WORDS;

	r->base = words;
	r->words = bad ? 0 : (uint32_t)count;
	r->budget = r->words * MSG_TRAVERSAL;
	r->caps = INT32_MAX;
	r->nesting = MSG_NESTING;
	r->malformed = bad;
}

/* How many capabilities came with the message; a larger index in it is malformed. */
static inline void msg_reader_set_caps(struct msg_reader *r, uint32_t caps)
{
	r->caps = caps;
}

/* For trusted files that are larger or deeper than a call (a schema, a manifest). */
static inline void msg_reader_set_limits(struct msg_reader *r, uint32_t budget_words, uint16_t nesting)
{
	r->budget = budget_words;
	r->nesting = nesting;
}

/* No malformed pointer was met so far. */
static inline bool msg_reader_ok(const struct msg_reader *r)
{
	return !r->malformed;
}

/* Following a pointer; out of line but for the root of a call. A null slot reads as a null pointer. */
struct msg_struct msg_read_struct(struct msg_pointer p);
struct msg_list msg_read_list(struct msg_pointer p, enum msg_elem expected);
struct msg_text msg_read_text(struct msg_pointer p);
struct msg_data msg_read_data(struct msg_pointer p);
int32_t msg_read_cap(struct msg_pointer p); /* index among the message's capabilities; -1: none */
struct msg_struct msg_refuse_struct(struct msg_reader *r);

/* The same for a handle's reader: null for bytes of this program's own. */
static inline bool msg_ok(const struct msg_reader *r)
{
	return !r || !r->malformed;
}

static inline bool msg_pointer_is_null(struct msg_pointer p)
{
	return p.slot == nullptr || msg_load64(p.slot) == 0;
}

/* p, or a null pointer. */
static inline struct msg_pointer msg_pointer_if(bool condition, struct msg_pointer p)
{
	if (!condition)
		p.slot = nullptr;
	return p;
}

enum msg_pointer_kind : uint8_t {
	MSG_POINTER_NULL,
	MSG_POINTER_STRUCT,
	MSG_POINTER_LIST,
	MSG_POINTER_CAP,
	MSG_POINTER_OTHER, /* far, or none that the encoding defines: malformed here */
};

static inline enum msg_pointer_kind msg_pointer_kind(struct msg_pointer p)
{
	uint64_t word = p.slot ? msg_load64(p.slot) : 0;

	if (word == 0)
		return MSG_POINTER_NULL;
	if ((word & 3) == 0)
		return MSG_POINTER_STRUCT;
	if ((word & 3) == 1)
		return MSG_POINTER_LIST;
	return (uint32_t)word == 3 ? MSG_POINTER_CAP : MSG_POINTER_OTHER;
}

static inline struct msg_pointer msg_reader_root_pointer(struct msg_reader *r)
{
	return (struct msg_pointer){r, r->words ? r->base : nullptr, r->nesting};
}

/*
 * The root struct, less its reader: in two registers. Out of line, and called rarely (msg_reader_root_of), so it saves the
 * registers and its callers need not.
 */
struct msg_root {
	const uint8_t *data;
	uint32_t data_bytes;
	uint16_t pointers;
	uint16_t depth;
};
[[clang::preserve_most]] struct msg_root msg_reader_find_root(struct msg_reader *r);

static inline struct msg_struct msg_reader_root(struct msg_reader *r)
{
	struct msg_root root = msg_reader_find_root(r);

	return (struct msg_struct){r, root.data, root.data_bytes, root.pointers, root.depth};
}

/* A struct pointer to what lies right behind it (the empty struct: to itself), as every builder writes the root. */
static inline uint64_t msg_root_word(uint32_t data_words, uint32_t pointers)
{
	return data_words + pointers == 0 ? 0xfffffffcull
					  : (uint64_t)data_words << 32 | (uint64_t)pointers << 48;
}

/*
 * The root struct, where sizes are constants of the schema: one comparison when the writer had the same schema, which
 * then is the whole check; anything else is looked at out of line.
 */
[[gnu::always_inline]] static inline struct msg_struct msg_reader_root_of(struct msg_reader *r,
									  uint32_t data_words,
									  uint32_t pointers)
{
	if (__builtin_expect(r->words <= data_words + pointers ||
				     msg_load64(r->base) != msg_root_word(data_words, pointers),
			     0))
		return msg_reader_root(r);
	return (struct msg_struct){r, r->base + 8, data_words * 8, (uint16_t)pointers,
				   (uint16_t)(r->nesting - 1)};
}

/* The comparison alone: is the root of this message, of `bytes`, a struct of exactly these sizes, right behind its pointer? */
[[gnu::always_inline]] static inline bool msg_is(const uint8_t *message, uint32_t bytes, uint32_t data_words,
						 uint32_t pointers)
{
	return bytes >= (1 + data_words + pointers) * 8 &&
	       msg_load64(message) == msg_root_word(data_words, pointers);
}

/*
 * The same for what a root's only pointer, behind its data, leads to: Text that lies next in the message, as every builder writes
 * it. That, too, is the whole check.
 */
[[gnu::always_inline]] static inline bool msg_text_is_next(const uint8_t *message, uint32_t bytes,
							   uint32_t data_words)
{
	const uint8_t *slot = message + 8 + (size_t)data_words * 8;
	uint64_t word = msg_load64(slot), count = word >> 35;

	return (word & 0x7ffffffff) == ((uint64_t)MSG_ELEM_8 << 32 | 1) && count != 0 &&
	       (count + 7) / 8 <= bytes / 8 - 2 - data_words && slot[7 + count] == 0;
}

/* ---- Fields of a struct ---- */

static inline uint8_t msg_struct_u8(struct msg_struct s, uint32_t at)
{
	return (uint64_t)at + 1 <= s.data_bytes ? msg_load8(s.data + at) : 0;
}

static inline uint16_t msg_struct_u16(struct msg_struct s, uint32_t at)
{
	return (uint64_t)at + 2 <= s.data_bytes ? msg_load16(s.data + at) : 0;
}

static inline uint32_t msg_struct_u32(struct msg_struct s, uint32_t at)
{
	return (uint64_t)at + 4 <= s.data_bytes ? msg_load32(s.data + at) : 0;
}

static inline uint64_t msg_struct_u64(struct msg_struct s, uint32_t at)
{
	return (uint64_t)at + 8 <= s.data_bytes ? msg_load64(s.data + at) : 0;
}

static inline bool msg_struct_bool(struct msg_struct s, uint32_t bit)
{
	return bit / 8 < s.data_bytes && (s.data[bit / 8] >> bit % 8 & 1) != 0;
}

static inline struct msg_pointer msg_struct_pointer(struct msg_struct s, uint32_t index)
{
	const uint8_t *slot = index < s.pointers ? s.data + s.data_bytes + (size_t)index * 8 : nullptr;

	return (struct msg_pointer){s.msg, slot, s.depth};
}

static inline bool msg_struct_has(struct msg_struct s, uint32_t index)
{
	return !msg_pointer_is_null(msg_struct_pointer(s, index));
}

static inline struct msg_struct msg_struct_struct(struct msg_struct s, uint32_t index)
{
	return msg_read_struct(msg_struct_pointer(s, index));
}

static inline struct msg_list msg_struct_list(struct msg_struct s, uint32_t index, enum msg_elem expected)
{
	return msg_read_list(msg_struct_pointer(s, index), expected);
}

static inline struct msg_text msg_struct_text(struct msg_struct s, uint32_t index)
{
	return msg_read_text(msg_struct_pointer(s, index));
}

static inline struct msg_data msg_struct_data(struct msg_struct s, uint32_t index)
{
	return msg_read_data(msg_struct_pointer(s, index));
}

static inline int32_t msg_struct_cap(struct msg_struct s, uint32_t index)
{
	return msg_read_cap(msg_struct_pointer(s, index));
}

/* ---- Elements of a list; an index beyond the end reads as the default ---- */

static inline uint32_t msg_list_count(struct msg_list l)
{
	return l.count;
}

static inline const uint8_t *msg_list_element(struct msg_list l, uint32_t i)
{
	return l.data + (size_t)((uint64_t)i * l.step_bits / 8);
}

static inline uint8_t msg_list_u8(struct msg_list l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 1 ? msg_load8(msg_list_element(l, i)) : 0;
}

static inline uint16_t msg_list_u16(struct msg_list l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 2 ? msg_load16(msg_list_element(l, i)) : 0;
}

static inline uint32_t msg_list_u32(struct msg_list l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 4 ? msg_load32(msg_list_element(l, i)) : 0;
}

static inline uint64_t msg_list_u64(struct msg_list l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 8 ? msg_load64(msg_list_element(l, i)) : 0;
}

#if MSG_FLOAT
static inline float msg_list_float32(struct msg_list l, uint32_t i)
{
	return msg_float32(msg_list_u32(l, i));
}

static inline double msg_list_float64(struct msg_list l, uint32_t i)
{
	return msg_float64(msg_list_u64(l, i));
}
#endif

static inline bool msg_list_bool(struct msg_list l, uint32_t i)
{
	if (i >= l.count || (l.data_bytes == 0 && l.elem != MSG_ELEM_BIT))
		return false;
	return (*msg_list_element(l, i) >> ((uint64_t)i * l.step_bits % 8) & 1) != 0;
}

static inline struct msg_pointer msg_list_pointer(struct msg_list l, uint32_t i)
{
	bool there = i < l.count && l.pointers > 0;

	return (struct msg_pointer){l.msg, there ? msg_list_element(l, i) + l.data_bytes : nullptr, l.depth};
}

static inline struct msg_struct msg_list_struct(struct msg_list l, uint32_t i)
{
	if (i >= l.count)
		return (struct msg_struct){.msg = l.msg};
	if (l.depth == 0)
		return msg_refuse_struct(l.msg);
	return (struct msg_struct){l.msg, msg_list_element(l, i), l.data_bytes, l.pointers,
				   (uint16_t)(l.depth - 1)};
}

static inline struct msg_list msg_list_list(struct msg_list l, uint32_t i, enum msg_elem expected)
{
	return msg_read_list(msg_list_pointer(l, i), expected);
}

static inline struct msg_text msg_list_text(struct msg_list l, uint32_t i)
{
	return msg_read_text(msg_list_pointer(l, i));
}

static inline struct msg_data msg_list_data(struct msg_list l, uint32_t i)
{
	return msg_read_data(msg_list_pointer(l, i));
}

static inline int32_t msg_list_cap(struct msg_list l, uint32_t i)
{
	return msg_read_cap(msg_list_pointer(l, i));
}

/* ---- Bytes of this program's own: defaults and constants. `words` starts with the pointer to the value. ---- */

static inline struct msg_pointer msg_trusted(const void *words)
{
	return (struct msg_pointer){nullptr, words, MSG_NESTING};
}

/* What getters do: nothing is looked at again where the compiler sees that it has been. */
#define MSG_IS_CHECKED(p) (__builtin_constant_p((p).msg == nullptr) && (p).msg == nullptr)

static inline struct msg_data msg_checked_bytes(const uint8_t *slot, uint64_t word)
{
	return (struct msg_data){slot + 8 + ((int64_t)(int32_t)(uint32_t)word >> 2) * 8,
				 (uint32_t)(word >> 35)};
}

static inline struct msg_text msg_get_text(struct msg_pointer p)
{
	if (!MSG_IS_CHECKED(p))
		return msg_read_text(p);
	if (msg_pointer_is_null(p))
		return (struct msg_text){"", 0};

	struct msg_data bytes = msg_checked_bytes(p.slot, msg_load64(p.slot));

	return (struct msg_text){(const char *)bytes.ptr, bytes.len - 1};
}

static inline struct msg_data msg_get_data(struct msg_pointer p)
{
	if (!MSG_IS_CHECKED(p))
		return msg_read_data(p);
	return msg_pointer_is_null(p) ? (struct msg_data){} : msg_checked_bytes(p.slot, msg_load64(p.slot));
}

/* p, or if it is null, the default. */
static inline struct msg_pointer msg_pointer_or(struct msg_pointer p, const void *default_words)
{
	return msg_pointer_is_null(p) ? msg_trusted(default_words) : p;
}
