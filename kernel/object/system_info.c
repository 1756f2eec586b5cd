// SPDX-License-Identifier: MIT OR Apache-2.0
/* SystemInfo: what machine this is, and counters. */
#include "object_types.h"

#include <arch/cpu.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <object/object.h>
#include <schema/kernel/system_info.capnp.h>

#define CAPOS_VERSION "0.1"

static uint64_t boot_ns;

void system_info_set_boot_ns(uint64_t ns)
{
	boot_ns = ns;
}

static enum status get(void *self, struct rpc_request *request,
		       struct system_info_get_results_builder results)
{
	(void)self, (void)request;
	system_info_get_results_builder_set_system(results, MSG_TEXT("capOS"));
	system_info_get_results_builder_set_version(results, MSG_TEXT(CAPOS_VERSION));
	system_info_get_results_builder_set_architecture(results, msg_text_from(arch_name));
	system_info_get_results_builder_set_processor(results, msg_text_from(arch_cpu_name()));
	system_info_get_results_builder_set_cpus(results, cpu_count);
	uint64_t bytes = 0;
	for (unsigned i = 0; i < arch_memory_map_len; i++)
		if (arch_memory_map[i].kind != ARCH_MEMORY_RESERVED)
			bytes += arch_memory_map[i].size;
	system_info_get_results_builder_set_memory_bytes(results, bytes);
	system_info_get_results_builder_set_boot_ns(results, boot_ns);
	return STATUS_OK;
}

static enum status counters(void *self, struct rpc_request *request,
			    struct system_info_counters_results_builder results)
{
	(void)self, (void)request;
	quiesce_drain();
	slab_trim();
	struct frame_stats frames = frame_stats();
	struct system_info_counters_builder counters = system_info_counters_results_builder_init_counters(
		results);
	system_info_counters_builder_set_frames_total(counters, frames.total);
	system_info_counters_builder_set_frames_free(counters, frames.free);
	system_info_counters_builder_set_kernel_objects(counters, slab_objects_in_use());
	system_info_counters_builder_set_entries(counters, process_total_entries());
	system_info_counters_builder_set_processes(counters, process_count());
	system_info_counters_builder_set_threads(counters, process_total_threads());
	return STATUS_OK;
}

static enum status cpu(void *self, struct rpc_request *request, struct system_info_cpu_params_reader params,
		       struct system_info_cpu_results_builder results)
{
	uint32_t index = system_info_cpu_params_reader_index(params);

	(void)self;
	if (index >= cpu_count)
		return object_raise_invalid(request, "there is no such CPU", "index");
	const struct cpu_stats *stats = &cpus[index].stats;
	system_info_cpu_results_builder_set_entries(results, load_relaxed(&stats->entries));
	system_info_cpu_results_builder_set_interrupts(results, load_relaxed(&stats->interrupts));
	system_info_cpu_results_builder_set_faults(results, load_relaxed(&stats->faults));
	system_info_cpu_results_builder_set_switches(results, load_relaxed(&stats->switches));
	system_info_cpu_results_builder_set_ipis(results, load_relaxed(&stats->ipis_received));
	system_info_cpu_results_builder_set_idle_ns(results, load_relaxed(&stats->idle_ns));
	return STATUS_OK;
}

static enum status get_clock(void *self, struct rpc_request *request,
			     struct system_info_clock_results_builder results)
{
	struct arch_clock_rate rate = clock_rate();

	(void)self, (void)request;
	system_info_clock_results_builder_set_ticks_per_second(results, rate.ticks_per_second);
	system_info_clock_results_builder_set_uncertainty_ppm(results, rate.uncertainty_ppm);
	system_info_clock_results_builder_set_source(results, msg_text_from(rate.source));
	system_info_clock_results_builder_set_event(results, msg_text_from(arch_timer_name()));
	return STATUS_OK;
}

static enum status place(void *self, struct rpc_request *request,
			 struct system_info_place_params_reader params,
			 struct system_info_place_results_builder results)
{
	uint32_t index = system_info_place_params_reader_index(params);

	(void)self;
	if (index >= cpu_count)
		return object_raise_invalid(request, "there is no such CPU", "index");
	struct arch_cpu_place where = arch_cpu_place(index);
	system_info_place_results_builder_set_package(results, where.package);
	system_info_place_results_builder_set_core(results, where.core);
	system_info_place_results_builder_set_thread(results, where.thread);
	system_info_place_results_builder_set_hardware_id(results, arch_cpu_hardware_id(index));
	return STATUS_OK;
}

#define MITIGATIONS_MAX 4u /* in one result */

static_assert((int)SYSTEM_INFO_MITIGATION_STATE_OFF == ARCH_MITIGATION_OFF &&
	      (int)SYSTEM_INFO_MITIGATION_STATE_ON == ARCH_MITIGATION_ON);
static_assert((int)SYSTEM_INFO_MITIGATION_STATE_NOT_NEEDED == ARCH_MITIGATION_NOT_NEEDED &&
	      (int)SYSTEM_INFO_MITIGATION_STATE_UNAVAILABLE == ARCH_MITIGATION_UNAVAILABLE);

static enum status mitigations(void *self, struct rpc_request *request,
			       struct system_info_mitigations_params_reader params,
			       struct system_info_mitigations_results_builder results)
{
	uint32_t from = system_info_mitigations_params_reader_from(params), count = 0;
	struct arch_mitigation found[MITIGATIONS_MAX], more;

	(void)self, (void)request;
	while (count < MITIGATIONS_MAX && from <= UINT32_MAX - MITIGATIONS_MAX &&
	       arch_mitigation(from + count, &found[count]))
		count++;
	struct system_info_mitigation_list_builder list =
		system_info_mitigations_results_builder_init_mitigations(results, count);
	for (uint32_t i = 0; i < count; i++) {
		struct system_info_mitigation_builder m = system_info_mitigation_list_builder_at(list, i);

		system_info_mitigation_builder_set_name(m, msg_text_from(found[i].name));
		system_info_mitigation_builder_set_state(m,
							 (enum system_info_mitigation_state)found[i].state);
		system_info_mitigation_builder_set_forced(m, found[i].forced);
		system_info_mitigation_builder_set_reason(m, msg_text_from(found[i].reason));
	}
	if (count == MITIGATIONS_MAX && arch_mitigation(from + count, &more))
		system_info_mitigations_results_builder_set_next(results, from + count);
	return STATUS_OK;
}

static enum status barriers(void *self, struct rpc_request *request,
			    struct system_info_barriers_params_reader params,
			    struct system_info_barriers_results_builder results)
{
	uint32_t index = system_info_barriers_params_reader_index(params);

	(void)self;
	if (index >= cpu_count)
		return object_raise_invalid(request, "there is no such CPU", "index");
	system_info_barriers_results_builder_set_count(results, arch_switch_barriers(index));
	return STATUS_OK;
}

static const struct system_info_server_ops system_info_ops = {.get = get,
							      .counters = counters,
							      .cpu = cpu,
							      .clock = get_clock,
							      .place = place,
							      .mitigations = mitigations,
							      .barriers = barriers};

OBJECT_TYPE(system_info, SYSTEM_INFO, object_destroy_never);

struct object system_info_object = {.type = &system_info_type, .refs = 1};
