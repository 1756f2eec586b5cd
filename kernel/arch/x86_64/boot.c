// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From the first C code to kernel_main, in the one order that works:
 *
 * 1. on the boot page tables (low memory one to one): copy what loader and firmware left there;
 * 2. claim memory: image, package, page tables, stacks; switch to the final address space and the CPU's own stack;
 * 3. set up the CPU, its interrupt controllers, the power switch.
 */
#include "boot.h"

#include "acpi.h"
#include "apic.h"
#include "bootinfo.h"
#include "canary.h"
#include "features.h"
#include "idt.h"
#include "ioapic.h"
#include "machine.h"
#include "memmap.h"
#include "mitigate.h"
#include "paging.h"
#include "percpu.h"
#include "power.h"
#include "smp.h"
#include "stacks.h"

#include <core/cpu.h>
#include <core/log.h>

extern char kernel_start[], kernel_end[];                       /* link.ld */
[[noreturn]] void stack_switch(uint64_t top, void (*fn)(void)); /* entry.S */

paddr_t arch_package_base;
uint64_t arch_package_size;

static struct boot_info info;

/* Mapped in place later, so it must start on a page, and be memory that nobody else claims. */
static void claim_package(void)
{
	uint64_t size = align_up(info.package_size, PAGE_SIZE);

	if (info.package_size == 0)
		return;
	if (info.package_base % PAGE_SIZE || !memmap_is(info.package_base, size, ARCH_MEMORY_USABLE)) {
		log_line(LOG_ERROR, "boot: the boot package is not page-aligned, or not in usable memory");
		return;
	}
	memmap_set(info.package_base, size, ARCH_MEMORY_PACKAGE);
	arch_package_base = PADDR(info.package_base);
	arch_package_size = info.package_size;
	/* What follows in the last page is mapped with it. */
	for (uint64_t at = info.package_size; at < size; at++)
		((volatile char *)info.package_base)[at] = 0;
}

static void claim_memory(void)
{
	uint64_t image = (uint64_t)kernel_start - KERNEL_VMA;

	memmap_init(&info);
	memmap_set(image, (uint64_t)(kernel_end - kernel_start), ARCH_MEMORY_KERNEL);
	claim_package();
}

static void boot_finish(void)
{
	idt_init();
	percpu_setup(0);
	apic_init();
	apic_setup();
	percpus[0].apic_id = apic_id();
	ioapic_init();
	power_init();
	paging_check();
	log_line(LOG_INFO, "boot: %s, %llu KiB usable, %u of %u CPUs named, package %llu KiB, on %s",
		 info.protocol, (unsigned long long)(memmap_usable_bytes() >> 10), percpu_count,
		 acpi.cpu_count, (unsigned long long)(arch_package_size >> 10), arch_cpu_name());
	kernel_main();
}

void boot_main(uint64_t address, uint32_t magic)
{
	features_read();
	canary_init();
	cpu_init(&cpus[0], 0);
	wrmsr(MSR_GS_BASE, (uint64_t)&cpus[0]); /* the log's lock wants to know who we are */
	if (!bootinfo_read(&info, address, magic))
		panic("started by neither PVH nor multiboot2");
	mitigate_init();
	claim_memory();
	acpi_read(info.rsdp, info.rsdp_size);
	smp_reserve();
	paging_init(percpu_count);
	stacks_paint(0);
	stack_switch(stack_top(0, STACK_KERNEL_END), boot_finish);
}
