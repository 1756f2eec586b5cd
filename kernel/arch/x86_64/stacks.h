// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How deep the kernel's stacks become, in the checking kernel: each is painted before its CPU runs on it, and what is no longer
 * paint when the machine is switched off was used. The release kernel has the guard pages alone (paging.c).
 */
#pragma once

#ifdef CAPOS_DEBUG
void stacks_paint(unsigned cpu_id); /* mapped, and nobody runs on it yet */
void stacks_report(void);           /* to the log: an error if one came within a quarter of its end */
#else
static inline void stacks_paint(unsigned cpu_id)
{
	(void)cpu_id;
}

static inline void stacks_report(void)
{
}
#endif
