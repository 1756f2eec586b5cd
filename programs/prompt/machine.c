// SPDX-License-Identifier: MIT OR Apache-2.0
/* The machine: what it is, what it uses, and its end. */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
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
	text_print(&out,
		   "This prompt is a process: it holds %u capabilities, and can do nothing else.\n"
		   "\"caps\" shows them. New here? \"tutorial\" takes ten minutes; \"help\" a screen.\n",
		   runtime_grant_count());
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
	sessions_end();
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
