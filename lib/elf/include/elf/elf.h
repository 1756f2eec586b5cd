// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Reading ELF64 files, hostile ones included: x86-64 programs as capOS links them (static, position-independent).
 *
 * - The file is bytes in memory that do not change meanwhile; they need no alignment. Nothing is allocated, and no
 *   read leaves [bytes, bytes + size).
 * - elf_open checks the header and every loadable segment once; what it accepts can be mapped without further checks:
 *   segments are in ascending order, overlap nowhere (not even in a page), lie inside the file and inside
 *   ELF_MAX_ADDRESS, agree with their file offset modulo the page, and none is writable and executable.
 */
#pragma once

#include <abi/status.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_MAX_SEGMENTS 8u
#define ELF_MAX_ADDRESS (1ull << 32)
#define ELF_PAGE 4096u

struct elf_segment {
	uint64_t address; /* where it is loaded, relative to the load address */
	uint64_t memory_size;
	uint64_t offset; /* in the file */
	uint64_t file_size;
	bool writable, executable;
};

struct elf {
	const uint8_t *bytes;
	size_t size;
	uint64_t entry; /* lies in an executable segment */
	uint64_t end;   /* first page-aligned address behind all segments */
	uint32_t segment_count;
	struct elf_segment segments[ELF_MAX_SEGMENTS];
	/* Section headers, if the file has them (checked to lie inside the file): for sections and symbols. */
	uint64_t section_table;
	uint32_t section_count, section_names;
};

/* Errors: BAD_MESSAGE (not an ELF64 file that could be loaded). *why, if not null, then says in what respect. */
enum status elf_open(struct elf *elf, const void *bytes, size_t size, const char **why);

/* A section's bytes by name. False: there is none, or it does not lie in the file. */
bool elf_section(const struct elf *elf, const char *name, const uint8_t **bytes, size_t *size);

/*
 * The function or object that contains `address` (relative to the load address), or the nearest one below it. The
 * name is NUL-terminated inside the file. False: no symbols, or none below.
 */
bool elf_symbol(const struct elf *elf, uint64_t address, const char **name, uint64_t *offset);
