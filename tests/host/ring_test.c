// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Rings over many schedules: every accepted submission completes exactly once, whoever completes it, and everything goes
 * back when the processes are gone.
 */
#include "scenario.h"

/* --- one process, several threads, operations that complete at once ---------------------------------------------- */

static cap_id shared_cap;
static unsigned finished;

static void nops(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	for (uint64_t round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 5; i++)
			(void)user_submit(&ring,
					  &(struct cap_sqe){.op = CAP_OP_NOP, .user_data = round * 5 + i});
		(void)user_enter(&ring, 5, 0);
		for (uint64_t i = 0; i < 5; i++) {
			explore_check(user_reap(&ring, &cqe));
			explore_check(cqe.status == STATUS_OK && cqe.user_data == round * 5 + i);
		}
		explore_check(!user_reap(&ring, &cqe));
	}
	explore_check(ring.completed == ring.accepted);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(nops_complete_in_order, 300)
{
	struct process *process;

	scenario_begin(2);
	process = scenario_process("nops");
	finished = 0;
	for (unsigned i = 0; i < 3; i++)
		scenario_thread(process, nops, i);
	scenario_run();
	explore_check(finished == 3);
	scenario_end();
}

/* DUP, RELEASE of one capability by threads on several CPUs: ids are never confused, nothing leaks. */
static void dup_and_release(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < 4; i++) {
		cqe = user_do(&ring,
			      &(struct cap_sqe){.op = CAP_OP_DUP, .target = shared_cap.raw, .user_data = i});
		if (cqe.status == STATUS_BAD_ID)
			break; /* a sibling released it */
		explore_check(cqe.status == STATUS_OK);
		uint64_t copy = cqe.token;
		cqe = user_do(&ring,
			      &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = copy, .user_data = 100});
		explore_check(cqe.status == STATUS_OK);
		cqe = user_do(&ring,
			      &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = copy, .user_data = 101});
		explore_check(cqe.status == STATUS_BAD_ID);
	}
	if (ring.thread_arg == 0) {
		cqe = user_do(
			&ring,
			&(struct cap_sqe){.op = CAP_OP_RELEASE, .target = shared_cap.raw, .user_data = 102});
		explore_check(cqe.status == STATUS_OK);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(dup_races_release_of_the_last_capability, 2000)
{
	struct process *process;
	struct endpoint *endpoint;

	scenario_begin(2);
	process = scenario_process("dup");
	endpoint = scenario_endpoint(process, 64, 0);
	shared_cap = scenario_give(process, scenario_facet(endpoint, 7));
	object_put(&endpoint->object);
	finished = 0;
	scenario_thread(process, dup_and_release, 0);
	scenario_thread(process, dup_and_release, 1);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

/* --- notifications ------------------------------------------------------------------------------------------------ */

#define SIGNALS 6u

static uint64_t bits_seen;

static void signals(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < SIGNALS; i++)
		explore_check(
			user_do(&ring,
				&(struct cap_sqe){.op = CAP_OP_SIGNAL,
						  .target = shared_cap.raw,
						  .interface_id = 1ull << (i + SIGNALS * ring.thread_arg)})
				.status == STATUS_OK);
	(void)atomic_add(&finished, 1u);
}

static void waits(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (bits_seen != (1ull << 2 * SIGNALS) - 1) {
		struct cap_cqe cqe = user_do(&ring,
					     &(struct cap_sqe){.op = CAP_OP_WAIT, .target = shared_cap.raw});

		explore_check(cqe.status == STATUS_OK && cqe.token != 0 && (cqe.token & bits_seen) == 0);
		bits_seen |= cqe.token;
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(no_signalled_bit_is_lost_or_taken_twice, 1000)
{
	struct process *process;
	struct notification *notification;

	scenario_begin(3);
	process = scenario_process("notify");
	explore_check(notification_create(process, &notification) == STATUS_OK);
	shared_cap = scenario_give(process, scenario_full(&notification->object));
	object_put(&notification->object);
	finished = 0;
	bits_seen = 0;
	scenario_thread(process, waits, 0);
	scenario_thread(process, signals, 0);
	scenario_thread(process, signals, 1);
	scenario_run();
	explore_check(finished == 3);
	scenario_end();
}

/* One thread waits for three things at once; each comes from another CPU, once. */
static cap_id three_caps[3];

static void waits_for_all_three(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;
	uint64_t got = 0;

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < 3; i++)
		(void)user_submit(
			&ring,
			&(struct cap_sqe){.op = CAP_OP_WAIT, .target = three_caps[i].raw, .user_data = i});
	while (got != 7) {
		(void)user_enter(&ring, 1 + host_random() % (3 - (uint64_t)__builtin_popcountll(got)), 0);
		while (user_reap(&ring, &cqe)) {
			explore_check(cqe.status == STATUS_OK && cqe.token == 1 &&
				      !(got >> cqe.user_data & 1));
			got |= 1ull << cqe.user_data;
		}
	}
	(void)atomic_add(&finished, 1u);
}

static void signals_once(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	explore_check(user_do(&ring, &(struct cap_sqe){.op = CAP_OP_SIGNAL,
						       .target = three_caps[ring.thread_arg].raw,
						       .interface_id = 1})
			      .status == STATUS_OK);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_thread_that_waits_for_several_things_gets_them_all, 3000)
{
	struct process *process;

	scenario_begin(4);
	process = scenario_process("waits");
	for (unsigned i = 0; i < 3; i++) {
		struct notification *notification;

		explore_check(notification_create(process, &notification) == STATUS_OK);
		three_caps[i] = scenario_give(process, scenario_full(&notification->object));
		object_put(&notification->object);
	}
	finished = 0;
	scenario_thread(process, waits_for_all_three, 0);
	for (unsigned i = 0; i < 3; i++)
		scenario_thread(process, signals_once, i);
	scenario_run();
	explore_check(finished == 4);
	scenario_end();
}

/* --- wake permits and deadlines of cap_enter ------------------------------------------------------------------------- */

static cap_id thread_caps[2];
static uint64_t turns;

/* Two threads wake each other in turn; a permit given early is not lost. */
static void takes_turns(uint64_t region)
{
	struct user_ring ring;
	uint64_t reasons;

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < 4; i++) {
		while (load_acquire(&turns) % 2 != ring.thread_arg) {
			reasons = user_enter(&ring, 1, 0);
			explore_check(reasons == CAP_ENTER_WOKEN);
		}
		(void)atomic_add(&turns, 1ull);
		explore_check(
			user_do(&ring, &(struct cap_sqe){.op = CAP_OP_WAKE,
							 .target = thread_caps[1 - ring.thread_arg].raw})
				.status == STATUS_OK);
	}
	(void)atomic_add(&finished, 1u);
}

static void give_handles(void)
{
	for (unsigned i = 0; i < 2; i++)
		thread_caps[i] = scenario_give(scenario_started(i)->process,
					       scenario_full(&scenario_started(i)->object));
}

EXPLORE_TEST(a_wake_is_never_lost, 2000)
{
	struct process *process;

	scenario_begin(2 + (unsigned)(host_random() % 2));
	process = scenario_process("turns");
	finished = 0;
	turns = 0;
	scenario_thread(process, takes_turns, 0);
	scenario_thread(process, takes_turns, 1);
	scenario_when_started(give_handles);
	scenario_run();
	explore_check(finished == 2 && turns == 8);
	scenario_end();
}

static void sleeps(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < 3; i++) {
		uint64_t deadline = host_now_ns() + host_random() % 50000;

		explore_check(user_enter(&ring, 1, deadline) == CAP_ENTER_DEADLINE);
		explore_check(host_now_ns() >= deadline);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(cap_enter_ends_at_its_deadline, 500)
{
	struct process *process;

	scenario_begin(2);
	process = scenario_process("sleeps");
	finished = 0;
	for (unsigned i = 0; i < 3; i++)
		scenario_thread(process, sleeps, i);
	scenario_run();
	explore_check(finished == 3);
	scenario_end();
}

EXPLORE_MAIN
