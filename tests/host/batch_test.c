// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Several calls in one entry to servers with several RECVs posted, over many schedules: each call is answered once, in the order of
 * its ring and with its own answer, whatever else the batch holds and whoever is cancelled or ends in the middle of it.
 */
#include "scenario.h"

#define MESSAGE 64u
#define RECV_BUF (56u + MESSAGE)
#define CALL_BUF 256u
#define BATCH 6u
#define DEPTH 5u
/* Arena offsets. */
#define SEND_AT(i) ((i) * 16u)
#define RESULT_AT(i) (1024u + (i) * CALL_BUF)
#define RECV_AT(i) (4096u + (i) * 128u)
#define ANSWER_AT(i) (6144u + (i) * 16u)

static struct process *server, *client, *second;
static cap_id server_end, first_facet, second_facet;
static unsigned finished, answered, failed;
static uint64_t server_ends_after; /* calls; 0: never */
static uint64_t last_seen[3];      /* by key: the number of the call that was served last */
static bool ordered, impatient, siblings;

static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	server = scenario_process("server");
	client = scenario_process("client");
	second = scenario_process("second");

	struct endpoint *endpoint = scenario_endpoint(server, MESSAGE, 0);

	server_end = scenario_give(server, scenario_full(&endpoint->object));
	first_facet = scenario_give(client, scenario_facet(endpoint, 1));
	second_facet = scenario_give(second, scenario_facet(endpoint, 2));
	object_put(&endpoint->object);
	finished = answered = failed = 0;
	server_ends_after = 0;
	last_seen[1] = last_seen[2] = 0;
	ordered = impatient = siblings = false;
}

/* --- servers ------------------------------------------------------------------------------------------------------- */

static void receive(struct user_ring *ring, uint32_t slot, const struct cap_cqe *answers)
{
	struct cap_sqe sqe = {
		.op = CAP_OP_RECV,
		.target = server_end.raw,
		.buf_off = RECV_AT(slot),
		.buf_len = RECV_BUF,
		.user_data = slot,
	};

	if (answers != NULL) {
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.interface_id = sqe.target;
		sqe.target = answers->token;
		sqe.msg_off = ANSWER_AT(slot);
		sqe.msg_len = 16;
	}
	(void)user_submit(ring, &sqe);
}

/* {key, number}: {key + 1, number * 2}. */
static void answer(struct user_ring *ring, uint32_t slot, const struct cap_cqe *cqe)
{
	struct cap_call_header header;
	uint64_t message[2];

	explore_check(cqe->len == sizeof header + 16);
	user_arena_read(ring, RECV_AT(slot), &header, sizeof header);
	user_arena_read(ring, RECV_AT(slot) + (uint32_t)sizeof header, message, sizeof message);
	explore_check(header.key == message[0] && header.buf_len == CALL_BUF && header.msg_len == 16);
	if (ordered) {
		explore_check(message[1] == last_seen[header.key] + 1);
		last_seen[header.key] = message[1];
	}
	message[0]++;
	message[1] *= 2;
	user_arena_write(ring, ANSWER_AT(slot), message, sizeof message);
	receive(ring, slot, cqe);
}

/* Takes a posted RECV back now and then, and posts it again. If it is to end, it does so with calls open and RECVs posted; where it has
 * a sibling, which could answer them, without those that it has seen. */
static void serves_several(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;
	uint64_t served = 0;

	user_ring_open(&ring, region);
	uint32_t depth = 1 + (uint32_t)(host_random() % DEPTH);
	for (uint32_t slot = 0; slot < depth; slot++)
		receive(&ring, slot, NULL);
	for (;;) {
		bool ends = server_ends_after != 0 && served >= server_ends_after;

		(void)user_enter(&ring, ends ? 0 : 1, 0);
		if (ends && siblings)
			return;
		while (user_reap(&ring, &cqe)) {
			if (cqe.user_data >= DEPTH)
				continue; /* a CANCEL */
			explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_CANCELLED);
			if (ends)
				return;
			if (cqe.status == STATUS_CANCELLED || user_is_notice(cqe)) {
				receive(&ring, (uint32_t)cqe.user_data, NULL);
				continue;
			}
			answer(&ring, (uint32_t)cqe.user_data, &cqe);
			served++;
			if (impatient && host_random() % 4 == 0)
				(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_CANCEL,
									   .target = ring.sequence - 1 -
										     host_random() % depth,
									   .user_data = DEPTH});
		}
	}
}

/* --- clients ------------------------------------------------------------------------------------------------------- */

static void check_answer(struct user_ring *ring, const struct cap_cqe *cqe, uint64_t number)
{
	uint32_t slot = (uint32_t)cqe->user_data;

	if (cqe->status != STATUS_OK) {
		explore_check(cqe->status == STATUS_CANCELLED || cqe->status == STATUS_DISCONNECTED);
		(void)atomic_add(&failed, 1u);
		return;
	}
	explore_check(cqe->len == 16 && user_arena_word(ring, RESULT_AT(slot)) == ring->thread_arg + 1);
	explore_check(user_arena_word(ring, RESULT_AT(slot) + 8) == 2 * number);
	(void)atomic_add(&answered, 1u);
}

static void calls_in_batches(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;
	uint64_t number = 0;

	user_ring_open(&ring, region);
	cap_id facet = ring.thread_arg == 1 ? first_facet : second_facet;
	for (unsigned round = 0; round < 3; round++) {
		unsigned seen = 0, count = 1 + (unsigned)(host_random() % BATCH), all = count;
		for (uint32_t i = 0; i < count; i++) {
			uint64_t message[2] = {ring.thread_arg, ++number};

			user_arena_write(&ring, SEND_AT(i), message, sizeof message);
			uint64_t sequence = user_submit(&ring, &(struct cap_sqe){
								       .op = CAP_OP_CALL,
								       .target = facet.raw,
								       .interface_id = SCENARIO_INTERFACE,
								       .method = 3,
								       .user_data = i,
								       .msg_off = SEND_AT(i),
								       .msg_len = 16,
								       .buf_off = RESULT_AT(i),
								       .buf_len = CALL_BUF,
							       });
			if (impatient && host_random() % 3 == 0) {
				(void)user_submit(&ring,
						  &(struct cap_sqe){.op = CAP_OP_CANCEL,
								    .target = sequence - host_random() % 2,
								    .user_data = BATCH});
				all++;
			}
		}
		uint64_t first = number - count;
		while (seen < all) {
			(void)user_enter(&ring, 1 + host_random() % (all - seen), 0);
			while (user_reap(&ring, &cqe)) {
				if (cqe.user_data < BATCH)
					check_answer(&ring, &cqe, first + cqe.user_data + 1);
				seen++;
			}
		}
		explore_check(seen == all);
	}
	explore_check(ring.completed == ring.accepted);
	(void)atomic_add(&finished, 1u);
}

/* --- scenarios ----------------------------------------------------------------------------------------------------- */

EXPLORE_TEST(a_batch_is_served_in_its_order, 2000)
{
	begin(1 + (unsigned)(host_random() % 2));
	ordered = true;
	scenario_thread(server, serves_several, 0);
	scenario_thread(client, calls_in_batches, 1);
	scenario_thread(second, calls_in_batches, 2);
	scenario_run();
	explore_check(finished == 2 && failed == 0);
	scenario_end();
}

EXPLORE_TEST(several_servers_share_batches, 1000)
{
	begin(3);
	scenario_thread(server, serves_several, 0);
	scenario_thread(server, serves_several, 0);
	scenario_thread(client, calls_in_batches, 1);
	scenario_thread(client, calls_in_batches, 1);
	scenario_thread(second, calls_in_batches, 2);
	scenario_run();
	explore_check(finished == 3 && failed == 0);
	scenario_end();
}

EXPLORE_TEST(calls_and_receives_of_a_batch_are_cancelled, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	impatient = true;
	scenario_thread(server, serves_several, 0);
	scenario_thread(server, serves_several, 0);
	scenario_thread(client, calls_in_batches, 1);
	scenario_thread(second, calls_in_batches, 2);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

EXPLORE_TEST(servers_end_in_the_middle_of_a_batch, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	impatient = host_random() % 2;
	server_ends_after = 1 + host_random() % 6;
	siblings = host_random() % 2;
	scenario_thread(server, serves_several, 0);
	if (siblings)
		scenario_thread(server, serves_several, 0);
	scenario_thread(client, calls_in_batches, 1);
	scenario_thread(second, calls_in_batches, 2);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

EXPLORE_MAIN
