// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The simulated machine itself: coroutines interleave and keep their state, one seed gives one schedule, the explorer
 * finds planted bugs (lost update, deadlock, livelock), a missing TLB flush shows, interrupts reach idle CPUs and user code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/ring.h>
#include <arch/cpu.h>
#include <arch/memory.h>
#include <arch/paging.h>
#include <arch/platform.h>
#include <archimpl/explorer.h>
#include <archimpl/user.h>
#include <core/atomic.h>
#include <core/cpu.h>

static uint64_t counter;

/* --- CPUs in kernel mode --------------------------------------------------------------------------------------- */

static void add_atomically([[maybe_unused]] void *unused)
{
	for (unsigned i = 0; i < 10; i++)
		(void)atomic_add(&counter, 1ull);
}

EXPLORE_TEST(atomic_additions_are_all_counted, 200)
{
	counter = 0;
	host_test_boot_bare(4, 1 << 20);
	host_test_run_cpus(4, add_atomically, NULL, NULL);
	explore_check(counter == 40);
}

static void add_in_two_steps([[maybe_unused]] void *unused)
{
	for (unsigned i = 0; i < 3; i++) {
		uint64_t was = load_relaxed(&counter);

		store_relaxed(&counter, was + 1);
	}
}

static bool update_is_lost(uint64_t seed)
{
	counter = 0;
	host_seed(seed);
	host_test_boot_bare(2, 1 << 20);
	host_test_run_cpus(2, add_in_two_steps, NULL, NULL);
	return counter != 6;
}

EXPLORE_TEST(a_planted_lost_update_is_found_often, 1)
{
	unsigned found = 0;

	for (uint64_t seed = 1; seed <= 200; seed++)
		found += update_is_lost(seed);
	printf("# found by %u of 200 seeds\n", found);
	explore_check(found > 20 && found < 180);
}

/* How many of all schedules with at most so many preemptions lose one; *runs: how many there are. */
static unsigned losses(unsigned preemptions, unsigned *runs)
{
	unsigned found = 0;

	*runs = 0;
	host_exhaust_begin(preemptions, NULL);
	do {
		found += update_is_lost(1);
		++*runs;
	} while (host_exhaust_next());
	host_exhaust_end();
	return found;
}

EXPLORE_TEST(all_schedules_are_those_that_there_are, 1)
{
	unsigned none, one, two, found;

	/* Without a preemption the CPUs run one behind the other. With one, any but the first of a CPU's steps may be where the
	 * other comes between, which is a loss when it comes behind a load. */
	explore_check(losses(0, &none) == 0 && none == 1);
	explore_check((found = losses(1, &one)) > 0 && found < one);
	explore_check(losses(2, &two) > found && two > one);
	printf("# %u, %u and %u schedules\n", none, one, two);
}

static uint64_t hash_of_schedule(uint64_t seed)
{
	host_seed(seed);
	host_test_boot_bare(4, 1 << 20);
	host_test_run_cpus(4, add_in_two_steps, NULL, NULL);
	return host_trace_hash();
}

EXPLORE_TEST(one_seed_gives_one_schedule, 1)
{
	unsigned different = 0;

	for (uint64_t seed = 1; seed < 200; seed++) {
		uint64_t hash = hash_of_schedule(seed);

		explore_check(hash_of_schedule(seed) == hash);
		different += hash_of_schedule(seed + 1) != hash;
	}
	explore_check(different > 150);
}

static uint64_t lock_a, lock_b;

static void take(uint64_t *lock)
{
	while (atomic_swap(lock, 1ull) != 0)
		arch_pause();
}

static void lock_in_either_order([[maybe_unused]] void *unused)
{
	bool first = this_cpu()->id == 0;

	take(first ? &lock_a : &lock_b);
	take(first ? &lock_b : &lock_a);
	store_release(&lock_a, 0ull);
	store_release(&lock_b, 0ull);
}

static void until_deadlock([[maybe_unused]] void *unused)
{
	host_step_limit = 20000;
	for (uint64_t seed = 1; seed <= 500; seed++) {
		lock_a = lock_b = 0;
		host_seed(seed);
		host_test_boot_bare(2, 1 << 20);
		host_test_run_cpus(2, lock_in_either_order, NULL, NULL);
	}
}

EXPLORE_TEST(opposite_lock_orders_are_found_as_a_livelock, 1)
{
	explore_check(host_test_dies(until_deadlock, NULL));
}

static void idle_for_ever([[maybe_unused]] void *unused)
{
	arch_idle();
}

static void nobody_wakes([[maybe_unused]] void *unused)
{
	host_test_boot_bare(2, 1 << 20);
	host_test_run_cpus(2, idle_for_ever, NULL, NULL);
}

EXPLORE_TEST(a_cpu_that_nobody_wakes_is_a_deadlock, 1)
{
	explore_check(host_test_dies(nobody_wakes, NULL));
}

static void wake_each_other([[maybe_unused]] void *unused)
{
	unsigned id = this_cpu()->id;

	if (id == 0) {
		arch_ipi_send(1, ARCH_IPI_RESCHEDULE);
		arch_idle();
		(void)atomic_add(&counter, 1ull);
	} else {
		arch_idle();
		arch_ipi_send(0, ARCH_IPI_CALL);
	}
}

static void count_call(void)
{
	(void)atomic_add(&counter, 100ull);
}

EXPLORE_TEST(requests_wake_idle_cpus_whenever_they_come, 200)
{
	counter = 0;
	host_test_boot_bare(2, 1 << 20);
	host_test_run_cpus(2, wake_each_other, NULL, count_call);
	explore_check(counter == 101);
}

/* --- user programs over a kernel of ten lines -------------------------------------------------------------------- */

#define THREADS 3u

static struct arch_context contexts[THREADS];
static bool runnable[THREADS], running[THREADS];
static uint64_t fpu[THREADS][8];
static paddr_t root, page;
static unsigned calls, faults, timers, lines;
static bool forget_flush;

static void tiny_call(uint64_t number, uint64_t arg0, uint64_t arg1)
{
	unsigned me = (unsigned)(this_cpu()->current_context - contexts);

	calls++;
	if (number == CAP_SYSCALL_EXIT) {
		runnable[me] = false;
		return;
	}
	arch_context_set_result(&contexts[me], (int64_t)(arg0 + arg1), number);
}

static void tiny_timer(void)
{
	timers++;
}

static void tiny_interrupt(unsigned line)
{
	lines++;
	if (lines < 3)
		arch_irq_unmask(line);
}

/* Leaf tables of the one mapped page, at 0x400000. */
static pte_t *leaf(void)
{
	pte_t *table = phys_to_virt(root);

	for (unsigned level = 3; level > 0; level--) {
		pte_t *entry = &table[0x400000ull >> (PAGE_SHIFT + 9 * level) & 511];

		if (!*entry)
			*entry = arch_pte_table(PADDR(root.raw + (4 - level) * PAGE_SIZE));
		table = phys_to_virt(arch_pte_address(*entry));
	}
	return &table[0x400000ull >> PAGE_SHIFT & 511];
}

static void tiny_fault(const struct arch_fault *fault)
{
	faults++;
	if (fault->address.raw >> PAGE_SHIFT == 0x400 && !fault->present)
		*leaf() = arch_pte_leaf(page, PAGE_READ | PAGE_WRITE | PAGE_USER, 0);
	else
		runnable[this_cpu()->current_context - contexts] = false;
}

static struct arch_context *tiny_next(void)
{
	struct cpu *cpu = this_cpu();
	struct arch_context *from = cpu->current_context;

	cpu->current_context = NULL;
	for (;;) {
		arch_space_activate(root);
		for (unsigned i = 0; i < THREADS; i++) {
			unsigned t = (i + cpu->id + calls) % THREADS;

			if (from == &contexts[t])
				running[t] = false;
			if (!runnable[t] || running[t])
				continue;
			if (from && from != &contexts[t])
				running[from - contexts] = false;
			running[t] = true;
			if (from != &contexts[t])
				arch_context_switch(from, &contexts[t]);
			return &contexts[t];
		}
		if (from)
			running[from - contexts] = false;
		from = NULL;
		arch_idle();
	}
}

static void tiny_boot([[maybe_unused]] void *unused)
{
	arch_resume_loop();
}

static struct arch_context *tiny_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
	tiny_call(number, arg0, arg1);
	return tiny_next();
}

static enum host_outcome tiny_run(host_program *programs[], unsigned count)
{
	host_test_boot_bare(1, 1 << 20);
	host_hooks = (struct host_hooks){
		.on_syscall = tiny_syscall,
		.on_fault = tiny_fault,
		.on_interrupt = tiny_interrupt,
		.on_timer = tiny_timer,
		.next = tiny_next,
	};
	root = PADDR(HOST_MEMORY_BASE + 16 * PAGE_SIZE);
	page = PADDR(HOST_MEMORY_BASE + 32 * PAGE_SIZE);
	calls = faults = timers = lines = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		runnable[i] = i < count;
		running[i] = false;
		memset(fpu[i], 0, sizeof fpu[i]);
		if (i < count)
			arch_context_init(&contexts[i], host_program_entry(programs[i]), VADDR(0x1000), i,
					  fpu[i]);
	}
	return host_run(tiny_boot, NULL);
}

static unsigned finished;

static void adds_in_the_kernel(uint64_t arg)
{
	uint64_t reason = 0;

	for (uint64_t i = 0; i < 5; i++) {
		explore_check(host_cap_enter(arg, i, &reason) == (int64_t)(arg + i));
		explore_check(reason == CAP_SYSCALL_ENTER);
	}
	finished++;
}

EXPLORE_TEST(system_calls_return_to_their_caller, 100)
{
	host_program *programs[] = {adds_in_the_kernel, adds_in_the_kernel, adds_in_the_kernel};

	finished = 0;
	explore_check(tiny_run(programs, 3) == HOST_QUIET);
	explore_check(finished == 3 && calls == 18);
}

static void writes_memory(uint64_t arg)
{
	uint64_t value = 0;

	host_user_store64(VADDR(0x400000 + 8 * arg), arg + 7);
	host_user_read(VADDR(0x400000 + 8 * arg), &value, 8);
	explore_check(value == arg + 7);
	finished++;
}

static void touches_nothing_mapped([[maybe_unused]] uint64_t arg)
{
	(void)host_user_load32(VADDR(0x500000));
	finished += 100;
}

EXPLORE_TEST(faults_are_taken_and_retried_or_end_the_thread, 100)
{
	host_program *programs[] = {writes_memory, touches_nothing_mapped, writes_memory};

	finished = 0;
	explore_check(tiny_run(programs, 3) == HOST_QUIET);
	explore_check(finished == 2 && faults == 2);
	explore_check(*(uint64_t *)phys_to_virt(page) == 7);
	explore_check(arch_pte_dirty(*leaf()));
}

static void interrupted([[maybe_unused]] uint64_t arg)
{
	arch_timer_arm(1000);
	host_raise_irq(5);
	for (unsigned i = 0; i < 200; i++)
		host_user_step();
	explore_check(timers == 1 && lines == 1);
	host_raise_irq(5);
	host_raise_irq(5);
	for (unsigned i = 0; i < 50; i++)
		host_user_step();
	finished++;
}

static void bystander([[maybe_unused]] uint64_t arg)
{
	for (unsigned i = 0; i < 300; i++)
		host_user_step();
	finished++;
}

static void interrupt_boot([[maybe_unused]] void *unused)
{
	(void)arch_irq_bind(5, 0);
	arch_irq_unmask(5);
}

EXPLORE_TEST(interrupts_come_between_steps_of_user_code, 100)
{
	host_program *programs[] = {interrupted, bystander, bystander};

	finished = 0;
	explore_check(tiny_run(programs, 0) == HOST_QUIET);
	interrupt_boot(NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		runnable[i] = true;
		arch_context_init(&contexts[i], host_program_entry(programs[i]), VADDR(0), i, fpu[i]);
	}
	explore_check(host_run(tiny_boot, NULL) == HOST_QUIET);
	explore_check(finished == 3 && lines == 2);
}

/* --- the translation cache ---------------------------------------------------------------------------------------- */

static bool page_is_free;

static bool in_use(paddr_t frame)
{
	return frame.raw != page.raw || !page_is_free;
}

static struct arch_context *unmap_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
	if (number == CAP_SYSCALL_ENTER) {
		*leaf() = 0;
		if (!forget_flush)
			arch_tlb_flush_page(VADDR(0x400000));
		page_is_free = true;
	}
	tiny_call(number, arg0, arg1);
	return tiny_next();
}

static void uses_after_unmap([[maybe_unused]] uint64_t arg)
{
	host_hooks.on_syscall = unmap_syscall;
	host_hooks.frame_in_use = in_use;
	host_user_store64(VADDR(0x400000), 1);
	(void)host_cap_enter(0, 0, NULL);
	page = PADDR(page.raw + PAGE_SIZE);
	page_is_free = false;
	explore_check(host_user_load64(VADDR(0x400000)) == 0);
	finished++;
}

static void uses_stale([[maybe_unused]] uint64_t arg)
{
	host_hooks.on_syscall = unmap_syscall;
	host_hooks.frame_in_use = in_use;
	host_user_store64(VADDR(0x400000), 1);
	(void)host_cap_enter(0, 0, NULL);
	(void)host_user_load64(VADDR(0x400000));
	finished++;
}

static void run_stale([[maybe_unused]] void *unused)
{
	host_program *programs[] = {uses_stale};

	(void)tiny_run(programs, 1);
}

EXPLORE_TEST(a_flushed_page_faults_again, 1)
{
	host_program *programs[] = {uses_after_unmap};

	finished = 0;
	forget_flush = page_is_free = false;
	explore_check(tiny_run(programs, 1) == HOST_QUIET);
	explore_check(finished == 1 && faults == 2);
}

EXPLORE_TEST(a_missing_flush_is_found, 1)
{
	page_is_free = false;
	forget_flush = true;
	explore_check(host_test_dies(run_stale, NULL));
}

/* --- upcalls ---------------------------------------------------------------------------------------------------- */

static struct cap_upcall_frame upcall_frame;
static unsigned upcalls;

static void handler(uint64_t frame)
{
	explore_check(frame == 0x1234);
	explore_check(host_cap_enter(40, 2, NULL) == 42);
	upcalls++;
}

static struct arch_context *upcall_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
	struct arch_context *ctx = this_cpu()->current_context;

	tiny_call(number, arg0, arg1);
	if (number == CAP_SYSCALL_ENTER && arg0 == 1)
		arch_context_upcall(ctx, &upcall_frame, host_program_entry(handler), 0x1234);
	return tiny_next();
}

static void is_interrupted_by_upcall([[maybe_unused]] uint64_t arg)
{
	host_hooks.on_syscall = upcall_syscall;
	explore_check(host_cap_enter(1, 2, NULL) == 3);
	explore_check(upcalls == 1);
	finished++;
}

EXPLORE_TEST(an_upcall_runs_on_top_and_keeps_the_result, 20)
{
	host_program *programs[] = {is_interrupted_by_upcall};

	finished = upcalls = 0;
	explore_check(tiny_run(programs, 1) == HOST_QUIET && finished == 1);
	explore_check((int64_t)upcall_frame.rax == 3);
}

EXPLORE_MAIN
