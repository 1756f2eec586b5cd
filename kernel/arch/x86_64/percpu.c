// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Per-CPU set-up: the same steps on the first and on every further CPU.
 *
 * Hardening that the processor offers is always on: write protection, no-execute, SMEP, SMAP (the kernel never
 * touches user pages, so nothing ever lifts it), UMIP. Debug registers are cleared and no path loads them, so a
 * MOV SS before a system call carries no pending debug exception into the kernel (CVE-2018-8897).
 */
#include "percpu.h"

#include "features.h"
#include "fpu.h"
#include "idt.h"
#include "machine.h"
#include "mitigate.h"
#include "paging.h"

#include <arch/platform.h>
#include <core/atomic.h>
#include <core/cpu.h>

#define PAT_AT_RESET 0x0007040600070406ull

alignas(PAGE_SIZE) struct percpu percpus[MAX_CPUS];
unsigned percpu_count = 1;

void syscall_entry(void), syscall_guarded(void);

static_assert(offsetof(struct cpu, self) == CPU_SELF);
static_assert(offsetof(struct cpu, kernel_stack_top) == CPU_STACK_TOP);
static_assert(offsetof(struct cpu, current_context) == CPU_CONTEXT);
static_assert(offsetof(struct cpu, arch_scratch) == CPU_SCRATCH_ROOT);
static_assert(offsetof(struct cpu, arch_scratch[1]) == CPU_BARRIERS);
static_assert((STACK_PORCH_END - STACK_KERNEL_END) * PAGE_SIZE == STACK_PORCH_BYTES);

/* SDM vol. 3A, 3.4.5 and 8.2.3. */
static void setup_descriptors(struct percpu *percpu, unsigned id)
{
	struct [[gnu::packed]] {
		uint16_t limit;
		uint64_t base;
	} pointer = {sizeof(percpu->gdt) - 1, (uint64_t)percpu->gdt};
	uint64_t tss = (uint64_t)&percpu->tss;

	percpu->gdt[SEL_KERNEL_CODE / 8] = 0x00af9b000000ffff;
	percpu->gdt[SEL_KERNEL_DATA / 8] = 0x00cf93000000ffff;
	percpu->gdt[SEL_USER_DATA / 8] = 0x00cff3000000ffff;
	percpu->gdt[SEL_USER_CODE / 8] = 0x00affb000000ffff;
	percpu->gdt[SEL_TSS / 8] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | 0x89ull << 40 |
				   (tss >> 24 & 0xff) << 56;
	percpu->gdt[SEL_TSS / 8 + 1] = tss >> 32;

	percpu->tss.rsp[0] = stack_top(id, mitigate_guards() ? STACK_PORCH_END : STACK_KERNEL_END);
	percpu->tss.ist[IST_NMI - 1] = stack_top(id, STACK_NMI_END);
	percpu->tss.ist[IST_DOUBLE - 1] = stack_top(id, STACK_DOUBLE_END);
	percpu->tss.ist[IST_CHECK - 1] = stack_top(id, STACK_CHECK_END);
	percpu->tss.ist[IST_DEBUG - 1] = stack_top(id, STACK_DEBUG_END);
	percpu->tss.io_map = sizeof(struct tss); /* beyond the limit: no port is open to user code */

	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\n\t"
			 "movl %2, %%ss\n\t"
			 "ltr %w3" ::"m"(pointer),
			 "i"(SEL_KERNEL_CODE), "r"(0), "r"(SEL_TSS)
			 : "rax", "memory");
}

static void setup_control(void)
{
	uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (features.pge && !mitigate_isolates())
		cr4 |= CR4_PGE;
	if (features.umip)
		cr4 |= CR4_UMIP;
	if (features.fsgsbase)
		cr4 |= CR4_FSGSBASE;
	if (features.xsave)
		cr4 |= CR4_OSXSAVE;
	if (features.smep)
		cr4 |= CR4_SMEP;
	if (features.smap)
		cr4 |= CR4_SMAP;
	write_cr4(cr4);
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS | CR0_NW | CR0_CD)) | CR0_MP | CR0_NE | CR0_WP | CR0_AM);
	__asm__ volatile("mov %0, %%dr7" ::"r"(0x400ull));
	wrmsr(MSR_PAT, PAT_AT_RESET); /* what archimpl/paging.h counts on */
}

/* SDM vol. 3A, 5.8.8. There is no 32-bit user code segment, so CSTAR and SYSENTER are dead doors. */
static void setup_syscall(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	wrmsr(MSR_STAR, (uint64_t)SEL_SYSRET_BASE << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)(mitigate_guards() ? syscall_guarded : syscall_entry));
	wrmsr(MSR_CSTAR, 0);
	wrmsr(MSR_FMASK, RFLAGS_SYSCALL);
	wrmsr(MSR_SYSENTER_CS, 0);
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_KERNEL_GS_BASE, 0); /* the user's, until the first switch */
}

void arch_cpu_install(struct cpu *cpu)
{
	cpu->self = cpu;
	cpu->kernel_stack_top = stack_top((unsigned)(cpu - cpus), STACK_KERNEL_END);
	cpu->arch_scratch[0] = paging_kernel_root().raw;
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
}

uint64_t arch_switch_barriers(unsigned cpu_id)
{
	return load_relaxed(&cpus[cpu_id].arch_scratch[1]);
}

void percpu_setup(unsigned id)
{
	percpus[id].cpu = &cpus[id];
	setup_descriptors(&percpus[id], id);
	idt_load();
	setup_control();
	setup_syscall();
	mitigate_setup();
	fpu_setup();
	arch_cpu_install(&cpus[id]);
}
