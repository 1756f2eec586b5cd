// SPDX-License-Identifier: MIT OR Apache-2.0
/* Figures: latency in classes whose width grows with it, so that a percentile is within a quarter of a doubling. */
#include <trace/trace.h>

/* 0, 1, 2, 3 ns have a class each; then four classes for each doubling: the highest bit and the two below it. */
static uint32_t class_of(uint64_t ns)
{
	if (ns < 4)
		return (uint32_t)ns;

	uint32_t log = 63u - (uint32_t)__builtin_clzll(ns);
	uint32_t class = (log - 1) * 4 + (uint32_t)(ns >> (log - 2) & 3);

	return class < TRACE_CLASSES ? class : TRACE_CLASSES - 1;
}

/* The longest duration of a class. */
static uint64_t class_end(uint32_t class)
{
	if (class < 4)
		return class;

	uint32_t log = class / 4 + 1;

	return ((4ull + class % 4 + 1) << (log - 2)) - 1;
}

static struct trace_method *method_of(struct trace_stats *stats, const struct trace_call *call)
{
	for (uint32_t i = 0; i < stats->count; i++) {
		struct trace_method *m = &stats->methods[i];

		if (m->interface_id == call->interface_id && m->method == call->method)
			return m;
	}
	if (stats->count == TRACE_METHODS) {
		stats->overflow = true;
		return &stats->methods[TRACE_METHODS - 1];
	}

	struct trace_method *m = &stats->methods[stats->count++];
	*m = (struct trace_method){.interface_id = call->interface_id, .method = call->method};
	return m;
}

void trace_stats_add(struct trace_stats *stats, const struct trace_call *call)
{
	struct trace_method *m = method_of(stats, call);

	stats->calls++;
	m->count++;
	m->errors += call->status != 0;
	m->sent_bytes += call->params_length;
	m->received_bytes += call->results_length;
	if (call->start_ns == 0 || call->end_ns < call->start_ns)
		return;

	uint64_t ns = call->end_ns - call->start_ns;

	m->total_ns += ns;
	m->longest_ns = ns > m->longest_ns ? ns : m->longest_ns;
	m->classes[class_of(ns)]++;
}

uint64_t trace_percentile(const struct trace_method *m, unsigned percent)
{
	uint64_t timed = 0, seen = 0;

	for (uint32_t i = 0; i < TRACE_CLASSES; i++)
		timed += m->classes[i];
	for (uint32_t i = 0; i < TRACE_CLASSES; i++) {
		seen += m->classes[i];
		if (seen * 100 >= timed * percent && seen > 0) {
			uint64_t end = class_end(i);

			return end < m->longest_ns ? end : m->longest_ns;
		}
	}
	return 0;
}
