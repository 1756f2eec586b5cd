// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the architecture keeps for each CPU: descriptor tables, identity in hardware, stacks.
 *
 * Exceptions in kernel mode find the structure by SGDT, because its descriptor table is its first member; entry.S
 * knows that `cpu` follows it. The kernel's own per-CPU state is struct cpu (core/cpu.h).
 */
#pragma once

#include "layout.h"

#include <core/types.h>

struct cpu;

/* 64-bit task state segment: SDM vol. 3A, figure 8-11. */
struct [[gnu::packed]] tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
};
static_assert(sizeof(struct tss) == 104);

/* A further CPU, on its way. */
enum cpu_start : uint8_t { CPU_AWAITED, CPU_STARTED, CPU_GIVEN_UP };

struct percpu {
	uint64_t gdt[8];
	struct cpu *cpu;
	uint32_t apic_id;
	uint8_t start; /* enum cpu_start; atomic */
	alignas(8) struct tss tss;
} __attribute__((aligned(256))); /* one page holds all of the TSS */
static_assert(offsetof(struct percpu, cpu) == PERCPU_CPU && sizeof(struct percpu) == 256);

extern alignas(PAGE_SIZE) struct percpu
	percpus[MAX_CPUS]; /* pages that hold nothing else: the porch maps them (paging.c) */
/* CPUs that the firmware names and that we have stacks for; percpus[0] is the one that booted. */
extern unsigned percpu_count;

/* Everything about the running CPU that is not shared: control registers, descriptor tables, system call entry,
 * vector unit. Its stacks are mapped. Leaves GS pointing to cpus[id]. */
void percpu_setup(unsigned id);

/* Top of a stack of CPU `id` whose last page ends at page `end` of its slot (layout.h). */
static inline uint64_t stack_top(unsigned id, unsigned end)
{
	return STACK_WINDOW + ((uint64_t)id << STACK_SLOT_SHIFT) + end * PAGE_SIZE;
}
