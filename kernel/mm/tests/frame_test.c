// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The frame allocator: blocks do not overlap, are aligned, come clean, merge again; counts return to the baseline; caches,
 * references, memory maps with holes, injected failures.
 */
#include <string.h>

#include <arch/memory.h>
#include <archimpl/explorer.h>
#include <core/cpu.h>
#include <mm/frame.h>

#define BLOCKS 300u

static struct {
	paddr_t base;
	unsigned order;
} blocks[BLOCKS];
static unsigned blocks_len;

static bool is_clean(paddr_t base, unsigned order)
{
	const uint64_t *word = phys_to_virt(base);

	for (size_t i = 0; i < (PAGE_SIZE << order) / sizeof(*word); i++) {
		if (word[i] != 0)
			return false;
	}
	return true;
}

static void take(unsigned order)
{
	paddr_t base = frame_alloc(order);

	if (base.raw == PADDR_NONE.raw)
		return;
	explore_check((base.raw & ((PAGE_SIZE << order) - 1)) == 0);
	explore_check(is_clean(base, order) && frame_refs(base) == 1);
	for (unsigned i = 0; i < blocks_len; i++) {
		uint64_t end = blocks[i].base.raw + (PAGE_SIZE << blocks[i].order);

		explore_check(base.raw >= end || base.raw + (PAGE_SIZE << order) <= blocks[i].base.raw);
	}
	memset(phys_to_virt(base), 0xa5, PAGE_SIZE << order);
	blocks[blocks_len].base = base;
	blocks[blocks_len++].order = order;
}

static void give(unsigned i)
{
	frame_free(blocks[i].base, blocks[i].order);
	blocks[i] = blocks[--blocks_len];
}

EXPLORE_TEST(random_blocks_never_overlap_and_merge_again, 30)
{
	uint64_t baseline;

	host_test_boot(1, 16 << 20);
	baseline = frame_stats().free;
	explore_check(baseline == frame_stats().total);
	blocks_len = 0;
	for (unsigned step = 0; step < 1000; step++) {
		if (blocks_len < BLOCKS && (blocks_len == 0 || host_random() % 5 < 3))
			take((unsigned)(host_random() % 12 * (host_random() % 3 == 0)) %
			     (FRAME_MAX_ORDER + 1));
		else
			give((unsigned)(host_random() % blocks_len));
		if (step % 100 == 0)
			frame_check();
	}
	while (blocks_len)
		give(blocks_len - 1);
	frame_check();
	explore_check(frame_stats().free == baseline);
	take(FRAME_MAX_ORDER); /* merged up to the largest */
	explore_check(blocks_len == 1);
	give(0);
}

EXPLORE_TEST(memory_that_was_dirty_at_boot_comes_clean, 1)
{
	host_test_boot_bare(1, 4 << 20);
	memset(host_arena, 0x5a, host_arena_size);
	frame_init();
	blocks_len = 0;
	for (unsigned i = 0; i < 40; i++)
		take(i % 4);
	while (blocks_len)
		give(0);
	for (unsigned i = 0; i < 40; i++)
		take(i % 4);
}

EXPLORE_TEST(all_memory_can_be_taken_and_then_there_is_none, 1)
{
	struct frame_stats stats;
	uint64_t taken = 0;
	paddr_t chain = PADDR(0), frame;

	host_test_boot(1, 4 << 20);
	stats = frame_stats();
	while ((frame = frame_alloc(0)).raw != PADDR_NONE.raw) {
		*(paddr_t *)phys_to_virt(frame) = chain;
		chain = frame;
		taken++;
	}
	explore_check(taken == stats.total && frame_stats().free == 0);
	explore_check(frame_alloc(1).raw == PADDR_NONE.raw && frame_alloc(99).raw == PADDR_NONE.raw);
	while (chain.raw) {
		frame = chain;
		chain = *(paddr_t *)phys_to_virt(frame);
		frame_free(frame, 0);
	}
	frame_check();
	explore_check(frame_stats().free == stats.total);
}

EXPLORE_TEST(caches_stay_within_bounds_and_work_without_the_lock, 1)
{
	paddr_t frames[100];

	host_test_boot(1, 4 << 20);
	for (unsigned i = 0; i < 100; i++) {
		frames[i] = frame_alloc(0);
		explore_check(this_cpu()->frames_len < CPU_FRAME_CACHE);
	}
	for (unsigned i = 0; i < 100; i++) {
		frame_free(frames[i], 0);
		explore_check(this_cpu()->frames_len <= CPU_FRAME_CACHE);
	}
	frames[0] = frame_alloc(0);
	explore_check(frames[0].raw == frames[99].raw); /* the warmest first */
	frame_free(frames[0], 0);
	frame_drain_cache();
	explore_check(this_cpu()->frames_len == 0 && this_cpu()->blocks_len == 0);
	frame_check();
}

/* They come back to whose CPU freed them, count as free, and are there for other sizes when nothing else is. */
EXPLORE_TEST(a_cpu_keeps_some_blocks_and_gives_them_up_when_memory_is_short, 1)
{
	paddr_t kept[CPU_BLOCK_CACHE + 2], frame;
	uint64_t taken = 0;

	host_test_boot(1, 4 << 20);
	uint64_t baseline = frame_stats().free;
	for (unsigned i = 0; i < array_size(kept); i++)
		kept[i] = frame_alloc(CPU_BLOCK_ORDER);
	for (unsigned i = 0; i < array_size(kept); i++) {
		memset(phys_to_virt(kept[i]), 0xa5, PAGE_SIZE << CPU_BLOCK_ORDER);
		frame_free(kept[i], CPU_BLOCK_ORDER);
		explore_check(this_cpu()->blocks_len == (i < CPU_BLOCK_CACHE ? i + 1 : CPU_BLOCK_CACHE));
	}
	explore_check(frame_stats().free == baseline);
	for (unsigned i = 0; i < array_size(kept); i++)
		explore_check(frame_is_free(PADDR(kept[i].raw + 3 * PAGE_SIZE)));
	frame = frame_alloc(CPU_BLOCK_ORDER);
	explore_check(frame.raw == kept[CPU_BLOCK_CACHE - 1].raw && is_clean(frame, CPU_BLOCK_ORDER) &&
		      frame_refs(frame) == 1 && !frame_is_free(frame));
	frame_free(frame, CPU_BLOCK_ORDER);
	while (frame_alloc(0).raw != PADDR_NONE.raw)
		taken++;
	explore_check(taken == baseline && this_cpu()->blocks_len == 0 && frame_stats().free == 0);
	frame_check();
}

EXPLORE_TEST(references_keep_a_frame, 1)
{
	uint64_t baseline;
	paddr_t frame;

	host_test_boot(1, 4 << 20);
	baseline = frame_stats().free;
	frame = frame_alloc(0);
	frame_get(frame);
	frame_get(frame);
	explore_check(frame_refs(frame) == 3);
	frame_put(frame);
	frame_put(frame);
	explore_check(frame_refs(frame) == 1 && frame_stats().free == baseline - 1);
	frame_put(frame);
	explore_check(frame_stats().free == baseline);
}

EXPLORE_TEST(holes_and_odd_ranges_are_respected, 20)
{
	struct frame_stats stats;
	uint64_t usable = 0;
	paddr_t frame;

	host_test_boot_bare(1, 16 << 20);
	arch_memory_map_len = 0;
	for (uint64_t at = 0; at < 16ull << 20;) {
		uint64_t size = (1 + host_random() % 300) * PAGE_SIZE;
		bool is_usable = arch_memory_map_len % 2 == 0;

		if (at + size > 16ull << 20 || arch_memory_map_len == 20)
			size = (16ull << 20) - at;
		arch_memory_map[arch_memory_map_len++] = (struct arch_memory_range){
			PADDR(HOST_MEMORY_BASE + at), size,
			is_usable ? ARCH_MEMORY_USABLE : ARCH_MEMORY_RESERVED};
		usable += is_usable ? size >> PAGE_SHIFT : 0;
		if (!is_usable)
			memset(host_arena + at, 0x77, size);
		at += size;
	}
	frame_init();
	stats = frame_stats();
	explore_check(stats.free == stats.total && stats.total < usable);
	while ((frame = frame_alloc(0)).raw != PADDR_NONE.raw)
		memset(phys_to_virt(frame), 0xee, PAGE_SIZE);
	for (unsigned i = 1; i < arch_memory_map_len; i += 2) {
		const uint8_t *bytes = phys_to_virt(arch_memory_map[i].base);

		for (uint64_t b = 0; b < arch_memory_map[i].size; b += 512)
			explore_check(bytes[b] == 0x77);
	}
}

EXPLORE_TEST(failures_are_injected_where_asked, 1)
{
	paddr_t frame;

	host_test_boot(1, 4 << 20);
	frame_fail_after(3);
	explore_check((frame = frame_alloc(0)).raw != PADDR_NONE.raw && frame_alloc(2).raw != PADDR_NONE.raw);
	explore_check(frame_alloc(0).raw == PADDR_NONE.raw && frame_alloc(1).raw == PADDR_NONE.raw);
	frame_free(frame, 0);
	frame_fail_after(0);
	explore_check(frame_alloc(0).raw != PADDR_NONE.raw);
}

static void free_twice(void *frame)
{
	frame_free(*(paddr_t *)frame, 0);
	frame_free(*(paddr_t *)frame, 0);
}

EXPLORE_TEST(freeing_twice_is_a_panic, 1)
{
	paddr_t frame;

	host_test_boot(1, 4 << 20);
	frame = frame_alloc(0);
	explore_check(host_test_dies(free_twice, &frame));
}

/* --- several CPUs --------------------------------------------------------------------------------------------------- */

static void churn([[maybe_unused]] void *unused)
{
	paddr_t mine[60];
	unsigned len = 0;

	for (unsigned i = 0; i < 150; i++) {
		if (len < 60 && i % 100 < 60) {
			mine[len] = frame_alloc(0);
			*(uint64_t *)phys_to_virt(mine[len++]) = this_cpu()->id + 1;
		} else if (len) {
			explore_check(*(uint64_t *)phys_to_virt(mine[--len]) == this_cpu()->id + 1);
			frame_free(mine[len], 0);
		}
	}
	while (len)
		frame_free(mine[--len], 0);
	frame_drain_cache();
}

EXPLORE_TEST(cpus_share_the_frames, 200)
{
	uint64_t baseline;

	host_test_boot(3, 2 << 20);
	baseline = frame_stats().free;
	host_test_run_cpus(3, churn, NULL, NULL);
	frame_check();
	explore_check(frame_stats().free == baseline);
}

EXPLORE_MAIN
