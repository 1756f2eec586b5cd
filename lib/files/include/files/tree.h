// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A tree of directories and files in memory: names, contents, limits, and who has what open. No capabilities, no calls;
 * memory comes from functions that are passed in, in pieces of at most 4096 bytes. services/ramfs joins it to the world.
 *
 * - An operation is done as a whole or, with any other outcome than FILES_DONE, not at all: also when memory runs out in the middle.
 * - Look-up is by a hash of directory and name, keyed with a seed; the order of names by a treap of each directory, whose
 *   priorities are the same hash. Neither can be made slow by who chooses names but not the seed. Names that were looked up
 *   lately are found by a cheap hash first; who makes those collide is as quick as without.
 * - An opening (struct files_opening) is where a file or directory is held. Removing one makes its openings stale
 *   (node null) and frees it at once; renaming changes nothing for them.
 * - Whoever is tree->memory.payer when a file or directory is made pays for it, its name and its bytes as long as it is there,
 *   whoever writes them: what may write to a file of yours, you have handed out.
 * - Not thread-safe.
 *
 * Invariants, whenever no function runs:
 * T1  Each node but the root is in its parent's treap and in the hash table, once.
 * T2  below.bytes, .entries and .directories of a directory are the sums over everything below it.
 * T3  An opening's node is null, or it is in that node's list and counted in its users and denies.
 * T4  No two openings of a file are there of which one forbids what the other does, unless the other was made by files_open_also.
 * T5  A node in recent[] is in the tree, and its directory and name belong to that place.
 */
#pragma once

#include <files/content.h>

#define FILES_MAX_NAME 255u
#define FILES_MAX_DEPTH 64u /* of a node; the root has 0 */
#define FILES_HASH_PAGES 512u
#define FILES_RECENT 256u

/* As in schema/service/file.capnp. */
enum files_outcome : uint8_t {
	FILES_DONE,
	FILES_NOT_FOUND,
	FILES_EXISTS,
	FILES_NOT_DIRECTORY,
	FILES_IS_DIRECTORY,
	FILES_NOT_EMPTY,
	FILES_STALE,
	FILES_DENIED,
	FILES_BUSY,
	FILES_BAD_NAME,
	FILES_NO_SPACE,
	FILES_TOO_LARGE,
	FILES_ELSEWHERE,
	FILES_INSIDE,
	FILES_NOT_ATTACHED,
	FILES_CONFLICT,
	FILES_DAMAGED,
};

enum files_kind : uint8_t { FILES_FILE, FILES_DIRECTORY };

/* What an opening does, and what it lets others do: bits. */
#define FILES_READS 1u
#define FILES_APPENDS 2u
#define FILES_WRITES 4u
#define FILES_ANYTHING 7u

struct files_node;

/* Embedded in what a server keeps for a capability. */
struct files_opening {
	struct files_node *node; /* null: stale */
	struct files_opening *next, *previous;
	uint8_t does, allows;
	bool watches;
};

/* Of everything below a directory. */
struct files_usage {
	uint64_t bytes; /* of pages */
	uint64_t entries;
	uint64_t directories;
};

struct files_node {
	struct files_node *parent;       /* the root: null */
	struct files_node *left, *right; /* in the parent's treap */
	struct files_node *chain;        /* in the hash table */
	uint64_t hash;
	char *name; /* name_len bytes, of their own allocation */
	uint8_t name_len;
	enum files_kind kind;
	uint8_t payer;
	bool watched_end; /* of a file, set by the caller who backs it: tree->dropped is to be called */
	uint32_t watchers;
	uint64_t version;
	struct files_opening *openings;
	union {
		struct {
			struct files_content content;
			/* Openings that read, append, write; that forbid it: three counts of FILES_COUNT_BITS each, the first lowest. */
			uint64_t users, denies;
		};
		struct {
			struct files_node *names; /* the treap */
			uint64_t count;
			struct files_usage below;
			uint64_t max_bytes, max_entries; /* 0: no bound */
			uint64_t id;                     /* for the hash */
		};
	};
};

/* There must be fewer openings of a file than that can count. */
#define FILES_COUNT_BITS 21u

/* Openings of a file that do `what`, one of FILES_READS, FILES_APPENDS, FILES_WRITES. */
static inline uint32_t files_users(const struct files_node *file, unsigned what)
{
	return (uint32_t)(file->users >> (what >> 1) * FILES_COUNT_BITS) & ((1u << FILES_COUNT_BITS) - 1);
}

struct files_tree {
	struct files_memory memory; /* its payer: of what is made next */
	uint64_t seed[2];
	uint64_t next_id;
	struct files_node root;
	struct files_node **table[FILES_HASH_PAGES]; /* buckets, grown one at a time (tree's names.c) */
	uint64_t buckets, entries;
	struct files_node *recent[FILES_RECENT]; /* found lately (tree's names.c) */
	struct files_remains *remains;           /* of large files: to be freed, and nobody's any more */
	/* A watching opening's node has changed, or is about to go. May be absent. */
	void (*changed)(void *context, struct files_opening *opening);
	/* A file whose end is watched is about to go. */
	void (*dropped)(void *context, struct files_node *node);
	void *context;
};

/* A name or path: not NUL-terminated. */
struct files_text {
	const char *ptr;
	uint32_t len;
};

/* Errors: NO_SPACE. */
enum files_outcome files_init(struct files_tree *tree, struct files_memory memory, const uint64_t seed[2]);
/* Frees everything. There must be no openings. */
void files_fini(struct files_tree *tree);
/*
 * Frees a piece of what was removed or cut off (tree->remains); that counts for no limit any more, but its memory comes back, and its
 * payer gets it back, only then. False: nothing is left. It may be called while memory is taken for something else.
 */
bool files_free_more(struct files_tree *tree);

/* ---- Names ---- */

/* 1 to 255 bytes of UTF-8 without "/" and NUL, not "." or "..". */
bool files_name_ok(struct files_text name);
/* The empty path is the directory itself. Errors: NOT_FOUND, NOT_DIRECTORY, BAD_NAME. */
enum files_outcome files_find(struct files_tree *tree, struct files_node *directory, struct files_text path,
			      struct files_node **node);
/* Errors: those of find, EXISTS, NO_SPACE, TOO_LARGE. */
enum files_outcome files_create(struct files_tree *tree, struct files_node *directory, struct files_text path,
				enum files_kind kind, struct files_node **node);
/* Errors: those of find, NOT_EMPTY, DENIED (the empty path). */
enum files_outcome files_remove(struct files_tree *tree, struct files_node *directory,
				struct files_text path);
/* Errors: those of find, EXISTS, NOT_EMPTY, IS_DIRECTORY, NOT_DIRECTORY, INSIDE, NO_SPACE, TOO_LARGE, DENIED (an empty path). */
enum files_outcome files_rename(struct files_tree *tree, struct files_node *from_directory,
				struct files_text from, struct files_node *to_directory, struct files_text to,
				bool replace);
/* The first name of the directory behind `after` in the order of bytes; null: none. */
struct files_node *files_next(const struct files_node *directory, struct files_text after);

/* ---- Contents ---- */

/* Gives how many bytes there are; copies them. */
uint64_t files_read(const struct files_node *file, uint64_t offset, void *to, uint64_t count);
/* The bytes themselves, if count bytes from offset lie in one page; null: use files_read. */
const uint8_t *files_piece(const struct files_node *file, uint64_t offset, uint64_t count);
/* count at most FILES_MAX_WRITE. Errors: NO_SPACE, TOO_LARGE. */
enum files_outcome files_write(struct files_tree *tree, struct files_node *file, uint64_t offset,
			       const void *from, uint64_t count);
/* Errors: TOO_LARGE. */
enum files_outcome files_truncate(struct files_tree *tree, struct files_node *file, uint64_t size);
/*
 * From now on the first `pages` pages of the file have their place in `base`, as long as it lives; it has no backing yet, and base is
 * zeroed. What it has so far moves there with files_back_more, in as many pieces as the caller likes; nobody who reads or
 * writes it sees a difference. Errors: NO_SPACE (a limit).
 */
enum files_outcome files_back(struct files_node *file, uint8_t *base, uint64_t pages);
/* Moves at most count pages. True: all have moved, and base is the file. */
bool files_back_more(struct files_tree *tree, struct files_node *file, uint64_t count);

/* ---- Openings ---- */

/* Beside these: files/opening.h. */
void files_close(struct files_opening *opening); /* stale: nothing happens */
void files_watch(struct files_opening *opening, bool watches);

/* ---- Limits ---- */

void files_set_limit(struct files_node *directory, uint64_t bytes, uint64_t entries);
