// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Copy-on-write: what clones of address spaces see, against a model of plain arrays; each allocation failing; faults against
 * clone, unmap and each other on several CPUs.
 */
#include <arch/memory.h>
#include <archimpl/explorer.h>
#include <core/cpu.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <mm/space.h>

#define RW (PAGE_READ | PAGE_WRITE)
#define BASE 0x40000000ull
#define OWN 6u    /* pages 0..5: the space's own */
#define COPIED 4u /* pages 6..9: copies of the first pages of `source` */
#define SHARED 4u /* pages 10..13: `source` itself */
#define PAGES (OWN + COPIED + SHARED)
#define SPACES 4u

void kernel_on_ipi_call(void);                                  /* arch/entry.h */
uint8_t *host_translate(uint64_t va, bool write, bool execute); /* the simulated MMU, arch/host/paging.c */

static struct ledger ledgers[SPACES], owner;
static struct space spaces[SPACES];
static struct memory *source;
static uint64_t baseline;

static struct {
	bool exists;
	bool mapped[PAGES], read_only[PAGES], copied[PAGES];
	uint64_t value[PAGES]; /* of what is its own */
} model[SPACES];
static uint64_t source_value[SHARED];

static uint64_t address(uint64_t page)
{
	return BASE + page * PAGE_SIZE;
}

static uint64_t free_now(void)
{
	if (cpu_count == 1) /* what goes in steps: only large memory does */
		quiesce_drain();
	slab_trim();
	return frame_stats().free;
}

static bool frame_in_use(paddr_t frame)
{
	return !frame_is_free(frame);
}

/* One access as user code would make it; NULL: the fault stands. */
static uint64_t *reach(struct space *space, uint64_t va, bool write, enum status *status)
{
	for (unsigned tries = 0; tries < 10; tries++) {
		uint64_t *word = (uint64_t *)host_translate(va, write, false);

		if (word)
			return word;
		*status = space_fault(space, VADDR(va), write, false);
		if (*status != STATUS_OK)
			return NULL;
	}
	return NULL;
}

static void boot(unsigned cpu_total, uint64_t limit)
{
	uint64_t limits[LEDGER_COUNT] = {[LEDGER_PAGES] = limit};

	host_test_boot(cpu_total, 16 << 20);
	host_hooks.frame_in_use = frame_in_use;
	quiesce_enter();
	ledger_init(&owner, limits);
	for (unsigned i = 0; i < SPACES; i++)
		ledger_init(&ledgers[i], limits);
	baseline = free_now();
	for (unsigned i = 0; i < SPACES; i++)
		model[i].exists = false;
}

static void map_all(struct space *space, struct ledger *ledger)
{
	struct memory *own, *copies;
	vaddr_t at;

	explore_check(memory_create(&owner, SHARED, &source) == STATUS_OK);
	explore_check(memory_create(ledger, OWN, &own) == STATUS_OK);
	explore_check(memory_create_copying(ledger, source, 0, COPIED, &copies) == STATUS_OK);
	/* In two pieces, and between them a page by itself. */
	explore_check(space_map_as(space, own, 0, 4, VADDR(address(0)), RW, MAPPING_OWN, &at) == STATUS_OK);
	explore_check(space_map_page(space, VADDR(address(4)), &at) == STATUS_OK);
	explore_check(space_map_as(space, own, 5, 1, VADDR(address(5)), RW, MAPPING_OWN, &at) == STATUS_OK);
	explore_check(space_map_as(space, copies, 0, COPIED, VADDR(address(OWN)), RW, MAPPING_OWN, &at) ==
		      STATUS_OK);
	explore_check(space_map(space, source, 0, SHARED, VADDR(address(OWN + COPIED)), RW, &at) ==
		      STATUS_OK);
	memory_put(own);
	memory_put(copies);
}

static void begin(unsigned cpu_total, uint64_t limit)
{
	boot(cpu_total, limit);
	explore_check(space_init(&spaces[0], &ledgers[0]) == STATUS_OK);
	map_all(&spaces[0], &ledgers[0]);
	space_activate(&spaces[0]);
	model[0].exists = true;
	for (unsigned p = 0; p < PAGES; p++) {
		model[0].mapped[p] = true;
		model[0].read_only[p] = model[0].copied[p] = false;
		model[0].value[p] = 0;
	}
	for (unsigned p = 0; p < SHARED; p++)
		source_value[p] = 0;
}

static void drop(unsigned i)
{
	space_activate(NULL);
	while (!space_fini(&spaces[i])) /* a piece at a time */
		;
	explore_check(ledgers[i].used[LEDGER_PAGES] == 0);
	model[i].exists = false;
}

static void finish(void)
{
	for (unsigned i = 0; i < SPACES; i++)
		if (model[i].exists)
			drop(i);
	explore_check(source->refs == 1);
	memory_put(source);
	explore_check(owner.used[LEDGER_PAGES] == 0);
	explore_check(free_now() == baseline && slab_objects_in_use() == 0);
	quiesce_exit();
}

/* --- against the model ---------------------------------------------------------------------------------------------- */

static bool is_shared(uint64_t page)
{
	return page >= OWN + COPIED;
}

static uint64_t expected(unsigned i, uint64_t page)
{
	if (is_shared(page))
		return source_value[page - OWN - COPIED];
	if (page >= OWN && !model[i].copied[page])
		return source_value[page - OWN];
	return model[i].value[page];
}

static void access(unsigned i, uint64_t page, bool write)
{
	enum status status = STATUS_OK;
	uint64_t *word;

	space_activate(&spaces[i]);
	word = reach(&spaces[i], address(page) + 8, write, &status);
	if (!model[i].mapped[page] || (write && model[i].read_only[page])) {
		explore_check(word == NULL &&
			      status == (model[i].mapped[page] ? STATUS_DENIED : STATUS_NOT_FOUND));
		return;
	}
	explore_check(word != NULL && *word == expected(i, page));
	if (!write)
		return;
	*word = host_random();
	if (is_shared(page)) {
		source_value[page - OWN - COPIED] = *word;
	} else {
		model[i].value[page] = *word;
		model[i].copied[page] = true;
	}
}

static void clone(unsigned from, unsigned to)
{
	explore_check(space_init(&spaces[to], &ledgers[to]) == STATUS_OK);
	explore_check(space_clone(&spaces[from], &spaces[to], NULL, NULL) == STATUS_OK);
	model[to] = model[from];
	space_activate(&spaces[from]);
	host_tlb_audit();
}

static void change(unsigned i, uint64_t page)
{
	bool unmap = host_random() % 3 == 0, read_only = host_random() % 2;
	enum status status = unmap ? space_unmap(&spaces[i], VADDR(address(page)), 1)
				   : space_protect(&spaces[i], VADDR(address(page)), 1,
						   read_only ? PAGE_READ : RW);

	explore_check(status == (model[i].mapped[page] ? STATUS_OK : STATUS_NOT_FOUND));
	if (unmap)
		model[i].mapped[page] = false;
	else
		model[i].read_only[page] = read_only;
}

static unsigned any_space(void)
{
	unsigned i = (unsigned)(host_random() % SPACES);

	while (!model[i].exists)
		i = (i + 1) % SPACES;
	return i;
}

static unsigned count_spaces(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SPACES; i++)
		n += model[i].exists;
	return n;
}

EXPLORE_TEST(clones_of_clones_agree_with_a_model, 60)
{
	begin(1, 1000);
	for (unsigned step = 0; step < 800; step++) {
		unsigned i = any_space(), other = (unsigned)(host_random() % SPACES);
		uint64_t page = host_random() % PAGES, what = host_random() % 100;

		if (what < 8 && !model[other].exists)
			clone(i, other);
		else if (what < 12 && count_spaces() > 1)
			drop(i);
		else if (what < 18)
			change(i, page);
		else
			access(i, page, what < 60);
	}
	finish();
}

/* --- sharing, charging ------------------------------------------------------------------------------------------------ */

EXPLORE_TEST(a_clone_is_charged_for_all_and_takes_frames_for_what_it_writes, 1)
{
	uint64_t before, charged;

	begin(1, 1000);
	for (uint64_t p = 0; p < PAGES; p++)
		access(0, p, true);
	charged = ledgers[0].used[LEDGER_PAGES] - spaces[0].tables.used;
	explore_check(charged == OWN + COPIED);
	clone(0, 1);
	explore_check(ledgers[1].used[LEDGER_PAGES] - spaces[1].tables.used == charged);
	for (uint64_t p = 0; p < PAGES; p++)
		access(1, p, false);
	before = free_now();
	for (uint64_t p = 0; p < PAGES; p++)
		access(1, p, true);
	explore_check(before - free_now() == OWN + COPIED);
	before = free_now();
	for (uint64_t p = 0; p < PAGES; p++)
		access(0, p, true); /* the frames are its own again: nothing is copied */
	explore_check(before == free_now());
	explore_check(ledgers[1].used[LEDGER_PAGES] - spaces[1].tables.used == charged);
	finish();
}

EXPLORE_TEST(memory_that_others_hold_is_copied_at_once, 1)
{
	struct memory *held;
	vaddr_t at;

	begin(1, 4000);
	explore_check(memory_create(&owner, 2, &held) == STATUS_OK);
	explore_check(space_map_as(&spaces[0], held, 0, 2, VADDR(0x50000000), RW, MAPPING_OWN, &at) ==
		      STATUS_OK);
	explore_check(memory_write(held, 0, &(uint64_t){5}, 8) == STATUS_OK);
	clone(0, 1);
	explore_check(!held->copying);
	explore_check(memory_write(held, 0, &(uint64_t){6}, 8) == STATUS_OK);
	enum status status;
	space_activate(&spaces[1]);
	explore_check(*reach(&spaces[1], 0x50000000, false, &status) == 5);
	drop(1);
	memory_put(held);
	/* But not without end. */
	explore_check(memory_create(&owner, SPACE_CLONE_COPIED + 1, &held) == STATUS_OK);
	explore_check(space_map_as(&spaces[0], held, 0, 2, VADDR(0x60000000), RW, MAPPING_OWN, &at) ==
		      STATUS_OK);
	paddr_t frame;
	for (uint64_t p = 0; p <= SPACE_CLONE_COPIED; p++)
		explore_check(memory_page(held, p, &frame) == STATUS_OK);
	explore_check(space_init(&spaces[1], &ledgers[1]) == STATUS_OK);
	explore_check(space_clone(&spaces[0], &spaces[1], NULL, NULL) == STATUS_AGAIN);
	model[1].exists = true;
	drop(1);
	memory_put(held);
	finish();
}

EXPLORE_TEST(a_page_in_two_places_stays_one_page, 1)
{
	struct memory *twice;
	enum status status;
	vaddr_t at;

	begin(1, 1000);
	explore_check(memory_create(&ledgers[0], 2, &twice) == STATUS_OK);
	explore_check(space_map_as(&spaces[0], twice, 0, 2, VADDR(0x50000000), RW, MAPPING_OWN, &at) ==
		      STATUS_OK);
	explore_check(space_map_as(&spaces[0], twice, 0, 2, VADDR(0x60000000), RW, MAPPING_OWN, &at) ==
		      STATUS_OK);
	memory_put(twice);
	*reach(&spaces[0], 0x50000000, true, &status) = 5;
	explore_check(*reach(&spaces[0], 0x60000000, true, &status) == 5);
	clone(0, 1);
	for (unsigned i = 0; i < 2; i++) {
		space_activate(&spaces[i]);
		explore_check(*reach(&spaces[i], 0x60000000, false, &status) == 5);
		*reach(&spaces[i], 0x50000000, true, &status) = 6 + i;
		explore_check(*reach(&spaces[i], 0x60000000, false, &status) == 6 + i);
		*reach(&spaces[i], 0x60000000, true, &status) = 8 + i;
		explore_check(*reach(&spaces[i], 0x50000000, false, &status) == 8 + i);
	}
	finish();
}

EXPLORE_TEST(what_may_not_be_copied_is_refused, 1)
{
	struct memory *device, *copies;

	begin(1, 1000);
	explore_check(memory_create_physical(NULL, PADDR(HOST_MEMORY_BASE), 1, true, false, &device) ==
		      STATUS_OK);
	explore_check(memory_create_copying(&owner, device, 0, 1, &copies) == STATUS_INVALID);
	memory_put(device);
	explore_check(memory_create_copying(&owner, source, 1, SHARED, &copies) == STATUS_BAD_RANGE);
	explore_check(memory_create_copying(&owner, source, UINT64_MAX, 2, &copies) == STATUS_BAD_RANGE);
	explore_check(memory_create_copying(&owner, source, 0, 0, &copies) == STATUS_INVALID);
	finish();
}

/* --- shortage --------------------------------------------------------------------------------------------------------- */

/* A memory of two levels, one of them deep, a list that is full: everything that cloning allocates. */
static enum status clone_and_write(uint64_t *failures)
{
	enum status status = space_init(&spaces[1], &ledgers[1]), fault = STATUS_OK;

	if (status != STATUS_OK)
		return status;
	model[1].exists = true;
	status = space_clone(&spaces[0], &spaces[1], NULL, NULL);
	space_activate(&spaces[0]);
	for (uint64_t p = 0; p < PAGES; p++) { /* the parent, whatever became of the clone */
		uint64_t *word = reach(&spaces[0], address(p) + 8, true, &fault);

		if (word == NULL)
			(*failures)++;
		else
			explore_check(*word == p + 1);
	}
	drop(1);
	return status != STATUS_OK ? status : fault;
}

static void prepare(uint64_t limit)
{
	struct memory *large;
	enum status status;
	vaddr_t at;

	begin(1, limit);
	explore_check(memory_create(&ledgers[0], 600, &large) == STATUS_OK);
	for (unsigned i = 0; i < SPACE_INLINE_MAPPINGS; i++)
		explore_check(space_map_as(&spaces[0], large, 60 * i, 60, VADDR(0x50000000 + i * 0x100000),
					   RW, MAPPING_OWN, &at) == STATUS_OK);
	memory_put(large);
	for (unsigned i = 0; i < SPACE_INLINE_MAPPINGS; i++)
		explore_check(reach(&spaces[0], 0x50000000 + i * 0x100000, true, &status));
	for (uint64_t p = 0; p < PAGES; p++)
		*reach(&spaces[0], address(p) + 8, true, &status) = p + 1;
	/* Own pages only: page 6 + n and 10 + n are different frames by now, with values of their own. */
}

EXPLORE_TEST(each_failing_allocation_leaves_the_parent_whole, 1)
{
	uint64_t n, failures;
	enum status status = STATUS_NO_MEMORY;

	for (n = 1; status != STATUS_OK; n++) {
		failures = 0;
		prepare(2000);
		frame_fail_after(n);
		status = clone_and_write(&failures);
		frame_fail_after(0);
		explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
		uint64_t none = 0;
		explore_check(clone_and_write(&none) == STATUS_OK && none == 0);
		finish();
	}
	explore_check(n > 10);
}

EXPLORE_TEST(each_quota_leaves_the_parent_whole, 1)
{
	uint64_t limit, failures;
	enum status status = STATUS_NO_QUOTA;

	for (limit = 1; status != STATUS_OK; limit++) {
		failures = 0;
		prepare(2000);
		ledgers[1].limit[LEDGER_PAGES] = limit;
		status = clone_and_write(&failures);
		explore_check(status == STATUS_OK || status == STATUS_NO_QUOTA);
		explore_check(failures == 0); /* a write of the parent's fails for nobody's quota */
		finish();
	}
	explore_check(limit > 10);
}

/* --- several CPUs ------------------------------------------------------------------------------------------------------ */

#define CPUS 3u
static unsigned finished;

static void wait_for_all(void)
{
	(void)atomic_add(&finished, 1u);
	while (load_acquire(&finished) < CPUS) {
		arch_poll_ipi();
		arch_pause();
	}
}

/* The CPUs have left the space, and do not run any more: nobody answers. */
static void finish_alone(void)
{
	host_test_as_cpu(0);
	space_activate(NULL);
	spaces[0].cpus = 0;
	finish();
}

/* Each writer counts up in a word of its own, in pages that all use; what it wrote last it always finds again. */
static void write_on(unsigned self)
{
	uint64_t mine[OWN] = {0};
	enum status status;

	for (unsigned i = 0; i < 12; i++) {
		uint64_t page = host_random() % OWN;
		bool write = host_random() % 2;
		uint64_t *word = reach(&spaces[0], address(page) + 64 * self, write, &status);

		explore_check(word != NULL && *word == mine[page]);
		if (write)
			*word = ++mine[page];
		arch_poll_ipi();
	}
}

/* A clone stays what it was; and who clones writes, too. */
static void clone_on(void)
{
	uint64_t seen[2 * OWN];
	enum status status;

	for (unsigned round = 0; round < 3; round++) {
		explore_check(space_init(&spaces[1], &ledgers[1]) == STATUS_OK);
		explore_check(space_clone(&spaces[0], &spaces[1], NULL, NULL) == STATUS_OK);
		space_activate(&spaces[1]);
		for (unsigned look = 0; look < 2; look++) {
			for (unsigned i = 0; i < 2 * OWN; i++) {
				const uint64_t *word = reach(&spaces[1], address(i / 2) + 64 * (1 + i % 2),
							     false, &status);

				explore_check(word != NULL && (look == 0 || *word == seen[i]));
				seen[i] = *word;
			}
			arch_poll_ipi();
			uint64_t *own = reach(&spaces[1], address(host_random() % OWN), true, &status);
			explore_check(own != NULL);
			*own = 99;
		}
		space_activate(&spaces[0]);
		while (!space_fini(&spaces[1])) /* a piece at a time */
			;
		explore_check(ledgers[1].used[LEDGER_PAGES] == 0);
		const uint64_t *word = reach(&spaces[0], address(host_random() % OWN), false, &status);
		explore_check(word != NULL && *word == 0);
		host_tlb_audit();
	}
}

static void write_or_clone([[maybe_unused]] void *unused)
{
	quiesce_enter();
	space_activate(&spaces[0]);
	if (this_cpu()->id == 0)
		clone_on();
	else
		write_on(this_cpu()->id);
	wait_for_all();
	if (this_cpu()->id != 0) {
		space_activate(NULL);
		quiesce_exit();
	}
}

EXPLORE_TEST(writers_lose_nothing_to_a_clone_and_it_sees_nothing_more_of_them, 600)
{
	begin(CPUS, 1000);
	quiesce_exit();
	finished = 0;
	host_test_run_cpus(CPUS, write_or_clone, NULL, kernel_on_ipi_call);
	finish_alone();
}

/* Faults in one copying page from all sides while it is unmapped and mapped again. */
static void fault_and_unmap([[maybe_unused]] void *unused)
{
	unsigned self = this_cpu()->id;
	enum status status;
	vaddr_t at;

	quiesce_enter();
	space_activate(&spaces[0]);
	for (unsigned i = 0; i < 8; i++) {
		if (self == 0) {
			struct memory *copies;

			explore_check(space_unmap(&spaces[0], VADDR(address(OWN)), COPIED) == STATUS_OK);
			explore_check(reach(&spaces[0], address(OWN), false, &status) == NULL);
			explore_check(memory_create_copying(&ledgers[0], source, 0, COPIED, &copies) ==
				      STATUS_OK);
			explore_check(space_map_as(&spaces[0], copies, 0, COPIED, VADDR(address(OWN)), RW,
						   MAPPING_OWN, &at) == STATUS_OK);
			memory_put(copies);
		}
		uint64_t *word = reach(&spaces[0], address(OWN + host_random() % 2) + 8 * self,
				       host_random() % 2, &status);
		/* The source's: never written. Copies: what somebody wrote into them, or nothing. */
		explore_check(word == NULL ? self != 0 && status == STATUS_NOT_FOUND : *word <= 1);
		arch_poll_ipi();
		const uint64_t *origin = reach(&spaces[0], address(OWN + COPIED) + 8 * self, false, &status);
		explore_check(origin != NULL && *origin == 0);
		if (host_random() % 2) { /* as touching both for writing, one after the other */
			status = space_commit(&spaces[0], VADDR(address(OWN)), 2);
			explore_check(status == STATUS_OK || (self != 0 && status == STATUS_NOT_FOUND));
		}
		word = reach(&spaces[0], address(OWN) + 8 * self, true, &status);
		if (word != NULL)
			*word = 1;
		host_tlb_audit();
	}
	wait_for_all();
	if (self != 0) {
		space_activate(NULL);
		quiesce_exit();
	}
}

EXPLORE_TEST(faults_in_copies_race_with_unmapping, 600)
{
	begin(CPUS, 1000);
	quiesce_exit();
	finished = 0;
	host_test_run_cpus(CPUS, fault_and_unmap, NULL, kernel_on_ipi_call);
	finish_alone();
}

EXPLORE_MAIN
