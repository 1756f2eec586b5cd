// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ELF64 headers and segments (System V ABI, chapters 4 and 5; x86-64 supplement).
 */
#include <elf/elf.h>
#include <stdckdint.h>

#include "internal.h"

static enum status refuse(const char **why, const char *text)
{
	if (why)
		*why = text;
	return STATUS_BAD_MESSAGE;
}

static bool is_loadable_file(const struct elf *elf)
{
	const uint8_t *b = elf->bytes;
	static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', ELF_CLASS_64, ELF_LITTLE_ENDIAN, 1};

	if (elf->size < ELF_HEADER_SIZE)
		return false;
	for (size_t i = 0; i < sizeof(ident); i++)
		if (b[i] != ident[i])
			return false;
	return elf_u16(b + 16) == ELF_TYPE_DYN && elf_u16(b + 18) == ELF_MACHINE_X86_64 &&
	       elf_u32(b + 20) == 1;
}

/* Null, or what is wrong with it. */
static const char *check_segment(const struct elf *elf, const struct elf_segment *s, uint64_t flags)
{
	uint64_t end;

	if (ckd_add(&end, s->offset, s->file_size) || end > elf->size)
		return "a segment reaches past the end of the file";
	if (s->file_size > s->memory_size)
		return "a segment is larger in the file than in memory";
	if (ckd_add(&end, s->address, s->memory_size) || end > ELF_MAX_ADDRESS)
		return "a segment's address is out of range";
	if (s->address % ELF_PAGE != s->offset % ELF_PAGE)
		return "a segment's address and offset differ modulo the page";
	if (s->address / ELF_PAGE * ELF_PAGE < elf->end)
		return "segments overlap or are out of order";
	if (!(flags & ELF_FLAG_READ))
		return "a segment cannot be read";
	if (s->writable && s->executable)
		return "a segment is writable and executable";
	return nullptr;
}

static const char *add_segment(struct elf *elf, const uint8_t *header)
{
	uint32_t flags = elf_u32(header + 4);
	struct elf_segment s = {
		.offset = elf_u64(header + 8),
		.address = elf_u64(header + 16),
		.file_size = elf_u64(header + 32),
		.memory_size = elf_u64(header + 40),
		.writable = (flags & ELF_FLAG_WRITE) != 0,
		.executable = (flags & ELF_FLAG_EXECUTE) != 0,
	};

	if (s.memory_size == 0 && s.file_size == 0)
		return nullptr;

	const char *wrong = check_segment(elf, &s, flags);

	if (wrong)
		return wrong;
	if (elf->segment_count == ELF_MAX_SEGMENTS)
		return "more loadable segments than expected";
	elf->segments[elf->segment_count++] = s;
	elf->end = (s.address + s.memory_size + ELF_PAGE - 1) / ELF_PAGE * ELF_PAGE;
	return nullptr;
}

static bool entry_is_executable(const struct elf *elf)
{
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->executable && elf->entry >= s->address && elf->entry - s->address < s->file_size)
			return true;
	}
	return false;
}

/* Sections are a convenience: a table that is not all there counts as none. */
static void find_sections(struct elf *elf)
{
	const uint8_t *b = elf->bytes;
	uint64_t offset = elf_u64(b + 40), end;
	uint32_t entry_size = elf_u16(b + 58), count = elf_u16(b + 60), names = elf_u16(b + 62);

	if (offset == 0 || entry_size != ELF_SECTION_SIZE || names >= count)
		return;
	if (ckd_add(&end, offset, (uint64_t)count * ELF_SECTION_SIZE) || end > elf->size)
		return;
	elf->section_table = offset;
	elf->section_count = count;
	elf->section_names = names;
}

enum status elf_open(struct elf *elf, const void *bytes, size_t size, const char **why)
{
	*elf = (struct elf){.bytes = bytes, .size = size};
	if (!is_loadable_file(elf))
		return refuse(why, "not a position-independent ELF64 file for x86-64");

	uint64_t offset = elf_u64(elf->bytes + 32), end;
	uint32_t entry_size = elf_u16(elf->bytes + 54), count = elf_u16(elf->bytes + 56);

	if (entry_size != ELF_SEGMENT_SIZE || ckd_add(&end, offset, (uint64_t)count * ELF_SEGMENT_SIZE) ||
	    end > size)
		return refuse(why, "the program headers are not in the file");
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *header = elf->bytes + offset + (size_t)i * ELF_SEGMENT_SIZE;
		const char *wrong = nullptr;

		if (elf_u32(header) == ELF_SEGMENT_INTERP)
			wrong = "it wants an interpreter";
		else if (elf_u32(header) == ELF_SEGMENT_LOAD)
			wrong = add_segment(elf, header);
		if (wrong)
			return refuse(why, wrong);
	}
	elf->entry = elf_u64(elf->bytes + 24);
	if (!entry_is_executable(elf))
		return refuse(why, "the entry is not in an executable segment");
	find_sections(elf);
	return STATUS_OK;
}
