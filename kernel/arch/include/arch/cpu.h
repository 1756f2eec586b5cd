// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The CPU that runs this code.
 *
 * The kernel runs with interrupts disabled, on one stack per CPU, and never preempts itself. Entry from user mode
 * saves the user's registers into the current thread's arch_context; from there on, the kernel above decides which
 * context the CPU goes on with (arch/entry.h).
 */
#pragma once

#include <core/types.h>

struct cpu; /* core/cpu.h */

/* <archimpl/cpu.h> defines, inline:
 *   struct cpu *arch_this_cpu(void);
 *   struct cpu *arch_this_cpu_again(void);      asks once more, instead of keeping the answer
 *   void arch_pause(void);                      in a spin loop; a switch point on host
 *   ARCH_HOT                                    of an initialised variable: it is placed where every call looks anyway
 */
#include <archimpl/cpu.h>

/* Makes `cpu` the one that arch_this_cpu returns on this CPU. Called once per CPU, by the arch's own bring-up. */
void arch_cpu_install(struct cpu *cpu);

/* Sleeps until an interrupt arrives, handles it (kernel_on_interrupt, kernel_on_ipi), and returns. */
void arch_idle(void);

/* Handles interrupts that are pending, in the middle of something that holds no lock, and goes on. */
void arch_take_interrupts(void);

/* Handles inter-processor requests that are pending for this CPU, without enabling interrupts. For loops that wait
 * for another CPU: two CPUs that wait for each other both make progress. */
void arch_poll_ipi(void);

enum arch_ipi {
	ARCH_IPI_RESCHEDULE, /* look at your run queue */
	ARCH_IPI_CALL,       /* kernel_on_ipi_call: TLB shootdown, quiescence */
	ARCH_IPI_HALT,       /* stop for good: panic or power-off elsewhere */
};

void arch_ipi_send(unsigned cpu_id, enum arch_ipi kind);

/* Starts all other CPUs that the firmware names; each runs kernel_cpu_main(its number). Returns the number of CPUs,
 * including this one. At most MAX_CPUS; the rest stay off, and the log says so. */
unsigned arch_start_cpus(void);

/* Fills `out` with bytes that an attacker cannot predict, or returns false (no source). Not for direct use: the
 * entropy pool mixes it. */
bool arch_entropy(void *out, size_t len);

/* What the processor calls itself; static, NUL-terminated. */
const char *arch_cpu_name(void);

/* "x86_64", "host". */
extern const char arch_name[];
