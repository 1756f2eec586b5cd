// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the boot loader says, in one form for both protocols. Hostile until checked: every address and length is
 * tested against the 4 GiB that the boot page tables map before it is used.
 */
#pragma once

#include <core/types.h>

#define FIRMWARE_RANGES 128u

/* Types of E820 and of both protocols (ACPI 6.5, table 15.4). */
enum firmware_type : uint32_t {
	FIRMWARE_USABLE = 1,
	FIRMWARE_RESERVED = 2,
	FIRMWARE_ACPI = 3,
	FIRMWARE_NVS = 4,
	FIRMWARE_BAD = 5,
};

struct firmware_range {
	uint64_t base, size;
	uint32_t type;
};

struct boot_info {
	struct firmware_range ranges[FIRMWARE_RANGES];
	unsigned range_count;
	uint64_t package_base, package_size; /* 0: none */
	const void *rsdp;                    /* NULL: not told */
	unsigned rsdp_size;                  /* bytes of it that may be read: 20 or 36 */
	const char *protocol;
};

/* Fills `info` and arch_command_line. false: not a protocol we know. */
bool bootinfo_read(struct boot_info *info, uint64_t address, uint32_t magic);

/* physical.c. Boot time only: a pointer to [address, address + size) in low physical memory, or NULL if that is not mapped. */
const void *boot_physical(uint64_t address, uint64_t size);
