// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pages of files (files/content.h). */
#include <files/content.h>

#define BITS 6u /* of FILES_FANOUT */
#define MAX_FILL (FILES_MAX_WRITE / FILES_PAGE + 1)

struct inner {
	void *slot[FILES_FANOUT];
};

/* How many pages a tree of that height can hold. */
static uint64_t reach(unsigned height)
{
	return 1ull << height * BITS;
}

static bool is_backed(const struct files_content *c, uint64_t index)
{
	return index < c->backing_pages;
}

static uint8_t *page_of_tree(const struct files_content *c, uint64_t index)
{
	void *at = c->root;

	if (index >= reach(c->height))
		return nullptr;
	for (unsigned level = c->height; level > 0 && at; level--)
		at = ((struct inner *)at)->slot[index >> (level - 1) * BITS & (FILES_FANOUT - 1)];
	return at;
}

uint8_t *content_page(const struct files_content *c, uint64_t index)
{
	uint8_t *page = index < c->moved ? nullptr : page_of_tree(c, index);

	return page || !is_backed(c, index) ? page : c->backing + index * FILES_PAGE;
}

uint64_t content_missing(const struct files_content *c, uint64_t first, uint64_t count)
{
	uint64_t missing = 0;

	for (uint64_t i = first; i < first + count; i++)
		missing += !content_page(c, i);
	return missing;
}

static struct inner *new_inner(const struct files_memory *m)
{
	struct inner *inner = files_take(m, sizeof(*inner));

	if (inner)
		__builtin_memset(inner, 0, sizeof(*inner));
	return inner;
}

/* Where the pointer to that page belongs, made as far as it is missing. Null: no memory. */
static void **make_slot(struct files_content *c, const struct files_memory *m, uint64_t index)
{
	while (index >= reach(c->height)) {
		if (c->root) {
			struct inner *inner = new_inner(m);

			if (!inner)
				return nullptr;
			inner->slot[0] = c->root;
			c->root = inner;
		}
		c->height++;
	}

	void **slot = &c->root;

	for (unsigned level = c->height; level > 0; level--) {
		if (!*slot && !(*slot = new_inner(m)))
			return nullptr;
		slot = &((struct inner *)*slot)->slot[index >> (level - 1) * BITS & (FILES_FANOUT - 1)];
	}
	return slot;
}

/* The slot of a page that is there, and not backed. */
static void **slot_of(struct files_content *c, uint64_t index)
{
	void **slot = &c->root;

	for (unsigned level = c->height; level > 0; level--)
		slot = &((struct inner *)*slot)->slot[index >> (level - 1) * BITS & (FILES_FANOUT - 1)];
	return slot;
}

/* One that has a place in the backing is there all the same. */
static void drop_page(struct files_content *c, const struct files_memory *m, void **slot, uint64_t index)
{
	files_give(m, *slot, FILES_PAGE);
	*slot = nullptr;
	c->pages -= !is_backed(c, index);
}

bool content_fill(struct files_content *c, const struct files_memory *m, uint64_t first, uint64_t count)
{
	uint64_t made[(MAX_FILL + 63) / 64] = {};
	uint64_t i;

	for (i = 0; i < count && i < MAX_FILL; i++) {
		void **slot, *page;

		if (content_page(c, first + i))
			continue;
		slot = make_slot(c, m, first + i);
		page = slot ? files_take(m, FILES_PAGE) : nullptr;
		if (!page)
			break;
		__builtin_memset(page, 0, FILES_PAGE);
		*slot = page;
		c->pages++;
		made[i / 64] |= 1ull << i % 64;
	}
	if (i == count)
		return true;
	while (i-- > 0)
		if (made[i / 64] >> i % 64 & 1)
			drop_page(c, m, slot_of(c, first + i), first + i);
	return false;
}

/* The slots of the node that names page `index` and its neighbours; null: the node is not there. */
static void *const *slots_of(const struct files_content *c, uint64_t index)
{
	void *at = c->root;

	if (index >= reach(c->height))
		return nullptr;
	if (c->height == 0)
		return &c->root;
	for (unsigned level = c->height; level > 1 && at; level--)
		at = ((struct inner *)at)->slot[index >> (level - 1) * BITS & (FILES_FANOUT - 1)];
	return at ? ((struct inner *)at)->slot : nullptr;
}

struct run {
	uint8_t *bytes; /* null: nothing is there */
	uint64_t count;
};

/*
 * The longest piece of the range, from its start, that lies in one piece of memory (or is not there), as far as one node tells:
 * pages that were written one after the other mostly lie so.
 */
static struct run run_at(const struct files_content *c, uint64_t offset, uint64_t count)
{
	uint64_t index = offset / FILES_PAGE, in_page = offset % FILES_PAGE, have = FILES_PAGE - in_page;
	void *const *slots;
	uint8_t *page;

	if (is_backed(c, index)) {
		if (index < c->moved)
			have = c->moved * FILES_PAGE - offset;
		return (struct run){content_page(c, index) + in_page, have < count ? have : count};
	}
	slots = slots_of(c, index);
	if (!slots)
		return (struct run){nullptr, have < count ? have : count};
	index = c->height ? index & (FILES_FANOUT - 1) : 0;
	page = slots[index];
	for (uint64_t last = c->height ? FILES_FANOUT - 1 : 0; have < count && index < last;
	     have += FILES_PAGE) {
		void *next = slots[++index];

		if (next != (page ? page + in_page + have : nullptr))
			break;
	}
	return (struct run){page ? page + in_page : nullptr, have < count ? have : count};
}

void content_read(const struct files_content *c, uint64_t offset, void *to, uint64_t count)
{
	uint8_t *out = to;

	while (count > 0) {
		struct run run = run_at(c, offset, count);

		if (run.bytes)
			__builtin_memcpy(out, run.bytes, run.count);
		else
			__builtin_memset(out, 0, run.count);
		out += run.count;
		offset += run.count;
		count -= run.count;
	}
}

void content_write(struct files_content *c, uint64_t offset, const void *from, uint64_t count)
{
	const uint8_t *in = from;

	while (count > 0) {
		struct run run = run_at(c, offset, count);

		__builtin_memcpy(run.bytes, in, run.count);
		in += run.count;
		offset += run.count;
		count -= run.count;
	}
}

/* Frees all pages from `first` on below *slot, whose subtree begins with page `base`; and the inner nodes left empty. */
static void cut(struct files_content *c, const struct files_memory *m, void **slot, unsigned level,
		uint64_t base, uint64_t first)
{
	struct inner *inner = *slot;
	bool empty = true;

	if (!inner || base + reach(level) <= first)
		return;
	if (level == 0) {
		drop_page(c, m, slot, base);
		return;
	}
	for (uint64_t i = 0; i < FILES_FANOUT; i++) {
		cut(c, m, &inner->slot[i], level - 1, base + i * reach(level - 1), first);
		empty &= !inner->slot[i];
	}
	if (empty) {
		files_give(m, inner, sizeof(*inner));
		*slot = nullptr;
	}
}

/* ---- Later ---- */

/* In a page of what is to be freed, which goes last. */
struct files_remains {
	struct files_remains *next;
	void *root;
	uint8_t height, payer;
};

/* Frees at most *left pages and inner nodes of the tree. True: nothing is left of it. */
static bool free_some(const struct files_memory *m, void **slot, unsigned level, uint64_t *left)
{
	struct inner *inner = *slot;

	if (!inner)
		return true;
	for (uint64_t i = 0; level > 0 && i < FILES_FANOUT; i++)
		if (!free_some(m, &inner->slot[i], level - 1, left))
			return false;
	if (*left == 0)
		return false;
	--*left;
	files_give(m, inner, level > 0 ? sizeof(*inner) : FILES_PAGE);
	*slot = nullptr;
	return true;
}

/* Where some page of the tree is named; null: it has none. */
static void **some_page(void **slot, unsigned level)
{
	void **found = nullptr;

	if (level == 0 || !*slot)
		return *slot ? slot : nullptr;
	for (uint64_t i = 0; i < FILES_FANOUT && !found; i++)
		found = some_page(&((struct inner *)*slot)->slot[i], level - 1);
	return found;
}

static void leave(const struct files_memory *m, void *root, unsigned height, struct files_remains **remains)
{
	uint64_t left = FILES_FREED_AT_ONCE;
	void **page;

	if (free_some(m, &root, height, &left))
		return;
	page = some_page(&root, height);
	if (!page) { /* only inner nodes, of a write that failed: few */
		left = UINT64_MAX;
		(void)free_some(m, &root, height, &left);
		return;
	}

	struct files_remains *r = *page;

	*page = nullptr;
	*r = (struct files_remains){*remains, root, (uint8_t)height, m->payer};
	*remains = r;
}

bool content_free_more(struct files_remains **remains, struct files_memory memory)
{
	struct files_remains *r = *remains;
	uint64_t left = FILES_FREED_AT_ONCE;

	if (!r)
		return false;
	memory.payer = r->payer;
	if (free_some(&memory, &r->root, r->height, &left)) {
		*remains = r->next;
		files_give(&memory, r, FILES_PAGE);
	}
	return *remains != nullptr;
}

/* Pages of the tree, which begins with page `base`, that are counted among those of the file. */
static uint64_t count_pages(const struct files_content *c, const void *tree, unsigned level, uint64_t base)
{
	uint64_t count = 0;

	if (!tree)
		return 0;
	if (level == 0)
		return !is_backed(c, base);
	for (uint64_t i = 0; i < FILES_FANOUT; i++)
		count += count_pages(c, ((const struct inner *)tree)->slot[i], level - 1,
				     base + i * reach(level - 1));
	return count;
}

/* Takes the pages from `first` on out of the tree below *slot, into another one of the same height. spare: an inner node for each level. */
static void *split_off(void **slot, unsigned level, uint64_t base, uint64_t first, struct inner *spare[])
{
	void *taken = *slot;

	if (!taken || base + reach(level) <= first)
		return nullptr;
	if (base >= first) {
		*slot = nullptr;
		return taken;
	}

	struct inner *inner = *slot, *other = spare[level - 1];

	for (uint64_t i = 0; i < FILES_FANOUT; i++)
		other->slot[i] = split_off(&inner->slot[i], level - 1, base + i * reach(level - 1), first,
					   spare);
	spare[level - 1] = nullptr; /* used */
	return other;
}

static bool take_spares(const struct files_memory *m, unsigned height, struct inner *spare[])
{
	for (unsigned i = 0; i < height; i++)
		spare[i] = new_inner(m);
	for (unsigned i = 0; i < height; i++)
		if (!spare[i])
			return false;
	return true;
}

static void give_spares(const struct files_memory *m, unsigned height, struct inner *spare[])
{
	for (unsigned i = 0; i < height; i++) {
		if (spare[i])
			files_give(m, spare[i], sizeof(*spare[i]));
		spare[i] = nullptr;
	}
}

/* What mappings of the backing have left behind the end of the file. */
static void clear_backing(struct files_content *c, uint64_t from, uint64_t to)
{
	uint64_t end = c->backing_pages * FILES_PAGE;

	to = to < end ? to : end;
	if (from < to)
		__builtin_memset(c->backing + from, 0, to - from);
}

void content_grow(struct files_content *c, uint64_t from)
{
	if (from > c->size)
		clear_backing(c, c->size, from);
}

void content_cut(struct files_content *c, const struct files_memory *m, uint64_t size)
{
	uint64_t pages = (size + FILES_PAGE - 1) / FILES_PAGE;

	if (size < c->size) {
		uint8_t *last = size % FILES_PAGE ? content_page(c, size / FILES_PAGE) : nullptr;

		if (last)
			__builtin_memset(last + size % FILES_PAGE, 0, FILES_PAGE - size % FILES_PAGE);
		clear_backing(c, pages * FILES_PAGE, UINT64_MAX);
	} else {
		content_grow(c, size);
	}
	cut(c, m, &c->root, c->height, 0, pages);
	if (!c->root)
		c->height = 0;
	c->size = size;
}

/* Frees at most *left of the pages from `first` on, the last ones first, and the inner nodes left empty. */
static void cut_some(struct files_content *c, const struct files_memory *m, void **slot, unsigned level,
		     uint64_t base, uint64_t first, uint64_t *left)
{
	struct inner *inner = *slot;
	bool empty = true;

	if (!inner || base + reach(level) <= first || *left == 0)
		return;
	if (level == 0) {
		drop_page(c, m, slot, base);
		--*left;
		return;
	}
	for (uint64_t i = FILES_FANOUT; i-- > 0;) {
		cut_some(c, m, &inner->slot[i], level - 1, base + i * reach(level - 1), first, left);
		empty &= !inner->slot[i];
	}
	if (empty) {
		files_give(m, inner, sizeof(*inner));
		*slot = nullptr;
	}
}

/* Who has used up all that it may have finds the memory in what is cut off. */
static bool find_spares(struct files_content *c, const struct files_memory *m, unsigned height,
			uint64_t first, struct inner *spare[])
{
	uint64_t left = FILES_FREED_AT_ONCE;

	if (take_spares(m, height, spare))
		return true;
	give_spares(m, height, spare);
	cut_some(c, m, &c->root, height, 0, first, &left);
	return take_spares(m, height, spare);
}

/* Without memory to split it with, it is cut in one piece: then little is there. */
void content_cut_later(struct files_content *c, const struct files_memory *m, uint64_t size,
		       struct files_remains **remains)
{
	uint64_t pages = (size + FILES_PAGE - 1) / FILES_PAGE;
	struct inner *spare[FILES_MAX_HEIGHT] = {};
	unsigned height = c->height;

	if (size < c->size && (c->size - size) / FILES_PAGE >= FILES_FREED_AT_ONCE &&
	    find_spares(c, m, height, pages, spare)) {
		void *taken = split_off(&c->root, height, 0, pages, spare);

		c->pages -= count_pages(c, taken, height, 0);
		leave(m, taken, height, remains);
	}
	give_spares(m, height, spare);
	content_cut(c, m, size);
}

uint64_t content_pages_backed(const struct files_content *c, uint64_t pages)
{
	uint64_t beyond = 0;

	if (c->size > pages * FILES_PAGE) /* it grew while the backing was made */
		beyond = c->pages - (pages - content_missing(c, 0, pages));
	return pages + beyond;
}

void content_back(struct files_content *c, uint8_t *base, uint64_t pages)
{
	c->pages = content_pages_backed(c, pages);
	c->backing = base;
	c->backing_pages = pages;
	c->moved = 0;
}

bool content_back_more(struct files_content *c, const struct files_memory *m, uint64_t count)
{
	for (; count > 0 && c->moved < c->backing_pages; count--, c->moved++) {
		if (!page_of_tree(c, c->moved))
			continue;

		void **slot = slot_of(c, c->moved);

		__builtin_memcpy(c->backing + c->moved * FILES_PAGE, *slot, FILES_PAGE);
		drop_page(c, m, slot, c->moved);
	}
	if (c->moved < c->backing_pages)
		return false;
	if (c->pages == c->backing_pages) { /* inner nodes are all that is left of the tree */
		cut(c, m, &c->root, c->height, 0, 0);
		c->height = 0;
	}
	return true;
}

void content_free(struct files_content *c, const struct files_memory *m)
{
	cut(c, m, &c->root, c->height, 0, 0);
	*c = (struct files_content){};
}

void content_free_later(struct files_content *c, const struct files_memory *m, struct files_remains **remains)
{
	leave(m, c->root, c->height, remains);
	*c = (struct files_content){};
}
