// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Budgets (core/budget.h) over many schedules: lent along calls that nest, are passed on, time out, are cancelled, and whose servers end.
 *
 * At any moment who has a budget is in its chain, and at the end the owner alone (B1, B2); every tick that a CPU ran on a budget is
 * charged once (B3), and in no period more than the budget, but for how late an interrupt may come (B4).
 */
#include "scenario.h"

#include <core/budget.h>
#include <core/clock.h>
#include <core/isolation.h>
#include <ring/lend.h>

#define CALL_BUF 256u
#define SEND_AT 0u
#define DESC_AT 512u
#define RESULT_AT 1024u
#define RECV_AT 4096u
#define MESSAGE 64u
#define STAGES 4u
#define CLIENTS 2u

static struct process *client, *process_of[STAGES];
static cap_id endpoint_of[STAGES], next_of[STAGES], first;
static struct budget budgets[CLIENTS];
static struct thread *threads[CLIENTS + STAGES];
static unsigned finished, freed, told;
static bool mortal;

static void count_told(struct budget *budget)
{
	(void)budget;
	(void)atomic_add(&told, 1u);
}

static void count_freed(struct budget *budget)
{
	explore_check(budget->depth == 0 && budget->parked == NULL);
	freed++;
}

static void begin(unsigned cpu_total, unsigned servers)
{
	struct endpoint *endpoint[STAGES];

	scenario_begin(cpu_total);
	client = scenario_process("client");
	for (unsigned i = 0; i < servers; i++) {
		process_of[i] = scenario_process("stage");
		endpoint[i] = scenario_endpoint(process_of[i], MESSAGE, 1);
		endpoint_of[i] = scenario_give(process_of[i], scenario_full(&endpoint[i]->object));
	}
	for (unsigned i = 0; i + 1 < servers; i++)
		next_of[i] = scenario_give(process_of[i], scenario_facet(endpoint[i + 1], i + 1));
	next_of[servers - 1] = CAP_ID_NULL;
	first = scenario_give(client, scenario_facet(endpoint[0], 0));
	for (unsigned i = 0; i < servers; i++)
		object_put(&endpoint[i]->object);
	finished = freed = told = 0;
	mortal = false;
}

/* ---- Programs ---- */

static void burn(struct user_ring *ring, unsigned entries)
{
	while (entries-- > 0)
		(void)user_enter(ring, 0, 0);
}

static struct cap_sqe call_sqe(struct user_ring *ring, cap_id target)
{
	uint64_t words[2] = {1ull << 32, 0};

	user_arena_write(ring, SEND_AT, words, sizeof words);
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.method = 3,
				.user_data = 1,
				.msg_len = 16,
				.buf_off = RESULT_AT,
				.buf_len = CALL_BUF};
}

static struct cap_sqe return_sqe(uint64_t token, cap_id next)
{
	struct cap_sqe sqe = {.op = CAP_OP_RETURN, .target = token, .user_data = 55, .msg_len = 16};

	if (next.raw != 0) {
		sqe.flags = CAP_SQE_TAIL;
		sqe.interface_id = SCENARIO_INTERFACE;
		sqe.caps_off = DESC_AT;
		sqe.caps_len = 1;
	}
	return sqe;
}

/* Answers by itself, after a call to the next one, or passes the call on to that. */
static void serves(uint64_t region)
{
	struct user_ring ring;
	unsigned lifetime = mortal ? (unsigned)(host_random() % 6) : UINT32_MAX;

	user_ring_open(&ring, region);
	cap_id next = next_of[ring.thread_arg];
	struct cap_desc desc = {.id = next.raw};
	uint64_t words[2] = {1ull << 32, 0};
	user_arena_write(&ring, DESC_AT, &desc, sizeof desc);
	while (lifetime-- > 0) {
		struct cap_sqe sqe = {.op = CAP_OP_RECV,
				      .target = endpoint_of[ring.thread_arg].raw,
				      .buf_off = RECV_AT,
				      .buf_len = 56 + MESSAGE + 8,
				      .buf_caps = 1,
				      .user_data = 9};
		struct cap_cqe cqe = user_do(&ring, &sqe);
		unsigned how = next.raw != 0 ? (unsigned)(host_random() % 3) : 0;
		burn(&ring, (unsigned)(host_random() % 4));
		if (how == 1) {
			sqe = call_sqe(&ring, next);
			(void)user_do(&ring, &sqe);
		}
		user_arena_write(&ring, SEND_AT, words, sizeof words);
		sqe = return_sqe(cqe.token, how == 2 ? next : CAP_ID_NULL);
		cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_OK || mortal);
	}
	host_exit(0, host_random() % 2 ? CAP_EXIT_PROCESS : CAP_EXIT_THREAD);
}

static void calls(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 6; i++) {
		struct cap_sqe sqe = call_sqe(&ring, first);
		if (host_random() % 2)
			sqe.deadline_ns = host_now_ns() + host_random() % 60000;
		uint64_t sequence = user_submit(&ring, &sqe);
		if (host_random() % 3 == 0) {
			(void)user_enter(&ring, 0, 0);
			sqe = (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 8};
			(void)user_submit(&ring, &sqe);
		}
		(void)user_enter(&ring, host_random() % 2, host_now_ns() + 30000);
		while (user_reap(&ring, &cqe))
			;
		burn(&ring, (unsigned)(host_random() % 3));
	}
	while (!mortal && ring.completed < ring.sequence)
		(void)user_wait(&ring);
	(void)atomic_add(&finished, 1u);
	if (mortal && host_random() % 2)
		host_exit(0, CAP_EXIT_THREAD);
	(void)user_enter(&ring, 1, host_now_ns() + 5000000);
}

/* ---- What holds ---- */

static unsigned clients, servers;
static uint32_t lease; /* that the budgets were made under; 0: none */
static bool lease_revoked;

static void check_chains(bool quiet)
{
	spin_lock(&budget_lock);
	for (unsigned i = 0; i < clients; i++) {
		const struct budget *budget = &budgets[i];
		explore_check(budget->depth <= BUDGET_DEPTH);
		for (unsigned k = 0; k < budget->depth; k++)
			explore_check(k == 0 ? budget->chain[0].entity->own_budget == budget
					     : budget->chain[k].entity->budget == budget);
		if (quiet && !mortal)
			explore_check(budget->parked == NULL && budget->refs == 1);
	}
	for (unsigned i = 0; i < cpu_count && quiet; i++)
		explore_check(cpus[i].budget == NULL);
	spin_unlock(&budget_lock);
}

static void checks(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 20; i++) {
		(void)user_enter(&ring, 1, host_now_ns() + host_random() % 40000);
		check_chains(false);
	}
}

/* While they run. */
static void ends_the_lease(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	(void)user_enter(&ring, 1, host_now_ns() + host_random() % 400000);
	if (lease != 0 && host_random() % 2)
		store_relaxed(&lease_revoked, true);
	else if (lease != 0)
		(void)isolation_end(lease);
}

static void bind_clients(void)
{
	lease = 0;
	lease_revoked = false;
	if (cpu_count > 1 && host_random() % 2)
		explore_check(isolation_begin(cpu_count - 1, &lease) == ISOLATION_ACCEPTED);
	for (unsigned i = 0; i < clients; i++) {
		budgets[i] = (struct budget){.tell = count_told, .gone = count_freed};
		struct budget_terms terms = {.quota_ns = BUDGET_QUOTA_MIN_NS,
					     .period_ns = BUDGET_PERIOD_MIN_NS * 5,
					     .cpu = BUDGET_ANY_CPU,
					     .lease = lease,
					     .lease_dead = &lease_revoked};
		explore_check(budget_init(&budgets[i], terms) == BUDGET_ACCEPTED);
		explore_check(lend_bind(&budgets[i], scenario_started(i), NULL));
	}
	for (unsigned i = 0; i < clients + servers; i++)
		threads[i] = scenario_started(i);
}

static void run(unsigned cpu_total)
{
	clients = 1 + (unsigned)(host_random() % CLIENTS);
	servers = 1 + (unsigned)(host_random() % STAGES);
	begin(cpu_total, servers);
	for (unsigned i = 0; i < clients; i++)
		scenario_thread(client, calls, i);
	for (unsigned i = 0; i < servers; i++)
		scenario_thread(process_of[i], serves, i);
	scenario_thread(client, checks, 0);
	scenario_thread(client, ends_the_lease, 0);
}

static void end_budgets(void)
{
	for (unsigned i = 0; i < clients; i++)
		explore_check(lease == 0 || budget_share_beside(&budgets[i]) <= BUDGET_SHARE_MAX);
	if (lease != 0)
		(void)isolation_end(lease);
	for (unsigned i = 0; i < clients; i++)
		budget_put(&budgets[i]);
	explore_check(freed == clients && budget_count == 0);
	for (unsigned i = 0; i < cpu_count; i++)
		explore_check(budget_share_of(i) == 0 && cpus[i].reserved.first == NULL);
}

EXPLORE_TEST(a_budget_is_lent_with_calls_and_comes_back, 1500)
{
	uint64_t used = 0, threads_used = 0, lends = 0;

	run(1 + (unsigned)(host_random() % 3));
	mortal = false;
	scenario_when_started(bind_clients);
	scenario_run();
	explore_check(finished == clients);
	check_chains(true);
	for (unsigned i = 0; i < clients; i++) {
		used += budgets[i].used_ticks;
		lends += budgets[i].lends;
		explore_check(budgets[i].lent_ticks <= budgets[i].used_ticks);
		explore_check(lends != 0 || budgets[i].lent_ticks == 0);
	}
	for (unsigned i = 0; i < servers; i++) /* the clients have ended */
		threads_used += threads[clients + i]->sched.budget_ticks;
	explore_check(threads_used <= used);
	end_budgets();
	scenario_end();
}

EXPLORE_TEST(servers_and_clients_that_end_leave_no_budget_behind, 1500)
{
	run(1 + (unsigned)(host_random() % 3));
	mortal = true;
	scenario_when_started(bind_clients);
	scenario_run();
	end_budgets();
	scenario_end();
}

EXPLORE_MAIN
