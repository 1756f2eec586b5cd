// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arbitrary bytes as an ELF file: what elf_open accepts must lie inside the file and keep its promises, and sections
 * and symbols must be found without a read beyond the end.
 *
 * A file of a loader's kind is not guessed: an input of odd length is what differs from a small program (exclusive or), one of even
 * length is the file itself.
 */
#include <elf/elf.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void check_segments(const struct elf *elf)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->address / ELF_PAGE * ELF_PAGE < end || s->file_size > s->memory_size ||
		    s->offset > elf->size || s->file_size > elf->size - s->offset ||
		    (s->writable && s->executable))
			abort();
		end = (s->address + s->memory_size + ELF_PAGE - 1) / ELF_PAGE * ELF_PAGE;
		for (uint64_t k = 0; k < s->file_size; k += 64)
			sink += elf->bytes[s->offset + k];
	}
	if (end != elf->end || end > ELF_MAX_ADDRESS + ELF_PAGE)
		abort();
}

/* ---- A small program: two segments, symbols, needs ---- */

/* As the System V ABI has them; written down apart from the reader's own. */
enum {
	ELF_HEADER_SIZE = 64,
	ELF_SEGMENT_SIZE = 56,
	ELF_SECTION_SIZE = 64,
	ELF_SYMBOL_SIZE = 24,
	ELF_CLASS_64 = 2,
	ELF_LITTLE_ENDIAN = 1,
	ELF_TYPE_DYN = 3,
	ELF_MACHINE_X86_64 = 62,
	ELF_SEGMENT_LOAD = 1,
	ELF_FLAG_EXECUTE = 1,
	ELF_FLAG_WRITE = 2,
	ELF_FLAG_READ = 4,
	ELF_SECTION_SYMTAB = 2,
	ELF_SYMBOL_FUNC = 2,
};

enum {
	SECTIONS_AT = 0x280,
	NAMES_AT = 0x240,
	SYMBOLS_AT = 0x200,
	PROGRAM_SIZE = SECTIONS_AT + 5 * ELF_SECTION_SIZE
};
static const char names[] = "\0.symtab\0.strtab\0.capos.needs\0main";

static void put(uint8_t *at, unsigned bytes, uint64_t value)
{
	memcpy(at, &value, bytes);
}

static void put_segment(uint8_t *at, uint32_t flags, uint64_t offset, uint64_t address, uint64_t size)
{
	put(at, 4, ELF_SEGMENT_LOAD);
	put(at + 4, 4, flags);
	put(at + 8, 8, offset);
	put(at + 16, 8, address);
	put(at + 32, 8, size);
	put(at + 40, 8, size + 16);
}

static void put_section(uint8_t *at, uint32_t name, uint32_t type, uint64_t offset, uint64_t size,
			uint32_t link)
{
	put(at, 4, name);
	put(at + 4, 4, type);
	put(at + 24, 8, offset);
	put(at + 32, 8, size);
	put(at + 40, 4, link);
	put(at + 56, 8, ELF_SYMBOL_SIZE);
}

static void make_program(uint8_t program[PROGRAM_SIZE])
{
	static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', ELF_CLASS_64, ELF_LITTLE_ENDIAN, 1};

	memset(program, 0, PROGRAM_SIZE);
	memcpy(program, ident, sizeof(ident));
	put(program + 16, 2, ELF_TYPE_DYN);
	put(program + 18, 2, ELF_MACHINE_X86_64);
	put(program + 20, 4, 1);
	put(program + 24, 8, 0x100); /* entry */
	put(program + 32, 8, ELF_HEADER_SIZE);
	put(program + 40, 8, SECTIONS_AT);
	put(program + 54, 2, ELF_SEGMENT_SIZE);
	put(program + 56, 2, 2);
	put(program + 58, 2, ELF_SECTION_SIZE);
	put(program + 60, 2, 5);
	put(program + 62, 2, 2);
	put_segment(program + ELF_HEADER_SIZE, ELF_FLAG_READ | ELF_FLAG_EXECUTE, 0, 0, 0x200);
	put_segment(program + ELF_HEADER_SIZE + ELF_SEGMENT_SIZE, ELF_FLAG_READ | ELF_FLAG_WRITE, 0x200,
		    0x1200, 0x40);
	put(program + SYMBOLS_AT + ELF_SYMBOL_SIZE, 4, 31); /* "main" */
	program[SYMBOLS_AT + ELF_SYMBOL_SIZE + 4] = ELF_SYMBOL_FUNC;
	put(program + SYMBOLS_AT + ELF_SYMBOL_SIZE + 6, 2, 1);
	put(program + SYMBOLS_AT + ELF_SYMBOL_SIZE + 8, 8, 0x1200);
	put(program + SYMBOLS_AT + ELF_SYMBOL_SIZE + 16, 8, 0x80);
	memcpy(program + NAMES_AT, names, sizeof(names));
	uint8_t *section = program + SECTIONS_AT + ELF_SECTION_SIZE;
	put_section(section, 1, ELF_SECTION_SYMTAB, SYMBOLS_AT, 2 * ELF_SYMBOL_SIZE, 2);
	put_section(section + ELF_SECTION_SIZE, 9, 3, NAMES_AT, sizeof(names), 0);
	put_section(section + 2 * ELF_SECTION_SIZE, 17, 1, 0x180, 0x40, 0);
}

static void look_at(const uint8_t *data, size_t size)
{
	static const uint64_t addresses[] = {0, 0x1234, 0x1240, UINT32_MAX, UINT64_MAX};
	const uint8_t *bytes;
	const char *name;
	size_t length;
	uint64_t offset;
	struct elf elf;

	if (elf_open(&elf, data, size, nullptr) != STATUS_OK)
		return;
	check_segments(&elf);
	if (elf_section(&elf, ".capos.needs", &bytes, &length))
		for (size_t k = 0; k < length; k++)
			sink += bytes[k];
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		if (elf_symbol(&elf, addresses[i], &name, &offset))
			sink += strlen(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t longer = size > PROGRAM_SIZE ? size : PROGRAM_SIZE;
	uint8_t *file;

	if (size % 2 == 0) {
		look_at(data, size);
		return 0;
	}
	file = calloc(1, longer); /* of its own size, for AddressSanitizer to see its end */
	if (!file)
		abort();
	make_program(file);
	for (size_t i = 0; i < size; i++)
		file[i] ^= data[i];
	look_at(file, longer);
	free(file);
	return 0;
}
