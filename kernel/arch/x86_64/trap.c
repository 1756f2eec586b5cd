// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Exceptions: from user mode they are the thread's fault, and the kernel above decides (kernel_on_fault); in kernel
 * mode they are ours, and end the machine with a report. NMI and machine check end it wherever they hit: nothing
 * sends us NMIs but a CPU that halts the others, hardware that fails, and a person who wants to see a backtrace.
 *
 * Vectors and error codes: SDM vol. 3A, 6.15.
 */
#include "trap.h"

#include "machine.h"
#include "smp.h"

#include <arch/cpu.h>
#include <core/cpu.h>
#include <core/log.h>

enum vector : unsigned {
	VECTOR_DIVIDE = 0,
	VECTOR_DEBUG = 1,
	VECTOR_NMI = 2,
	VECTOR_BREAKPOINT = 3,
	VECTOR_ILLEGAL = 6,
	VECTOR_DOUBLE_FAULT = 8,
	VECTOR_BAD_TSS = 10,
	VECTOR_NOT_PRESENT = 11,
	VECTOR_STACK = 12,
	VECTOR_PROTECTION = 13,
	VECTOR_PAGE = 14,
	VECTOR_X87 = 16,
	VECTOR_ALIGNMENT = 17,
	VECTOR_MACHINE_CHECK = 18,
	VECTOR_VECTOR_UNIT = 19,
};

#define PAGE_ERROR_PRESENT 0x1u
#define PAGE_ERROR_WRITE 0x2u
#define PAGE_ERROR_USER 0x4u
#define PAGE_ERROR_TABLE 0x8u /* a reserved bit was set: our tables are broken */
#define PAGE_ERROR_FETCH 0x10u

struct exception {
	enum arch_fault_kind kind;
	const char *name;
};

static const struct exception exceptions[32] = {
	[VECTOR_DIVIDE] = {ARCH_FAULT_ARITHMETIC, "division error"},
	[VECTOR_DEBUG] = {ARCH_FAULT_DEBUG, "debug exception"},
	[VECTOR_NMI] = {ARCH_FAULT_OTHER, "non-maskable interrupt"},
	[VECTOR_BREAKPOINT] = {ARCH_FAULT_DEBUG, "breakpoint"},
	[VECTOR_ILLEGAL] = {ARCH_FAULT_ILLEGAL, "invalid instruction"},
	[VECTOR_DOUBLE_FAULT] = {ARCH_FAULT_OTHER, "double fault"},
	[VECTOR_BAD_TSS] = {ARCH_FAULT_PROTECTION, "invalid task state"},
	[VECTOR_NOT_PRESENT] = {ARCH_FAULT_PROTECTION, "segment not present"},
	[VECTOR_STACK] = {ARCH_FAULT_PROTECTION, "stack fault"},
	[VECTOR_PROTECTION] = {ARCH_FAULT_PROTECTION, "general protection"},
	[VECTOR_PAGE] = {ARCH_FAULT_PAGE, "page fault"},
	[VECTOR_X87] = {ARCH_FAULT_ARITHMETIC, "x87 error"},
	[VECTOR_ALIGNMENT] = {ARCH_FAULT_ALIGNMENT, "alignment check"},
	[VECTOR_MACHINE_CHECK] = {ARCH_FAULT_OTHER, "machine check"},
	[VECTOR_VECTOR_UNIT] = {ARCH_FAULT_ARITHMETIC, "vector arithmetic"},
};

/* Reserved vectors and newer exceptions have no row. */
static struct exception describe(uint64_t vector)
{
	if (vector < array_size(exceptions) && exceptions[vector].name)
		return exceptions[vector];
	return (struct exception){ARCH_FAULT_OTHER, "exception"};
}

static void stop_if_told(void)
{
	if (smp_is_halting())
		smp_halt_here();
}

void trap_from_user(uint64_t vector, uint64_t error)
{
	struct arch_fault fault;

	if (vector >= 32) {
		interrupt_by_vector(vector);
		return;
	}
	fault = (struct arch_fault){
		.kind = describe(vector).kind,
		.vector = (unsigned)vector,
		.error = error,
	};
	if (vector == VECTOR_PAGE) {
		fault.address = VADDR(read_cr2());
		fault.present = error & PAGE_ERROR_PRESENT;
		fault.write = error & PAGE_ERROR_WRITE;
		fault.execute = error & PAGE_ERROR_FETCH;
		/* An access that the processor makes on its own behalf, say to a descriptor table: mapping a page is no
		 * cure. (QEMU 7.2 with SMAP also takes IRET and far RET in user mode for such.) */
		if (!(error & PAGE_ERROR_USER))
			fault.kind = ARCH_FAULT_PROTECTION;
		if (error & PAGE_ERROR_TABLE)
			panic("page fault: a reserved bit is set in a page table");
	} else if (vector == VECTOR_DEBUG) {
		uint64_t status = 0xffff0ff0; /* the processor sets bits of DR6, we clear them */

		__asm__ volatile("mov %0, %%dr6" ::"r"(status));
	} else if (vector == VECTOR_NMI || vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK) {
		stop_if_told();
		panic("%s in user mode", describe(vector).name);
	}
	kernel_on_fault(&fault);
}

void trap_bad_address(const struct arch_context *ctx)
{
	const struct arch_fault fault = {
		.kind = ARCH_FAULT_PROTECTION,
		.vector = VECTOR_PROTECTION,
		.execute = true,
		.address = VADDR(ctx->rip),
	};

	kernel_on_fault(&fault);
}

/* clang lists each check as a 32-bit offset from the list's own word to its trap instruction. */
static bool is_kcfi_trap(uint64_t rip)
{
	extern const int32_t kcfi_traps_start[], kcfi_traps_end[];

	for (const int32_t *at = kcfi_traps_start; at < kcfi_traps_end; at++)
		if ((uint64_t)at + (uint64_t)(int64_t)*at == rip)
			return true;
	return false;
}

/* Registers go into the log; values that could be kernel addresses do not. */
static void log_register_row(const char *const names[4], const uint64_t values[4])
{
	char row[4][24];

	for (unsigned i = 0; i < 4; i++) {
		if (values[i] >> 47 == 0)
			print_to(row[i], sizeof(row[i]), "%s %016llx", names[i],
				 (unsigned long long)values[i]);
		else
			print_to(row[i], sizeof(row[i]), "%s (kernel half)   ", names[i]);
	}
	log_line(LOG_ERROR, "  %s  %s  %s  %s", row[0], row[1], row[2], row[3]);
}

static void log_registers(const struct kernel_trap *t)
{
	static const char *const names[4][4] = {
		{"rax", "rbx", "rcx", "rdx"},
		{"rsi", "rdi", "rbp", "rsp"},
		{"r8 ", "r9 ", "r10", "r11"},
		{"r12", "r13", "r14", "r15"},
	};

	log_register_row(names[0], (const uint64_t[]){t->rax, t->rbx, t->rcx, t->rdx});
	log_register_row(names[1], (const uint64_t[]){t->rsi, t->rdi, t->rbp, t->rsp});
	log_register_row(names[2], (const uint64_t[]){t->r8, t->r9, t->r10, t->r11});
	log_register_row(names[3], (const uint64_t[]){t->r12, t->r13, t->r14, t->r15});
}

static const struct kernel_trap *fatal_trap;

bool arch_kernel_registers(struct arch_registers *out)
{
	const struct kernel_trap *t = fatal_trap;

	if (t)
		*out = (struct arch_registers){
			.pc = t->rip,
			.sp = t->rsp,
			.fp = t->rbp,
			.general = {t->rax, t->rbx, t->rcx, t->rdx, t->rsi, t->rdi, t->rbp, t->rsp, t->r8,
				    t->r9, t->r10, t->r11, t->r12, t->r13, t->r14, t->r15},
		};
	return t != NULL;
}

void trap_in_kernel(const struct kernel_trap *trap)
{
	unsigned vector = (unsigned)trap->vector;

	if (vector == VECTOR_NMI)
		stop_if_told();
	if (vector == VECTOR_DEBUG) {
		/* We never step or watch ourselves: whatever this is, switch it off and go on. */
		__asm__ volatile("mov %0, %%dr7" ::"r"(0x400ull));
		__asm__ volatile("mov %0, %%dr6" ::"r"(0xffff0ff0ull));
		((struct kernel_trap *)trap)->rflags &= ~0x100ull;
		return;
	}
	fatal_trap = trap;
	log_line(LOG_ERROR, "%s in the kernel on CPU %u: vector %u, error %llx", describe(vector).name,
		 arch_this_cpu()->id, vector, (unsigned long long)trap->error);
	log_registers(trap);
	if (vector == VECTOR_PAGE) {
		uint64_t address = read_cr2();

		if (address >> 47 == 0)
			panic("page fault at user address %llx", (unsigned long long)address);
		panic("page fault at an address in the kernel half%s",
		      smp_is_guard_page(address) ? ": a stack ran into its guard page" : "");
	}
	if (vector == VECTOR_DOUBLE_FAULT && smp_is_guard_page(read_cr2()))
		panic("double fault: the kernel stack ran into its guard page");
	if (vector == VECTOR_ILLEGAL && is_kcfi_trap(trap->rip))
		panic("control-flow integrity: an indirect call to a function of another type");
	panic("%s in the kernel", describe(vector).name);
}
