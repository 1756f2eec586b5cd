// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * x86-64: a thread's user state while it does not run, or while the kernel works for it. entry.S knows the offsets.
 *
 * - kind SYSCALL: it is inside a system call (or runs, and nothing here is valid). Valid: rbx, rbp, r12-r15, rsp, rip, rflags;
 *   rax, rdx are what it will get back. The other registers are zero when it returns.
 * - kind TRAP: it was interrupted, faulted, has not run yet, or is about to run an upcall. All registers are valid.
 * - fpu: XSAVE area. Complete if the thread was switched away from in kind TRAP; otherwise it says "initial state",
 *   with the thread's own MXCSR, and fcw is its x87 control word (the ABI's preserved part of the vector state).
 */
#pragma once

#include <stdint.h>

/* The entry stubs have saved the user's registers: what they call need not. Arguments come in r12, r13, r14, r15, rdi, rsi (clang 19;
 * entry.S relies on it). */
#define ARCH_PRESERVES_NONE __attribute__((preserve_none))

/* Of kernel_on_syscall, whose address nobody takes. */
#define ARCH_SYSCALL_ENTRY ARCH_PRESERVES_NONE __attribute__((nocf_check))

/* Behind those come rdx, rcx, r8, r9, r11, rax: so the arguments of kernel_on_syscall are where the user put them. */
#define ARCH_SYSCALL_PARAMETERS(number, arg0, arg1)                                                         \
	[[maybe_unused]] uint64_t r12, [[maybe_unused]] uint64_t r13, [[maybe_unused]] uint64_t r14,        \
		[[maybe_unused]] uint64_t r15, uint64_t arg0, uint64_t arg1, [[maybe_unused]] uint64_t rdx, \
		[[maybe_unused]] uint64_t rcx, [[maybe_unused]] uint64_t r8, [[maybe_unused]] uint64_t r9,  \
		[[maybe_unused]] uint64_t r11, uint64_t number

enum arch_context_kind : uint32_t { ARCH_CONTEXT_SYSCALL = 0, ARCH_CONTEXT_TRAP = 1 };

struct arch_context {
	uint64_t rip, rflags, rsp;      /* 0, 8, 16 */
	uint64_t rbx, rbp;              /* 24, 32 */
	uint64_t r12, r13, r14, r15;    /* 40, 48, 56, 64 */
	uint64_t rax, rdx;              /* 72, 80 */
	uint64_t rdi, rsi;              /* 88, 96 */
	uint64_t rcx, r8, r9, r10, r11; /* 104 .. 136 */
	uint32_t kind;                  /* 144: enum arch_context_kind */
	uint32_t fcw;                   /* 148 */
	void *fpu;                      /* 152 */
	uint64_t fs_base, gs_base;      /* 160, 168 */
};
