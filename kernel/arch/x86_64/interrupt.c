// SPDX-License-Identifier: MIT OR Apache-2.0
/* Interrupts by vector: from user mode (trap.c) and in arch_idle and arch_take_interrupts (entry.S). */
#include "apic.h"
#include "ioapic.h"
#include "layout.h"
#include "trap.h"

#include <core/cpu.h>

void interrupt_by_vector(uint64_t vector)
{
	count_own(&this_cpu()->stats.interrupts, 1);
	if (vector >= VECTOR_LINES && vector < VECTOR_LINE_END) {
		ioapic_interrupt((unsigned)vector - VECTOR_LINES);
		return;
	}
	switch (vector) {
	case VECTOR_TIMER:
		apic_end_of_interrupt();
		kernel_on_timer();
		break;
	case VECTOR_CALL:
		apic_end_of_interrupt();
		kernel_on_ipi_call();
		break;
	case VECTOR_RESCHED: /* that it came is the message: kernel_next follows */
	case VECTOR_ERROR:
		apic_end_of_interrupt();
		break;
	default: /* spurious ones (also of the 8259s) want no end of interrupt: SDM vol. 3A, 11.9 */
		break;
	}
}
