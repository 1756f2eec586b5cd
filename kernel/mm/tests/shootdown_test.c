// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Several CPUs in one address space, over many schedules: no CPU reaches a page after space_unmap returned, addresses are not
 * given out again before the TLBs forgot them, and a space can be torn down while idle CPUs still have it loaded.
 */
#include <archimpl/explorer.h>
#include <core/cpu.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <mm/space.h>

#define RW (PAGE_READ | PAGE_WRITE)
#define CPUS 3u
#define BASE 0x100000ull
#define PAGES 4u

void kernel_on_ipi_call(void);                                  /* arch/entry.h */
uint8_t *host_translate(uint64_t va, bool write, bool execute); /* the simulated MMU, arch/host/paging.c */

static struct ledger ledger;
static struct space space;
static uint32_t owner[PAGES]; /* CPU + 1 that mapped the page for itself; 0 = nobody */
static unsigned finished;

static bool frame_in_use(paddr_t frame)
{
	return !frame_is_free(frame);
}

static void reset(void)
{
	static const uint64_t limits[LEDGER_COUNT] = {[LEDGER_PAGES] = 1000};

	host_test_boot(CPUS, 4 << 20);
	host_hooks.frame_in_use = frame_in_use;
	ledger_init(&ledger, limits);
	explore_check(space_init(&space, &ledger) == STATUS_OK);
	finished = 0;
	for (unsigned i = 0; i < PAGES; i++)
		owner[i] = 0;
}

/* One access as user code would make it; false: the fault stands. Between translation and use nothing can happen. */
static uint64_t *reach(uint64_t va, bool write)
{
	for (unsigned tries = 0; tries < 10; tries++) {
		uint64_t *word = (uint64_t *)host_translate(va, write, false);

		if (word)
			return word;
		if (space_fault(&space, VADDR(va), write, false) != STATUS_OK)
			return NULL;
	}
	return NULL;
}

static void wait_for_all(void)
{
	(void)atomic_add(&finished, 1u);
	while (load_acquire(&finished) < CPUS) {
		arch_poll_ipi();
		arch_pause();
	}
}

/* Each CPU maps pages that are free by the model, uses them, looks at others', and unmaps its own. */
static void use_pages([[maybe_unused]] void *unused)
{
	uint32_t self = this_cpu()->id + 1;

	space_activate(&space);
	for (unsigned i = 0; i < 10; i++) {
		unsigned n = (unsigned)(host_random() % PAGES);
		uint64_t va = BASE + n * PAGE_SIZE, *word;
		uint32_t nobody = 0;
		struct memory *memory;
		vaddr_t at;

		arch_poll_ipi();
		(void)reach(BASE + host_random() % PAGES * PAGE_SIZE, false);
		if (!atomic_cas(&owner[n], &nobody, self))
			continue;
		explore_check(memory_create(&ledger, 1, &memory) == STATUS_OK);
		explore_check(space_map(&space, memory, 0, 1, VADDR(va), RW, &at) == STATUS_OK);
		memory_put(memory);
		word = reach(va, true);
		explore_check(word && *word == 0); /* fresh: not what an earlier owner left */
		*word = self;
		arch_poll_ipi();
		word = reach(va, false);
		explore_check(word && *word == self);
		if (host_random() % 2) {
			explore_check(space_protect(&space, VADDR(va), 1, PAGE_READ) == STATUS_OK);
			explore_check(!reach(va, true) && reach(va, false));
		}
		explore_check(space_unmap(&space, VADDR(va), 1) == STATUS_OK);
		store_release(&owner[n], 0u);
		host_tlb_audit();
	}
	wait_for_all();
}

static void finish(void)
{
	host_test_as_cpu(0);
	space_activate(NULL);
	explore_check(space.len == 0);
}

EXPLORE_TEST(no_cpu_reaches_a_page_after_unmap, 1500)
{
	reset();
	host_test_run_cpus(CPUS, use_pages, NULL, kernel_on_ipi_call);
	finish();
	explore_check(ledger.used[LEDGER_PAGES] == space.tables.used);
}

/* Two CPUs unmap and remap one range of two mappings at once: each page is unmapped by exactly one of them. */
static unsigned unmapped;

static void unmap_at_once([[maybe_unused]] void *unused)
{
	space_activate(&space);
	(void)reach(BASE, true);
	(void)reach(BASE + PAGE_SIZE, true);
	if (space_unmap(&space, VADDR(BASE), 2) == STATUS_OK)
		(void)atomic_add(&unmapped, 1u);
	explore_check(!reach(BASE, false) && !reach(BASE + PAGE_SIZE, true));
	host_tlb_audit();
	wait_for_all();
}

EXPLORE_TEST(one_of_several_unmaps_wins, 500)
{
	struct memory *memory;
	vaddr_t at;

	reset();
	unmapped = 0;
	explore_check(memory_create(&ledger, 2, &memory) == STATUS_OK);
	explore_check(space_map(&space, memory, 0, 1, VADDR(BASE), RW, &at) == STATUS_OK);
	explore_check(space_map(&space, memory, 1, 1, VADDR(BASE + PAGE_SIZE), RW, &at) == STATUS_OK);
	memory_put(memory);
	host_test_run_cpus(CPUS, unmap_at_once, NULL, kernel_on_ipi_call);
	finish();
	explore_check(unmapped == 1);
}

static void leave_it_loaded([[maybe_unused]] void *unused)
{
	struct memory *memory;
	vaddr_t at;

	space_activate(&space);
	if (this_cpu()->id != 0) {
		wait_for_all();
		/* As an idle CPU: it only answers. */
		while (load_acquire(&finished) < CPUS + 1) {
			arch_poll_ipi();
			arch_pause();
		}
		explore_check(this_cpu()->space == NULL);
		return;
	}
	explore_check(memory_create(&ledger, 3, &memory) == STATUS_OK);
	explore_check(space_map(&space, memory, 0, 3, VADDR(0), RW, &at) == STATUS_OK);
	explore_check(reach(at.raw, true));
	memory_put(memory);
	wait_for_all();
	while (!space_fini(&space))
		;
	host_tlb_audit();
	explore_check(ledger.used[LEDGER_PAGES] == 0 && slab_objects_in_use() == 0);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_dead_space_is_fetched_from_idle_cpus, 300)
{
	reset();
	host_test_run_cpus(CPUS, leave_it_loaded, NULL, kernel_on_ipi_call);
}

EXPLORE_MAIN
