// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making, finding, removing and moving nodes. Everything that can refuse comes before the first change, so that nothing is ever
 * undone.
 */
#include "internal.h"

/* ---- Names and paths ---- */

/* Bytes of the character that begins with `first`, or 0; RFC 3629. */
static uint32_t utf8_length(uint8_t first)
{
	return first < 0x80   ? 1
	       : first < 0xc2 ? 0
	       : first < 0xe0 ? 2
	       : first < 0xf0 ? 3
	       : first < 0xf5 ? 4
			      : 0;
}

static bool utf8_ok(const uint8_t *s, uint32_t len)
{
	for (uint32_t i = 0, n; i < len; i += n) {
		n = utf8_length(s[i]);
		if (n == 0 || n > len - i)
			return false;
		for (uint32_t k = 1; k < n; k++)
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
		/* Overlong forms, surrogates, beyond U+10FFFF. */
		if ((s[i] == 0xe0 && s[i + 1] < 0xa0) || (s[i] == 0xed && s[i + 1] > 0x9f) ||
		    (s[i] == 0xf0 && s[i + 1] < 0x90) || (s[i] == 0xf4 && s[i + 1] > 0x8f))
			return false;
	}
	return true;
}

static bool is_dots(struct files_text name)
{
	return name.ptr[0] == '.' && (name.len == 1 || (name.len == 2 && name.ptr[1] == '.'));
}

bool files_name_ok(struct files_text name)
{
	bool plain = true;

	if (name.len == 0 || name.len > FILES_MAX_NAME || is_dots(name))
		return false;
	for (uint32_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '/' || name.ptr[i] == 0)
			return false;
		plain &= (uint8_t)name.ptr[i] < 0x80;
	}
	return plain || utf8_ok((const uint8_t *)name.ptr, name.len);
}

#define EACH_BYTE 0x0101010101010101ull

/* Its top bit, in each byte that is 0, and perhaps in those above it. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - EACH_BYTE) & ~word & EACH_BYTE << 7;
}

/* How many bytes of the path there are, by eights, that are ASCII, neither "/" nor NUL. */
static uint32_t plain_bytes(struct files_text path)
{
	uint32_t len = 0;

	for (uint64_t word; len + 8 <= path.len; len += 8) {
		__builtin_memcpy(&word, path.ptr + len, 8);
		if ((zero_bytes(word) | zero_bytes(word ^ EACH_BYTE * '/') | (word & EACH_BYTE << 7)) != 0)
			break;
	}
	return len;
}

/* The first name of *path, which then begins behind it. False: the rest is no path. */
static bool take_name(struct files_text *path, struct files_text *name)
{
	const char *p = path->ptr;
	uint32_t len = plain_bytes(*path);
	uint8_t all = 0;

	for (; len < path->len && p[len] != '/'; len++) {
		if (p[len] == 0)
			return false;
		all |= (uint8_t)p[len];
	}
	*name = (struct files_text){p, len};
	if (len < path->len) {
		if (len + 1 == path->len)
			return false; /* nothing behind the last "/" */
		path->ptr += len + 1;
		path->len -= len + 1;
	} else {
		path->len = 0;
	}
	if (len == 0 || len > FILES_MAX_NAME || is_dots(*name))
		return false;
	return all < 0x80 || utf8_ok((const uint8_t *)p, len);
}

/* Where a name is, or would be. */
struct place {
	struct files_node *directory;
	struct files_text name;
	uint64_t hash;
	struct files_node *node; /* null: nothing has the name */
};

/* The last name of a path that is not empty. Any outcome but DONE: there is no such place. */
static enum files_outcome find_place(struct files_tree *tree, struct files_node *directory,
				     struct files_text path, struct place *place)
{
	for (;;) {
		struct files_text name;

		if (!take_name(&path, &name))
			return FILES_BAD_NAME;
		if (directory->kind != FILES_DIRECTORY)
			return FILES_NOT_DIRECTORY;

		uint64_t hash = files_names_hash(tree, directory, name);
		struct files_node *node = files_names_find(tree, directory, name, hash);

		if (path.len == 0) {
			*place = (struct place){directory, name, hash, node};
			return FILES_DONE;
		}
		if (!node)
			return FILES_NOT_FOUND;
		directory = node;
	}
}

enum files_outcome files_find(struct files_tree *tree, struct files_node *directory, struct files_text path,
			      struct files_node **node)
{
	struct place place = {.node = directory};

	if (path.len != 0 && (*node = files_names_recent(tree, directory, path)))
		return FILES_DONE;

	enum files_outcome outcome = path.len ? find_place(tree, directory, path, &place) : FILES_DONE;

	*node = place.node;
	return outcome != FILES_DONE ? outcome : place.node ? FILES_DONE : FILES_NOT_FOUND;
}

/* ---- Usage and limits ---- */

static struct files_usage usage_of(const struct files_node *node)
{
	struct files_usage usage = {.entries = 1};

	if (node->kind == FILES_DIRECTORY) {
		usage = node->below;
		usage.entries++;
		usage.directories++;
	} else {
		usage.bytes = node->content.pages * FILES_PAGE;
	}
	return usage;
}

/* May that much more be below each directory from `directory` up to, without, `top` (null: all)? */
static bool has_room(const struct files_node *directory, const struct files_node *top,
		     struct files_usage more)
{
	for (; directory != top; directory = directory->parent) {
		if ((directory->max_bytes && more.bytes &&
		     directory->below.bytes + more.bytes > directory->max_bytes) ||
		    (directory->max_entries && more.entries &&
		     directory->below.entries + more.entries > directory->max_entries))
			return false;
	}
	return true;
}

static void add_usage(struct files_node *directory, struct files_usage more)
{
	for (; directory; directory = directory->parent) {
		directory->below.bytes += more.bytes;
		directory->below.entries += more.entries;
		directory->below.directories += more.directories;
	}
}

static void subtract_usage(struct files_node *directory, struct files_usage less)
{
	add_usage(directory, (struct files_usage){0 - less.bytes, 0 - less.entries, 0 - less.directories});
}

void files_set_limit(struct files_node *directory, uint64_t bytes, uint64_t entries)
{
	directory->max_bytes = bytes;
	directory->max_entries = entries;
}

/* ---- Nodes ---- */

static char *copy_name(const struct files_memory *memory, struct files_text name)
{
	char *copy = files_take(memory, name.len);

	if (copy)
		__builtin_memcpy(copy, name.ptr, name.len);
	return copy;
}

enum files_outcome files_init(struct files_tree *tree, struct files_memory memory, const uint64_t seed[2])
{
	*tree = (struct files_tree){.memory = memory,
				    .seed = {seed[0], seed[1]},
				    .next_id = 1,
				    .root = {.kind = FILES_DIRECTORY}};
	return files_names_init(tree) ? FILES_DONE : FILES_NO_SPACE;
}

static void free_node(struct files_tree *tree, struct files_node *node)
{
	const struct files_memory memory = files_memory_for(tree->memory, node->payer);

	files_openings_end(tree, node);
	if (node->kind == FILES_FILE) {
		if (node->watched_end)
			tree->dropped(tree->context, node);
		content_free_later(&node->content, &memory, &tree->remains);
	}
	files_give(&memory, node->name, node->name_len);
	files_give(&memory, node, sizeof(*node));
}

/* Without a name any more. */
static void remove_node(struct files_tree *tree, struct files_node *node)
{
	struct files_node *parent = node->parent;

	subtract_usage(parent, usage_of(node));
	files_names_remove(tree, node);
	free_node(tree, node);
	files_openings_changed(tree, parent);
}

void files_fini(struct files_tree *tree)
{
	struct files_node *directory = &tree->root;

	while (directory->names || directory->parent) {
		struct files_node *first = directory->names;

		if (first && first->kind == FILES_DIRECTORY && first->names) {
			directory = first;
		} else if (first) {
			remove_node(tree, first);
		} else {
			directory = directory->parent;
		}
	}
	while (files_free_more(tree))
		;
	files_names_fini(tree);
}

bool files_free_more(struct files_tree *tree)
{
	return content_free_more(&tree->remains, tree->memory);
}

static uint32_t depth_of(const struct files_node *node)
{
	uint32_t depth = 0;

	while ((node = node->parent))
		depth++;
	return depth;
}

enum files_outcome files_create(struct files_tree *tree, struct files_node *directory, struct files_text path,
				enum files_kind kind, struct files_node **made)
{
	struct place place;
	enum files_outcome outcome;

	if (path.len == 0)
		return FILES_EXISTS;
	outcome = find_place(tree, directory, path, &place);
	if (outcome != FILES_DONE)
		return outcome;
	if (place.node)
		return FILES_EXISTS;
	if (kind == FILES_DIRECTORY && depth_of(place.directory) == FILES_MAX_DEPTH)
		return FILES_TOO_LARGE;

	const struct files_usage usage = {0, 1, kind == FILES_DIRECTORY};

	if (!has_room(place.directory, nullptr, usage))
		return FILES_NO_SPACE;

	struct files_node *node = files_take(&tree->memory, sizeof(*node));
	char *name = node ? copy_name(&tree->memory, place.name) : nullptr;

	if (!name) {
		if (node)
			files_give(&tree->memory, node, sizeof(*node));
		return FILES_NO_SPACE;
	}
	*node = (struct files_node){
		.parent = place.directory,
		.hash = place.hash,
		.name = name,
		.name_len = (uint8_t)place.name.len,
		.kind = kind,
		.payer = tree->memory.payer,
	};
	if (kind == FILES_DIRECTORY)
		node->id = tree->next_id++;
	files_names_add(tree, node);
	add_usage(place.directory, usage);
	files_openings_changed(tree, place.directory);
	*made = node;
	return FILES_DONE;
}

static bool is_empty(const struct files_node *node)
{
	return node->kind == FILES_FILE || node->names == nullptr;
}

enum files_outcome files_remove(struct files_tree *tree, struct files_node *directory, struct files_text path)
{
	struct files_node *node;
	enum files_outcome outcome = files_find(tree, directory, path, &node);

	if (outcome != FILES_DONE)
		return outcome;
	if (node == directory)
		return FILES_DENIED;
	if (!is_empty(node))
		return FILES_NOT_EMPTY;
	remove_node(tree, node);
	return FILES_DONE;
}

/* ---- Renaming ---- */

static bool is_inside(const struct files_node *node, const struct files_node *directory)
{
	while (node && node != directory)
		node = node->parent;
	return node != nullptr;
}

static struct files_node *common_parent(struct files_node *a, const struct files_node *b)
{
	while (!is_inside(b, a))
		a = a->parent;
	return a;
}

static enum files_outcome check_target(const struct files_node *node, const struct place *to, bool replace)
{
	if (!to->node)
		return FILES_DONE;
	if (!replace)
		return FILES_EXISTS;
	if (to->node->kind != node->kind)
		return node->kind == FILES_FILE ? FILES_IS_DIRECTORY : FILES_NOT_DIRECTORY;
	return is_empty(to->node) ? FILES_DONE : FILES_NOT_EMPTY;
}

/* A chain of all its directories would have to fit, unless it does not get deeper: nobody counts the levels below. */
static bool fits_in_depth(const struct files_node *node, const struct files_node *directory)
{
	return node->kind == FILES_FILE || depth_of(directory) < depth_of(node) ||
	       depth_of(directory) + 1 + node->below.directories <= FILES_MAX_DEPTH;
}

static enum files_outcome check_rename(const struct place *from, const struct place *to, bool replace)
{
	const struct files_node *node = from->node;
	enum files_outcome outcome;

	if (node->kind == FILES_DIRECTORY && is_inside(to->directory, node))
		return FILES_INSIDE;
	outcome = check_target(node, to, replace);
	if (outcome != FILES_DONE)
		return outcome;
	if (!fits_in_depth(node, to->directory))
		return FILES_TOO_LARGE;

	struct files_usage more = usage_of(node);

	if (to->node) { /* which goes */
		struct files_usage less = usage_of(to->node);

		more.bytes = more.bytes > less.bytes ? more.bytes - less.bytes : 0;
		more.entries -= less.entries;
	}
	return has_room(to->directory, common_parent(to->directory, from->directory), more) ? FILES_DONE
											    : FILES_NO_SPACE;
}

enum files_outcome files_rename(struct files_tree *tree, struct files_node *from_directory,
				struct files_text from_path, struct files_node *to_directory,
				struct files_text to_path, bool replace)
{
	struct place from, to;
	enum files_outcome outcome;

	if (from_path.len == 0 || to_path.len == 0)
		return FILES_DENIED;
	outcome = find_place(tree, from_directory, from_path, &from);
	if (outcome == FILES_DONE)
		outcome = from.node ? find_place(tree, to_directory, to_path, &to) : FILES_NOT_FOUND;
	if (outcome != FILES_DONE)
		return outcome;
	if (to.node == from.node)
		return replace ? FILES_DONE : FILES_EXISTS;
	outcome = check_rename(&from, &to, replace);
	if (outcome != FILES_DONE)
		return outcome;

	struct files_node *node = from.node;
	const struct files_memory memory = files_memory_for(tree->memory, node->payer);
	char *name = copy_name(&memory, to.name);

	if (!name)
		return FILES_NO_SPACE;
	/* From here on nothing fails. Nobody runs in between, so nobody sees the name missing. */
	if (to.node)
		remove_node(tree, to.node);
	subtract_usage(from.directory, usage_of(node));
	files_names_remove(tree, node);
	files_give(&memory, node->name, node->name_len);
	node->name = name;
	node->name_len = (uint8_t)to.name.len;
	node->hash = to.hash;
	node->parent = to.directory;
	files_names_add(tree, node);
	add_usage(to.directory, usage_of(node));
	files_openings_changed(tree, to.directory);
	if (from.directory != to.directory)
		files_openings_changed(tree, from.directory);
	return FILES_DONE;
}

/* ---- Contents ---- */

uint64_t files_read(const struct files_node *file, uint64_t offset, void *to, uint64_t count)
{
	if (offset >= file->content.size)
		return 0;
	if (count > file->content.size - offset)
		count = file->content.size - offset;
	content_read(&file->content, offset, to, count);
	return count;
}

const uint8_t *files_piece(const struct files_node *file, uint64_t offset, uint64_t count)
{
	const uint8_t *page;

	if (count > FILES_PAGE - offset % FILES_PAGE || offset + count > file->content.size)
		return nullptr;
	page = content_page(&file->content, offset / FILES_PAGE);
	return page ? page + offset % FILES_PAGE : nullptr;
}

enum files_outcome files_write(struct files_tree *tree, struct files_node *file, uint64_t offset,
			       const void *from, uint64_t count)
{
	struct files_content *c = &file->content;

	if (count == 0)
		return FILES_DONE;
	if (count > FILES_MAX_WRITE || offset > FILES_MAX_SIZE || count > FILES_MAX_SIZE - offset)
		return FILES_TOO_LARGE;

	uint64_t first = offset / FILES_PAGE, pages = (offset + count - 1) / FILES_PAGE - first + 1;
	uint64_t missing = content_missing(c, first, pages);

	if (missing > 0) {
		const struct files_usage more = {.bytes = missing * FILES_PAGE};
		const struct files_memory memory = files_memory_for(tree->memory, file->payer);

		if (!has_room(file->parent, nullptr, more) || !content_fill(c, &memory, first, pages))
			return FILES_NO_SPACE;
		add_usage(file->parent, more);
	}
	content_grow(c, offset);
	content_write(c, offset, from, count);
	if (offset + count > c->size)
		c->size = offset + count;
	files_openings_changed(tree, file);
	return FILES_DONE;
}

enum files_outcome files_truncate(struct files_tree *tree, struct files_node *file, uint64_t size)
{
	const struct files_memory memory = files_memory_for(tree->memory, file->payer);
	uint64_t pages = file->content.pages;

	if (size > FILES_MAX_SIZE)
		return FILES_TOO_LARGE;
	if (size == file->content.size)
		return FILES_DONE;
	content_cut_later(&file->content, &memory, size, &tree->remains);
	subtract_usage(file->parent,
		       (struct files_usage){.bytes = (pages - file->content.pages) * FILES_PAGE});
	files_openings_changed(tree, file);
	return FILES_DONE;
}

enum files_outcome files_back(struct files_node *file, uint8_t *base, uint64_t pages)
{
	const struct files_usage more = {
		.bytes = (content_pages_backed(&file->content, pages) - file->content.pages) * FILES_PAGE};

	if (!has_room(file->parent, nullptr, more))
		return FILES_NO_SPACE;
	content_back(&file->content, base, pages);
	add_usage(file->parent, more);
	return FILES_DONE;
}

bool files_back_more(struct files_tree *tree, struct files_node *file, uint64_t count)
{
	const struct files_memory memory = files_memory_for(tree->memory, file->payer);

	return content_back_more(&file->content, &memory, count);
}
