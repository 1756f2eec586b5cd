// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * x86-64: the running CPU is found through the GS base, which points to its struct cpu while in the kernel (entry.S).
 */
#pragma once

/* A variable that every call looks at: it lies beside cpus[0], since each page that is touched after a switch of the address space has
 * to be found again. */
#define ARCH_HOT __attribute__((section("hot")))

struct cpu;

/* The kernel never moves from one CPU to another, so the compiler may keep and reuse the answer. */
static inline struct cpu *arch_this_cpu(void)
{
	struct cpu *cpu;

	__asm__("mov %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* The same once more, instead of keeping the answer across calls that keep nothing. */
static inline struct cpu *arch_this_cpu_again(void)
{
	struct cpu *cpu;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

static inline void arch_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}
