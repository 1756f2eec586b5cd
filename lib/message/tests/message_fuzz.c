// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arbitrary bytes as a message, framed, packed or flat, through every walker that there is: reader, deep copy, frame,
 * generated check. The first byte of the input chooses. Whatever was accepted must copy, and read the same again.
 */
#include <message/frame.h>
#include <message/message.h>
#include <schema/service/image.capnp.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16 };

static uint64_t out[ROOM / 8], again[ROOM / 8], plain[ROOM / 8];

static uint64_t walk(struct msg_pointer p);

/* A digest of what a struct says; visits every pointer. */
static uint64_t walk_struct(struct msg_struct s)
{
	uint64_t sum = 1;

	for (uint32_t at = 0; at < s.data_bytes; at++)
		sum = sum * 31 + msg_struct_u8(s, at);
	for (uint32_t i = 0; i < s.pointers && msg_ok(s.msg); i++)
		sum = sum * 31 + walk(msg_struct_pointer(s, i));
	return sum;
}

static uint64_t walk_list(struct msg_list l)
{
	uint64_t sum = l.count;

	if (l.elem == MSG_ELEM_VOID) /* nothing to see, and possibly many */
		return sum;
	for (uint32_t i = 0; i < l.count && msg_ok(l.msg); i++) {
		if (l.elem == MSG_ELEM_COMPOSITE)
			sum = sum * 31 + walk_struct(msg_list_struct(l, i));
		else if (l.elem == MSG_ELEM_POINTER)
			sum = sum * 31 + walk(msg_list_pointer(l, i));
		else if (l.elem == MSG_ELEM_BIT)
			sum = sum * 31 + msg_list_bool(l, i);
		else
			sum = sum * 31 + msg_list_u8(l, i) + msg_list_u16(l, i) + msg_list_u32(l, i) +
			      msg_list_u64(l, i);
	}
	return sum;
}

static uint64_t walk(struct msg_pointer p)
{
	switch (msg_pointer_kind(p)) {
	case MSG_POINTER_NULL:
		return 7;
	case MSG_POINTER_CAP:
		return (uint64_t)msg_read_cap(p);
	case MSG_POINTER_LIST:
		return walk_list(msg_read_list(p, MSG_ELEM_ANY));
	default:
		return walk_struct(msg_read_struct(p));
	}
}

/* A flat message: if every walker is content, a copy says the same. */
static void flat(const void *words, size_t bytes)
{
	struct msg_reader r;
	struct msg_builder b;

	msg_reader_init(&r, words, bytes);
	image_check(image_reader_root(&r));

	msg_reader_init(&r, words, bytes);
	uint64_t sum = walk(msg_reader_root_pointer(&r));
	if (!msg_reader_ok(&r))
		return;
	msg_reader_init(&r, words, bytes);
	msg_builder_init(&b, out, sizeof(out));
	msg_set_pointer(msg_builder_root_pointer(&b), msg_reader_root_pointer(&r));
	if (!msg_reader_ok(&r))
		abort(); /* the same walk was within the budget before */
	if (!msg_builder_ok(&b))
		return;
	msg_reader_init(&r, out, msg_builder_size(&b));
	msg_reader_set_limits(&r, UINT32_MAX,
			      MSG_NESTING); /* without dead words it may be too short for its Voids */
	if (walk(msg_reader_root_pointer(&r)) != sum || !msg_reader_ok(&r))
		abort();
}

static void framed(const void *in, size_t bytes)
{
	size_t used;

	if (msg_frame_flatten(in, bytes, plain, sizeof(plain), 4 * ROOM, &used) != STATUS_OK)
		return;

	struct msg_reader r;
	msg_reader_init(&r, plain, used);
	msg_reader_set_limits(&r, UINT32_MAX, MSG_FRAME_NESTING);
	(void)walk(msg_reader_root_pointer(&r));
	if (!msg_reader_ok(&r))
		abort(); /* what flatten lets through is well-formed */
}

static void packed(const uint8_t *in, size_t bytes)
{
	size_t used, packed_len, back;

	if (msg_unpack(in, bytes, out, sizeof(out), &used) != STATUS_OK)
		return;
	framed(out, used);
	if (used > ROOM / 2)
		return;
	if (msg_pack(out, used, again, sizeof(again), &packed_len) != STATUS_OK ||
	    msg_unpack(again, packed_len, plain, sizeof(plain), &back) != STATUS_OK || back != used ||
	    memcmp(plain, out, used) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > ROOM)
		return 0;
	switch (data[0] % 3) {
	case 0:
		flat(data + 1, size - 1);
		break;
	case 1:
		framed(data + 1, size - 1);
		break;
	default:
		packed(data + 1, size - 1);
		break;
	}
	return 0;
}
