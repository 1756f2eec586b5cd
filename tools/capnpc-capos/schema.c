// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reading the request that the stock compiler sends, and looking things up in it. */
#include "schema.h"

#include <message/frame.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A request of all schemas of the tree is a few hundred KiB. */
#define MAX_REQUEST (64u << 20)

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("capnpc-capos: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static uint8_t *read_all(int fd, size_t *len)
{
	size_t room = 1 << 16, used = 0;
	uint8_t *p = malloc(room);

	for (;;) {
		if (!p)
			die("no memory");
		ssize_t n = read(fd, p + used, room - used);
		if (n < 0)
			die("cannot read the request");
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > MAX_REQUEST)
			die("the request is larger than %u bytes", MAX_REQUEST);
		if (used == room) {
			room *= 2;
			p = realloc(p, room);
		}
	}
	*len = used;
	return p;
}

static int compare_nodes(const void *a, const void *b)
{
	uint64_t x = node_id(*(const struct node *)a), y = node_id(*(const struct node *)b);

	return x < y ? -1 : x > y;
}

void schema_read(struct schema *s, int fd)
{
	size_t len, flat_len;
	uint8_t *framed = read_all(fd, &len);
	uint8_t *flat = malloc(len + 64);

	if (!flat)
		die("no memory");
	if (msg_frame_flatten(framed, len, flat, len + 64, MAX_REQUEST, &flat_len) != STATUS_OK)
		die("standard input is not a CodeGeneratorRequest; run me through `capnp compile -o`");
	free(framed);
	msg_reader_init(&s->reader, flat, flat_len);
	/* The stock compiler made it, and it is visited over and over. */
	msg_reader_set_limits(&s->reader, UINT32_MAX, MSG_FRAME_NESTING);

	struct msg_struct root = msg_reader_root(&s->reader);
	s->nodes = msg_struct_list(root, 0, MSG_ELEM_COMPOSITE);
	s->files = msg_struct_list(root, 1, MSG_ELEM_COMPOSITE);
	s->sources = msg_struct_list(root, 3, MSG_ELEM_COMPOSITE);
	s->node_count = s->nodes.count;
	s->by_id = malloc((s->node_count + 1) * sizeof(struct node));
	if (!s->by_id)
		die("no memory");
	for (uint32_t i = 0; i < s->node_count; i++)
		s->by_id[i] = (struct node){msg_list_struct(s->nodes, i)};
	qsort(s->by_id, s->node_count, sizeof(struct node), compare_nodes);
}

bool schema_find(const struct schema *s, uint64_t id, struct node *out)
{
	uint32_t low = 0, high = s->node_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		uint64_t at = node_id(s->by_id[mid]);

		if (at == id) {
			*out = s->by_id[mid];
			return true;
		}
		if (at < id)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

struct node schema_node(const struct schema *s, uint64_t id)
{
	struct node n = {};

	if (!schema_find(s, id, &n))
		die("the request lacks the node %#llx", (unsigned long long)id);
	return n;
}

struct msg_text node_file(struct node n)
{
	struct msg_text name = node_display_name(n);
	const char *colon = memchr(name.ptr, ':', name.len);

	return colon ? (struct msg_text){name.ptr, (uint32_t)(colon - name.ptr)} : name;
}

struct msg_text schema_doc(const struct schema *s, uint64_t id, int member)
{
	for (uint32_t i = 0; i < s->sources.count; i++) {
		struct msg_struct info = msg_list_struct(s->sources, i);

		if (msg_struct_u64(info, 0) != id)
			continue;
		if (member < 0)
			return msg_struct_text(info, 0);
		struct msg_list members = msg_struct_list(info, 1, MSG_ELEM_COMPOSITE);
		return msg_struct_text(msg_list_struct(members, (uint32_t)member), 0);
	}
	return (struct msg_text){"", 0};
}

uint32_t type_bits(struct type t)
{
	switch (type_kind(t)) {
	case TYPE_VOID:
		return 0;
	case TYPE_BOOL:
		return 1;
	case TYPE_INT8:
	case TYPE_UINT8:
		return 8;
	case TYPE_INT16:
	case TYPE_UINT16:
	case TYPE_ENUM:
		return 16;
	case TYPE_INT32:
	case TYPE_UINT32:
	case TYPE_FLOAT32:
		return 32;
	default:
		return 64;
	}
}

enum msg_elem type_elem(struct type t)
{
	if (type_kind(t) == TYPE_STRUCT)
		return MSG_ELEM_COMPOSITE;
	if (type_is_pointer(t))
		return MSG_ELEM_POINTER;
	switch (type_bits(t)) {
	case 0:
		return MSG_ELEM_VOID;
	case 1:
		return MSG_ELEM_BIT;
	case 8:
		return MSG_ELEM_8;
	case 16:
		return MSG_ELEM_16;
	case 32:
		return MSG_ELEM_32;
	default:
		return MSG_ELEM_64;
	}
}

uint64_t value_bits(struct value v)
{
	switch ((enum type_kind)msg_struct_u16(v.s, 0)) {
	case TYPE_BOOL:
		return msg_struct_bool(v.s, 16);
	case TYPE_INT8:
	case TYPE_UINT8:
		return msg_struct_u8(v.s, 2);
	case TYPE_INT16:
	case TYPE_UINT16:
	case TYPE_ENUM:
		return msg_struct_u16(v.s, 2);
	case TYPE_INT32:
	case TYPE_UINT32:
	case TYPE_FLOAT32:
		return msg_struct_u32(v.s, 4);
	case TYPE_INT64:
	case TYPE_UINT64:
	case TYPE_FLOAT64:
		return msg_struct_u64(v.s, 8);
	default:
		return 0;
	}
}

bool struct_is_implicit(struct node n)
{
	struct msg_text name = node_display_name(n);

	return memchr(name.ptr, '$', name.len) != nullptr;
}
