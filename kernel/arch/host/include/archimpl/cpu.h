// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The simulated CPU that runs now. One OS thread runs them all, so "this CPU" is a plain variable that the machine
 * (machine.c) sets whenever it goes on with another one.
 */
#pragma once

#include <core/types.h>

#define ARCH_HOT

struct cpu;
extern struct cpu *host_this_cpu;

static inline struct cpu *arch_this_cpu(void)
{
	return host_this_cpu;
}

static inline struct cpu *arch_this_cpu_again(void)
{
	return host_this_cpu;
}

/* Lets another CPU go on, whatever the schedule; ends the run if none ever could. Delivers nothing: a real CPU that
 * spins with interrupts off takes no inter-processor request either. */
void arch_pause(void);
