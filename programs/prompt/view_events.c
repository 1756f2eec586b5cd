// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * trace all: the calls of every process, from the flight recorder: who holds a SystemInspector sees them. Without messages,
 * and without durations: an event is a dispatch.
 *
 * Reading makes events, too: what happened since the question is left out, and of a live view its own calls. The CPUs' rings come one after the other, and are put in order of
 * time here.
 */
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/system_inspector.capnp.h>

#include "view.h"

#define KEEP 256u
#define KIND_SCHEDULE 8u
#define LIVE_NS 50'000'000ull

struct event {
	uint64_t time_ns, interface_id;
	uint32_t pid, tid, slot, bytes;
	uint64_t object;
	int32_t status;
	uint16_t method;
	uint8_t kind;
};

static struct event kept[KEEP];
static uint64_t taken;

struct selection {
	struct trace_filter filter;
	uint64_t pid;      /* 0: all */
	uint64_t began_ns; /* of this view */
	uint64_t after_ns; /* what is not later has been shown */
};

static bool takes(const struct selection *s, const struct event *e)
{
	struct trace_call call = {.interface_id = e->interface_id,
				  .method = e->method,
				  .status = e->status,
				  .start_ns = e->time_ns,
				  .end_ns = e->time_ns};

	if (e->time_ns >= s->began_ns &&
	    (!s->filter.live || e->interface_id == SYSTEM_INSPECTOR_INTERFACE_ID))
		return false;
	if ((s->pid != 0 && e->pid != s->pid) || e->time_ns <= s->after_ns)
		return false;
	if (s->filter.scheduling)
		return e->kind == KIND_SCHEDULE;
	return e->kind >= 1 && e->kind <= 6 && trace_filter_takes(&s->filter, &call);
}

/* ProcessHandle.Event, kind 8. */
static void show_scheduling(const struct event *e)
{
	static const char *const classes[] = {"normal", "interactive", "batch"};
	uint32_t waker = (uint32_t)e->object;

	text_print(&out, "%s (%u), thread %u", view_name_of(e->pid), e->pid, e->tid);
	switch (e->method) {
	case 1:
		text_print(&out, " moves from CPU %u to CPU %u", e->slot, e->bytes);
		break;
	case 2:
		text_print(&out, " has weight %u, class %s", e->bytes, e->slot < 3 ? classes[e->slot] : "?");
		break;
	case 3:
		text_print(&out, " is woken on CPU %u", e->bytes);
		if (e->slot != e->bytes)
			text_print(&out, " by CPU %u", e->slot);
		if (waker != 0)
			text_print(&out, ", where %s (%u) runs", view_name_of(waker), waker);
		break;
	case 4:
		text_print(&out, " makes way on CPU %u", e->slot);
		break;
	default:
		text_print(&out, " ?");
	}
	text_put(&out, "\n");
}

static void show(const struct event *e)
{
	static const char *const kinds[] = {"",        "calls", "gets", "returns", "was refused",
					    "faulted", "exited"};
	char name[80];

	view_put_time(e->time_ns);
	if (e->kind == KIND_SCHEDULE) {
		show_scheduling(e);
		return;
	}
	text_print(&out, "%s (%u) %s", view_name_of(e->pid), e->pid, kinds[e->kind]);
	if (e->kind < 5) {
		trace_method_name(e->interface_id, e->method, name);
		text_print(&out, " %s", name);
		if (e->status != STATUS_OK)
			text_print(&out, " -> %s", view_status_name(e->status));
	}
	text_put(&out, "\n");
}

/* Keeps the newest. */
static void keep(const struct event *e)
{
	uint32_t oldest = 0;

	if (taken++ < KEEP) {
		kept[taken - 1] = *e;
		return;
	}
	for (uint32_t i = 1; i < KEEP; i++)
		if (kept[i].time_ns < kept[oldest].time_ns)
			oldest = i;
	if (e->time_ns > kept[oldest].time_ns)
		kept[oldest] = *e;
}

/* One page. Gives false at the end; *from is where to go on. */
static bool read_page(cap_id inspector, const struct selection *s, uint64_t *from)
{
	struct system_inspector_events_results_reader results;
	struct rpc_call call;
	uint64_t next = UINT64_MAX;

	system_inspector_events_params_builder_set_from(
		system_inspector_events_begin(&call, runtime_transport(), inspector), *from);
	if (system_inspector_events_call(&call, &results) == STATUS_OK) {
		struct process_handle_event_list_reader list = system_inspector_events_results_reader_events(
			results);

		for (uint32_t i = 0; i < process_handle_event_list_reader_count(list); i++) {
			struct process_handle_event_reader r = process_handle_event_list_reader_at(list, i);
			struct event e = {
				.time_ns = process_handle_event_reader_time_ns(r),
				.interface_id = process_handle_event_reader_interface_id(r),
				.pid = process_handle_event_reader_process(r),
				.tid = process_handle_event_reader_thread(r),
				.slot = process_handle_event_reader_slot(r),
				.object = process_handle_event_reader_object(r),
				.bytes = process_handle_event_reader_message_bytes(r),
				.status = process_handle_event_reader_status(r),
				.method = process_handle_event_reader_method(r),
				.kind = process_handle_event_reader_kind(r),
			};

			if (takes(s, &e))
				keep(&e);
		}
		next = system_inspector_events_results_reader_next(results);
	}
	rpc_end(&call);
	*from = next;
	return next != UINT64_MAX;
}

static void sort(struct event *events, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct event e = events[i];
		uint32_t at = i;

		for (; at > 0 && events[at - 1].time_ns > e.time_ns; at--)
			events[at] = events[at - 1];
		events[at] = e;
	}
}

/* All that the recorder has, as far as it is selected and there is room; how many, in kept. */
static uint32_t read_all(cap_id inspector, const struct selection *s)
{
	uint64_t from = 0;

	taken = 0;
	while (read_page(inspector, s, &from) && !terminal_interrupted())
		;

	uint32_t have = taken < KEEP ? (uint32_t)taken : KEEP;

	sort(kept, have);
	return have;
}

/* What comes, until Ctrl-C, or `last` of them. */
static void show_live(cap_id inspector, struct selection *s)
{
	uint32_t shown = 0;

	page_never();
	do {
		uint32_t have = read_all(inspector, s);

		if (taken > KEEP)
			text_print(&out, "  (%llu events came at once; the last %u are shown)\n",
				   (unsigned long long)taken, KEEP);
		for (uint32_t i = 0; i < have; i++) {
			show(&kept[i]);
			s->after_ns = kept[i].time_ns;
			if (++shown == s->filter.last)
				return;
		}
		terminal_flush();
	} while (terminal_sleep_until(runtime_now() + LIVE_NS));
}

bool trace_events(const struct shell_word *words, uint32_t count)
{
	struct selection s = {.began_ns = runtime_now()};
	uint32_t rest = 2;
	cap_id inspector;

	if (!names_need("inspector", SYSTEM_INSPECTOR_INTERFACE_ID, &inspector))
		return false;
	if (shell_word_is(words[1], "pid")) {
		if (count < 3 || !view_word_is_number(words[2], &s.pid))
			return shell_fail_at(&shell, words[1].at, "trace pid N: \"ps\" shows the numbers");
		rest = 3;
	}
	if (!trace_filter_parse(&s.filter, words, rest, count))
		return false;
	if (s.filter.export)
		return shell_fail_at(&shell, words[1].at,
				     "only calls of one program can be exported: trace NAME | export");
	if (s.filter.slower_ns)
		return shell_fail_at(&shell, words[1].at,
				     "the recorder knows no durations: trace NAME | slower 1ms has them");
	view_read_names(inspector);
	if (s.filter.live) {
		s.after_ns = s.began_ns;
		show_live(inspector, &s);
		return true;
	}

	uint32_t have = read_all(inspector, &s);
	uint32_t skip = s.filter.last && have > s.filter.last ? have - s.filter.last : 0;

	for (uint32_t i = skip; i < have && !s.filter.count; i++)
		show(&kept[i]);
	if (s.filter.count || taken > KEEP)
		text_print(&out, "  %llu events\n", (unsigned long long)taken);
	return true;
}
