// SPDX-License-Identifier: MIT OR Apache-2.0
/* Functions that the language brings along. */
#include <fmt/fmt.h>
#include <shell/decode.h>

#include "internal.h"

typedef bool builtin_fn(struct shell *shell, uint32_t at, const struct shell_value *first, uint32_t count,
			const struct shell_value **value);

/* Texts without their quotes, anything else as it is written. */
static void put(const struct shell *shell, const struct text_out *out, const struct shell_value *value)
{
	value = shell_plain(value);
	if (value->kind == SHELL_TEXT)
		text_put_text(out, (struct msg_text){value->word.ptr, value->word.len});
	else
		shell_print(shell->registry, out, value);
}

static bool builtin_print(struct shell *shell, uint32_t at, const struct shell_value *first, uint32_t count,
			  const struct shell_value **value)
{
	(void)count;
	for (const struct shell_value *v = first; v; v = v->next) {
		put(shell, shell->host->out, v);
		text_put(shell->host->out, v->next ? " " : "");
	}
	text_put(shell->host->out, "\n");
	*value = eval_new(shell, SHELL_VOID, at);
	return *value != nullptr;
}

static bool builtin_len(struct shell *shell, uint32_t at, const struct shell_value *first, uint32_t count,
			const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_INTEGER, at);
	const struct shell_value *v = first ? shell_plain(first) : nullptr;

	if (!out)
		return false;
	if (count != 1)
		return shell_fail_at(shell, at, "len(x) takes one value");
	if (v->kind == SHELL_LIST || v->kind == SHELL_STRUCT)
		out->magnitude = v->count;
	else if (v->kind == SHELL_TEXT || v->kind == SHELL_DATA)
		out->magnitude = v->word.len;
	else
		return shell_fail_at(shell, at, "only texts, data, lists and structs have a length");
	*value = out;
	return true;
}

struct buffer {
	char bytes[512];
	uint32_t len;
};

static void write_buffer(void *self, const char *bytes, size_t len)
{
	struct buffer *b = self;

	for (size_t i = 0; i < len && b->len < sizeof(b->bytes); i++)
		b->bytes[b->len++] = bytes[i];
}

static bool builtin_text(struct shell *shell, uint32_t at, const struct shell_value *first, uint32_t count,
			 const struct shell_value **value)
{
	struct shell_value *out = eval_new(shell, SHELL_TEXT, at);
	struct buffer buffer = {.len = 0};
	struct text_out text = {write_buffer, &buffer, nullptr};

	if (!out)
		return false;
	if (count != 1)
		return shell_fail_at(shell, at, "text(x) takes one value");
	put(shell, &text, first);
	out->word.ptr = shell_arena_bytes(&shell->arena, buffer.bytes, buffer.len);
	out->word.len = buffer.len;
	*value = out;
	return out->word.ptr || shell_fail_at(shell, at, "too much at once: there is no room for it");
}

static bool builtin_fail(struct shell *shell, uint32_t at, const struct shell_value *first, uint32_t count,
			 const struct shell_value **value)
{
	const struct shell_value *v = first ? shell_plain(first) : nullptr;

	(void)value;
	if (count != 1 || v->kind != SHELL_TEXT)
		return shell_fail_at(shell, at, "fail(\"why\") takes a text");
	return shell_fail(shell, "failed", "%.*s", (int)v->word.len, v->word.ptr);
}

static const struct {
	const char *name;
	builtin_fn *run;
} builtins[] = {
	{"print", builtin_print},
	{"len", builtin_len},
	{"text", builtin_text},
	{"fail", builtin_fail},
};

#define BUILTINS (sizeof(builtins) / sizeof(builtins[0]))

void builtin_offer(struct shell_nearest *nearest)
{
	for (size_t i = 0; i < BUILTINS; i++)
		shell_nearest_offer(nearest, builtins[i].name, (uint32_t)__builtin_strlen(builtins[i].name));
}

bool builtin_call(struct shell *shell, struct shell_word name, uint32_t at, const struct shell_value *first,
		  uint32_t count, bool *found, const struct shell_value **value)
{
	*found = true;
	for (size_t i = 0; i < BUILTINS; i++)
		if (shell_word_is(name, builtins[i].name))
			return builtins[i].run(shell, at, first, count, value);
	*found = false;
	return true;
}

bool builtin_exists(struct shell_word name)
{
	for (size_t i = 0; i < BUILTINS; i++)
		if (shell_word_is(name, builtins[i].name))
			return true;
	return false;
}
