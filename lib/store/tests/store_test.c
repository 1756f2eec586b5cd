// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Blobs and names: ids are those of the bytes, pages are checked, counting frees exactly what nothing leads to; names and their
 * generations against a model that keeps every generation whole; and with the n-th allocation failing, for every n.
 */
#include <stdio.h>
#include <stdlib.h>
#include <store/names.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static struct {
	uint64_t pieces, fail_at;
	bool failed;
	uint64_t of[256]; /* bytes, by payer */
} heap;

static void *take(void *context, uint8_t payer, size_t bytes)
{
	(void)context;
	if (heap.fail_at && --heap.fail_at == 0) {
		heap.failed = true;
		return nullptr;
	}
	heap.pieces++;
	heap.of[payer] += bytes;
	return memset(aligned_alloc(bytes == FILES_PAGE ? FILES_PAGE : 16, (bytes + 15) & ~15ull), 0xa5,
		      bytes);
}

static void give(void *context, uint8_t payer, void *piece, size_t bytes)
{
	(void)context;
	heap.pieces--;
	heap.of[payer] -= bytes;
	free(piece);
}

static const struct files_memory memory = {take, give, nullptr, FILES_NOBODY};
static const uint64_t seed[2] = {3, 4};
static struct blobs blobs;
static struct names names;
static uint64_t state = 88172645463325252ull;

static uint32_t below(uint32_t bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % bound;
}

static struct files_text text(const char *s)
{
	return (struct files_text){s, (uint32_t)strlen(s)};
}

/* ---- Blobs ---- */

static enum files_outcome put(const void *bytes, uint64_t count, uint64_t piece, struct blob **blob)
{
	struct blob_writer w;
	enum files_outcome outcome = FILES_DONE;

	blob_writer_init(&blobs, &w);
	for (uint64_t at = 0; at < count && outcome == FILES_DONE; at += piece)
		outcome = blob_append(&blobs, &w, (const uint8_t *)bytes + at,
				      count - at < piece ? count - at : piece);
	if (outcome == FILES_DONE)
		return blob_finish(&blobs, &w, nullptr, 0, nullptr, blob);
	blob_writer_fini(&blobs, &w);
	return outcome;
}

static void test_blobs(void)
{
	static uint8_t bytes[70000], back[70000];
	uint8_t id[BLOB_ID], other[BLOB_ID] = {1};
	struct blob *a = nullptr, *b = nullptr, *c = nullptr;
	struct blob_writer w;
	uint64_t got = 0, count, freed;
	const uint8_t *links[2];

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)below(256);
	(void)!blobs_init(&blobs, memory);
	hash_blake2b(id, bytes, sizeof(bytes));
	report(put(bytes, sizeof(bytes), 1000, &a) == FILES_DONE && memcmp(a->id, id, BLOB_ID) == 0,
	       "a blob is named by the hash of its bytes, whatever pieces it came in");
	report(put(bytes, sizeof(bytes), 65536, &b) == FILES_DONE && a == b && blobs.count == 1 &&
		       blobs.duplicates == 1,
	       "the same bytes are the same blob");
	report(blob_read(a, 4000, back, 60000, &got) == FILES_DONE && got == 60000 &&
		       memcmp(back, bytes + 4000, got) == 0 &&
		       blob_read(a, 69999, back, 10, &got) == FILES_DONE && got == 1 &&
		       blob_read(a, 70000, back, 10, &got) == FILES_DONE && got == 0,
	       "it can be read");
	content_page(&a->bytes, 3)[5] ^= 1;
	report(blob_read(a, 0, back, 12288, &got) == FILES_DONE &&
		       blob_read(a, 12288, back, 1, &got) == FILES_DAMAGED &&
		       blob_read(a, 0, back, 12289, &got) == FILES_DAMAGED &&
		       blob_verify(&blobs, a) == FILES_DAMAGED,
	       "a changed bit is found in its page");
	content_page(&a->bytes, 3)[5] ^= 1;
	report(blob_verify(&blobs, a) == FILES_DONE, "and not otherwise");

	blob_writer_init(&blobs, &w);
	(void)!blob_append(&blobs, &w, "x", 1);
	report(blob_finish(&blobs, &w, nullptr, 0, other, &b) == FILES_DAMAGED && blobs.count == 1 &&
		       blob_append(&blobs, &w, "y", 1) == FILES_STALE,
	       "bytes that are not those expected are refused, and the writer is used up");
	report(put("", 0, 1, &b) == FILES_DONE && b->bytes.size == 0 && blob_verify(&blobs, b) == FILES_DONE,
	       "nothing is a blob, too");

	links[0] = a->id;
	links[1] = b->id;
	blob_writer_init(&blobs, &w);
	(void)!blob_append(&blobs, &w, "tree", 4);
	report(blob_finish(&blobs, &w, links, 2, nullptr, &c) == FILES_DONE &&
		       blob_verify(&blobs, c) == FILES_DONE,
	       "one with links");
	hash_blake2b(id, "tree", 4);
	report(memcmp(c->id, id, BLOB_ID) != 0, "has another name than its bytes alone");
	links[1] = other;
	blob_writer_init(&blobs, &w);
	report(blob_finish(&blobs, &w, links, 2, nullptr, &c) == FILES_NOT_FOUND,
	       "a link to nothing is refused");
	c = blobs.loose;
	blob_ref(&blobs, c);
	blobs_collect(&blobs, &count, &freed);
	report(count == 0 && blobs.count == 3, "what a kept blob links to is kept");
	blob_unref(&blobs, c);
	blobs_collect(&blobs, &count, &freed);
	report(count == 3 && freed == 70004 && blobs.count == 0 && blobs.bytes == 0, "the rest is collected");
	blobs_fini(&blobs);
	report(heap.pieces == 0, "and nothing leaks");
}

/* ---- Names against a model: each generation as a whole ---- */

#define PLACES 48u

struct bound {
	bool there;
	uint64_t version, value;
};

static struct {
	struct bound kept[NAMES_HISTORY][PLACES];
	uint64_t present;
} model;

/* 48 names: some below others, some beside (a-x sorts between a and a/x). */
static struct files_text name_of(uint32_t place, char *buffer)
{
	static const char *const forms[] = {"%c", "%c/x", "%c/y", "%c-x", "%c/x/z", "%c0"};

	snprintf(buffer, 16, forms[place % 6], 'a' + (int)(place / 6));
	return text(buffer);
}

static enum files_outcome model_update(const uint32_t *places, const struct names_change *changes,
				       uint32_t count, uint64_t expected)
{
	struct bound next[PLACES];

	if (expected && expected != model.present)
		return FILES_CONFLICT;
	memcpy(next, model.kept[model.present % NAMES_HISTORY], sizeof(next));
	for (uint32_t i = 0; i < count; i++) {
		struct bound *b = &next[places[i]];

		if ((changes[i].check == NAMES_ABSENT && b->there) ||
		    (changes[i].check == NAMES_VERSION && (!b->there || b->version != changes[i].version)))
			return FILES_CONFLICT;
		if (changes[i].binding.kind == NAMES_NONE && !b->there)
			return FILES_NOT_FOUND;
		*b = (struct bound){changes[i].binding.kind != NAMES_NONE, model.present + 1,
				    changes[i].binding.type_id};
	}
	model.present++;
	memcpy(model.kept[model.present % NAMES_HISTORY], next, sizeof(next));
	return FILES_DONE;
}

static bool step_update(bool may_fail)
{
	struct names_change changes[4] = {};
	uint32_t places[4], count = 1 + below(4), index;
	char buffers[4][16];
	uint64_t expected = below(8) ? 0 : names.present - below(2);

	for (uint32_t i = 0; i < count; i++) {
		places[i] = below(PLACES);
		changes[i].name = name_of(places[i], buffers[i]);
		changes[i].check = (enum names_check)(below(4) ? 0 : below(3));
		changes[i].version = names.present - below(4);
		if (below(3))
			changes[i].binding = (struct names_binding){.kind = NAMES_VALUE,
								    .type_id = below(1000),
								    .bytes = (const uint8_t *)"value",
								    .len = 5};
	}

	struct names before = names;
	enum files_outcome got = names_update(&names, changes, count, expected, &index);

	if (got == FILES_NO_SPACE && may_fail)
		return memcmp(&before, &names, sizeof(names)) == 0;
	return got == model_update(places, changes, count, expected);
}

static bool step_rollback(bool may_fail)
{
	static const char *const prefixes[] = {"", "a", "b", "a/x", "h"};
	const char *prefix = prefixes[below(5)];
	uint64_t to = names.present - below(NAMES_HISTORY + 4);
	struct bound next[PLACES];
	enum files_outcome got;

	if ((int64_t)to <= 0)
		return true;
	got = names_rollback(&names, text(prefix), to);
	if (got == FILES_NO_SPACE && may_fail)
		return true;
	if (to + NAMES_HISTORY <= model.present)
		return got == FILES_NOT_FOUND;
	memcpy(next, model.kept[model.present % NAMES_HISTORY], sizeof(next));
	for (uint32_t i = 0; i < PLACES; i++) {
		char buffer[16];
		struct files_text name = name_of(i, buffer);
		size_t len = strlen(prefix);

		if (len == 0 ||
		    (name.len > len && memcmp(name.ptr, prefix, len) == 0 && name.ptr[len] == '/'))
			next[i] = model.kept[to % NAMES_HISTORY][i];
	}
	model.present++;
	memcpy(model.kept[model.present % NAMES_HISTORY], next, sizeof(next));
	return got == FILES_DONE;
}

/* Every kept generation, by look-up and by walking, whole and below a prefix. */
static bool compare_all(void)
{
	for (uint64_t g = names_oldest(&names); g <= names.present; g++) {
		const struct names_generation *kept = names_at(&names, g);
		const struct names_entry *entry;
		struct files_text after = {};
		uint32_t count = 0, walked = 0, below_a = 0, walked_a = 0;

		if (!kept)
			return false;
		for (uint32_t i = 0; i < PLACES; i++) {
			const struct bound *b = &model.kept[g % NAMES_HISTORY][i];
			char buffer[16];
			struct files_text name = name_of(i, buffer);

			entry = names_lookup(&names, kept->root, text(""), name);
			count += b->there;
			below_a += b->there && memcmp(name.ptr, "a/", 2) == 0;
			if ((entry != nullptr) != b->there ||
			    (entry &&
			     (entry->binding.version != b->version || entry->binding.type_id != b->value)))
				return false;
		}
		for (; (entry = names_next(&names, kept->root, text(""), after)); walked++) {
			uint32_t least = after.len < entry->name_len ? after.len : entry->name_len;

			if (memcmp(after.ptr ? after.ptr : "", entry->text, least) > 0)
				return false;
			after = names_relative(entry, text(""));
		}
		after = (struct files_text){};
		for (; (entry = names_next(&names, kept->root, text("a"), after)); walked_a++)
			after = names_relative(entry, text("a"));
		if (walked != count || walked != kept->bound || walked_a != below_a)
			return false;
	}
	return names_at(&names, names.present + 1) == nullptr && names_at(&names, 0) == nullptr &&
	       (names.present <= NAMES_HISTORY || !names_at(&names, names.present - NAMES_HISTORY));
}

static bool start(void)
{
	memset(&model, 0, sizeof(model));
	model.present = 1;
	if (blobs_init(&blobs, memory) != FILES_DONE)
		return false;
	names_init(&names, &blobs, seed);
	return true;
}

static void test_names(void)
{
	bool good = start();

	for (int i = 0; i < 20000 && good; i++) {
		good = below(10) ? step_update(false) : step_rollback(false);
		if (i % 200 == 0)
			good = good && compare_all();
	}
	report(good && compare_all(), "20,000 updates and rollbacks leave the generations of the model");
	names_fini(&names);
	blobs_fini(&blobs);
	report(heap.pieces == 0, "and nothing when they go");
}

static void test_failing(void)
{
	uint64_t n = 0;
	bool good = true;

	do {
		heap.failed = false;
		heap.fail_at = ++n;
		state = 88172645463325252ull;
		if (!start()) {
			good = heap.pieces == 0;
			continue;
		}
		for (int i = 0; i < 60 && good; i++) {
			bool failed = heap.failed;

			good = below(10) ? step_update(true) : step_rollback(true);
			if (heap.failed != failed)
				good = good && compare_all();
		}
		heap.fail_at = 0;
		good = good && compare_all();
		names_fini(&names);
		blobs_fini(&blobs);
		good = good && heap.pieces == 0;
	} while (heap.failed && good);
	printf("# %llu allocations failed in turn\n", (unsigned long long)n - 1);
	report(good && n > 100, "whichever allocation of an update fails, nothing changes and nothing leaks");
}

static void test_put_failing(void)
{
	static uint8_t bytes[20000];
	struct blob *a, *b;
	uint64_t n = 0, count, freed;
	bool good = true;

	(void)!blobs_init(&blobs, memory);
	(void)!put("kept", 4, 4, &a);
	blob_ref(&blobs, a);

	uint64_t pieces = heap.pieces;

	do {
		struct blob_writer w;
		const uint8_t *link = a->id;

		heap.failed = false;
		heap.fail_at = ++n;
		blob_writer_init(&blobs, &w);
		for (int i = 0; i < 4; i++)
			if (blob_append(&blobs, &w, bytes, 5000) != FILES_DONE)
				good &= heap.failed && w.bytes.size == (uint64_t)i * 5000;
		if (w.bytes.size < 20000 || blob_finish(&blobs, &w, &link, 1, nullptr, &b) != FILES_DONE)
			good &= heap.failed;
		blob_writer_fini(&blobs, &w);
		heap.fail_at = 0;
		blobs_collect(&blobs, &count, &freed);
		good &= heap.pieces == pieces;
	} while (heap.failed && good);
	report(good && n > 8, "the same for a blob that is put");
	blob_unref(&blobs, a);
	blobs_fini(&blobs);
	report(heap.pieces == 0, "nothing leaks");
}

/* A blob is kept by a name, and by the history of a name. */
static void test_kept(void)
{
	struct names_change change = {.name = text("n")};
	struct blob *blob;
	uint64_t count, bytes;
	uint32_t index;

	(void)start();
	(void)!put("blob", 4, 4, &blob);
	change.binding = (struct names_binding){.kind = NAMES_BLOB, .blob = blob};
	(void)!names_update(&names, &change, 1, 0, &index);
	change.binding = (struct names_binding){};
	(void)!names_update(&names, &change, 1, 0, &index);
	blobs_collect(&blobs, &count, &bytes);
	report(count == 0, "a blob that only history names is kept");
	change.name = text("m");
	for (unsigned i = 0; i < NAMES_HISTORY; i++) {
		change.binding.kind = i % 2 ? NAMES_NONE : NAMES_VALUE;
		(void)!names_update(&names, &change, 1, 0, &index);
	}
	blobs_collect(&blobs, &count, &bytes);
	report(count == 1, "until that is forgotten");
	names_fini(&names);
	blobs_fini(&blobs);
	report(heap.pieces == 0, "nothing leaks");
}

/* Who puts a blob first pays for it as long as it is kept, who binds a name for that as long as any generation has it. */
static void test_payers(void)
{
	static uint8_t bytes[20000];
	struct names_change change = {.name = text("n")};
	struct blob *blob, *same;
	uint64_t count, freed, paid;
	uint32_t index;

	(void)start();
	blobs.memory.payer = names.payer = 1;
	(void)!put(bytes, sizeof(bytes), 5000, &blob);
	paid = heap.of[1];
	blobs.memory.payer = names.payer = 2;
	(void)!put(bytes, sizeof(bytes), 5000, &same);
	report(same == blob && paid >= sizeof(bytes) && heap.of[1] == paid && heap.of[2] == 0,
	       "who puts the same bytes again pays nothing");
	change.binding = (struct names_binding){.kind = NAMES_BLOB, .blob = blob};
	(void)!names_update(&names, &change, 1, 0, &index);
	report(heap.of[1] == paid && heap.of[2] > 0, "a name is who bound it's");
	change.name = text("other");
	for (unsigned i = 0; i < NAMES_HISTORY; i++) {
		names.payer = 3;
		change.binding.kind = NAMES_VALUE;
		(void)!names_update(&names, &change, 1, 0, &index);
	}
	change.name = text("n");
	change.binding.kind = NAMES_NONE;
	(void)!names_update(&names, &change, 1, 0, &index);
	report(heap.of[2] > 0, "as long as a generation has it");
	change.name = text("other");
	change.binding.kind = NAMES_VALUE;
	for (unsigned i = 0; i < NAMES_HISTORY; i++)
		(void)!names_update(&names, &change, 1, 0, &index);
	blobs_collect(&blobs, &count, &freed);
	report(count == 1 && heap.of[1] == 0 && heap.of[2] == 0 && heap.of[3] > 0,
	       "what nothing leads to any more is given back to who paid");
	names_fini(&names);
	blobs_fini(&blobs);
	report(heap.pieces == 0 && heap.of[3] == 0, "nothing leaks");
}

int main(void)
{
	test_blobs();
	test_names();
	test_failing();
	test_put_failing();
	test_kept();
	test_payers();
	report(names_ok(text("a/b.c/d")) && !names_ok(text("")) && !names_ok(text("a//b")) &&
		       !names_ok(text("a/")) && !names_ok(text("/a")) && !names_ok(text("a/../b")),
	       "names are paths of good names");
	printf("1..%d\n", test_number);
	return failures != 0;
}
