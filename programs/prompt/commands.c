// SPDX-License-Identifier: MIT OR Apache-2.0
/* The commands, by name, and those that are small. */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
#include <schema/kernel/log_reader.capnp.h>
#include <schema/kernel/power.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/service/package.capnp.h>
#include <shell/nearest.h>

#include "prompt.h"

struct registry registry;
bool registry_known;

/* ---- The machine ---- */

void show_banner(void)
{
	struct system_info_get_results_reader r;
	struct rpc_call call;
	cap_id info;

	if (runtime_cap("systemInfo", SYSTEM_INFO_INTERFACE_ID, &info) != STATUS_OK) {
		text_put(&out, "capOS\n");
		return;
	}
	system_info_get_begin(&call, runtime_transport(), info);
	enum status status = system_info_get_call(&call, &r);
	if (status == STATUS_OK) {
		uint64_t mebibytes = (system_info_get_results_reader_memory_bytes(r) + (1 << 20) - 1) >> 20;
		uint64_t tenths = (runtime_now() + 50'000'000) / 100'000'000;
		uint32_t cpus = system_info_get_results_reader_cpus(r);

		text_put_text(&out, system_info_get_results_reader_system(r));
		text_put(&out, " ");
		text_put_text(&out, system_info_get_results_reader_version(r));
		text_put(&out, "  ");
		text_put_text(&out, system_info_get_results_reader_architecture(r));
		text_print(&out, "  %u CPU%s  %llu MiB  boot %llu.%llu s\n", cpus, cpus == 1 ? "" : "s",
			   (unsigned long long)mebibytes, (unsigned long long)tenths / 10,
			   (unsigned long long)tenths % 10);
	} else {
		show_failure(&call, status, nullptr, nullptr);
	}
	rpc_end(&call);
}

static void command_mem(const struct shell_statement *statement)
{
	struct system_info_counters_results_reader r;
	struct rpc_call call;
	cap_id info;

	(void)statement;
	if (!names_need("systemInfo", SYSTEM_INFO_INTERFACE_ID, &info))
		return;
	system_info_counters_begin(&call, runtime_transport(), info);
	enum status status = system_info_counters_call(&call, &r);
	if (status == STATUS_OK) {
		struct system_info_counters_reader c = system_info_counters_results_reader_counters(r);
		uint64_t total = system_info_counters_reader_frames_total(c),
			 idle = system_info_counters_reader_frames_free(c);

		text_print(&out, "  memory     %llu KiB of %llu KiB in use\n",
			   (unsigned long long)(total - idle) * 4, (unsigned long long)total * 4);
		text_print(&out, "  processes  %llu, threads %llu\n",
			   (unsigned long long)system_info_counters_reader_processes(c),
			   (unsigned long long)system_info_counters_reader_threads(c));
		text_print(&out, "  kernel     %llu objects, %llu capability table entries\n",
			   (unsigned long long)system_info_counters_reader_kernel_objects(c),
			   (unsigned long long)system_info_counters_reader_entries(c));
	} else {
		show_failure(&call, status, nullptr, nullptr);
	}
	rpc_end(&call);
}

static void end_machine(bool restart)
{
	struct power_reboot_results_reader again;
	struct power_power_off_results_reader gone;
	struct rpc_call call;
	enum status status;
	cap_id power;

	if (!names_need("power", POWER_INTERFACE_ID, &power))
		return;
	terminal_flush();
	if (restart) {
		power_reboot_begin(&call, runtime_transport(), power);
		status = power_reboot_call(&call, &again);
	} else {
		power_power_off_begin(&call, runtime_transport(), power);
		status = power_power_off_call(&call, &gone);
	}
	show_failure(&call, status, nullptr, nullptr);
	rpc_end(&call);
}

static void command_poweroff(const struct shell_statement *statement)
{
	(void)statement;
	end_machine(false);
}

static void command_reboot(const struct shell_statement *statement)
{
	(void)statement;
	end_machine(true);
}

/* ---- The log ---- */

static bool show_log_lines(cap_id log, uint64_t *from)
{
	static const char *const levels[] = {"error: ", "warning: ", "", "debug: "};
	struct log_reader_read_results_reader r;
	struct rpc_call call;
	bool more = false;

	struct log_reader_read_params_builder params = log_reader_read_begin(&call, runtime_transport(), log);
	log_reader_read_params_builder_set_from(params, *from);

	enum status status = log_reader_read_call(&call, &r);
	if (status == STATUS_OK) {
		struct log_reader_line_list_reader lines = log_reader_read_results_reader_lines(r);
		uint32_t count = log_reader_line_list_reader_count(lines);

		for (uint32_t i = 0; i < count; i++) {
			struct log_reader_line_reader line = log_reader_line_list_reader_at(lines, i);
			uint64_t ms = log_reader_line_reader_time_ns(line) / 1'000'000;
			uint16_t level = (uint16_t)log_reader_line_reader_level(line);

			text_print(&out, "[%5llu.%03llu] %s", (unsigned long long)ms / 1000,
				   (unsigned long long)ms % 1000, level < 4 ? levels[level] : "");
			text_put_text(&out, log_reader_line_reader_text(line));
			text_put(&out, "\n");
		}
		uint64_t next = log_reader_read_results_reader_next(r);
		more = count > 0 && next > *from;
		*from = next;
	} else {
		show_failure(&call, status, nullptr, nullptr);
	}
	rpc_end(&call);
	return more;
}

static void command_log(const struct shell_statement *statement)
{
	uint64_t from = 0;
	cap_id log;

	(void)statement;
	if (!names_need("log", LOG_READER_INTERFACE_ID, &log))
		return;
	/* What is logged while it is shown is not shown: the log is not a treadmill. */
	for (unsigned i = 0; i < 1000 && show_log_lines(log, &from); i++)
		;
}

/* ---- Words ---- */

static void command_echo(const struct shell_statement *statement)
{
	for (uint32_t i = 1; i < statement->word_count; i++) {
		text_put(&out, i > 1 ? " " : "");
		text_put_text(&out, (struct msg_text){statement->words[i].ptr, statement->words[i].len});
	}
	text_put(&out, "\n");
}

static void command_help(const struct shell_statement *statement);

static const struct command {
	const char *name, *usage, *what;
	void (*run)(const struct shell_statement *statement);
} commands[] = {
	{"caps", "caps", "the capabilities that you hold", command_caps},
	{"describe", "describe NAME", "a capability, an interface, Interface.method, a struct or an enum",
	 command_describe},
	{"programs", "programs", "what can be run", command_programs},
	{"jobs", "jobs", "programs started with & at the end of the line", command_jobs},
	{"wait", "wait N", "waits until job N has ended", command_wait},
	{"kill", "kill N", "ends job N", command_kill},
	{"log", "log", "the kernel's log", command_log},
	{"mem", "mem", "memory, processes and objects in use", command_mem},
	{"echo", "echo WORDS", "shows the words", command_echo},
	{"help", "help", "this", command_help},
	{"poweroff", "poweroff", "ends the machine", command_poweroff},
	{"reboot", "reboot", "starts it again", command_reboot},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void command_help(const struct shell_statement *statement)
{
	(void)statement;
	text_put(
		&out,
		"  NAME.method a=1 b=\"x\"          calls a method of a capability: timer.now, timer.sleep ns=2e9\n"
		"  let x = NAME.method ...        names the capability that a call returns\n"
		"  let x = NAME.only(a, b)        the same capability with fewer methods\n"
		"  run PROGRAM [with { a, b: x }] [args [1 two]] [&]\n"
		"                                 starts a program with exactly these grants\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		text_print(&out, "  %s", commands[i].usage);
		text_put_pad(&out, (uint32_t)__builtin_strlen(commands[i].usage) + 2, 33);
		text_print(&out, "%s\n", commands[i].what);
	}
	text_put(
		&out,
		"  values: 12  -3  2e9  0x1f  1.5  \"text\"  0x\"01 ff\" (data)  true  [a, b]  (x = 1, y = 2)\n");
}

static void unknown_command(struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	struct shell_error error = {.at = word.at};

	for (size_t i = 0; i < COMMANDS; i++)
		shell_nearest_offer(&nearest, commands[i].name, (uint32_t)__builtin_strlen(commands[i].name));
	for (uint32_t i = 0; i < name_count; i++)
		shell_nearest_offer(&nearest, names[i].text, (uint32_t)__builtin_strlen(names[i].text));
	shell_nearest_offer(&nearest, "run", 3);
	fmt_print(error.text, sizeof(error.text),
		  nearest.found ? "there is no \"%.*s\"; did you mean \"%.*s\"?"
				: "there is no \"%.*s\"; \"help\" shows what there is%.*s",
		  (int)(word.len < 40 ? word.len : 40), word.ptr, (int)nearest.name_len,
		  nearest.found ? nearest.name : "");
	show_error(&error);
}

void run_command(const struct shell_statement *statement)
{
	struct shell_word word = statement->words[0];

	for (size_t i = 0; i < COMMANDS; i++) {
		if (shell_word_is(word, commands[i].name)) {
			commands[i].run(statement);
			return;
		}
	}
	if (names_find(word) && statement->word_count == 1)
		describe_word(word);
	else
		unknown_command(word);
}

void commands_start(void)
{
	struct spawn_package *package = package_open();
	struct msg_text name;
	struct msg_data bytes;

	if (!package)
		return;
	for (uint32_t i = 0;
	     !registry_known && spawn_package_name(package, PACKAGE_INDEX_KIND_REGISTRY, i, &name); i++)
		registry_known = spawn_package_file(package, name, PACKAGE_INDEX_KIND_REGISTRY, &bytes) ==
					 STATUS_OK &&
				 registry_open(&registry, bytes.ptr, bytes.len);
	if (!registry_known)
		text_put(&out, "the boot package has no registry: only commands work\n");
}
