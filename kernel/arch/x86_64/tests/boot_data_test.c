// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What loader and firmware say is hostile: boot information, memory maps and ACPI tables, first well-formed, then with random
 * bytes changed.
 */
#include "boot_data.h"

#define PAGES 256u

static uint64_t seed = 1;
static unsigned tests, failures;

static uint64_t random_below(uint64_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

static void result(const char *name, bool ok)
{
	tests++;
	failures += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", tests, name);
}

/* --- memory map ------------------------------------------------------------------------------------------- */

static bool map_is_sound(void)
{
	for (unsigned i = 0; i < arch_memory_map_len; i++) {
		if (arch_memory_map[i].size == 0 ||
		    (arch_memory_map[i].base.raw | arch_memory_map[i].size) & PAGE_MASK)
			return false;
		if (i > 0 && end_of(i - 1) > arch_memory_map[i].base.raw)
			return false;
		if (i > 0 && end_of(i - 1) == arch_memory_map[i].base.raw &&
		    arch_memory_map[i - 1].kind == arch_memory_map[i].kind)
			return false;
	}
	return true;
}

static int kind_at(uint64_t page)
{
	for (unsigned i = 0; i < arch_memory_map_len; i++)
		if (page * PAGE_SIZE >= arch_memory_map[i].base.raw && page * PAGE_SIZE < end_of(i))
			return (int)arch_memory_map[i].kind;
	return -1;
}

/* Against an array with one kind per page. `may_lose`: more ranges than fit, so a page may be in no range. */
static bool map_agrees_with_model(unsigned steps, bool may_lose)
{
	int model[PAGES];

	memset(model, 0xff, sizeof(model));
	arch_memory_map_len = 0;
	for (unsigned i = 0; i < steps; i++) {
		uint64_t base = random_below(PAGES), size = 1 + random_below(may_lose ? 2 : PAGES - base);
		enum arch_memory_kind kind = (enum arch_memory_kind)random_below(5);

		if (base + size > PAGES)
			size = PAGES - base;
		memmap_set(base * PAGE_SIZE, size * PAGE_SIZE, kind);
		for (uint64_t p = base; p < base + size; p++)
			model[p] = (int)kind;
	}
	for (unsigned p = 0; p < PAGES; p++)
		if (kind_at(p) != model[p] && !(may_lose && kind_at(p) == -1))
			return false;
	return map_is_sound();
}

static void test_memory_maps(void)
{
	bool ok = true, full = true;

	for (unsigned i = 0; i < 3000; i++)
		ok = ok && map_agrees_with_model(1 + (unsigned)random_below(30), false);
	result("setting ranges agrees with a model of single pages", ok);
	for (unsigned i = 0; i < 300; i++)
		full = full && map_agrees_with_model(400, true);
	result("a full map loses pages but gives none a wrong kind", full);
}

static void test_firmware_map(void)
{
	static const struct boot_info info = {
		.ranges = {{0x100000, 0x700000, FIRMWARE_USABLE},
			   {0x300800, 0x10, FIRMWARE_RESERVED},
			   {0x800, 0x9f000, FIRMWARE_USABLE},
			   {0x7ff000, 0xfffffffffffff000, FIRMWARE_ACPI},
			   {0x200001, 0x1ffe, FIRMWARE_USABLE},
			   {0xfffffffffffff000, 0x2000, FIRMWARE_USABLE}},
		.range_count = 6,
	};
	bool ok;

	arch_memory_map_len = 0;
	memmap_init(&info);
	ok = map_is_sound() && kind_at(0) == ARCH_MEMORY_RESERVED && kind_at(1) == ARCH_MEMORY_USABLE &&
	     kind_at(0x9e) == ARCH_MEMORY_USABLE && kind_at(0x9f) == -1 &&
	     kind_at(0x300) == ARCH_MEMORY_RESERVED && kind_at(0x301) == ARCH_MEMORY_USABLE &&
	     kind_at(0x7fe) == ARCH_MEMORY_USABLE && kind_at(0x7ff) == ARCH_MEMORY_ACPI &&
	     kind_at((1ull << 28) - 1) == ARCH_MEMORY_ACPI && kind_at(1ull << 28) == -1;
	result("usable memory shrinks, reserved memory grows and wins, nothing wraps", ok);
	ok = memmap_take(1).raw == 0x100000 && kind_at(0x100) == ARCH_MEMORY_KERNEL &&
	     memmap_take_low().raw == 0x9e000 && memmap_take(0x1ff).raw == 0x101000 &&
	     memmap_take(1).raw == 0x301000 && map_is_sound();
	result("pages are taken where they are free", ok);
}

static void test_random_firmware_maps(void)
{
	static struct boot_info info;
	bool ok = true;

	for (unsigned round = 0; round < 3000; round++) {
		info.range_count = (unsigned)random_below(FIRMWARE_RANGES + 1);
		for (unsigned i = 0; i < info.range_count; i++)
			info.ranges[i] = (struct firmware_range){random_below(1ull << 31) << random_below(34),
								 random_below(1ull << 31) << random_below(34),
								 (uint32_t)random_below(7)};
		arch_memory_map_len = 0;
		memmap_init(&info);
		ok = ok && map_is_sound();
	}
	result("any list of ranges gives a sound map", ok);
}

/* --- ACPI ------------------------------------------------------------------------------------------------- */

static void test_acpi(void)
{
	build_acpi();
	fix_acpi();
	read_acpi();
	result("CPUs: enabled ones, with 32-bit ids",
	       acpi.cpu_count == 2 && acpi.cpus[0] == 7 && acpi.cpus[1] == 0x100);
	result("interrupt chips and overrides",
	       acpi.ioapic_count == 1 && acpi.ioapics[0].address == 0xfec00000 && acpi.override_count == 1 &&
		       acpi.overrides[0].isa == 9 && acpi.overrides[0].line == 20 &&
		       acpi.overrides[0].flags == 0xd);
	result("power: PM1 port and the sleep types of S5",
	       acpi.has_fadt && acpi.pm1a_control == 0x604 && acpi.pm_timer == 0x608 && acpi.has_s5 &&
		       acpi.s5_type_a == 5 && acpi.s5_type_b == 1);
	arena[AT_MADT + 50] ^= 1;
	read_acpi();
	result("a table with a wrong checksum is not used",
	       !acpi.has_madt && acpi.cpu_count == 0 && acpi.has_fadt);
}

static void test_hostile_acpi(void)
{
	for (unsigned round = 0; round < 200000; round++) {
		build_acpi();
		for (unsigned n = 1 + (unsigned)random_below(6); n > 0; n--)
			arena[AT_RSDP + random_below(AT_DSDT + 64 - AT_RSDP)] = (uint8_t)random_below(256);
		fix_acpi();
		memcpy(arena + AT_RSDP, "RSD PTR ", 8);
		fix_sum(AT_RSDP, 20, 8);
		read_acpi();
		if (acpi.cpu_count > MAX_CPUS || acpi.ioapic_count > ACPI_IOAPICS || table_count > TABLES_MAX)
			abort();
	}
	result("tables with random bytes changed are survived", true);
}

/* --- boot information --------------------------------------------------------------------------------------- */

static struct boot_info read_info(uint32_t magic, bool *ok)
{
	struct boot_info info = {};

	arch_command_line[0] = 0;
	*ok = bootinfo_read(&info, (uint64_t)arena, magic);
	return info;
}

static void test_boot_information(void)
{
	uint64_t base = (uint64_t)arena;
	struct boot_info info;
	bool ok;

	build_pvh();
	info = read_info(BOOT_PVH, &ok);
	result("PVH: memory, package, root pointer",
	       ok && info.range_count == 2 && info.ranges[1].size == 0x700000 &&
		       info.package_base == base + AT_PACKAGE && info.package_size == 0x1234 &&
		       info.rsdp == arena + AT_RSDP);
	result("a long command line is cut at 255 bytes", strlen(arch_command_line) == 255);
	build_multiboot();
	info = read_info(BOOT_MULTIBOOT2, &ok);
	result("multiboot2: memory, package, root pointer, command line",
	       ok && info.range_count == 2 && info.ranges[0].size == 0x9fc00 &&
		       info.package_base == base + AT_PACKAGE && info.package_size == 0x1234 &&
		       info.rsdp_size == 36 && !strcmp(arch_command_line, "debug-exit"));
	(void)read_info(1234, &ok);
	result("an unknown protocol is refused", !ok);
}

static void test_hostile_boot_information(void)
{
	bool ok;

	for (unsigned round = 0; round < 200000; round++) {
		bool pvh = round & 1;
		struct boot_info info;

		if (pvh)
			build_pvh();
		else
			build_multiboot();
		for (unsigned n = 1 + (unsigned)random_below(8); n > 0; n--)
			arena[random_below(pvh && random_below(2) ? AT_MODULES + 32 : 256)] =
				(uint8_t)random_below(256);
		info = read_info(pvh ? BOOT_PVH : BOOT_MULTIBOOT2, &ok);
		if (info.range_count > FIRMWARE_RANGES ||
		    (info.package_size && !boot_physical(info.package_base, info.package_size)))
			abort();
	}
	result("boot information with random bytes changed is survived", true);
}

int main(void)
{
	if (!arena_make())
		return 1;
	test_memory_maps();
	test_firmware_map();
	test_random_firmware_maps();
	test_acpi();
	test_hostile_acpi();
	test_boot_information();
	test_hostile_boot_information();
	printf("1..%u\n", tests);
	return failures != 0;
}
