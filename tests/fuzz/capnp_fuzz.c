// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Our reader of messages against the stock one, over arbitrary bytes as one segment: what ours accepts, the stock reader accepts, too,
 * and both see the same. The reverse does not hold: ours refuses far pointers, nesting beyond 16, and visiting a message more than
 * four times over (lib/message).
 *
 * Both walk everything and leave a digest: sizes, every byte of data sections and lists, in order. The last word of a root that is
 * a capability is no difference: neither reader has a table of them.
 */
#include "oracle.h"

#include <message/message.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t words[WORDS_MAX];

static uint64_t walk(struct msg_pointer p);

static uint64_t walk_struct(struct msg_struct s)
{
	uint64_t sum = oracle_mix(oracle_mix(1, s.data_bytes), s.pointers);

	for (uint32_t at = 0; at < s.data_bytes; at++)
		sum = oracle_mix(sum, msg_struct_u8(s, at));
	for (uint32_t i = 0; i < s.pointers && msg_ok(s.msg); i++)
		sum = oracle_mix(sum, walk(msg_struct_pointer(s, i)));
	return sum;
}

static uint64_t element(struct msg_list l, uint32_t i)
{
	switch (l.elem) {
	case MSG_ELEM_BIT:
		return msg_list_bool(l, i);
	case MSG_ELEM_8:
		return msg_list_u8(l, i);
	case MSG_ELEM_16:
		return msg_list_u16(l, i);
	case MSG_ELEM_32:
		return msg_list_u32(l, i);
	case MSG_ELEM_64:
		return msg_list_u64(l, i);
	case MSG_ELEM_POINTER:
		return walk(msg_list_pointer(l, i));
	case MSG_ELEM_COMPOSITE:
		return walk_struct(msg_list_struct(l, i));
	default:
		return 0;
	}
}

static uint64_t walk_list(struct msg_list l)
{
	uint64_t sum = oracle_mix(oracle_mix(2, l.elem), l.count);

	if (l.elem == MSG_ELEM_VOID) /* nothing to see, and possibly many */
		return sum;
	for (uint32_t i = 0; i < l.count && msg_ok(l.msg); i++)
		sum = oracle_mix(sum, element(l, i));
	return sum;
}

static uint64_t walk(struct msg_pointer p)
{
	switch (msg_pointer_kind(p)) {
	case MSG_POINTER_NULL:
		return 7;
	case MSG_POINTER_CAP:
		return 8;
	case MSG_POINTER_LIST:
		return walk_list(msg_read_list(p, MSG_ELEM_ANY));
	default:
		return walk_struct(msg_read_struct(p));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg_reader reader;
	uint64_t theirs;

	size &= ~7ull;
	if (size == 0 || size > sizeof(words))
		return 0;
	memcpy(words, data, size);
	msg_reader_init(&reader, words, size);
	uint64_t ours = walk(msg_reader_root_pointer(&reader));
	if (!msg_reader_ok(&reader))
		return 0;
	if (!oracle_walk(words, size / 8, &theirs)) {
		oracle_say("ours accepts what the stock reader refuses");
		abort();
	}
	if (ours != theirs) {
		oracle_say("both accept it, and see different things");
		abort();
	}
	return 0;
}
