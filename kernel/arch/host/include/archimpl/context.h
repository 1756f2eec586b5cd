// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A simulated thread's saved state. Its "registers" are a coroutine of the host (struct host_user, user.c), made
 * when the context is first resumed; here is what the kernel and the coroutine tell each other.
 */
#pragma once

#include <core/types.h>

#define ARCH_PRESERVES_NONE
#define ARCH_SYSCALL_ENTRY
#define ARCH_SYSCALL_PARAMETERS(number, arg0, arg1) uint64_t number, uint64_t arg0, uint64_t arg1

struct host_user;

struct arch_context {
	struct host_user *user; /* NULL until first resumed */
	vaddr_t entry, stack;   /* as given to arch_context_init */
	uint64_t pc, fp;        /* what the program says that it has (host_user_registers) */
	uint64_t arg;

	uint64_t number, args[2]; /* the pending system call */
	int64_t result;           /* set by arch_context_set_result */
	uint64_t reason;
	vaddr_t upcall_entry; /* 0 = none to run */
	uint64_t upcall_frame;

	uint64_t base;    /* the thread-pointer register, saved by arch_context_switch only */
	uint64_t *vector; /* the caller's fpu area: the simulated vector register, saved */
	bool interrupted; /* entered by an interrupt or fault: its vector register matters */
	uint8_t running;  /* number + 1 of the CPU that has it in user mode, 0 = none */
	uint64_t root;    /* address space that it was first resumed in */
};
