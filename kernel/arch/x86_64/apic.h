// SPDX-License-Identifier: MIT OR Apache-2.0
/* The local APIC of the running CPU: identity, interrupts between CPUs, timer. */
#pragma once

#include <stdint.h>

void apic_init(void);  /* once, on the first CPU: mode and registers */
void apic_setup(void); /* on each CPU */
uint32_t apic_id(void);
void apic_end_of_interrupt(void);
void apic_send(uint32_t apic_id, unsigned vector);
void apic_send_nmi(uint32_t apic_id);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, unsigned page);

/* The timer as a free-running counter, counting down from ~0, masked: for calibration. */
void apic_timer_free_run(void);
uint32_t apic_timer_count(void);
/* Tells the timer its rates; from then on arch_timer_arm works. */
void apic_timer_set_rate(uint64_t apic_hz, uint64_t tsc_hz);
