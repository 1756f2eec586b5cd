// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What debug kernels check of spin locks: each CPU remembers which it holds, may only take one of a higher rank than
 * all of those, and releases only what it holds. A wrong order is found the first time it happens, not when two CPUs
 * meet in it. Unused (and dropped by the linker) without CAPOS_DEBUG.
 */
#include <core/cpu.h>
#include <core/lock.h>
#include <core/log.h>

#include "log_private.h"

#define HELD_MAX 8u

struct held {
	const struct spinlock *locks[HELD_MAX];
	unsigned len;
	bool off; /* a panic is being printed */
};

static struct held held_by[MAX_CPUS];

static struct held *held_here(void)
{
	return &held_by[this_cpu()->id];
}

/* Panics take locks out of order and must not panic again. */
void lock_debug_disable(void)
{
	held_here()->off = true;
}

void lock_debug_acquire(const struct spinlock *lock)
{
	struct held *held = held_here();

	if (held->off)
		return;
	if (held->len == HELD_MAX)
		panic("lock of rank %u: more than %u held", lock->rank, HELD_MAX);
	for (unsigned i = 0; i < held->len; i++) {
		if (held->locks[i]->rank >= lock->rank)
			panic("lock order: rank %u taken while rank %u is held", lock->rank,
			      held->locks[i]->rank);
	}
	held->locks[held->len++] = lock;
}

void lock_debug_release(const struct spinlock *lock)
{
	struct held *held = held_here();

	if (held->off)
		return;
	for (unsigned i = held->len; i-- > 0;) {
		if (held->locks[i] != lock)
			continue;
		held->locks[i] = held->locks[--held->len];
		return;
	}
	panic("lock of rank %u released, but not held", lock->rank);
}

bool lock_debug_held(const struct spinlock *lock)
{
	const struct held *held = held_here();

	for (unsigned i = 0; i < held->len; i++) {
		if (held->locks[i] == lock)
			return true;
	}
	return held->off;
}
