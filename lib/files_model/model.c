// SPDX-License-Identifier: MIT OR Apache-2.0
/* The reference model (files_model/model.h). */
#include <files_model/model.h>

#define NONE UINT32_MAX

static uint64_t next_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

static uint32_t below(struct model *m, uint32_t bound)
{
	return (uint32_t)(next_random(m) >> 20) % bound;
}

void model_init(struct model *m, const struct model_subject *subject, uint64_t seed)
{
	__builtin_memset(m, 0, sizeof(*m));
	m->subject = subject;
	m->random = seed * 2 + 88172645463325253ull;
	m->nodes[0].used = true;
	m->nodes[0].kind = FILES_DIRECTORY;
}

static uint32_t length(const char *text)
{
	return (uint32_t)__builtin_strlen(text);
}

static bool is_name(const struct model_node *node, struct files_text name)
{
	return length(node->name) == name.len && __builtin_memcmp(node->name, name.ptr, name.len) == 0;
}

static uint32_t child(const struct model *m, uint32_t parent, struct files_text name)
{
	for (uint32_t i = 1; i < MODEL_NODES; i++)
		if (m->nodes[i].used && m->nodes[i].parent == parent && is_name(&m->nodes[i], name))
			return i;
	return NONE;
}

static bool is_empty(const struct model *m, uint32_t node)
{
	for (uint32_t i = 1; i < MODEL_NODES; i++)
		if (m->nodes[i].used && m->nodes[i].parent == node)
			return false;
	return true;
}

struct place {
	uint32_t directory, node;
	struct files_text name;
};

static enum files_outcome find(const struct model *m, struct files_text path, struct place *place)
{
	uint32_t at = 0;

	for (;;) {
		struct files_text name = path;
		uint32_t len = 0;

		while (len < path.len && path.ptr[len] != '/')
			len++;
		name.len = len;
		if (len == 0 || (len < path.len && len + 1 == path.len) || path.ptr[0] == '.')
			return FILES_BAD_NAME;
		if (m->nodes[at].kind != FILES_DIRECTORY)
			return FILES_NOT_DIRECTORY;
		*place = (struct place){at, child(m, at, name), name};
		if (len == path.len)
			return FILES_DONE;
		if (place->node == NONE)
			return FILES_NOT_FOUND;
		at = place->node;
		path.ptr += len + 1;
		path.len -= len + 1;
	}
}

/* The node; for files: not a directory. */
static enum files_outcome find_node(const struct model *m, struct files_text path, bool file, uint32_t *node)
{
	struct place place = {.node = 0};
	enum files_outcome outcome = path.len ? find(m, path, &place) : FILES_DONE;

	*node = place.node;
	if (outcome == FILES_DONE && place.node == NONE)
		outcome = FILES_NOT_FOUND;
	if (outcome == FILES_DONE && file && m->nodes[*node].kind != FILES_FILE)
		outcome = FILES_IS_DIRECTORY;
	return outcome;
}

/* ---- Random paths: few names, so that they meet ---- */

static struct files_text random_path(struct model *m, char *buffer)
{
	static const char names[] = "abcdef";
	uint32_t len = 0, depth = 1 + below(m, 3);

	if (below(m, 64) == 0)
		depth = 0;
	for (uint32_t i = 0; i < depth; i++) {
		if (i > 0)
			buffer[len++] = '/';
		buffer[len++] = names[below(m, 6)];
		if (below(m, 40) == 0) /* now and then one that is no name */
			buffer[len - 1] = "/."[below(m, 2)];
	}
	return (struct files_text){buffer, len};
}

/* ---- Both sides of an operation ---- */

static bool differ(struct model *m, const char *what)
{
	if (!m->wrong)
		m->wrong = what;
	return false;
}

/* True: the subject did what the model expected to be done. */
static bool same(struct model *m, enum files_outcome got, enum files_outcome expected, const char *what,
		 bool *good)
{
	m->done[got]++;
	if (got == FILES_NO_SPACE && m->may_fail)
		return false;
	if (got != expected)
		*good = differ(m, what);
	return got == FILES_DONE && got == expected;
}

static bool step_make(struct model *m)
{
	char buffer[MODEL_PATH];
	struct files_text path = random_path(m, buffer);
	enum files_kind kind = below(m, 3) ? FILES_FILE : FILES_DIRECTORY;
	struct place place = {};
	uint32_t free = 1;
	bool good = true;

	while (free < MODEL_NODES && m->nodes[free].used)
		free++;
	if (free == MODEL_NODES)
		return true;

	enum files_outcome expected = path.len ? find(m, path, &place) : FILES_EXISTS;

	if (expected == FILES_DONE && place.node != NONE)
		expected = FILES_EXISTS;
	if (!same(m, m->subject->make(m->subject->context, path, kind), expected, "make", &good))
		return good;

	struct model_node *node = &m->nodes[free];

	__builtin_memset(node, 0, sizeof(*node));
	node->used = true;
	node->kind = kind;
	node->parent = place.directory;
	__builtin_memcpy(node->name, place.name.ptr, place.name.len);
	return good;
}

static bool step_remove(struct model *m)
{
	char buffer[MODEL_PATH];
	struct files_text path = random_path(m, buffer);
	uint32_t node;
	enum files_outcome expected = find_node(m, path, false, &node);
	bool good = true;

	if (expected == FILES_DONE && node == 0)
		expected = FILES_DENIED;
	else if (expected == FILES_DONE && !is_empty(m, node))
		expected = FILES_NOT_EMPTY;
	if (same(m, m->subject->remove(m->subject->context, path), expected, "remove", &good))
		m->nodes[node].used = false;
	return good;
}

static bool is_inside(const struct model *m, uint32_t node, uint32_t directory)
{
	while (node != directory && node != 0)
		node = m->nodes[node].parent;
	return node == directory;
}

static enum files_outcome expect_rename(const struct model *m, struct files_text from_path,
					struct files_text to_path, bool replace, struct place *from,
					struct place *to)
{
	enum files_outcome outcome;

	if (from_path.len == 0 || to_path.len == 0)
		return FILES_DENIED;
	outcome = find(m, from_path, from);
	if (outcome == FILES_DONE && from->node == NONE)
		outcome = FILES_NOT_FOUND;
	if (outcome == FILES_DONE)
		outcome = find(m, to_path, to);
	if (outcome != FILES_DONE)
		return outcome;

	enum files_kind kind = m->nodes[from->node].kind;

	if (to->node == from->node)
		return replace ? FILES_DONE : FILES_EXISTS;
	if (kind == FILES_DIRECTORY && is_inside(m, to->directory, from->node))
		return FILES_INSIDE;
	if (to->node == NONE)
		return FILES_DONE;
	if (!replace)
		return FILES_EXISTS;
	if (m->nodes[to->node].kind != kind)
		return kind == FILES_FILE ? FILES_IS_DIRECTORY : FILES_NOT_DIRECTORY;
	return is_empty(m, to->node) ? FILES_DONE : FILES_NOT_EMPTY;
}

static bool step_rename(struct model *m)
{
	char from_buffer[MODEL_PATH], to_buffer[MODEL_PATH];
	struct files_text from_path = random_path(m, from_buffer), to_path = random_path(m, to_buffer);
	bool replace = below(m, 2), good = true;
	struct place from = {}, to = {};
	enum files_outcome expected = expect_rename(m, from_path, to_path, replace, &from, &to);
	enum files_outcome got = m->subject->rename(m->subject->context, from_path, to_path, replace);

	if (!same(m, got, expected, "rename", &good) || to.node == from.node)
		return good;
	if (to.node != NONE)
		m->nodes[to.node].used = false;

	struct model_node *node = &m->nodes[from.node];

	node->parent = to.directory;
	__builtin_memset(node->name, 0, sizeof(node->name));
	__builtin_memcpy(node->name, to.name.ptr, to.name.len);
	return good;
}

static bool step_write(struct model *m)
{
	char buffer[MODEL_PATH];
	struct files_text path = random_path(m, buffer);
	uint32_t node, count = below(m, MODEL_PIECE + 1), offset = below(m, MODEL_BYTES - count + 1);
	enum files_outcome expected = find_node(m, path, true, &node), got;
	bool append = below(m, 4) == 0, good = true;
	uint64_t at = UINT64_MAX;

	for (uint32_t i = 0; i < count; i++)
		m->scratch[i] = (uint8_t)(m->random >> i % 8 * 8) ^ (uint8_t)i;
	if (append && expected == FILES_DONE && m->nodes[node].size + count > MODEL_BYTES)
		return true;
	if (append)
		got = m->subject->append(m->subject->context, path, m->scratch, count, &at);
	else
		got = m->subject->write(m->subject->context, path, offset, m->scratch, count);
	if (!same(m, got, expected, append ? "append" : "write", &good))
		return good;

	struct model_node *file = &m->nodes[node];

	if (append && at != file->size)
		return differ(m, "where it was appended");
	if (append)
		offset = file->size;
	if (count == 0)
		return good;
	__builtin_memcpy(file->bytes + offset, m->scratch, count);
	if (offset + count > file->size)
		file->size = offset + count;
	return good;
}

static bool step_truncate(struct model *m)
{
	char buffer[MODEL_PATH];
	struct files_text path = random_path(m, buffer);
	uint32_t node, size = below(m, MODEL_BYTES + 1);
	enum files_outcome expected = find_node(m, path, true, &node);
	bool good = true;

	if (!same(m, m->subject->truncate(m->subject->context, path, size), expected, "truncate", &good))
		return good;

	struct model_node *file = &m->nodes[node];

	if (size < file->size)
		__builtin_memset(file->bytes + size, 0, file->size - size);
	file->size = size;
	return good;
}

static bool compare_bytes(struct model *m, struct files_text path, uint32_t node, uint32_t offset,
			  uint32_t count)
{
	const struct model_node *file = &m->nodes[node];
	uint32_t got = 0, expected = offset < file->size ? file->size - offset : 0;
	enum files_outcome outcome = m->subject->read(m->subject->context, path, offset, m->scratch, count,
						      &got);

	expected = expected < count ? expected : count;
	if (outcome != FILES_DONE || got != expected ||
	    __builtin_memcmp(m->scratch, file->bytes + offset, got) != 0)
		return differ(m, "bytes");
	return true;
}

static bool step_read(struct model *m)
{
	char buffer[MODEL_PATH];
	struct files_text path = random_path(m, buffer);
	uint32_t node, got, count = below(m, MODEL_PIECE + 1), offset = below(m, MODEL_BYTES);
	enum files_outcome expected = find_node(m, path, true, &node);
	bool good = true;

	if (expected == FILES_DONE)
		return compare_bytes(m, path, node, offset, count);
	(void)same(m, m->subject->read(m->subject->context, path, offset, m->scratch, count, &got), expected,
		   "read", &good);
	return good;
}

static uint64_t entries_below(const struct model *m, uint32_t directory)
{
	uint64_t count = 0;

	for (uint32_t i = 1; i < MODEL_NODES; i++)
		count += m->nodes[i].used && i != directory && is_inside(m, i, directory);
	return count;
}

static uint64_t names_in(const struct model *m, uint32_t directory)
{
	uint64_t count = 0;

	for (uint32_t i = 1; i < MODEL_NODES; i++)
		count += m->nodes[i].used && m->nodes[i].parent == directory;
	return count;
}

static bool compare_stat(struct model *m, struct files_text path, uint32_t node, enum files_outcome expected)
{
	struct model_stat stat = {};
	bool good = true;

	if (!same(m, m->subject->stat(m->subject->context, path, &stat), expected, "stat", &good))
		return good;

	const struct model_node *n = &m->nodes[node];
	bool file = n->kind == FILES_FILE;

	if (stat.kind != n->kind || stat.size != (file ? n->size : names_in(m, node)) ||
	    stat.entries != (file ? 0 : entries_below(m, node)))
		return differ(m, "what stat says");
	return good;
}

static bool step_stat(struct model *m)
{
	char buffer[MODEL_PATH];
	struct files_text path = random_path(m, buffer);
	uint32_t node;
	enum files_outcome expected = find_node(m, path, false, &node);

	return compare_stat(m, path, node, expected);
}

bool model_step(struct model *m)
{
	switch (below(m, 16)) {
	case 0 ... 3:
		return step_make(m);
	case 4 ... 5:
		return step_remove(m);
	case 6 ... 7:
		return step_rename(m);
	case 8 ... 10:
		return step_write(m);
	case 11:
		return step_truncate(m);
	case 12 ... 14:
		return step_read(m);
	default:
		return step_stat(m);
	}
}

/* ---- Everything ---- */

static struct files_text path_of(const struct model *m, uint32_t node, char *buffer)
{
	uint32_t at = MODEL_PATH;

	for (; node != 0; node = m->nodes[node].parent) {
		uint32_t len = length(m->nodes[node].name);

		if (at < MODEL_PATH)
			buffer[--at] = '/';
		at -= len;
		__builtin_memcpy(buffer + at, m->nodes[node].name, len);
	}
	return (struct files_text){buffer + at, MODEL_PATH - at};
}

/* Its names, in order, and no others. */
static bool compare_names(struct model *m, struct files_text path, uint32_t directory)
{
	char names[2][256];
	struct files_text last = {};
	uint64_t count = 0;

	for (;; count++) {
		char *name = names[count % 2];
		uint32_t len = 0;
		enum files_outcome outcome = m->subject->next(m->subject->context, path, last, name, &len);

		if (outcome != FILES_DONE)
			return differ(m, "list");
		if (len == 0)
			break;
		if (child(m, directory, (struct files_text){name, len}) == NONE)
			return differ(m, "a name that should not be there");
		if (last.len && __builtin_memcmp(last.ptr, name, 1) >= 0)
			return differ(m, "the order of names");
		last = (struct files_text){name, len};
	}
	return count == names_in(m, directory) || differ(m, "a name is missing");
}

bool model_compare(struct model *m)
{
	for (uint32_t i = 0; i < MODEL_NODES; i++) {
		char buffer[MODEL_PATH];
		struct files_text path = path_of(m, m->nodes[i].used ? i : 0, buffer);

		if (!m->nodes[i].used)
			continue;
		if (!compare_stat(m, path, i, FILES_DONE))
			return false;
		if (m->nodes[i].kind == FILES_DIRECTORY && !compare_names(m, path, i))
			return false;
		for (uint32_t at = 0; m->nodes[i].kind == FILES_FILE && at < MODEL_BYTES; at += MODEL_PIECE)
			if (!compare_bytes(m, path, i, at, MODEL_PIECE))
				return false;
	}
	return true;
}

bool model_clear(struct model *m)
{
	for (bool again = true; again;) {
		again = false;
		for (uint32_t i = 1; i < MODEL_NODES; i++) {
			char buffer[MODEL_PATH];

			if (!m->nodes[i].used || !is_empty(m, i))
				continue;
			if (m->subject->remove(m->subject->context, path_of(m, i, buffer)) != FILES_DONE)
				return differ(m, "clearing");
			m->nodes[i].used = false;
			again = true;
		}
	}
	return true;
}
