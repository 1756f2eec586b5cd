// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CPU time by budget and period: what a SchedulingContext is to the scheduler.
 *
 * A budget gives so much time in each period, on one CPU, before all threads that have none (sched_reserved.c). Its owner has it; while
 * the owner waits for a call, whoever serves that call does, and while that one waits for a call of its own, whoever serves that.
 *
 * - B1  A budget has one holder: the last of its chain. Each link of the chain has a ticket, a word that has a certain value as long as
 *       the call that it was lent for is open. Return, exception, death, revocation, deadline and CANCEL all change the word: none of
 *       them knows of budgets.
 * - B2  Whoever runs cuts off all behind itself, and is cut off if a ticket before it is void: looked at whenever one is picked
 *       (budget_admit), and under budget_lock when it is lent.
 * - B3  Every tick that a CPU runs on a budget is charged to it once, whoever runs: by that CPU, when it picks the next or goes idle.
 * - B4  What runs beyond the budget (the last interrupt is late) is missing in the next period.
 * - B5  The shares admitted on a CPU are at most BUDGET_SHARE_MAX: by earliest end of period first each gets its budget in each period
 *       (C. Liu and J. Layland, 1973). Who wakes late starts a period of its own if what is left would be more than its share of the
 *       rest (L. Abeni and G. Buttazzo, 1998): so nobody gets two budgets at once.
 * - An owner whose budget is spent waits for the next period. Who holds a lent one goes on with its own time: a small budget of a client
 *   does not stop its server.
 * - B6  A budget that was made under a lease (core/isolation.h) is of that lease's CPU, binds its owner there, and gives nothing when the lease
 *       or the capability to it has ended: found when its owner is picked, so ending a lease is still one store. Those under one lease
 *       have a sum of their own. It can be sealed for a set that was checked as a whole (object/realtime_island.c).
 * - A CPU counts the budget that it runs on, so that one can end while another CPU is in user mode on it.
 * tests/models/budget.pml has B1 and B2; tests/host/budget_test.c and test-budget (in the machine) all of them.
 */
#pragma once

#include <core/atomic.h>
#include <core/cpu.h>
#include <core/lock.h>
#include <core/sched.h>
#include <core/timer.h>

#define BUDGET_DEPTH 8u
#define BUDGET_SHARE_ONE (1u << 20)
#define BUDGET_SHARE_MAX (BUDGET_SHARE_ONE / 4 * 3)
#define BUDGET_QUOTA_MIN_NS 100000ull
#define BUDGET_PERIOD_MIN_NS 1000000ull
#define BUDGET_PERIOD_MAX_NS 10000000000ull
#define BUDGET_ANY_CPU UINT32_MAX

enum budget_refusal : uint8_t {
	BUDGET_ACCEPTED,
	BUDGET_BAD_QUOTA,
	BUDGET_BAD_PERIOD,
	BUDGET_BAD_CPU,
	BUDGET_FULL
};

/* The call that it was lent for is open as long as *word is `open`; NULL: it was not lent. */
struct budget_ticket {
	const uint64_t *word;
	uint64_t open;
};

struct budget_link {
	struct sched_entity *entity;
	struct budget_ticket ticket;
	const bool *
		ended; /* of its session: of the owner's, and the budget gives nothing; of another's, and it is not put before others */
};

/* What happened since it was asked for last: one cell, counts and the time of the last. */
struct budget_events {
	uint64_t depleted; /* the owner waited for its next period */
	uint64_t overran;  /* a call was not over when the budget that was lent for it was spent */
	uint64_t too_deep; /* not lent, BUDGET_DEPTH of them have it */
	uint64_t last_ns;
};

/* b: budget_lock */
struct budget {
	uint64_t quota_ticks, quota_ns, period_ns;
	uint32_t share; /* of its CPU, in BUDGET_SHARE_ONE */
	uint32_t refs;  /* b */
	unsigned cpu;
	uint32_t lease;         /* B6; 0: none */
	const bool *lease_dead; /* the capability to the lease is revoked when this is true; NULL: never */
	uint64_t ready_ns;      /* b: its owner is queued since then; 0: it is not */
	uint64_t least_wait_ns,
		most_wait_ns; /* b: of its owner, from being queued with time left to being picked */
	bool active;          /* b: somebody runs on it, or is to */
	bool over;            /* b: it has ended */
	unsigned depth;       /* b: of the chain; 0: it has no owner */
	struct budget_link chain[BUDGET_DEPTH];
	const bool *dead;   /* b: what it was bound through is revoked when this is true; NULL: never */
	int64_t left_ticks; /* b */
	uint64_t end_ns;    /* b: of the period */
	uint64_t periods, lends;
	uint64_t used_ticks,
		lent_ticks; /* b: used_ticks by anybody, lent_ticks of them by others than its owner */
	struct budget_events events; /* b */
	struct sched_entity *parked; /* b: its owner, who waits for the next period */
	struct timer refill;
	void (*tell)(struct budget *); /* something happened; without any lock */
	void (*gone)(struct budget *); /* the last reference went: to be freed after a quiescence */
};

extern struct spinlock budget_lock;
extern uint32_t budget_count; /* how many there are; atomic */

/* What a budget is asked for. */
struct budget_terms {
	uint64_t quota_ns, period_ns;
	uint32_t cpu;   /* BUDGET_ANY_CPU: this one, or that with most room */
	uint32_t lease; /* a leased CPU has room only for budgets made under its lease; 0: not leased */
	bool sealed;    /* by whom the lease was sealed */
	const bool *lease_dead;
};

/* One reference; `budget` is zeroed but for tell and gone. */
enum budget_refusal budget_init(struct budget *budget, struct budget_terms terms);
/* Nobody runs on it from now on but who does in user mode and is interrupted for it; its share can be given out. */
void budget_end(struct budget *budget);
/* Ends it, and drops the reference. */
void budget_put(struct budget *budget);
/* The share that is given out on a CPU, but for what is under a lease. */
uint32_t budget_share_of(unsigned cpu_id);
/* The same for those beside this one: of its CPU, or of its lease. */
uint32_t budget_share_beside(const struct budget *budget);
/* Only terms that say so have room under this lease from now on, up to the whole CPU. False: it has budgets, or is sealed. */
bool budget_seal(uint32_t lease);
void budget_unseal(uint32_t lease);
/* A share as users have it. */
static inline uint32_t budget_millionths(uint32_t share)
{
	return (uint32_t)((uint64_t)share * 1000000u / BUDGET_SHARE_ONE);
}

/* The owner. False: one of the two has another, or has ended. `ended`: of the owner's session; `dead`: as budget.dead, and valid until it is
 * unbound. */
bool budget_bind(struct budget *budget, struct sched_entity *entity, const bool *ended, const bool *dead);
/* Its owner, NULL if it had none, has none any more. */
void budget_unbind(struct budget *budget);
/* A thread ends, or is to end soon: it has none, and is in no chain, ever again. */
void budget_leave(struct sched_entity *entity);
/* `from`, who waits, has a call that `to` serves: what it holds is held by `to` as long as the ticket is good. False: it is not lent. */
bool budget_lend(struct sched_entity *from, struct sched_entity *to, struct budget_ticket ticket,
		 const bool *ended);
/* The holder waits, and has lent it to nobody. `gives_back`: not for a call, so that what was lent to it is not its any more. */
void budget_rest(struct sched_entity *entity, bool gives_back);
/* It takes another call: what was lent to it before is not its any more. */
void budget_give_back(struct sched_entity *entity);
/* Its call is not served any more by who has it (passed on): nobody behind it has its budget. */
void budget_take_back(struct sched_entity *entity);
/* How it is now. */
struct budget_figures {
	int64_t left_ticks;
	uint64_t end_ns, periods, lends, used_ticks, lent_ticks, least_wait_ns, most_wait_ns;
	unsigned depth;
	bool waits, stale, over;
};
struct budget_figures budget_look(struct budget *budget);
/* What the one holds that this thread has now. False: it has none. */
bool budget_held(const struct sched_entity *entity, uint64_t *quota_ns, uint64_t *period_ns, bool *lent);
/* A copy of the events, which are none then. */
struct budget_events budget_take_events(struct budget *budget);

/* ---- For the scheduler ---- */

/* `entity` was picked here. False: pick again. To be called if budget_concerns says so. */
bool budget_admit(struct cpu *cpu, struct sched_entity *entity);
/* Nobody was. */
void budget_idle(struct cpu *cpu);
static inline bool budget_concerns(const struct cpu *cpu, const struct sched_entity *entity)
{
	return ((uintptr_t)load_relaxed(&cpu->budget) | (uintptr_t)load_relaxed(&entity->budget)) != 0;
}
/* Where it is to be queued before others, and its end of period. False: as any other, where it is. */
bool budget_place(struct sched_entity *entity, unsigned *cpu_id, uint64_t *end_ns);
