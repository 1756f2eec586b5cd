// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who holds what: the image as a table for people, with each program's reason.
 */
#include <stdio.h>

#include "image_tool.h"

#define T(t) (int)(t).len, (t).ptr

/* Names of kernel sources as the schema has them: those of init's CapSet. */
static const char *const kernel_names[] = {
	"console",         "timer",          "entropy",       "systemInfo",       "capabilityManager",
	"virtualMemory",   "processSpawner", "threadSpawner", "logReader",        "bootPackage",
	"power",           "testPower",      "ioPortsAll",    "interrupts",       "sessions",
	"systemInspector", "profiler",       "cpuIsolation",  "schedulingPolicy",
};

static void describe_source(struct image_grant_source_reader source, char *text, size_t size)
{
	unsigned kernel = image_grant_source_reader_kernel(source);

	switch (image_grant_source_reader_which(source)) {
	case IMAGE_GRANT_SOURCE_WHICH_KERNEL:
		snprintf(text, size, "kernel %s",
			 kernel < sizeof(kernel_names) / sizeof(kernel_names[0]) ? kernel_names[kernel]
										 : "?");
		break;
	case IMAGE_GRANT_SOURCE_WHICH_EXPORT: {
		struct image_export_ref_reader ref = image_grant_source_reader_export(source);

		snprintf(text, size, "%.*s.%.*s", T(image_export_ref_reader_process(ref)),
			 T(image_export_ref_reader_export(ref)));
		break;
	}
	case IMAGE_GRANT_SOURCE_WHICH_INIT:
		snprintf(text, size, "init's supervisor");
		break;
	case IMAGE_GRANT_SOURCE_WHICH_IO_PORTS: {
		struct image_port_range_reader range = image_grant_source_reader_io_ports(source);

		snprintf(text, size, "ports 0x%x..0x%x", image_port_range_reader_first(range),
			 image_port_range_reader_first(range) + image_port_range_reader_count(range) - 1u);
		break;
	}
	case IMAGE_GRANT_SOURCE_WHICH_FOLDER:
		snprintf(text, size, "folder %.*s", T(image_grant_source_reader_folder(source)));
		break;
	case IMAGE_GRANT_SOURCE_WHICH_INTERRUPT:
		snprintf(text, size, "interrupt line %u", image_grant_source_reader_interrupt(source));
		break;
	default:
		snprintf(text, size, "?");
		break;
	}
}

static void report_grant(struct source *s, const struct program *program, struct image_grant_reader grant)
{
	struct msg_list only = image_grant_reader_only(grant);
	struct program_need_reader need = {};
	char source[96];

	bool asked = program_need(program, image_grant_reader_name(grant), &need);
	describe_source(image_grant_reader_source(grant), source, sizeof(source));
	printf("    %-18.*s %-18.*s %-24s", T(image_grant_reader_name(grant)), T(grant_interface(s, grant)),
	       source);
	if (only.count) {
		printf(" only");
		for (uint32_t i = 0; i < only.count; i++)
			printf(" %.*s", T(msg_list_text(only, i)));
		printf(";");
	}
	printf(" %.*s\n", T(asked ? program_need_reader_why(need) : MSG_TEXT("It takes anything.")));
}

static void report_process(struct source *s, struct image_process_reader process)
{
	struct image_grant_list_reader grants = image_process_reader_grants(process);
	struct image_export_list_reader exports = image_process_reader_exports(process);
	const struct program *program = program_find(image_process_reader_program(process));

	printf("\n  %.*s: program %.*s (%.*s)%s\n", T(image_process_reader_name(process)), T(program->name),
	       T(program_reader_summary(program->needs)),
	       image_process_reader_ends_system(process) ? "; the system ends with it" : "");
	for (uint32_t i = 0; i < image_grant_list_reader_count(grants); i++)
		report_grant(s, program, image_grant_list_reader_at(grants, i));
	for (uint32_t i = 0; i < image_export_list_reader_count(exports); i++) {
		struct image_export_reader e = image_export_list_reader_at(exports, i);

		printf("    serves %.*s as %.*s\n", T(image_export_reader_name(e)),
		       T(image_export_reader_interface(e)));
	}
}

void write_report(struct source *s)
{
	struct image_process_list_reader processes = image_reader_processes(s->image);
	struct msg_list programs = image_reader_programs(s->image);

	printf("image %.*s%s\n", T(image_reader_name(s->image)),
	       image_reader_testing(s->image) ? " (for tests)" : "");
	for (uint32_t i = 0; i < image_process_list_reader_count(processes); i++)
		report_process(s, image_process_list_reader_at(processes, i));
	if (programs.count) {
		printf("\n  packed for \"run\":");
		for (uint32_t i = 0; i < programs.count; i++)
			printf(" %.*s", T(msg_list_text(programs, i)));
		printf("\n");
	}
}
