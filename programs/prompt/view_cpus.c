// SPDX-License-Identifier: MIT OR Apache-2.0
/* cpus: the CPUs as a table. For who holds a SystemInspector. */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/system_inspector.capnp.h>

#include "view.h"

#define MAX_CPUS_SHOWN 64u
#define LOAD_NS 200'000'000ull

/* ---- cpus ---- */

typedef void cpu_fn(struct system_inspector_cpu_reader cpu, void *context);

static bool for_each_cpu(cap_id inspector, cpu_fn *fn, void *context)
{
	enum status status = STATUS_OK;
	uint32_t from = 0;

	do {
		struct system_inspector_cpus_results_reader results;
		struct rpc_call call;

		system_inspector_cpus_params_builder_set_from(
			system_inspector_cpus_begin(&call, runtime_transport(), inspector), from);
		from = 0;
		status = system_inspector_cpus_call(&call, &results);
		if (status == STATUS_OK) {
			struct system_inspector_cpu_list_reader list =
				system_inspector_cpus_results_reader_cpus(results);

			for (uint32_t i = 0; i < system_inspector_cpu_list_reader_count(list); i++)
				fn(system_inspector_cpu_list_reader_at(list, i), context);
			from = system_inspector_cpus_results_reader_next(results);
		} else {
			show_failure(&call, status);
		}
		rpc_end(&call);
	} while (from != 0);
	return status == STATUS_OK;
}

/* What was seen first: the load is the time between two looks in which it did not idle. */
struct look {
	uint64_t idle_ns[MAX_CPUS_SHOWN];
	uint64_t at_ns;
};

static void remember_idle(struct system_inspector_cpu_reader cpu, void *context)
{
	struct look *look = context;

	look->idle_ns[system_inspector_cpu_reader_number(cpu) % MAX_CPUS_SHOWN] =
		system_inspector_cpu_reader_idle_ns(cpu);
}

static void put_cpu(struct system_inspector_cpu_reader cpu, void *context)
{
	const struct look *look = context;
	uint32_t number = system_inspector_cpu_reader_number(cpu), pid = system_inspector_cpu_reader_pid(cpu);
	uint64_t passed = runtime_now() - look->at_ns;
	uint64_t idle = system_inspector_cpu_reader_idle_ns(cpu) - look->idle_ns[number % MAX_CPUS_SHOWN];

	text_print(&out, "%4u %4u %4u %5llu%% %5u%% %5u %10llu %10llu %8llu  ", number,
		   system_inspector_cpu_reader_package(cpu), system_inspector_cpu_reader_core(cpu),
		   (unsigned long long)(idle < passed ? 100 - idle * 100 / passed : 0),
		   system_inspector_cpu_reader_context_share(cpu) / 10000,
		   system_inspector_cpu_reader_waiting(cpu),
		   (unsigned long long)system_inspector_cpu_reader_interrupts(cpu),
		   (unsigned long long)system_inspector_cpu_reader_switches(cpu),
		   (unsigned long long)system_inspector_cpu_reader_ipis_received(cpu));
	if (pid != 0)
		text_print(&out, "%s (%u)", view_name_of(pid), pid);
	else
		text_put(&out, "idle");
	text_print(&out, "%s%s\n", system_inspector_cpu_reader_leased(cpu) ? ", leased" : "",
		   system_inspector_cpu_reader_tick_stopped(cpu) ? ", no tick" : "");
}

bool view_cpus(const struct shell_word *words, uint32_t count)
{
	static struct look look;
	cap_id inspector;

	(void)words, (void)count;
	if (!view_need_inspector(&inspector))
		return false;
	view_read_names(inspector);
	look.at_ns = runtime_now();
	if (!for_each_cpu(inspector, remember_idle, &look))
		return false;
	while (runtime_now() < look.at_ns + LOAD_NS && !terminal_interrupted())
		(void)ring_wait(runtime_ring(), look.at_ns + LOAD_NS);
	text_print(&out, "%4s %4s %4s %6s %6s %5s %10s %10s %8s  %s\n", "cpu", "pkg", "core", "load", "given",
		   "queue", "interrupts", "switches", "ipis", "runs");
	return for_each_cpu(inspector, put_cpu, &look);
}
