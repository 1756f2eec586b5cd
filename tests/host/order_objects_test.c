// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The kernel's objects in one order (order.h): called through gates as without, out of memory and of credit, and notifications, which are
 * signalled and waited for by whom it may.
 */
#include "order.h"

#include <mm/slab.h>
#include <object/object.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>

/* --- kernel objects ------------------------------------------------------------------------------------------------------ */

static struct cap_sqe call_kernel(cap_id target, uint64_t interface_id, uint16_t method, uint32_t bytes)
{
	struct cap_sqe sqe = call(target);

	sqe.interface_id = interface_id;
	sqe.method = method;
	sqe.msg_len = bytes;
	return sqe;
}

static const uint64_t nothing[1] = {0};

/* Through a gate: what comes back is under it; room for more than there can be is cut. */
static void is_given_under_the_gate(struct user_ring *ring)
{
	struct cap_sqe make = call_kernel(the.lent_manager, CAPABILITY_MANAGER_INTERFACE_ID,
					  CAPABILITY_MANAGER_CREATE_NOTIFICATION, 8);

	put(ring, SEND_AT, nothing, 1);
	make.buf_caps = 40;
	uint64_t entries = the.actor->ledger.used[LEDGER_ENTRIES];
	struct cap_cqe cqe = go(ring, make);
	IS(cqe, STATUS_OK);
	explore_check(cqe.caps == 1 && the.actor->ledger.used[LEDGER_ENTRIES] == entries + 1);
	uint64_t made = id_behind(ring, cqe);
	struct cap_ref ref;
	explore_check(cap_table_find(&the.actor->table, (cap_id){made}, &ref) == STATUS_OK &&
		      ref.gate == the.gate);
	release(ring, made);
	/* No memory for the gates that may be needed: the n-th allocation. */
	unsigned failures = 0;
	do {
		slab_fail_after(failures + 1);
		make.buf_caps = 2;
		cqe = go(ring, make);
		slab_fail_after(0);
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_NO_MEMORY);
	} while (cqe.status != STATUS_OK && ++failures < 20);
	explore_check(failures >= 3);
	release(ring, id_behind(ring, cqe));
	explore_check(the.actor->ledger.used[LEDGER_ENTRIES] == entries);
}

static struct cap_sqe sleeps(cap_id target)
{
	struct cap_sqe sqe = call_kernel(target, TIMER_INTERFACE_ID, TIMER_SLEEP, 16);

	sqe.user_data = 1;
	return sqe;
}

static void sleeps_again_and_again(struct user_ring *ring)
{
	/* A sleep through a gate: it is in its list, and ends all the same. */
	put(ring, SEND_AT, (uint64_t[]){STRUCT(1, 0), 5000}, 2);
	struct cap_sqe sleep = sleeps(the.lent_timer);
	IS(go(ring, sleep), PENDING);
	IS(await(ring, 1), STATUS_OK);
	/* The same without a gate, again and again: then it is known what it goes to. Without credit, whatever would wait is refused. */
	sleep.target = the.timer.raw;
	for (unsigned n = 0; n < 3; n++) {
		IS(go(ring, sleep), PENDING);
		IS(await(ring, 1), STATUS_OK);
	}
	struct cap_sqe end_of_other = call_kernel(the.other_handle, PROCESS_HANDLE_INTERFACE_ID,
						  PROCESS_HANDLE_WAIT, 8);
	put(ring, 128, nothing, 1);
	end_of_other.msg_off = 128;
	uint64_t filled = fill(ring);
	for (unsigned n = 0; n < 3; n++) {
		IS(go(ring, sleep), STATUS_AGAIN);
		IS(go(ring, end_of_other), STATUS_AGAIN);
	}
	unfill(ring, filled);
}

static void asks_the_time(struct user_ring *ring)
{
	struct cap_sqe now = call_kernel(the.timer, TIMER_INTERFACE_ID, TIMER_NOW, 8);

	put(ring, 128, nothing, 1);
	now.msg_off = 128;
	for (unsigned n = 0; n < 3; n++)
		IS(go(ring, now), STATUS_OK);
	now.msg_len = CAP_MAX_KERNEL_MESSAGE + 8;
	IS(go(ring, now), STATUS_TOO_LARGE);
	now.msg_len = 8;
	store_release(&the.session->ended, true);
	IS(go(ring, now), STATUS_REVOKED);
	store_release(&the.session->ended, false);
}

/* A method that gives a capability and then raises an exception: what it gave is dropped. */
static void is_given_what_is_dropped(struct user_ring *ring)
{
	uint64_t words[32], processes = process_count(), entries = the.actor->ledger.used[LEDGER_ENTRIES];
	struct msg_builder builder;

	msg_builder_init(&builder, words, sizeof(words));
	process_spawner_clone_params_builder_set_submissions(
		process_spawner_clone_params_builder_root(&builder), 3);
	put(ring, 128, words, (unsigned)(msg_builder_size(&builder) / 8));
	struct cap_sqe clone = call_kernel(the.spawner, PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_CLONE,
					   (uint32_t)msg_builder_size(&builder));
	clone.msg_off = 128;
	clone.buf_caps = 1;
	IS(go(ring, clone), STATUS_EXCEPTION);
	for (unsigned n = 0; n < 10 && process_count() != processes; n++)
		(void)host_cap_enter(UINT32_MAX, host_now_ns() + 100000000, NULL);
	explore_check(process_count() == processes && the.actor->ledger.used[LEDGER_ENTRIES] == entries);
}

/* Too long a message; a method that was removed; one that there is not; none of that interface. */
static void calls_what_there_is_not(struct user_ring *ring)
{
	struct cap_sqe sleep = sleeps(the.timer);

	sleep.msg_len = CAP_MAX_KERNEL_MESSAGE + 8;
	IS(go(ring, sleep), STATUS_TOO_LARGE);
	IS(go(ring, call_kernel(the.weak_timer, TIMER_INTERFACE_ID, TIMER_NOW, 8)), STATUS_DENIED);
	IS(go(ring, call_kernel(the.timer, TIMER_INTERFACE_ID, 60, 8)), STATUS_EXCEPTION);
	IS(go(ring, call_kernel(the.timer, SCENARIO_INTERFACE, TIMER_NOW, 8)), STATUS_EXCEPTION);
	IS(go(ring, call_kernel(the.template, SCENARIO_INTERFACE, 0, 8)), STATUS_WRONG_TYPE);
}

/* describe of what was sent, and of nothing. */
static void asks_what_it_is(struct user_ring *ring)
{
	describe(ring, 0, the.facet, 0, CAP_DESC_COPY);
	struct cap_sqe about = call_kernel(the.manager, CAPABILITY_MANAGER_INTERFACE_ID,
					   CAPABILITY_MANAGER_DESCRIBE, 16);
	put(ring, SEND_AT, (uint64_t[]){STRUCT(0, 1), CAP_FIRST}, 2);
	about.caps_len = 1;
	IS(go(ring, about), STATUS_OK);
	about.caps_len = 0;
	IS(go(ring, about), STATUS_BAD_MESSAGE);
	put(ring, SEND_AT, (uint64_t[]){STRUCT(0, 1), 0}, 2);
	IS(go(ring, about), STATUS_EXCEPTION);
}

static void calls_the_kernel(struct user_ring *ring)
{
	is_given_under_the_gate(ring);
	sleeps_again_and_again(ring);
	asks_the_time(ring);
	is_given_what_is_dropped(ring);
	calls_what_there_is_not(ring);
	asks_what_it_is(ring);
}

EXPLORE_TEST(an_object_of_the_kernel_is_called_through_a_gate_as_without, 2)
{
	order_play(calls_the_kernel);
}

/* Timer.signal: the bits are there when it completes, through whatever its notification came. */
static void is_signalled(struct user_ring *ring)
{
	struct cap_sqe later_on = call_kernel(the.timer, TIMER_INTERFACE_ID, TIMER_SIGNAL, 32);
	struct cap_sqe wait = {.op = CAP_OP_WAIT, .target = the.word.raw, .interface_id = 4};
	cap_id through[] = {the.word, the.lent_word};

	later_on.caps_len = 1;
	later_on.buf_caps = 1;
	for (unsigned i = 0; i < 2; i++) {
		describe(ring, 0, through[i], 0, CAP_DESC_COPY);
		put(ring, SEND_AT, (uint64_t[]){STRUCT(2, 1), host_now_ns() + 1000000000, 4, CAP_FIRST}, 4);
		later_on.user_data = 1;
		IS(go(ring, later_on), PENDING);
		IS(await(ring, 1), STATUS_OK);
		explore_check(go(ring, wait).token == 4);
	}
	/* Its gates find no memory; then there is no credit left. */
	unsigned failures = 0;
	struct cap_cqe cqe;
	put(ring, SEND_AT, (uint64_t[]){STRUCT(2, 1), UINT64_MAX, 4, CAP_FIRST}, 4);
	do {
		slab_fail_after(failures + 1);
		cqe = go(ring, later_on);
		slab_fail_after(0);
		explore_check(cqe.status == PENDING || cqe.status == STATUS_NO_MEMORY);
	} while (cqe.status != PENDING && ++failures < 20);
	explore_check(failures >= 2);
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = ring->sequence - 1}), STATUS_OK);
	IS(await(ring, 1), STATUS_CANCELLED);
	uint64_t filled = fill(ring);
	IS(go(ring, later_on), STATUS_AGAIN);
	put(ring, SEND_AT, (uint64_t[]){STRUCT(1, 0), 5000}, 2);
	IS(go(ring, call_kernel(the.timer, TIMER_INTERFACE_ID, TIMER_SLEEP, 16)), STATUS_AGAIN);
	unfill(ring, filled);
}

EXPLORE_TEST(a_timer_signals_or_says_why_not, 2)
{
	order_play(is_signalled);
}
/* --- notifications ------------------------------------------------------------------------------------------------------- */

static void signals_and_waits(struct user_ring *ring)
{
	struct cap_sqe signal = {.op = CAP_OP_SIGNAL, .target = the.word.raw, .interface_id = 6},
		       wait = {.op = CAP_OP_WAIT, .target = the.word.raw, .interface_id = 2};

	for (unsigned quiet = 0; quiet < 2; quiet++) {
		struct cap_sqe sqe = signal;
		sqe.flags = quiet ? CAP_SQE_QUIET : 0;
		IS(go(ring, sqe), quiet ? PENDING : STATUS_OK);
		explore_check(go(ring, wait).token == 2);
		IS(go(ring, sqe), quiet ? PENDING : STATUS_OK); /* the same as the last one */
		sqe.target = the.lent_word.raw;
		IS(go(ring, sqe), quiet ? PENDING : STATUS_OK);
		sqe.target = the.weak_word.raw;
		IS(go(ring, sqe), STATUS_DENIED);
		sqe.target = 77;
		IS(go(ring, sqe), STATUS_BAD_ID);
		sqe.target = the.facet.raw;
		IS(go(ring, sqe), STATUS_WRONG_TYPE);
		sqe.target = the.word.raw;
		sqe.msg_off = 8;
		IS(go(ring, sqe), STATUS_BAD_OP);
		ring->quiet -= quiet ? 4 : 0; /* those that failed completed, after all */
	}
	explore_check(go(ring, wait).token == 2);
	/* Through a gate: what is there, and what comes. */
	wait.target = the.lent_word.raw;
	IS(go(ring, signal), STATUS_OK);
	explore_check(go(ring, wait).token == 2);
	wait.user_data = 1;
	IS(go(ring, wait), PENDING);
	explore_check(!list_is_empty(&the.gate->requests));
	IS(go(ring, signal), STATUS_OK);
	explore_check(await(ring, 1).token == 2 && list_is_empty(&the.gate->requests));
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_WAIT, .target = the.weak_word.raw, .interface_id = 4}),
	   STATUS_OK);
	/* In a session that is over. */
	store_release(&the.session->ended, true);
	IS(go(ring, signal), STATUS_REVOKED);
	IS(go(ring, wait), STATUS_REVOKED);
	store_release(&the.session->ended, false);
}

EXPLORE_TEST(a_notification_is_signalled_and_waited_for_by_whom_it_may, 2)
{
	order_play(signals_and_waits);
}

/* Two threads wait, the first as the only word there; a third signals what neither, the one, the other waits for. */
static unsigned waiting;

static void waits_for_its_bit(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	(void)atomic_add(&waiting, 1u);
	struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_WAIT,
							      .target = the.word.raw,
							      .interface_id = ring.thread_arg,
							      .user_data = 4});
	explore_check(cqe.status == STATUS_OK && cqe.token == ring.thread_arg);
	the.finished++;
}

static void signals_them(uint64_t region)
{
	static const uint64_t bits[] = {8, 1, 2};
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (load_acquire(&waiting) < 2)
		(void)host_cap_enter(UINT32_MAX, host_now_ns() + 50000000, NULL);
	(void)host_cap_enter(UINT32_MAX, host_now_ns() + 50000000, NULL);
	for (unsigned i = 0; i < array_size(bits); i++) {
		(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_SIGNAL,
							   .flags = CAP_SQE_QUIET,
							   .target = the.word.raw,
							   .interface_id = bits[i]});
		(void)user_enter(&ring, 0, 0);
	}
	the.finished++;
}

EXPLORE_TEST(each_of_those_who_wait_gets_its_bit, 4)
{
	order_begin();
	waiting = 0;
	scenario_thread(the.actor, waits_for_its_bit, 1);
	scenario_thread(the.actor, waits_for_its_bit, 2);
	scenario_thread(the.actor, signals_them, 0);
	scenario_run();
	explore_check(the.finished == 3);
	order_end();
}
EXPLORE_MAIN
