// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who has a budget: its owner, and the chain of those that serve calls for it (B1, B2 of core/budget.h).
 *
 * One lock for all budgets: chains of different ones meet in one server. It is taken only where a budget is in play.
 */
#include "budget_private.h"

#include <core/clock.h>
#include <core/isolation.h>
#include <core/log.h>

struct spinlock budget_lock = SPINLOCK_INIT(LOCK_RANK_BUDGET);
uint32_t budget_count;

unsigned budget_place_in_chain(const struct budget *budget, const struct sched_entity *entity)
{
	for (unsigned i = 0; i < budget->depth; i++)
		if (budget->chain[i].entity == entity)
			return i;
	return NOT_IN_CHAIN;
}

/* B6 */
static bool lease_has_ended(const struct budget *budget)
{
	return budget->lease != 0 && (!isolation_is_alive(budget->lease) ||
				      (budget->lease_dead != NULL && load_relaxed(budget->lease_dead)));
}

bool budget_is_stale(const struct budget *budget)
{
	return budget->over || lease_has_ended(budget) ||
	       (budget->dead != NULL && load_relaxed(budget->dead)) ||
	       (budget->depth != 0 && load_relaxed(budget->chain[0].ended));
}

void budget_cut(struct budget *budget, unsigned keep)
{
	while (budget->depth > keep) {
		struct sched_entity *entity = budget->chain[--budget->depth].entity;
		unsigned home = load_relaxed(&entity->home);

		if (load_relaxed(&entity->budget) == budget)
			store_relaxed(&entity->budget, entity->own_budget);
		if (load_relaxed(&cpus[home].budget) == budget &&
		    load_relaxed(&cpus[home].current) == entity && home != this_cpu()->id)
			sched_poke(home);
	}
}

/* What was lent to it is not its any more. */
static void lose_loan(struct sched_entity *entity) REQUIRES(budget_lock)
{
	struct budget *budget = entity->budget;

	if (budget == NULL || budget == entity->own_budget)
		return;
	unsigned at = budget_place_in_chain(budget, entity);
	budget_cut(budget, at);
	budget->active = false;
}

unsigned budget_settle(struct budget *budget, const struct sched_entity *entity)
{
	unsigned at = budget_place_in_chain(budget, entity);

	kassert(at != NOT_IN_CHAIN); /* B1: entity->budget says so */
	for (unsigned i = 1; i <= at; i++) {
		struct budget_ticket ticket = budget->chain[i].ticket;

		if (load_acquire(ticket.word) != ticket.open) {
			budget_cut(budget, i);
			return NOT_IN_CHAIN;
		}
	}
	budget_cut(budget, at + 1);
	return at;
}

struct sched_entity *budget_drop_owner(struct budget *budget)
{
	struct sched_entity *parked = budget->parked;

	budget->parked = NULL;
	if (budget->depth != 0) {
		struct sched_entity *owner = budget->chain[0].entity;
		store_relaxed(&owner->own_budget, (struct budget *)NULL);
		if (budget->lease != 0)
			isolation_unbind(owner, budget->lease);
	}
	budget_cut(budget, 0);
	return parked;
}

/* Where it runs or is queued, it is looked at soon. Who runs here is looked at on the way out. */
static void look_again(struct sched_entity *entity)
{
	unsigned home = load_relaxed(&entity->home);

	if (load_relaxed(&cpus[home].current) != entity)
		sched_reconsider(entity);
	else if (home != this_cpu()->id)
		sched_poke(home);
}

/* ---- The owner ---- */

bool budget_bind(struct budget *budget, struct sched_entity *entity, const bool *ended, const bool *dead)
{
	spin_lock(&budget_lock);
	bool free = !budget->over && !load_relaxed(&entity->ends) && budget->depth == 0 &&
		    entity->own_budget == NULL;
	if (free) {
		budget->chain[0] = (struct budget_link){.entity = entity, .ended = ended};
		budget->depth = 1;
		budget->active = false;
		budget->dead = dead;
		entity->own_budget = budget;
		budget->ready_ns = 0;
		if (budget->lease != 0)
			isolation_bind(entity, budget->lease, NULL);
		if (entity->budget == NULL)
			store_relaxed(&entity->budget, budget);
	}
	spin_unlock(&budget_lock);
	if (free)
		look_again(entity);
	return free;
}

void budget_unbind(struct budget *budget)
{
	spin_lock(&budget_lock);
	struct sched_entity *released = budget_drop_owner(budget);
	spin_unlock(&budget_lock);
	if (released != NULL)
		sched_wake(released, false);
}

void budget_leave(struct sched_entity *entity)
{
	struct sched_entity *released = NULL;

	store_relaxed(&entity->ends, true);
	full_fence(); /* before looking whether there are any; against budget_init */
	if (load_relaxed(&budget_count) == 0)
		return;
	spin_lock(&budget_lock);
	lose_loan(entity);
	if (entity->own_budget != NULL)
		released = budget_drop_owner(entity->own_budget);
	spin_unlock(&budget_lock);
	if (released != NULL)
		sched_wake(released, false);
}

/* ---- Lending ---- */

/* Whether `to` may hold what `from` does; its place in the chain. */
static bool may_lend(struct budget *budget, const struct sched_entity *from, const struct sched_entity *to,
		     unsigned *at) REQUIRES(budget_lock)
{
	unsigned place = budget_settle(budget, from);

	/* One that is in the chain already waits itself. */
	if (place == NOT_IN_CHAIN || load_relaxed(&to->ends) || budget_is_stale(budget) ||
	    budget_place_in_chain(budget, to) != NOT_IN_CHAIN)
		return false;
	*at = place + 1;
	if (*at < BUDGET_DEPTH)
		return true;
	budget->events.too_deep++;
	budget->events.last_ns = clock_now_ns();
	return false;
}

bool budget_lend(struct sched_entity *from, struct sched_entity *to, struct budget_ticket ticket,
		 const bool *ended)
{
	bool lent = false;
	unsigned at;

	spin_lock(&budget_lock);
	struct budget *budget = from->budget;
	/* B2: who ends the call changes the word first, and then wakes `from`, which looks under this lock. */
	if (budget != NULL && load_acquire(ticket.word) == ticket.open && may_lend(budget, from, to, &at)) {
		lose_loan(to);
		budget->chain[at] = (struct budget_link){.entity = to, .ticket = ticket, .ended = ended};
		budget->depth = at + 1;
		store_relaxed(&to->budget, budget);
		budget->lends++;
		lent = true;
	}
	spin_unlock(&budget_lock);
	if (lent)
		look_again(to);
	return lent;
}

void budget_rest(struct sched_entity *entity, bool gives_back)
{
	spin_lock(&budget_lock);
	struct budget *budget = entity->budget;
	if (budget != NULL && budget->depth != 0 && budget->chain[budget->depth - 1].entity == entity)
		budget->active = false;
	if (gives_back)
		lose_loan(entity);
	spin_unlock(&budget_lock);
}

void budget_give_back(struct sched_entity *entity)
{
	spin_lock(&budget_lock);
	lose_loan(entity);
	spin_unlock(&budget_lock);
}

void budget_take_back(struct sched_entity *entity)
{
	spin_lock(&budget_lock);
	struct budget *budget = entity->budget;
	unsigned at = budget != NULL ? budget_place_in_chain(budget, entity) : NOT_IN_CHAIN;
	if (at != NOT_IN_CHAIN)
		budget_cut(budget, at + 1);
	spin_unlock(&budget_lock);
}

struct budget_events budget_take_events(struct budget *budget)
{
	spin_lock(&budget_lock);
	struct budget_events events = budget->events;
	budget->events = (struct budget_events){0};
	spin_unlock(&budget_lock);
	return events;
}

bool budget_held(const struct sched_entity *entity, uint64_t *quota_ns, uint64_t *period_ns, bool *lent)
{
	spin_lock(&budget_lock);
	const struct budget *budget = entity->budget;
	if (budget != NULL) {
		*quota_ns = budget->quota_ns;
		*period_ns = budget->period_ns;
		*lent = budget != entity->own_budget;
	}
	spin_unlock(&budget_lock);
	return budget != NULL;
}
