// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the files of lib/line share: the screen, the text, the history. */
#pragma once

#include <line/line.h>

/* screen.c */
void line_put(struct line_editor *editor, const char *bytes, size_t len);
void line_redraw(struct line_editor *editor);
/* After text was appended at the end: shows just that. */
void line_appended(struct line_editor *editor, uint32_t from);
void line_to_end(struct line_editor *editor);
void line_clear_screen(struct line_editor *editor);
void line_bell(struct line_editor *editor);

/* text.c: offsets are in bytes and always between characters. */
uint32_t line_width(const char *text, uint32_t len);
uint32_t line_before(const struct line_editor *editor, uint32_t at);
uint32_t line_after(const struct line_editor *editor, uint32_t at);
uint32_t line_word_before(const struct line_editor *editor, uint32_t at);
uint32_t line_word_after(const struct line_editor *editor, uint32_t at);
void line_insert(struct line_editor *editor, const char *bytes, uint32_t len);
void line_erase(struct line_editor *editor, uint32_t from, uint32_t to);
void line_kill(struct line_editor *editor, uint32_t from, uint32_t to);
void line_replace(struct line_editor *editor, const char *text, uint32_t len);

/* search.c */
void line_search_begin(struct line_editor *editor);
/* False: the search is over, and the key is the line's. */
bool line_search_key(struct line_editor *editor, const struct line_key *key);
/* What stands before the text now. */
uint32_t line_shown_prompt(const struct line_editor *editor, char prompt[LINE_PROMPT_MAX]);

/* history.c */
void line_history_add(struct line_history *history, const char *text, uint32_t len);
/* The n-th newest, from 1; null: there is none. */
const char *line_history_find(const struct line_history *history, uint32_t n, uint32_t *len);
