// SPDX-License-Identifier: MIT OR Apache-2.0
/* Where text goes, piece by piece. */
#pragma once

#include <message/types.h>
#include <stdarg.h>

struct text_out {
	void (*write)(void *self, const char *bytes, size_t len);
	void *self;
	void (*flush)(void *self); /* may be null: nothing is collected */
};

static inline void text_flush(const struct text_out *out)
{
	if (out->flush)
		out->flush(out->self);
}

void text_put(const struct text_out *out, const char *text);
void text_put_text(const struct text_out *out, struct msg_text text);
/* As lib/fmt formats; at most 240 bytes. */
void text_print(const struct text_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Quoted, with escapes; of more than `most` bytes the first and how many there are. */
void text_put_quoted(const struct text_out *out, struct msg_text text, uint32_t most);
/* The same as 0x"01 ff". */
void text_put_data(const struct text_out *out, struct msg_data data, uint32_t most);
void text_put_pad(const struct text_out *out, uint32_t used, uint32_t width);
struct msg_text text_first_line(struct msg_text text);
/* Up to the first full stop or empty line; it may go over several lines. */
struct msg_text text_first_sentence(struct msg_text text);
