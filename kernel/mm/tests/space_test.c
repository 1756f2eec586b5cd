// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Address spaces: random operations against a naive model (one entry for each page), refusals, guards, faults.
 */
#include "space_fixture.h"

/* --- the model ------------------------------------------------------------------------------------------------------ */

#define WINDOW 64u
#define BASE 0x7f0000000ull /* crosses a table boundary inside the window: 2 MiB - 32 pages */
#define ORIGIN (align_up(BASE, 2u << 20) - 32 * PAGE_SIZE)
#define MEMORIES 3u
#define MEM_PAGES 40u

static struct {
	int memory; /* -1 = unmapped */
	uint64_t page;
	unsigned prot;
	unsigned most; /* what it was mapped with */
} model[WINDOW];

static struct memory *memories[MEMORIES];

static uint64_t address(uint64_t page)
{
	return ORIGIN + page * PAGE_SIZE;
}

static void try_map(uint64_t at, uint64_t pages, unsigned prot)
{
	int m = (int)(host_random() % MEMORIES);
	uint64_t first = host_random() % MEM_PAGES;
	enum status expected = STATUS_OK, status;

	for (uint64_t i = at; i < at + pages; i++) {
		if (model[i].memory >= 0)
			expected = STATUS_EXISTS;
	}
	if (first + pages > MEM_PAGES)
		expected = STATUS_BAD_RANGE;
	if ((prot & PAGE_WRITE) && (prot & PAGE_EXEC))
		expected = STATUS_INVALID;
	status = map_at(memories[m], first, pages, address(at), prot);
	explore_check(status == expected);
	for (uint64_t i = 0; status == STATUS_OK && i < pages; i++) {
		model[at + i].memory = m;
		model[at + i].page = first + i;
		model[at + i].prot = model[at + i].most = prot;
	}
}

static void try_change(uint64_t at, uint64_t pages, unsigned prot, bool unmap)
{
	enum status expected = STATUS_OK, status;

	for (uint64_t i = at; i < at + pages; i++) {
		if (model[i].memory < 0)
			expected = STATUS_NOT_FOUND;
	}
	for (uint64_t i = at; !unmap && i < at + pages; i++) {
		if (model[i].memory >= 0 && (prot & ~model[i].most) != 0)
			expected = STATUS_DENIED;
	}
	if (!unmap && (prot & PAGE_WRITE) && (prot & PAGE_EXEC)) {
		/* Refused for the first mapping that is there, if there is any. */
		bool any = false;

		for (uint64_t i = at; i < at + pages; i++)
			any |= model[i].memory >= 0;
		if (any)
			expected = STATUS_INVALID;
	}
	status = unmap ? space_unmap(&space, VADDR(address(at)), pages)
		       : space_protect(&space, VADDR(address(at)), pages, prot);
	explore_check(status == expected);
	for (uint64_t i = at; status == STATUS_OK && i < at + pages; i++) {
		if (unmap)
			model[i].memory = -1;
		model[i].prot = prot;
	}
}

static void try_fault(uint64_t at)
{
	bool write = host_random() % 2, execute = !write && host_random() % 2;
	unsigned needed = PAGE_READ | (write ? PAGE_WRITE : 0u) | (execute ? PAGE_EXEC : 0u);
	enum status expected = model[at].memory < 0                  ? STATUS_NOT_FOUND
			       : (model[at].prot & needed) != needed ? STATUS_DENIED
								     : STATUS_OK;

	explore_check(space_fault(&space, VADDR(address(at) + host_random() % 4096), write, execute) ==
		      expected);
}

/* Pages are committed from the lowest on, up to the first that cannot be. */
static void try_commit(uint64_t at, uint64_t pages)
{
	enum status expected = STATUS_OK;
	uint64_t good = 0;

	for (; good < pages && expected == STATUS_OK; good++)
		expected = model[at + good].memory < 0            ? STATUS_NOT_FOUND
			   : !(model[at + good].prot & PAGE_READ) ? STATUS_DENIED
								  : STATUS_OK;
	good -= expected != STATUS_OK;
	explore_check(space_commit(&space, VADDR(address(at)), pages) == expected);
	for (uint64_t i = 0; i < good; i++)
		explore_check(arch_pte_present(pagetable_lookup(space.root, VADDR(address(at + i)), NULL)));
}

static void compare(void)
{
	for (uint64_t i = 0; i < WINDOW; i++) {
		pte_t entry = pagetable_lookup(space.root, VADDR(address(i)), NULL);

		if (entry == 0)
			continue;
		explore_check(model[i].memory >= 0 && arch_pte_prot(entry) == (model[i].prot | PAGE_USER));
		explore_check(arch_pte_address(entry).raw ==
			      memory_page_if_present(memories[model[i].memory], model[i].page).raw);
	}
	for (unsigned i = 0; i + 1 < space.len; i++)
		explore_check(space.mappings[i].base.raw + space.mappings[i].pages * PAGE_SIZE <=
			      space.mappings[i + 1].base.raw);
}

EXPLORE_TEST(random_operations_agree_with_a_model, 40)
{
	static const unsigned prots[] = {0, PAGE_READ, RW, RX, RW, RW | PAGE_EXEC};

	reset(1000);
	for (unsigned m = 0; m < MEMORIES; m++)
		memories[m] = make_memory(MEM_PAGES);
	for (unsigned i = 0; i < WINDOW; i++)
		model[i].memory = -1;
	for (unsigned step = 0; step < 600; step++) {
		uint64_t at = host_random() % WINDOW;
		uint64_t pages = 1 + host_random() % (host_random() % 3 ? 6 : WINDOW);
		unsigned prot = prots[host_random() % array_size(prots)];

		if (at + pages > WINDOW)
			pages = WINDOW - at;
		switch (host_random() % 7) {
		case 0:
		case 1:
			try_map(at, pages, prot);
			break;
		case 2:
			try_change(at, pages, 0, true);
			break;
		case 3:
			try_change(at, pages, prot, false);
			break;
		case 4:
			try_commit(at, pages);
			break;
		default:
			try_fault(at);
		}
		compare();
	}
	for (unsigned m = 0; m < MEMORIES; m++)
		memory_put(memories[m]);
	finish();
}

/* --- rules ------------------------------------------------------------------------------------------------------------ */

/* Whoever has committed a range can be without a page, and the machine without a frame. */
static void touch_without_memory(uint64_t va, uint64_t pages, bool write)
{
	uint64_t was = ledger.limit[LEDGER_PAGES];

	ledger.limit[LEDGER_PAGES] = ledger.used[LEDGER_PAGES];
	frame_fail_after(1);
	for (uint64_t i = 0; i < pages; i++) {
		pte_t entry = pagetable_lookup(space.root, VADDR(va + i * PAGE_SIZE), NULL);

		explore_check(arch_pte_present(entry) && (!write || (arch_pte_prot(entry) & PAGE_WRITE)));
		explore_check(space_fault(&space, VADDR(va + i * PAGE_SIZE), write, false) == STATUS_OK);
	}
	frame_fail_after(0);
	ledger.limit[LEDGER_PAGES] = was;
}

EXPLORE_TEST(what_was_committed_needs_nothing_more, 1)
{
	struct memory *memory, *copies;
	vaddr_t at, page;

	reset(1000);
	memory = make_memory(8);
	explore_check(memory_create_copying(&ledger, memory, 0, 8, &copies) == STATUS_OK);
	/* On both sides of a leaf table's border. */
	explore_check(map_at(memory, 0, 8, ORIGIN + 28 * PAGE_SIZE, RW) == STATUS_OK);
	explore_check(space_map_as(&space, copies, 0, 8, VADDR(0x600000000), RW, MAPPING_OWN, &at) ==
		      STATUS_OK);
	explore_check(map_at(memory, 4, 4, 0x700000000, PAGE_READ) == STATUS_OK);
	explore_check(space_map_page(&space, VADDR(0x710000000), &page) == STATUS_OK);
	memory_put(copies);

	explore_check(space_commit(&space, VADDR(0x600000000), 8) == STATUS_OK);
	touch_without_memory(0x600000000, 8, true);
	explore_check(space_commit(&space, VADDR(ORIGIN + 28 * PAGE_SIZE), 8) == STATUS_OK);
	touch_without_memory(ORIGIN + 28 * PAGE_SIZE, 8, true);
	explore_check(space_commit(&space, VADDR(0x700000000), 4) == STATUS_OK);
	touch_without_memory(0x700000000, 4, false);
	explore_check(space_commit(&space, page, 1) == STATUS_OK);
	touch_without_memory(page.raw, 1, true);

	/* Each copy is its own now: eight frames beside the source's. */
	explore_check(memory->committed == 8);
	for (uint64_t i = 0; i < 8; i++)
		explore_check(arch_pte_address(
				      pagetable_lookup(space.root, VADDR(0x600000000 + i * PAGE_SIZE), NULL))
				      .raw != memory_page_if_present(memory, i).raw);
	memory_put(memory);
	finish();
}

EXPLORE_TEST(writable_and_executable_is_refused, 1)
{
	struct memory *memory, *rom;

	reset(100);
	memory = make_memory(4);
	explore_check(memory_create_physical(NULL, PADDR(HOST_MEMORY_BASE), 1, false, true, &rom) ==
		      STATUS_OK);
	explore_check(map_at(memory, 0, 4, 0x100000, RW | PAGE_EXEC) == STATUS_INVALID);
	explore_check(map_at(memory, 0, 4, 0x100000, PAGE_WRITE) == STATUS_INVALID);
	explore_check(map_at(memory, 0, 4, 0x100000, PAGE_EXEC) == STATUS_INVALID);
	explore_check(map_at(memory, 0, 4, 0x100000, RW | PAGE_DEVICE) == STATUS_INVALID);
	explore_check(map_at(memory, 0, 4, 0x100000, PAGE_READ | PAGE_GLOBAL) == STATUS_INVALID);
	explore_check(map_at(rom, 0, 1, 0x200000, RW) == STATUS_INVALID);
	explore_check(map_at(rom, 0, 1, 0x200000, PAGE_READ) == STATUS_OK);
	explore_check(space_protect(&space, VADDR(0x200000), 1, RW) == STATUS_INVALID);
	explore_check(map_at(memory, 0, 4, 0x100000, RW) == STATUS_OK);
	explore_check(space_protect(&space, VADDR(0x100000), 4, RW | PAGE_EXEC) == STATUS_INVALID);
	explore_check(space_fault(&space, VADDR(0x100000), false, true) == STATUS_DENIED);
	explore_check(space_protect(&space, VADDR(0x101000), 1, RX) == STATUS_DENIED);
	explore_check(space_protect(&space, VADDR(0x101000), 1, PAGE_READ) == STATUS_OK);
	explore_check(space_fault(&space, VADDR(0x101000), true, false) == STATUS_DENIED);
	explore_check(space_fault(&space, VADDR(0x101000), false, true) == STATUS_DENIED);
	explore_check(space_fault(&space, VADDR(0x101000), false, false) == STATUS_OK);
	explore_check(space.len == 4);
	memory_put(memory);
	memory_put(rom);
	finish();
}

EXPLORE_TEST(bad_ranges_are_refused, 1)
{
	static const uint64_t bad[] = {1,
				       0x1000,
				       0xf000,
				       0x100800,
				       0x7fffffffe000,
				       0x7ffffffff000,
				       0x800000000000,
				       0xffff800000000000,
				       0xfffffffffffff000};
	struct memory *memory;
	vaddr_t out;

	reset(100);
	memory = make_memory(4);
	for (size_t i = 0; i < array_size(bad); i++) {
		explore_check(map_at(memory, 0, 1, bad[i], RW) == STATUS_BAD_RANGE);
		explore_check(space_unmap(&space, VADDR(bad[i]), 1) == STATUS_BAD_RANGE);
		explore_check(space_protect(&space, VADDR(bad[i]), 1, RW) == STATUS_BAD_RANGE);
		explore_check(space_fault(&space, VADDR(bad[i]), true, false) == STATUS_NOT_FOUND);
	}
	explore_check(map_at(memory, 0, 0, 0x100000, RW) == STATUS_BAD_RANGE);
	explore_check(map_at(memory, 0, 5, 0x100000, RW) == STATUS_BAD_RANGE);
	explore_check(map_at(memory, 4, 1, 0x100000, RW) == STATUS_BAD_RANGE);
	explore_check(map_at(memory, UINT64_MAX, 2, 0x100000, RW) == STATUS_BAD_RANGE);
	explore_check(map_at(memory, 1, UINT64_MAX, 0x100000, RW) == STATUS_BAD_RANGE);
	explore_check(map_at(memory, 0, 3, 0x7fffffffb000, RW) ==
		      STATUS_OK); /* ends just below the last page */
	explore_check(space_unmap(&space, VADDR(0x7fffffffb000), UINT64_MAX / 4096) == STATUS_BAD_RANGE);
	explore_check(space_unmap(&space, VADDR(0x10000), 1ull << 52) == STATUS_BAD_RANGE);
	explore_check(space_map(&space, memory, 0, 0, VADDR(0), RW, &out) == STATUS_BAD_RANGE);
	explore_check(space.len == 1);
	memory_put(memory);
	finish();
}

EXPLORE_TEST(anywhere_leaves_guards_and_fills_the_lowest_gap, 1)
{
	struct memory *memory;
	vaddr_t a, b, c, d;

	reset(100);
	explore_check(space.window % PAGE_SIZE == 0 && space.window >= SPACE_LOWEST);
	space.window = space.lowest_free = 0x10000;
	memory = make_memory(4);
	explore_check(space_map(&space, memory, 0, 4, VADDR(0), RW, &a) == STATUS_OK && a.raw == 0x10000);
	explore_check(space_map(&space, memory, 0, 1, VADDR(0), RW, &b) == STATUS_OK && b.raw == 0x15000);
	explore_check(space_map(&space, memory, 0, 4, VADDR(0), RW, &c) == STATUS_OK && c.raw == 0x17000);
	explore_check(space_fault(&space, VADDR(0x14000), false, false) == STATUS_NOT_FOUND);
	explore_check(space_fault(&space, VADDR(0x16fff), false, false) == STATUS_NOT_FOUND);
	explore_check(space_unmap(&space, a, 4) == STATUS_OK);
	explore_check(space_map(&space, memory, 0, 4, VADDR(0), RW, &d) == STATUS_OK && d.raw == 0x10000);
	explore_check(space_unmap(&space, b, 1) == STATUS_OK);
	explore_check(space_map(&space, memory, 0, 2, VADDR(0), RW, &d) == STATUS_OK && d.raw == 0x1c000);
	explore_check(map_at(memory, 0, 1, 0x14000, RW) == STATUS_OK); /* explicitly into a guard: allowed */
	explore_check(map_at(memory, 0, 1, 0x13000, RW) == STATUS_EXISTS);
	/* Nothing above the window: then below it. */
	space.window = space.lowest_free = arch_user_end - 4 * PAGE_SIZE;
	explore_check(space_map(&space, memory, 0, 4, VADDR(0), RW, &d) == STATUS_OK && d.raw == 0x1f000);
	memory_put(memory);
	finish();
}

/* What "the lowest gap" means, from the list alone. */
static uint64_t lowest_gap(uint64_t pages)
{
	uint64_t candidate = space.window;

	for (unsigned i = 0; i < space.len; i++) {
		const struct mapping *m = &space.mappings[i];
		uint64_t end = m->base.raw + (uint64_t)m->pages * PAGE_SIZE;

		if (end + PAGE_SIZE <= candidate)
			continue;
		if (candidate < m->base.raw && m->base.raw - candidate >= (pages + 1) * PAGE_SIZE)
			break;
		candidate = end + PAGE_SIZE;
	}
	return candidate;
}

EXPLORE_TEST(anywhere_is_always_the_lowest_gap, 1)
{
	struct memory *memory;
	uint64_t state = 1;

	reset(1000);
	memory = make_memory(4);
	for (unsigned step = 0; step < 4000; step++) {
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		unsigned what = (unsigned)(state >> 60), pages = 1 + (unsigned)(state >> 40) % 4;
		vaddr_t at = VADDR(space.window + (state >> 20) % 64 * PAGE_SIZE);

		if (what < 6 && space.len < 40) {
			uint64_t expected = lowest_gap(pages);

			explore_check(space_map(&space, memory, 0, pages, VADDR(0), RW, &at) == STATUS_OK);
			explore_check(at.raw == expected);
		} else if (what < 9) {
			enum status status = map_at(memory, 0, pages, at.raw, RW);

			explore_check(status == STATUS_OK || status == STATUS_EXISTS);
		} else {
			(void)!space_unmap(&space, at, pages); /* parts of mappings, too */
		}
	}
	memory_put(memory);
	finish();
}

EXPLORE_TEST(pinned_mappings_are_the_kernels, 1)
{
	struct memory *region;
	vaddr_t at, other;
	paddr_t block;

	reset(100);
	block = frame_alloc(2);
	explore_check(memory_create_physical(NULL, block, 4, false, false, &region) == STATUS_OK);
	explore_check(space_map_pinned(&space, region, VADDR(0), RW, &at) == STATUS_OK);
	for (uint64_t i = 0; i < 4; i++) {
		pte_t entry = pagetable_lookup(space.root, VADDR(at.raw + i * PAGE_SIZE), NULL);

		explore_check(arch_pte_address(entry).raw == block.raw + i * PAGE_SIZE);
	}
	explore_check(space_unmap(&space, at, 4) == STATUS_DENIED &&
		      space_unmap(&space, at, 1) == STATUS_DENIED);
	explore_check(space_protect(&space, at, 1, PAGE_READ) == STATUS_DENIED);
	explore_check(space_map_pinned(&space, region, at, RW, &other) == STATUS_EXISTS);
	space_unmap_pinned(&space, at);
	explore_check(space.len == 0 && pagetable_lookup(space.root, at, NULL) == 0);
	memory_put(region);
	frame_free(block, 2);
	finish();
}

EXPLORE_TEST(peek_sees_what_is_there_and_no_more, 1)
{
	struct memory *memory;
	uint8_t bytes[8192];
	uint32_t word = 0xfeedbeef;

	reset(100);
	memory = make_memory(4);
	explore_check(map_at(memory, 0, 4, 0x100000, RW) == STATUS_OK);
	explore_check(memory_write(memory, 4094, &word, 4) == STATUS_OK);
	explore_check(space_peek(&space, VADDR(0x100ffe), bytes, 4) == 0); /* committed, but not entered */
	explore_check(space_fault(&space, VADDR(0x100000), false, false) == STATUS_OK);
	explore_check(space_peek(&space, VADDR(0x100ffe), bytes, 4) == 2);
	explore_check(space_fault(&space, VADDR(0x101000), false, false) == STATUS_OK);
	explore_check(space_peek(&space, VADDR(0x100ffe), bytes, 4) == 4 && memcmp(bytes, &word, 4) == 0);
	explore_check(space_peek(&space, VADDR(0x100000), bytes, 8192) == 8192);
	explore_check(space_peek(&space, VADDR(0x103000), bytes, 1) == 0);
	explore_check(space_peek(&space, VADDR(0xffff800000000000), bytes, 8) == 0);
	explore_check(memory->committed == 2);
	memory_put(memory);
	finish();
}

EXPLORE_TEST(one_unmap_takes_many_mappings, 1)
{
	struct memory *memory;

	reset(1000);
	memory = make_memory(2);
	for (uint64_t i = 0; i < 50; i++) {
		explore_check(map_at(memory, i % 2, 1, 0x100000 + i * 0x1000, RW) == STATUS_OK);
		explore_check(space_fault(&space, VADDR(0x100000 + i * 0x1000), true, false) == STATUS_OK);
	}
	explore_check(memory->refs == 51);
	explore_check(space_unmap(&space, VADDR(0x101000), 48) == STATUS_OK);
	explore_check(memory->refs == 3 && space.len == 2);
	memory_put(memory);
	finish();
}

EXPLORE_MAIN
