// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a Cap'n Proto RPC bridge needs of TAIL for an embargo (docs/design/accepted/0005-remote-capabilities.md): calls that it has
 * received through a facet and held back, for as long as it likes, and then passes on one after the other, arrive in the order in which
 * the caller made them; so do those that it passes on as they come, behind them.
 */
#include "scenario.h"

#define MESSAGE 64u
#define RECV_BUF (56u + MESSAGE)
#define SEND_AT(i) ((i) * 32u)
#define DESC_AT 512u
#define RESULT_AT(i) (1024u + (i) * 256u)
#define RECV_AT 4096u
#define CALLS 8u

static struct process *client, *bridge, *server;
static cap_id bridge_end, server_end, import,
	local; /* import: the bridge's facet, with the client; local: the server's, with the bridge */
static uint64_t arrived, answered;

static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	client = scenario_process("client");
	bridge = scenario_process("bridge");
	server = scenario_process("server");
	struct endpoint *outer = scenario_endpoint(bridge, MESSAGE, 0);
	struct endpoint *inner = scenario_endpoint(server, MESSAGE, 0);
	bridge_end = scenario_give(bridge, scenario_full(&outer->object));
	server_end = scenario_give(server, scenario_full(&inner->object));
	import = scenario_give(client, scenario_facet(outer, 7));
	local = scenario_give(bridge, scenario_facet(inner, 8));
	object_put(&outer->object);
	object_put(&inner->object);
	arrived = answered = 0;
}

static void write_number(struct user_ring *ring, uint32_t at, uint64_t number)
{
	uint64_t words[2] = {1ull << 32, number};

	user_arena_write(ring, at, words, sizeof words);
}

/* All of them under way at the same time. */
static void calls(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < CALLS; i++) {
		write_number(&ring, SEND_AT(i), i);
		struct cap_sqe sqe = {.op = CAP_OP_CALL,
				      .target = import.raw,
				      .interface_id = SCENARIO_INTERFACE,
				      .msg_off = SEND_AT(i),
				      .msg_len = 16,
				      .buf_off = RESULT_AT(i),
				      .buf_len = 256};
		(void)user_submit(&ring, &sqe);
		if (host_random() % 3 == 0)
			(void)user_enter(&ring, 0, 0);
	}
	for (unsigned i = 0; i < CALLS; i++) {
		cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		answered++;
	}
}

static uint64_t receive(struct user_ring *ring, cap_id endpoint, uint64_t *number)
{
	struct cap_sqe sqe = {
		.op = CAP_OP_RECV, .target = endpoint.raw, .buf_off = RECV_AT, .buf_len = RECV_BUF};
	struct cap_cqe cqe = user_do(ring, &sqe);

	explore_check(cqe.status == STATUS_OK);
	*number = user_arena_word(ring, RECV_AT + 56 + 8);
	return cqe.token;
}

static void pass_on(struct user_ring *ring, uint64_t token, uint64_t number)
{
	struct cap_desc desc = {.id = local.raw};

	write_number(ring, SEND_AT(0), number);
	user_arena_write(ring, DESC_AT, &desc, sizeof desc);
	struct cap_sqe sqe = {.op = CAP_OP_RETURN,
			      .flags = CAP_SQE_TAIL,
			      .target = token,
			      .interface_id = SCENARIO_INTERFACE,
			      .msg_off = SEND_AT(0),
			      .msg_len = 16,
			      .caps_off = DESC_AT,
			      .caps_len = 1};
	explore_check(user_do(ring, &sqe).status == STATUS_OK);
}

/* Under an embargo for a while, then not. */
static void bridges(uint64_t region)
{
	uint64_t tokens[CALLS], numbers[CALLS];
	unsigned held = (unsigned)(host_random() % (CALLS + 1));
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < held; i++) {
		tokens[i] = receive(&ring, bridge_end, &numbers[i]);
		explore_check(numbers[i] == i); /* E-order */
	}
	for (unsigned i = 0; i < held; i++)
		pass_on(&ring, tokens[i], numbers[i]);
	for (unsigned i = held; i < CALLS; i++) {
		tokens[i] = receive(&ring, bridge_end, &numbers[i]);
		pass_on(&ring, tokens[i], numbers[i]);
	}
}

static void serves(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < CALLS; i++) {
		uint64_t number, token = receive(&ring, server_end, &number);

		explore_check(number == i);
		arrived++;
		write_number(&ring, SEND_AT(0), number);
		struct cap_sqe sqe = {
			.op = CAP_OP_RETURN, .target = token, .msg_off = SEND_AT(0), .msg_len = 16};
		explore_check(user_do(&ring, &sqe).status == STATUS_OK);
	}
}

EXPLORE_TEST(calls_that_were_held_back_arrive_in_order, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, calls, 0);
	scenario_thread(bridge, bridges, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(arrived == CALLS && answered == CALLS);
	scenario_end();
}

EXPLORE_MAIN
