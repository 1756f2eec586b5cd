// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The CPUs, and how one asks others to run something: TLB shootdown and the like.
 *
 * - Each CPU has one request of its own (call_fn, call_arg, call_waiting); who is asked finds out whom to ask back from
 *   its ipi_pending bits. So any number of CPUs can call at once, without a lock.
 * - A caller that waits answers others' calls: two CPUs that call each other both get on.
 */
#include <core/cpu.h>

#include <arch/entry.h>
#include <core/atomic.h>
#include <core/log.h>

#include "recorder_scrap.h"

struct cpu cpus[MAX_CPUS];
unsigned cpu_count = 1;

void cpu_init(struct cpu *cpu, unsigned id)
{
	cpu->self = cpu;
	cpu->current_context = NULL;
	cpu->id = id;
	cpu->recorder = &recorder_scrap[id];
	cpu->recorder_mask = 0;
	cpu->frames_max = CPU_FRAME_CACHE;
	spin_init(&cpu->runqueue_lock, LOCK_RANK_RUNQUEUE);
	spin_init(&cpu->timer_lock, LOCK_RANK_TIMER);
	cpu->timer_armed_ns = UINT64_MAX;
	cpu->running_end_ns = cpu->budget_end_ns = UINT64_MAX;
}

void kernel_on_ipi_call(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t callers = atomic_swap(&cpu->ipi_pending, 0ull);

	count_own(&cpu->stats.ipis_received, 1);
	while (callers) {
		struct cpu *caller = &cpus[__builtin_ctzll(callers)];

		callers &= callers - 1;
		caller->call_fn(caller->call_arg);
		(void)atomic_and(&caller->call_waiting, ~(1ull << cpu->id));
	}
}

static uint64_t online_others(uint64_t mask, const struct cpu *self)
{
	uint64_t online = 0;

	mask &= ~(1ull << self->id);
	for (uint64_t left = mask; left; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctzll(left);

		if (load_acquire(&cpus[id].online))
			online |= 1ull << id;
	}
	return online;
}

void cpu_call(uint64_t mask, void (*fn)(void *), void *arg)
{
	struct cpu *cpu = this_cpu();
	uint64_t others = online_others(mask, cpu);

	if (others) {
		kassert(load_relaxed(&cpu->call_waiting) == 0);
		cpu->call_fn = fn;
		cpu->call_arg = arg;
		store_release(&cpu->call_waiting, others);
		for (uint64_t left = others; left; left &= left - 1) {
			unsigned id = (unsigned)__builtin_ctzll(left);

			(void)atomic_or(&cpus[id].ipi_pending, 1ull << cpu->id);
			count_own(&cpu->stats.ipis_sent, 1);
			arch_ipi_send(id, ARCH_IPI_CALL);
		}
	}
	if (mask & 1ull << cpu->id)
		fn(arg);
	while (load_acquire(&cpu->call_waiting) != 0) {
		arch_poll_ipi();
		arch_pause();
	}
}
