// SPDX-License-Identifier: MIT OR Apache-2.0
/* Earlier lines, in one buffer from the oldest to the newest, each ended by a NUL. */
#include "internal.h"

static uint32_t length_at(const struct line_history *history, uint32_t at)
{
	uint32_t len = 0;

	while (at + len < history->len && history->bytes[at + len] != '\0')
		len++;
	return len;
}

const char *line_history_find(const struct line_history *history, uint32_t n, uint32_t *len)
{
	uint32_t end = history->len;

	for (; end > 0 && n > 0; n--) {
		uint32_t start = end - 1;

		while (start > 0 && history->bytes[start - 1] != '\0')
			start--;
		if (n == 1) {
			*len = end - 1 - start;
			return history->bytes + start;
		}
		end = start;
	}
	return nullptr;
}

void line_history_add(struct line_history *history, const char *text, uint32_t len)
{
	uint32_t last_len = 0;
	const char *last = line_history_find(history, 1, &last_len);

	if (len == 0 || len + 1 > LINE_HISTORY_BYTES || __builtin_memchr(text, '\0', len))
		return;
	if (last && last_len == len && __builtin_memcmp(last, text, len) == 0)
		return;
	while (LINE_HISTORY_BYTES - history->len < len + 1) {
		uint32_t oldest = length_at(history, 0) + 1;

		history->len -= oldest;
		__builtin_memmove(history->bytes, history->bytes + oldest, history->len);
	}
	__builtin_memcpy(history->bytes + history->len, text, len);
	history->len += len;
	history->bytes[history->len++] = '\0';
}
