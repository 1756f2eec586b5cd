// SPDX-License-Identifier: MIT OR Apache-2.0
/* Which bytes of a process's text may reach a terminal. */
#pragma once

#include <core/types.h>

/* Bytes of the printable character that `text` starts with: 1 for ASCII, 2..4 for well-formed UTF-8 (no overlong forms,
 * no surrogates, no C1 controls); 0 if its first byte is not to be shown. `left` >= 1. */
static inline size_t text_printable(const unsigned char *text, size_t left)
{
	unsigned char c = text[0];
	uint32_t code;
	size_t len;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (len > left)
		return 0;
	code = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < 0xa0 || (len == 3 && code < 0x800) || (code >= 0xd800 && code < 0xe000) ||
	    (len == 4 && (code < 0x10000 || code > 0x10ffff)))
		return 0;
	/* Direction overrides reorder a whole line. */
	if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
		return 0;
	return len;
}
