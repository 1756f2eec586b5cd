// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From the first instruction to main: relocate, set up the first thread's block (on its stack) and ring, read the
 * start message.
 *
 * Until relocate() has run, nothing here may use a relocated word (a pointer in static data).
 */
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/start.h>

#include "thread_block.h"

/* From user.ld. Hidden: reached relative to the instruction, not through a relocated word. */
#define HIDDEN [[gnu::visibility("hidden")]]
HIDDEN extern uint8_t image_start[], rela_start[], rela_end[];
HIDDEN extern const uint8_t tls_start[], tls_data_end[], tls_end[];

struct rela {
	uint64_t offset, info;
	int64_t addend;
};

#define R_X86_64_RELATIVE 8u

[[noreturn]] void runtime_start(struct cap_region *region);

/* The linker was told -z text and made a file without symbols to resolve, so there is one kind of relocation. */
static void relocate(void)
{
	uint64_t base = (uint64_t)(uintptr_t)image_start;

	for (const struct rela *r = (const void *)rela_start; r < (const struct rela *)(const void *)rela_end;
	     r++) {
		if ((uint32_t)r->info != R_X86_64_RELATIVE)
			__builtin_trap();
		*(uint64_t *)(uintptr_t)(base + r->offset) = base + (uint64_t)r->addend;
	}
}

static size_t tls_size(void)
{
	return ((uintptr_t)tls_end - (uintptr_t)tls_start + THREAD_BLOCK_ALIGN - 1) &
	       ~(size_t)(THREAD_BLOCK_ALIGN - 1);
}

size_t thread_block_size(void)
{
	return tls_size() + sizeof(struct thread_block);
}

struct thread_block *thread_block_init(void *memory, uint64_t canary)
{
	struct thread_block *block = (struct thread_block *)(void *)((uint8_t *)memory + tls_size());

	__builtin_memset(memory, 0, tls_size());
	__builtin_memcpy(memory, tls_start, (uintptr_t)tls_data_end - (uintptr_t)tls_start);
	/* The ring: ring_client_init. */
	*block = (struct thread_block){.self = block, .block = block, .canary = canary};
	return block;
}

/* The creator's seed, mixed with what differs between runs anyway. A NUL first stops strings. */
static uint64_t make_canary(const struct cap_region *region)
{
	uint64_t seed = runtime_start_seed() ^ __builtin_readcyclecounter() ^ (uint64_t)(uintptr_t)region ^
			((uint64_t)(uintptr_t)image_start << 17);

	seed = (seed ^ seed >> 31) * 0x7fb5d329728ea185ull;
	return (seed ^ seed >> 27) & ~0xffull;
}

[[noreturn, gnu::no_stack_protector]] void runtime_start(struct cap_region *region)
{
	relocate();
	runtime_start_message((const void *)(uintptr_t)region->start_message, region->start_message_len);

	void *memory = __builtin_alloca_with_align(thread_block_size(), THREAD_BLOCK_ALIGN * 8);

	struct thread_block *block = thread_block_init(memory, make_canary(region));

	__asm__ volatile("wrfsbase %0" : : "r"(block) : "memory");
	ring_client_init(&block->ring, region);
	runtime_exit(runtime_main());
}
