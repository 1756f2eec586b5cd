// SPDX-License-Identifier: MIT OR Apache-2.0
/* Interrupt lines. */
#pragma once

void ioapic_init(void); /* boot, after acpi_read and apic_init: every line masked */
void ioapic_interrupt(unsigned line);
