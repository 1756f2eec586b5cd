// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Blobs and names: ids are those of the bytes, pages are checked, counting frees exactly what nothing leads to; both against
 * a model (lib/store_model); and with the n-th allocation failing, for every n.
 */
#include <stdio.h>
#include <stdlib.h>
#include <store_model/store_model.h>
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

/* ---- Blobs and names against the model ---- */

static struct blob *held[STORE_MODEL_BLOBS];
static struct store_model model;

static enum files_outcome subject_put(void *context, const struct store_model_put *put, uint8_t id[BLOB_ID])
{
	uint32_t piece = put->piece ? put->piece : put->count;
	enum files_outcome outcome = FILES_DONE;
	struct blob_writer w;
	struct blob *blob;

	(void)context;
	blob_writer_init(&blobs, &w);
	for (uint32_t at = 0; at < put->count && outcome == FILES_DONE; at += piece)
		outcome = blob_append(&blobs, &w, put->bytes + at,
				      put->count - at < piece ? put->count - at : piece);
	if (outcome == FILES_DONE && !put->abandon)
		outcome = blob_finish(&blobs, &w, put->links, put->link_count, put->expected, &blob);
	else
		blob_writer_fini(&blobs, &w);
	if (outcome != FILES_DONE || put->abandon)
		return outcome;
	memcpy(id, blob->id, BLOB_ID);
	if (put->holder < STORE_MODEL_BLOBS)
		blob_ref(&blobs, held[put->holder] = blob);
	return outcome;
}

static void subject_drop(void *context, uint32_t holder)
{
	(void)context;
	blob_unref(&blobs, held[holder]);
}

static enum files_outcome subject_get(void *context, const uint8_t *id, uint64_t offset, void *to,
				      uint32_t count, uint32_t *got)
{
	const struct blob *blob = blobs_find(&blobs, id);
	uint64_t n = 0;
	enum files_outcome outcome = blob ? blob_read(blob, offset, to, count, &n) : FILES_NOT_FOUND;

	(void)context;
	*got = (uint32_t)n;
	return outcome;
}

static void subject_collect(void *context, uint64_t *count, uint64_t *bytes)
{
	(void)context;
	blobs_collect(&blobs, count, bytes);
}

static void subject_statistics(void *context, uint64_t *count, uint64_t *bytes, uint64_t *bound)
{
	(void)context;
	*count = blobs.count;
	*bytes = blobs.bytes;
	*bound = names_present(&names)->bound;
}

static enum files_outcome subject_update(void *context, const struct store_model_change *changes,
					 uint32_t count, uint64_t expected, uint32_t *index)
{
	struct names_change c[4] = {};

	(void)context;
	for (uint32_t i = 0; i < count; i++) {
		const struct store_model_binding *b = &changes[i].binding;

		*index = i;
		c[i] = (struct names_change){.name = text(changes[i].name),
					     .check = changes[i].check,
					     .version = changes[i].version,
					     .binding = {.kind = b->kind}};
		if (b->kind == NAMES_BLOB && !(c[i].binding.blob = blobs_find(&blobs, b->id)))
			return FILES_NOT_FOUND;
		if (b->kind != NAMES_VALUE)
			continue;
		c[i].binding.type_id = b->value;
		c[i].binding.bytes = (const uint8_t *)"value";
		c[i].binding.len = 5;
	}

	struct names before = names;
	enum files_outcome outcome = names_update(&names, c, count, expected, index);

	/* None of it, then. */
	return outcome == FILES_DONE || memcmp(&before, &names, sizeof(names)) == 0 ? outcome : FILES_DAMAGED;
}

static enum files_outcome subject_rollback(void *context, struct files_text prefix, uint64_t number)
{
	(void)context;
	return names_rollback(&names, prefix, number);
}

static void subject_generations(void *context, uint64_t *present, uint64_t *oldest)
{
	(void)context;
	*present = names.present;
	*oldest = names_oldest(&names);
}

static enum files_outcome subject_look(void *context, uint64_t generation, struct files_text name,
				       struct store_model_binding *binding)
{
	const struct names_generation *g = names_at(&names, generation);
	const struct names_entry *entry = g ? names_lookup(&names, g->root, text(""), name) : nullptr;

	(void)context;
	if (!entry)
		return g ? FILES_NOT_FOUND : FILES_STALE;
	*binding = (struct store_model_binding){
		entry->binding.kind, entry->binding.version, entry->binding.type_id, {}};
	if (binding->kind == NAMES_BLOB)
		memcpy(binding->id, entry->binding.blob->id, BLOB_ID);
	return FILES_DONE;
}

static enum files_outcome subject_next(void *context, uint64_t generation, struct files_text prefix,
				       struct files_text after, char *name, uint32_t *len)
{
	const struct names_generation *g = names_at(&names, generation);
	const struct names_entry *entry = g ? names_next(&names, g->root, prefix, after) : nullptr;

	(void)context;
	if (entry) {
		struct files_text relative = names_relative(entry, prefix);

		memcpy(name, relative.ptr, *len = relative.len);
	}
	return g ? FILES_DONE : FILES_STALE;
}

static const struct store_model_subject subject = {
	.put = subject_put,
	.drop = subject_drop,
	.get = subject_get,
	.collect = subject_collect,
	.statistics = subject_statistics,
	.update = subject_update,
	.rollback = subject_rollback,
	.generations = subject_generations,
	.look = subject_look,
	.next = subject_next,
};

static bool start(void)
{
	if (blobs_init(&blobs, memory) != FILES_DONE)
		return false;
	names_init(&names, &blobs, seed);
	return true;
}

/* Each kept generation has the names that it should, and no others are kept. */
static bool compare_all(void)
{
	return store_model_compare(&model) && names_at(&names, names.present + 1) == nullptr &&
	       names_at(&names, 0) == nullptr &&
	       (names.present <= NAMES_HISTORY || !names_at(&names, names.present - NAMES_HISTORY));
}

static void report_model(bool good, const char *what)
{
	if (model.wrong)
		printf("# %s differs\n", model.wrong);
	report(good, what);
}

static void test_model(void)
{
	bool good = start();

	store_model_init(&model, &subject, 7);
	for (int i = 0; i < 30000 && good; i++) {
		good = store_model_step(&model);
		if (i % 300 == 0)
			good = good && compare_all();
	}
	printf("# %llu blobs collected\n", (unsigned long long)model.collected);
	for (unsigned i = 0; i <= FILES_DAMAGED; i++)
		if (model.done[i])
			printf("# outcome %u: %llu\n", i, (unsigned long long)model.done[i]);
	report_model(good && compare_all(),
		     "30,000 random operations leave the blobs and generations of the model");
	report(model.collected > 100 && model.done[FILES_CONFLICT] > 100 && model.done[FILES_DAMAGED] > 100 &&
		       model.done[FILES_NOT_FOUND] > 100 && model.done[FILES_BAD_NAME] > 10,
	       "of all outcomes there were some, and blobs were collected");
	good = store_model_clear(&model);
	report_model(good && names_present(&names)->bound == 0, "all names are unbound");
	names_fini(&names);
	blobs_fini(&blobs);
	report(heap.pieces == 0, "and nothing is left when they go");
}

static void test_failing(void)
{
	uint64_t n = 0;
	bool good = true;

	do {
		heap.failed = false;
		heap.fail_at = ++n;
		if (!start()) {
			good = heap.pieces == 0;
			continue;
		}
		store_model_init(&model, &subject, 8);
		model.may_fail = true;
		for (int i = 0; i < 80 && good; i++) {
			bool failed = heap.failed;

			good = store_model_step(&model);
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
	report_model(good && n > 100,
		     "whichever allocation of a put or an update fails, nothing changes and nothing leaks");
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
		while (blobs_free_more(&blobs))
			;
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
	while (blobs_free_more(&blobs))
		;
	report(count == 1 && heap.of[1] == 0 && heap.of[2] == 0 && heap.of[3] > 0,
	       "what nothing leads to any more is given back to who paid");
	names_fini(&names);
	blobs_fini(&blobs);
	report(heap.pieces == 0 && heap.of[3] == 0, "nothing leaks");
}

int main(void)
{
	test_blobs();
	test_model();
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
