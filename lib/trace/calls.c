// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls from records. Few are under way at a time, so they are looked for one by one. */
#include <trace/trace.h>

static int find_open(const struct trace_calls *calls, uint32_t thread, uint64_t call)
{
	for (uint32_t i = 0; i < TRACE_OPEN; i++)
		if (calls->open[i].used && calls->open[i].call == call && calls->open[i].thread == thread)
			return (int)i;
	return -1;
}

static uint32_t find_free(struct trace_calls *calls)
{
	for (uint32_t i = 0; i < TRACE_OPEN; i++)
		if (!calls->open[i].used)
			return i;
	return calls->oldest++ % TRACE_OPEN;
}

static void begin(struct trace_calls *calls, const struct capture_record *r)
{
	uint32_t at = find_free(calls);

	calls->open[at].call = r->call;
	calls->open[at].record = r->sequence;
	calls->open[at].start_ns = r->time_ns;
	calls->open[at].target = r->target;
	calls->open[at].interface_id = r->interface_id;
	calls->open[at].thread = r->thread;
	calls->open[at].length = r->length;
	calls->open[at].method = r->method;
	calls->open[at].caps = r->caps;
	calls->open[at].flags = r->flags;
	calls->open[at].used = true;
}

static void fill_open(const struct trace_calls *calls, uint32_t at, struct trace_call *out)
{
	*out = (struct trace_call){
		.interface_id = calls->open[at].interface_id,
		.start_ns = calls->open[at].start_ns,
		.call_record = calls->open[at].record,
		.target = calls->open[at].target,
		.thread = calls->open[at].thread,
		.method = calls->open[at].method,
		.params_caps = calls->open[at].caps,
		.flags = calls->open[at].flags,
		.params_length = calls->open[at].length,
	};
}

bool trace_calls_take(struct trace_calls *calls, const struct capture_record *r, struct trace_call *out)
{
	if (r->kind == CAPTURE_CALL)
		begin(calls, r);
	if (r->kind != CAPTURE_ANSWER)
		return false;

	int at = find_open(calls, r->thread, r->call);

	if (at >= 0) {
		fill_open(calls, (uint32_t)at, out);
		calls->open[at].used = false;
	} else {
		*out = (struct trace_call){
			.interface_id = r->interface_id, .thread = r->thread, .method = r->method};
	}
	out->end_ns = r->time_ns;
	out->status = r->status;
	out->results_caps = r->caps;
	out->results_length = r->length;
	return true;
}

bool trace_calls_open(const struct trace_calls *calls, uint32_t index, struct trace_call *out)
{
	for (uint32_t i = 0; i < TRACE_OPEN; i++) {
		if (!calls->open[i].used || index-- > 0)
			continue;
		fill_open(calls, i, out);
		return true;
	}
	return false;
}
