// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Names for blobs, values and namespaces, with their history: a persistent treap. A generation is a root; an update makes new
 * nodes on the way to what changes, and shares all others with the generation before. So a generation costs what it changes, an
 * update that fails in the middle drops what it made, and rolling back is naming an old root.
 *
 * - A name is a path (parts as in files/tree.h, "/" between them), at most NAMES_MAX_NAME bytes, here always from the top.
 * - Priorities are keyed hashes of names. Everything shared is counted. Not thread-safe.
 */
#pragma once

#include <store/blobs.h>

#define NAMES_MAX_NAME 1024u
#define NAMES_MAX_VALUE 1024u
#define NAMES_HISTORY 64u
#define NAMES_MAX_BOUND 16384u

enum names_kind : uint8_t { NAMES_NONE, NAMES_BLOB, NAMES_VALUE, NAMES_SPACE };

/* What a name is bound to; pointers are the caller's, or the entry's that holds it. */
struct names_binding {
	enum names_kind kind;
	uint64_t version;
	struct blob *blob;    /* BLOB */
	uint64_t type_id;     /* VALUE */
	const uint8_t *bytes; /* VALUE: its bytes; SPACE: the prefix */
	uint32_t len;
	uint8_t rights; /* SPACE */
};

/* A bound name; shared by all generations in which it is bound so. */
struct names_entry {
	uint64_t refs, hash;
	uint32_t name_len;
	uint8_t payer;
	struct names_binding binding; /* bytes lie behind the name, in `text` */
	char *text;
};

struct names_node {
	uint64_t refs;
	struct names_node *left, *right;
	struct names_entry *entry;
};

struct names_generation {
	uint64_t number; /* 0: none */
	struct names_node *root;
	uint64_t bound;
};

struct names {
	struct blobs *blobs;
	uint8_t payer; /* of what is bound next, as long as any generation has it; the nodes of generations are nobody's */
	uint64_t seed[2];
	struct names_generation kept[NAMES_HISTORY]; /* generation n at n % NAMES_HISTORY */
	uint64_t present;
};

enum names_check : uint8_t { NAMES_ANYTHING, NAMES_ABSENT, NAMES_VERSION };

struct names_change {
	struct files_text prefix, name; /* joined: the name from the top */
	struct names_binding binding;   /* NONE: unbind */
	enum names_check check;
	uint64_t version;
};

/* Generation 1 is empty. */
void names_init(struct names *names, struct blobs *blobs, const uint64_t seed[2]);
void names_fini(struct names *names);

const struct names_generation *names_present(const struct names *names);
const struct names_generation *names_at(const struct names *names, uint64_t number); /* null: not kept */
uint64_t names_oldest(const struct names *names);

/* Is it a name (path) that can be bound? */
bool names_ok(struct files_text name);
/* Null: not bound. */
const struct names_entry *names_lookup(const struct names *names, const struct names_node *root,
				       struct files_text prefix, struct files_text name);
/* The first name below prefix (empty: any) and behind prefix/after; null: none. */
const struct names_entry *names_next(const struct names *names, const struct names_node *root,
				     struct files_text prefix, struct files_text after);
/* An entry's name below prefix. */
struct files_text names_relative(const struct names_entry *entry, struct files_text prefix);

/*
 * All changes in one new generation, or none; *index: the change at fault. expected: 0, or the present generation's number.
 * Errors: CONFLICT, BAD_NAME, NOT_FOUND (unbinding nothing), TOO_LARGE, NO_SPACE.
 */
enum files_outcome names_update(struct names *names, const struct names_change *changes, uint32_t count,
				uint64_t expected, uint32_t *index);
/* Errors: NOT_FOUND (not kept), NO_SPACE. */
enum files_outcome names_rollback(struct names *names, struct files_text prefix, uint64_t number);
