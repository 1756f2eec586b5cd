// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads, with what the scheduler knows of them: ps PID, those of one process; top threads, all, busiest first. For who holds a
 * SystemInspector.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/system_inspector.capnp.h>

#include "view.h"

#define MAX_THREADS 192u
#define NAME_WIDTH 12u
#define WIDE 100u /* columns in which the longest row of busy threads has room */

struct thread_row {
	uint32_t pid, tid, weight;
	uint16_t cpu;
	uint8_t state, class;
	bool lent;
	uint64_t cpu_ns, wake_ups, preemptions, migrations, budget_ns, period_ns;
};

struct thread_table {
	struct thread_row rows[MAX_THREADS];
	uint32_t count;
	uint64_t at_ns;
};

bool view_need_inspector(cap_id *inspector)
{
	if (runtime_cap("inspector", SYSTEM_INSPECTOR_INTERFACE_ID, inspector) == STATUS_OK)
		return true;
	return shell_fail(&shell, "", "only who holds a SystemInspector sees this");
}

/* ---- Reading ---- */

static struct thread_row row_of(uint32_t pid, struct system_inspector_thread_reader t)
{
	return (struct thread_row){
		.pid = pid,
		.tid = system_inspector_thread_reader_tid(t),
		.weight = system_inspector_thread_reader_weight(t),
		.cpu = system_inspector_thread_reader_cpu(t),
		.state = (uint8_t)system_inspector_thread_reader_state(t),
		.class = (uint8_t)system_inspector_thread_reader_class(t),
		.lent = system_inspector_thread_reader_lent(t),
		.cpu_ns = system_inspector_thread_reader_cpu_ns(t),
		.wake_ups = system_inspector_thread_reader_wake_ups(t),
		.preemptions = system_inspector_thread_reader_preemptions(t),
		.migrations = system_inspector_thread_reader_migrations(t),
		.budget_ns = system_inspector_thread_reader_budget_ns(t),
		.period_ns = system_inspector_thread_reader_period_ns(t),
	};
}

/* Those of one process; what does not fit is left out. */
static enum status add_threads(struct thread_table *table, cap_id inspector, uint32_t pid, bool loud)
{
	enum status status = STATUS_OK;
	uint32_t from = 0;

	do {
		struct system_inspector_threads_results_reader results;
		struct rpc_call call;
		struct system_inspector_threads_params_builder params = system_inspector_threads_begin(
			&call, runtime_transport(), inspector);

		system_inspector_threads_params_builder_set_pid(params, pid);
		system_inspector_threads_params_builder_set_from(params, from);
		from = 0;
		status = system_inspector_threads_call(&call, &results);
		if (status == STATUS_OK) {
			struct system_inspector_thread_list_reader list =
				system_inspector_threads_results_reader_threads(results);

			for (uint32_t i = 0; i < system_inspector_thread_list_reader_count(list) &&
					     table->count < MAX_THREADS;
			     i++)
				table->rows[table->count++] = row_of(
					pid, system_inspector_thread_list_reader_at(list, i));
			from = system_inspector_threads_results_reader_next(results);
		} else if (loud) {
			show_failure(&call, status);
		}
		rpc_end(&call);
	} while (from != 0 && table->count < MAX_THREADS);
	return status;
}

/* Of a page of processes; the number to go on from. One that has ended meanwhile has no threads. */
static uint32_t add_processes(struct thread_table *table, cap_id inspector, uint32_t from)
{
	struct system_inspector_processes_results_reader results;
	uint32_t pids[8], count = 0, next = 0;
	struct rpc_call call;

	system_inspector_processes_params_builder_set_from(
		system_inspector_processes_begin(&call, runtime_transport(), inspector), from);
	if (system_inspector_processes_call(&call, &results) == STATUS_OK) {
		struct system_inspector_process_list_reader list =
			system_inspector_processes_results_reader_processes(results);

		for (uint32_t i = 0; i < system_inspector_process_list_reader_count(list) && count < 8; i++)
			pids[count++] = system_inspector_process_reader_pid(
				system_inspector_process_list_reader_at(list, i));
		next = system_inspector_processes_results_reader_next(results);
	}
	rpc_end(&call);
	for (uint32_t i = 0; i < count; i++)
		(void)!add_threads(table, inspector, pids[i], false);
	return next;
}

static void read_all(struct thread_table *table, cap_id inspector)
{
	uint32_t from = 0;

	table->count = 0;
	table->at_ns = runtime_now();
	do
		from = add_processes(table, inspector, from);
	while (from != 0 && table->count < MAX_THREADS);
}

/* ---- Showing ---- */

static const char *const states[] = {"waits", "ready", "runs"};
static const char *const classes[] = {"normal", "interactive", "batch"};

static const char *const short_classes[] = {"norm", "inter", "batch"};

static const char *name_in(const char *const *names, uint32_t index)
{
	return index < 3 ? names[index] : "?";
}

static void put_budget(const struct thread_row *row)
{
	if (row->budget_ns == 0) {
		text_put(&out, "-");
		return;
	}
	(void)view_put_span(row->budget_ns);
	text_put(&out, " in ");
	(void)view_put_span(row->period_ns);
	text_put(&out, row->lent ? ", lent" : "");
}

/* Where the line is nearly full: the part of a CPU. */
static void put_short_budget(const struct thread_row *row)
{
	if (row->budget_ns == 0 || row->period_ns == 0)
		text_put(&out, "-");
	else
		text_print(&out, "%llu %%%s", (unsigned long long)(row->budget_ns * 100 / row->period_ns),
			   row->lent ? " l" : "");
}

static void put_thread(const struct thread_row *row)
{
	text_print(&out, "%5u %3u %-5s ", row->tid, row->cpu, name_in(states, row->state));
	view_put_span_in(row->cpu_ns, 9);
	text_print(&out, " %6u %-11s %8llu %8llu %8llu  ", row->weight, name_in(classes, row->class),
		   (unsigned long long)row->wake_ups, (unsigned long long)row->preemptions,
		   (unsigned long long)row->migrations);
	put_budget(row);
	text_put(&out, "\n");
}

bool view_threads(uint32_t pid)
{
	static struct thread_table table;
	cap_id inspector;

	if (!view_need_inspector(&inspector))
		return false;
	text_print(&out, "%5s %3s %-5s %9s %6s %-11s %8s %8s %8s  %s\n", "tid", "cpu", "state", "cpu",
		   "weight", "class", "wake-ups", "made way", "moved", "budget");
	table.count = 0;
	enum status status = add_threads(&table, inspector, pid, true);
	for (uint32_t i = 0; i < table.count; i++)
		put_thread(&table.rows[i]);
	return status == STATUS_OK;
}

/* ---- All of them: what each did between two looks ---- */

/* The row of the same thread; one that was not there then has done everything since. */
static struct thread_row before_of(const struct thread_table *before, const struct thread_row *row)
{
	for (uint32_t i = 0; i < before->count; i++)
		if (before->rows[i].tid == row->tid)
			return before->rows[i];
	return (struct thread_row){};
}

/* Turns sums into what was done since `before`; busiest first. */
static void subtract_and_sort(struct thread_table *table, const struct thread_table *before)
{
	for (uint32_t i = 0; i < table->count; i++) {
		struct thread_row row = table->rows[i], then = before_of(before, &row);
		uint32_t at = i;

		row.cpu_ns -= then.cpu_ns;
		row.wake_ups -= then.wake_ups;
		row.preemptions -= then.preemptions;
		for (; at > 0 && table->rows[at - 1].cpu_ns < row.cpu_ns; at--)
			table->rows[at] = table->rows[at - 1];
		table->rows[at] = row;
	}
}

static void put_busy_thread(const struct thread_row *row, uint64_t passed_ns)
{
	uint64_t tenths = passed_ns ? row->cpu_ns * 1000 / passed_ns : 0;
	uint64_t ms = passed_ns / 1'000'000 + 1;
	const char *name = view_name_of(row->pid);
	uint32_t len = (uint32_t)__builtin_strlen(name);

	len = len < NAME_WIDTH ? len : NAME_WIDTH;
	text_print(&out, "%5u %5u %.*s", row->pid, row->tid, (int)len, name);
	text_put_pad(&out, len, NAME_WIDTH);
	text_print(&out, " %3u %-5s %3llu.%llu %5u %-5s %6llu %5llu %5llu ", row->cpu,
		   name_in(states, row->state), (unsigned long long)tenths / 10,
		   (unsigned long long)tenths % 10, row->weight, name_in(short_classes, row->class),
		   (unsigned long long)(row->wake_ups * 1000 / ms),
		   (unsigned long long)(row->preemptions * 1000 / ms), (unsigned long long)row->migrations);
	if (page_columns() < WIDE)
		put_short_budget(row);
	else
		put_budget(row);
}

bool view_busy_threads(uint32_t lines, bool first, const char *line_end)
{
	static struct thread_table now, then, done;
	cap_id inspector;

	if (!view_need_inspector(&inspector))
		return false;
	view_read_names(inspector);
	read_all(&now, inspector);
	done = now;
	subtract_and_sort(&done, first ? &now : &then);
	if (lines != 0)
		text_print(&out, "%5s %5s %-12s %3s %-5s %5s %5s %-5s %6s %5s %5s %s%s", "pid", "tid", "name",
			   "cpu", "state", "cpu %", "wght", "class", "wake/s", "way/s", "moved", "budget",
			   line_end);
	for (uint32_t i = 0; i < done.count && i < lines; i++) {
		put_busy_thread(&done.rows[i], first ? 0 : now.at_ns - then.at_ns);
		text_put(&out, line_end);
	}
	then = now;
	return true;
}
