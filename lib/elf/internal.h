// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Constants of the format and loads from unaligned bytes, for the files of this library.
 */
#pragma once

#include <stdint.h>

#define ELF_HEADER_SIZE 64u
#define ELF_SEGMENT_SIZE 56u
#define ELF_SECTION_SIZE 64u
#define ELF_SYMBOL_SIZE 24u
#define ELF_CLASS_64 2
#define ELF_LITTLE_ENDIAN 1
#define ELF_TYPE_DYN 3u
#define ELF_MACHINE_X86_64 62u
#define ELF_SEGMENT_LOAD 1u
#define ELF_SEGMENT_INTERP 3u
#define ELF_FLAG_EXECUTE 1u
#define ELF_FLAG_WRITE 2u
#define ELF_FLAG_READ 4u
#define ELF_SECTION_NOBITS 8u
#define ELF_SECTION_SYMTAB 2u
#define ELF_SYMBOL_OBJECT 1u
#define ELF_SYMBOL_FUNC 2u

static inline uint16_t elf_u16(const uint8_t *p)
{
	uint16_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t elf_u32(const uint8_t *p)
{
	uint32_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t elf_u64(const uint8_t *p)
{
	uint64_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}
