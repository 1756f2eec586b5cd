// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which CPUs may have cached translations of a space, and making them forget.
 *
 * A CPU names itself in space->cpus before it loads the root, and stays named after it loaded another: taking itself out
 * and in again would cost two locked operations at each switch. It takes itself out when somebody wants it to flush a space that
 * it no longer has: so a stale name costs one interrupt, once. Loading a root forgets all of the former one.
 * Who changes entries does so, full fence, then reads cpus: either it sees the CPU, or that CPU loads the root
 * afterwards and can only see the new entries.
 */
#include <core/atomic.h>
#include <core/cpu.h>

#include "space_private.h"

void space_activate_slow(struct space *space)
{
	struct cpu *cpu = this_cpu();
	uint64_t self = 1ull << cpu->id;

	cpu->space = space;
	if (!space) {
		arch_space_activate_kernel();
		return;
	}
	if (unlikely((load_relaxed(&space->cpus) & self) == 0)) {
		(void)atomic_or(&space->cpus, self);
		full_fence(); /* named, before walking its tables; against space_active */
	}
	arch_space_activate(space->root);
}

void space_deactivate(void)
{
	space_activate(NULL);
}

uint64_t space_active(const struct space *space)
{
	full_fence(); /* entries changed, before reading who may have cached them */
	return load_relaxed(&space->cpus);
}

struct flush {
	struct space *space;
	const struct tlb_batch *batch;
};

static void flush_here(void *arg)
{
	const struct flush *flush = arg;
	const struct tlb_batch *batch = flush->batch;
	struct cpu *cpu = this_cpu();

	if (cpu->space != flush->space) {
		(void)atomic_and(&flush->space->cpus, ~(1ull << cpu->id));
		return;
	}
	if (batch->count > TLB_BATCH) {
		arch_tlb_flush_all();
		return;
	}
	for (unsigned i = 0; i < batch->count; i++)
		arch_tlb_flush_page(batch->pages[i]);
}

void space_flush(struct space *space, uint64_t active, const struct tlb_batch *batch)
{
	struct flush flush = {space, batch};
	uint64_t self = 1ull << this_cpu()->id;

	if (active & ~self)
		cpu_call(active, flush_here, &flush);
	else if (active)
		flush_here(&flush);
}

void space_flush_locked(struct space *space, uint64_t base, uint64_t end, const struct tlb_batch *batch)
{
	uint64_t active;

	if (batch->count == 0)
		return;
	active = space_active(space);
	if (likely((active & ~(1ull << this_cpu()->id)) == 0)) {
		space_flush(space, active, batch);
		return;
	}
	space_set_busy(space, base, end, true);
	spin_unlock(&space->lock);
	space_flush(space, active, batch);
	spin_lock(&space->lock);
	space_set_busy(space, base, end, false);
}
