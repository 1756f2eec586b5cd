// SPDX-License-Identifier: MIT OR Apache-2.0
/* The interrupt descriptor table, one for all CPUs. */
#pragma once

#include <stdint.h>

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, zero;
};
static_assert(sizeof(struct gate) == 16);

extern struct gate idt[256];

void idt_init(void);
void idt_load(void); /* on this CPU */
