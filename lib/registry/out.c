// SPDX-License-Identifier: MIT OR Apache-2.0
/* Text, quoted text, hexadecimal. */
#include <fmt/fmt.h>
#include <registry/out.h>

void text_put_text(const struct text_out *out, struct msg_text text)
{
	if (text.len > 0)
		out->write(out->self, text.ptr, text.len);
}

void text_put(const struct text_out *out, const char *text)
{
	text_put_text(out, msg_text_from(text));
}

void text_print(const struct text_out *out, const char *format, ...)
{
	char buffer[241];
	va_list args;

	va_start(args, format);
	size_t len = fmt_vprint(buffer, sizeof(buffer), format, args);
	va_end(args);
	out->write(out->self, buffer, len < sizeof(buffer) ? len : sizeof(buffer) - 1);
}

void text_put_pad(const struct text_out *out, uint32_t used, uint32_t width)
{
	static const char spaces[] = "                                ";

	while (used < width) {
		uint32_t piece = width - used < sizeof(spaces) - 1 ? width - used
								   : (uint32_t)sizeof(spaces) - 1;

		out->write(out->self, spaces, piece);
		used += piece;
	}
}

static void put_escaped(const struct text_out *out, char c)
{
	if (c == '"' || c == '\\')
		text_print(out, "\\%c", c);
	else if (c == '\n')
		text_put(out, "\\n");
	else if (c == '\t')
		text_put(out, "\\t");
	else if (c == '\r')
		text_put(out, "\\r");
	else if ((unsigned char)c < 0x20 || c == 0x7f)
		text_print(out, "\\x%02x", (unsigned char)c);
	else
		out->write(out->self, &c, 1);
}

void text_put_quoted(const struct text_out *out, struct msg_text text, uint32_t most)
{
	uint32_t shown = text.len <= most ? text.len : most;

	/* Never in the middle of a character. */
	while (shown < text.len && shown > 0 && ((uint8_t)text.ptr[shown] & 0xc0) == 0x80)
		shown--;
	text_put(out, "\"");
	for (uint32_t i = 0; i < shown; i++)
		put_escaped(out, text.ptr[i]);
	text_put(out, "\"");
	if (shown < text.len)
		text_print(out, "... (%u bytes)", text.len);
}

void text_put_data(const struct text_out *out, struct msg_data data, uint32_t most)
{
	uint32_t shown = data.len <= most ? data.len : most;

	text_put(out, "0x\"");
	for (uint32_t i = 0; i < shown; i++)
		text_print(out, i ? " %02x" : "%02x", data.ptr[i]);
	text_put(out, "\"");
	if (shown < data.len)
		text_print(out, "... (%u bytes)", data.len);
}

struct msg_text text_first_line(struct msg_text text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\n')
			return (struct msg_text){text.ptr, i};
	return text;
}

#define SHORT 20u

struct msg_text text_first_sentence(struct msg_text text)
{
	/* "Right read." alone says little: what follows belongs to it. */
	for (uint32_t i = 0; i + 1 < text.len; i++) {
		bool space = text.ptr[i + 1] == ' ' || text.ptr[i + 1] == '\n';

		if ((text.ptr[i] == '.' && space && i >= SHORT) ||
		    (text.ptr[i] == '\n' && text.ptr[i + 1] == '\n'))
			return (struct msg_text){text.ptr, i + (text.ptr[i] == '.')};
	}
	return text;
}
