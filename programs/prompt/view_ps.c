// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ps: the processes as a tree, with what each uses. top: the same, or their threads, busiest first, refreshed in place.
 *
 * Who holds a SystemInspector sees all of them; otherwise those that were started here, through their handles. Restarts
 * come from init, if it serves a Supervisor to this prompt.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/system_inspector.capnp.h>
#include <schema/service/supervisor.capnp.h>

#include "view.h"

#define MAX_PROCESSES 128u
#define NAME_WIDTH 20u
#define TOP_NS 1'000'000'000ull
#define LOOK_NS 200'000'000ull

struct process_row {
	uint32_t pid, creator, threads, capabilities, calls, depth, restarts;
	uint64_t pages, cpu_ns, before_ns;
	enum process_handle_state state;
	char name[32];
};

static struct process_row rows[MAX_PROCESSES];
static uint32_t row_count;

static void set_name(struct process_row *row, struct msg_text name)
{
	uint32_t len = name.len < sizeof(row->name) - 1 ? name.len : (uint32_t)sizeof(row->name) - 1;

	__builtin_memcpy(row->name, name.ptr, len);
	row->name[len] = '\0';
}

/* ---- From the inspector ---- */

/* What its threads wait for: requests in their rings. */
static uint32_t ring_depth(cap_id inspector, uint32_t pid)
{
	struct system_inspector_threads_results_reader results;
	uint32_t from = 0, depth = 0;

	do {
		struct rpc_call call;
		struct system_inspector_threads_params_builder params = system_inspector_threads_begin(
			&call, runtime_transport(), inspector);

		system_inspector_threads_params_builder_set_pid(params, pid);
		system_inspector_threads_params_builder_set_from(params, from);
		from = 0;
		if (system_inspector_threads_call(&call, &results) == STATUS_OK) {
			struct system_inspector_thread_list_reader list =
				system_inspector_threads_results_reader_threads(results);

			for (uint32_t i = 0; i < system_inspector_thread_list_reader_count(list); i++)
				depth += system_inspector_thread_reader_pending(
					system_inspector_thread_list_reader_at(list, i));
			from = system_inspector_threads_results_reader_next(results);
		}
		rpc_end(&call);
	} while (from != 0);
	return depth;
}

static uint32_t add_page(cap_id inspector, uint32_t from)
{
	struct system_inspector_processes_results_reader results;
	struct rpc_call call;
	uint32_t next = 0;

	system_inspector_processes_params_builder_set_from(
		system_inspector_processes_begin(&call, runtime_transport(), inspector), from);
	if (system_inspector_processes_call(&call, &results) == STATUS_OK) {
		struct system_inspector_process_list_reader list =
			system_inspector_processes_results_reader_processes(results);

		for (uint32_t i = 0;
		     i < system_inspector_process_list_reader_count(list) && row_count < MAX_PROCESSES; i++) {
			struct system_inspector_process_reader p = system_inspector_process_list_reader_at(
				list, i);
			struct process_row *row = &rows[row_count++];

			*row = (struct process_row){
				.pid = system_inspector_process_reader_pid(p),
				.creator = system_inspector_process_reader_creator(p),
				.threads = system_inspector_process_reader_threads(p),
				.capabilities = system_inspector_process_reader_capabilities(p),
				.calls = system_inspector_process_reader_calls(p),
				.pages = system_inspector_process_reader_pages(p),
				.cpu_ns = system_inspector_process_reader_cpu_ns(p),
				.state = system_inspector_process_reader_state(p),
			};
			set_name(row, system_inspector_process_reader_name(p));
		}
		next = system_inspector_processes_results_reader_next(results);
	}
	rpc_end(&call);
	return next;
}

/* ---- From the handles of what was started here ---- */

static void add_job(const struct job *job)
{
	struct process_handle_info_results_reader r;
	struct rpc_call call;

	process_handle_info_begin(&call, runtime_transport(), job->handle);
	if (process_handle_info_call(&call, &r) == STATUS_OK) {
		struct process_row *row = &rows[row_count++];

		*row = (struct process_row){
			.pid = process_handle_info_results_reader_pid(r),
			.threads = process_handle_info_results_reader_threads(r),
			.capabilities = process_handle_info_results_reader_capabilities(r),
			.pages = process_handle_info_results_reader_pages(r),
			.cpu_ns = process_handle_info_results_reader_cpu_ns(r),
			.state = process_handle_info_results_reader_state(r),
		};
		set_name(row, process_handle_info_results_reader_name(r));
	}
	rpc_end(&call);
}

static void add_restarts(void)
{
	cap_id supervisor;
	uint32_t from = 0;

	if (runtime_cap("supervisor", SUPERVISOR_INTERFACE_ID, &supervisor) != STATUS_OK)
		return;
	do {
		struct supervisor_list_results_reader results;
		struct rpc_call call;

		supervisor_list_params_builder_set_from(
			supervisor_list_begin(&call, runtime_transport(), supervisor), from);
		from = 0;
		if (supervisor_list_call(&call, &results) == STATUS_OK) {
			struct supervisor_process_list_reader list = supervisor_list_results_reader_processes(
				results);

			for (uint32_t i = 0; i < supervisor_process_list_reader_count(list); i++) {
				struct supervisor_process_reader p = supervisor_process_list_reader_at(list,
												       i);

				for (uint32_t n = 0; n < row_count; n++)
					if (rows[n].pid == supervisor_process_reader_pid(p))
						rows[n].restarts = supervisor_process_reader_restarts(p);
			}
			from = supervisor_list_results_reader_next(results);
		}
		rpc_end(&call);
	} while (from != 0);
}

/* True: all processes. */
static bool read_processes(void)
{
	cap_id inspector;
	uint32_t from = 0;

	row_count = 0;
	if (runtime_cap("inspector", SYSTEM_INSPECTOR_INTERFACE_ID, &inspector) != STATUS_OK) {
		struct job *job;

		for (uint32_t i = 0; (job = job_at(i)) != nullptr && row_count < MAX_PROCESSES; i++)
			if (job->handle.raw)
				add_job(job);
		return false;
	}
	do
		from = add_page(inspector, from);
	while (from != 0 && row_count < MAX_PROCESSES);
	for (uint32_t i = 0; i < row_count; i++)
		if (rows[i].state == PROCESS_HANDLE_STATE_RUNNING)
			rows[i].depth = ring_depth(inspector, rows[i].pid);
	add_restarts();
	return true;
}

/* ---- ps ---- */

static const char *state_name(enum process_handle_state state)
{
	switch (state) {
	case PROCESS_HANDLE_STATE_CREATED:
		return "created";
	case PROCESS_HANDLE_STATE_RUNNING:
		return "runs";
	default:
		return "ended";
	}
}

static void put_header(bool busy)
{
	text_print(&out, "%5s %-20s %-7s %8s %9s %4s %3s %5s %5s %3s\n", "pid", "name", "state",
		   busy ? "cpu %" : "cpu", "memory", "caps", "thr", "calls", "depth", "rst");
}

static void put_row(const struct process_row *row, uint32_t indent)
{
	uint32_t len = (uint32_t)__builtin_strlen(row->name) + indent;

	text_print(&out, "%5u ", row->pid);
	text_put_pad(&out, 0, indent);
	text_put(&out, row->name);
	text_put_pad(&out, len, 21);
	text_print(&out, "%s", state_name(row->state));
	text_put_pad(&out, (uint32_t)__builtin_strlen(state_name(row->state)), 7);
	view_put_span_in(row->cpu_ns, 9);
	text_print(&out, " %5llu KiB %4u %3u %5u %5u %3u\n", (unsigned long long)row->pages * 4,
		   row->capabilities, row->threads, row->calls, row->depth, row->restarts);
}

static bool is_listed(uint32_t pid)
{
	for (uint32_t i = 0; i < row_count; i++)
		if (rows[i].pid == pid)
			return true;
	return false;
}

static void put_children(uint32_t creator, uint32_t indent)
{
	for (uint32_t i = 0; i < row_count; i++) {
		if (rows[i].creator != creator || rows[i].pid == creator)
			continue;
		put_row(&rows[i], indent);
		if (indent < 16)
			put_children(rows[i].pid, indent + 2);
	}
}

bool view_ps(const struct shell_word *words, uint32_t count)
{
	uint64_t pid;

	if (count > 1 && !view_word_is_number(words[1], &pid))
		return shell_fail_at(&shell, words[1].at, "ps, or ps PID");
	if (count > 1)
		return view_threads((uint32_t)pid);
	bool all = read_processes();

	put_header(false);
	for (uint32_t i = 0; i < row_count; i++) {
		if (rows[i].creator != 0 && is_listed(rows[i].creator))
			continue;
		put_row(&rows[i], 0);
		if (all)
			put_children(rows[i].pid, 2);
	}
	if (!all)
		text_put(&out,
			 "  (what was started here; who holds a SystemInspector sees the others, too)\n");
	return true;
}

/* ---- top ---- */

static uint64_t before_of(const struct process_row *rows_before, uint32_t count, uint32_t pid)
{
	for (uint32_t i = 0; i < count; i++)
		if (rows_before[i].pid == pid)
			return rows_before[i].cpu_ns;
	return 0;
}

static void sort_by_use(void)
{
	for (uint32_t i = 1; i < row_count; i++) {
		struct process_row row = rows[i];
		uint32_t at = i;

		for (; at > 0 && rows[at - 1].cpu_ns - rows[at - 1].before_ns < row.cpu_ns - row.before_ns;
		     at--)
			rows[at] = rows[at - 1];
		rows[at] = row;
	}
}

static void put_busy_row(const struct process_row *row, uint64_t passed_ns)
{
	uint64_t tenths = passed_ns ? (row->cpu_ns - row->before_ns) * 1000 / passed_ns : 0;
	uint32_t len = (uint32_t)__builtin_strlen(row->name);

	/* One line of 80 columns each, whatever their names. */
	len = len < NAME_WIDTH ? len : NAME_WIDTH;
	text_print(&out, "%5u %.*s", row->pid, (int)len, row->name);
	text_put_pad(&out, len, NAME_WIDTH);
	text_print(&out, " %-7s %6llu.%llu %5llu KiB %4u %3u %5u %5u %3u\x1b[K\n", state_name(row->state),
		   (unsigned long long)tenths / 10, (unsigned long long)tenths % 10,
		   (unsigned long long)row->pages * 4, row->capabilities, row->threads, row->calls,
		   row->depth, row->restarts);
}

static void put_machine(void)
{
	struct system_info_counters_results_reader r;
	struct rpc_call call;
	cap_id info;

	if (runtime_cap("systemInfo", SYSTEM_INFO_INTERFACE_ID, &info) != STATUS_OK)
		return;
	system_info_counters_begin(&call, runtime_transport(), info);
	if (system_info_counters_call(&call, &r) == STATUS_OK) {
		struct system_info_counters_reader c = system_info_counters_results_reader_counters(r);
		uint64_t total = system_info_counters_reader_frames_total(c);

		text_print(&out,
			   "  up %llu s   memory %llu of %llu KiB   %llu processes, %llu threads\x1b[K\n",
			   (unsigned long long)(runtime_now() / 1'000'000'000),
			   (unsigned long long)(total - system_info_counters_reader_frames_free(c)) * 4,
			   (unsigned long long)total * 4,
			   (unsigned long long)system_info_counters_reader_processes(c),
			   (unsigned long long)system_info_counters_reader_threads(c));
	}
	rpc_end(&call);
}

/* The processes, as they were busy since the last time; first: there is none. */
static void put_busy_processes(uint32_t lines, bool first)
{
	static struct process_row before[MAX_PROCESSES];
	static uint32_t before_count;
	static uint64_t last_ns;
	uint64_t now = runtime_now();

	(void)read_processes();
	for (uint32_t i = 0; i < row_count; i++)
		rows[i].before_ns = first ? rows[i].cpu_ns : before_of(before, before_count, rows[i].pid);
	sort_by_use();
	put_header(true);
	for (uint32_t i = 0; i < row_count && i < lines; i++)
		put_busy_row(&rows[i], first ? 0 : now - last_ns);
	__builtin_memcpy(before, rows, row_count * sizeof(rows[0]));
	before_count = row_count;
	last_ns = now;
}

/* For who reads a log: what the threads did in a moment, once. */
static bool print_threads(void)
{
	uint64_t until = runtime_now() + LOOK_NS;

	if (!view_busy_threads(0, true, "\n"))
		return false;
	while (runtime_now() < until && !terminal_interrupted())
		(void)ring_wait(runtime_ring(), until);
	return view_busy_threads(UINT32_MAX, false, "\n");
}

static bool is_pressed(const struct terminal_pressed *key, char character)
{
	return key->code == TERMINAL_KEY_CODE_CHARACTER && key->character == (uint32_t)character;
}

bool view_top(const struct shell_word *words, uint32_t count)
{
	bool threads = count > 1 && words[1].len == 7 && __builtin_memcmp(words[1].ptr, "threads", 7) == 0;
	bool first = true;
	struct terminal_pressed key = {};
	cap_id inspector;

	if (count > 1 && !threads)
		return shell_fail_at(&shell, words[1].at, "top, or top threads");
	if (threads && !view_need_inspector(&inspector))
		return false;
	if (!page_is_person())
		return threads ? print_threads() : view_ps(words, 1);
	page_never();
	if (!terminal_screen(true))
		return shell_fail(&shell, "", "somebody else has the screen");
	do {
		uint64_t now = runtime_now();
		uint32_t columns, lines;

		(void)terminal_size(&columns, &lines);
		text_put(&out, "\x1b[H");
		put_machine();
		if (threads)
			(void)view_busy_threads(lines - 4, first, "\x1b[K\n");
		else
			put_busy_processes(lines - 4, first);
		text_put(&out, "  q ends this, p shows processes, t threads\x1b[K\x1b[J");
		terminal_flush();
		(void)terminal_read_key(&key, now + TOP_NS);
		first = is_pressed(&key, 'p') || is_pressed(&key, 't');
		if (first)
			threads = is_pressed(&key, 't') &&
				  runtime_cap("inspector", SYSTEM_INSPECTOR_INTERFACE_ID, &inspector) ==
					  STATUS_OK;
	} while (!is_pressed(&key, 'q') && !terminal_interrupted());
	(void)terminal_screen(false);
	return true;
}
