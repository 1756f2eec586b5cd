// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of this test share: contexts, threads that use CPU time, and a server that does for its callers. */
#pragma once

#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/scheduling_context.capnp.h>
#include <testing/raw.h>
#include <testing/tap.h>

#define MS 1'000'000ull

struct world {
	struct rpc_transport *t;
	cap_id timer, policy, manager;
	uint32_t cpus;
	/* One CPU: a loop takes as long as its instructions. Several run by turns, each until the next timer, and the clock counts all of them:
	 * then shares of the clock are exact, and how long some loops take is not. */
	bool alone;
	uint64_t loops_per_ms; /* of burn_loops, by one that has a CPU alone */
};
extern struct world w;

struct figures {
	enum scheduling_context_state state;
	unsigned cpu, depth;
	int64_t left_ns;
	uint64_t used_ns, lent_ns, periods, lends, share, cpu_share;
};
struct figures look(cap_id context);
struct events {
	uint64_t depleted, overran, too_deep;
};
struct events events_of(cap_id context);
/* The status, and the context on that CPU, or (-1) any. */
enum status make(uint64_t budget_ns, uint64_t period_ns, int cpu, cap_id *context);

void sleep_ms(uint64_t ms);
/* Uses that much CPU time, however long it takes. */
void burn_ms(uint64_t ms);

/* Threads that compute, two for each CPU, with the largest weight. */
void hogs_start(void);
void hogs_stop(void);

/* A server: each call's first word says what it does, the second for how long. */
enum { SERVE_BURN = 1, SERVE_DIE, SERVE_ASK_NEXT, SERVE_END };
struct server {
	struct thread thread;
	cap_id endpoint, facet_template, facet;
	cap_id next; /* SERVE_ASK_NEXT: whom it calls */
	uint64_t done;
};
/* From the calling thread: the status of a call that takes so many milliseconds of the server's CPU time. deadline 0: none. */
enum status ask(const struct raw *raw, cap_id facet, uint64_t what, uint64_t ms, uint64_t deadline_ns);

void test_time(void);    /* time.c */
void test_lending(void); /* lending.c */
