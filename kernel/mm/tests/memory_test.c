// SPDX-License-Identifier: MIT OR Apache-2.0
/* Memory objects: sizes at the boundaries of the tree, commit on touch, charges, copies, failures at each allocation. */
#include <string.h>

#include <arch/memory.h>
#include <archimpl/explorer.h>
#include <core/quiesce.h>
#include <core/work.h>
#include <mm/frame.h>
#include <mm/memory.h>
#include <mm/slab.h>

static struct ledger ledger;

static void reset(uint64_t page_limit)
{
	uint64_t limits[LEDGER_COUNT] = {[LEDGER_PAGES] = page_limit};

	host_test_boot(1, 16 << 20);
	ledger_init(&ledger, limits);
}

/* Frees what is freed in steps, too. */
static uint64_t free_now(void)
{
	quiesce_drain();
	slab_trim();
	return frame_stats().free;
}

EXPLORE_TEST(pages_at_every_boundary_of_the_tree, 1)
{
	static const uint64_t sizes[] = {
		1, 4, 5, 64, 65, 512, 513, 1024, 1ull << 18, (1ull << 18) + 1, MEMORY_MAX_PAGES};

	reset(1000);
	for (size_t s = 0; s < array_size(sizes); s++) {
		uint64_t last = sizes[s] - 1, baseline = free_now();
		uint64_t probes[] = {0, last, last / 2, last > 512 ? 511 : 0, last > 512 ? 512 : 0};
		struct memory *memory;
		paddr_t frames[array_size(probes)], again;

		explore_check(memory_create(&ledger, sizes[s], &memory) == STATUS_OK);
		for (size_t i = 0; i < array_size(probes); i++) {
			explore_check(memory_page(memory, probes[i], &frames[i]) == STATUS_OK);
			explore_check(memory_page(memory, probes[i], &again) == STATUS_OK);
			explore_check(again.raw == frames[i].raw);
			*(uint64_t *)phys_to_virt(frames[i]) = probes[i];
		}
		for (size_t i = 0; i < array_size(probes); i++) {
			explore_check(*(uint64_t *)phys_to_virt(frames[i]) == probes[i]);
			explore_check(memory_page_if_present(memory, probes[i]).raw == frames[i].raw);
		}
		if (last > 5)
			explore_check(memory_page_if_present(memory, 3).raw == PADDR_NONE.raw);
		explore_check(memory_page(memory, sizes[s], &again) == STATUS_BAD_RANGE);
		explore_check(memory_page_if_present(memory, sizes[s]).raw == PADDR_NONE.raw);
		explore_check(ledger.used[LEDGER_PAGES] == memory->committed + memory->tables);
		memory_get(memory);
		memory_put(memory);
		explore_check(ledger.used[LEDGER_PAGES] > 0);
		memory_put(memory);
		explore_check(ledger.used[LEDGER_PAGES] == 0 && free_now() == baseline);
		explore_check(slab_objects_in_use() == 0);
	}
}

EXPLORE_TEST(impossible_sizes_are_refused, 1)
{
	struct memory *memory;

	reset(10);
	explore_check(memory_create(&ledger, 0, &memory) == STATUS_INVALID);
	explore_check(memory_create(&ledger, MEMORY_MAX_PAGES + 1, &memory) == STATUS_INVALID);
	explore_check(memory_create(&ledger, UINT64_MAX, &memory) == STATUS_INVALID);
	explore_check(memory_create_physical(&ledger, PADDR(0x1001), 1, false, false, &memory) ==
		      STATUS_INVALID);
	explore_check(memory_create_physical(&ledger, PADDR(UINT64_MAX - 0xfff), 2, false, false, &memory) ==
		      STATUS_INVALID);
	explore_check(slab_objects_in_use() == 0);
}

EXPLORE_TEST(quota_is_charged_per_page_and_table, 1)
{
	struct memory *memory;
	paddr_t page;

	reset(4);
	explore_check(memory_create(&ledger, 4, &memory) == STATUS_OK);
	for (uint64_t i = 0; i < 4; i++)
		explore_check(ledger.used[LEDGER_PAGES] == i && memory_page(memory, i, &page) == STATUS_OK);
	memory_put(memory);
	explore_check(memory_create(&ledger, 100, &memory) == STATUS_OK && ledger.used[LEDGER_PAGES] == 1);
	for (uint64_t i = 0; i < 3; i++)
		explore_check(memory_page(memory, i, &page) == STATUS_OK);
	explore_check(memory_page(memory, 3, &page) == STATUS_NO_QUOTA);
	explore_check(memory_page(memory, 2, &page) == STATUS_OK && memory->committed == 3);
	memory_put(memory);
	/* Root, two tables and the page: a fourth page does not fit for its second table. */
	explore_check(memory_create(&ledger, 1ull << 20, &memory) == STATUS_OK);
	explore_check(memory_page(memory, 0, &page) == STATUS_OK && ledger.used[LEDGER_PAGES] == 4);
	explore_check(memory_page(memory, 600, &page) == STATUS_NO_QUOTA && memory->tables == 3);
	memory_put(memory);
	explore_check(ledger.used[LEDGER_PAGES] == 0);
}

/* Create, touch three distant pages, in an object of `pages` pages; undone if anything fails. */
static enum status use_memory(uint64_t pages)
{
	struct memory *memory;
	enum status status = memory_create(&ledger, pages, &memory);
	paddr_t page;

	if (status != STATUS_OK)
		return status;
	for (uint64_t i = 0; i < 3 && status == STATUS_OK; i++) {
		uint64_t used = ledger.used[LEDGER_PAGES], committed = memory->committed,
			 tables = memory->tables;

		status = memory_page(memory, i * (pages - 1) / 2, &page);
		if (status != STATUS_OK) {
			explore_check(ledger.used[LEDGER_PAGES] == used && memory->committed == committed);
			explore_check(memory->tables == tables);
		}
	}
	memory_put(memory);
	return status;
}

EXPLORE_TEST(each_failing_allocation_leaves_all_as_before, 1)
{
	static const uint64_t sizes[] = {3, 60, 500, 5000, 1ull << 20};

	for (size_t s = 0; s < array_size(sizes); s++) {
		uint64_t baseline, n = 1;

		reset(1000);
		explore_check(use_memory(sizes[s]) == STATUS_OK);
		baseline = free_now();
		for (;; n++) {
			enum status status;

			frame_fail_after(n);
			status = use_memory(sizes[s]);
			frame_fail_after(0);
			explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
			explore_check(ledger.used[LEDGER_PAGES] == 0 && free_now() == baseline);
			explore_check(slab_objects_in_use() == 0);
			if (status == STATUS_OK)
				break;
		}
		explore_check(n > 3);
	}
}

EXPLORE_TEST(each_quota_leaves_all_as_before, 1)
{
	for (uint64_t limit = 0; limit < 13; limit++) {
		enum status status;

		reset(limit);
		status = use_memory(1ull << 20);
		explore_check(status == (limit < 10 ? STATUS_NO_QUOTA : STATUS_OK));
		(void)free_now();
		explore_check(ledger.used[LEDGER_PAGES] == 0 && slab_objects_in_use() == 0);
	}
}

static unsigned holders;

static void hold(struct ledger *held, bool more)
{
	explore_check(held == &ledger);
	holders += more ? 1u : -1u;
}

EXPLORE_TEST(a_large_object_is_freed_in_steps, 1)
{
	struct memory *memory;
	uint64_t baseline, before, steps = 0;
	paddr_t page;

	reset(10000);
	ledger.hold = hold;
	holders = 0;
	baseline = free_now();
	explore_check(memory_create(&ledger, 1ull << 20, &memory) == STATUS_OK && holders == 1);
	for (uint64_t i = 0; i < 2000; i++)
		explore_check(memory_page(memory, i / 500 * 200000 + i % 500, &page) == STATUS_OK);
	quiesce_enter();
	memory_put(memory);
	explore_check(ledger.used[LEDGER_PAGES] == 0 && holders == 0);
	do {
		before = frame_stats().free;
		quiesce_poll();
		explore_check(frame_stats().free - before <= 2 * WORK_PIECE / PAGE_SIZE);
		steps++;
	} while (this_cpu()->limbo_count);
	quiesce_exit();
	explore_check(steps >= 2000 * PAGE_SIZE / WORK_PIECE - 4 && free_now() == baseline);
}

/* A piece ends with the last page, in the middle of its table: that is freed all the same. */
EXPLORE_TEST(what_is_freed_in_steps_leaves_no_table, 1)
{
	reset(3000);
	for (uint64_t pages = 513; pages <= 1536; pages += 41) {
		uint64_t baseline = free_now();
		struct memory *memory;
		paddr_t frame;

		explore_check(memory_create(&ledger, pages, &memory) == STATUS_OK);
		for (uint64_t i = 0; i < pages; i++)
			explore_check(memory_page(memory, i, &frame) == STATUS_OK);
		memory_put(memory);
		explore_check(free_now() == baseline);
	}
}

EXPLORE_TEST(copies_agree_with_a_plain_array, 30)
{
	static uint8_t model[9 * 4096], buffer[9 * 4096];
	struct memory *memory;

	reset(100);
	memset(model, 0, sizeof(model));
	explore_check(memory_create(&ledger, 9, &memory) == STATUS_OK);
	for (unsigned step = 0; step < 200; step++) {
		uint64_t offset = host_random() % (sizeof(model) + 1);
		size_t len = host_random() % (sizeof(model) - offset + 1);

		if (host_random() % 2)
			len %= 100;
		if (host_random() % 2) {
			for (size_t i = 0; i < len; i++)
				buffer[i] = (uint8_t)host_random();
			memcpy(model + offset, buffer, len);
			explore_check(memory_write(memory, offset, buffer, len) == STATUS_OK);
		} else {
			explore_check(memory_read(memory, offset, buffer, len) == STATUS_OK);
			explore_check(memcmp(buffer, model + offset, len) == 0);
		}
	}
	memory_put(memory);
}

EXPLORE_TEST(reading_commits_nothing_and_ranges_are_checked, 1)
{
	struct memory *memory;
	uint64_t word = 7;

	reset(1);
	explore_check(memory_create(&ledger, 3, &memory) == STATUS_OK);
	explore_check(memory_read(memory, 4092, &word, 8) == STATUS_OK && word == 0 &&
		      memory->committed == 0);
	explore_check(memory_read(memory, 3 * 4096 - 8, &word, 8) == STATUS_OK);
	explore_check(memory_read(memory, 3 * 4096 - 7, &word, 8) == STATUS_BAD_RANGE);
	explore_check(memory_read(memory, 3 * 4096, &word, 0) == STATUS_OK);
	explore_check(memory_write(memory, UINT64_MAX, &word, 8) == STATUS_BAD_RANGE);
	explore_check(memory_write(memory, 8, &word, SIZE_MAX) == STATUS_BAD_RANGE);
	explore_check(memory_write(memory, 4092, &word, 8) == STATUS_NO_QUOTA);
	memory_put(memory);
}

EXPLORE_TEST(physical_memory_is_only_named, 1)
{
	struct memory *memory, *device;
	uint64_t word = 0x1234, baseline;
	paddr_t block, page;

	reset(0);
	block = frame_alloc(1);
	baseline = frame_stats().free;
	explore_check(memory_create_physical(NULL, block, 2, false, true, &memory) == STATUS_OK);
	explore_check(memory_page(memory, 1, &page) == STATUS_OK && page.raw == block.raw + PAGE_SIZE);
	explore_check(memory_page_if_present(memory, 0).raw == block.raw);
	explore_check(memory_page(memory, 2, &page) == STATUS_BAD_RANGE);
	explore_check(memory_read(memory, 0, &word, 8) == STATUS_OK && word == 0);
	explore_check(memory_write(memory, 0, &word, 8) == STATUS_INVALID);
	memory_put(memory);
	explore_check(memory_create_physical(NULL, PADDR(0xfee00000), 1, true, false, &device) == STATUS_OK);
	explore_check(memory_read(device, 0, &word, 8) == STATUS_INVALID);
	memory_put(device);
	slab_trim();
	explore_check(frame_stats().free == baseline);
}

EXPLORE_MAIN
