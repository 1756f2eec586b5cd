// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Finding names: one hash table for the whole tree, and for each directory a treap in the order of names.
 *
 * The hash is SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") of the name, its key made of the seed
 * and the directory. The table grows by linear hashing, one bucket for each name that is added, so that no operation pays
 * for all of them; it never shrinks. In front of it is a small table of names that were looked up lately: a path that is such
 * a name needs neither that hash nor a look at what it is made of, since the name of something that is there is one.
 */
#include "internal.h"

#define BUCKETS_OF_PAGE (FILES_PAGE / sizeof(struct files_node *))
#define MAX_BUCKETS (FILES_HASH_PAGES * BUCKETS_OF_PAGE)

/* ---- SipHash-1-3 ---- */

static uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

struct sip {
	uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	sip_round(s);
	s->a ^= word;
}

/* The first count bytes, at most 7, as the low ones of a word. */
static uint64_t load_some(const char *bytes, uint32_t count)
{
	const uint8_t *b = (const uint8_t *)bytes;
	uint32_t first, last;

	if (count >= 4) { /* which overlap */
		__builtin_memcpy(&first, b, 4);
		__builtin_memcpy(&last, b + count - 4, 4);
		return first | (uint64_t)last << (count - 4) * 8;
	}
	if (count == 0)
		return 0;
	return b[0] | (uint64_t)b[count / 2] << count / 2 * 8 | (uint64_t)b[count - 1] << (count - 1) * 8;
}

uint64_t files_names_hash(const struct files_tree *tree, const struct files_node *directory,
			  struct files_text name)
{
	uint64_t k0 = tree->seed[0], k1 = tree->seed[1] ^ directory->id, word;
	struct sip s = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
			k1 ^ 0x7465646279746573};
	uint32_t i = 0;

	for (; i + 8 <= name.len; i += 8) {
		__builtin_memcpy(&word, name.ptr + i, 8);
		sip_word(&s, word);
	}
	sip_word(&s, load_some(name.ptr + i, name.len - i) | (uint64_t)name.len << 56);
	s.c ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

/* ---- The table ---- */

/* With linear hashing: of the smallest power of two not below the number of buckets, and half of that. */
static struct files_node **bucket_of(const struct files_tree *tree, uint64_t hash)
{
	uint64_t mask = (2ull << (63 - __builtin_clzll(tree->buckets))) - 1, bucket = hash & mask;

	if (bucket >= tree->buckets)
		bucket = hash & mask >> 1;
	return &tree->table[bucket / BUCKETS_OF_PAGE][bucket % BUCKETS_OF_PAGE];
}

static struct files_node **new_page(const struct files_tree *tree)
{
	struct files_node **page = tree->memory.alloc(tree->memory.context, FILES_NOBODY, FILES_PAGE);

	if (page)
		__builtin_memset(page, 0, FILES_PAGE);
	return page;
}

bool files_names_init(struct files_tree *tree)
{
	tree->table[0] = new_page(tree);
	tree->buckets = BUCKETS_OF_PAGE;
	return tree->table[0] != nullptr;
}

void files_names_fini(struct files_tree *tree)
{
	for (uint32_t i = 0; i < FILES_HASH_PAGES && tree->table[i]; i++) {
		tree->memory.free(tree->memory.context, FILES_NOBODY, tree->table[i], FILES_PAGE);
		tree->table[i] = nullptr;
	}
}

/* One more bucket: it takes its share of the one that it was part of so far. */
static void grow(struct files_tree *tree)
{
	uint64_t made = tree->buckets;

	if (made == MAX_BUCKETS)
		return;
	if (!tree->table[made / BUCKETS_OF_PAGE] && !(tree->table[made / BUCKETS_OF_PAGE] = new_page(tree)))
		return;

	struct files_node **old = bucket_of(tree, made), *node = *old;

	*old = nullptr;
	tree->buckets++;
	while (node) {
		struct files_node *next = node->chain, **bucket = bucket_of(tree, node->hash);

		node->chain = *bucket;
		*bucket = node;
		node = next;
	}
}

static uint64_t load_word(const char *bytes)
{
	uint64_t word;

	__builtin_memcpy(&word, bytes, 8);
	return word;
}

static bool same(struct files_text a, struct files_text b)
{
	if (a.len != b.len)
		return false;
	if (a.len < 8)
		return load_some(a.ptr, a.len) == load_some(b.ptr, a.len);
	for (uint32_t i = 0; i + 8 < a.len; i += 8)
		if (load_word(a.ptr + i) != load_word(b.ptr + i))
			return false;
	return load_word(a.ptr + a.len - 8) == load_word(b.ptr + a.len - 8);
}

/* Where a name is if it was looked up lately: by its ends and its length. */
static struct files_node **recent_of(struct files_tree *tree, const struct files_node *directory,
				     struct files_text name)
{
	uint64_t first = name.len < 8 ? load_some(name.ptr, name.len) : load_word(name.ptr);
	uint64_t last = name.len < 8 ? 0 : load_word(name.ptr + name.len - 8);
	uint64_t mixed = (first ^ (uintptr_t)directory) * 0x9e3779b97f4a7c15 ^
			 (last + name.len) * 0xc2b2ae3d27d4eb4f;

	static_assert(FILES_RECENT == 256);
	return &tree->recent[mixed >> 56];
}

struct files_node *files_names_recent(struct files_tree *tree, const struct files_node *directory,
				      struct files_text path)
{
	struct files_node *node = *recent_of(tree, directory, path);

	return node && node->parent == directory && same(node_name(node), path) ? node : nullptr;
}

struct files_node *files_names_find(struct files_tree *tree, const struct files_node *directory,
				    struct files_text name, uint64_t hash)
{
	struct files_node *node = *bucket_of(tree, hash);

	while (node && (node->hash != hash || node->parent != directory || !same(node_name(node), name)))
		node = node->chain;
	if (node)
		*recent_of(tree, directory, name) = node;
	return node;
}

/* ---- Treaps ---- */

static int compare(struct files_text a, struct files_text b)
{
	int order = __builtin_memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order ? order : (int)a.len - (int)b.len;
}

/* Names below `at` go to the left, those above it to the right. */
static void split(struct files_node *treap, struct files_text at, struct files_node **left,
		  struct files_node **right)
{
	while (treap) {
		if (compare(node_name(treap), at) < 0) {
			*left = treap;
			left = &treap->right;
			treap = treap->right;
		} else {
			*right = treap;
			right = &treap->left;
			treap = treap->left;
		}
	}
	*left = nullptr;
	*right = nullptr;
}

/* All of the left are below all of the right. */
static struct files_node *merge(struct files_node *left, struct files_node *right)
{
	struct files_node *treap, **slot = &treap;

	while (left && right) {
		if (left->hash >= right->hash) {
			*slot = left;
			slot = &left->right;
			left = left->right;
		} else {
			*slot = right;
			slot = &right->left;
			right = right->left;
		}
	}
	*slot = left ? left : right;
	return treap;
}

/* Where the treap names it, or would. */
static struct files_node **treap_slot(struct files_node *directory, const struct files_node *node)
{
	struct files_node **slot = &directory->names;

	while (*slot && *slot != node && (*slot)->hash >= node->hash)
		slot = compare(node_name(node), node_name(*slot)) < 0 ? &(*slot)->left : &(*slot)->right;
	return slot;
}

void files_names_add(struct files_tree *tree, struct files_node *node)
{
	if (tree->entries >= tree->buckets)
		grow(tree);

	struct files_node **bucket = bucket_of(tree, node->hash), **slot = treap_slot(node->parent, node);

	node->chain = *bucket;
	*bucket = node;
	tree->entries++;
	split(*slot, node_name(node), &node->left, &node->right);
	*slot = node;
	node->parent->count++;
}

void files_names_remove(struct files_tree *tree, struct files_node *node)
{
	struct files_node **bucket = bucket_of(tree, node->hash), **slot = treap_slot(node->parent, node),
			  **recent = recent_of(tree, node->parent, node_name(node));

	if (*recent == node)
		*recent = nullptr; /* T5 */
	while (*bucket != node)
		bucket = &(*bucket)->chain;
	*bucket = node->chain;
	tree->entries--;
	*slot = merge(node->left, node->right);
	node->parent->count--;
}

struct files_node *files_next(const struct files_node *directory, struct files_text after)
{
	struct files_node *found = nullptr, *node = directory->names;

	while (node) {
		if (after.len == 0 || compare(node_name(node), after) > 0) {
			found = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}
