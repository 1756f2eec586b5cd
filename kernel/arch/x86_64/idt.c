// SPDX-License-Identifier: MIT OR Apache-2.0
/* The interrupt descriptor table: SDM vol. 3A, 6.14.1. All are interrupt gates: interrupts are off in the kernel. */
#include "idt.h"

#include "layout.h"

#include <core/types.h>

#define GATE_INTERRUPT 0x8e
#define GATE_USER 0x60 /* may be called by INT n */
#define STUB_SIZE 16

alignas(PAGE_SIZE) struct gate idt[256]; /* a page of its own: the porch maps it (paging.c) */

extern char trap_stubs[]; /* entry.S */

static uint8_t ist_of(unsigned vector)
{
	switch (vector) {
	case 1:
		return IST_DEBUG;
	case 2:
		return IST_NMI;
	case 8:
		return IST_DOUBLE;
	case 18:
		return IST_CHECK;
	default:
		return 0;
	}
}

void idt_init(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t address = (uint64_t)trap_stubs + i * STUB_SIZE;

		idt[i] = (struct gate){
			.offset_low = (uint16_t)address,
			.selector = SEL_KERNEL_CODE,
			.ist = ist_of(i),
			.type = i == 3 ? GATE_INTERRUPT | GATE_USER
				       : GATE_INTERRUPT, /* INT3 is user's right */
			.offset_middle = (uint16_t)(address >> 16),
			.offset_high = (uint32_t)(address >> 32),
		};
	}
}

void idt_load(void)
{
	struct [[gnu::packed]] {
		uint16_t limit;
		uint64_t base;
	} pointer = {sizeof(idt) - 1, (uint64_t)idt};

	__asm__ volatile("lidt %0" ::"m"(pointer));
}
