// SPDX-License-Identifier: MIT OR Apache-2.0
/* Values as trees: arenas, copies, comparison. Recursion is bounded by SHELL_MAX_DEPTH. */
#include <shell/value.h>

void *shell_arena_alloc(struct shell_arena *arena, uint32_t bytes)
{
	uint32_t rounded = (bytes + 7) & ~7u;

	if (bytes > UINT32_MAX - 8 || rounded > arena->size - arena->used)
		return nullptr;

	void *p = arena->base + arena->used;
	arena->used += rounded;
	__builtin_memset(p, 0, rounded);
	return p;
}

char *shell_arena_bytes(struct shell_arena *arena, const void *bytes, uint32_t len)
{
	char *p = shell_arena_alloc(arena, len ? len : 1);

	if (p && len > 0)
		__builtin_memcpy(p, bytes, len);
	return p;
}

const struct shell_value *shell_member(const struct shell_value *value, struct shell_word name)
{
	if (value->kind != SHELL_STRUCT)
		return nullptr;
	for (const struct shell_value *m = value->first; m; m = m->next)
		if (shell_words_equal(m->name, name))
			return m;
	return nullptr;
}

const struct shell_value *shell_plain(const struct shell_value *value)
{
	return value->kind == SHELL_STRUCT && value->results && value->count == 1 ? value->first : value;
}

static bool has_bytes(const struct shell_value *v)
{
	return v->kind == SHELL_TEXT || v->kind == SHELL_DATA || v->kind == SHELL_NAME ||
	       v->kind == SHELL_ENUMERANT;
}

static bool has_members(const struct shell_value *v)
{
	return v->kind == SHELL_LIST || v->kind == SHELL_STRUCT;
}

static struct shell_value *copy(struct shell_arena *arena, const struct shell_value *value, unsigned depth)
{
	struct shell_value *out = depth < SHELL_MAX_DEPTH ? shell_arena_alloc(arena, sizeof(*out)) : nullptr;
	const struct shell_value **link;

	if (!out)
		return nullptr;
	*out = *value;
	out->next = nullptr;
	out->name.ptr = shell_arena_bytes(arena, value->name.ptr, value->name.len);
	/* The place of a value is in the source that made it, which may be gone: only the bytes stay. */
	out->word = (struct shell_word){.ptr = "", .len = 0};
	if (has_bytes(value)) {
		out->word.len = value->word.len;
		out->word.ptr = shell_arena_bytes(arena, value->word.ptr, value->word.len);
	}
	if (!out->name.ptr || !out->word.ptr)
		return nullptr;
	if (!has_members(value))
		return out;
	link = &out->first;
	*link = nullptr;
	for (const struct shell_value *m = value->first; m; m = m->next) {
		struct shell_value *member = copy(arena, m, depth + 1);

		if (!member)
			return nullptr;
		*link = member;
		link = &member->next;
	}
	return out;
}

struct shell_value *shell_value_copy(struct shell_arena *arena, const struct shell_value *value)
{
	return copy(arena, value, 0);
}

static uint64_t size_of(const struct shell_value *value, unsigned depth)
{
	uint64_t size = sizeof(*value) + value->name.len + 8 + 8;

	if (depth >= SHELL_MAX_DEPTH)
		return UINT32_MAX;
	if (has_bytes(value))
		size += value->word.len + 8ull;
	for (const struct shell_value *m = has_members(value) ? value->first : nullptr; m; m = m->next)
		size += size_of(m, depth + 1);
	return size;
}

uint32_t shell_value_size(const struct shell_value *value)
{
	uint64_t size = size_of(value, 0);

	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static bool is_number(const struct shell_value *v)
{
	return v->kind == SHELL_INTEGER || v->kind == SHELL_REAL;
}

static bool is_word(const struct shell_value *v)
{
	return v->kind == SHELL_TEXT || v->kind == SHELL_NAME || v->kind == SHELL_ENUMERANT;
}

static bool numbers_equal(const struct shell_value *a, const struct shell_value *b)
{
	if (a->kind == SHELL_INTEGER && b->kind == SHELL_INTEGER)
		return a->magnitude == b->magnitude && (a->negative == b->negative || a->magnitude == 0);
	return shell_real(a) == shell_real(b);
}

static bool equal(const struct shell_value *a, const struct shell_value *b, unsigned depth)
{
	if (is_number(a) && is_number(b))
		return numbers_equal(a, b);
	if (is_word(a) && is_word(b))
		return shell_words_equal(a->word, b->word);
	if (a->kind != b->kind || depth >= SHELL_MAX_DEPTH)
		return false;
	switch (a->kind) {
	case SHELL_BOOL:
		return a->truth == b->truth;
	case SHELL_DATA:
		return shell_words_equal(a->word, b->word);
	case SHELL_CAPABILITY:
		return a->cap.raw == b->cap.raw;
	case SHELL_LIST:
	case SHELL_STRUCT: {
		const struct shell_value *x = a->first, *y = b->first;

		for (; x && y; x = x->next, y = y->next)
			if (!shell_words_equal(x->name, y->name) || !equal(x, y, depth + 1))
				return false;
		return x == y;
	}
	default:
		return true;
	}
}

bool shell_values_equal(const struct shell_value *a, const struct shell_value *b)
{
	return equal(a, b, 0);
}

void shell_value_caps(const struct shell_value *value, void (*each)(void *self, cap_id id), void *self)
{
	if (value->kind == SHELL_CAPABILITY && value->cap.raw)
		each(self, value->cap);
	for (const struct shell_value *m = has_members(value) ? value->first : nullptr; m; m = m->next)
		shell_value_caps(m, each, self);
}
