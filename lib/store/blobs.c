// SPDX-License-Identifier: MIT OR Apache-2.0
/* Blobs (store/blobs.h). */
#include <store/blobs.h>

#define BUCKETS_OF_PAGE (FILES_PAGE / sizeof(struct blob *))

static void give(const struct files_memory *memory, void *piece, size_t bytes)
{
	if (piece)
		files_give(memory, piece, bytes);
}

/* ---- The table ---- */

static struct blob **bucket_of(const struct blobs *b, const uint8_t *id)
{
	uint64_t bucket;

	__builtin_memcpy(&bucket, id, sizeof(bucket));
	bucket %= BLOBS_TABLE_PAGES * BUCKETS_OF_PAGE;
	return &b->table[bucket / BUCKETS_OF_PAGE][bucket % BUCKETS_OF_PAGE];
}

enum files_outcome blobs_init(struct blobs *b, struct files_memory memory)
{
	*b = (struct blobs){.memory = memory};
	memory.payer = FILES_NOBODY;
	for (uint32_t i = 0; i < BLOBS_TABLE_PAGES; i++) {
		b->table[i] = files_take(&memory, FILES_PAGE);
		if (!b->table[i]) {
			while (i-- > 0)
				files_give(&memory, b->table[i], FILES_PAGE);
			return FILES_NO_SPACE;
		}
		__builtin_memset(b->table[i], 0, FILES_PAGE);
	}
	return FILES_DONE;
}

struct blob *blobs_find(const struct blobs *b, const uint8_t id[BLOB_ID])
{
	struct blob *blob = *bucket_of(b, id);

	while (blob && __builtin_memcmp(blob->id, id, BLOB_ID) != 0)
		blob = blob->chain;
	return blob;
}

/* ---- What refers to a blob ---- */

static void link_loose(struct blobs *b, struct blob *blob)
{
	blob->previous = nullptr;
	blob->next = b->loose;
	if (blob->next)
		blob->next->previous = blob;
	b->loose = blob;
}

static void unlink_loose(struct blobs *b, struct blob *blob)
{
	if (blob->next)
		blob->next->previous = blob->previous;
	if (blob->previous)
		blob->previous->next = blob->next;
	else
		b->loose = blob->next;
}

void blob_ref(struct blobs *b, struct blob *blob)
{
	if (blob->refs++ == 0)
		unlink_loose(b, blob);
}

void blob_unref(struct blobs *b, struct blob *blob)
{
	if (--blob->refs == 0)
		link_loose(b, blob);
}

static uint64_t pages_of(const struct files_content *bytes)
{
	return (bytes->size + FILES_PAGE - 1) / FILES_PAGE;
}

/* Nobody finds it any more. */
static void take_away(struct blobs *b, struct blob *blob)
{
	struct blob **bucket = bucket_of(b, blob->id);

	while (*bucket != blob)
		bucket = &(*bucket)->chain;
	*bucket = blob->chain;
	b->count--;
	b->bytes -= blob->bytes.size;
	blob->next = b->dead;
	b->dead = blob;
}

static void free_blob(struct blobs *b, struct blob *blob)
{
	const struct files_memory memory = files_memory_for(b->memory, blob->payer);

	give(&memory, blob->few_hashes, pages_of(&blob->bytes) * BLOB_ID);
	content_free_later(&blob->bytes, &memory, &b->remains);
	content_free_later(&blob->hashes, &memory, &b->remains);
	give(&memory, blob->links, blob->link_count * sizeof(struct blob *));
	give(&memory, blob, sizeof(*blob));
}

#define FREED_AT_ONCE 16u /* blobs, of which the largest have as many pages as are freed at once */

bool blobs_free_more(struct blobs *b)
{
	for (unsigned i = 0; i < FREED_AT_ONCE && b->dead && !b->remains; i++) {
		struct blob *blob = b->dead;

		b->dead = blob->next;
		free_blob(b, blob);
	}
	(void)content_free_more(&b->remains, b->memory);
	return b->dead || b->remains;
}

void blobs_collect(struct blobs *b, uint64_t *count, uint64_t *bytes)
{
	*count = *bytes = 0;
	while (b->loose) {
		struct blob *blob = b->loose;

		unlink_loose(b, blob);
		for (uint32_t i = 0; i < blob->link_count; i++)
			blob_unref(b, blob->links[i]);
		++*count;
		*bytes += blob->bytes.size;
		take_away(b, blob);
	}
}

void blobs_fini(struct blobs *b)
{
	const struct files_memory memory = files_memory_for(b->memory, FILES_NOBODY);

	for (uint32_t i = 0; i < BLOBS_TABLE_PAGES; i++) {
		for (uint32_t k = 0; k < BUCKETS_OF_PAGE; k++)
			while (b->table[i][k])
				take_away(b, b->table[i][k]);
		files_give(&memory, b->table[i], FILES_PAGE);
	}
	while (blobs_free_more(b))
		;
}

/* ---- Writing ---- */

void blob_writer_init(const struct blobs *b, struct blob_writer *w)
{
	*w = (struct blob_writer){.payer = b->memory.payer};
	hash_blake2b_init(&w->state);
}

void blob_writer_fini(struct blobs *b, struct blob_writer *w)
{
	const struct files_memory memory = files_memory_for(b->memory, w->payer);

	content_free_later(&w->bytes, &memory, &b->remains);
	content_free_later(&w->hashes, &memory, &b->remains);
	w->done = true;
}

/* The bytes of a page that are there. */
static uint64_t page_bytes(const struct files_content *bytes, uint64_t page)
{
	uint64_t left = bytes->size - page * FILES_PAGE;

	return left < FILES_PAGE ? left : FILES_PAGE;
}

/* Hashes the pages from that of byte `from` on; room for them is there. */
static void hash_pages(struct blob_writer *w, uint64_t from)
{
	uint8_t hash[BLOB_ID];

	for (uint64_t page = from / FILES_PAGE; page * FILES_PAGE < w->bytes.size; page++) {
		hash_blake2b(hash, content_page(&w->bytes, page), page_bytes(&w->bytes, page));
		content_write(&w->hashes, page * BLOB_ID, hash, BLOB_ID);
	}
}

enum files_outcome blob_append(struct blobs *b, struct blob_writer *w, const void *bytes, uint64_t count)
{
	const struct files_memory memory = files_memory_for(b->memory, w->payer);
	uint64_t from = w->bytes.size, end = from + count;

	if (w->done)
		return FILES_STALE;
	if (count == 0)
		return FILES_DONE;
	if (count > BLOB_MAX_PIECE || end > BLOB_MAX_SIZE)
		return FILES_TOO_LARGE;

	uint64_t pages = (end - 1) / FILES_PAGE + 1, first = from / FILES_PAGE;
	uint64_t first_hash = first * BLOB_ID / FILES_PAGE;

	if (!content_fill(&w->bytes, &memory, first, pages - first) ||
	    !content_fill(&w->hashes, &memory, first_hash,
			  (pages * BLOB_ID - 1) / FILES_PAGE - first_hash + 1)) {
		content_cut(&w->bytes, &memory, from);
		return FILES_NO_SPACE;
	}
	/* From the private copy: the caller's bytes may change meanwhile. */
	content_write(&w->bytes, from, bytes, count);
	w->bytes.size = end;
	for (uint64_t at = from; at < end;) {
		uint64_t part = FILES_PAGE - at % FILES_PAGE;

		part = part < end - at ? part : end - at;
		hash_blake2b_update(&w->state, content_page(&w->bytes, at / FILES_PAGE) + at % FILES_PAGE,
				    part);
		at += part;
	}
	hash_pages(w, from);
	return FILES_DONE;
}

void blobs_linked_id(uint8_t id[BLOB_ID], const uint8_t content[BLOB_ID], const uint8_t *const *links,
		     uint32_t link_count)
{
	struct hash_blake2b_state state;

	hash_blake2b_init_personal(&state, "capOS links");
	hash_blake2b_update(&state, content, BLOB_ID);
	for (uint32_t i = 0; i < link_count; i++)
		hash_blake2b_update(&state, links[i], BLOB_ID);
	hash_blake2b_final(&state, id);
}

static enum files_outcome find_links(const struct blobs *b, const uint8_t *const *ids, uint32_t count,
				     struct blob **links)
{
	for (uint32_t i = 0; i < count; i++)
		if (!(links[i] = blobs_find(b, ids[i])))
			return FILES_NOT_FOUND;
	return FILES_DONE;
}

static enum files_outcome add_blob(struct blobs *b, struct blob_writer *w, const uint8_t *id,
				   struct blob **links, uint32_t link_count, struct blob **made)
{
	const struct files_memory memory = files_memory_for(b->memory, w->payer);
	struct blob *blob = files_take(&memory, sizeof(*blob));
	struct blob **kept = link_count && blob ? files_take(&memory, link_count * sizeof(*kept)) : nullptr;

	uint64_t pages = pages_of(&w->bytes);
	bool few = pages > 0 && pages <= BLOB_FEW_PAGES;
	uint8_t *few_hashes = few && blob ? files_take(&memory, pages * BLOB_ID) : nullptr;

	if (!blob || (link_count && !kept) || (few && !few_hashes)) {
		give(&memory, few_hashes, pages * BLOB_ID);
		give(&memory, kept, link_count * sizeof(*kept));
		give(&memory, blob, sizeof(*blob));
		return FILES_NO_SPACE;
	}
	if (few) { /* a page for them would be a waste */
		content_read(&w->hashes, 0, few_hashes, pages * BLOB_ID);
		content_free(&w->hashes, &memory);
	}
	*blob = (struct blob){
		.bytes = w->bytes,
		.hashes = w->hashes,
		.few_hashes = few_hashes,
		.links = kept,
		.link_count = link_count,
		.payer = w->payer,
	};
	w->bytes = w->hashes = (struct files_content){};
	__builtin_memcpy(blob->id, id, BLOB_ID);
	for (uint32_t i = 0; i < link_count; i++) {
		kept[i] = links[i];
		blob_ref(b, links[i]);
	}
	blob->chain = *bucket_of(b, id);
	*bucket_of(b, id) = blob;
	link_loose(b, blob);
	b->count++;
	b->bytes += blob->bytes.size;
	*made = blob;
	return FILES_DONE;
}

enum files_outcome blob_finish(struct blobs *b, struct blob_writer *w, const uint8_t *const *links,
			       uint32_t link_count, const uint8_t *expected, struct blob **made)
{
	struct blob *found[BLOB_MAX_LINKS];
	uint8_t content[BLOB_ID], id[BLOB_ID];
	enum files_outcome outcome = FILES_DONE;

	if (w->done)
		return FILES_STALE;
	if (link_count > BLOB_MAX_LINKS)
		outcome = FILES_TOO_LARGE;
	else
		outcome = find_links(b, links, link_count, found);
	if (outcome == FILES_DONE) {
		hash_blake2b_final(&w->state, content);
		if (link_count)
			blobs_linked_id(id, content, links, link_count);
		else
			__builtin_memcpy(id, content, BLOB_ID);
		if (expected && __builtin_memcmp(id, expected, BLOB_ID) != 0)
			outcome = FILES_DAMAGED;
	}
	if (outcome == FILES_DONE) {
		*made = blobs_find(b, id);
		b->duplicates += *made != nullptr;
		if (!*made)
			outcome = add_blob(b, w, id, found, link_count, made);
		b->puts += outcome == FILES_DONE;
	}
	blob_writer_fini(b, w);
	return outcome;
}

/* ---- Reading ---- */

static bool page_ok(const struct blob *blob, uint64_t page)
{
	uint8_t hash[BLOB_ID], expected[BLOB_ID];

	hash_blake2b(hash, content_page(&blob->bytes, page), page_bytes(&blob->bytes, page));
	if (blob->few_hashes)
		__builtin_memcpy(expected, blob->few_hashes + page * BLOB_ID, BLOB_ID);
	else
		content_read(&blob->hashes, page * BLOB_ID, expected, BLOB_ID);
	return __builtin_memcmp(hash, expected, BLOB_ID) == 0;
}

enum files_outcome blob_read(const struct blob *blob, uint64_t offset, void *to, uint64_t count,
			     uint64_t *got)
{
	*got = 0;
	if (offset >= blob->bytes.size || count == 0)
		return FILES_DONE;
	if (count > blob->bytes.size - offset)
		count = blob->bytes.size - offset;
	for (uint64_t page = offset / FILES_PAGE; page <= (offset + count - 1) / FILES_PAGE; page++)
		if (!page_ok(blob, page))
			return FILES_DAMAGED;
	content_read(&blob->bytes, offset, to, count);
	*got = count;
	return FILES_DONE;
}

enum files_outcome blob_verify(const struct blobs *b, const struct blob *blob)
{
	struct hash_blake2b_state state;
	const uint8_t *links[BLOB_MAX_LINKS];
	uint8_t id[BLOB_ID];

	(void)b;
	hash_blake2b_init(&state);
	for (uint64_t page = 0; page * FILES_PAGE < blob->bytes.size; page++)
		hash_blake2b_update(&state, content_page(&blob->bytes, page), page_bytes(&blob->bytes, page));
	hash_blake2b_final(&state, id);
	for (uint32_t i = 0; i < blob->link_count; i++)
		links[i] = blob->links[i]->id;
	if (blob->link_count) {
		uint8_t content[BLOB_ID];

		__builtin_memcpy(content, id, BLOB_ID);
		blobs_linked_id(id, content, links, blob->link_count);
	}
	return __builtin_memcmp(id, blob->id, BLOB_ID) == 0 ? FILES_DONE : FILES_DAMAGED;
}
