// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Ctrl-R: the newest earlier line that contains what is typed. Ctrl-R again goes on to older ones, Ctrl-G and
 * Ctrl-C give the line back that was there before, Enter runs what was found, and any other key goes on with it.
 */
#include "internal.h"

#define BEFORE "(search `"
#define BEFORE_MISSING "(not found `"
#define BEHIND "') "

uint32_t line_shown_prompt(const struct line_editor *editor, char prompt[LINE_PROMPT_MAX])
{
	const char *before = editor->not_found ? BEFORE_MISSING : BEFORE;
	uint32_t len = (uint32_t)__builtin_strlen(before);

	if (!editor->searching) {
		__builtin_memcpy(prompt, editor->prompt, editor->prompt_len);
		return editor->prompt_len;
	}
	static_assert(sizeof(BEFORE_MISSING) + sizeof(BEHIND) + LINE_QUERY_MAX <= LINE_PROMPT_MAX);
	__builtin_memcpy(prompt, before, len);
	__builtin_memcpy(prompt + len, editor->query, editor->query_len);
	len += editor->query_len;
	__builtin_memcpy(prompt + len, BEHIND, sizeof(BEHIND) - 1);
	return len + (uint32_t)sizeof(BEHIND) - 1;
}

static bool contains(const char *text, uint32_t len, const char *what, uint32_t what_len, uint32_t *at)
{
	for (uint32_t i = 0; i + what_len <= len; i++) {
		if (__builtin_memcmp(text + i, what, what_len) == 0) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* The prompt changes with the text, so the old one must go before. */
static void show(struct line_editor *editor, const char *text, uint32_t len, uint32_t cursor)
{
	len = len < LINE_MAX ? len : LINE_MAX;
	__builtin_memmove(editor->text, text, len);
	editor->len = len;
	editor->cursor = cursor;
	line_redraw(editor);
}

/* From history line n on, to older ones. */
static void find(struct line_editor *editor, uint32_t n)
{
	uint32_t len, at = 0;
	const char *line;

	editor->not_found = false;
	for (; (line = line_history_find(&editor->history, n, &len)) != nullptr; n++) {
		if (contains(line, len, editor->query, editor->query_len, &at)) {
			editor->history_at = n;
			show(editor, line, len, at);
			return;
		}
	}
	editor->not_found = true;
	line_bell(editor);
	line_redraw(editor);
}

void line_search_begin(struct line_editor *editor)
{
	if (editor->hidden)
		return;
	__builtin_memcpy(editor->draft, editor->text, editor->len);
	editor->draft_len = editor->len;
	editor->searching = true;
	editor->not_found = false;
	editor->query_len = 0;
	editor->history_at = 0;
	line_redraw(editor);
}

static void leave(struct line_editor *editor, bool give_up)
{
	editor->searching = false;
	if (give_up) {
		editor->history_at = 0;
		show(editor, editor->draft, editor->draft_len, editor->draft_len);
	} else {
		line_redraw(editor);
	}
}

bool line_search_key(struct line_editor *editor, const struct line_key *key)
{
	bool control = key->code == LINE_KEY_CONTROL;

	if (key->alt) {
		leave(editor, false);
		return false;
	}
	if (control && key->character == 'R') {
		find(editor, editor->history_at + 1);
	} else if (control && (key->character == 'G' || key->character == 'C')) {
		leave(editor, true);
	} else if (key->code == LINE_KEY_BACKSPACE) {
		while (editor->query_len > 0 && ((uint8_t)editor->query[--editor->query_len] & 0xc0) == 0x80)
			;
		find(editor, 1);
	} else if (key->code == LINE_KEY_CHARACTER) {
		if (editor->query_len + key->len > LINE_QUERY_MAX) {
			line_bell(editor);
			return true;
		}
		__builtin_memcpy(editor->query + editor->query_len, key->utf8, key->len);
		editor->query_len += key->len;
		find(editor, editor->history_at > 0 ? editor->history_at : 1);
	} else {
		leave(editor, false);
		return false;
	}
	return true;
}
