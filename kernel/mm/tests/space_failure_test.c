// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Address spaces under shortage: each allocation failing in turn, each quota, the list at its bound. Whatever fails leaves
 * the mappings as they were, and works when tried again.
 */
#include "space_fixture.h"

static uint64_t snapshot(void)
{
	uint64_t sum = space.len;

	for (unsigned i = 0; i < space.len; i++)
		sum = sum * 31 + space.mappings[i].base.raw + space.mappings[i].pages * 7 +
		      space.mappings[i].prot;
	return sum;
}

/* One operation of a kind on a space prepared so that it needs memory: the list is full, tables are missing. */
static enum status operate(unsigned kind, struct memory *memory)
{
	vaddr_t out;

	switch (kind) {
	case 0:
		return map_at(memory, 0, 4, 0x40000000, RW);
	case 1:
		return space_unmap(&space, VADDR(0x101000), 2);
	case 2:
		return space_protect(&space, VADDR(0x101000), 2, PAGE_READ);
	case 5:
		return space_map_page(&space, VADDR(0x40000000), &out);
	case 3:
		return space_fault(&space, VADDR(0x100000), true, false);
	case 6:
		return space_commit(&space, VADDR(0x100000), 4);
	default:
		return space_map_pinned(&space, memory, VADDR(0x500000000000), RW, &out);
	}
}

static void prepare(uint64_t page_limit, struct memory **memory)
{
	reset(page_limit);
	*memory = make_memory(4);
	for (unsigned i = 0; i < SPACE_INLINE_MAPPINGS; i++)
		explore_check(map_at(*memory, 0, 4, 0x100000 + i * 0x10000, RW) == STATUS_OK);
}

EXPLORE_TEST(each_failing_allocation_leaves_the_mappings_as_before, 1)
{
	for (unsigned kind = 0; kind < 7; kind++) {
		for (uint64_t n = 1;; n++) {
			struct memory *memory;
			enum status status;
			uint64_t before;

			prepare(1000, &memory);
			before = snapshot();
			frame_fail_after(n);
			status = operate(kind, memory);
			frame_fail_after(0);
			explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
			explore_check(status == STATUS_OK || snapshot() == before);
			explore_check(status == STATUS_OK || operate(kind, memory) == STATUS_OK);
			memory_put(memory);
			finish();
			if (status == STATUS_OK) {
				explore_check(n > 1);
				break;
			}
		}
	}
}

EXPLORE_TEST(each_quota_leaves_the_mappings_as_before, 1)
{
	for (unsigned kind = 0; kind < 7; kind++) {
		for (uint64_t limit = 1;; limit++) {
			struct memory *memory;
			enum status status;
			uint64_t before;

			prepare(limit, &memory);
			before = snapshot();
			status = operate(kind, memory);
			explore_check(status == STATUS_OK || status == STATUS_NO_QUOTA);
			explore_check(status == STATUS_OK || snapshot() == before);
			explore_check(ledger.used[LEDGER_PAGES] <= limit);
			memory_put(memory);
			finish();
			if (status == STATUS_OK) {
				explore_check(limit > 1);
				break;
			}
		}
	}
}

EXPLORE_TEST(a_space_without_memory_is_not_made, 1)
{
	static struct space other;
	uint64_t limits[LEDGER_COUNT] = {};

	reset(100);
	frame_fail_after(1);
	explore_check(space_init(&other, &ledger) == STATUS_NO_MEMORY && ledger.used[LEDGER_PAGES] == 1);
	frame_fail_after(0);
	finish();
	ledger_init(&ledger, limits);
	explore_check(space_init(&other, &ledger) == STATUS_NO_QUOTA && free_now() == baseline);
}

EXPLORE_TEST(the_list_grows_to_its_bound, 1)
{
	struct memory *memory;

	reset(10000);
	memory = make_memory(1);
	for (uint64_t i = 0; i < SPACE_MAX_MAPPINGS; i++)
		explore_check(map_at(memory, 0, 1, 0x100000 + (i * 7919 % SPACE_MAX_MAPPINGS) * 0x2000, RW) ==
			      STATUS_OK);
	explore_check(map_at(memory, 0, 1, 0x80000000, RW) == STATUS_NO_QUOTA);
	/* One call over many mappings: more than are removed under one hold of the lock. */
	explore_check(space_unmap(&space, VADDR(0x100000), 2) == STATUS_NOT_FOUND);
	for (uint64_t i = 0; i < 100; i++)
		explore_check(space_unmap(&space, VADDR(0x100000 + i * 0x4000), 1) == STATUS_OK);
	for (uint64_t i = 0; i < 102; i++)
		explore_check(map_at(memory, 0, 1, 0x101000 + i * 0x2000, RW) ==
			      (i < 100 ? STATUS_OK : STATUS_NO_QUOTA));
	memory_put(memory);
	finish();
}

EXPLORE_MAIN
