// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * kernel_main: from a machine that runs kernel code to one that runs init.
 *
 * The order: time, memory, recorder, objects, init, other CPUs, user mode. The only process that the kernel starts is
 * init (boot/init.c); everything else is its business.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/memory.h>
#include <arch/platform.h>
#include <boot/boot.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/quiesce.h>
#include <core/recorder.h>
#include <mm/frame.h>
#include <object/object.h>

/* Without a ring, events of this CPU are not kept: said once. */
static void attach_recorder(struct cpu *cpu)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < RECORDER_BYTES)
		order++;
	paddr_t block = frame_alloc(order);
	if (block.raw == PADDR_NONE.raw)
		log_line(LOG_WARNING, "cpu %u: no memory for the flight recorder", cpu->id);
	else
		recorder_attach(cpu, phys_to_virt(block));
}

static uint64_t memory_mib(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < arch_memory_map_len; i++)
		if (arch_memory_map[i].kind != ARCH_MEMORY_RESERVED)
			bytes += arch_memory_map[i].size;
	return (bytes + (1 << 20) - 1) >> 20;
}

void kernel_cpu_main(unsigned cpu_id)
{
	quiesce_enter();
	attach_recorder(&cpus[cpu_id]);
	store_release(&cpus[cpu_id].online, true);
	arch_resume_loop();
}

[[noreturn]] void kernel_main(void)
{
	struct cpu *cpu = this_cpu();

	cpu->online = true;
	clock_init();
	log_line(LOG_INFO, "capOS kernel %s, %s", arch_name, arch_cpu_name());
	frame_init();
	quiesce_enter();
	attach_recorder(cpu);
	objects_init();
	diagnostics_init();
	dump_init();
	uint64_t before = clock_now_ns();
	cpu_count = arch_start_cpus();
	enum status status = init_start();
	if (status != STATUS_OK)
		panic("init cannot be started (status %d): is the boot package built for this kernel?",
		      status);
	uint64_t now = clock_now_ns();
	system_info_set_boot_ns(now);
	log_line(LOG_INFO, "%u CPUs, %lu MiB, init started %lu us after the clock (%lu us for CPUs and init)",
		 cpu_count, (unsigned long)memory_mib(), (unsigned long)(now / 1000),
		 (unsigned long)((now - before) / 1000));
	log_hand_over();
	arch_resume_loop();
}
