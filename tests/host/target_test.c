// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a ring remembers of a call's target (ring/target.h) never answers for another capability: not for the same id in
 * another process, not for an id that was released, not for what took its slot.
 */
#include "scenario.h"

#include <schema/kernel/notification.capnp.h>

#define SEND_AT 0u
#define RESULT_AT 1024u
#define BIT_OF(n) (1ull << (n))

static struct process *owner[2];
static cap_id first[2], second[2];
static unsigned released, finished;

static cap_id give_notification(struct process *process, uint64_t bits)
{
	struct notification *notification;

	explore_check(notification_create(process, &notification) == STATUS_OK);
	notification_set(notification, bits);
	cap_id id = scenario_give(process, scenario_full(&notification->object));
	object_put(&notification->object);
	return id;
}

/* Process i has bits 1 + i in its first notification and 4 + i in its second. */
static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	for (unsigned i = 0; i < 2; i++) {
		owner[i] = scenario_process(i == 0 ? "one" : "two");
		first[i] = give_notification(owner[i], BIT_OF(1 + i));
		second[i] = give_notification(owner[i], BIT_OF(4 + i));
	}
	explore_check(first[0].raw == first[1].raw); /* or there is nothing to confuse */
	released = finished = 0;
}

/* Notification.poll: which of all bits are set; they are set again. */
static int32_t poll(struct user_ring *ring, cap_id id, uint64_t *taken)
{
	const uint64_t message[2] = {0x0000000100000000ull, 0};
	struct cap_sqe sqe = {
		.op = CAP_OP_CALL,
		.method = NOTIFICATION_POLL,
		.target = id.raw,
		.interface_id = NOTIFICATION_INTERFACE_ID,
		.msg_off = SEND_AT,
		.msg_len = sizeof(message),
		.buf_off = RESULT_AT,
		.buf_len = CAP_MIN_RESULT_BUF,
	};

	user_arena_write(ring, SEND_AT, message, sizeof message);
	struct cap_cqe cqe = user_do(ring, &sqe);
	*taken = user_arena_word(ring, RESULT_AT + 8);
	if (cqe.status != STATUS_OK)
		return cqe.status;
	explore_check(cqe.len == 16 && cqe.caps == 0);
	sqe = (struct cap_sqe){.op = CAP_OP_SIGNAL, .target = id.raw, .interface_id = *taken};
	if (*taken != 0)
		(void)user_do(ring, &sqe);
	return STATUS_OK;
}

static void polls_its_own(uint64_t region)
{
	struct user_ring ring;
	uint64_t taken;

	user_ring_open(&ring, region);
	unsigned i = (unsigned)ring.thread_arg;
	for (unsigned n = 0; n < 3; n++) {
		explore_check(poll(&ring, first[i], &taken) == STATUS_OK && taken == BIT_OF(1 + i));
		explore_check(poll(&ring, second[i], &taken) == STATUS_OK && taken == BIT_OF(4 + i));
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(the_same_id_in_two_processes_is_two_capabilities, 300)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(owner[0], polls_its_own, 0);
	scenario_thread(owner[1], polls_its_own, 1);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

/* Until it is refused; never answered once it has been released. */
static void polls_until_released(uint64_t region)
{
	struct user_ring ring;
	uint64_t taken;

	user_ring_open(&ring, region);
	for (;;) {
		unsigned before = load_acquire(&released);
		int32_t status = poll(&ring, first[0], &taken);

		explore_check(status == STATUS_BAD_ID || (status == STATUS_OK && before == 0));
		if (status == STATUS_BAD_ID)
			break;
		explore_check(taken == 0 || taken == BIT_OF(1)); /* 0: the other thread has it */
	}
	(void)atomic_add(&finished, 1u);
}

/* Releases the capability and lets another one have its slot. */
static void releases(uint64_t region)
{
	struct user_ring ring;
	uint64_t taken;

	user_ring_open(&ring, region);
	(void)poll(&ring, first[0], &taken);

	struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = first[0].raw});

	explore_check(cqe.status == STATUS_OK);
	store_release(&released, 1u);
	explore_check(poll(&ring, first[0], &taken) == STATUS_BAD_ID);
	cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = second[0].raw});
	explore_check(cqe.status == STATUS_OK && cap_id_slot((cap_id){cqe.token}) == cap_id_slot(first[0]));
	explore_check(poll(&ring, first[0], &taken) == STATUS_BAD_ID);
	explore_check(poll(&ring, (cap_id){cqe.token}, &taken) == STATUS_OK && taken == BIT_OF(4));
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(what_was_released_is_not_remembered, 1000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(owner[0], polls_until_released, 0);
	scenario_thread(owner[0], polls_until_released, 0);
	scenario_thread(owner[0], releases, 0);
	scenario_run();
	explore_check(finished == 3);
	scenario_end();
}

EXPLORE_MAIN
