// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Ledgers: what a process may use, and uses. Kernel memory is always charged to somebody.
 *
 * Invariant L1: used[r] <= limit[r], except while a charge that will be refused is being taken back.
 * Invariant L2: what an object charged when it was made is credited when it is freed, to the same ledger.
 * Charging is an atomic add and a compare: no lock.
 */
#pragma once

#include <abi/status.h>
#include <core/atomic.h>
#include <core/types.h>

enum ledger_resource {
	LEDGER_PAGES,   /* 4 KiB frames: memory, page tables, regions, kernel objects' pages */
	LEDGER_ENTRIES, /* capability table entries in use */
	LEDGER_OBJECTS, /* kernel objects (slab memory) */
	LEDGER_THREADS,
	LEDGER_PROCESSES, /* children alive */
	LEDGER_CALLS,     /* service records */
	LEDGER_COUNT,
};

struct ledger {
	uint64_t used[LEDGER_COUNT];
	uint64_t limit[LEDGER_COUNT];
	uint64_t cpu_ns;
	/* One reference more (or less) on whatever holds the ledger; NULL: it outlives all that is charged to it. */
	void (*hold)(struct ledger *ledger, bool more);
};

void ledger_init(struct ledger *ledger, const uint64_t limit[LEDGER_COUNT]);

/* Whoever credits the ledger later than its caller's own reference lasts holds one. */
static inline void ledger_get(struct ledger *ledger)
{
	if (ledger && ledger->hold)
		ledger->hold(ledger, true);
}

static inline void ledger_put(struct ledger *ledger)
{
	if (ledger && ledger->hold)
		ledger->hold(ledger, false);
}

/* NO_QUOTA: nothing was charged. */
static inline enum status ledger_charge(struct ledger *ledger, enum ledger_resource resource, uint64_t amount)
{
	uint64_t limit = load_relaxed(&ledger->limit[resource]);

	if (likely(amount <= limit && atomic_add(&ledger->used[resource], amount) <= limit - amount))
		return STATUS_OK;
	if (amount <= limit)
		(void)atomic_sub(&ledger->used[resource], amount);
	return STATUS_NO_QUOTA;
}

/* The same of one. */
static inline enum status ledger_charge_one(struct ledger *ledger, enum ledger_resource resource)
{
	if (likely(atomic_add(&ledger->used[resource], 1) < load_relaxed(&ledger->limit[resource])))
		return STATUS_OK;
	(void)atomic_sub(&ledger->used[resource], 1);
	return STATUS_NO_QUOTA;
}

static inline void ledger_credit(struct ledger *ledger, enum ledger_resource resource, uint64_t amount)
{
	(void)atomic_sub(&ledger->used[resource], amount);
}
