// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The simulated machine, as its own files see it. Everything here is plain memory of one OS thread: only the kernel
 * above the seam is being explored, never this room.
 */
#pragma once

#include <arch/entry.h>
#include <arch/memory.h>
#include <arch/paging.h>
#include <archimpl/machine.h>
#include <core/cpu.h>

#include "fiber.h"

/* ThreadSanitizer looks for races in the kernel, not in the machine that runs it: to itself it is one thread. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

#define HOST_TLB_ENTRIES 64u

struct host_tlb_entry {
	uint64_t page; /* virtual page number */
	pte_t pte;     /* 0 = unused */
};

enum host_trap_kind { HOST_TRAP_SYSCALL, HOST_TRAP_FAULT, HOST_TRAP_INTERRUPT };

struct host_cpu {
	struct cpu *cpu;
	unsigned id;
	enum { HOST_CPU_OFF, HOST_CPU_RUNS, HOST_CPU_IDLE } state;
	struct host_fiber *fiber;        /* where it goes on while another CPU runs */
	struct host_fiber *kernel_fiber; /* its kernel stack */
	unsigned points;                 /* switch points passed since another CPU last ran */

	uint32_t ipis;     /* 1 << enum arch_ipi */
	uint64_t timer_ns; /* absolute; UINT64_MAX = not armed */

	struct arch_context *context; /* in user mode */
	enum host_trap_kind trap;     /* how it left user mode */
	struct arch_fault fault;
	uint64_t vector; /* the vector register: survives interrupts, not system calls */
	uint64_t base;   /* the thread pointer (FS base): survives both */

	uint64_t root; /* active page tables, 0 = kernel only */
	struct host_tlb_entry tlb[HOST_TLB_ENTRIES];
};

extern struct host_cpu host_cpus[MAX_CPUS];
extern unsigned host_cpu_total;
extern struct host_cpu *host_cpu; /* the one that runs */

/* machine.c */
void host_machine_reset(unsigned cpus);
void host_cpu_start(unsigned id, void (*fn)(void *), void *arg);
void host_go(void); /* from main: runs until host_end or until nothing can happen */
[[noreturn]] void host_end(enum host_outcome outcome);
void host_point(enum host_point point); /* another CPU may go on */
void host_kick(struct host_cpu *c);     /* something is pending for it */
[[noreturn]] void host_cpu_stop(void);  /* this CPU never runs again */
void host_trace(uint64_t what);

/* interrupt.c */
void host_interrupt_reset(void);
bool host_interrupt_pending(const struct host_cpu *c);
bool host_interrupt_deliver(void);
bool host_interrupt_due(void);
void host_interrupt_inject(void (*fn)(void *), void *arg);

/* paging.c: where `va` is for this CPU, or NULL with host_cpu->fault filled */
uint8_t *host_translate(uint64_t va, bool write, bool execute);

/* user.c, platform.c, memory.c, policy.c */
void host_user_reset(void);
void host_platform_reset(void);
void host_memory_reset(uint64_t bytes);
void host_policy_begin(uint64_t seed);
/* exhaust.c: while active, it decides instead of the policy */
bool host_exhaust_active(void);
void host_exhaust_reset(void); /* a run begins */
void host_exhaust_go(void);    /* CPUs begin to run */
unsigned host_exhaust_choose(unsigned current, uint64_t runnable, enum host_point point);
unsigned host_policy_choose(unsigned current, uint64_t runnable, enum host_point point);
const char *host_policy_name(void);

/* Things that the schedule decides beside who runs. Never with seed 0. */
#define HOST_JUMP_NS 20000000ull
enum host_chance {
	HOST_CHANCE_JUMP, /* time jumps to this CPU's timer, if that is at most HOST_JUMP_NS away */
	HOST_CHANCE_LATE, /* a pending interrupt is not there yet */
};
bool host_policy_chance(enum host_chance what);
