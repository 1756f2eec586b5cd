// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The profiler over some schedules: samples name threads that there are, one profile is taken at a time, memory that does not do is refused,
 * and a profile ends by itself and gives its memory back.
 */
#include "scenario.h"

#include <abi/profile.h>
#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/profiler.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define REGION_BYTES 16384u
#define SAMPLES_AT 0x40000000ull
#define PERIOD 100000ull
#define ARENA_AT 8192u /* in a region, where nobody has written */
#define DURATION 8000000ull

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *process;
static cap_id space, profiler;
static bool finished;
static unsigned threads_seen, idle_seen, kernel_seen;

static void begin(unsigned cpu_total)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	scenario_begin(cpu_total);
	process = scenario_process("profiled");
	explore_check(memory_create(&process->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(process, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, "virtualMemory") == 0)
			space = scenario_give(process, scenario_full(initial[i].object));
		if (__builtin_strcmp(initial[i].name, "profiler") == 0)
			profiler = scenario_give(process, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
	finished = false;
	threads_seen = idle_seen = kernel_seen = 0;
}

static enum status sample(struct ring_client *ring, uint64_t bytes, cap_id *memory, uint64_t period,
			  uint64_t duration)
{
	uint64_t ends;

	explore_check(virtual_memory_create_memory(&ring->transport, space, bytes, memory) == STATUS_OK);
	return profiler_sample(&ring->transport, profiler, *memory, period, duration, &ends);
}

static void look_at_samples(struct ring_client *ring, uint64_t slots)
{
	uint64_t taken = host_user_load64(VADDR(SAMPLES_AT + offsetof(struct profile_header, taken)));

	(void)ring;
	explore_check(taken >= 1 && taken < slots);
	for (uint64_t i = 1; i <= taken; i++) {
		struct profile_sample s;
		host_user_read(VADDR(SAMPLES_AT + i * PROFILE_SLOT), &s, sizeof(s));
		if (s.sequence == 0) /* a CPU is just writing it */
			continue;
		explore_check(s.sequence == i && s.cpu < cpu_count);
		idle_seen += s.kind == PROFILE_IDLE;
		if (s.kind == PROFILE_IDLE)
			continue;
		threads_seen++;
		kernel_seen += s.kind == PROFILE_KERNEL;
		/* Who has dispatched nothing is not seen with what another thread did. */
		explore_check(s.interface_id == 0 || s.kind == PROFILE_KERNEL);
		explore_check(s.process == process->pid && s.thread >= 1 && s.depth >= 1);
		explore_check(__builtin_strcmp(s.name, "profiled") == 0);
	}
}

static void takes_a_profile(uint64_t region)
{
	struct ring_client ring;
	cap_id memory, other;
	uint64_t at, end;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	/* What is refused leaves nothing behind. */
	explore_check(sample(&ring, (PROFILE_MAX_PAGES + 1) * PAGE_SIZE, &other, PERIOD, DURATION) ==
		      STATUS_EXCEPTION);
	ring_release(&ring, other);
	explore_check(sample(&ring, PAGE_SIZE, &other, PERIOD - 1, DURATION) == STATUS_EXCEPTION);
	ring_release(&ring, other);
	explore_check(sample(&ring, PAGE_SIZE, &other, PERIOD, PERIOD - 1) == STATUS_EXCEPTION);
	ring_release(&ring, other);
	/* Pages that cannot be paid for: it is over at once. */
	uint64_t limit = process->ledger.limit[LEDGER_PAGES];
	explore_check(virtual_memory_create_memory(&ring.transport, space, PAGE_SIZE, &other) == STATUS_OK);
	process->ledger.limit[LEDGER_PAGES] = process->ledger.used[LEDGER_PAGES];
	explore_check(profiler_sample(&ring.transport, profiler, other, PERIOD, DURATION, &at) != STATUS_OK);
	process->ledger.limit[LEDGER_PAGES] = limit;
	ring_release(&ring, other);
	host_user_registers(region + ARENA_AT, 0);
	explore_check(sample(&ring, 32 * PAGE_SIZE, &memory, PERIOD, DURATION) == STATUS_OK);
	end = host_now_ns() + DURATION + PERIOD;
	/* One at a time; but simulated time jumps where everybody waits, and then the first one is over. */
	enum status second = sample(&ring, PAGE_SIZE, &other, PERIOD, PERIOD);
	explore_check(second == STATUS_EXCEPTION || host_now_ns() >= end - PERIOD);
	ring_release(&ring, other);
	explore_check(virtual_memory_map(&ring.transport, space, memory, 0, 32 * PAGE_SIZE, SAMPLES_AT,
					 VIRTUAL_MEMORY_PROTECTION_READ, &at) == STATUS_OK);
	while (host_now_ns() < end)
		for (unsigned i = 0; i < 500; i++)
			host_user_step();
	(void)host_cap_enter(1, host_now_ns() + 2 * PERIOD, NULL); /* all CPUs have seen the end */
	look_at_samples(&ring, 32 * PAGE_SIZE / PROFILE_SLOT);
	/* It has ended: another one may be taken, and one that has no room takes what fits. */
	while (sample(&ring, PAGE_SIZE, &other, PERIOD, 40 * PERIOD) != STATUS_OK) {
		ring_release(&ring, other);
		(void)host_cap_enter(1, host_now_ns() + PERIOD, NULL);
	}
	(void)host_cap_enter(1, host_now_ns() + 43 * PERIOD, NULL);
	ring_release(&ring, other);
	ring_release(&ring, memory);
	ring_flush(&ring);
	finished = true;
}

/* Where it is seen to be: behind what enters the kernel (the simulated machine's are zero bytes), behind something else, where nothing
 * is mapped, at the very beginning. */
static void computes(uint64_t region)
{
	uint64_t places[] = {region + ARENA_AT, region + 4, 0x10000, 1};

	for (unsigned n = 0; n < array_size(places); n++) {
		host_user_registers(places[n], 0);
		for (unsigned i = 0; i < 25000; i++)
			host_user_step();
	}
}

EXPLORE_TEST(samples_name_what_runs, 20)
{
	unsigned cpus_total = 1 + (unsigned)(host_random() % 3);

	begin(cpus_total);
	scenario_thread(process, takes_a_profile, 0);
	if (host_random() % 2)
		scenario_thread(process, computes, 1);
	scenario_run();
	explore_check(finished && threads_seen + idle_seen > 0 && kernel_seen > 0);
	scenario_end();
}

EXPLORE_MAIN
