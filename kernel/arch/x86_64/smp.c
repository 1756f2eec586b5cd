// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Starting further CPUs (INIT, start-up, start-up: SDM vol. 3A, 9.4.4.1), messages between CPUs, and stopping them.
 *
 * They start one after the other, because they share the trampoline page; each gets there in microseconds. A CPU that
 * does not answer is left out, and those behind it move up, so that numbers stay dense.
 */
#include "smp.h"

#include "acpi.h"
#include "apic.h"
#include "features.h"
#include "layout.h"
#include "machine.h"
#include "memmap.h"
#include "paging.h"
#include "percpu.h"
#include "stacks.h"

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/platform.h>
#include <core/atomic.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/log.h>

#define INIT_WAIT_US 200u
#define STARTUP_WAIT_US 300u /* before it is sent a second time */
#define STARTED_WAIT_US \
	2000000u /* before the CPU is given up: under emulation it may be a host thread that waits for its turn */

struct trampoline_data {
	uint64_t root, stack, entry, number;
};

extern const char trampoline_start[], trampoline_end[], trampoline_data[]; /* trampoline.S */
extern const char trampoline_fix_gdt[], trampoline_fix_far[];              /* absolute: offsets */

static paddr_t page = {~0ull};
static uint32_t halting;

void smp_reserve(void)
{
	percpu_count = 1;
	percpus[0].apic_id = UINT32_MAX; /* apic.c knows, later */
	if (acpi.cpu_count < 2)
		return;
	page = memmap_take_low();
	if (page.raw == PADDR_NONE.raw)
		log_line(LOG_WARNING, "cpus: no memory below 640 KiB to start further CPUs in");
	else
		percpu_count = acpi.cpu_count;
	if (acpi.cpus_beyond)
		log_line(LOG_WARNING, "cpus: %u more than %u stay off", acpi.cpus_beyond, MAX_CPUS);
}

static void wait_us(unsigned us)
{
	uint64_t start = arch_ticks(), ticks = clock_ticks_per_second() / 1000000 * us;

	while (arch_ticks() - start < ticks)
		arch_pause();
}

static bool wait_started(const struct percpu *percpu, unsigned us)
{
	uint64_t start = arch_ticks(), ticks = clock_ticks_per_second() / 1000000 * us;

	do {
		if (load_acquire(&percpu->start) == CPU_STARTED)
			return true;
		arch_pause();
	} while (arch_ticks() - start < ticks);
	return false;
}

/* The CPU and who waits for it both try: one that comes when it has been given up stays out, and holds nothing. */
static bool settle(unsigned id, enum cpu_start how)
{
	uint8_t expected = CPU_AWAITED;

	return atomic_cas(&percpus[id].start, &expected, (uint8_t)how);
}

/* First C code of a further CPU, on its own stack. */
[[noreturn]] static void cpu_entry(uint64_t id)
{
	paging_activate_kernel();
	percpu_setup((unsigned)id);
	apic_setup();
	while (!settle((unsigned)id, CPU_STARTED))
		__asm__ volatile("cli; hlt");
	kernel_cpu_main((unsigned)id);
}

static void prepare_page(struct trampoline_data **data)
{
	char *to = phys_to_virt(page);
	size_t size = (size_t)(trampoline_end - trampoline_start);

	for (size_t i = 0; i < size; i++)
		to[i] = trampoline_start[i];
	*(uint32_t *)(to + (uint64_t)trampoline_fix_gdt) += (uint32_t)page.raw;
	*(uint32_t *)(to + (uint64_t)trampoline_fix_far) += (uint32_t)page.raw;
	*data = (void *)(to + (trampoline_data - trampoline_start));
}

static bool start_cpu(unsigned id, uint32_t target, struct trampoline_data *data)
{
	percpus[id].apic_id = target;
	cpu_init(&cpus[id], id);
	store_relaxed(&percpus[id].start, (uint8_t)CPU_AWAITED);
	stacks_paint(id);
	data->stack = stack_top(id, STACK_KERNEL_END);
	data->entry = (uint64_t)cpu_entry;
	data->number = id;
	full_fence();
	apic_send_startup(target, (unsigned)(page.raw >> PAGE_SHIFT));
	if (wait_started(&percpus[id], STARTUP_WAIT_US))
		return true;
	apic_send_startup(target, (unsigned)(page.raw >> PAGE_SHIFT));
	return wait_started(&percpus[id], STARTED_WAIT_US) || !settle(id, CPU_GIVEN_UP);
}

unsigned arch_start_cpus(void)
{
	struct trampoline_data *data;
	unsigned online = 1;

	if (percpu_count < 2)
		return 1;
	prepare_page(&data);
	data->root = paging_trampoline_begin().raw;
	for (unsigned i = 0; i < acpi.cpu_count; i++)
		if (acpi.cpus[i] != percpus[0].apic_id)
			apic_send_init(acpi.cpus[i]);
	wait_us(INIT_WAIT_US);
	for (unsigned i = 0; i < acpi.cpu_count && online < percpu_count; i++) {
		if (acpi.cpus[i] == percpus[0].apic_id)
			continue;
		if (start_cpu(online, acpi.cpus[i], data)) {
			online++;
		} else {
			apic_send_init(acpi.cpus[i]); /* so that it cannot wake up late, in another's place */
			log_line(LOG_WARNING, "cpus: the one with APIC id %u does not start", acpi.cpus[i]);
		}
	}
	paging_trampoline_end();
	percpu_count = online;
	return online;
}

void arch_ipi_send(unsigned cpu_id, enum arch_ipi kind)
{
	uint32_t target;

	if (cpu_id >= percpu_count)
		return;
	target = percpus[cpu_id].apic_id;
	switch (kind) {
	case ARCH_IPI_RESCHEDULE:
		apic_send(target, VECTOR_RESCHED);
		break;
	case ARCH_IPI_CALL:
		apic_send(target, VECTOR_CALL);
		break;
	case ARCH_IPI_HALT: /* reaches CPUs that have interrupts off, too */
		store_release(&halting, 1u);
		apic_send_nmi(target);
		break;
	}
}

uint32_t arch_cpu_hardware_id(unsigned cpu_id)
{
	return cpu_id < percpu_count ? percpus[cpu_id].apic_id : UINT32_MAX;
}

/* How many low bits of an APIC id number the threads of a core, and those together with the cores of a package: SDM vol. 2A,
 * CPUID leaf 0BH. 0: the processor does not say, and every CPU counts as a package. */
static unsigned id_bits(unsigned level)
{
	if (features.max_leaf < 0xb)
		return 0;
	struct cpuid r = cpuid(0xb, level);
	return (r.c >> 8 & 0xff) != 0 ? r.a & 0x1f : 0;
}

struct arch_cpu_place arch_cpu_place(unsigned cpu_id)
{
	uint32_t id = arch_cpu_hardware_id(cpu_id);
	unsigned thread_bits = id_bits(0), core_bits = id_bits(1);

	if (core_bits < thread_bits)
		core_bits = thread_bits;
	return (struct arch_cpu_place){
		.package = id >> core_bits,
		.core = (id & ((1u << core_bits) - 1)) >> thread_bits,
		.thread = id & ((1u << thread_bits) - 1),
	};
}

/* Idempotent and cheap, so there is no need to know whether a request is pending; the interrupt itself, when it
 * comes, finds nothing left to do. */
void arch_poll_ipi(void)
{
	kernel_on_ipi_call();
}

bool smp_is_halting(void)
{
	return load_acquire(&halting) != 0;
}

void smp_halt_here(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

bool smp_is_guard_page(uint64_t address)
{
	uint64_t offset = address - STACK_WINDOW, id = offset >> STACK_SLOT_SHIFT;
	uint64_t in_slot = offset >> PAGE_SHIFT & ((1u << (STACK_SLOT_SHIFT - PAGE_SHIFT)) - 1);

	if (address < STACK_WINDOW || id >= MAX_CPUS)
		return false;
	return id >= percpu_count || in_slot == 0 || in_slot == STACK_NMI_END ||
	       in_slot == STACK_DOUBLE_END || in_slot == STACK_CHECK_END || in_slot == STACK_DEBUG_END ||
	       (in_slot >= STACK_KERNEL_END && in_slot != STACK_PORCH_END - 1);
}
