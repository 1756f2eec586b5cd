// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * trace and stats: what programs that were started here called, with arguments and results.
 *
 * Each program gets memory of its own to be captured into (ProcessSpawner.create); the last few are kept after their end.
 * Figures are summed up while the shell waits, and so know of every call, even when the memory has long been used again;
 * a trace shows what is still there, and says how much is not.
 */
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "view.h"

#define TRACED 4u
#define CAPTURE_MEMORY (256u * 1024) /* 1024 records */
#define LIVE_NS 10'000'000ull
/*
 * How often records are read while something is captured. 100,000 a second are 500 in the first 5 ms, half of what there is room
 * for, and then 100 each ms.
 */
#define POLL_NS 5'000'000ull
#define HURRY_NS 1'000'000ull
#define HURRY 64u /* records in one reading */

static struct traced traced[TRACED];
static uint32_t next; /* to be used again */
static uint32_t started;
static cap_id memories[TRACED], prepared;

/* ---- Memory ---- */

static bool make_memory(uint32_t index)
{
	struct virtual_memory_create_memory_results_reader results;
	struct rpc_call call;
	uint64_t address;
	cap_id space, id = CAP_ID_NULL;

	if (runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &space) != STATUS_OK)
		return false;
	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&call, runtime_transport(), space), CAPTURE_MEMORY);
	if (virtual_memory_create_memory_call(&call, &results) == STATUS_OK)
		id = rpc_result_cap(&call, virtual_memory_create_memory_results_reader_memory(results));
	rpc_end(&call);
	if (!id.raw || virtual_memory_map(runtime_transport(), space, id, 0, CAPTURE_MEMORY, 0,
					  VIRTUAL_MEMORY_PROTECTION_READ, &address) != STATUS_OK) {
		ring_release(runtime_ring(), id);
		return false;
	}
	memories[index] = id;
	traced[index].memory = (const void *)(uintptr_t)address;
	traced[index].bytes = CAPTURE_MEMORY;
	return true;
}

/* A process may still write into its memory: what is used again is new. */
static void drop_memory(uint32_t index)
{
	cap_id space;

	if (!memories[index].raw)
		return;
	if (runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &space) == STATUS_OK)
		(void)!virtual_memory_unmap(runtime_transport(), space,
					    (uint64_t)(uintptr_t)traced[index].memory, CAPTURE_MEMORY);
	ring_release(runtime_ring(), memories[index]);
	memories[index] = CAP_ID_NULL;
}

cap_id trace_prepare(void)
{
	drop_memory(next);
	__builtin_memset(&traced[next], 0, sizeof(traced[next]));
	prepared = make_memory(next) ? memories[next] : CAP_ID_NULL;
	return prepared;
}

void trace_attach(const struct job *job, const struct shell_run *run)
{
	struct traced *t = &traced[next];

	if (!prepared.raw)
		return;
	prepared = CAP_ID_NULL;
	if (!job) {
		drop_memory(next);
		return;
	}
	__builtin_memcpy(t->name, job->name, sizeof(t->name));
	t->handle = job->handle;
	t->number = job->number;
	traced_grants(t, run);
	t->used = true;
	t->order = ++started;
	trace_source_init(&t->source, t->memory, t->bytes);
	next = (next + 1) % TRACED;
}

/* ---- Figures ---- */

static uint32_t drain(struct traced *t)
{
	struct capture_record record;
	struct trace_call call;
	uint32_t count = 0;

	for (; trace_source_next(&t->source, &record); count++) {
		traced_note(t, &record);
		if (trace_calls_take(&t->calls, &record, &call))
			trace_stats_add(&t->stats, &call);
	}
	return count;
}

uint64_t trace_poll(void)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < TRACED; i++) {
		uint32_t count = traced[i].used ? drain(&traced[i]) : 0;

		most = count > most ? count : most;
	}
	return most >= HURRY ? HURRY_NS : POLL_NS;
}

static bool is_running(const struct traced *t)
{
	struct job *job;

	for (uint32_t i = 0; (job = job_at(i)) != nullptr; i++)
		if (job->handle.raw == t->handle.raw && job->handle.raw)
			return !job->ended;
	return false;
}

bool trace_is_live(void)
{
	for (uint32_t i = 0; i < TRACED; i++)
		if (traced[i].used && is_running(&traced[i]))
			return true;
	return false;
}

struct traced *traced_find(struct shell_word word)
{
	uint64_t number = 0;
	bool by_number = view_word_is_number(word, &number);

	trace_poll();
	for (uint32_t i = 1; i <= TRACED; i++) {
		struct traced *t = &traced[(next + TRACED - i) % TRACED];

		if (t->used && (by_number ? t->number == number : shell_word_is(word, t->name)))
			return t;
	}
	shell_fail_at(&shell, word.at,
		      "nothing called \"%.*s\" was started here lately; \"trace\" lists what was",
		      (int)(word.len < 40 ? word.len : 40), word.ptr);
	return nullptr;
}

/* ---- One call ---- */

static void put_message(const struct capture_record *record, uint64_t struct_id)
{
	struct registry_data_struct_reader type;
	struct msg_reader reader;

	if (!registry_struct(&registry, struct_id, &type)) {
		text_put(&out, "(?)");
		return;
	}
	if (record->length == 0) {
		text_put(&out, "()");
		return;
	}
	msg_reader_init(&reader, record->message, record->kept);
	msg_reader_set_caps(&reader, record->caps);
	registry_print_struct(&registry, &out, type, msg_reader_root(&reader));
	if (record->kept < record->length)
		text_print(&out, "... (%u bytes)", record->length);
}

static bool method_of(const struct trace_call *call, struct registry_data_method_reader *out_method)
{
	struct registry_data_interface_reader interface;

	if (!registry_interface(&registry, call->interface_id, &interface))
		return false;

	struct registry_data_method_list_reader methods = registry_data_interface_reader_methods(interface);
	if (call->method >= registry_data_method_list_reader_count(methods))
		return false;
	*out_method = registry_data_method_list_reader_at(methods, call->method);
	return true;
}

/* answer: the record that ended it; null: it has not ended. */
static void show_call(const struct traced *t, const struct trace_call *call,
		      const struct capture_record *answer)
{
	struct registry_data_method_reader method;
	struct capture_record params;
	bool known = method_of(call, &method);
	char name[80];

	view_put_time(call->start_ns ? call->start_ns : call->end_ns);
	trace_method_name(call->interface_id, call->method, name);
	text_print(&out, "%s %s", t->name, name);
	if (known && call->call_record && trace_source_at(&t->source, call->call_record, &params))
		put_message(&params, registry_data_method_reader_params(method));
	else
		text_put(&out, "(...)");
	text_put(&out, " -> ");
	if (!answer)
		text_put(&out, "(waiting)");
	else if (answer->status != STATUS_OK)
		view_put_failure(answer->status, answer->message, answer->kept);
	else if (known)
		put_message(answer, registry_data_method_reader_results(method));
	else
		text_put(&out, "OK");
	if (call->start_ns && call->end_ns) {
		text_put(&out, "  ");
		view_put_span(call->end_ns - call->start_ns);
	}
	text_put(&out, "\n");
}

/* ---- After the fact ---- */

struct pass {
	uint32_t matches, shown;
	uint64_t lost;
};

/* All that is still there, from the oldest on; shows what is behind the first `skip` matches. */
static struct pass pass_over(struct traced *t, const struct trace_filter *f, uint32_t skip, bool show)
{
	static struct trace_calls calls;
	struct trace_source source = t->source;
	struct capture_record record;
	struct trace_call call;
	struct pass pass = {};

	calls = (struct trace_calls){};
	trace_source_rewind(&source);
	pass.lost = source.next - 1;
	while (trace_source_next(&source, &record) && !terminal_interrupted()) {
		if (!trace_calls_take(&calls, &record, &call) || !trace_filter_takes(f, &call))
			continue;
		if (show && pass.matches >= skip)
			show_call(t, &call, &record);
		pass.matches++;
	}
	for (uint32_t i = 0; trace_calls_open(&calls, i, &call); i++) {
		if (f->failed || f->slower_ns || !trace_filter_takes(f, &call))
			continue;
		if (show && pass.matches >= skip)
			show_call(t, &call, nullptr);
		pass.matches++;
	}
	return pass;
}

static void show_past(struct traced *t, const struct trace_filter *f)
{
	struct pass all = pass_over(t, f, 0, false);
	uint32_t skip = f->last && all.matches > f->last ? all.matches - f->last : 0;

	if (f->count)
		text_print(&out, "  %u call%s\n", all.matches, all.matches == 1 ? "" : "s");
	else if (all.matches == 0)
		text_print(&out, "  no such calls, of %llu\n", (unsigned long long)t->stats.calls);
	else
		(void)pass_over(t, f, skip, true);
	if (all.lost > 0)
		text_print(
			&out,
			"  (%llu older records were overwritten; \"stats %s\" counted those that came in time)\n",
			(unsigned long long)all.lost, t->name);
}

/* ---- Live ---- */

static void show_live(struct traced *t, const struct trace_filter *f)
{
	static struct trace_calls calls;
	struct trace_source source = t->source;
	struct capture_record record;
	struct trace_call call;
	uint32_t shown = 0;
	bool running = true;

	calls = t->calls;
	source.lost = 0;
	page_never();
	while (running && !terminal_interrupted()) {
		running = is_running(t);
		while (trace_source_next(&source, &record) && !terminal_interrupted()) {
			if (!trace_calls_take(&calls, &record, &call) || !trace_filter_takes(f, &call))
				continue;
			show_call(t, &call, &record);
			if (f->last && ++shown == f->last)
				return;
			drain(t);
		}
		drain(t);
		terminal_flush();
		report_ended_jobs();
		if (running && !terminal_sleep_until(runtime_now() + LIVE_NS))
			break;
	}
	if (source.lost > 0)
		text_print(&out,
			   "  (%llu records came faster than they could be shown; \"stats %s\" has all)\n",
			   (unsigned long long)source.lost, t->name);
}

/* ---- Commands ---- */

static void list_traced(void)
{
	trace_poll();
	for (uint32_t i = 1; i <= TRACED; i++) {
		const struct traced *t = &traced[(next + TRACED - i) % TRACED];

		if (!t->used)
			continue;
		text_print(&out, "  %s", t->name);
		text_put_pad(&out, (uint32_t)__builtin_strlen(t->name), 18);
		if (t->number)
			text_print(&out, " [%u]", t->number);
		text_print(&out, " %s, %llu calls", is_running(t) ? "runs" : "ended",
			   (unsigned long long)t->stats.calls);
		if (t->source.lost)
			text_print(&out, ", %llu records lost", (unsigned long long)t->source.lost);
		text_put(&out, "\n");
	}
}

bool view_trace(const struct shell_word *words, uint32_t count)
{
	struct trace_filter filter;
	struct traced *t;

	if (count < 2) {
		list_traced();
		return true;
	}
	if (shell_word_is(words[1], "|"))
		return shell_fail_at(&shell, words[1].at,
				     "of which program? \"trace\" lists them: trace NAME | last 5");
	if (shell_word_is(words[1], "all") || shell_word_is(words[1], "pid"))
		return trace_events(words, count);
	t = traced_find(words[1]);
	if (!t || !trace_filter_parse(&filter, words, 2, count))
		return false;
	if (filter.export)
		return trace_export(t);
	if (filter.live)
		show_live(t, &filter);
	else
		show_past(t, &filter);
	return true;
}

/* Fits 80 columns: a name that is longer has a line of its own. */
#define NAME_COLUMNS 20u

static void show_method(const struct trace_method *m, bool several)
{
	char name[80];
	uint32_t len = several ? (uint32_t)fmt_print(name, sizeof(name), "(others)")
			       : trace_method_name(m->interface_id, m->method, name);

	text_print(&out, len > NAME_COLUMNS ? "  %s\n  " : "  %s", name);
	text_put_pad(&out, len > NAME_COLUMNS ? 0 : len, NAME_COLUMNS);
	text_print(&out, " %7llu %5llu", (unsigned long long)m->count, (unsigned long long)m->errors);
	view_put_span_in(trace_percentile(m, 50), 9);
	view_put_span_in(trace_percentile(m, 99), 9);
	view_put_span_in(m->longest_ns, 9);
	text_print(&out, " %7llu %7llu\n", (unsigned long long)m->sent_bytes,
		   (unsigned long long)m->received_bytes);
}

bool view_stats(const struct shell_word *words, uint32_t count)
{
	const struct traced *t;

	if (count != 2)
		return shell_fail(&shell, "", "stats NAME: of which program? \"trace\" lists them");
	t = traced_find(words[1]);
	if (!t)
		return false;
	text_put(&out, "  method                 calls  errs      p50      p99  longest    sent     got\n");
	for (uint32_t i = 0; i < t->stats.count; i++)
		show_method(&t->stats.methods[i], t->stats.overflow && i + 1 == t->stats.count);
	if (t->source.lost)
		text_print(&out,
			   "  (%llu records came faster than they were read, and are not in these figures)\n",
			   (unsigned long long)t->source.lost);
	return true;
}
