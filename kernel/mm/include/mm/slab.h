// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Slab caches: fixed-size kernel objects, one cache per type, and size classes for arrays.
 *
 * - Objects come zeroed. A cache grows by frames and gives whole empty slabs back, but for one that it keeps.
 * - Under AddressSanitizer (host) free objects are poisoned.
 */
#pragma once

#include <core/list.h>
#include <core/lock.h>
#include <core/types.h>

struct slab_cache {
	struct spinlock lock; /* rank SLAB */
	const char *name;
	uint32_t object_size, align;
	struct list partial;   /* l: lock: slabs with room; those with objects in use first */
	struct list full;      /* l */
	uint64_t in_use;       /* l */
	uint32_t order;        /* of a slab's block */
	uint32_t first, limit; /* offset of the first object; objects in a slab */
	unsigned empty;        /* l: empty slabs, at the end of partial; 0 or 1 */
	struct list all;       /* every cache, for reports */
	bool ready;            /* initialised, at the first allocation */
};

#define SLAB_CACHE(type_name) SLAB_CACHE_OF(#type_name, sizeof(struct type_name), alignof(struct type_name))
#define SLAB_CACHE_OF(text, size, alignment) {.name = (text), .object_size = (size), .align = (alignment)}

/* NULL: no memory. */
void *slab_alloc(struct slab_cache *cache);
void slab_free(struct slab_cache *cache, void *object);

/* For arrays: 1 byte to 4 MiB; from FRAME orders above half a page. Zeroed; aligned to 16
 * bytes, from 64 bytes on to 64. */
void *heap_alloc(size_t size);
/* `size` as it was asked for. NULL: nothing. */
void heap_free(void *block, size_t size);
/*
 * Blocks of that size whose user writes all that is ever read of them: each CPU keeps the last ones that were given back, as they
 * are. They count as free.
 */
#define HEAP_KEPT 128u
void *heap_alloc_kept(void);
void heap_free_kept(void *block);
/* The same for who holds no lock: interrupts are let in while a large block is cleared (frame_alloc_paused). */
void *heap_alloc_paused(size_t size);
void heap_free_paused(void *block, size_t size);

#ifdef CAPOS_DEBUG
/* For tests: the n-th allocation from now on, small arrays included, finds no memory. 0: none does. */
void slab_fail_after(uint64_t n);
bool slab_is_failing(void); /* one of the next ones will */
#endif
/* Gives all empty slabs and kept blocks back: before frame counts are compared. */
void slab_trim(void);
/* Calls fn for each cache (diagnostics, leak checks). */
void slab_for_each(void (*fn)(const struct slab_cache *, void *), void *arg);
uint64_t slab_objects_in_use(void); /* all caches together, heap blocks included */
