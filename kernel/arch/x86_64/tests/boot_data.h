// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What loader and firmware leave in memory, well-formed, and the kernel's readers of it, in an ordinary process. Everything lies in a
 * small arena in low memory with nothing mapped around it, and boot_physical here allows only the arena, so a reader that trusts
 * a length dies at once. For one test or fuzzer each: the readers are included as text.
 */
#pragma once

#define arch_memory_map test_memory_map
#define arch_memory_map_len test_memory_map_len
#define arch_command_line test_command_line
#define arch_acpi_table test_acpi_table
#define log_line test_log_line
#define panic test_panic

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The units under test, with the names above. */
#include "../acpi.c"
#include "../bootinfo.c"
#include "../memmap.c"

#define ARENA_SIZE 65536u

struct features features = {.physical_bits = 40};

static uint8_t *arena;
void test_log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void test_panic(const char *format, ...)
{
	printf("# panic: %s\n", format);
	abort();
}

const void *boot_physical(uint64_t address, uint64_t size)
{
	uint64_t base = (uint64_t)arena;

	if (address < base || address > base + ARENA_SIZE || size > base + ARENA_SIZE - address)
		return NULL;
	return (const void *)address;
}

/* False: no low memory. */
static bool arena_make(void)
{
	uint8_t *room = mmap(NULL, ARENA_SIZE + 2 * PAGE_SIZE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (room == MAP_FAILED || mprotect(room + PAGE_SIZE, ARENA_SIZE, PROT_READ | PROT_WRITE))
		return false;
	arena = room + PAGE_SIZE;
	return true;
}

/* --- ACPI ------------------------------------------------------------------------------------------------- */

#define AT_RSDP 0x100u
#define AT_XSDT 0x200u
#define AT_MADT 0x300u
#define AT_FADT 0x400u
#define AT_DSDT 0x600u

static void put(unsigned at, uint64_t value, unsigned bytes)
{
	memcpy(arena + at, &value, bytes);
}

static void fix_sum(unsigned at, unsigned len, unsigned field)
{
	uint8_t sum = 0;

	arena[at + field] = 0;
	for (unsigned i = 0; i < len && at + i < ARENA_SIZE; i++)
		sum = (uint8_t)(sum + arena[at + i]);
	arena[at + field] = (uint8_t)-sum;
}

static void fix_table(unsigned at)
{
	uint32_t len;

	memcpy(&len, arena + at + 4, 4);
	fix_sum(at, len, 9);
}

static void put_table(unsigned at, const char *signature, uint32_t len)
{
	memcpy(arena + at, signature, 4);
	put(at + 4, len, 4);
}

static void build_acpi(void)
{
	static const uint8_t cpu[] = {0, 8, 0, 7, 1, 0, 0, 0}, off[] = {0, 8, 1, 9, 0, 0, 0, 0};
	static const uint8_t chip[] = {1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0};
	static const uint8_t override[] = {2, 10, 0, 9, 20, 0, 0, 0, 0xd, 0};
	static const uint8_t x2[] = {9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t s5[] = {8, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 1, 0, 0, 0, 0, 0};
	uint64_t base = (uint64_t)arena;
	unsigned at = AT_MADT + 44;

	memset(arena, 0, ARENA_SIZE);
	memcpy(arena + AT_RSDP, "RSD PTR ", 8);
	arena[AT_RSDP + 15] = 2;
	put(AT_RSDP + 24, base + AT_XSDT, 8);
	put_table(AT_XSDT, "XSDT", 36 + 24);
	put(AT_XSDT + 36, base + AT_MADT, 8);
	put(AT_XSDT + 44, base + AT_FADT, 8);
	put(AT_XSDT + 52, 0x123456789abc, 8); /* nowhere */
	put(AT_MADT + 36, 0xfee00000, 4);
	memcpy(arena + at, cpu, sizeof(cpu));
	memcpy(arena + (at += sizeof(cpu)), off, sizeof(off));
	memcpy(arena + (at += sizeof(off)), chip, sizeof(chip));
	memcpy(arena + (at += sizeof(chip)), override, sizeof(override));
	memcpy(arena + (at += sizeof(override)), x2, sizeof(x2));
	put_table(AT_MADT, "APIC", at + sizeof(x2) - AT_MADT);
	put_table(AT_FADT, "FACP", 268);
	put(AT_FADT + 40, base + AT_DSDT, 4);
	put(AT_FADT + 64, 0x604, 4);
	put(AT_FADT + 76, 0x608, 4);
	put_table(AT_DSDT, "DSDT", 36 + sizeof(s5));
	memcpy(arena + AT_DSDT + 36, s5, sizeof(s5));
}

static void fix_acpi(void)
{
	fix_sum(AT_RSDP, 20, 8);
	fix_table(AT_XSDT);
	fix_table(AT_MADT);
	fix_table(AT_FADT);
}

static void read_acpi(void)
{
	memset(&acpi, 0, sizeof(acpi));
	table_count = 0;
	acpi_read(arena + AT_RSDP, 36);
}

/* --- boot information --------------------------------------------------------------------------------------- */

#define AT_COMMAND 0x1000u
#define AT_MAP 0x1200u
#define AT_MODULES 0x1300u
#define AT_PACKAGE 0x2000u

static void build_pvh(void)
{
	uint64_t base = (uint64_t)arena;
	struct hvm_start_info start = {
		BOOT_PVH, 1, 0, 1, base + AT_MODULES, base + AT_COMMAND, base + AT_RSDP, base + AT_MAP, 2, 0};
	struct hvm_memory map[2] = {{0, 0x9fc00, 1, 0}, {0x100000, 0x700000, 1, 0}};
	struct hvm_module module = {base + AT_PACKAGE, 0x1234, 0, 0};

	memset(arena, 0, ARENA_SIZE);
	memcpy(arena, &start, sizeof(start));
	memcpy(arena + AT_MAP, map, sizeof(map));
	memcpy(arena + AT_MODULES, &module, sizeof(module));
	memset(arena + AT_COMMAND, 'x', 300);
}

static unsigned put_tag(unsigned at, uint32_t type, const void *bytes, uint32_t size)
{
	struct multiboot_tag tag = {type, size + 8};

	memcpy(arena + at, &tag, sizeof(tag));
	memcpy(arena + at + 8, bytes, size);
	return (unsigned)align_up(at + 8 + size, 8);
}

static void build_multiboot(void)
{
	struct {
		uint32_t entry_size, version;
		struct hvm_memory map[2];
	} memory = {24, 0, {{0, 0x9fc00, 1, 0}, {0x100000, 0x700000, 1, 0}}};
	uint32_t package = (uint32_t)(uint64_t)arena + AT_PACKAGE;
	uint32_t module[3] = {package, package + 0x1234, 0};
	uint8_t rsdp[36] = "RSD PTR ";
	unsigned at = 8;

	memset(arena, 0, ARENA_SIZE);
	at = put_tag(at, MULTIBOOT_COMMAND_LINE, "debug-exit", 11);
	at = put_tag(at, MULTIBOOT_MODULE, module, sizeof(module));
	at = put_tag(at, MULTIBOOT_MEMORY, &memory, sizeof(memory));
	at = put_tag(at, MULTIBOOT_ACPI_OLD, rsdp, 20);
	at = put_tag(at, MULTIBOOT_ACPI_NEW, rsdp, 36);
	at = put_tag(at, MULTIBOOT_END, rsdp, 0);
	put(0, at, 4);
}
