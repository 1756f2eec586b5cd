// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Tab key at the prompt: one candidate is put in, several are put in as far as they agree, and if that is not one
 * character further, listed above the line, in columns.
 */
#include <shell/complete.h>

#include "view.h"

static struct shell_completion found;

/* Replaces what is completed by the first `text_len` bytes of text and `after`. False: no room. */
static bool put(char *line, uint32_t size, uint32_t *len, uint32_t *cursor, const char *text,
		uint32_t text_len, char after)
{
	uint32_t behind = *len - *cursor;

	if (after && behind > 0 && line[*cursor] == after)
		after = 0;

	uint32_t more = text_len + (after ? 1 : 0);
	if (found.from + more + behind > size)
		return false;
	__builtin_memmove(line + found.from + more, line + *cursor, behind);
	__builtin_memcpy(line + found.from, text, text_len);
	if (after)
		line[found.from + text_len] = after;
	*cursor = found.from + more;
	*len = *cursor + behind;
	return true;
}

static uint32_t width_of(const struct shell_candidate *c)
{
	return (uint32_t)__builtin_strlen(c->text);
}

/* Down, then across, as a list of names is read. */
static void list(void)
{
	uint32_t columns, rows, width = 0;

	(void)terminal_size(&columns, &rows);
	for (uint32_t i = 0; i < found.count; i++)
		width = width_of(&found.candidate[i]) > width ? width_of(&found.candidate[i]) : width;
	width += 2;

	uint32_t across = columns / width ? columns / width : 1, down = (found.count + across - 1) / across;
	for (uint32_t row = 0; row < down; row++) {
		for (uint32_t i = row; i < found.count; i += down) {
			text_put(&out, found.candidate[i].text);
			if (i + down < found.count)
				text_put_pad(&out, width_of(&found.candidate[i]), width);
		}
		text_put(&out, "\n");
	}
	if (found.total > found.count)
		text_print(&out, "... and %u more\n", found.total - found.count);
	terminal_flush();
}

void tab_complete(char *line, uint32_t size, uint32_t *len, uint32_t *cursor)
{
	const struct shell_candidate *first = &found.candidate[0];

	if (!prompt_complete(line, *len, *cursor, &found) || found.count == 0 || found.from > *cursor) {
		text_put(&out, "\a");
		terminal_flush();
		return;
	}
	if (found.count == 1 && found.total == 1)
		(void)put(line, size, len, cursor, first->text, width_of(first), first->after);
	else if (found.common_len > *cursor - found.from)
		(void)put(line, size, len, cursor, first->text, found.common_len, 0);
	else
		list();
}
