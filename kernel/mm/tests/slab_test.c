// SPDX-License-Identifier: MIT OR Apache-2.0
/* Slab caches and the heap: zeroed, aligned, disjoint, given back; failures leave nothing behind. */
#include <string.h>

#include <archimpl/explorer.h>
#include <core/cpu.h>
#include <mm/frame.h>
#include <mm/slab.h>

struct thing {
	uint64_t words[9];
};

struct wide {
	alignas(64) uint8_t bytes[700];
};

static struct slab_cache things, wides;

static void reset(unsigned cpu_total)
{
	host_test_boot(cpu_total, 8 << 20);
	things = (struct slab_cache)SLAB_CACHE(thing);
	wides = (struct slab_cache)SLAB_CACHE(wide);
}

static bool is_zero(const void *object, size_t size)
{
	const uint8_t *byte = object;

	for (size_t i = 0; i < size; i++) {
		if (byte[i])
			return false;
	}
	return true;
}

#define LIVE 400u

EXPLORE_TEST(objects_are_zero_aligned_and_disjoint, 10)
{
	struct {
		uint8_t *object;
		struct slab_cache *cache;
		uint8_t mark;
	} live[LIVE];
	unsigned len = 0;
	uint64_t baseline;

	reset(1);
	baseline = frame_stats().free;
	for (unsigned step = 0; step < 4000; step++) {
		if (len < LIVE && host_random() % 100 < (step / 1000 % 2 ? 30 : 70)) {
			struct slab_cache *cache = host_random() % 4 ? &things : &wides;
			uint8_t *object = slab_alloc(cache);

			explore_check(object && is_zero(object, cache->object_size));
			explore_check((uint64_t)object % cache->align == 0);
			live[len].object = object;
			live[len].cache = cache;
			live[len].mark = (uint8_t)step;
			memset(object, live[len++].mark, cache->object_size);
		} else if (len) {
			unsigned i = (unsigned)(host_random() % len);

			for (size_t b = 0; b < live[i].cache->object_size; b++)
				explore_check(live[i].object[b] == live[i].mark);
			slab_free(live[i].cache, live[i].object);
			live[i] = live[--len];
		}
	}
	explore_check(slab_objects_in_use() == len && things.in_use + wides.in_use == len);
	while (len) {
		len--;
		slab_free(live[len].cache, live[len].object);
	}
	explore_check(slab_objects_in_use() == 0);
	slab_trim();
	explore_check(frame_stats().free == baseline);
}

EXPLORE_TEST(a_cache_keeps_one_empty_slab_at_most, 1)
{
	static struct thing *all[300];
	uint64_t baseline;

	reset(1);
	baseline = frame_stats().free;
	for (unsigned i = 0; i < 300; i++)
		all[i] = slab_alloc(&things);
	for (unsigned i = 0; i < 300; i++)
		slab_free(&things, all[i]);
	explore_check(things.empty == 1 && frame_stats().free == baseline - 1);
	all[0] = slab_alloc(&things);
	explore_check(things.empty == 0 && frame_stats().free == baseline - 1);
	slab_free(&things, all[0]);
}

static void touch_freed([[maybe_unused]] void *unused)
{
	struct thing *volatile thing = slab_alloc(&things);

	slab_free(&things, thing);
	thing->words[3] = 1;
}

EXPLORE_TEST(using_a_freed_object_is_found, 1)
{
	reset(1);
	explore_check(host_test_dies(touch_freed, NULL));
}

EXPLORE_TEST(heap_serves_all_sizes, 1)
{
	static const size_t sizes[] = {1,    15,   16,   17,   32,   33,   48,     49,       63,
				       64,   65,   96,   127,  128,  129,  192,    193,      256,
				       257,  500,  512,  1000, 1024, 1025, 1536,   1537,     2047,
				       2048, 2049, 4096, 4097, 8192, 8193, 100000, 1u << 20, 4u << 20};
	void *blocks[array_size(sizes)];
	uint64_t baseline;

	host_test_boot(1, 32 << 20);
	baseline = frame_stats().free;
	for (size_t i = 0; i < array_size(sizes); i++) {
		blocks[i] = heap_alloc(sizes[i]);
		explore_check(blocks[i] && is_zero(blocks[i], sizes[i]));
		explore_check((uint64_t)blocks[i] % (sizes[i] >= 64 ? 64 : 16) == 0);
		memset(blocks[i], 0x11, sizes[i]);
	}
	explore_check(slab_objects_in_use() == array_size(sizes));
	explore_check(heap_alloc((4u << 20) + 1) == NULL);
	for (size_t i = 0; i < array_size(sizes); i++)
		heap_free(blocks[i], sizes[i]);
	heap_free(NULL, 100);
	slab_trim();
	explore_check(slab_objects_in_use() == 0 && frame_stats().free == baseline);
}

EXPLORE_TEST(no_memory_is_reported_and_nothing_is_lost, 1)
{
	uint64_t baseline;

	reset(1);
	baseline = frame_stats().free;
	frame_fail_after(1);
	explore_check(slab_alloc(&things) == NULL && heap_alloc(100) == NULL && heap_alloc(9000) == NULL);
	explore_check(slab_objects_in_use() == 0 && frame_stats().free == baseline);
	frame_fail_after(0);
	explore_check(slab_alloc(&things) != NULL);
}

static void count_cache(const struct slab_cache *cache, void *count)
{
	*(unsigned *)count += cache == &things || cache == &wides;
}

EXPLORE_TEST(every_cache_is_listed_once, 1)
{
	unsigned count = 0;

	reset(1);
	for (unsigned i = 0; i < 3; i++) {
		slab_free(&things, slab_alloc(&things));
		slab_free(&wides, slab_alloc(&wides));
	}
	slab_for_each(count_cache, &count);
	explore_check(count == 2);
}

/* Takes and gives back blocks that are kept, while the first CPU takes all of them away. */
static void churn_kept([[maybe_unused]] void *unused)
{
	uint64_t *mine[24];
	unsigned len = 0;

	for (unsigned i = 0; i < 120; i++) {
		if (this_cpu()->id == 0 && i % 16 == 0)
			slab_trim();
		if (i % 48 < 24) {
			mine[len] = heap_alloc_kept();
			explore_check(mine[len] != NULL);
			for (unsigned k = 0; k < HEAP_KEPT / 8; k++)
				mine[len][k] = (uint64_t)this_cpu()->id << 32 | i;
			len++;
		} else {
			uint64_t *block = mine[--len];

			for (unsigned k = 1; k < HEAP_KEPT / 8; k++)
				explore_check(block[k] == block[0] && block[0] >> 32 == this_cpu()->id);
			heap_free_kept(block);
		}
	}
	while (len)
		heap_free_kept(mine[--len]);
}

EXPLORE_TEST(kept_blocks_count_as_free, 100)
{
	uint64_t baseline;

	reset(3);
	baseline = frame_stats().free;
	host_test_run_cpus(3, churn_kept, NULL, NULL);
	explore_check(slab_objects_in_use() == 0);
	heap_free_kept(heap_alloc_kept());
	slab_fail_after(1);
	explore_check(heap_alloc_kept() == NULL); /* what is to fail does, though one is kept */
	slab_trim();
	explore_check(frame_stats().free == baseline);
}

static void churn([[maybe_unused]] void *unused)
{
	struct thing *mine[40];
	unsigned len = 0;

	for (unsigned i = 0; i < 120; i++) {
		if (len < 40 && i % 80 < 40) {
			mine[len] = slab_alloc(&things);
			explore_check(mine[len] && is_zero(mine[len], sizeof(struct thing)));
			mine[len++]->words[8] = this_cpu()->id + 1;
		} else if (len) {
			explore_check(mine[--len]->words[8] == this_cpu()->id + 1);
			slab_free(&things, mine[len]);
		}
	}
	while (len)
		slab_free(&things, mine[--len]);
}

EXPLORE_TEST(cpus_share_a_cache, 300)
{
	reset(3);
	host_test_run_cpus(3, churn, NULL, NULL);
	explore_check(slab_objects_in_use() == 0);
}

EXPLORE_MAIN
