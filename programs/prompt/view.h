// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Views of the system: what runs, what it uses, who holds what, and what happened.
 *
 * - view_trace.c:  calls of programs started here, from their captured messages: trace, stats. view_filter.c: which of
 *   them; view_export.c: as a file, over the terminal; view_needs.c: what a requirement record would have to ask for.
 * - view_events.c: calls of everybody, from the flight recorder, for who holds a SystemInspector: trace all.
 * - view_cpus.c:   cpus.  view_threads.c: threads, of a process (ps PID) or of all (top threads).
 * - view_ps.c:     ps, top.  view_graph.c: graph, caps --why.  view_system.c: log, mem, image.  view_crashes.c.
 * - view_text.c:   columns, durations, sizes.
 */
#pragma once

#include <trace/trace.h>

#include "prompt.h"

command_fn view_trace, view_stats, view_needs, view_ps, view_top, view_cpus, view_graph, view_why, view_log,
	view_mem, view_image, view_crashes;

/* ---- tab.c ---- */
/* What the Tab key does to the line: puts in what is certain, or lists what there is. */
void tab_complete(char *line, uint32_t size, uint32_t *len, uint32_t *cursor);

/* ---- view_trace.c, for run.c and terminal.c ---- */

/* Memory for the messages of a process that is about to be started; null: it is not captured. */
cap_id trace_prepare(void);
/* The process was started with what trace_prepare gave (again only after that); null: it was not. */
void trace_attach(const struct job *job, const struct shell_run *run);
/*
 * Reads what has come, so that no figure is lost; cheap when nothing runs that is captured. Gives the nanoseconds until the next
 * reading, if something does.
 */
uint64_t trace_poll(void);
/* Something runs whose messages are captured: trace_poll should be called again soon. */
bool trace_is_live(void);

/* What was granted, and what was called of it. */
struct traced_grant {
	char name[SHELL_MAX_NAME + 1];
	uint64_t interface_id;
	uint64_t methods; /* bit m: method m of that interface */
	bool called;
};

struct traced {
	bool used;
	char name[SHELL_MAX_NAME + 1];
	cap_id handle;   /* the job's; only compared */
	uint32_t number; /* of the job */
	uint32_t order;  /* the how manieth that was started */
	const void *memory;
	size_t bytes;
	struct trace_source source; /* what the figures have seen */
	struct trace_calls calls;
	struct trace_stats stats;
	struct traced_grant grants[SHELL_MAX_GRANTS]; /* i is in slot i + 1 of the program's table */
	uint32_t grant_count;
	bool passed_on; /* some calls had capabilities with them: which, is not recorded */
};

/* By name or job number, the latest first; null: shell_fail was called. */
struct traced *traced_find(struct shell_word word);

/* ---- view_filter.c ---- */

struct trace_filter {
	bool failed, live, export, count;
	bool scheduling; /* what the scheduler did, instead of calls */
	uint32_t last;   /* 0: all */
	uint64_t slower_ns;
	struct shell_word only;   /* "Interface", "method" or "Interface.method"; empty: all */
	struct shell_word status; /* its name; empty: all */
};

/* words[from ..]; false: shell_fail was called. */
bool trace_filter_parse(struct trace_filter *filter, const struct shell_word *words, uint32_t from,
			uint32_t count);
bool trace_filter_takes(const struct trace_filter *filter, const struct trace_call *call);
/* "Timer.sleep" of a call; its length. */
uint32_t trace_method_name(uint64_t interface_id, uint16_t method, char text[80]);
/* "1500", "20us", "1.5ms", "2s": nanoseconds; false: it is none of these. */
bool view_duration(struct shell_word word, uint64_t *ns);

/* ---- view_needs.c ---- */
/* One record of a call, as it comes. */
void traced_note(struct traced *traced, const struct capture_record *record);
/* What the program is granted, at its start. */
void traced_grants(struct traced *traced, const struct shell_run *run);

/* ---- view_export.c ---- */
bool trace_export(const struct traced *traced);

/* ---- view_events.c ---- */
/* words[1] is "all" or "pid", words[2...] the rest. */
bool trace_events(const struct shell_word *words, uint32_t count);

/* ---- view_threads.c ---- */
/* False: shell_fail was called. */
bool view_need_inspector(cap_id *inspector);
/* The threads of one process. */
bool view_threads(uint32_t pid);
/* All threads, at most so many, busiest since the last time first. first: there is no last time. False: shell_fail was called. */
bool view_busy_threads(uint32_t lines, bool first, const char *line_end);

/* ---- view_system.c ---- */
/* The image that was booted; "?" if there is nobody to ask. */
struct msg_text view_image_name(void);

/* ---- view_graph.c ---- */
/* Names of all processes, for view_name_of; those that ended meanwhile are "a process". */
void view_read_names(cap_id inspector);
const char *view_name_of(uint32_t pid);

/* ---- view_text.c ---- */
void view_put_time(uint64_t ns);     /* "[   12.345678] " */
uint32_t view_put_span(uint64_t ns); /* "1.5 ms"; its length */
/* The same, right-aligned in `width`. */
void view_put_span_in(uint64_t ns, uint32_t width);
const char *view_status_name(int32_t status);
bool view_word_is_number(struct shell_word word, uint64_t *number);
/* "NAME" of a status, or what was raised: an exception's message of `bytes`. */
void view_put_failure(int32_t status, const void *message, uint32_t bytes);
