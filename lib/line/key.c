// SPDX-License-Identifier: MIT OR Apache-2.0
/* Bytes become keys. One state machine, one byte at a time, nothing kept longer than a sequence. */
#include <line/key.h>

enum state : uint8_t { PLAIN, ESCAPE, CONTROL, SINGLE };

static struct line_key named(enum line_key_code code)
{
	return (struct line_key){.code = code};
}

static struct line_key character(const char *utf8, uint8_t len)
{
	struct line_key key = {.code = LINE_KEY_CHARACTER, .len = len};
	uint8_t first = (uint8_t)utf8[0];

	key.character = len == 1 ? first : first & (0x7fu >> len);
	for (uint8_t i = 0; i < len; i++) {
		key.utf8[i] = utf8[i];
		if (i > 0)
			key.character = key.character << 6 | ((uint8_t)utf8[i] & 0x3f);
	}
	return key;
}

/* ---- UTF-8 ---- */

static bool is_valid_character(const char *bytes, uint8_t len)
{
	uint8_t a = (uint8_t)bytes[0], b = (uint8_t)bytes[1];

	if (len == 3)
		return !(a == 0xe0 && b < 0xa0) && !(a == 0xed && b > 0x9f);
	if (len == 4)
		return !(a == 0xf0 && b < 0x90) && !(a == 0xf4 && b > 0x8f);
	return true;
}

/* Ends a character that was broken off. */
static unsigned replace(struct line_decoder *d, struct line_key *key)
{
	d->utf8_len = d->utf8_want = 0;
	*key = character("\xef\xbf\xbd", 3);
	return 1;
}

/* A byte of a character of several. */
static unsigned utf8_byte(struct line_decoder *d, uint8_t byte, struct line_key *keys)
{
	bool continuation = (byte & 0xc0) == 0x80;
	unsigned count = 0;

	if (d->utf8_want != 0 && !continuation)
		count = replace(d, keys);
	if (d->utf8_want == 0) {
		if (byte < 0xc2 || byte > 0xf4)
			return count + replace(d, keys + count);
		d->utf8_want = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
	}
	d->utf8[d->utf8_len++] = (char)byte;
	if (d->utf8_len < d->utf8_want)
		return count;
	if (!is_valid_character(d->utf8, d->utf8_len))
		return count + replace(d, keys + count);
	keys[count] = character(d->utf8, d->utf8_len);
	d->utf8_len = d->utf8_want = 0;
	return count + 1;
}

/* ---- Escape sequences ---- */

/* ESC [ n ~ */
static unsigned numbered(unsigned number, struct line_key *key)
{
	static const uint8_t codes[] = {
		[1] = LINE_KEY_HOME,    [2] = LINE_KEY_INSERT,    [3] = LINE_KEY_DELETE, [4] = LINE_KEY_END,
		[5] = LINE_KEY_PAGE_UP, [6] = LINE_KEY_PAGE_DOWN, [7] = LINE_KEY_HOME,   [8] = LINE_KEY_END,
	};

	if (number >= sizeof(codes) || codes[number] == 0)
		return 0;
	*key = named((enum line_key_code)codes[number]);
	return 1;
}

/* The end of a sequence. xterm's second parameter is 1 plus the modifiers' bits: 1 Shift, 2 Alt, 4 Control. */
static unsigned final_byte(const struct line_decoder *d, uint8_t final, struct line_key *key)
{
	static const struct {
		uint8_t final, code;
	} finals[] = {
		{'A', LINE_KEY_UP},   {'B', LINE_KEY_DOWN}, {'C', LINE_KEY_RIGHT},    {'D', LINE_KEY_LEFT},
		{'H', LINE_KEY_HOME}, {'F', LINE_KEY_END},  {'Z', LINE_KEY_BACK_TAB},
	};
	unsigned count = 0;

	if (final == '~') {
		count = numbered(d->parameter[0], key);
	} else {
		for (unsigned i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
			if (finals[i].final == final) {
				*key = named((enum line_key_code)finals[i].code);
				count = 1;
			}
		}
	}
	if (count > 0 && d->parameter_count > 1 && d->parameter[1] > 1) {
		key->alt = (d->parameter[1] - 1) & 2;
		key->control = (d->parameter[1] - 1) & 5;
	}
	return count;
}

static void parameter_byte(struct line_decoder *d, uint8_t byte)
{
	if (byte == ';') {
		if (d->parameter_count < 2)
			d->parameter_count++;
		return;
	}
	if (d->parameter_count == 0)
		d->parameter_count = 1;

	uint8_t *p = &d->parameter[d->parameter_count - 1];
	unsigned value = *p * 10u + (byte - '0');
	*p = value > 255 ? 255 : (uint8_t)value;
}

static unsigned plain_byte(struct line_decoder *d, uint8_t byte, struct line_key *key);

static unsigned escape_byte(struct line_decoder *d, uint8_t byte, struct line_key *key)
{
	if (d->state == ESCAPE) {
		d->state = byte == '[' ? CONTROL : byte == 'O' ? SINGLE : byte == 0x1b ? ESCAPE : PLAIN;
		d->parameter_count = d->parameter[0] = d->parameter[1] = 0;
		if (d->state != PLAIN || byte >= 0x80)
			return 0;
		unsigned count = plain_byte(d, byte, key);
		key->alt = true;
		return count;
	}
	if (d->state == SINGLE || (byte >= 0x40 && byte <= 0x7e)) {
		d->state = PLAIN;
		return final_byte(d, byte, key);
	}
	if ((byte >= '0' && byte <= '9') || byte == ';')
		parameter_byte(d, byte);
	else if (byte < 0x20 || byte >= 0x7f)
		d->state = PLAIN;
	return 0;
}

/* ---- ASCII ---- */

static unsigned plain_byte(struct line_decoder *d, uint8_t byte, struct line_key *key)
{
	char c = (char)byte;

	if (byte == 0x1b) {
		d->state = ESCAPE;
		return 0;
	}
	if (byte == '\r' || byte == '\n')
		*key = named(LINE_KEY_ENTER);
	else if (byte == '\t')
		*key = named(LINE_KEY_TAB);
	else if (byte == '\b' || byte == 0x7f)
		*key = named(LINE_KEY_BACKSPACE);
	else if (byte < 0x20)
		*key = (struct line_key){.code = LINE_KEY_CONTROL, .character = byte + 0x40u};
	else
		*key = character(&c, 1);
	return 1;
}

unsigned line_decode(struct line_decoder *d, uint8_t byte, struct line_key keys[2])
{
	bool second_half = byte == '\n' && d->after_return;
	unsigned count = 0;

	d->after_return = byte == '\r';
	if (second_half)
		return 0;
	if (d->state != PLAIN)
		return escape_byte(d, byte, keys);
	if (byte >= 0x80)
		return utf8_byte(d, byte, keys);
	if (d->utf8_want != 0)
		count = replace(d, keys);
	return count + plain_byte(d, byte, keys + count);
}
