// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who waits at a notification, alone or beside others: first come, first met; a WAIT can be withdrawn while a signal comes; and
 * what a ring remembers of its last SIGNAL and WAIT (kernel/ring/things.h) answers for nothing else.
 */
#include "scenario.h"

#define WAITS 3u

static struct process *process;
static cap_id cap, other;
static unsigned finished;

static cap_id give_notification(void)
{
	struct notification *notification;

	explore_check(notification_create(process, &notification) == STATUS_OK);
	cap_id id = scenario_give(process, scenario_full(&notification->object));
	object_put(&notification->object);
	return id;
}

static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	process = scenario_process("waits");
	cap = give_notification();
	other = give_notification();
	finished = 0;
}

static struct cap_sqe operation(enum cap_op op, cap_id id, uint64_t bits)
{
	return (struct cap_sqe){.op = (uint8_t)op, .target = id.raw, .interface_id = bits};
}

static int32_t do_one(struct user_ring *ring, enum cap_op op, cap_id id, uint64_t bits)
{
	struct cap_sqe sqe = operation(op, id, bits);

	return user_do(ring, &sqe).status;
}

/* All wait for the same bit; the thread answers each with another, so that the next signal finds none set. */
static void waits_in_order(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = operation(CAP_OP_WAIT, cap, 1);
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	for (sqe.user_data = 0; sqe.user_data < WAITS; sqe.user_data++)
		(void)user_submit(&ring, &sqe);
	for (uint64_t next = 0; next < WAITS;) {
		(void)user_enter(&ring, 1, 0);
		while (user_reap(&ring, &cqe)) {
			explore_check(cqe.status == STATUS_OK && cqe.token == 1 && cqe.user_data == next);
			next++;
		}
		if (next < WAITS)
			explore_check(do_one(&ring, CAP_OP_SIGNAL, other, next) == STATUS_OK);
	}
	(void)atomic_add(&finished, 1u);
}

static void signals_in_turn(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (uint64_t i = 1; i <= WAITS; i++) {
		explore_check(do_one(&ring, CAP_OP_SIGNAL, cap, 1) == STATUS_OK);
		if (i < WAITS)
			explore_check(do_one(&ring, CAP_OP_WAIT, other, i) == STATUS_OK);
	}
	(void)atomic_add(&finished, 1u);
}

/* On one CPU: on several, a ring that just runs is passed over. */
EXPLORE_TEST(who_waits_first_is_met_first, 1000)
{
	begin(1);
	scenario_thread(process, waits_in_order, 0);
	scenario_thread(process, signals_in_turn, 0);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

/* The WAIT is withdrawn, or has its bit: never both, and the bit is not lost. */
static void withdraws(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = operation(CAP_OP_WAIT, cap, 1);
	struct cap_cqe cqe;
	int32_t status = 1, cancel = 1;

	user_ring_open(&ring, region);
	uint64_t sequence = user_submit(&ring, &sqe);
	(void)user_enter(&ring, 0, 0);
	sqe = (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 1};
	(void)user_submit(&ring, &sqe);
	while (status == 1 || cancel == 1) {
		(void)user_enter(&ring, 1, 0);
		while (user_reap(&ring, &cqe))
			*(cqe.user_data == 1 ? &cancel : &status) = cqe.status;
	}
	explore_check((status == STATUS_OK && cancel == STATUS_TOO_LATE) ||
		      (status == STATUS_CANCELLED && cancel == STATUS_OK));
	if (status == STATUS_CANCELLED)
		explore_check(do_one(&ring, CAP_OP_WAIT, cap, 1) == STATUS_OK);
	(void)atomic_add(&finished, 1u);
}

static void signals_once(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	explore_check(do_one(&ring, CAP_OP_SIGNAL, cap, 1) == STATUS_OK);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_wait_is_withdrawn_or_has_its_bit, 1000)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(process, withdraws, 0);
	scenario_thread(process, signals_once, 0);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

/* The slot of what was signalled and waited for goes to a facet that may only signal other bits. */
static void uses_the_slot_again(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = {.op = CAP_OP_DUP, .target = other.raw};

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 2; i++) {
		explore_check(do_one(&ring, CAP_OP_SIGNAL, cap, 1) == STATUS_OK);
		explore_check(do_one(&ring, CAP_OP_WAIT, cap, 1) == STATUS_OK);
	}
	explore_check(do_one(&ring, CAP_OP_RELEASE, cap, 0) == STATUS_OK);
	cap_id again = {user_do(&ring, &sqe).token};
	explore_check(cap_id_slot(again) == cap_id_slot(cap));
	explore_check(do_one(&ring, CAP_OP_SIGNAL, cap, 1) == STATUS_BAD_ID);
	explore_check(do_one(&ring, CAP_OP_WAIT, cap, 1) == STATUS_BAD_ID);
	explore_check(do_one(&ring, CAP_OP_SIGNAL, again, 2) == STATUS_OK);
	explore_check(do_one(&ring, CAP_OP_WAIT, other, 2) == STATUS_OK);
	explore_check(do_one(&ring, CAP_OP_WAKE, again, 0) == STATUS_WRONG_TYPE);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(what_was_signalled_is_not_remembered_beyond_its_release, 100)
{
	begin(1);
	scenario_thread(process, uses_the_slot_again, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

static cap_id low, high; /* facets of one notification, of bit 1 and of bit 2 */

static cap_id give_facet(struct notification *notification, uint64_t bits)
{
	struct interface_set set = {notification_object_type->interface_id, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &notification->object, VIEW_FACET, bits, &set, 1, &view) ==
		      STATUS_OK);
	return scenario_give(process, view);
}

/* As programs signal: there is a completion only if it is refused. */
static int32_t signal_quietly(struct user_ring *ring, cap_id id, uint64_t bits)
{
	struct cap_sqe sqe = operation(CAP_OP_SIGNAL, id, bits), nop = {.user_data = 1};

	sqe.flags = CAP_SQE_QUIET;
	(void)user_submit(ring, &sqe);
	(void)user_submit(ring, &nop);
	struct cap_cqe cqe = user_wait(ring);
	if (cqe.user_data == 1)
		return cqe.status;
	explore_check(cqe.status != STATUS_OK && user_wait(ring).user_data == 1);
	return cqe.status;
}

static uint64_t wait_for(struct user_ring *ring, cap_id id, uint64_t bits)
{
	struct cap_sqe sqe = operation(CAP_OP_WAIT, id, bits);
	struct cap_cqe cqe = user_do(ring, &sqe);

	explore_check(cqe.status == STATUS_OK);
	return cqe.token;
}

static void uses_two_masks(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 2; i++) {
		explore_check(signal_quietly(&ring, low, 1) == STATUS_OK);
		explore_check(signal_quietly(&ring, high, 1) == STATUS_DENIED);
		explore_check(signal_quietly(&ring, high, 1) == STATUS_DENIED);
		explore_check(do_one(&ring, CAP_OP_WAIT, high, 1) == STATUS_DENIED);
		explore_check(wait_for(&ring, low, 1) == 1);
		explore_check(do_one(&ring, CAP_OP_WAIT, high, 1) == STATUS_DENIED);
		explore_check(signal_quietly(&ring, high, 2) == STATUS_OK);
		explore_check(signal_quietly(&ring, high, 3) == STATUS_DENIED);
		explore_check(signal_quietly(&ring, low, 0) == STATUS_OK);
		explore_check(signal_quietly(&ring, low, 2) == STATUS_DENIED);
		explore_check(wait_for(&ring, low, 0) == 1);
		explore_check(do_one(&ring, CAP_OP_WAIT, low, 2) == STATUS_DENIED);
		explore_check(wait_for(&ring, high, 0) == 2);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(bits_that_one_facet_may_use_are_refused_to_another, 20)
{
	struct notification *notification;

	begin(1);
	explore_check(notification_create(process, &notification) == STATUS_OK);
	low = give_facet(notification, 1);
	high = give_facet(notification, 2);
	object_put(&notification->object);
	scenario_thread(process, uses_two_masks, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

EXPLORE_MAIN
