// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The protocols of kernel/core over many schedules: mutual exclusion, calls between CPUs, quiescence (nothing is freed
 * while a CPU that could have found it is inside), timers cancelled while they fire.
 */
#include <stdlib.h>

#include <arch/cpu.h>
#include <archimpl/explorer.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/lock.h>
#include <core/quiesce.h>
#include <core/timer.h>

void kernel_on_ipi_call(void); /* arch/entry.h */

/* --- locks ------------------------------------------------------------------------------------------------------ */

static struct spinlock lock;
static unsigned inside_lock, entries;

static void lock_and_count([[maybe_unused]] void *unused)
{
	for (unsigned i = 0; i < 4; i++) {
		spin_lock(&lock);
		explore_check(inside_lock++ == 0);
		arch_switch_point();
		entries++;
		inside_lock--;
		spin_unlock(&lock);
		if (spin_trylock(&lock)) {
			explore_check(inside_lock++ == 0);
			arch_switch_point();
			inside_lock--;
			spin_unlock(&lock);
		}
	}
}

EXPLORE_TEST(a_lock_admits_one_cpu, 1000)
{
	host_test_boot_bare(3, 1 << 20);
	spin_init(&lock, LOCK_RANK_LOG);
	inside_lock = entries = 0;
	host_test_run_cpus(3, lock_and_count, NULL, NULL);
	explore_check(entries == 12);
}

/* --- calls between CPUs ------------------------------------------------------------------------------------------ */

static unsigned called[4][4]; /* by, on */

static void note_call(void *by)
{
	(void)atomic_add(&called[*(unsigned *)by][this_cpu()->id], 1u);
}

static void call_everybody([[maybe_unused]] void *unused)
{
	unsigned me = this_cpu()->id;

	for (unsigned i = 1; i <= 3; i++) {
		cpu_call(~0ull, note_call, &me);
		for (unsigned on = 0; on < cpu_count; on++)
			explore_check(called[me][on] == i);
	}
	/* Goes on answering until all have got their answers. */
	for (bool done = false; !done;) {
		done = true;
		for (unsigned by = 0; by < cpu_count; by++)
			done &= load_relaxed(&called[by][me]) == 3;
		arch_poll_ipi();
		arch_pause();
	}
}

EXPLORE_TEST(cpus_call_each_other_at_once, 1000)
{
	host_test_boot_bare(4, 1 << 20);
	__builtin_memset(called, 0, sizeof called);
	host_test_run_cpus(4, call_everybody, NULL, kernel_on_ipi_call);
}

/* --- quiescence -------------------------------------------------------------------------------------------------- */

#define VALUES 64u

struct value {
	struct quiesce_node node;
	bool freed;
};

static struct value values[VALUES], *shared;
static unsigned next_value, freed;

static void value_free(struct quiesce_node *node)
{
	struct value *value = container_of(node, struct value, node);

	explore_check(!value->freed);
	value->freed = true;
	(void)atomic_add(&freed, 1u);
}

static void read_shared(void)
{
	struct value *value;

	quiesce_enter();
	value = load_acquire(&shared);
	for (unsigned i = 0; i < 3; i++) {
		explore_check(!value->freed);
		arch_switch_point();
	}
	explore_check(!value->freed);
	quiesce_exit();
	arch_poll_ipi();
}

static void replace_shared(bool wait)
{
	struct value *fresh = &values[atomic_add(&next_value, 1u)], *old;

	quiesce_enter();
	old = atomic_swap(&shared, fresh);
	if (wait) {
		quiesce_wait();
		value_free(&old->node);
	} else {
		quiesce_free(&old->node, value_free);
	}
	quiesce_poll();
	quiesce_exit();
}

static void read_and_replace([[maybe_unused]] void *unused)
{
	for (unsigned i = 0; i < 8; i++) {
		if ((i ^ this_cpu()->id) & 1)
			read_shared();
		else
			replace_shared(i & 2);
	}
}

EXPLORE_TEST(nothing_is_freed_under_a_reader, 3000)
{
	unsigned made;

	host_test_boot_bare(3, 1 << 20);
	__builtin_memset(values, 0, sizeof values);
	freed = 0;
	next_value = 1;
	shared = &values[0];
	host_test_run_cpus(3, read_and_replace, NULL, kernel_on_ipi_call);
	made = next_value;
	/* Direct calls: no other CPU runs, so drain each CPU's list from that CPU. */
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 3; i++) {
			host_test_as_cpu(i);
			quiesce_enter();
			quiesce_poll();
			quiesce_exit();
		}
	}
	host_test_as_cpu(0);
	explore_check(freed == made - 1);
}

static unsigned drained;

static void drain_at_the_end([[maybe_unused]] void *unused)
{
	for (unsigned i = 0; i < 4; i++)
		replace_shared(false);
	(void)atomic_add(&drained, 1u);
	if (this_cpu()->id == 0) {
		quiesce_enter();
		while (load_acquire(&drained) != 3) {
			arch_poll_ipi();
			arch_pause();
		}
		quiesce_drain();
		explore_check(load_relaxed(&freed) == 12);
		quiesce_exit();
		store_release(&drained, 4u);
	}
	while (load_acquire(&drained) != 4) {
		arch_poll_ipi();
		arch_pause();
	}
}

EXPLORE_TEST(drain_frees_what_all_cpus_retired, 1000)
{
	host_test_boot_bare(3, 1 << 20);
	__builtin_memset(values, 0, sizeof values);
	freed = drained = 0;
	next_value = 1;
	shared = &values[0];
	host_test_run_cpus(3, drain_at_the_end, NULL, kernel_on_ipi_call);
}

/* --- timers ------------------------------------------------------------------------------------------------------- */

#define TIMERS 6u

static struct timer timers[TIMERS];
static unsigned fired[TIMERS], cancelled[TIMERS];

static void note_fired(struct timer *timer)
{
	fired[timer - timers]++;
}

static bool any_armed(void)
{
	bool any = false;

	for (unsigned i = 0; i < TIMERS; i++)
		any |= load_acquire(&timers[i].armed);
	return any;
}

static void arm_and_run([[maybe_unused]] void *unused)
{
	if (this_cpu()->id == 0) {
		for (unsigned i = 0; i < TIMERS; i++)
			timer_arm(&timers[i], 100 + i % 3 * 400);
		for (unsigned i = 0; i < 20; i++) {
			timer_run_expired();
			arch_pause();
		}
		while (any_armed()) {
			timer_run_expired();
			arch_pause();
		}
	} else {
		for (unsigned i = this_cpu()->id - 1; i < TIMERS; i += 2)
			cancelled[i] += timer_cancel(&timers[i]);
	}
}

EXPLORE_TEST(a_timer_fires_or_was_cancelled, 1000)
{
	host_test_boot_bare(3, 1 << 20);
	clock_init();
	for (unsigned i = 0; i < TIMERS; i++) {
		timer_init(&timers[i], note_fired);
		fired[i] = cancelled[i] = 0;
	}
	host_test_run_cpus(3, arm_and_run, NULL, NULL);
	for (unsigned i = 0; i < TIMERS; i++)
		explore_check(fired[i] + cancelled[i] == 1);
}

EXPLORE_MAIN
