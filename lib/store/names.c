// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Names and their history (store/names.h).
 *
 * Functions borrow the roots that they are given, and what they return through `out` is counted for the caller. False: no
 * memory; nothing was made.
 */
#include <store/names.h>

static void *take(const struct names *n, uint8_t payer, size_t bytes)
{
	return n->blobs->memory.alloc(n->blobs->memory.context, payer, bytes);
}

static void give(const struct names *n, uint8_t payer, void *piece, size_t bytes)
{
	n->blobs->memory.free(n->blobs->memory.context, payer, piece, bytes);
}

/* ---- Names in two pieces: prefix and rest ---- */

struct full {
	struct files_text prefix, name;
};

static uint32_t full_len(struct full f)
{
	return f.prefix.len + (f.prefix.len && f.name.len) + f.name.len;
}

static char full_at(struct full f, uint32_t i)
{
	if (i < f.prefix.len)
		return f.prefix.ptr[i];
	if (f.prefix.len && i == f.prefix.len)
		return '/';
	return f.name.ptr[i - f.prefix.len - (f.prefix.len != 0)];
}

static int compare(const struct names_entry *a, struct full b)
{
	uint32_t len = full_len(b), least = a->name_len < len ? a->name_len : len;

	for (uint32_t i = 0; i < least; i++) {
		int order = (int)(uint8_t)a->text[i] - (int)(uint8_t)full_at(b, i);

		if (order)
			return order;
	}
	return (int)a->name_len - (int)len;
}

static struct full full_of(const struct names_entry *entry)
{
	return (struct full){.name = {entry->text, entry->name_len}};
}

/* Keyed, so that nobody can choose names whose priorities make a list of the tree. */
static uint64_t hash_of(const struct names *n, struct full f)
{
	uint8_t digest[BLOB_ID];
	struct hash_blake2b_state state;
	uint64_t hash;

	hash_blake2b_init(&state);
	hash_blake2b_update(&state, n->seed, sizeof(n->seed));
	hash_blake2b_update(&state, f.prefix.ptr, f.prefix.len);
	if (f.prefix.len && f.name.len)
		hash_blake2b_update(&state, "/", 1);
	hash_blake2b_update(&state, f.name.ptr, f.name.len);
	hash_blake2b_final(&state, digest);
	__builtin_memcpy(&hash, digest, sizeof(hash));
	return hash;
}

bool names_ok(struct files_text name)
{
	uint32_t from = 0;

	if (name.len == 0 || name.len > NAMES_MAX_NAME)
		return false;
	for (uint32_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.ptr[i] != '/')
			continue;
		if (!files_name_ok((struct files_text){name.ptr + from, i - from}))
			return false;
		from = i + 1;
	}
	return true;
}

/* ---- Entries and nodes ---- */

static uint32_t text_bytes(const struct names_entry *entry)
{
	return entry->name_len + entry->binding.len;
}

static struct names_entry *new_entry(const struct names *n, struct full f,
				     const struct names_binding *binding, uint64_t version)
{
	struct names_entry *entry = take(n, n->payer, sizeof(*entry));

	if (!entry)
		return nullptr;
	*entry = (struct names_entry){.refs = 1,
				      .hash = hash_of(n, f),
				      .name_len = full_len(f),
				      .payer = n->payer,
				      .binding = *binding};
	entry->binding.version = version;
	entry->text = take(n, entry->payer, text_bytes(entry));
	if (!entry->text) {
		give(n, entry->payer, entry, sizeof(*entry));
		return nullptr;
	}
	for (uint32_t i = 0; i < entry->name_len; i++)
		entry->text[i] = full_at(f, i);
	if (binding->len)
		__builtin_memcpy(entry->text + entry->name_len, binding->bytes, binding->len);
	entry->binding.bytes = (const uint8_t *)entry->text + entry->name_len;
	if (binding->kind == NAMES_BLOB)
		blob_ref(n->blobs, binding->blob);
	return entry;
}

static void drop_entry(const struct names *n, struct names_entry *entry)
{
	if (--entry->refs > 0)
		return;
	if (entry->binding.kind == NAMES_BLOB)
		blob_unref(n->blobs, entry->binding.blob);
	give(n, entry->payer, entry->text, text_bytes(entry));
	give(n, entry->payer, entry, sizeof(*entry));
}

static struct names_node *hold(struct names_node *node)
{
	if (node)
		node->refs++;
	return node;
}

/* Depth is that of a treap: small. */
static void drop(const struct names *n, struct names_node *node)
{
	if (!node || --node->refs > 0)
		return;
	drop(n, node->left);
	drop(n, node->right);
	drop_entry(n, node->entry);
	give(n, FILES_NOBODY, node, sizeof(*node));
}

/* Takes over left and right, also on failure. */
static bool make(const struct names *n, struct names_entry *entry, struct names_node *left,
		 struct names_node *right, struct names_node **out)
{
	struct names_node *node = take(n, FILES_NOBODY, sizeof(*node));

	if (!node) {
		drop(n, left);
		drop(n, right);
		return false;
	}
	entry->refs++;
	*node = (struct names_node){1, left, right, entry};
	*out = node;
	return true;
}

static bool split(const struct names *n, const struct names_node *at, struct full name,
		  struct names_node **left, struct names_node **right)
{
	struct names_node *part;

	*left = *right = nullptr;
	if (!at)
		return true;
	if (compare(at->entry, name) < 0) {
		if (!split(n, at->right, name, &part, right))
			return false;
		if (make(n, at->entry, hold(at->left), part, left))
			return true;
		drop(n, *right);
	} else {
		if (!split(n, at->left, name, left, &part))
			return false;
		if (make(n, at->entry, part, hold(at->right), right))
			return true;
		drop(n, *left);
	}
	*left = *right = nullptr;
	return false;
}

static bool insert(const struct names *n, const struct names_node *at, struct names_entry *entry,
		   struct names_node **out)
{
	struct names_node *left, *right;
	int order = at ? compare(at->entry, full_of(entry)) : 0;

	if (!at)
		return make(n, entry, nullptr, nullptr, out);
	if (order == 0)
		return make(n, entry, hold(at->left), hold(at->right), out);
	if (entry->hash > at->entry->hash)
		return split(n, at, full_of(entry), &left, &right) && make(n, entry, left, right, out);
	if (order > 0)
		return insert(n, at->left, entry, &left) && make(n, at->entry, left, hold(at->right), out);
	return insert(n, at->right, entry, &right) && make(n, at->entry, hold(at->left), right, out);
}

static bool merge(const struct names *n, struct names_node *left, struct names_node *right,
		  struct names_node **out)
{
	struct names_node *part;

	if (!left || !right) {
		*out = hold(left ? left : right);
		return true;
	}
	if (left->entry->hash >= right->entry->hash)
		return merge(n, left->right, right, &part) &&
		       make(n, left->entry, hold(left->left), part, out);
	return merge(n, left, right->left, &part) && make(n, right->entry, part, hold(right->right), out);
}

/* The name is there. */
static bool erase(const struct names *n, const struct names_node *at, struct full name,
		  struct names_node **out)
{
	struct names_node *part;
	int order = compare(at->entry, name);

	if (order == 0)
		return merge(n, at->left, at->right, out);
	if (order > 0)
		return erase(n, at->left, name, &part) && make(n, at->entry, part, hold(at->right), out);
	return erase(n, at->right, name, &part) && make(n, at->entry, hold(at->left), part, out);
}

static struct names_entry *find(const struct names_node *at, struct full name)
{
	while (at) {
		int order = compare(at->entry, name);

		if (order == 0)
			return at->entry;
		at = order > 0 ? at->left : at->right;
	}
	return nullptr;
}

/* ---- Looking ---- */

const struct names_entry *names_lookup(const struct names *n, const struct names_node *root,
				       struct files_text prefix, struct files_text name)
{
	(void)n;
	return find(root, (struct full){prefix, name});
}

static bool is_below(const struct names_entry *entry, struct files_text prefix)
{
	return prefix.len == 0 || (entry->name_len > prefix.len && entry->text[prefix.len] == '/' &&
				   __builtin_memcmp(entry->text, prefix.ptr, prefix.len) == 0);
}

const struct names_entry *names_next(const struct names *n, const struct names_node *root,
				     struct files_text prefix, struct files_text after)
{
	const struct names_entry *found = nullptr;
	/* Behind "prefix/", in front of everything below it. */
	static const char slash[] = "/";
	struct full name = {prefix, after};

	(void)n;
	for (const struct names_node *at = root; at;) {
		int order = compare(at->entry, name);

		if (order > 0 && after.len == 0 && prefix.len && !is_below(at->entry, prefix)) {
			/* Names between "prefix" and "prefix/": look at what follows them, too. */
			bool beyond = at->entry->name_len <= prefix.len ||
				      __builtin_memcmp(at->entry->text, prefix.ptr, prefix.len) != 0 ||
				      at->entry->text[prefix.len] > slash[0];

			if (!beyond) {
				at = at->right;
				continue;
			}
		}
		if (order > 0) {
			found = at->entry;
			at = at->left;
		} else {
			at = at->right;
		}
	}
	return found && is_below(found, prefix) ? found : nullptr;
}

struct files_text names_relative(const struct names_entry *entry, struct files_text prefix)
{
	uint32_t skip = prefix.len ? prefix.len + 1 : 0;

	return (struct files_text){entry->text + skip, entry->name_len - skip};
}

/* ---- Generations ---- */

void names_init(struct names *n, struct blobs *blobs, const uint64_t seed[2])
{
	*n = (struct names){.blobs = blobs, .payer = FILES_NOBODY, .seed = {seed[0], seed[1]}, .present = 1};
	n->kept[1].number = 1;
}

void names_fini(struct names *n)
{
	for (uint32_t i = 0; i < NAMES_HISTORY; i++)
		drop(n, n->kept[i].root);
	*n = (struct names){};
}

const struct names_generation *names_present(const struct names *n)
{
	return &n->kept[n->present % NAMES_HISTORY];
}

const struct names_generation *names_at(const struct names *n, uint64_t number)
{
	const struct names_generation *g = &n->kept[number % NAMES_HISTORY];

	return number != 0 && g->number == number ? g : nullptr;
}

uint64_t names_oldest(const struct names *n)
{
	return n->present < NAMES_HISTORY ? 1 : n->present - NAMES_HISTORY + 1;
}

/* Takes over the root. */
static void push(struct names *n, struct names_node *root, uint64_t bound)
{
	struct names_generation *g = &n->kept[++n->present % NAMES_HISTORY];

	drop(n, g->root);
	*g = (struct names_generation){n->present, root, bound};
}

/* One change to a root that is made; replaces it. */
static enum files_outcome change(const struct names *n, struct names_node **root,
				 const struct names_entry *old, const struct names_change *c, uint64_t *bound)
{
	struct full name = {c->prefix, c->name};
	struct names_node *changed;
	struct names_entry *entry;
	bool good;

	if (c->binding.kind == NAMES_NONE) {
		if (!erase(n, *root, name, &changed))
			return FILES_NO_SPACE;
		--*bound;
	} else {
		if (!old && *bound == NAMES_MAX_BOUND)
			return FILES_TOO_LARGE;
		entry = new_entry(n, name, &c->binding, n->present + 1);
		if (!entry)
			return FILES_NO_SPACE;
		good = insert(n, *root, entry, &changed);
		drop_entry(n, entry);
		if (!good)
			return FILES_NO_SPACE;
		*bound += !old;
	}
	drop(n, *root);
	*root = changed;
	return FILES_DONE;
}

static enum files_outcome check(const struct names_entry *old, const struct names_change *c)
{
	if (!names_ok(c->name) || full_len((struct full){c->prefix, c->name}) > NAMES_MAX_NAME)
		return FILES_BAD_NAME;
	if (c->binding.len > NAMES_MAX_VALUE)
		return FILES_TOO_LARGE;
	if ((c->check == NAMES_ABSENT && old) ||
	    (c->check == NAMES_VERSION && (!old || old->binding.version != c->version)))
		return FILES_CONFLICT;
	return c->binding.kind == NAMES_NONE && !old ? FILES_NOT_FOUND : FILES_DONE;
}

enum files_outcome names_update(struct names *n, const struct names_change *changes, uint32_t count,
				uint64_t expected, uint32_t *index)
{
	const struct names_generation *present = names_present(n);
	struct names_node *root = hold(present->root);
	uint64_t bound = present->bound;
	enum files_outcome outcome = expected && expected != n->present ? FILES_CONFLICT : FILES_DONE;

	*index = 0;
	for (uint32_t i = 0; i < count && outcome == FILES_DONE; i++) {
		/* As the changes before it leave it; versions are those of before. */
		const struct names_entry *old = find(root, (struct full){changes[i].prefix, changes[i].name});

		*index = i;
		outcome = check(old, &changes[i]);
		if (outcome == FILES_DONE)
			outcome = change(n, &root, old, &changes[i], &bound);
	}
	if (outcome == FILES_DONE)
		push(n, root, bound);
	else
		drop(n, root);
	return outcome;
}

/* Removes all names below prefix that `then` does not have so. */
static bool remove_others(const struct names *n, struct names_node **root, const struct names_node *then,
			  struct files_text prefix, uint64_t *bound)
{
	struct files_text after = {};
	const struct names_entry *entry;

	while ((entry = names_next(n, *root, prefix, after))) {
		struct names_node *changed;

		if (find(then, full_of(entry)) == entry) {
			after = names_relative(entry, prefix);
			continue;
		}
		/* The name stays readable: a generation that is kept has it. */
		after = names_relative(entry, prefix);
		if (!erase(n, *root, full_of(entry), &changed))
			return false;
		drop(n, *root);
		*root = changed;
		--*bound;
	}
	return true;
}

static bool add_missing(const struct names *n, struct names_node **root, const struct names_node *then,
			struct files_text prefix, uint64_t *bound)
{
	struct files_text after = {};
	const struct names_entry *entry;

	while ((entry = names_next(n, then, prefix, after))) {
		struct names_node *changed;

		after = names_relative(entry, prefix);
		if (find(*root, full_of(entry)) == entry)
			continue;
		if (!insert(n, *root, (struct names_entry *)(uintptr_t)entry, &changed))
			return false;
		drop(n, *root);
		*root = changed;
		++*bound;
	}
	return true;
}

enum files_outcome names_rollback(struct names *n, struct files_text prefix, uint64_t number)
{
	const struct names_generation *then = names_at(n, number), *present = names_present(n);
	struct names_node *root = hold(present->root);
	uint64_t bound = present->bound;
	bool good;

	if (!then) {
		drop(n, root);
		return FILES_NOT_FOUND;
	}
	good = remove_others(n, &root, then->root, prefix, &bound) &&
	       add_missing(n, &root, then->root, prefix, &bound);
	if (!good) {
		drop(n, root);
		return FILES_NO_SPACE;
	}
	push(n, root, bound);
	return FILES_DONE;
}
