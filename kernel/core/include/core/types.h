// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Kinds of addresses, so that mixing them up does not compile.
 *
 * A paddr_t names a byte of physical memory, a vaddr_t a byte of some process's address space. Neither is a
 * pointer: the kernel reaches physical memory through phys_to_virt (arch/memory.h) and user memory not at all.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct paddr {
	uint64_t raw;
} paddr_t;

typedef struct vaddr {
	uint64_t raw;
} vaddr_t;

#define PADDR(x) ((paddr_t){(uint64_t)(x)})
#define VADDR(x) ((vaddr_t){(uint64_t)(x)})
#define PADDR_NONE PADDR(~0ull) /* no frame */

#define PAGE_SHIFT 12u
#define PAGE_SIZE 4096ull
#define PAGE_MASK (PAGE_SIZE - 1)

#define CACHE_LINE 64u
#define MAX_CPUS 64u

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define array_size(a) (sizeof(a) / sizeof((a)[0]))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static inline uint64_t align_up(uint64_t x, uint64_t a)
{
	return (x + a - 1) & ~(a - 1);
}

static inline uint64_t align_down(uint64_t x, uint64_t a)
{
	return x & ~(a - 1);
}
