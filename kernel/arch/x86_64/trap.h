// SPDX-License-Identifier: MIT OR Apache-2.0
/* Exceptions and interrupts, from entry.S on. */
#pragma once

#include <arch/entry.h>

/* Pushed by entry.S for an event in kernel mode. */
struct kernel_trap {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(offsetof(struct kernel_trap, vector) == 120 && offsetof(struct kernel_trap, rip) == 136);

void trap_from_user(uint64_t vector, uint64_t error);
void trap_bad_address(const struct arch_context *ctx);
void trap_in_kernel(const struct kernel_trap *trap); /* returns only from what may be ignored */
void interrupt_by_vector(uint64_t vector);           /* vector >= 32 */
