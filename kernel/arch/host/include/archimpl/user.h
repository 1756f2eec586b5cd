// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * User programs of the simulated machine: C functions, each thread on its own coroutine. What they keep in C variables
 * stands for their registers and private memory; what they share with the kernel or with other threads they reach
 * through the functions below, which translate as the CPU would (page tables, translation cache, faults).
 *
 * Every access is a step: before it, other CPUs may go on and interrupts may arrive.
 */
#pragma once

#include <core/types.h>

typedef void host_program(uint64_t arg);

/* The fake address to give as a thread's entry point, or as a region's upcall_entry (its argument is the frame's
 * user address). The same function gives the same address. A program that returns exits its thread with code 0. */
vaddr_t host_program_entry(host_program *program);

/* The two system calls, and any other number. */
int64_t host_syscall(uint64_t number, uint64_t arg0, uint64_t arg1, uint64_t *reason);
int64_t host_cap_enter(uint64_t min, uint64_t deadline_ns, uint64_t *reason);
[[noreturn]] void host_exit(uint64_t code, uint64_t scope);

void host_user_step(void);
void host_user_read(vaddr_t from, void *to, size_t len);
void host_user_write(vaddr_t to, const void *from, size_t len);
/* Single accesses; `va` naturally aligned. Loads acquire, stores release. */
uint32_t host_user_load32(vaddr_t va);
void host_user_store32(vaddr_t va, uint32_t value);
uint64_t host_user_load64(vaddr_t va);
void host_user_store64(vaddr_t va, uint64_t value);
/* A pointer to user memory that is physically contiguous over `len` bytes. It goes past translation: good until the
 * next step only. */
void *host_user_pointer(vaddr_t va, size_t len, bool write);

/* The program counter (0: its entry) and frame pointer that the thread is seen with from now on: it has no real ones. */
void host_user_registers(uint64_t pc, uint64_t fp);

/* Faults other than those of memory accesses. Returns if the kernel lets the thread go on. */
void host_user_fault(unsigned kind /* enum arch_fault_kind */);

/* Upcall frames name no real registers here: a handler returns by returning. */
