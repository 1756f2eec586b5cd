// SPDX-License-Identifier: MIT OR Apache-2.0
/* The call graph: who calls which methods, how often and for how long; an arrow is thicker for more calls, and red if some failed. */
#include "svg.h"

enum { MAX_EDGES = 256 };

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
	unsigned height = SVG_TOP + (count + 1) * SVG_LANE;
	FILE *f = svg_open(name, height);

	for (unsigned p = 0; p < file->process_count; p++) {
		unsigned y = SVG_TOP + (p * 2 + 1) * (height - SVG_TOP) / (file->process_count * 2);

		fprintf(f,
			"<rect x=\"20\" y=\"%u\" width=\"220\" height=\"28\" rx=\"4\" fill=\"#e8eef7\" stroke=\"#345\"/>",
			y - 14);
		fprintf(f, "<text x=\"30\" y=\"%u\">", y + 4);
		svg_text(f, file->processes[p].name);
		fputs("</text>\n", f);
	}
	for (unsigned i = 0; i < count; i++) {
		const struct edge *e = &edges[i];
		unsigned from = SVG_TOP +
				(e->process * 2 + 1) * (height - SVG_TOP) / (file->process_count * 2);
		unsigned to = SVG_TOP + i * SVG_LANE + SVG_LANE / 2, thick = 1;
		char method[96], span[24];

		for (uint64_t n = e->count; n > 9; n /= 10)
			thick += 2;
		method_name(registry, e->interface_id, e->method, method);
		fprintf(f,
			"<path d=\"M240 %u C 400 %u 400 %u 560 %u\" fill=\"none\" stroke=\"%s\" stroke-width=\"%u\" "
			"opacity=\"0.6\"/>",
			from, from, to, to, e->errors ? "#cc0000" : "#456", thick);
		fprintf(f, "<rect x=\"560\" y=\"%u\" width=\"10\" height=\"%d\" fill=\"hsl(%u,55%%,45%%)\"/>",
			to - 10, SVG_LANE - 6, svg_hue(e->interface_id, e->method));
		fprintf(f, "<text x=\"578\" y=\"%u\">", to + 4);
		svg_text(f, method);
		fprintf(f, "  %llu call%s", (unsigned long long)e->count, e->count == 1 ? "" : "s");
		if (e->errors)
			fprintf(f, ", %llu failed", (unsigned long long)e->errors);
		fprintf(f, ", %s each</text>\n", svg_span(e->count ? e->ns / e->count : 0, span));
	}
	svg_close(f, name);
}
