// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Reads PVH (Xen, public/arch-x86/hvm/start_info.h) and Multiboot2 (version 2.0, section 3.6) boot information.
 *
 * Only copies leave this file: the structures lie in memory that becomes free afterwards.
 */
#include "bootinfo.h"

#include "layout.h"

#include <arch/memory.h>

struct [[gnu::packed]] hvm_start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp, memory_map;
	uint32_t memory_map_entries, reserved; /* version 1 */
};

struct [[gnu::packed]] hvm_module {
	uint64_t address, size, command_line, reserved;
};

struct [[gnu::packed]] hvm_memory {
	uint64_t address, size;
	uint32_t type, reserved;
};

struct multiboot_tag {
	uint32_t type, size;
};

enum multiboot_tag_type : uint32_t {
	MULTIBOOT_END = 0,
	MULTIBOOT_COMMAND_LINE = 1,
	MULTIBOOT_MODULE = 3,
	MULTIBOOT_MEMORY = 6,
	MULTIBOOT_ACPI_OLD = 14,
	MULTIBOOT_ACPI_NEW = 15,
};

#define MULTIBOOT_INFO_MAX (1u << 20)

char arch_command_line[256];

static void copy_command_line(const char *from, uint64_t max)
{
	unsigned n = 0;

	while (from && n < sizeof(arch_command_line) - 1 && n < max && from[n]) {
		arch_command_line[n] = from[n];
		n++;
	}
	arch_command_line[n] = 0;
}

static void add_range(struct boot_info *info, uint64_t base, uint64_t size, uint32_t type)
{
	if (info->range_count < FIRMWARE_RANGES)
		info->ranges[info->range_count++] = (struct firmware_range){base, size, type};
}

static void set_package(struct boot_info *info, uint64_t base, uint64_t size)
{
	if (info->package_size != 0 || size == 0 || !boot_physical(base, size))
		return;
	info->package_base = base;
	info->package_size = size;
}

static bool read_pvh(struct boot_info *info, uint64_t address)
{
	const struct hvm_start_info *start = boot_physical(address, sizeof(*start));
	const struct hvm_module *module;
	const struct hvm_memory *memory;

	if (!start || start->magic != BOOT_PVH || start->version < 1)
		return false;
	info->protocol = "PVH";
	memory = boot_physical(start->memory_map, (uint64_t)start->memory_map_entries * sizeof(*memory));
	for (uint32_t i = 0; memory && i < start->memory_map_entries && i < FIRMWARE_RANGES; i++)
		add_range(info, memory[i].address, memory[i].size, memory[i].type);
	copy_command_line(boot_physical(start->command_line, sizeof(arch_command_line)),
			  sizeof(arch_command_line));
	module = boot_physical(start->modules, sizeof(*module));
	if (module && start->module_count > 0)
		set_package(info, module->address, module->size);
	info->rsdp = boot_physical(start->rsdp, 36);
	info->rsdp_size = 36;
	return true;
}

static void read_multiboot_memory(struct boot_info *info, const struct multiboot_tag *tag)
{
	const uint32_t *head = (const uint32_t *)(tag + 1);
	uint32_t entry_size, room;

	if (tag->size < 16)
		return;
	entry_size = head[0];
	if (entry_size < 24 || entry_size % 8)
		return;
	room = tag->size - 16;
	for (const char *at = (const char *)tag + 16; room >= entry_size;
	     at += entry_size, room -= entry_size) {
		const struct hvm_memory *entry = (const void *)at; /* the same layout */

		add_range(info, entry->address, entry->size, entry->type);
	}
}

static void read_multiboot_tag(struct boot_info *info, const struct multiboot_tag *tag)
{
	const uint32_t *words = (const uint32_t *)(tag + 1);
	uint32_t room = tag->size - (uint32_t)sizeof(*tag);

	switch (tag->type) {
	case MULTIBOOT_COMMAND_LINE:
		copy_command_line((const char *)words, room);
		break;
	case MULTIBOOT_MODULE:
		if (room >= 8 && words[1] > words[0])
			set_package(info, words[0], words[1] - words[0]);
		break;
	case MULTIBOOT_MEMORY:
		read_multiboot_memory(info, tag);
		break;
	case MULTIBOOT_ACPI_OLD:
		if (room >= 20 && !info->rsdp) {
			info->rsdp = words;
			info->rsdp_size = 20;
		}
		break;
	case MULTIBOOT_ACPI_NEW:
		if (room >= 36) {
			info->rsdp = words;
			info->rsdp_size = 36;
		}
		break;
	default:
		break;
	}
}

static bool read_multiboot(struct boot_info *info, uint64_t address)
{
	const uint32_t *head = boot_physical(address, 8);
	uint32_t total, at = 8;

	if (!head || address % 8)
		return false;
	total = head[0];
	if (total > MULTIBOOT_INFO_MAX || !boot_physical(address, total))
		return false;
	info->protocol = "multiboot2";
	while (at + sizeof(struct multiboot_tag) <= total) {
		const struct multiboot_tag *tag = (const void *)((const char *)head + at);

		if (tag->size < sizeof(*tag) || tag->size > total - at || tag->type == MULTIBOOT_END)
			break;
		read_multiboot_tag(info, tag);
		at += (uint32_t)align_up(tag->size, 8);
	}
	return true;
}

bool bootinfo_read(struct boot_info *info, uint64_t address, uint32_t magic)
{
	switch (magic) {
	case BOOT_PVH:
		return read_pvh(info, address);
	case BOOT_MULTIBOOT2:
		return read_multiboot(info, address);
	default:
		return false;
	}
}
