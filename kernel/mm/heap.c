// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arrays of any size: size classes over slab caches up to half a page, blocks of frames above. The caller remembers the
 * size, so a block carries no header.
 */
#include <arch/memory.h>
#include <core/atomic.h>
#include <core/cpu.h>
#include <core/log.h>
#include <mm/frame.h>
#include <mm/slab.h>

#include "heap.h"
#include "poison.h"

#define HEAP_SMALL_MAX (PAGE_SIZE / 2)

/* Powers of two, and half as much again, except 96: from 64 bytes on, blocks are aligned to cache lines. */
static struct slab_cache classes[] = {
	SLAB_CACHE_OF("heap-16", 16, 16),     SLAB_CACHE_OF("heap-32", 32, 16),
	SLAB_CACHE_OF("heap-48", 48, 16),     SLAB_CACHE_OF("heap-64", 64, 64),
	SLAB_CACHE_OF("heap-128", 128, 64),   SLAB_CACHE_OF("heap-192", 192, 64),
	SLAB_CACHE_OF("heap-256", 256, 64),   SLAB_CACHE_OF("heap-384", 384, 64),
	SLAB_CACHE_OF("heap-512", 512, 64),   SLAB_CACHE_OF("heap-768", 768, 64),
	SLAB_CACHE_OF("heap-1024", 1024, 64), SLAB_CACHE_OF("heap-1536", 1536, 64),
	SLAB_CACHE_OF("heap-2048", 2048, 64),
};

static uint64_t large_in_use;

static struct slab_cache *class_of(size_t size)
{
	unsigned log, i;

	if (size <= 32)
		return &classes[size > 16];
	if (size <= 128)
		return &classes[2 + (size > 48) + (size > 64)];
	log = 63 - (unsigned)__builtin_clzll(size - 1); /* 2^log < size <= 2^(log+1) */
	i = 2 * (log - 7) + 5;
	return &classes[size > (3ull << (log - 1)) ? i + 1 : i];
}

static unsigned order_of(size_t size)
{
	return size <= PAGE_SIZE ? 0 : 64 - (unsigned)__builtin_clzll((size - 1) >> PAGE_SHIFT);
}

static void *alloc(size_t size, bool pause)
{
	paddr_t block;

	if (likely(size <= HEAP_SMALL_MAX))
		return slab_alloc(class_of(size));
	if (size > PAGE_SIZE << FRAME_MAX_ORDER)
		return NULL;
	block = pause ? frame_alloc_paused(order_of(size)) : frame_alloc(order_of(size));
	if (block.raw == PADDR_NONE.raw)
		return NULL;
	(void)atomic_add(&large_in_use, 1u);
	return phys_to_virt(block);
}

void *heap_alloc(size_t size)
{
	return alloc(size, false);
}

void *heap_alloc_paused(size_t size)
{
	return alloc(size, true);
}

static void free_block(void *block, size_t size, bool pause)
{
	if (!block)
		return;
	if (likely(size <= HEAP_SMALL_MAX)) {
		slab_free(class_of(size), block);
		return;
	}
	(void)atomic_sub(&large_in_use, 1u);
	if (pause)
		frame_free_paused(virt_to_phys(block), order_of(size));
	else
		frame_free(virt_to_phys(block), order_of(size));
}

void heap_free(void *block, size_t size)
{
	free_block(block, size, false);
}

void heap_free_paused(void *block, size_t size)
{
	free_block(block, size, true);
}

/* ---- Kept blocks: a chain for each CPU, which heap_trim takes as a whole from any CPU ---- */

#define MAX_KEPT 16u /* what a collection frees, and then some are made */

struct kept {
	struct kept *next;
};

/* What is to fail does. */
static inline bool may_use_kept(void)
{
#ifdef CAPOS_DEBUG
	return !slab_is_failing();
#else
	return true;
#endif
}

void *heap_alloc_kept(void)
{
	struct cpu *cpu = this_cpu();
	struct kept *block = NULL;

	if (may_use_kept())
		block = atomic_swap(&cpu->kept_blocks, (struct kept *)NULL);
	if (unlikely(block == NULL))
		return heap_alloc(HEAP_KEPT);
	store_release(&cpu->kept_blocks, block->next);
	(void)atomic_sub(&cpu->kept_count, 1u);
	unpoison_memory(block, HEAP_KEPT);
	return block;
}

void heap_free_kept(void *freed)
{
	struct cpu *cpu = this_cpu();
	struct kept *block = freed;

	if (unlikely(load_relaxed(&cpu->kept_count) == MAX_KEPT)) {
		heap_free(block, HEAP_KEPT);
		return;
	}
	block->next = atomic_swap(&cpu->kept_blocks, (struct kept *)NULL);
	poison_memory(block + 1, HEAP_KEPT - sizeof(*block));
	(void)atomic_add(&cpu->kept_count, 1u);
	store_release(&cpu->kept_blocks, block);
}

void heap_trim(void)
{
	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++) {
		struct kept *block = atomic_swap(&cpus[i].kept_blocks, (struct kept *)NULL);

		while (block != NULL) {
			struct kept *next = block->next;

			(void)atomic_sub(&cpus[i].kept_count, 1u);
			unpoison_memory(block, HEAP_KEPT);
			heap_free(block, HEAP_KEPT);
			block = next;
		}
	}
}

static void add_in_use(const struct slab_cache *cache, void *sum)
{
	*(uint64_t *)sum += load_relaxed(&cache->in_use);
}

uint64_t slab_objects_in_use(void)
{
	uint64_t sum = load_relaxed(&large_in_use);

	slab_for_each(add_in_use, &sum);
	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++)
		sum -= load_relaxed(&cpus[i].kept_count);
	return sum;
}
