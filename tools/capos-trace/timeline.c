// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The timeline: a lane for each thread, with as many rows as calls of it were ever under way together; a bar for each call, by its time
 * and duration; and which colour is which method.
 */
#include <stdlib.h>
#include <string.h>

#include "svg.h"

enum {
	LEFT = 160,
	RIGHT = 40,
	BAR = 20,
	MAX_LANES = 64,
	MAX_ROWS = 16,
	MAX_METHODS = 60,
	LEGEND_COLUMNS = 3
};

struct bar {
	const struct tool_call *c;
	uint64_t start, end;
	unsigned lane, row;
};

struct lane {
	unsigned process, rows, first; /* first: the row that it begins with, in the picture */
	uint32_t thread;
	uint64_t ends[MAX_ROWS]; /* of the last bar of each row */
};

struct method {
	uint64_t interface_id;
	uint16_t method;
	unsigned calls, failed;
};

struct timeline {
	struct bar *bars;
	size_t count;
	struct lane lanes[MAX_LANES];
	unsigned lane_count, rows;
	struct method methods[MAX_METHODS];
	unsigned method_count;
	uint64_t first, last;
	double scale; /* pixels a nanosecond */
};

static int by_start(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void find_span(struct timeline *t)
{
	t->first = UINT64_MAX;
	for (size_t i = 0; i < t->count; i++) {
		t->first = t->bars[i].start < t->first ? t->bars[i].start : t->first;
		t->last = t->bars[i].end > t->last ? t->bars[i].end : t->last;
	}
	if (t->first >= t->last)
		t->first = t->last, t->last++;
	t->scale = (double)(SVG_WIDTH - LEFT - RIGHT) / (double)(t->last - t->first);
}

static unsigned find_lane(struct timeline *t, const struct tool_call *c)
{
	for (unsigned i = 0; i < t->lane_count; i++)
		if (t->lanes[i].process == c->process && t->lanes[i].thread == c->call.thread)
			return i;
	if (t->lane_count == MAX_LANES)
		return MAX_LANES - 1;
	t->lanes[t->lane_count] = (struct lane){.process = c->process, .thread = c->call.thread};
	return t->lane_count++;
}

/* The first row that is free when the call begins. */
static void place(struct timeline *t, struct bar *b)
{
	struct lane *lane;

	b->lane = find_lane(t, b->c);
	lane = &t->lanes[b->lane];
	while (b->row < lane->rows && lane->ends[b->row] > b->start)
		b->row++;
	if (b->row == MAX_ROWS)
		b->row = MAX_ROWS - 1;
	if (b->row == lane->rows)
		lane->rows++;
	lane->ends[b->row] = b->end;
}

static void count_method(struct timeline *t, const struct trace_call *c)
{
	unsigned at = 0;

	while (at < t->method_count &&
	       (t->methods[at].interface_id != c->interface_id || t->methods[at].method != c->method))
		at++;
	if (at == MAX_METHODS)
		return;
	if (at == t->method_count)
		t->methods[t->method_count++] = (struct method){c->interface_id, c->method, 0, 0};
	t->methods[at].calls++;
	t->methods[at].failed += c->status != 0;
}

static void arrange(struct timeline *t, const struct trace_file *file)
{
	t->bars = calloc(file->call_count + 1, sizeof(*t->bars));
	if (!t->bars)
		fail("timeline", "out of memory");
	t->count = file->call_count;
	for (size_t i = 0; i < t->count; i++) {
		const struct trace_call *c = &file->calls[i].call;

		t->bars[i] = (struct bar){.c = &file->calls[i],
					  .start = c->start_ns ? c->start_ns : c->end_ns,
					  .end = c->end_ns ? c->end_ns : c->start_ns};
		count_method(t, c);
	}
	find_span(t);
	for (size_t i = 0; i < t->count; i++) /* what had not ended goes on to the end */
		if (t->bars[i].c->call.end_ns == 0)
			t->bars[i].end = t->last;
	qsort(t->bars, t->count, sizeof(*t->bars), by_start);
	for (size_t i = 0; i < t->count; i++)
		place(t, &t->bars[i]);
	for (unsigned i = 0; i < t->lane_count; i++) {
		t->lanes[i].first = t->rows;
		t->rows += t->lanes[i].rows;
	}
}

/* Between five and twelve lines, at round times. */
static void draw_axis(FILE *f, const struct timeline *t, unsigned height)
{
	uint64_t span = t->last - t->first, step = 1;
	char text[24];

	while (step * 12 < span) {
		uint64_t digits = step;

		while (digits >= 10)
			digits /= 10;
		step = digits == 2 ? step / 2 * 5 : step * 2;
	}
	for (uint64_t at = 0; at <= span; at += step) {
		double x = (double)LEFT + (double)at * t->scale;

		fprintf(f, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\" stroke=\"#dddddd\"/>", x,
			SVG_TOP - 8, x, height);
		fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#666666\">%s</text>\n", x,
			SVG_TOP - 14, svg_span(at, text));
	}
}

/* What fits into a bar: the method, or only its last part, or nothing. */
static void draw_label(FILE *f, const char *method, double x, unsigned y, double width)
{
	const char *dot = strchr(method, '.');
	const char *label = method;

	if ((double)strlen(label) * 7.3 + 8 > width && dot)
		label = dot + 1;
	if ((double)strlen(label) * 7.3 + 8 > width)
		return;
	fprintf(f, "<text x=\"%.2f\" y=\"%u\" fill=\"#ffffff\" pointer-events=\"none\">", x + 4, y + 14);
	svg_text(f, label);
	fputs("</text>\n", f);
}

static bool is_short(const struct timeline *t, const struct bar *b)
{
	return (double)(b->end - b->start) * t->scale < 2;
}

static void draw_bar(FILE *f, const struct timeline *t, struct registry *registry, const struct bar *b)
{
	const struct trace_call *c = &b->c->call;
	double x = (double)LEFT + (double)(b->start - t->first) * t->scale;
	double width = (double)(b->end - b->start) * t->scale;
	unsigned y = SVG_TOP + (t->lanes[b->lane].first + b->row) * SVG_LANE;
	char method[96], span[24];

	width = width < 2 ? 2 : width;
	method_name(registry, c->interface_id, c->method, method);
	fprintf(f,
		"<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" rx=\"2\" fill=\"hsl(%u,55%%,%s)\" "
		"stroke=\"%s\" stroke-width=\"%s\"><title>",
		x, y, width, BAR, svg_hue(c->interface_id, c->method), c->end_ns ? "45%" : "80%",
		c->status != 0 ? "#cc0000" : "#ffffff", c->status != 0 ? "2" : "0.5");
	svg_text(f, method);
	fprintf(f, " %s, status %d</title></rect>\n", svg_span(b->end - b->start, span), c->status);
	draw_label(f, method, x, y, width);
}

static void draw_legend(FILE *f, const struct timeline *t, struct registry *registry, unsigned top)
{
	for (unsigned i = 0; i < t->method_count; i++) {
		const struct method *m = &t->methods[i];
		unsigned x = 8 + i % LEGEND_COLUMNS * (SVG_WIDTH / LEGEND_COLUMNS);
		unsigned y = top + i / LEGEND_COLUMNS * 20;
		char method[96];

		method_name(registry, m->interface_id, m->method, method);
		fprintf(f, "<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" fill=\"hsl(%u,55%%,45%%)\"/>",
			x, y, svg_hue(m->interface_id, m->method));
		fprintf(f, "<text x=\"%u\" y=\"%u\">", x + 18, y + 11);
		svg_text(f, method);
		fprintf(f, "  %u calls", m->calls);
		if (m->failed)
			fprintf(f, ", %u failed", m->failed);
		fputs("</text>\n", f);
	}
}

void draw_timeline(const struct trace_file *file, struct registry *registry, const char *name)
{
	static struct timeline t;

	t = (struct timeline){};
	arrange(&t, file);

	unsigned legend = SVG_TOP + t.rows * SVG_LANE + 16;
	unsigned height = legend + (t.method_count + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS * 20 + 12;
	FILE *f = svg_open(name, height);

	draw_axis(f, &t, legend - 12);
	for (unsigned i = 0; i < t.lane_count; i++) {
		fprintf(f, "<text x=\"8\" y=\"%u\">", SVG_TOP + t.lanes[i].first * SVG_LANE + 14);
		svg_text(f, file->processes[t.lanes[i].process].name);
		fprintf(f, " thread %u</text>\n", t.lanes[i].thread);
	}
	/* The short ones last: they are drawn wider than they are. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < t.count; i++)
			if (is_short(&t, &t.bars[i]) == (pass == 1))
				draw_bar(f, &t, registry, &t.bars[i]);
	draw_legend(f, &t, registry, legend);
	svg_close(f, name);
	free(t.bars);
}
