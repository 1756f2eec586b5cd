// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ledgers, the checks of debug locks, the kernel's own memcpy and friends, the flight recorder, the clock. */
#include <stdlib.h>
#include <string.h>

#include <archimpl/explorer.h>
#include <core/clock.h>
#include <core/ledger.h>
#include <core/lock.h>
#include <core/recorder.h>

/* --- ledgers ----------------------------------------------------------------------------------------------------- */

static struct ledger ledger;

static void make_ledger(uint64_t limit)
{
	uint64_t limits[LEDGER_COUNT];

	for (unsigned i = 0; i < LEDGER_COUNT; i++)
		limits[i] = limit;
	ledger_init(&ledger, limits);
}

EXPLORE_TEST(ledger_refuses_what_is_beyond_its_limit, 1)
{
	make_ledger(10);
	explore_check(ledger_charge(&ledger, LEDGER_PAGES, 10) == STATUS_OK);
	explore_check(ledger_charge(&ledger, LEDGER_PAGES, 0) == STATUS_OK);
	explore_check(ledger_charge(&ledger, LEDGER_PAGES, 1) == STATUS_NO_QUOTA);
	explore_check(ledger_charge_one(&ledger, LEDGER_PAGES) == STATUS_NO_QUOTA);
	ledger_credit(&ledger, LEDGER_PAGES, 1);
	explore_check(ledger_charge_one(&ledger, LEDGER_PAGES) == STATUS_OK);
	explore_check(ledger_charge(&ledger, LEDGER_CALLS, 11) == STATUS_NO_QUOTA);
	explore_check(ledger_charge(&ledger, LEDGER_CALLS, UINT64_MAX) == STATUS_NO_QUOTA);
	explore_check(ledger.used[LEDGER_PAGES] == 10 && ledger.used[LEDGER_CALLS] == 0);
	ledger_credit(&ledger, LEDGER_PAGES, 4);
	explore_check(ledger_charge(&ledger, LEDGER_PAGES, 5) == STATUS_NO_QUOTA);
	explore_check(ledger_charge(&ledger, LEDGER_PAGES, 4) == STATUS_OK);
}

static uint64_t charged;

static void charge_many([[maybe_unused]] void *unused)
{
	for (unsigned i = 0; i < 8; i++) {
		if (ledger_charge(&ledger, LEDGER_ENTRIES, 3) == STATUS_OK)
			(void)atomic_add(&charged, 3ull);
		if (i % 3 == 2 && atomic_sub(&charged, 3ull) >= 3)
			ledger_credit(&ledger, LEDGER_ENTRIES, 3);
		explore_check(load_relaxed(&ledger.used[LEDGER_ENTRIES]) <= 100 + 3 * 3);
	}
}

EXPLORE_TEST(ledger_counts_on_several_cpus, 300)
{
	host_test_boot_bare(3, 1 << 20);
	make_ledger(1000);
	charged = 0;
	host_test_run_cpus(3, charge_many, NULL, NULL);
	explore_check(ledger.used[LEDGER_ENTRIES] == charged);
}

/* --- locks ------------------------------------------------------------------------------------------------------- */

static struct spinlock outer = SPINLOCK_INIT(LOCK_RANK_SPACE), inner = SPINLOCK_INIT(LOCK_RANK_FRAMES);

static void take_in_wrong_order([[maybe_unused]] void *unused) NO_LOCK_ANALYSIS
{
	spin_lock(&inner);
	spin_lock(&outer);
}

static void take_twice([[maybe_unused]] void *unused) NO_LOCK_ANALYSIS
{
	spin_lock(&inner);
	spin_lock(&inner);
}

static void release_unheld([[maybe_unused]] void *unused) NO_LOCK_ANALYSIS
{
	spin_unlock(&inner);
}

EXPLORE_TEST(debug_locks_find_wrong_use, 1)
{
	host_test_boot_bare(2, 1 << 20);
	explore_check(host_test_dies(take_in_wrong_order, NULL));
	explore_check(host_test_dies(take_twice, NULL));
	explore_check(host_test_dies(release_unheld, NULL));
	spin_lock(&outer);
	spin_lock(&inner);
	explore_check(spin_is_held(&inner) && spin_is_held(&outer));
	host_test_as_cpu(1);
	explore_check(!spin_is_held(&inner));
	host_test_as_cpu(0);
	spin_unlock(&outer);
	spin_unlock(&inner);
	explore_check(!spin_is_held(&inner) && !spin_is_held(&outer));
}

/* --- string functions: the kernel's, under other names ---------------------------------------------------------------- */

#define memcpy kernel_memcpy
#define memmove kernel_memmove
#define memset kernel_memset
#define memcmp kernel_memcmp
#include "../string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

EXPLORE_TEST(string_functions_agree_with_the_c_library, 2000)
{
	unsigned char a[200], b[200], before[200];
	size_t from = host_random() % 70, to = host_random() % 70, len = host_random() % 130;

	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = b[i] = before[i] = (unsigned char)host_random();
	explore_check(kernel_memmove(a + to, a + from, len) == a + to);
	memmove(b + to, b + from, len);
	explore_check(memcmp(a, b, sizeof(a)) == 0);
	kernel_memcpy(a + to, before + from, len);
	memcpy(b + to, before + from, len);
	explore_check(memcmp(a, b, sizeof(a)) == 0);
	kernel_memset(a + from, (int)to + 0x1f0, len);
	memset(b + from, (int)to + 0x1f0, len);
	explore_check(memcmp(a, b, sizeof(a)) == 0);
	explore_check(kernel_memcmp(a, b, sizeof(a)) == 0);
	b[from + len / 2] = (unsigned char)host_random();
	explore_check(sign(kernel_memcmp(a + from, b + from, len)) == sign(memcmp(a + from, b + from, len)));
}

/* --- flight recorder --------------------------------------------------------------------------------------------- */

static struct recorder_event *ring;

static void record(uint64_t value)
{
	struct recorder_event *event = recorder_begin(this_cpu());

	store_relaxed(&event->time_ticks, value);
	store_relaxed(&event->interface_id, value);
	store_relaxed(&event->object, value);
	event->kind = RECORDER_EXIT; /* one that has a detail */
	store_relaxed(&event->detail, value);
	recorder_commit(this_cpu());
}

static void make_recorder(unsigned cpu_total)
{
	host_test_boot_bare(cpu_total, 1 << 20);
	free(ring);
	ring = aligned_alloc(64, RECORDER_BYTES);
	memset(ring, 0, RECORDER_BYTES);
	recorder_attach(&cpus[0], ring);
}

EXPLORE_TEST(recorder_wraps_and_tells_what_was_lost, 1)
{
	struct recorder_event event;
	uint64_t from = 0;

	make_recorder(2);
	explore_check(!recorder_read(0, 0, &event) && !recorder_read(1, 0, &event) &&
		      !recorder_read(99, 0, &event));
	for (uint64_t i = 1; i <= 3; i++)
		record(i);
	explore_check(recorder_read(0, 0, &event) && event.sequence == 1 && event.object == 1);
	explore_check(recorder_read(0, 3, &event) && event.sequence == 3 && !recorder_read(0, 4, &event));
	for (uint64_t i = 4; i <= 2000; i++)
		record(i);
	explore_check(recorder_read(0, 1, &event) && event.sequence == 2000 - RECORDER_EVENTS + 2);
	for (from = event.sequence; recorder_read(0, from, &event); from++)
		explore_check(event.sequence == from && event.object == from);
	explore_check(from == 2001);
}

EXPLORE_TEST(events_before_a_ring_is_attached_go_nowhere, 1)
{
	struct recorder_event event;

	host_test_boot_bare(1, 1 << 20);
	for (uint64_t i = 0; i < 1000; i++)
		record(i);
	explore_check(!recorder_read(0, 0, &event));
}

static void write_or_read([[maybe_unused]] void *unused)
{
	struct recorder_event event;
	uint64_t from = 0;

	if (this_cpu()->id == 0) {
		for (uint64_t i = 1; i <= RECORDER_EVENTS + 60; i++)
			record(i);
		return;
	}
	for (unsigned i = 0; i < 120; i++) {
		if (!recorder_read(0, from, &event))
			continue;
		explore_check(event.sequence >= from && event.object == event.sequence);
		explore_check(event.detail == event.sequence && event.time_ticks == event.sequence);
		from = host_random() % 4 ? event.sequence + 1 : 0;
	}
}

EXPLORE_TEST(what_an_event_does_not_say_is_not_that_of_an_earlier_one, 1)
{
	struct recorder_event event;

	make_recorder(1);
	for (uint64_t i = 1; i <= RECORDER_EVENTS; i++)
		record(i);
	recorder_write(1, 2, 3, 4, recorder_pack(5, RECORDER_CALL, 6, 7));
	explore_check(recorder_read(0, RECORDER_EVENTS + 1, &event) && event.object == 2);
	explore_check(event.kind == RECORDER_CALL && event.msg_len == 7 && event.detail == 0);
}

EXPLORE_TEST(readers_never_see_a_torn_event, 300)
{
	make_recorder(2);
	host_test_run_cpus(2, write_or_read, NULL, NULL);
}

/* --- clock ------------------------------------------------------------------------------------------------------- */

EXPLORE_TEST(clock_runs_and_users_can_compute_it, 1)
{
	struct cap_clock c;
	uint64_t before, after;

	host_test_boot(1, 1 << 20);
	c = clock_parameters();
	before = clock_now_ns();
	host_test_advance(5000000);
	after = clock_now_ns();
	explore_check(after - before >= 4990000 && after - before < 5100000);
	after = c.base_ns + (uint64_t)((unsigned __int128)(arch_ticks() - c.base_tsc) * c.mult >> 32);
	explore_check(clock_now_ns() - after < 10000);
	explore_check(clock_ticks_per_second() > 0);
}

EXPLORE_MAIN
