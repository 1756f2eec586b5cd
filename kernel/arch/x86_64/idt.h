// SPDX-License-Identifier: MIT OR Apache-2.0
/* The interrupt descriptor table, one for all CPUs. */
#pragma once

void idt_init(void);
void idt_load(void); /* on this CPU */
