// SPDX-License-Identifier: MIT OR Apache-2.0
/* The picture: a box for each node, as wide as its share, above the one that called it. It stands alone: no script, no fonts. */
#include <string.h>

#include "flame.h"

#define WIDTH 1200.0
#define ROW 18
#define MARGIN 10
#define TOP 40
#define CHARACTER 6.6 /* width of one, in a monospace font of 11 */
#define NARROWEST 0.3 /* pixels; what is narrower is left out, with all above it */

static int depth_of(const struct node *node, double pixels_each)
{
	int most = 0;

	if ((double)node->count * pixels_each < NARROWEST)
		return 0;
	for (const struct node *child = node->children; child; child = child->next) {
		int depth = depth_of(child, pixels_each);

		most = depth > most ? depth : most;
	}
	return most + 1;
}

static void print_escaped(const char *text, size_t length, FILE *out)
{
	for (size_t i = 0; i < length && text[i]; i++) {
		switch (text[i]) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(text[i], out);
		}
	}
}

/* A process's boxes share a hue, a function's shade is always the same; the kernel is grey. */
static void print_colour(const struct node *node, unsigned hue, FILE *out)
{
	unsigned hash = 0;

	for (const char *c = node->name; *c; c++)
		hash = hash * 31 + (unsigned char)*c;
	if (node->name[0] == '[')
		fprintf(out, "hsl(0,0%%,%u%%)", 72 + hash % 10);
	else
		fprintf(out, "hsl(%u,%u%%,%u%%)", hue, 60 + hash % 20, 62 + hash / 20 % 14);
}

struct picture {
	FILE *out;
	double each; /* pixels of a sample */
	uint64_t total;
	int rows;
};

static void print_node(const struct picture *p, const struct node *node, double x, int row, unsigned hue)
{
	double width = (double)node->count * p->each;
	int y = TOP + (p->rows - 1 - row) * ROW;
	size_t room = width > 2 * CHARACTER ? (size_t)((width - 4) / CHARACTER) : 0,
	       length = strlen(node->name);

	if (width < NARROWEST)
		return;
	fprintf(p->out, "<g><title>");
	print_escaped(node->name, length, p->out);
	fprintf(p->out,
		": %llu of %llu, %.1f %%</title><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"1\" fill=\"",
		(unsigned long long)node->count, (unsigned long long)p->total,
		100.0 * (double)node->count / (double)p->total, x, y, width > 1 ? width - 0.5 : width,
		ROW - 1);
	print_colour(node, hue, p->out);
	fprintf(p->out, "\"/>");
	if (room >= 3) {
		fprintf(p->out, "<text x=\"%.1f\" y=\"%d\">", x + 3, y + 13);
		print_escaped(node->name, length > room ? room - 2 : length, p->out);
		fprintf(p->out, "%s</text>", length > room ? ".." : "");
	}
	fprintf(p->out, "</g>\n");
	for (const struct node *child = node->children; child; child = child->next) {
		print_node(p, child, x, row + 1, row == 0 ? hue + 47 : hue);
		x += (double)child->count * p->each;
		if (row == 0)
			hue = (hue + 47) % 360;
	}
}

void svg_print(const struct node *root, FILE *out)
{
	struct picture p = {
		.out = out, .each = (WIDTH - 2 * MARGIN) / (double)root->count, .total = root->count};
	int height;

	p.rows = depth_of(root, p.each);
	height = TOP + p.rows * ROW + MARGIN;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\" viewBox=\"0 0 %.0f %d\" "
		"font-family=\"monospace\" font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fffdf8\"/>\n"
		"<text x=\"%d\" y=\"24\" font-size=\"15\">capOS profile: %llu samples of all CPUs</text>\n",
		WIDTH, height, WIDTH, height, MARGIN, (unsigned long long)root->count);
	print_node(&p, root, MARGIN, 0, 20);
	fprintf(out, "</svg>\n");
}
