// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Parking, and the spin lock, which sleeps in short steps when it is held for long (its holder may have been
 * preempted on this very CPU).
 */
#include <runtime/runtime.h>
#include <runtime/thread.h>

#include "thread_block.h"

#define SPINS 100
#define BACKOFF_NS 20000u

enum status thread_park(uint64_t deadline_ns)
{
	struct ring_client *ring = runtime_ring();

	while (!ring->woken) {
		if ((ring_wait(ring, deadline_ns) & CAP_ENTER_DEADLINE) && !ring->woken)
			return STATUS_TIMED_OUT;
	}
	ring->woken = false;
	return STATUS_OK;
}

enum status thread_unpark(cap_id thread)
{
	struct cap_cqe cqe = ring_do(runtime_ring(),
				     &(struct cap_sqe){.op = CAP_OP_WAKE, .target = thread.raw});

	return (enum status)cqe.status;
}

enum status thread_hand_over(cap_id thread, uint64_t deadline_ns)
{
	return ring_hand_over(runtime_ring(), thread, deadline_ns);
}

void spin_lock_acquire(struct spin_lock *lock)
{
	/* Acquire: what the last holder wrote is seen behind it. */
	while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE)) {
		for (int i = 0; i < SPINS && __atomic_load_n(&lock->taken, __ATOMIC_RELAXED); i++)
			__builtin_ia32_pause();
		if (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			ring_wait(runtime_ring(), runtime_now() + BACKOFF_NS);
	}
}

void spin_lock_release(struct spin_lock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}
