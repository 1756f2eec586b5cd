// SPDX-License-Identifier: MIT OR Apache-2.0
/* The machine: what it is, what it uses, what the kernel says, and its end. */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
#include <schema/kernel/log_reader.capnp.h>
#include <schema/kernel/power.capnp.h>
#include <schema/kernel/system_info.capnp.h>

#include "prompt.h"

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
		show_failure(&call, status);
	}
	rpc_end(&call);
}

bool command_mem(const struct shell_word *words, uint32_t count)
{
	struct system_info_counters_results_reader r;
	struct rpc_call call;
	cap_id info;

	(void)words, (void)count;
	if (!names_need("systemInfo", SYSTEM_INFO_INTERFACE_ID, &info))
		return false;
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
		shell_fail_call(&shell, &call, status, info, nullptr);
	}
	rpc_end(&call);
	return status == STATUS_OK;
}

static bool end_machine(bool restart)
{
	struct power_reboot_results_reader again;
	struct power_power_off_results_reader gone;
	struct rpc_call call;
	enum status status;
	cap_id power;

	if (!names_need("power", POWER_INTERFACE_ID, &power))
		return false;
	terminal_flush();
	if (restart) {
		power_reboot_begin(&call, runtime_transport(), power);
		status = power_reboot_call(&call, &again);
	} else {
		power_power_off_begin(&call, runtime_transport(), power);
		status = power_power_off_call(&call, &gone);
	}
	shell_fail_call(&shell, &call, status, power, nullptr);
	rpc_end(&call);
	return false;
}

bool command_poweroff(const struct shell_word *words, uint32_t count)
{
	(void)words, (void)count;
	return end_machine(false);
}

bool command_reboot(const struct shell_word *words, uint32_t count)
{
	(void)words, (void)count;
	return end_machine(true);
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
		show_failure(&call, status);
	}
	rpc_end(&call);
	return more;
}

bool command_log(const struct shell_word *words, uint32_t count)
{
	uint64_t from = 0;
	cap_id log;

	(void)words, (void)count;
	if (!names_need("log", LOG_READER_INTERFACE_ID, &log))
		return false;
	/* What is logged while it is shown is not shown: the log is not a treadmill. */
	for (unsigned i = 0; i < 1000 && !terminal_interrupted() && show_log_lines(log, &from); i++)
		;
	return true;
}
