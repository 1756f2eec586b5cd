// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Keys: bytes from a terminal in, typed keys out.
 *
 * - Escape sequences are those that xterm, tmux, screen and the Linux console send: ESC [ parameters final, ESC O
 *   final, ESC character. Whatever is not known is read to its end and dropped.
 * - What is not UTF-8 becomes U+FFFD.
 * - A lone Escape cannot be told from the beginning of a sequence: it shows with the next byte, as Alt.
 * - A line feed right behind a carriage return is no second Enter.
 */
#pragma once

#include <stdint.h>

enum line_key_code : uint8_t {
	LINE_KEY_CHARACTER, /* character: a code point, printable or not */
	LINE_KEY_CONTROL, /* character: the letter, 'A' to '_', of a control character without a name of its own */
	LINE_KEY_ENTER,
	LINE_KEY_TAB,
	LINE_KEY_BACK_TAB,
	LINE_KEY_BACKSPACE,
	LINE_KEY_DELETE,
	LINE_KEY_INSERT,
	LINE_KEY_UP,
	LINE_KEY_DOWN,
	LINE_KEY_LEFT,
	LINE_KEY_RIGHT,
	LINE_KEY_HOME,
	LINE_KEY_END,
	LINE_KEY_PAGE_UP,
	LINE_KEY_PAGE_DOWN,
};

struct line_key {
	enum line_key_code code;
	bool alt, control; /* control: of keys that have a name, with Ctrl (or Shift) held */
	uint32_t character;
	uint8_t len; /* of a character: its UTF-8 */
	char utf8[4];
};

struct line_decoder {
	uint8_t state;
	uint8_t parameter[2];
	uint8_t parameter_count;
	char utf8[4];
	uint8_t utf8_len, utf8_want;
	bool after_return;
};

/* The keys that this byte completes: 0, 1 or (behind a broken character) 2. */
unsigned line_decode(struct line_decoder *decoder, uint8_t byte, struct line_key keys[2]);
