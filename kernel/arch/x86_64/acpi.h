// SPDX-License-Identifier: MIT OR Apache-2.0
/* What we take from the ACPI tables, copied at boot. Absent things are zero. */
#pragma once

#include <core/types.h>

#define ACPI_IOAPICS 8u
#define ACPI_OVERRIDES 16u

/* Generic address: ACPI 6.5, 5.2.3.2. */
struct [[gnu::packed]] acpi_address {
	uint8_t space, bit_width, bit_offset, access_size;
	uint64_t address;
};
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO 1

struct acpi {
	uint32_t cpus[MAX_CPUS]; /* local APIC ids, in the firmware's order */
	unsigned cpu_count, cpus_beyond;
	bool has_madt;
	uint64_t local_apic;
	struct acpi_ioapic {
		uint64_t address;
		uint32_t first_line;
	} ioapics[ACPI_IOAPICS];
	unsigned ioapic_count;
	struct acpi_override {
		uint8_t isa;
		uint16_t flags; /* MPS INTI flags: ACPI 6.5, table 5.26 */
		uint32_t line;
	} overrides[ACPI_OVERRIDES];
	unsigned override_count;

	bool has_fadt, hardware_reduced, has_reset, has_s5;
	uint32_t smi_command, pm1a_control, pm1b_control, pm_timer;
	uint8_t acpi_enable, reset_value, s5_type_a, s5_type_b;
	struct acpi_address reset, sleep_control;
};
extern struct acpi acpi;

/* Boot time, while low memory is mapped one to one. `rsdp` NULL: looks for it; otherwise `size` bytes may be read. */
void acpi_read(const void *rsdp, unsigned size);
