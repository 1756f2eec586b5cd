// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Sections by name, and symbols by address (System V ABI, "Sections" and "Symbol Table"). elf_open has checked that
 * the table of section headers lies in the file; everything that a header says is checked here.
 */
#include <elf/elf.h>
#include <stdckdint.h>

#include "internal.h"

struct range {
	const uint8_t *bytes;
	uint64_t size;
};

static const uint8_t *header_at(const struct elf *elf, uint32_t index)
{
	return elf->bytes + elf->section_table + (uint64_t)index * ELF_SECTION_SIZE;
}

/* A section's bytes; empty if they are not in the file. */
static struct range contents(const struct elf *elf, uint32_t index)
{
	const uint8_t *header = header_at(elf, index);
	uint64_t offset = elf_u64(header + 24), size = elf_u64(header + 32), end;

	if (elf_u32(header + 4) == ELF_SECTION_NOBITS || ckd_add(&end, offset, size) || end > elf->size)
		return (struct range){};
	return (struct range){elf->bytes + offset, size};
}

/* A NUL-terminated string inside a string table, or null. */
static const char *string_at(struct range table, uint64_t offset)
{
	for (uint64_t i = offset; i < table.size; i++)
		if (table.bytes[i] == 0)
			return (const char *)table.bytes + offset;
	return nullptr;
}

static bool same(const char *a, const char *b)
{
	for (; *a == *b; a++, b++)
		if (!*a)
			return true;
	return false;
}

bool elf_section(const struct elf *elf, const char *name, const uint8_t **bytes, size_t *size)
{
	if (elf->section_count == 0)
		return false;

	struct range names = contents(elf, elf->section_names);

	for (uint32_t i = 0; i < elf->section_count; i++) {
		const char *found = string_at(names, elf_u32(header_at(elf, i)));

		if (!found || !same(found, name))
			continue;

		struct range r = contents(elf, i);

		*bytes = r.bytes;
		*size = (size_t)r.size;
		return r.bytes != nullptr;
	}
	return false;
}

struct nearest {
	uint64_t value;
	uint32_t name;
	bool found;
};

static void consider(struct nearest *best, const uint8_t *symbol, uint64_t address)
{
	unsigned type = symbol[4] & 0xf;
	uint64_t value = elf_u64(symbol + 8);

	if ((type != ELF_SYMBOL_FUNC && type != ELF_SYMBOL_OBJECT) || elf_u16(symbol + 6) == 0 ||
	    value > address)
		return;
	if (best->found && value < best->value)
		return;
	*best = (struct nearest){value, elf_u32(symbol), true};
}

bool elf_symbol(const struct elf *elf, uint64_t address, const char **name, uint64_t *offset)
{
	for (uint32_t i = 0; i < elf->section_count; i++) {
		const uint8_t *header = header_at(elf, i);
		uint32_t strings = elf_u32(header + 40);
		struct nearest best = {};

		if (elf_u32(header + 4) != ELF_SECTION_SYMTAB || strings >= elf->section_count)
			continue;

		struct range symbols = contents(elf, i);

		for (uint64_t at = 0; symbols.size - at >= ELF_SYMBOL_SIZE; at += ELF_SYMBOL_SIZE)
			consider(&best, symbols.bytes + at, address);
		*name = best.found ? string_at(contents(elf, strings), best.name) : nullptr;
		*offset = address - best.value;
		return *name != nullptr;
	}
	return false;
}
