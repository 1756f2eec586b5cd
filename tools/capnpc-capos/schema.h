// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The parts of Cap'n Proto's own schema.capnp that a code generator needs, as accessors over the generic reader.
 *
 * Written by hand, because this is what generates such accessors. Offsets are those that `capnp compile -ocapnp
 * schema.capnp` prints; the names are the schema's (capnproto 0.9, /usr/include/capnp/schema.capnp).
 */
#pragma once

#include <message/message.h>

struct node {
	struct msg_struct s;
};

struct field {
	struct msg_struct s;
};

struct type {
	struct msg_struct s;
};

struct value {
	struct msg_struct s;
};

struct method {
	struct msg_struct s;
};

enum node_kind : uint16_t { NODE_FILE, NODE_STRUCT, NODE_ENUM, NODE_INTERFACE, NODE_CONST, NODE_ANNOTATION };

enum type_kind : uint16_t {
	TYPE_VOID,
	TYPE_BOOL,
	TYPE_INT8,
	TYPE_INT16,
	TYPE_INT32,
	TYPE_INT64,
	TYPE_UINT8,
	TYPE_UINT16,
	TYPE_UINT32,
	TYPE_UINT64,
	TYPE_FLOAT32,
	TYPE_FLOAT64,
	TYPE_TEXT,
	TYPE_DATA,
	TYPE_LIST,
	TYPE_ENUM,
	TYPE_STRUCT,
	TYPE_INTERFACE,
	TYPE_ANY,
};

#define NO_DISCRIMINANT 0xffffu

/* The request, kept for the life of the program. */
struct schema {
	struct msg_reader reader;
	struct msg_list nodes, files, sources;
	struct node *by_id; /* sorted */
	uint32_t node_count;
};

/* Reads a framed CodeGeneratorRequest; ends the program with a message if it is none. */
void schema_read(struct schema *s, int fd);

/* Ends the program with a message. */
[[noreturn, gnu::format(printf, 1, 2)]] void die(const char *format, ...);

/* The node with that id; schema_find gives false where schema_node ends the program. */
bool schema_find(const struct schema *s, uint64_t id, struct node *out);
struct node schema_node(const struct schema *s, uint64_t id);
/* The file that a node was declared in, by the path in its display name. */
struct msg_text node_file(struct node n);
/* Doc comments; empty if there are none. member: index of a field, enumerant or method, or -1 for the node itself. */
struct msg_text schema_doc(const struct schema *s, uint64_t id, int member);

static inline uint64_t node_id(struct node n)
{
	return msg_struct_u64(n.s, 0);
}

static inline struct msg_text node_display_name(struct node n)
{
	return msg_struct_text(n.s, 0);
}

static inline uint64_t node_scope(struct node n)
{
	return msg_struct_u64(n.s, 16);
}

static inline enum node_kind node_kind(struct node n)
{
	return (enum node_kind)msg_struct_u16(n.s, 12);
}

static inline struct msg_list node_nested(struct node n) /* of NestedNode: name ptr 0, id u64 at 0 */
{
	return msg_struct_list(n.s, 1, MSG_ELEM_COMPOSITE);
}

static inline struct msg_list node_annotations(struct node n)
{
	return msg_struct_list(n.s, 2, MSG_ELEM_COMPOSITE);
}

static inline uint16_t struct_data_words(struct node n)
{
	return msg_struct_u16(n.s, 14);
}

static inline uint16_t struct_pointers(struct node n)
{
	return msg_struct_u16(n.s, 24);
}

static inline bool struct_is_group(struct node n)
{
	return msg_struct_bool(n.s, 224);
}

static inline uint16_t struct_discriminants(struct node n)
{
	return msg_struct_u16(n.s, 30);
}

static inline uint32_t struct_discriminant_at(struct node n) /* bytes */
{
	return msg_struct_u32(n.s, 32) * 2;
}

/* Fields, enumerants or methods, by kind. */
static inline struct msg_list node_members(struct node n)
{
	return msg_struct_list(n.s, 3, MSG_ELEM_COMPOSITE);
}

static inline struct msg_text member_name(struct msg_struct m) /* Field, Enumerant and Method alike */
{
	return msg_struct_text(m, 0);
}

static inline struct msg_list member_annotations(struct msg_struct m)
{
	return msg_struct_list(m, 1, MSG_ELEM_COMPOSITE);
}

static inline uint16_t member_code_order(struct msg_struct m)
{
	return msg_struct_u16(m, 0);
}

static inline struct msg_list interface_supers(struct node n) /* of Superclass: id u64 at 0 */
{
	return msg_struct_list(n.s, 4, MSG_ELEM_COMPOSITE);
}

static inline struct type const_type(struct node n)
{
	return (struct type){msg_struct_struct(n.s, 3)};
}

static inline struct value const_value(struct node n)
{
	return (struct value){msg_struct_struct(n.s, 4)};
}

static inline struct field struct_field(struct node n, uint32_t i)
{
	return (struct field){msg_list_struct(node_members(n), i)};
}

static inline uint32_t struct_field_count(struct node n)
{
	return node_members(n).count;
}

static inline struct msg_text field_name(struct field f)
{
	return member_name(f.s);
}

static inline uint16_t field_discriminant(struct field f)
{
	return msg_struct_u16(f.s, 2) ^ NO_DISCRIMINANT;
}

static inline bool field_in_union(struct field f)
{
	return field_discriminant(f) != NO_DISCRIMINANT;
}

static inline bool field_is_group(struct field f)
{
	return msg_struct_u16(f.s, 8) == 1;
}

static inline uint32_t field_offset(struct field f) /* in units of the field's size */
{
	return msg_struct_u32(f.s, 4);
}

static inline struct type field_type(struct field f)
{
	return (struct type){msg_struct_struct(f.s, 2)};
}

static inline struct value field_default(struct field f)
{
	return (struct value){msg_struct_struct(f.s, 3)};
}

static inline bool field_has_default(struct field f)
{
	return msg_struct_bool(f.s, 128);
}

static inline uint64_t field_group_id(struct field f)
{
	return msg_struct_u64(f.s, 16);
}

static inline enum type_kind type_kind(struct type t)
{
	return (enum type_kind)msg_struct_u16(t.s, 0);
}

static inline struct type type_element(struct type t)
{
	return (struct type){msg_struct_struct(t.s, 0)};
}

static inline uint64_t type_id(struct type t) /* of an enum, struct or interface */
{
	return msg_struct_u64(t.s, 8);
}

static inline bool type_is_any_cap(struct type t) /* the type `Capability` */
{
	return type_kind(t) == TYPE_ANY && msg_struct_u16(t.s, 8) == 0 && msg_struct_u16(t.s, 10) == 3;
}

static inline bool type_is_cap(struct type t)
{
	return type_kind(t) == TYPE_INTERFACE || type_is_any_cap(t);
}

static inline bool type_is_pointer(struct type t)
{
	enum type_kind k = type_kind(t);

	return k >= TYPE_TEXT && k != TYPE_ENUM;
}

/* Parameters or results that were listed at their method: a struct without a name, of which there are no lists. */
bool struct_is_implicit(struct node n);

/* Size of a value in the data section, in bits. */
uint32_t type_bits(struct type t);
enum msg_elem type_elem(struct type t);

/* A value's bits, as in the message (not for pointers). */
uint64_t value_bits(struct value v);

static inline struct msg_pointer value_pointer(struct value v)
{
	return msg_struct_pointer(v.s, 0);
}

static inline uint64_t method_params(struct method m)
{
	return msg_struct_u64(m.s, 8);
}

static inline uint64_t method_results(struct method m)
{
	return msg_struct_u64(m.s, 16);
}

static inline struct method interface_method(struct node n, uint32_t i)
{
	return (struct method){msg_list_struct(node_members(n), i)};
}

static inline uint64_t annotation_id(struct msg_struct a)
{
	return msg_struct_u64(a, 0);
}

/* Annotations of schema/annotation.capnp, by their ids there. */
#define ANNOTATION_IDEMPOTENT 0xe8737d6b6e310a2bull
#define ANNOTATION_PATH 0xe6750409d712613aull
#define ANNOTATION_MAX_BYTES 0xb7edd517b8a3c3efull
#define ANNOTATION_AT_MOST 0xf1228a6eb0dbc41eull
#define ANNOTATION_ONE_OF 0x89d445c8b4f6bbf7ull

static inline struct value annotation_value(struct msg_struct a)
{
	return (struct value){msg_struct_struct(a, 0)};
}

/* The annotation with that id at a method or a field; false: there is none. */
static inline bool member_annotation(struct msg_struct member, uint64_t id, struct value *value)
{
	struct msg_list all = member_annotations(member);

	for (uint32_t i = 0; i < all.count; i++) {
		struct msg_struct a = msg_list_struct(all, i);

		if (annotation_id(a) == id) {
			*value = annotation_value(a);
			return true;
		}
	}
	return false;
}

static inline bool method_is_idempotent(struct method m)
{
	struct value value;

	return member_annotation(m.s, ANNOTATION_IDEMPOTENT, &value);
}
