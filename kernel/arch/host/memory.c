// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Simulated physical memory, and the way back to the state at program start.
 *
 * The build puts the variables of the portable kernel rooms into the sections kernel_data and kernel_bss
 * (archimpl/sections.h), so that one process can boot the kernel thousands of times: each boot puts them back to what
 * they were. Memory is given back to the host and reads as zero again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <arch/memory.h>

#include "host.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

#define ARENA_RESERVED (4ull << 30)
#define DEFAULT_MEMORY (64ull << 20)

uint8_t *host_arena;
uint64_t host_arena_size;

struct arch_memory_range arch_memory_map[ARCH_MEMORY_RANGES];
unsigned arch_memory_map_len;
paddr_t arch_package_base;
uint64_t arch_package_size;
char arch_command_line[256];

extern uint8_t start_data[] __asm__("__start_kernel_data") __attribute__((weak));
extern uint8_t stop_data[] __asm__("__stop_kernel_data") __attribute__((weak));
extern uint8_t start_bss[] __asm__("__start_kernel_bss") __attribute__((weak));
extern uint8_t stop_bss[] __asm__("__stop_kernel_bss") __attribute__((weak));

/* Byte by byte past AddressSanitizer: there are red zones between the variables. */
static void copy_raw(void *to, const void *from, size_t len)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
}

static void clear_raw(void *to, size_t len)
{
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(len) : "a"(0) : "memory");
}

static void variables_reset(void)
{
	static uint8_t *saved;
	size_t data_len = (size_t)((uintptr_t)stop_data - (uintptr_t)start_data);

	if (!saved) {
		saved = malloc(data_len + 1);
		if (!saved)
			abort();
		copy_raw(saved, start_data, data_len);
		return;
	}
	copy_raw(start_data, saved, data_len);
	clear_raw(start_bss, (size_t)((uintptr_t)stop_bss - (uintptr_t)start_bss));
}

static void arena_reset(uint64_t bytes)
{
	if (!host_arena) {
		host_arena = mmap(NULL, ARENA_RESERVED, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (host_arena == MAP_FAILED)
			abort();
	} else {
#if __has_feature(address_sanitizer)
		__asan_unpoison_memory_region(host_arena, host_arena_size);
#endif
		if (madvise(host_arena, host_arena_size, MADV_DONTNEED))
			abort();
	}
	host_arena_size = bytes;
}

void host_memory_reset(uint64_t bytes)
{
	if (!bytes)
		bytes = DEFAULT_MEMORY;
	if (bytes > ARENA_RESERVED || bytes & PAGE_MASK)
		host_die("a machine of %llu bytes", (unsigned long long)bytes);
	variables_reset();
	arena_reset(bytes);
	arch_memory_map[0] = (struct arch_memory_range){PADDR(HOST_MEMORY_BASE), bytes, ARCH_MEMORY_USABLE};
	arch_memory_map_len = 1;
	arch_package_base = PADDR(0);
	arch_package_size = 0;
	arch_command_line[0] = 0;
}

[[noreturn]] void host_bad_physical(uint64_t raw)
{
	host_die("physical address or offset %#llx is not memory", (unsigned long long)raw);
}

#pragma clang attribute pop
