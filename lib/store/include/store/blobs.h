// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Blobs named by their contents, in memory. No capabilities, no calls; services/store joins this to the world.
 *
 * - A blob without links is named by the BLAKE2b-256 of its bytes, one with links by blobs_linked_id.
 * - It is kept as long as something refers to it: a holder, a name (store/names.h), a kept blob's link. Links lead to blobs that
 *   were there before, so there are no cycles, and counting is exact. What nothing refers to stays until it is collected.
 * - Collecting takes blobs away at once; their memory is freed a piece at a time (blobs_free_more).
 * - Beside the bytes the hash of each page is kept: reading checks the pages that it touches.
 * - Whoever is blobs->memory.payer when a blob is begun pays for it as long as it is kept. Who puts the same bytes again pays nothing.
 * - An operation is done as a whole, or, with any other outcome than FILES_DONE, not at all. Not thread-safe.
 */
#pragma once

#include <files/tree.h>
#include <hash/hash.h>

#define BLOB_ID HASH_BLAKE2B_SIZE
#define BLOB_MAX_LINKS 64u
#define BLOB_MAX_SIZE (1ull << 30)
#define BLOB_MAX_PIECE FILES_MAX_WRITE /* that one append takes */
#define BLOB_FEW_PAGES 16u
#define BLOBS_TABLE_PAGES 16u

struct blob {
	struct blob *chain;           /* in the table */
	struct blob *next, *previous; /* among those that nothing refers to */
	uint8_t id[BLOB_ID];
	struct files_content bytes, hashes; /* hashes: BLOB_ID for each page of bytes */
	uint8_t *few_hashes;                /* in place of hashes, of at most BLOB_FEW_PAGES */
	struct blob **links;                /* link_count of them */
	uint32_t link_count;
	uint8_t payer;
	uint64_t refs;
};

struct blobs {
	struct files_memory memory;             /* its payer: of what is begun next */
	struct blob **table[BLOBS_TABLE_PAGES]; /* by id, which is as random as it gets */
	struct blob *loose;                     /* nothing refers to these */
	struct blob *dead;                      /* collected, not freed; by next */
	struct files_remains *remains;          /* of large ones */
	uint64_t count, bytes, puts, duplicates;
};

/* A blob that is being written. */
struct blob_writer {
	struct files_content bytes, hashes;
	struct hash_blake2b_state state; /* of all bytes so far */
	uint8_t payer;
	bool done; /* finished, or failed: nothing more */
};

/* Errors: NO_SPACE. */
enum files_outcome blobs_init(struct blobs *blobs, struct files_memory memory);
void blobs_fini(struct blobs *blobs); /* frees everything, whatever refers to it */

/* The blob with that id; null: none. It is not referred to by that. */
struct blob *blobs_find(const struct blobs *blobs, const uint8_t id[BLOB_ID]);
void blob_ref(struct blobs *blobs, struct blob *blob);
void blob_unref(struct blobs *blobs, struct blob *blob);

void blob_writer_init(const struct blobs *blobs, struct blob_writer *writer);
/* Errors: STALE (finished), NO_SPACE, TOO_LARGE. */
enum files_outcome blob_append(struct blobs *blobs, struct blob_writer *writer, const void *bytes,
			       uint64_t count);
/*
 * Makes it a blob, or finds it there already; the writer is used up, whatever the outcome. links: link_count ids. expected: null, or
 * the id that it must have. Errors: STALE, NOT_FOUND (a link), TOO_LARGE (links), DAMAGED (not as expected), NO_SPACE.
 */
enum files_outcome blob_finish(struct blobs *blobs, struct blob_writer *writer, const uint8_t *const *links,
			       uint32_t link_count, const uint8_t *expected, struct blob **blob);
/* Given up. Again: nothing happens. */
void blob_writer_fini(struct blobs *blobs, struct blob_writer *writer);

/* At most count bytes from offset, checked; *got says how many. Errors: DAMAGED. */
enum files_outcome blob_read(const struct blob *blob, uint64_t offset, void *to, uint64_t count,
			     uint64_t *got);
/* Hashes all of it again. Errors: DAMAGED. */
enum files_outcome blob_verify(const struct blobs *blobs, const struct blob *blob);

/* Takes away what nothing refers to, and what only that referred to. */
void blobs_collect(struct blobs *blobs, uint64_t *count, uint64_t *bytes);
/* Frees a piece of what was, and of what was given up. False: nothing is left. It may be called while memory is taken for something else. */
bool blobs_free_more(struct blobs *blobs);

void blobs_linked_id(uint8_t id[BLOB_ID], const uint8_t content[BLOB_ID], const uint8_t *const *links,
		     uint32_t link_count);
