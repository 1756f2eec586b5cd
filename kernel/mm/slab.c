// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Slab caches.
 *
 * - A slab is a naturally aligned block of frames: its head, then objects. An object's slab is found by masking.
 * - Free objects form a list through their first words; objects never used are carved off one by one, so that a new
 *   slab costs nothing in advance. Everything of a free object but that word is zero (invariant B1).
 * - `partial` has the slabs in use first and at most one empty slab last; a second empty one goes back to the frames.
 */
#include <mm/slab.h>

#include <arch/memory.h>
#include <core/atomic.h>
#include <core/log.h>
#include <mm/frame.h>

#include "heap.h"
#include "poison.h"

struct slab {
	struct list link; /* l: partial or full of its cache */
	void **free;      /* l: freed objects */
	uint32_t carved;  /* l: objects ever handed out */
	uint32_t in_use;  /* l */
};

#define SLAB_ORDER_MAX 3u

static struct spinlock caches_lock = SPINLOCK_INIT(LOCK_RANK_SLAB);
static struct list caches = LIST_INIT(caches); /* caches_lock */

/* The smallest block that wastes at most an eighth, and holds four objects or is the largest. */
static unsigned choose_order(uint32_t first, uint32_t size)
{
	unsigned order = 0;

	for (; order < SLAB_ORDER_MAX; order++) {
		uint32_t bytes = (uint32_t)PAGE_SIZE << order;
		uint32_t objects = (bytes - first) / size;

		if (objects >= 4 && bytes - first - objects * size <= bytes / 8)
			break;
	}
	return order;
}

[[gnu::noinline]] static void cache_init(struct slab_cache *cache)
{
	uint32_t align = cache->align < 8 ? 8 : cache->align;

	spin_lock(&caches_lock);
	if (!cache->ready) {
		spin_init(&cache->lock, LOCK_RANK_SLAB);
		cache->object_size = (uint32_t)align_up(cache->object_size, align);
		cache->first = (uint32_t)align_up(sizeof(struct slab), align);
		cache->order = choose_order(cache->first, cache->object_size);
		cache->limit = (uint32_t)(((PAGE_SIZE << cache->order) - cache->first) / cache->object_size);
		kassert(cache->limit > 0);
		list_init(&cache->partial);
		list_init(&cache->full);
		list_push_back(&caches, &cache->all);
		store_release(&cache->ready, true);
	}
	spin_unlock(&caches_lock);
}

static struct slab *slab_of(const struct slab_cache *cache, const void *object)
{
	return (struct slab *)align_down((uint64_t)object, PAGE_SIZE << cache->order);
}

/* A new empty slab in front of `partial`, or NULL. */
[[gnu::noinline]] static struct slab *grow(struct slab_cache *cache) REQUIRES(cache->lock)
{
	paddr_t block = frame_alloc(cache->order);
	struct slab *slab;

	if (block.raw == PADDR_NONE.raw)
		return NULL;
	slab = phys_to_virt(block);
	list_push_front(&cache->partial, &slab->link);
	cache->empty++;
	poison_memory((char *)slab + cache->first, (PAGE_SIZE << cache->order) - cache->first);
	return slab;
}

static void release(struct slab_cache *cache, struct slab *slab) REQUIRES(cache->lock)
{
	list_remove(&slab->link);
	cache->empty--;
	unpoison_memory(slab, PAGE_SIZE << cache->order);
	frame_free(virt_to_phys(slab), cache->order);
}

static void *take_object(struct slab_cache *cache, struct slab *slab) REQUIRES(cache->lock)
{
	void *object = slab->free;

	if (likely(object)) {
		unpoison_memory(object, cache->object_size);
		slab->free = *(void **)object;
		*(void **)object = NULL;
	} else {
		object = (char *)slab + cache->first + (size_t)slab->carved++ * cache->object_size;
		unpoison_memory(object, cache->object_size);
	}
	if (unlikely(slab->in_use++ == 0))
		cache->empty--;
	count_own(&cache->in_use, 1u);
	if (unlikely(slab->in_use == cache->limit)) {
		list_remove(&slab->link);
		list_push_back(&cache->full, &slab->link);
	}
	return object;
}

/* Checking kernels can be made to run out at any allocation; the others do not ask. */
#ifdef CAPOS_DEBUG
static uint64_t fail_countdown;

void slab_fail_after(uint64_t n)
{
	store_relaxed(&fail_countdown, n);
}

bool slab_is_failing(void)
{
	return load_relaxed(&fail_countdown) != 0;
}

static bool is_to_fail(void)
{
	return slab_is_failing() && atomic_sub(&fail_countdown, 1ull) == 1;
}
#else
static bool is_to_fail(void)
{
	return false;
}
#endif

void *slab_alloc(struct slab_cache *cache)
{
	struct slab *slab;
	void *object = NULL;

	if (is_to_fail())
		return NULL;
	if (unlikely(!load_acquire(&cache->ready)))
		cache_init(cache);
	spin_lock(&cache->lock);
	if (unlikely(list_is_empty(&cache->partial)))
		slab = grow(cache);
	else
		slab = list_first(&cache->partial, struct slab, link);
	if (likely(slab))
		object = take_object(cache, slab);
	spin_unlock(&cache->lock);
	return object;
}

[[gnu::noinline]] static void became_empty(struct slab_cache *cache, struct slab *slab) REQUIRES(cache->lock)
{
	if (cache->empty++ > 0) {
		release(cache, slab);
		return;
	}
	list_remove(&slab->link);
	list_push_back(&cache->partial, &slab->link);
}

/* Whole words; unrolled, because many objects are several cache lines. */
static void clear_object(void *object, uint32_t size)
{
	uint64_t *word = object;

	for (; size >= 8 * sizeof(*word); size -= 8 * sizeof(*word), word += 8) {
#pragma clang loop unroll(full)
		for (unsigned i = 0; i < 8; i++)
			word[i] = 0;
	}
	for (; size; size -= sizeof(*word))
		*word++ = 0;
}

void slab_free(struct slab_cache *cache, void *object)
{
	struct slab *slab = slab_of(cache, object);

	clear_object(object, cache->object_size);
	spin_lock(&cache->lock);
	kassert(slab->in_use > 0);
	*(void **)object = slab->free;
	slab->free = object;
	poison_memory(object, cache->object_size);
	count_own(&cache->in_use, -1ull);
	if (unlikely(slab->in_use == cache->limit)) {
		list_remove(&slab->link);
		list_push_front(&cache->partial, &slab->link);
	}
	if (unlikely(--slab->in_use == 0))
		became_empty(cache, slab);
	spin_unlock(&cache->lock);
}

/* Caches are never removed, so the list is walked without its lock; each cache's own lock is taken in turn. */
static struct slab_cache *next_cache(struct slab_cache *cache)
{
	struct list *link;

	spin_lock(&caches_lock);
	link = cache ? cache->all.next : caches.next;
	spin_unlock(&caches_lock);
	return link == &caches ? NULL : container_of(link, struct slab_cache, all);
}

void slab_trim(void)
{
	heap_trim();
	for (struct slab_cache *cache = next_cache(NULL); cache; cache = next_cache(cache)) {
		spin_lock(&cache->lock);
		if (cache->empty != 0)
			release(cache, container_of(cache->partial.prev, struct slab, link));
		spin_unlock(&cache->lock);
	}
}

void slab_for_each(void (*fn)(const struct slab_cache *, void *), void *arg)
{
	for (struct slab_cache *cache = next_cache(NULL); cache; cache = next_cache(cache))
		fn(cache, arg);
}
