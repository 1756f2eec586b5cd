// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The tree against the reference model, over many seeds; with the n-th allocation failing, for every n until none does; and
 * what a model of names and bytes does not say: sharing, stale openings, limits, who pays, backings, depth, many names.
 */
#include <files/opening.h>
#include <files_model/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

/* ---- Memory that counts, and fails when it is told to ---- */

static struct {
	uint64_t pieces, bytes, asked;
	uint64_t fail_at; /* the n-th from now on; 0: none */
	bool failed;
	uint64_t of[256], most[256]; /* bytes, by payer; most 0: as many as there are */
} heap;

static void *take(void *context, uint8_t payer, size_t bytes)
{
	(void)context;
	heap.asked++;
	if (heap.most[payer] && heap.of[payer] + bytes > heap.most[payer])
		return nullptr;
	if (heap.fail_at && --heap.fail_at == 0) {
		heap.failed = true;
		return nullptr;
	}
	heap.pieces++;
	heap.bytes += bytes;
	heap.of[payer] += bytes;
	void *piece = aligned_alloc(bytes == FILES_PAGE ? FILES_PAGE : 16,
				    bytes == FILES_PAGE ? bytes : (bytes + 15) & ~15ull);
	memset(piece, 0xa5, bytes);
	return piece;
}

static void give(void *context, uint8_t payer, void *piece, size_t bytes)
{
	(void)context;
	heap.pieces--;
	heap.bytes -= bytes;
	heap.of[payer] -= bytes;
	free(piece);
}

static const struct files_memory memory = {take, give, nullptr, FILES_NOBODY};
static const uint64_t seed[2] = {1, 2};
static struct files_tree tree;
static struct model model;

static struct files_text text(const char *s)
{
	return (struct files_text){s, (uint32_t)strlen(s)};
}

/* ---- The tree as the model's subject ---- */

static enum files_outcome make(void *context, struct files_text path, enum files_kind kind)
{
	struct files_node *node;

	(void)context;
	tree.memory.payer = (uint8_t)(heap.asked % 3); /* whoever it is */
	return files_create(&tree, &tree.root, path, kind, &node);
}

static enum files_outcome discard(void *context, struct files_text path)
{
	(void)context;
	return files_remove(&tree, &tree.root, path);
}

static enum files_outcome move(void *context, struct files_text from, struct files_text to, bool replace)
{
	(void)context;
	return files_rename(&tree, &tree.root, from, &tree.root, to, replace);
}

static enum files_outcome find_file(struct files_text path, struct files_node **node)
{
	enum files_outcome outcome = files_find(&tree, &tree.root, path, node);

	return outcome == FILES_DONE && (*node)->kind != FILES_FILE ? FILES_IS_DIRECTORY : outcome;
}

static enum files_outcome put(void *context, struct files_text path, uint64_t offset, const void *bytes,
			      uint32_t count)
{
	struct files_node *node;
	enum files_outcome outcome = find_file(path, &node);

	(void)context;
	return outcome == FILES_DONE ? files_write(&tree, node, offset, bytes, count) : outcome;
}

static enum files_outcome append(void *context, struct files_text path, const void *bytes, uint32_t count,
				 uint64_t *offset)
{
	struct files_node *node;
	enum files_outcome outcome = find_file(path, &node);

	(void)context;
	if (outcome != FILES_DONE)
		return outcome;
	*offset = node->content.size;
	return files_write(&tree, node, *offset, bytes, count);
}

static enum files_outcome cut(void *context, struct files_text path, uint64_t size)
{
	struct files_node *node;
	enum files_outcome outcome = find_file(path, &node);

	(void)context;
	return outcome == FILES_DONE ? files_truncate(&tree, node, size) : outcome;
}

static enum files_outcome get(void *context, struct files_text path, uint64_t offset, void *bytes,
			      uint32_t count, uint32_t *got)
{
	struct files_node *node;
	enum files_outcome outcome = find_file(path, &node);

	(void)context;
	if (outcome != FILES_DONE)
		return outcome;
	*got = (uint32_t)files_read(node, offset, bytes, count);

	const uint8_t *piece = files_piece(node, offset, *got);

	return piece && memcmp(piece, bytes, *got) != 0 ? FILES_DAMAGED : FILES_DONE;
}

static enum files_outcome look(void *context, struct files_text path, struct model_stat *stat)
{
	struct files_node *node;
	enum files_outcome outcome = files_find(&tree, &tree.root, path, &node);

	(void)context;
	if (outcome == FILES_DONE && node->kind == FILES_FILE)
		*stat = (struct model_stat){FILES_FILE, node->content.size, 0};
	else if (outcome == FILES_DONE)
		*stat = (struct model_stat){FILES_DIRECTORY, node->count, node->below.entries};
	return outcome;
}

static enum files_outcome next(void *context, struct files_text path, struct files_text after, char *name,
			       uint32_t *len)
{
	struct files_node *node;
	enum files_outcome outcome = files_find(&tree, &tree.root, path, &node);

	(void)context;
	if (outcome != FILES_DONE)
		return outcome;
	node = files_next(node, after);
	*len = node ? node->name_len : 0;
	if (node)
		memcpy(name, node->name, node->name_len);
	return FILES_DONE;
}

static const struct model_subject subject = {
	.make = make,
	.remove = discard,
	.rename = move,
	.write = put,
	.append = append,
	.truncate = cut,
	.read = get,
	.stat = look,
	.next = next,
};

/* ---- Invariants (tree.h) ---- */

/* Those from page `from` on; the subtree's first page is `index`. */
static uint64_t pages_in(const void *at, unsigned height, uint64_t index, uint64_t from)
{
	uint64_t pages = 0;

	if (!at || height == 0)
		return at && index >= from;
	for (unsigned i = 0; i < FILES_FANOUT; i++)
		pages += pages_in(((void *const *)at)[i], height - 1,
				  index + ((uint64_t)i << (height - 1) * 6), from);
	return pages;
}

static bool holds(const struct files_node *directory, struct files_usage *sum)
{
	struct files_usage here = {};

	for (struct files_node *n = files_next(directory, (struct files_text){}); n;
	     n = files_next(directory, (struct files_text){n->name, n->name_len})) {
		struct files_node *found;

		if (files_find(&tree, (struct files_node *)(uintptr_t)directory,
			       (struct files_text){n->name, n->name_len}, &found) != FILES_DONE ||
		    found != n || n->parent != directory)
			return false;
		here.entries++;
		if (n->kind == FILES_DIRECTORY) {
			here.directories++;
			if (!holds(n, &here))
				return false;
		} else {
			const struct files_content *c = &n->content;

			if (c->pages != c->backing_pages + pages_in(c->root, c->height, 0, c->backing_pages))
				return false;
			here.bytes += c->pages * FILES_PAGE;
		}
	}
	sum->bytes += here.bytes;
	sum->entries += here.entries;
	sum->directories += here.directories;
	return memcmp(&here, &directory->below, sizeof(here)) == 0;
}

static bool is_in_table(const struct files_node *wanted)
{
	for (uint32_t p = 0; p < FILES_HASH_PAGES && tree.table[p]; p++)
		for (unsigned b = 0; b < FILES_PAGE / 8; b++)
			for (const struct files_node *n = tree.table[p][b]; n; n = n->chain)
				if (n == wanted)
					return true;
	return false;
}

static bool invariants(void)
{
	struct files_usage sum = {};
	bool recent = true;

	for (unsigned i = 0; i < FILES_RECENT; i++)
		recent &= !tree.recent[i] || is_in_table(tree.recent[i]); /* T5 */
	return recent && holds(&tree.root, &sum) && sum.entries == tree.entries;
}

static void test_model(void)
{
	bool good = true;
	uint64_t kinds = 0;

	for (uint64_t s = 1; s <= 300 && good; s++) {
		(void)!files_init(&tree, memory, seed);
		model_init(&model, &subject, s);
		for (int i = 0; i < 600 && good; i++) {
			good = model_step(&model);
			if (i % 100 == 99)
				good = good && model_compare(&model) && invariants();
		}
		for (unsigned o = 0; o <= FILES_DAMAGED; o++)
			kinds |= (uint64_t)(model.done[o] > 0) << o;
		good = good && model_clear(&model) && tree.entries == 0 && tree.root.below.bytes == 0;
		files_fini(&tree);
		if (!good)
			printf("# seed %llu: %s\n", (unsigned long long)s,
			       model.wrong ? model.wrong : "invariants");
	}
	report(good, "180,000 random operations do what the model does");
	report((kinds &
		(1 << FILES_INSIDE | 1 << FILES_NOT_EMPTY | 1 << FILES_BAD_NAME | 1 << FILES_NOT_DIRECTORY |
		 1 << FILES_IS_DIRECTORY | 1 << FILES_EXISTS | 1 << FILES_DENIED)) ==
		       (1 << FILES_INSIDE | 1 << FILES_NOT_EMPTY | 1 << FILES_BAD_NAME |
			1 << FILES_NOT_DIRECTORY | 1 << FILES_IS_DIRECTORY | 1 << FILES_EXISTS |
			1 << FILES_DENIED),
	       "and met every refusal that they can meet");
	report(heap.pieces == 0 && heap.bytes == 0, "nothing is left when all is removed");
}

/* The same operations again and again, the n-th allocation failing, until no allocation is left to fail. */
static void test_failing(void)
{
	uint64_t n = 0;
	bool good = true;

	do {
		n++;
		heap.failed = false;
		heap.fail_at = n;
		if (files_init(&tree, memory, seed) != FILES_DONE) {
			good = heap.pieces == 0;
			continue;
		}
		model_init(&model, &subject, 7);
		model.may_fail = true;
		for (int i = 0; i < 1500 && good; i++) {
			bool failed = heap.failed;

			good = model_step(&model);
			if (heap.failed != failed)
				good = good && model_compare(&model) && invariants();
		}
		heap.fail_at = 0;
		good = good && model_compare(&model);
		files_fini(&tree);
		good = good && heap.pieces == 0;
	} while (heap.failed && good);
	printf("# %llu allocations failed in turn%s%s\n", (unsigned long long)n - 1, model.wrong ? ": " : "",
	       model.wrong ? model.wrong : "");
	report(good && n > 100, "whichever allocation fails, nothing changes and nothing leaks");
}

/* ---- Names ---- */

static void test_names(void)
{
	static const char *const bad[] = {"",         ".",        "..",           "a/b",
					  "\xff",     "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					  "\xe2\x82", "\xc3"};
	static const char *const good[] = {
		"...", ".a", "..a", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "\x7f", "a b"};
	char name[257];
	bool ok = true;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok &= !files_name_ok(text(bad[i]));
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok &= files_name_ok(text(good[i]));
	memset(name, 'x', sizeof(name));
	ok &= files_name_ok((struct files_text){name, 255}) &&
	      !files_name_ok((struct files_text){name, 256}) &&
	      !files_name_ok((struct files_text){"a\0b", 3});
	report(ok, "names are 1 to 255 bytes of UTF-8 without / and NUL, not . or ..");
}

static void test_many(void)
{
	enum { COUNT = 10000 };
	char name[32];
	struct files_node *node;
	bool good = true;
	unsigned longest = 0;
	uint32_t seen = 0;

	(void)!files_init(&tree, memory, seed);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "file%07d", i * 7919 % COUNT);
		good &= files_create(&tree, &tree.root, text(name), FILES_FILE, &node) == FILES_DONE;
	}
	for (uint32_t p = 0; p < FILES_HASH_PAGES && tree.table[p]; p++)
		for (unsigned b = 0; b < FILES_PAGE / 8; b++) {
			unsigned chain = 0;

			for (node = tree.table[p][b]; node; node = node->chain)
				chain++;
			longest = chain > longest ? chain : longest;
		}
	report(good && longest <= 10, "10,000 names in one directory: no chain of the table is long");
	for (node = files_next(&tree.root, (struct files_text){}); node;
	     node = files_next(&tree.root, (struct files_text){node->name, node->name_len})) {
		snprintf(name, sizeof(name), "file%07u", seen++);
		good &= node->name_len == strlen(name) && memcmp(node->name, name, node->name_len) == 0;
	}
	report(good && seen == COUNT, "and they are listed in order");
	files_fini(&tree);
	report(heap.pieces == 0, "and freed");
}

static void test_depth(void)
{
	struct files_node *at, *deep, *made;
	unsigned depth = 0;
	enum files_outcome outcome;

	(void)!files_init(&tree, memory, seed);
	at = &tree.root;
	while ((outcome = files_create(&tree, at, text("d"), FILES_DIRECTORY, &made)) == FILES_DONE) {
		at = made;
		depth++;
	}
	report(outcome == FILES_TOO_LARGE && depth == FILES_MAX_DEPTH, "directories are at most 64 deep");
	report(files_create(&tree, at, text("f"), FILES_FILE, &made) == FILES_DONE,
	       "files may lie in the deepest");
	(void)!files_create(&tree, &tree.root, text("e"), FILES_DIRECTORY, &made);
	(void)!files_create(&tree, made, text("x"), FILES_DIRECTORY, &deep);
	report(files_rename(&tree, &tree.root, text("e"), at->parent, text("e"), false) == FILES_TOO_LARGE &&
		       files_rename(&tree, made, text("x"), at->parent, text("x"), false) == FILES_DONE,
	       "and a directory is moved only where all below it has room");
	report(files_rename(&tree, &tree.root, text("d"), at, text("d"), false) == FILES_INSIDE,
	       "not into itself, however deep");
	files_fini(&tree);
}

/* ---- Openings ---- */

static uint64_t told;

static void changed(void *context, struct files_opening *opening)
{
	(void)context, (void)opening;
	told++;
}

static void test_sharing(void)
{
	static const uint8_t does[] = {FILES_READS, FILES_APPENDS, FILES_WRITES};
	struct files_opening a, b;
	struct files_node *node;
	bool good = true;

	(void)!files_init(&tree, memory, seed);
	(void)!files_create(&tree, &tree.root, text("f"), FILES_FILE, &node);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned j = 0; j < 3; j++)
			for (uint8_t allow_a = 0; allow_a < 8; allow_a++)
				for (uint8_t allow_b = 0; allow_b < 8; allow_b++) {
					bool fits = (does[j] & allow_a) && (does[i] & allow_b);

					good &= files_open(&a, node, does[i], allow_a) == FILES_DONE;
					good &= files_open(&b, node, does[j], allow_b) ==
						(fits ? FILES_DONE : FILES_BUSY);
					if (fits)
						files_close(&b);
					files_close(&a);
					files_close(&a);
				}
	good &= node->users == 0 && node->denies == 0;
	report(good && !node->openings, "two open a file exactly if each allows what the other does");
	files_fini(&tree);
}

static void test_stale(void)
{
	struct files_opening file, other, directory, root;
	struct files_node *node;
	struct files_node *dir;

	(void)!files_init(&tree, memory, seed);
	tree.changed = changed;
	told = 0;
	(void)!files_create(&tree, &tree.root, text("d"), FILES_DIRECTORY, &dir);
	(void)!files_create(&tree, dir, text("f"), FILES_FILE, &node);
	(void)!files_open(&file, node, FILES_READS, FILES_ANYTHING);
	(void)!files_open(&other, node, FILES_READS, FILES_ANYTHING);
	(void)!files_open(&directory, dir, FILES_READS, FILES_ANYTHING);
	(void)!files_open(&root, &tree.root, FILES_READS, FILES_ANYTHING);
	files_watch(&file, true);
	(void)!files_write(&tree, node, 0, "abc", 3);
	report(told == 1, "who watches a file is told of a write");
	files_watch(&directory, true);
	(void)!files_truncate(&tree, node, 1);
	report(told == 3, "and who watches its directory");
	(void)!files_rename(&tree, dir, text("f"), &tree.root, text("g"), false);
	report(told == 4 && file.node == node && memcmp(node->name, "g", 1) == 0,
	       "an opening stays with its file when that moves; its directory's watcher is told");
	(void)!files_remove(&tree, &tree.root, text("g"));
	report(told == 5 && !file.node && !other.node,
	       "removing a file tells its watchers and makes openings stale");
	(void)!files_remove(&tree, &tree.root, text("d"));
	report(told == 6 && !directory.node && root.node == &tree.root, "the same for a directory");
	(void)!files_create(&tree, &tree.root, text("x"), FILES_FILE, &node);
	(void)!files_create(&tree, &tree.root, text("y"), FILES_FILE, &dir);
	(void)!files_open(&file, node, FILES_READS, FILES_ANYTHING);
	(void)!files_rename(&tree, &tree.root, text("y"), &tree.root, text("x"), true);
	report(!file.node, "and for what is replaced");
	files_close(&root);
	files_fini(&tree);
}

/* ---- Limits, holes, backings ---- */

static void test_limits(void)
{
	struct files_node *a, *b, *file, *made;
	uint8_t bytes[8192] = {1};

	(void)!files_init(&tree, memory, seed);
	(void)!files_create(&tree, &tree.root, text("a"), FILES_DIRECTORY, &a);
	(void)!files_create(&tree, a, text("b"), FILES_DIRECTORY, &b);
	(void)!files_create(&tree, &tree.root, text("big"), FILES_FILE, &file);
	(void)!files_write(&tree, file, 0, bytes, 8192);
	files_set_limit(a, 8192, 3);
	report(files_create(&tree, b, text("1"), FILES_FILE, &made) == FILES_DONE &&
		       files_create(&tree, b, text("2"), FILES_FILE, &made) == FILES_DONE &&
		       files_create(&tree, b, text("3"), FILES_FILE, &made) == FILES_NO_SPACE,
	       "a limit on entries holds for all levels");
	report(files_write(&tree, made, 0, bytes, 4096) == FILES_DONE &&
		       files_write(&tree, made, 1, bytes, 8192) == FILES_NO_SPACE &&
		       made->content.size == 4096 &&
		       files_write(&tree, made, 100000, bytes, 1) == FILES_DONE && a->below.bytes == 8192,
	       "so does one on bytes, and a refused write changes nothing");
	(void)!files_remove(&tree, b, text("1"));
	report(files_rename(&tree, &tree.root, text("big"), b, text("big"), false) == FILES_NO_SPACE,
	       "nothing moves in that does not fit");
	(void)!files_truncate(&tree, made, 0);
	report(files_rename(&tree, &tree.root, text("big"), b, text("big"), false) == FILES_DONE &&
		       a->below.bytes == 8192 && a->below.entries == 3,
	       "what fits does");
	report(files_rename(&tree, b, text("big"), a, text("big"), false) == FILES_DONE &&
		       files_rename(&tree, a, text("big"), b, text("2"), true) == FILES_DONE && invariants(),
	       "and moves freely below the limit");
	files_fini(&tree);
	report(heap.pieces == 0, "nothing leaks");
}

static bool nobody_pays(void)
{
	for (unsigned i = 0; i < FILES_NOBODY; i++)
		if (heap.of[i])
			return false;
	return true;
}

/* Who made a file pays for it, whoever writes to it, moves it, or removes it. */
static void test_payers(void)
{
	static const uint8_t bytes[FILES_PAGE];
	struct files_node *dir, *mine, *theirs;
	uint64_t before;

	report(nobody_pays(), "so far everybody got back what they paid");
	(void)!files_init(&tree, memory, seed);
	tree.memory.payer = 1;
	(void)!files_create(&tree, &tree.root, text("d"), FILES_DIRECTORY, &dir);
	(void)!files_create(&tree, dir, text("mine"), FILES_FILE, &mine);
	tree.memory.payer = 2;
	before = heap.of[1];
	(void)!files_create(&tree, dir, text("theirs"), FILES_FILE, &theirs);
	report(heap.of[1] == before && heap.of[2] > 0,
	       "a file is its maker's, also in somebody else's directory");
	before = heap.of[2];
	report(files_write(&tree, mine, 64ull * FILES_PAGE, bytes, FILES_PAGE) == FILES_DONE &&
		       heap.of[2] == before && heap.of[1] > FILES_PAGE,
	       "its bytes are, whoever writes them");
	heap.most[2] = heap.of[2] + FILES_PAGE;
	report(files_write(&tree, theirs, 0, bytes, FILES_PAGE) == FILES_DONE &&
		       files_write(&tree, theirs, FILES_PAGE, bytes, 1) == FILES_NO_SPACE &&
		       theirs->content.size == FILES_PAGE &&
		       files_write(&tree, mine, 0, bytes, 1) == FILES_DONE && invariants(),
	       "who has no more can write no more, and others can");
	before = heap.of[1];
	report(files_rename(&tree, dir, text("mine"), &tree.root, text("a longer name"), false) ==
			       FILES_DONE &&
		       heap.of[1] == before + 9,
	       "moving it changes nothing but its name");
	report(files_rename(&tree, dir, text("theirs"), &tree.root, text("a longer name"), true) ==
			       FILES_NO_SPACE &&
		       files_truncate(&tree, theirs, 0) == FILES_DONE &&
		       files_rename(&tree, dir, text("theirs"), &tree.root, text("short"), false) ==
			       FILES_DONE,
	       "a new name is asked for like everything else");
	(void)!files_remove(&tree, &tree.root, text("a longer name"));
	(void)!files_remove(&tree, &tree.root, text("d"));
	(void)!files_remove(&tree, &tree.root, text("short"));
	while (files_free_more(&tree))
		;
	report(nobody_pays(), "what goes is given back to who paid");
	heap.most[2] = 0;
	files_fini(&tree);
	report(heap.pieces == 0, "nothing leaks");
}

static void test_holes(void)
{
	struct files_node *file;
	uint8_t byte = 7, bytes[3] = {1, 1, 1};

	(void)!files_init(&tree, memory, seed);
	(void)!files_create(&tree, &tree.root, text("f"), FILES_FILE, &file);
	report(files_write(&tree, file, FILES_MAX_SIZE - 1, &byte, 1) == FILES_DONE &&
		       file->content.pages == 1 && file->content.size == FILES_MAX_SIZE,
	       "one byte at the end of 64 GiB takes one page");
	report(files_read(file, FILES_MAX_SIZE - 3, bytes, 3) == 3 && bytes[0] == 0 && bytes[2] == 7 &&
		       files_read(file, FILES_MAX_SIZE, bytes, 1) == 0 &&
		       files_read(file, UINT64_MAX, bytes, 1) == 0,
	       "holes read as zero, and nothing behind the end");
	report(files_write(&tree, file, FILES_MAX_SIZE, &byte, 1) == FILES_TOO_LARGE &&
		       files_write(&tree, file, UINT64_MAX, &byte, 1) == FILES_TOO_LARGE &&
		       files_truncate(&tree, file, FILES_MAX_SIZE + 1) == FILES_TOO_LARGE,
	       "nothing is larger");
	(void)!files_truncate(&tree, file, 5);
	(void)!files_truncate(&tree, file, FILES_MAX_SIZE);
	report(file->content.pages == 0 && files_read(file, FILES_MAX_SIZE - 1, &byte, 1) == 1 && byte == 0,
	       "what was cut off does not come back");
	files_fini(&tree);
	report(heap.pieces == 0, "nothing leaks");
}

/* At most so many pieces of memory are freed in one call, but for what each inner node may add. */
static bool frees_in_pieces(uint64_t *calls)
{
	bool more = true, good = true;

	for (*calls = 0; more; ++*calls) {
		uint64_t before = heap.pieces;

		more = files_free_more(&tree);
		good &= before - heap.pieces <= FILES_FREED_AT_ONCE + 1;
	}
	return good;
}

/* What is large is cut off and removed at once, and freed later: nobody sees it, it counts for no limit, and it all comes back. */
static void test_later(void)
{
	static uint8_t bytes[FILES_MAX_WRITE], back[FILES_MAX_WRITE];
	const uint64_t size = 4 * FILES_MAX_WRITE;
	struct files_node *file, *other;
	uint64_t calls, pieces;
	bool good = true;

	memset(bytes, 7, sizeof(bytes));
	(void)!files_init(&tree, memory, seed);
	pieces = heap.pieces;
	tree.memory.payer = 1;
	(void)!files_create(&tree, &tree.root, text("f"), FILES_FILE, &file);
	for (uint64_t at = 0; at < size; at += sizeof(bytes))
		good &= files_write(&tree, file, at, bytes, sizeof(bytes)) == FILES_DONE;
	for (uint64_t cut = size - 300001; cut > 300001 && good; cut -= 300001) {
		uint64_t paid = heap.of[1];

		good = files_truncate(&tree, file, cut) == FILES_DONE && invariants() &&
		       tree.root.below.bytes == (cut + FILES_PAGE - 1) / FILES_PAGE * FILES_PAGE &&
		       files_read(file, cut - 5000, back, 6000) == 5000 && back[0] == 7 && back[4999] == 7;
		/* What was cut off is not there when the file gets longer again. */
		good = good && files_truncate(&tree, file, cut + 300000) == FILES_DONE &&
		       files_read(file, cut, back, 300000) == 300000 && back[0] == 0 &&
		       memcmp(back, back + 1, 299999) == 0 && files_truncate(&tree, file, cut) == FILES_DONE;
		good = good && frees_in_pieces(&calls) && heap.of[1] < paid;
	}
	report(good, "what is cut off is gone at once, and freed in pieces");
	for (uint64_t at = 0; at < size; at += sizeof(bytes))
		good &= files_write(&tree, file, at, bytes, sizeof(bytes)) == FILES_DONE;
	(void)!files_write(&tree, file, FILES_MAX_SIZE - 1, bytes, 1); /* far away */
	(void)!files_create(&tree, &tree.root, text("g"), FILES_FILE, &other);
	tree.memory.payer = 2; /* whoever asks */
	good &= files_remove(&tree, &tree.root, text("f")) == FILES_DONE && tree.root.below.bytes == 0 &&
		heap.of[1] > size / 2 && invariants();
	good &= frees_in_pieces(&calls) && calls >= size / FILES_PAGE / FILES_FREED_AT_ONCE - 1;
	report(good && heap.of[2] == 0, "so is what is removed");
	(void)!files_remove(&tree, &tree.root, text("g"));
	report(heap.of[1] == 0 && heap.pieces == pieces, "whoever paid gets all of it back");
	files_fini(&tree);
	report(heap.pieces == 0, "nothing leaks");
}

/* Who has used up its share cuts a file off all the same, and no more of it is freed in the call than otherwise. */
static void test_used_up(void)
{
	static uint8_t bytes[FILES_MAX_WRITE];
	struct files_node *file;
	uint64_t calls, before;

	(void)!files_init(&tree, memory, seed), tree.memory.payer = 1;
	(void)!files_create(&tree, &tree.root, text("f"), FILES_FILE, &file);
	for (uint64_t at = 0; at < 4 * FILES_MAX_WRITE; at += FILES_MAX_WRITE)
		(void)!files_write(&tree, file, at, bytes, sizeof(bytes));
	heap.most[1] = heap.of[1], before = heap.pieces;
	report(files_truncate(&tree, file, 3 * FILES_PAGE) == FILES_DONE && invariants() &&
		       file->content.pages == 3 && before - heap.pieces <= 2 * FILES_FREED_AT_ONCE + 4,
	       "with nothing left to take, what is cut off is freed in pieces, too");
	report(frees_in_pieces(&calls) && calls > 4, "the rest later");
	heap.most[1] = 0;
	files_fini(&tree);
}

static uint64_t dropped;

static void drop(void *context, struct files_node *node)
{
	(void)context;
	dropped++;
	free(node->content.backing); /* null: it is not backed yet */
}

static void test_backing(void)
{
	uint8_t *base = aligned_alloc(FILES_PAGE, 3 * FILES_PAGE), bytes[8];
	struct files_node *file;

	memset(base, 0, 3 * FILES_PAGE);
	(void)!files_init(&tree, memory, seed);
	tree.dropped = drop;
	(void)!files_create(&tree, &tree.root, text("f"), FILES_FILE, &file);
	file->watched_end = true;
	(void)!files_write(&tree, file, 4094, "abcdef", 6);
	files_set_limit(&tree.root, 8192, 0);
	report(files_back(file, base, 3) == FILES_NO_SPACE && !file->content.backing,
	       "a backing counts against the limit");
	files_set_limit(&tree.root, 0, 0);
	report(files_back(file, base, 3) == FILES_DONE && !files_back_more(&tree, file, 1) && invariants() &&
		       files_back_more(&tree, file, 2) && memcmp(base + 4094, "abcdef", 6) == 0 &&
		       invariants(),
	       "the bytes move to the backing");
	(void)!files_write(&tree, file, 4096, "X", 1);
	report(base[4096] == 'X', "writing writes there");
	base[4100] = 'q'; /* behind the end, as who mapped it can */
	(void)!files_write(&tree, file, 4104, "Z", 1);
	report(files_read(file, 4096, bytes, 8) == 8 && bytes[4] == 0,
	       "what lay behind the end is not found there later");
	base[5000] = 'q';
	(void)!files_truncate(&tree, file, 6000);
	report(base[5000] == 0, "not by growing either");
	(void)!files_truncate(&tree, file, 1);
	report(base[0] == 0 && base[4096] == 0 && file->content.pages == 3,
	       "cut-off pages are cleared, and stay");
	(void)!files_write(&tree, file, 3 * FILES_PAGE - 1, "ab", 2);
	report(base[3 * FILES_PAGE - 1] == 'a' && file->content.pages == 4 && invariants(),
	       "the file goes on behind the backing");
	(void)!files_remove(&tree, &tree.root, text("f"));
	report(dropped == 1, "and with the file the backing goes");
	files_fini(&tree);
	report(heap.pieces == 0, "nothing leaks");
}

/* A file is written, read, cut and made longer while it moves, a few pages at a time: it is what it would be without. */
static bool moves_unseen(uint64_t seed_of_run)
{
	enum { PAGES = 40, LARGEST = 70 * FILES_PAGE };
	static uint8_t shadow[LARGEST], bytes[3 * FILES_PAGE], seen[LARGEST];
	uint8_t *base = aligned_alloc(FILES_PAGE, (size_t)PAGES * FILES_PAGE);
	uint64_t size = 0, random = seed_of_run * 2654435761u + 1;
	bool good = true, begun = false, moved = false;
	struct files_node *file;

	memset(base, 0, (size_t)PAGES * FILES_PAGE);
	memset(shadow, 0, sizeof(shadow));
	(void)!files_init(&tree, memory, seed);
	tree.dropped = drop;
	(void)!files_create(&tree, &tree.root, text("f"), FILES_FILE, &file);
	file->watched_end = true;
	for (int step = 0; step < 200 && good; step++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uint64_t r = random >> 33, offset = r % (LARGEST - sizeof(bytes)), count = r % sizeof(bytes);

		switch (random >> 61) {
		case 0:
			good = files_truncate(&tree, file, offset) == FILES_DONE;
			if (offset < size)
				memset(shadow + offset, 0, size - offset);
			size = offset;
			break;
		case 1:
			if (begun)
				moved = files_back_more(&tree, file, 1 + r % 5);
			break;
		default:
			memset(bytes, step + 1, count);
			good = files_write(&tree, file, offset, bytes, count) == FILES_DONE;
			memcpy(shadow + offset, bytes, count);
			size = count && offset + count > size ? offset + count : size;
		}
		if (!begun && step == 20)
			begun = files_back(file, base, PAGES) == FILES_DONE;
		good = good && file->content.size == size && files_read(file, 0, seen, size) == size &&
		       memcmp(seen, shadow, size) == 0 && invariants();
	}
	while (good && !moved)
		moved = files_back_more(&tree, file, 7);
	good = good && memcmp(base, shadow, (size_t)PAGES * FILES_PAGE) == 0 && invariants();
	if (!begun)
		free(base);
	dropped = 0;
	(void)!files_remove(&tree, &tree.root, text("f"));
	files_fini(&tree);
	return good && dropped == 1 && heap.pieces == 0;
}

static void test_moving(void)
{
	bool good = true;

	for (uint64_t s = 1; s <= 300 && good; s++)
		good = moves_unseen(s);
	report(good, "a file that moves to a backing in pieces is written, cut and read as if it did not");
}

int main(void)
{
	test_names();
	test_model();
	test_failing();
	test_many();
	test_depth();
	test_sharing();
	test_stale();
	test_limits();
	test_payers();
	test_holes();
	test_later();
	test_used_up();
	test_backing();
	test_moving();
	printf("1..%d\n", test_number);
	return failures != 0;
}
