// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which CPUs have a space active, and making them forget translations.
 *
 * A CPU names itself in space->cpus before it loads the root, and takes itself out after it loaded another. Who changes
 * entries does so, full fence, then reads cpus: either it sees the CPU, or that CPU loads the root afterwards and
 * can only see the new entries.
 */
#include <core/atomic.h>
#include <core/cpu.h>

#include "space_private.h"

void space_activate(struct space *space)
{
	struct cpu *cpu = this_cpu();
	struct space *old = cpu->space;

	if (likely(old == space))
		return;
	if (space) {
		(void)atomic_or(&space->cpus, 1ull << cpu->id);
		full_fence(); /* named, before walking its tables; against space_flush */
		cpu->space = space;
		arch_space_activate(space->root);
	} else {
		cpu->space = NULL;
		arch_space_activate_kernel();
	}
	if (old)
		(void)atomic_and(&old->cpus, ~(1ull << cpu->id));
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

static void flush_here(void *arg)
{
	const struct tlb_batch *batch = arg;

	if (batch->count > TLB_BATCH) {
		arch_tlb_flush_all();
		return;
	}
	for (unsigned i = 0; i < batch->count; i++)
		arch_tlb_flush_page(batch->pages[i]);
}

void space_flush(uint64_t active, const struct tlb_batch *batch)
{
	uint64_t self = 1ull << this_cpu()->id;

	if (active & ~self)
		cpu_call(active, flush_here, (void *)batch);
	else if (active)
		flush_here((void *)batch);
}
