// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How the CPU gets from user code into the kernel and back.
 *
 * One rule: every entry from user mode saves the user state into the arch_context of the thread that runs
 * (cpu->current_context), calls one of the kernel_on_* functions on the CPU's own stack, then calls kernel_next() and
 * resumes the context that it names (kernel_on_syscall has that inside). Nothing of an earlier entry remains on the stack.
 *
 * Interrupts that arrive in arch_idle or arch_take_interrupts call kernel_on_interrupt / kernel_on_ipi_call and return into arch_idle;
 * a fault or NMI inside the kernel is a panic.
 */
#pragma once

#include <abi/region.h>
#include <core/types.h>

/* <archimpl/context.h> defines struct arch_context: saved user registers, how it entered, vector state; and
 * ARCH_PRESERVES_NONE, for functions whose callers keep nothing in registers; ARCH_SYSCALL_ENTRY, for kernel_on_syscall; and ARCH_SYSCALL_PARAMETERS(number, arg0, arg1), which are
 * these, wherever the entry finds them. */
#include <archimpl/context.h>

/* A context that starts at `entry` with `stack` as stack pointer and `arg` as first argument. All other registers
 * and the vector state are the processor's initial ones. `fpu_area`: arch_fpu_size() bytes, 64-byte aligned, zero or an ended context's,
 * owned by the caller. */
void arch_context_init(struct arch_context *ctx, vaddr_t entry, vaddr_t stack, uint64_t arg, void *fpu_area);
size_t arch_fpu_size(void);

/* What the pending cap_enter returns when the context is resumed. */
void arch_context_set_result(struct arch_context *ctx, int64_t value, uint64_t reason);
/* Its second word only. */
void arch_context_set_reason(struct arch_context *ctx, uint64_t reason);

/* Copies the user state into an upcall frame, and makes the context resume at `entry`, on the same stack less a
 * red zone and aligned, with `frame_user` (the frame's user address) as first argument. */
void arch_context_upcall(struct arch_context *ctx, struct cap_upcall_frame *frame, vaddr_t entry,
			 uint64_t frame_user);

/* The instruction by which a system call is made. */
extern const uint8_t arch_syscall_bytes[2];

/* For exit reasons and backtraces. Values of a stopped thread only. */
struct arch_registers {
	uint64_t pc, sp, fp;
	uint64_t general[16];
};
void arch_context_registers(const struct arch_context *ctx, struct arch_registers *out);
/* What the machine calls general[0] .. general[15], and then pc. */
#define ARCH_REGISTERS 17u
extern const char *const arch_register_names[ARCH_REGISTERS];

/* Of the exception in the kernel that led here; false: none did. For a panic. */
bool arch_kernel_registers(struct arch_registers *out);

/* Called when a thread stops running on this CPU and another is to run: saves what is not yet in the context (vector
 * state: only needed if it was interrupted rather than in a system call) and loads the next one's.
 * `from` may be NULL (it died, or the CPU was idle). Page tables are the caller's business (arch/paging.h). */
void arch_context_switch(struct arch_context *from, struct arch_context *to);
/* The same for `from` that is in a system call and another one: what every call between processes does. */
void arch_context_hand_over(struct arch_context *from, struct arch_context *to);

struct arch_fault {
	enum arch_fault_kind {
		ARCH_FAULT_PAGE,       /* address and access are valid */
		ARCH_FAULT_ILLEGAL,    /* invalid instruction */
		ARCH_FAULT_PROTECTION, /* privileged instruction, bad selector, non-canonical address */
		ARCH_FAULT_ARITHMETIC, /* division, floating point */
		ARCH_FAULT_DEBUG,      /* breakpoint, single step */
		ARCH_FAULT_ALIGNMENT,
		ARCH_FAULT_OTHER,
	} kind;
	bool write, execute, present; /* page faults: what was tried, whether a page was there */
	unsigned vector;              /* the machine's own number, for the report */
	uint64_t error;
	vaddr_t address;
};

/* Implemented above the seam; called by the arch, on the CPU's stack, interrupts disabled. */
/* Returns whom to resume. */
ARCH_SYSCALL_ENTRY struct arch_context *kernel_on_syscall(ARCH_SYSCALL_PARAMETERS(number, arg0, arg1));
void kernel_on_fault(const struct arch_fault *fault); /* from user mode only */
void kernel_on_interrupt(unsigned line);              /* a device line bound with arch_irq_bind */
void kernel_on_timer(void);                           /* the deadline armed with arch_timer_arm passed */
void kernel_on_ipi_call(void);
struct arch_context *kernel_next(void);             /* whom to resume; idles inside until there is one */
[[noreturn]] void kernel_cpu_main(unsigned cpu_id); /* where a started CPU begins; ends in arch_resume_loop */

/* Leaves the kernel for the first time on this CPU: resets the stack and resumes kernel_next(), for ever. */
[[noreturn]] void arch_resume_loop(void);
