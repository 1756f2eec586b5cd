// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Firmware tables and boot information under a fuzzer. An input says what is read, and which bytes of a well-formed one are other
 * ones: three bytes each, place and value. Checksums are mended in most, or nothing behind them would ever be read.
 */
#include "boot_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { READS_ACPI, READS_PVH, READS_MULTIBOOT, KINDS };

#define CHANGED_BYTES 0x2000u /* from the arena's start: all that is built */

static void build(unsigned kind)
{
	switch (kind) {
	case READS_ACPI:
		build_acpi();
		break;
	case READS_PVH:
		build_pvh();
		break;
	default:
		build_multiboot();
		break;
	}
}

static void read_boot(uint32_t magic)
{
	static struct boot_info info;

	memset(&info, 0, sizeof(info));
	arch_command_line[0] = 0;
	if (!bootinfo_read(&info, (uint64_t)arena, magic))
		return;
	if (info.range_count > FIRMWARE_RANGES ||
	    (info.package_size && !boot_physical(info.package_base, info.package_size)))
		abort();
	arch_memory_map_len = 0;
	memmap_init(&info);
	for (unsigned i = 1; i < arch_memory_map_len; i++) {
		if (end_of(i - 1) > arch_memory_map[i].base.raw)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || (!arena && !arena_make()))
		return 0;
	unsigned kind = data[0] % KINDS;

	build(kind);
	for (size_t i = 1; i + 3 <= size; i += 3)
		arena[(data[i] | (unsigned)data[i + 1] << 8) % CHANGED_BYTES] = data[i + 2];
	if (kind != READS_ACPI) {
		read_boot(kind == READS_PVH ? BOOT_PVH : BOOT_MULTIBOOT2);
		return 0;
	}
	if (data[0] < 192)
		fix_acpi();
	read_acpi();
	if (acpi.cpu_count > MAX_CPUS || acpi.ioapic_count > ACPI_IOAPICS || table_count > TABLES_MAX)
		abort();
	return 0;
}
