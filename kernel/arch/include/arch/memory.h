// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Physical memory as the kernel sees it: all of it, through one linear mapping (the direct map).
 *
 * <archimpl/memory.h> defines, inline:
 *   void *phys_to_virt(paddr_t);      valid for RAM that arch_memory_map names
 *   paddr_t virt_to_phys(const void *);  for pointers into the direct map only
 *   void arch_copy_words(void *to, const void *from, size_t words);  long runs of 8-byte words; no overlap
 * and, for use inside a system call only, with what the thread that made it wrote itself (it may find that in its vector registers
 * afterwards):
 *   void arch_copy_first_64(void *to, const void *from);
 *   void arch_copy_last_64(void *to, const void *from, size_t bytes), arch_copy_last_16    of so many bytes in all
 *   bool arch_is_same_48(const volatile void *shared, const void *own)
 *                                     `shared` is 16-byte aligned; each byte of it is read once
 */
#pragma once

#include <core/types.h>

#include <archimpl/memory.h>

enum arch_memory_kind {
	ARCH_MEMORY_USABLE,
	ARCH_MEMORY_RESERVED,
	ARCH_MEMORY_ACPI,
	ARCH_MEMORY_KERNEL,  /* the kernel image, boot page tables */
	ARCH_MEMORY_PACKAGE, /* the boot package */
};

struct arch_memory_range {
	paddr_t base; /* page-aligned */
	uint64_t size;
	enum arch_memory_kind kind;
};

/* Sorted, not overlapping; at most ARCH_MEMORY_RANGES. Valid from kernel_main on. */
#define ARCH_MEMORY_RANGES 64u
extern struct arch_memory_range arch_memory_map[ARCH_MEMORY_RANGES];
extern unsigned arch_memory_map_len;

/* The boot package, {0, 0} if the loader gave none. */
extern paddr_t arch_package_base;
extern uint64_t arch_package_size;

/* The boot command line; NUL-terminated, cut at 255 bytes. */
extern char arch_command_line[256];
