/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ELF reader's segments: what check_segment accepts lies in the file and in the address space, behind everything before it, and is
 * not writable and executable; for all 64-bit fields, sums included.
 *
 * shipped: lib/elf/include/elf/elf.h ELF_MAX_SEGMENTS ELF_MAX_ADDRESS ELF_PAGE elf_segment elf
 * shipped: lib/elf/internal.h ELF_FLAG_READ
 * shipped: lib/elf/elf.c check_segment
 *
 * mutant: check_segment s/ckd_add\(&end, s->offset, s->file_size\) \|\| end/s->offset + s->file_size/
 * mutant: check_segment s/ckd_add\(&end, s->address, s->memory_size\) \|\| end/s->address + s->memory_size/
 * mutant: check_segment s/ > elf->size/ > elf->size + 1/
 * mutant: check_segment s/s->writable && s->executable/s->writable && !s->executable/
 */
#include "shim.h"

/* As the C standard has it (7.20), for 64 bits. */
/*@ requires \valid(r);
  @ assigns *r;
  @ ensures \result <==> a + b > 0xffffffffffffffff;
  @ ensures !\result ==> *r == a + b;
  @*/
bool ckd_add(uint64_t *r, uint64_t a, uint64_t b);

#include "ELF_MAX_SEGMENTS.h"
#include "ELF_MAX_ADDRESS.h"
#include "ELF_PAGE.h"
#include "ELF_FLAG_READ.h"
#include "elf_segment.h"
#include "elf.h"

/*@ requires \valid_read(elf) && \valid_read(s);
  @ assigns \nothing;
  @ ensures file: \result == \null ==> s->offset + s->file_size <= elf->size && s->file_size <= s->memory_size;
  @ ensures memory: \result == \null ==> s->address + s->memory_size <= ELF_MAX_ADDRESS;
  @ ensures order: \result == \null ==> s->address >= elf->end;
  @ ensures rights: \result == \null ==> !(s->writable && s->executable);
  @*/
static const char *check_segment(const struct elf *elf, const struct elf_segment *s, uint64_t flags);
#include "check_segment.h"
