// SPDX-License-Identifier: MIT OR Apache-2.0
/* What budget.c (time) and budget_chain.c (who has it) share. */
#pragma once

#include <core/budget.h>

#define NOT_IN_CHAIN UINT32_MAX

unsigned budget_place_in_chain(const struct budget *budget, const struct sched_entity *entity)
	REQUIRES(budget_lock);
/* It gives its owner nothing, and puts nobody before others. */
bool budget_is_stale(const struct budget *budget) REQUIRES(budget_lock);
/* The first `keep` of the chain stay. A CPU on which one of the others runs is to notice (B2). */
void budget_cut(struct budget *budget, unsigned keep) REQUIRES(budget_lock);
/* B2, for one that runs or is about to. Its place in the chain; NOT_IN_CHAIN: it lost it. */
unsigned budget_settle(struct budget *budget, const struct sched_entity *entity) REQUIRES(budget_lock);
/* It has none any more. What is returned waited for a period, and is to be woken without the lock; NULL: nobody. */
struct sched_entity *budget_drop_owner(struct budget *budget) REQUIRES(budget_lock);
