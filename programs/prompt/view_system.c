// SPDX-License-Identifier: MIT OR Apache-2.0
/* log, mem, image: what the system says of itself. */
#include <runtime/runtime.h>
#include <schema/kernel/log_reader.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/service/image.capnp.h>
#include <schema/service/package.capnp.h>
#include <schema/service/supervisor.capnp.h>
#include <spawn/spawn.h>

#include "view.h"

/* ---- log ---- */

struct log_filter {
	uint16_t level; /* the least important that is shown */
	struct shell_word process;
	bool follow;
};

static bool parse_log(struct log_filter *f, const struct shell_word *words, uint32_t count)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};

	*f = (struct log_filter){.level = 3};
	for (uint32_t i = 1; i < count; i++) {
		bool known = shell_word_is(words[i], "|");

		for (uint16_t n = 0; n < 4; n++) {
			if (!shell_word_is(words[i], levels[n]))
				continue;
			f->level = n;
			known = true;
		}
		if (shell_word_is(words[i], "follow") || shell_word_is(words[i], "live")) {
			f->follow = known = true;
		} else if (shell_word_is(words[i], "of") && i + 1 < count) {
			f->process = words[++i];
			known = true;
		}
		if (!known)
			return shell_fail_at(&shell, words[i].at,
					     "log [error|warning|info|debug] [of PROCESS] [follow]");
	}
	return true;
}

/* Lines of a process begin with its name: "name: text". */
static bool is_of(struct msg_text text, struct shell_word process)
{
	return process.len == 0 ||
	       (text.len > process.len && __builtin_memcmp(text.ptr, process.ptr, process.len) == 0 &&
		(text.ptr[process.len] == ':' || text.ptr[process.len] == ' '));
}

static void show_line(struct log_reader_line_reader line, const struct log_filter *f)
{
	static const char *const levels[] = {"error: ", "warning: ", "", "debug: "};
	uint16_t level = (uint16_t)log_reader_line_reader_level(line);
	struct msg_text text = log_reader_line_reader_text(line);
	uint64_t ms = log_reader_line_reader_time_ns(line) / 1'000'000;

	if (level > f->level || !is_of(text, f->process))
		return;
	text_print(&out, "[%5llu.%03llu] %s", (unsigned long long)ms / 1000, (unsigned long long)ms % 1000,
		   level < 4 ? levels[level] : "");
	text_put_text(&out, text);
	text_put(&out, "\n");
}

static bool show_lines(cap_id log, const struct log_filter *f, uint64_t *from)
{
	struct log_reader_read_results_reader r;
	struct rpc_call call;
	bool more = false;

	log_reader_read_params_builder_set_from(log_reader_read_begin(&call, runtime_transport(), log),
						*from);

	enum status status = log_reader_read_call(&call, &r);
	if (status == STATUS_OK) {
		struct log_reader_line_list_reader lines = log_reader_read_results_reader_lines(r);
		uint32_t count = log_reader_line_list_reader_count(lines);

		for (uint32_t i = 0; i < count; i++)
			show_line(log_reader_line_list_reader_at(lines, i), f);
		more = count > 0 && log_reader_read_results_reader_next(r) > *from;
		*from = log_reader_read_results_reader_next(r);
	} else {
		show_failure(&call, status);
	}
	rpc_end(&call);
	return more;
}

/* Until there is another line, or Ctrl-C. */
static bool wait_for_line(cap_id log, uint64_t from)
{
	struct rpc_call call;

	log_reader_wait_params_builder_set_from(log_reader_wait_begin(&call, runtime_transport(), log), from);

	enum status status = terminal_call(&call);
	rpc_end(&call);
	return status == STATUS_OK;
}

bool view_log(const struct shell_word *words, uint32_t count)
{
	struct log_filter filter;
	uint64_t from = 0;
	cap_id log;

	if (!names_need("log", LOG_READER_INTERFACE_ID, &log) || !parse_log(&filter, words, count))
		return false;
	do {
		/* What is logged while it is shown is not shown: the log is not a treadmill. */
		for (unsigned i = 0; i < 1000 && !terminal_interrupted() && show_lines(log, &filter, &from);
		     i++)
			;
	} while (filter.follow && wait_for_line(log, from));
	return true;
}

/* ---- mem ---- */

static void show_counters(struct system_info_counters_reader c)
{
	uint64_t total = system_info_counters_reader_frames_total(c),
		 idle = system_info_counters_reader_frames_free(c);

	text_print(&out, "  memory     %llu KiB of %llu KiB in use\n", (unsigned long long)(total - idle) * 4,
		   (unsigned long long)total * 4);
	text_print(&out, "  processes  %llu, threads %llu\n",
		   (unsigned long long)system_info_counters_reader_processes(c),
		   (unsigned long long)system_info_counters_reader_threads(c));
	text_print(&out, "  kernel     %llu objects, %llu capability table entries\n",
		   (unsigned long long)system_info_counters_reader_kernel_objects(c),
		   (unsigned long long)system_info_counters_reader_entries(c));
}

static bool show_cpu(cap_id info, uint32_t index)
{
	struct system_info_cpu_results_reader r;
	struct rpc_call call;

	system_info_cpu_params_builder_set_index(system_info_cpu_begin(&call, runtime_transport(), info),
						 index);

	bool there = system_info_cpu_call(&call, &r) == STATUS_OK;
	if (there) {
		text_print(&out,
			   "  cpu %-6u %llu entries, %llu interrupts, %llu faults, %llu switches, idle ",
			   index, (unsigned long long)system_info_cpu_results_reader_entries(r),
			   (unsigned long long)system_info_cpu_results_reader_interrupts(r),
			   (unsigned long long)system_info_cpu_results_reader_faults(r),
			   (unsigned long long)system_info_cpu_results_reader_switches(r));
		view_put_span(system_info_cpu_results_reader_idle_ns(r));
		text_put(&out, "\n");
	}
	rpc_end(&call);
	return there;
}

bool view_mem(const struct shell_word *words, uint32_t count)
{
	struct system_info_counters_results_reader r;
	struct rpc_call call;
	cap_id info;

	(void)words, (void)count;
	if (!names_need("systemInfo", SYSTEM_INFO_INTERFACE_ID, &info))
		return false;
	system_info_counters_begin(&call, runtime_transport(), info);

	enum status status = system_info_counters_call(&call, &r);
	if (status == STATUS_OK)
		show_counters(system_info_counters_results_reader_counters(r));
	else
		show_failure(&call, status);
	rpc_end(&call);
	for (uint32_t i = 0; i < 64 && show_cpu(info, i); i++)
		;
	return true;
}

/* ---- image ---- */

static void put_kernel_source(uint16_t source)
{
	struct registry_data_enum_reader sources;
	struct msg_text name = MSG_TEXT("?");

	if (registry_enum_named(&registry, MSG_TEXT("Image.KernelSource"), &sources)) {
		struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(
			sources);

		if (source < registry_data_enumerant_list_reader_count(list))
			name = registry_data_enumerant_reader_name(
				registry_data_enumerant_list_reader_at(list, source));
	}
	text_put(&out, "kernel.");
	text_put_text(&out, name);
}

static void put_source(struct image_grant_source_reader source)
{
	struct image_export_ref_reader ref = image_grant_source_reader_export(source);
	struct image_port_range_reader range = image_grant_source_reader_io_ports(source);

	switch (image_grant_source_reader_which(source)) {
	case IMAGE_GRANT_SOURCE_WHICH_KERNEL:
		put_kernel_source((uint16_t)image_grant_source_reader_kernel(source));
		break;
	case IMAGE_GRANT_SOURCE_WHICH_EXPORT:
		text_put_text(&out, image_export_ref_reader_process(ref));
		text_put(&out, ".");
		text_put_text(&out, image_export_ref_reader_export(ref));
		break;
	case IMAGE_GRANT_SOURCE_WHICH_IO_PORTS:
		text_print(&out, "%u I/O ports from 0x%x", image_port_range_reader_count(range),
			   image_port_range_reader_first(range));
		break;
	case IMAGE_GRANT_SOURCE_WHICH_INTERRUPT:
		text_print(&out, "interrupt line %u", image_grant_source_reader_interrupt(source));
		break;
	default:
		text_put(&out, "init");
		break;
	}
}

static void show_process(struct image_process_reader process)
{
	struct image_grant_list_reader grants = image_process_reader_grants(process);
	struct msg_text name = image_process_reader_name(process),
			program = image_process_reader_program(process);

	text_print(&out, "  %.*s (program %.*s)\n", (int)name.len, name.ptr, (int)program.len, program.ptr);
	for (uint32_t i = 0; i < image_grant_list_reader_count(grants); i++) {
		struct image_grant_reader grant = image_grant_list_reader_at(grants, i);
		struct registry_data_interface_reader interface;
		struct msg_text grant_name = image_grant_reader_name(grant);
		uint64_t methods = image_grant_reader_methods(grant);

		text_print(&out, "    %.*s", (int)grant_name.len, grant_name.ptr);
		text_put_pad(&out, grant_name.len, 20);
		text_put(&out, " ");
		put_source(image_grant_reader_source(grant));
		if (methods != UINT64_MAX &&
		    registry_interface(&registry, image_grant_reader_interface_id(grant), &interface)) {
			text_put(&out, ", only ");
			registry_print_methods(&registry, &out, interface, methods);
		}
		text_put(&out, "\n");
	}
}

static struct image_reader image_of(const struct spawn_package *package, struct msg_reader *reader)
{
	msg_reader_init(reader, package->index, (size_t)package->index_len);
	return package_index_reader_image(package_index_reader_root(reader));
}

struct msg_text view_image_name(void)
{
	struct spawn_package *package = package_open();
	struct msg_reader reader;

	return package ? image_reader_name(image_of(package, &reader)) : MSG_TEXT("?");
}

bool view_image(const struct shell_word *words, uint32_t count)
{
	struct spawn_package *package = package_open();
	struct image_process_list_reader processes;
	struct msg_reader reader;
	struct image_reader image;
	struct msg_text name;

	(void)words, (void)count;
	if (!package)
		return false;
	image = image_of(package, &reader);
	name = image_reader_name(image);
	processes = image_reader_processes(image);
	text_print(&out, "image \"%.*s\": who starts, and what each is given\n", (int)name.len, name.ptr);
	for (uint32_t i = 0; i < image_process_list_reader_count(processes); i++)
		show_process(image_process_list_reader_at(processes, i));
	return true;
}
