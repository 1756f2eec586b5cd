// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * capos-trace: what `trace NAME | export` gave, on the host.
 *
 * - main.c:  options.  load.c: trace files, and transcripts of a terminal with trace files in them.
 * - print.c: calls as text.  timeline.c, graph.c: pictures (svg.c).
 */
#pragma once

#include <registry/registry.h>
#include <stdio.h>
#include <trace/trace.h>

struct tool_record {
	struct capture_record record;
	unsigned process;
};

struct tool_process {
	char name[40];
	uint32_t number;
	uint64_t lost;
};

/* A call, with its records by index; -1: none. */
struct tool_call {
	struct trace_call call;
	unsigned process;
	long params, answer;
};

struct trace_file {
	struct tool_process processes[64];
	unsigned process_count;
	struct tool_record *records;
	size_t record_count;
	struct tool_call *calls; /* by their beginning */
	size_t call_count;
};

/* load.c: ends the tool with a message if the file cannot be used. binary: where to put what was decoded, or null. */
void load_trace(struct trace_file *file, const char *name, const char *binary);
/* The registry inside a boot package. False: there is none. */
bool load_registry(struct registry *registry, const char *package);
[[noreturn]] void fail(const char *what, const char *why);

/* print.c */
void print_calls(const struct trace_file *file, struct registry *registry, FILE *out);
void print_stats(const struct trace_file *file, struct registry *registry, FILE *out);
void method_name(struct registry *registry, uint64_t interface_id, uint16_t method, char text[96]);

/* timeline.c, graph.c */
void draw_timeline(const struct trace_file *file, struct registry *registry, const char *name);
void draw_graph(const struct trace_file *file, struct registry *registry, const char *name);
