// SPDX-License-Identifier: MIT OR Apache-2.0
/* What both pictures are made of. Plain SVG, without scripts; a shape's tooltip says what it is. */
#include <errno.h>
#include <string.h>

#include "svg.h"

FILE *svg_open(const char *name, unsigned height)
{
	FILE *f = fopen(name, "w");

	if (!f)
		fail(name, strerror(errno));
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" font-family=\"monospace\" "
		"font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		SVG_WIDTH, height);
	return f;
}

void svg_close(FILE *f, const char *name)
{
	fputs("</svg>\n", f);
	if (ferror(f) || fclose(f) != 0)
		fail(name, strerror(errno));
}

void svg_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", f);
		else if (*text == '&')
			fputs("&amp;", f);
		else if ((unsigned char)*text >= 0x20)
			fputc(*text, f);
	}
}

unsigned svg_hue(uint64_t interface_id, uint16_t method)
{
	return (unsigned)(((interface_id + method * 0x632be59bd9b4e019ull) * 0x9e3779b97f4a7c15ull) >> 40) %
	       360;
}

const char *svg_span(uint64_t ns, char text[24])
{
	if (ns >= 1000000000)
		snprintf(text, 24, "%.2f s", (double)ns / 1e9);
	else if (ns >= 1000000)
		snprintf(text, 24, "%.1f ms", (double)ns / 1e6);
	else if (ns >= 1000)
		snprintf(text, 24, "%.1f us", (double)ns / 1e3);
	else
		snprintf(text, 24, "%u ns", (unsigned)ns);
	return text;
}
