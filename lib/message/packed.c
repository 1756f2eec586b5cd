// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Packing (encoding specification, "Packing"): each word is a tag byte, one bit for each byte that is not zero, and
 * those bytes. After tag 0x00 a count of further zero words; after tag 0xff a count of words that follow as they are.
 */
#include <message/frame.h>

enum status msg_unpack(const void *in, size_t in_bytes, void *out, size_t out_bytes, size_t *used)
{
	const uint8_t *p = in, *end = p + in_bytes;
	uint8_t *to = out;
	size_t room = out_bytes;

	*used = 0;
	while (p < end) {
		uint8_t tag = *p++;

		if (room < 8)
			return STATUS_TOO_LARGE;
		for (unsigned bit = 0; bit < 8; bit++) {
			bool there = (tag >> bit & 1) != 0;

			if (there && p == end)
				return STATUS_BAD_MESSAGE;
			*to++ = there ? *p++ : 0;
		}
		room -= 8;
		if (tag != 0 && tag != 0xff)
			continue;
		if (p == end)
			return STATUS_BAD_MESSAGE;

		size_t run = (size_t)*p++ * 8;
		if (run > room)
			return STATUS_TOO_LARGE;
		if (tag == 0) {
			__builtin_memset(to, 0, run);
		} else {
			if (run > (size_t)(end - p))
				return STATUS_BAD_MESSAGE;
			__builtin_memcpy(to, p, run);
			p += run;
		}
		to += run;
		room -= run;
	}
	*used = out_bytes - room;
	return STATUS_OK;
}

static unsigned zeroes_in(const uint8_t *word)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 8; i++)
		n += word[i] == 0;
	return n;
}

/* Words from p that are all zero, or (raw) that are not worth packing; at most 255. */
static size_t run_of(const uint8_t *p, const uint8_t *end, bool raw)
{
	size_t n = 0;

	while (n < 255 && p + n * 8 < end && (raw ? zeroes_in(p + n * 8) < 2 : zeroes_in(p + n * 8) == 8))
		n++;
	return n;
}

enum status msg_pack(const void *in, size_t in_bytes, void *out, size_t out_bytes, size_t *used)
{
	const uint8_t *p = in, *end = p + in_bytes / 8 * 8;
	uint8_t *to = out, *limit = to + out_bytes;

	*used = 0;
	while (p < end) {
		uint8_t tag = 0;

		if (limit - to < 10)
			return STATUS_TOO_LARGE;
		uint8_t *tag_at = to++;
		for (unsigned bit = 0; bit < 8; bit++, p++) {
			if (*p) {
				tag |= (uint8_t)(1u << bit);
				*to++ = *p;
			}
		}
		*tag_at = tag;
		if (tag != 0 && tag != 0xff)
			continue;

		size_t run = run_of(p, end, tag == 0xff);
		*to++ = (uint8_t)run;
		if (tag == 0xff) {
			if ((size_t)(limit - to) < run * 8)
				return STATUS_TOO_LARGE;
			__builtin_memcpy(to, p, run * 8);
			to += run * 8;
		}
		p += run * 8;
	}
	*used = (size_t)(to - (uint8_t *)out);
	return STATUS_OK;
}
