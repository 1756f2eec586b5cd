/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ledgers: a charge is all or nothing and never beyond the limit, whatever the amount (L1 of core/ledger.h); a credit of what was
 * charged brings it back. For one CPU: between two, `used` may pass the limit while a charge that will be refused is taken back.
 *
 * Assumed: what is credited was charged (L2; the callers' business, watched by tests/host/invariants.c).
 *
 * shipped: kernel/core/include/core/ledger.h ledger_resource ledger ledger_charge ledger_credit
 *
 * mutant: ledger_charge s/amount <= limit && //
 * mutant: ledger_charge s/<= limit - amount/<= limit/
 * mutant: ledger_credit s/atomic_sub/atomic_add/
 */
#include "shim.h"
#include "bits_wrap.h"

enum status { STATUS_OK = 0, STATUS_NO_QUOTA = -20 };

/*@ requires \valid(p);
  @ assigns *p;
  @ ensures \result == \old(*p) && *p == (uint64_t)(\old(*p) + v); */
static uint64_t add(uint64_t *p, uint64_t v)
{
	uint64_t old = *p;
	*p = old + v;
	return old;
}

/*@ requires \valid(p);
  @ assigns *p;
  @ ensures \result == \old(*p) && *p == (uint64_t)(\old(*p) - v); */
static uint64_t sub(uint64_t *p, uint64_t v)
{
	uint64_t old = *p;
	*p = old - v;
	return old;
}
#define atomic_add add
#define atomic_sub sub

#include "ledger_resource.h"
#include "ledger.h"

/*@ requires \valid(ledger) && 0 <= resource < LEDGER_COUNT;
  @ requires L1: ledger->used[resource] <= ledger->limit[resource];
  @ assigns ledger->used[resource];
  @ ensures kept: ledger->used[resource] <= ledger->limit[resource];
  @ ensures charged: \result == STATUS_OK ==> ledger->used[resource] == \old(ledger->used[resource]) + amount;
  @ ensures nothing: \result != STATUS_OK ==> ledger->used[resource] == \old(ledger->used[resource]);
  @ ensures only_then: \result != STATUS_OK ==>
  @   \old(ledger->used[resource]) + amount > ledger->limit[resource];
  @*/
static inline enum status ledger_charge(struct ledger *ledger, enum ledger_resource resource,
					uint64_t amount);
#include "ledger_charge.h"

/*@ requires \valid(ledger) && 0 <= resource < LEDGER_COUNT;
  @ requires L2: amount <= ledger->used[resource];
  @ assigns ledger->used[resource];
  @ ensures less: ledger->used[resource] == \old(ledger->used[resource]) - amount;
  @*/
static inline void ledger_credit(struct ledger *ledger, enum ledger_resource resource, uint64_t amount);
#include "ledger_credit.h"
