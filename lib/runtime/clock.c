// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The monotonic clock without entering the kernel: its parameters are in the region, under a sequence lock.
 */
#include <runtime/ring.h>

/*
 * Reader's side of the sequence lock: seq (acquire), parameters, then (fence) seq again. An odd or changed value means
 * that the kernel was writing, which it does in a few instructions.
 */
uint64_t ring_now(const struct ring_client *ring, uint64_t tsc)
{
	const struct cap_clock *clock = &ring->region->clock;
	uint32_t before, after;
	uint64_t ns;

	do {
		before = __atomic_load_n(&clock->seq, __ATOMIC_ACQUIRE);

		uint64_t base_tsc = __atomic_load_n(&clock->base_tsc, __ATOMIC_RELAXED);
		uint64_t base_ns = __atomic_load_n(&clock->base_ns, __ATOMIC_RELAXED);
		uint64_t mult = __atomic_load_n(&clock->mult, __ATOMIC_RELAXED);
		uint64_t ticks = tsc > base_tsc ? tsc - base_tsc : 0;

		ns = base_ns + (uint64_t)((unsigned __int128)ticks * mult >> 32);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&clock->seq, __ATOMIC_RELAXED);
	} while (before != after || (before & 1));
	return ns;
}
