// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Pictures: a timeline (one lane for each thread, one bar for each call, by its time and duration), and a call graph (who
 * calls which methods, how often and for how long). Plain SVG, without scripts; a bar's tooltip says what it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace_tool.h"

enum { WIDTH = 1200, LEFT = 180, LANE = 26, TOP = 40, MAX_LANES = 64, MAX_EDGES = 256 };

static FILE *open_svg(const char *name, unsigned height)
{
	FILE *f = fopen(name, "w");

	if (!f)
		fail(name, strerror(errno));
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" font-family=\"monospace\" "
		"font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		WIDTH, height);
	return f;
}

static void close_svg(FILE *f, const char *name)
{
	fputs("</svg>\n", f);
	if (ferror(f) || fclose(f) != 0)
		fail(name, strerror(errno));
}

/* Names come from the file: they are no markup. */
static void put_text(FILE *f, const char *text)
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

/* A colour for each interface, by its number. */
static unsigned hue(uint64_t interface_id)
{
	return (unsigned)((interface_id * 0x9e3779b97f4a7c15ull) >> 40) % 360;
}

/* ---- The timeline ---- */

struct lane {
	unsigned process;
	uint32_t thread;
};

static unsigned find_lane(struct lane *lanes, unsigned *count, const struct tool_call *c)
{
	for (unsigned i = 0; i < *count; i++)
		if (lanes[i].process == c->process && lanes[i].thread == c->call.thread)
			return i;
	if (*count == MAX_LANES)
		return MAX_LANES - 1;
	lanes[*count] = (struct lane){c->process, c->call.thread};
	return (*count)++;
}

static void find_span(const struct trace_file *file, uint64_t *first, uint64_t *last)
{
	*first = UINT64_MAX;
	*last = 0;
	for (size_t i = 0; i < file->call_count; i++) {
		const struct trace_call *c = &file->calls[i].call;
		uint64_t start = c->start_ns ? c->start_ns : c->end_ns,
			 end = c->end_ns ? c->end_ns : c->start_ns;

		*first = start < *first ? start : *first;
		*last = end > *last ? end : *last;
	}
	if (*first > *last)
		*first = *last;
	if (*last == *first)
		(*last)++;
}

static void draw_axis(FILE *f, uint64_t first, uint64_t last, unsigned height)
{
	for (unsigned i = 0; i <= 10; i++) {
		double x = (double)LEFT + (double)(WIDTH - LEFT - 20) * i / 10;
		double ms = (double)(last - first) * i / 10 / 1e6;

		fprintf(f, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\" stroke=\"#dddddd\"/>", x,
			TOP - 8, x, height);
		fprintf(f,
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#666666\">%.3f ms</text>\n",
			x, TOP - 14, ms);
	}
}

void draw_timeline(const struct trace_file *file, struct registry *registry, const char *name)
{
	struct lane lanes[MAX_LANES];
	unsigned lane_count = 0;
	uint64_t first, last;

	for (size_t i = 0; i < file->call_count; i++)
		(void)find_lane(lanes, &lane_count, &file->calls[i]);
	find_span(file, &first, &last);

	unsigned height = TOP + (lane_count + 1) * LANE;
	double scale = (double)(WIDTH - LEFT - 20) / (double)(last - first);
	FILE *f = open_svg(name, height);

	draw_axis(f, first, last, height);
	for (unsigned i = 0; i < lane_count; i++) {
		fprintf(f, "<text x=\"8\" y=\"%u\">", TOP + i * LANE + 16);
		put_text(f, file->processes[lanes[i].process].name);
		fprintf(f, " thread %u</text>\n", lanes[i].thread);
	}
	for (size_t i = 0; i < file->call_count; i++) {
		const struct tool_call *c = &file->calls[i];
		uint64_t start = c->call.start_ns ? c->call.start_ns : c->call.end_ns;
		uint64_t end = c->call.end_ns ? c->call.end_ns : last;
		double width = (double)(end - start) * scale;
		char method[96];

		method_name(registry, c->call.interface_id, c->call.method, method);
		fprintf(f,
			"<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" fill=\"hsl(%u,55%%,%s)\"%s><title>",
			(double)LEFT + (double)(start - first) * scale,
			TOP + find_lane(lanes, &lane_count, c) * LANE, width < 1 ? 1 : width, LANE - 6,
			hue(c->call.interface_id), c->call.end_ns ? "60%" : "85%",
			c->call.status != 0 ? " stroke=\"#cc0000\" stroke-width=\"2\"" : "");
		put_text(f, method);
		fprintf(f, " %.1f us, status %d</title></rect>\n", (double)(end - start) / 1000,
			c->call.status);
	}
	close_svg(f, name);
}

/* ---- The call graph ---- */

struct edge {
	unsigned process;
	uint64_t interface_id;
	uint16_t method;
	uint64_t count, errors, ns;
};

static unsigned collect(const struct trace_file *file, struct edge *edges)
{
	unsigned count = 0;

	for (size_t i = 0; i < file->call_count; i++) {
		const struct tool_call *c = &file->calls[i];
		unsigned at = 0;

		while (at < count &&
		       (edges[at].process != c->process || edges[at].interface_id != c->call.interface_id ||
			edges[at].method != c->call.method))
			at++;
		if (at == MAX_EDGES)
			continue;
		if (at == count)
			edges[count++] = (struct edge){c->process, c->call.interface_id, c->call.method, 0, 0,
						       0};
		edges[at].count++;
		edges[at].errors += c->call.status != 0;
		if (c->call.start_ns && c->call.end_ns)
			edges[at].ns += c->call.end_ns - c->call.start_ns;
	}
	return count;
}

void draw_graph(const struct trace_file *file, struct registry *registry, const char *name)
{
	static struct edge edges[MAX_EDGES];
	unsigned count = collect(file, edges);
	unsigned height = TOP + (count + 1) * LANE;
	FILE *f = open_svg(name, height);

	for (unsigned p = 0; p < file->process_count; p++) {
		unsigned y = TOP + (p * 2 + 1) * (height - TOP) / (file->process_count * 2);

		fprintf(f,
			"<rect x=\"20\" y=\"%u\" width=\"220\" height=\"28\" rx=\"4\" fill=\"#e8eef7\" stroke=\"#345\"/>",
			y - 14);
		fprintf(f, "<text x=\"30\" y=\"%u\">", y + 4);
		put_text(f, file->processes[p].name);
		fputs("</text>\n", f);
	}
	for (unsigned i = 0; i < count; i++) {
		const struct edge *e = &edges[i];
		unsigned from = TOP + (e->process * 2 + 1) * (height - TOP) / (file->process_count * 2);
		unsigned to = TOP + i * LANE + LANE / 2, thick = 1;
		char method[96];

		for (uint64_t n = e->count; n > 9; n /= 10)
			thick += 2;
		method_name(registry, e->interface_id, e->method, method);
		fprintf(f,
			"<path d=\"M240 %u C 400 %u 400 %u 560 %u\" fill=\"none\" stroke=\"%s\" stroke-width=\"%u\" "
			"opacity=\"0.6\"/>",
			from, from, to, to, e->errors ? "#cc0000" : "#456", thick);
		fprintf(f, "<rect x=\"560\" y=\"%u\" width=\"10\" height=\"%d\" fill=\"hsl(%u,55%%,60%%)\"/>",
			to - 10, LANE - 6, hue(e->interface_id));
		fprintf(f, "<text x=\"578\" y=\"%u\">", to + 4);
		put_text(f, method);
		fprintf(f, "  %llu calls", (unsigned long long)e->count);
		if (e->errors)
			fprintf(f, ", %llu failed", (unsigned long long)e->errors);
		fprintf(f, ", %.1f us each</text>\n", e->count ? (double)e->ns / (double)e->count / 1000 : 0);
	}
	close_svg(f, name);
}
