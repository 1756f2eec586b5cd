// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What an image must fulfil: every name resolves, every process holds exactly what its program asks for, with the
 * interface that it asks for, and nothing meant for tests is in an image that ships.
 */
#include <abi/cap.h>
#include <abi/ring.h>
#include <stdio.h>
#include <string.h>

#include "image_tool.h"

#define MAX_NAME 31u     /* ProcessSpawner.create */
#define MAX_RESTARTS 32u /* lib/restart */
/* SchedulingPolicy.createContext, in nanoseconds and millionths. */
#define CPU_BUDGET_MIN 100'000u
#define CPU_PERIOD_MIN 1'000'000u
#define CPU_PERIOD_MAX 10'000'000'000u
#define CPU_SHARE_MAX 750'000u
#define CPUS_MAX 64
#define T(t) (int)(t).len, (t).ptr

static const struct msg_text nothing;

const char *kernel_source_interface(enum image_kernel_source source)
{
	static const char *const names[] = {
		[IMAGE_KERNEL_SOURCE_CONSOLE] = "Console",
		[IMAGE_KERNEL_SOURCE_TIMER] = "Timer",
		[IMAGE_KERNEL_SOURCE_ENTROPY] = "EntropySource",
		[IMAGE_KERNEL_SOURCE_SYSTEM_INFO] = "SystemInfo",
		[IMAGE_KERNEL_SOURCE_CAPABILITY_MANAGER] = "CapabilityManager",
		[IMAGE_KERNEL_SOURCE_VIRTUAL_MEMORY] = "VirtualMemory",
		[IMAGE_KERNEL_SOURCE_PROCESS_SPAWNER] = "ProcessSpawner",
		[IMAGE_KERNEL_SOURCE_THREAD_SPAWNER] = "ThreadSpawner",
		[IMAGE_KERNEL_SOURCE_LOG_READER] = "LogReader",
		[IMAGE_KERNEL_SOURCE_BOOT_PACKAGE] = "BootPackage",
		[IMAGE_KERNEL_SOURCE_POWER] = "Power",
		[IMAGE_KERNEL_SOURCE_TEST_POWER] = "Power",
		[IMAGE_KERNEL_SOURCE_IO_PORTS_ALL] = "IoPort",
		[IMAGE_KERNEL_SOURCE_INTERRUPTS] = "InterruptSource",
		[IMAGE_KERNEL_SOURCE_SESSIONS] = "SessionFactory",
		[IMAGE_KERNEL_SOURCE_SYSTEM_INSPECTOR] = "SystemInspector",
		[IMAGE_KERNEL_SOURCE_SCHEDULING_POLICY] = "SchedulingPolicy",
	};

	return (unsigned)source < sizeof(names) / sizeof(names[0]) ? names[source] : nullptr;
}

struct image_process_reader find_process(struct source *s, struct msg_text name, bool *found)
{
	struct image_process_list_reader processes = image_reader_processes(s->image);

	for (uint32_t i = 0; i < image_process_list_reader_count(processes); i++) {
		struct image_process_reader p = image_process_list_reader_at(processes, i);

		if (msg_text_equal(image_process_reader_name(p), name)) {
			*found = true;
			return p;
		}
	}
	*found = false;
	return (struct image_process_reader){};
}

bool find_export(struct image_process_reader process, struct msg_text name,
		 struct image_export_reader *export_)
{
	struct image_export_list_reader exports = image_process_reader_exports(process);

	for (uint32_t i = 0; i < image_export_list_reader_count(exports); i++) {
		*export_ = image_export_list_reader_at(exports, i);
		if (msg_text_equal(image_export_reader_name(*export_), name))
			return true;
	}
	return false;
}

struct msg_text grant_interface(struct source *s, struct image_grant_reader grant)
{
	struct image_grant_source_reader source = image_grant_reader_source(grant);
	struct image_export_reader export_;
	const char *name = nullptr;
	bool found;

	switch (image_grant_source_reader_which(source)) {
	case IMAGE_GRANT_SOURCE_WHICH_KERNEL:
		name = kernel_source_interface(image_grant_source_reader_kernel(source));
		break;
	case IMAGE_GRANT_SOURCE_WHICH_INIT:
		name = "Supervisor";
		break;
	case IMAGE_GRANT_SOURCE_WHICH_IO_PORTS:
		name = "IoPort";
		break;
	case IMAGE_GRANT_SOURCE_WHICH_FOLDER:
		name = "MemoryObject";
		break;
	case IMAGE_GRANT_SOURCE_WHICH_INTERRUPT:
		name = "Interrupt";
		break;
	case IMAGE_GRANT_SOURCE_WHICH_EXPORT: {
		struct image_export_ref_reader ref = image_grant_source_reader_export(source);
		struct image_process_reader p = find_process(s, image_export_ref_reader_process(ref), &found);

		if (found && find_export(p, image_export_ref_reader_export(ref), &export_))
			return image_export_reader_interface(export_);
		break;
	}
	}
	return name ? msg_text_from(name) : nothing;
}

uint64_t grant_methods(struct source *s, struct msg_text process, struct image_grant_reader grant,
		       struct registry_data_interface_reader interface)
{
	struct msg_list only = image_grant_reader_only(grant);
	uint64_t methods = 0;

	if (only.count == 0)
		return UINT64_MAX;
	for (uint32_t i = 0; i < only.count; i++) {
		struct msg_text name = msg_list_text(only, i);
		int ordinal = registry_method(interface, name);

		if (ordinal < 0 || ordinal > 63)
			source_error(s, process, name, "%.*s has no method \"%.*s\"",
				     T(registry_data_interface_reader_name(interface)), T(name));
		else
			methods |= 1ull << ordinal;
	}
	return methods;
}

/* ---- One grant ---- */

static void check_source(struct source *s, struct msg_text process, struct image_grant_reader grant)
{
	struct image_grant_source_reader source = image_grant_reader_source(grant);
	struct msg_text name = image_grant_reader_name(grant);
	enum image_kernel_source kernel = image_grant_source_reader_kernel(source);
	bool restricted = image_grant_reader_only(grant).count > 0;

	switch (image_grant_source_reader_which(source)) {
	case IMAGE_GRANT_SOURCE_WHICH_KERNEL:
		if (kernel == IMAGE_KERNEL_SOURCE_TEST_POWER && !image_reader_testing(s->image))
			source_error(
				s, process, name,
				"the source testPower is for tests only; this image does not say testing = true");
		if (kernel == IMAGE_KERNEL_SOURCE_SYSTEM_INSPECTOR && !image_reader_debug(s->image))
			source_error(
				s, process, name,
				"the source systemInspector shows what every process holds; this image does "
				"not say debug = true");
		if (kernel == IMAGE_KERNEL_SOURCE_PROFILER && !image_reader_debug(s->image))
			source_error(
				s, process, name,
				"the source profiler shows where every process is; this image does not say debug = true");
		if (kernel == IMAGE_KERNEL_SOURCE_VIRTUAL_MEMORY && restricted)
			source_error(s, process, name,
				     "a process's own address space cannot be restricted with \"only\"");
		break;
	case IMAGE_GRANT_SOURCE_WHICH_IO_PORTS: {
		struct image_port_range_reader range = image_grant_source_reader_io_ports(source);
		unsigned first = image_port_range_reader_first(range),
			 count = image_port_range_reader_count(range);

		if (count == 0 || first + count > 0x10000)
			source_error(s, process, name, "ports from 0x%x on, %u of them, are no range", first,
				     count);
		break;
	}
	case IMAGE_GRANT_SOURCE_WHICH_FOLDER:
		if (!folder_exists(image_grant_source_reader_folder(source)))
			source_error(s, process, name, "there is no folder %s/folders/%.*s", image_data,
				     T(image_grant_source_reader_folder(source)));
		break;
	case IMAGE_GRANT_SOURCE_WHICH_EXPORT:
		if (grant_interface(s, grant).len == 0) {
			struct image_export_ref_reader ref = image_grant_source_reader_export(source);

			source_error(s, process, name, "no process \"%.*s\" exports \"%.*s\"",
				     T(image_export_ref_reader_process(ref)),
				     T(image_export_ref_reader_export(ref)));
		}
		break;
	default:
		break;
	}
}

bool grant_asked(struct source *s, const struct program *program, struct image_grant_reader grant,
		 struct msg_text *asked)
{
	struct program_need_reader need;

	if (program_need(program, image_grant_reader_name(grant), &need))
		*asked = program_need_reader_interface(need);
	else if (program_reader_others(program->needs))
		*asked = grant_interface(s, grant);
	else
		return false;
	return true;
}

static void check_grant(struct source *s, struct msg_text process, const struct program *program,
			struct image_grant_reader grant)
{
	struct msg_text name = image_grant_reader_name(grant), given = grant_interface(s, grant), asked;

	check_source(s, process, grant);
	if (!grant_asked(s, program, grant, &asked)) {
		source_error(s, process, name, "grants \"%.*s\", which the program %.*s does not ask for",
			     T(name), T(program->name));
		return;
	}

	struct registry_data_interface_reader have = registry_interface(given),
					      want = registry_interface(asked);

	if (registry_data_interface_reader_id(want) == 0)
		source_error(s, process, name, "the program %.*s asks for the unknown interface %.*s",
			     T(program->name), T(asked));
	else if (given.len && !registry_extends(have, registry_data_interface_reader_id(want)))
		source_error(s, process, name, "grants \"%.*s\" as %.*s, but the program %.*s asks for %.*s",
			     T(name), T(given), T(program->name), T(asked));
	else if (given.len)
		(void)grant_methods(s, process, grant, want);
}

/* ---- One process ---- */

static void check_needs(struct source *s, struct image_process_reader process, const struct program *program)
{
	struct program_need_list_reader needs = program_reader_grants(program->needs);
	struct image_grant_list_reader grants = image_process_reader_grants(process);
	bool exports = image_export_list_reader_count(image_process_reader_exports(process)) > 0;
	struct msg_text process_name = image_process_reader_name(process);

	for (uint32_t i = 0; i < program_need_list_reader_count(needs); i++) {
		struct program_need_reader need = program_need_list_reader_at(needs, i);
		struct msg_text name = program_need_reader_name(need);
		bool given = exports && msg_text_equal(name, MSG_TEXT("endpoint"));

		for (uint32_t g = 0; g < image_grant_list_reader_count(grants) && !given; g++)
			given = msg_text_equal(image_grant_reader_name(image_grant_list_reader_at(grants, g)),
					       name);
		if (!given && !program_need_reader_optional(need))
			source_error(s, process_name, nothing,
				     "the program %.*s asks for \"%.*s\" (%.*s), which is not granted",
				     T(program->name), T(name), T(program_need_reader_interface(need)));
	}
}

static void check_grants(struct source *s, struct image_process_reader process, const struct program *program)
{
	struct image_grant_list_reader grants = image_process_reader_grants(process);
	struct msg_text process_name = image_process_reader_name(process);

	for (uint32_t i = 0; i < image_grant_list_reader_count(grants); i++) {
		struct image_grant_reader grant = image_grant_list_reader_at(grants, i);
		struct msg_text name = image_grant_reader_name(grant);

		for (uint32_t j = 0; j < i; j++)
			if (msg_text_equal(image_grant_reader_name(image_grant_list_reader_at(grants, j)),
					   name))
				source_error(s, process_name, name, "grants \"%.*s\" twice", T(name));
		check_grant(s, process_name, program, grant);
	}
}

static void check_exports(struct source *s, struct image_process_reader process,
			  const struct program *program)
{
	struct image_export_list_reader exports = image_process_reader_exports(process);
	struct msg_text process_name = image_process_reader_name(process);
	uint32_t count = image_export_list_reader_count(exports),
		 bytes = image_process_reader_max_message(process);
	struct program_need_reader need;

	if (count == 0)
		return;
	if (!program_need(program, MSG_TEXT("endpoint"), &need) ||
	    !msg_text_equal(program_need_reader_interface(need), MSG_TEXT("Endpoint")))
		source_error(s, process_name, nothing,
			     "has exports, but the program %.*s does not ask for \"endpoint\" (Endpoint)",
			     T(program->name));
	if (bytes == 0 || bytes % 8 != 0 || bytes > CAP_MAX_MESSAGE ||
	    image_process_reader_max_caps(process) > CAP_MESSAGE_MAX_CAPS)
		source_error(s, process_name, nothing,
			     "maxMessage %u, maxCaps %u are no limits of an endpoint", bytes,
			     image_process_reader_max_caps(process));
	for (uint32_t i = 0; i < count; i++) {
		struct image_export_reader e = image_export_list_reader_at(exports, i);
		struct msg_text name = image_export_reader_name(e),
				interface = image_export_reader_interface(e);

		if (registry_data_interface_reader_id(registry_interface(interface)) == 0)
			source_error(s, process_name, name, "exports \"%.*s\" as the unknown interface %.*s",
				     T(name), T(interface));
		for (uint32_t j = 0; j < i; j++)
			if (msg_text_equal(image_export_reader_name(image_export_list_reader_at(exports, j)),
					   name))
				source_error(s, process_name, name, "exports \"%.*s\" twice", T(name));
	}
}

static void check_restart(struct source *s, struct image_process_reader process)
{
	struct image_restart_reader restart = image_process_reader_restart(process);
	struct msg_text name = image_process_reader_name(process);

	if (image_restart_reader_policy(restart) > IMAGE_RESTART_POLICY_ALWAYS)
		source_error(s, name, nothing, "its restart policy is none");
	if (image_restart_reader_limit(restart) > MAX_RESTARTS)
		source_error(s, name, nothing, "more than %u restarts are not counted", MAX_RESTARTS);
	if (image_restart_reader_delay_ms(restart) > image_restart_reader_max_delay_ms(restart))
		source_error(s, name, nothing, "the first delay before a restart is longer than the longest");
}

/* In millionths of a CPU; 0: none. *on: where, -1: anywhere. */
static uint64_t share_of(struct image_process_reader process, int32_t *on)
{
	struct image_cpu_time_reader t = image_process_reader_cpu_time(process);
	uint64_t period = image_cpu_time_reader_period_ns(t);

	*on = image_cpu_time_reader_cpu(t);
	return period != 0 ? image_cpu_time_reader_budget_ns(t) * 1'000'000 / period : 0;
}

/* What this process and those before it set aside on one CPU, if all that may be anywhere is there. */
static uint64_t share_of_cpu(struct image_process_list_reader processes, uint32_t last, int32_t cpu)
{
	uint64_t sum = 0;
	int32_t on;

	for (uint32_t i = 0; i <= last; i++) {
		uint64_t share = share_of(image_process_list_reader_at(processes, i), &on);

		if (on == -1 || on == cpu)
			sum += share;
	}
	return sum;
}

/* On the CPU that has most: then all of it is admitted, whatever the order in which it is listed, and wherever it is placed. */
static uint64_t largest_share(struct image_process_list_reader processes, uint32_t last)
{
	uint64_t largest = share_of_cpu(processes, last, -1);
	int32_t on;

	for (uint32_t i = 0; i <= last; i++) {
		(void)share_of(image_process_list_reader_at(processes, i), &on);

		uint64_t share = share_of_cpu(processes, last, on);

		largest = share > largest ? share : largest;
	}
	return largest;
}

static void check_cpu_time(struct source *s, struct image_process_list_reader processes, uint32_t index)
{
	struct image_process_reader process = image_process_list_reader_at(processes, index);
	struct image_cpu_time_reader time = image_process_reader_cpu_time(process);
	uint64_t budget = image_cpu_time_reader_budget_ns(time),
		 period = image_cpu_time_reader_period_ns(time);
	int32_t cpu = image_cpu_time_reader_cpu(time);
	struct msg_text name = image_process_reader_name(process);

	if (budget == 0 && period == 0)
		return;
	if (period < CPU_PERIOD_MIN || period > CPU_PERIOD_MAX)
		source_error(s, name, nothing, "its CPU time's period is not 1 ms to 10 s");
	else if (budget < CPU_BUDGET_MIN || budget > period)
		source_error(s, name, nothing, "its CPU time is not 100 us to its period");
	else if (cpu < -1 || cpu >= CPUS_MAX)
		source_error(s, name, nothing, "its CPU time is on no CPU that there can be");
	else if (largest_share(processes, index) > CPU_SHARE_MAX &&
		 (index == 0 || largest_share(processes, index - 1) <= CPU_SHARE_MAX))
		source_error(s, name, nothing, "with it more than three quarters of a CPU are set aside");
}

static void check_process(struct source *s, struct image_process_reader process)
{
	struct msg_text name = image_process_reader_name(process);
	struct msg_text program_name = image_process_reader_program(process);
	const struct program *program = program_find(program_name);

	if (name.len == 0 || name.len > MAX_NAME)
		source_error(s, name, nothing, "a process's name has 1 to %u bytes", MAX_NAME);
	if (!program) {
		source_error(s, name, program_name, "there is no program \"%.*s\"", T(program_name));
		return;
	}
	check_grants(s, process, program);
	check_needs(s, process, program);
	check_exports(s, process, program);
	check_restart(s, process);
}

bool data_file(struct msg_text name, struct file *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/files/%.*s", image_data, T(name));
	return name.len > 0 && name.len < 256 && !memchr(name.ptr, '/', name.len) && read_file(path, file);
}

static void check_files(struct source *s)
{
	struct msg_list files = image_reader_files(s->image);

	for (uint32_t i = 0; i < files.count; i++) {
		struct msg_text name = msg_list_text(files, i);
		struct file file;

		if (!data_file(name, &file))
			source_error(s, nothing, name, "there is no file %s/files/%.*s", image_data, T(name));
		for (uint32_t j = 0; j < i; j++)
			if (msg_text_equal(msg_list_text(files, j), name))
				source_error(s, nothing, name, "two files have this name");
	}
}

void check_image(struct source *s)
{
	struct image_process_list_reader processes = image_reader_processes(s->image);
	struct msg_list programs = image_reader_programs(s->image);

	struct msg_text init = image_reader_init(s->image);

	if (!program_find(init))
		source_error(s, nothing, init, "there is no program \"%.*s\"", T(init));
	if (!msg_text_equal(init, MSG_TEXT("init")) && !image_reader_testing(s->image))
		source_error(s, nothing, init,
			     "another init is for tests only; this image does not say testing = true");
	for (uint32_t i = 0; i < image_process_list_reader_count(processes); i++) {
		struct image_process_reader p = image_process_list_reader_at(processes, i);
		struct msg_text name = image_process_reader_name(p);

		for (uint32_t j = 0; j < i; j++) {
			struct image_process_reader other = image_process_list_reader_at(processes, j);

			if (msg_text_equal(image_process_reader_name(other), name))
				source_error(s, name, nothing, "two processes have this name");
		}
		check_process(s, p);
		check_cpu_time(s, processes, i);
	}
	for (uint32_t i = 0; i < programs.count; i++)
		if (!program_find(msg_list_text(programs, i)))
			source_error(s, nothing, msg_list_text(programs, i), "there is no program \"%.*s\"",
				     T(msg_list_text(programs, i)));
	check_files(s);
	if (!msg_reader_ok(&s->reader))
		die("%s: the compiled image is damaged", s->path);
}
