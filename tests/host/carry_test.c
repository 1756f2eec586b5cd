// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Capabilities that go along with calls, and are dropped with the answer (RELEASE_CAPS): whatever the call carried and however its
 * server answers, what it kept it has, what it dropped it has not, and its table is charged for as many entries as before.
 */
#include "scenario.h"

#define MESSAGE 64u
#define CAPS 2u
#define HEADER ((uint32_t)sizeof(struct cap_call_header))
#define RECV_BUF (HEADER + MESSAGE + CAPS * 8)
#define DESC_AT 512u
#define RECV_AT 1024u
#define RESULT_AT 4096u
#define CALLS 30u

static struct process *client, *server;
static cap_id facet, spare, endpoint_end;
static uint64_t charged; /* entries of the server, before it received */
static unsigned finished;

static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	client = scenario_process("client");
	server = scenario_process("server");
	struct endpoint *endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	endpoint_end = scenario_give(server, scenario_full(&endpoint->object));
	facet = scenario_give(client, scenario_facet(endpoint, 1));
	spare = scenario_give(client, scenario_facet(endpoint, 2));
	object_put(&endpoint->object);
	charged = server->ledger.used[LEDGER_ENTRIES];
	finished = 0;
}

static enum status release(struct user_ring *ring, uint64_t id)
{
	return (enum status)user_do(ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = id}).status;
}

static uint64_t duplicate(struct user_ring *ring, uint64_t id)
{
	struct cap_cqe cqe = user_do(ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = id});

	explore_check(cqe.status == STATUS_OK);
	return cqe.token;
}

/* --- the client ------------------------------------------------------------------------------------------------------ */

/* Writes descriptors, of which at most one is bad. */
static enum status choose(struct user_ring *ring, struct cap_sqe *sqe, uint64_t *moved)
{
	struct cap_desc desc[CAPS] = {{.id = spare.raw}, {.id = facet.raw}};
	enum status status = STATUS_OK;

	sqe->caps_len = 1;
	switch (host_random() % 8) {
	case 0:
		sqe->caps_len = 0;
		break;
	case 1:
		sqe->caps_len = CAPS;
		break;
	case 2:
		*moved = desc[0].id = duplicate(ring, spare.raw);
		desc[0].kind = CAP_DESC_MOVE;
		break;
	case 3:
		desc[0].id += 1ull << 32;
		status = STATUS_BAD_ID;
		break;
	case 4:
		desc[0].path_or_key = 1;
		status = STATUS_BAD_OP;
		break;
	default:
		break;
	}
	user_arena_write(ring, DESC_AT, desc, sizeof desc);
	return status;
}

static void calls(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < CALLS; i++) {
		uint64_t words[2] = {1ull << 32, i}, moved = 0;
		struct cap_sqe sqe = {.op = CAP_OP_CALL,
				      .target = facet.raw,
				      .interface_id = SCENARIO_INTERFACE,
				      .user_data = i,
				      .msg_len = 16,
				      .buf_off = RESULT_AT,
				      .buf_len = CAP_MIN_RESULT_BUF + 8,
				      .caps_off = DESC_AT,
				      .buf_caps = (uint16_t)(host_random() % 2)};
		enum status status = choose(&ring, &sqe, &moved);

		if (host_random() % 8 == 0)
			sqe.deadline_ns = host_now_ns() + 1000000000000000ull;
		user_arena_write(&ring, 0, words, sizeof words);
		struct cap_cqe cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == status ||
			      (status == STATUS_OK && cqe.status == STATUS_EXCEPTION));
		if (moved != 0)
			explore_check(release(&ring, moved) == STATUS_BAD_ID);
		if (cqe.caps != 0)
			explore_check(cqe.caps == 1 &&
				      release(&ring, user_arena_word(&ring, RESULT_AT + cqe.len)) ==
					      STATUS_OK);
	}
	(void)atomic_add(&finished, 1u);
}

/* --- the server ------------------------------------------------------------------------------------------------------ */

struct received {
	uint64_t token, ids[CAPS];
	uint32_t caps;
	uint16_t buf_caps;
};

static struct received look_at(struct user_ring *ring, struct cap_cqe cqe)
{
	struct received call = {.token = cqe.token, .caps = cqe.caps};
	struct cap_call_header header;

	explore_check(cqe.status == STATUS_OK && cqe.caps <= CAPS);
	user_arena_read(ring, RECV_AT, &header, sizeof header);
	user_arena_read(ring, RECV_AT + cqe.len, call.ids, sizeof call.ids);
	explore_check(header.caps == cqe.caps && header.msg_len == 16 && cqe.len == HEADER + 16);
	call.buf_caps = header.buf_caps;
	return call;
}

/* Too long: refused, and nothing was dropped. */
static void be_refused(struct user_ring *ring, const struct received *call)
{
	struct cap_cqe cqe = user_do(ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
							     .flags = CAP_SQE_RELEASE_CAPS,
							     .target = call->token,
							     .msg_len = CAP_MIN_RESULT_BUF + 16});

	explore_check(cqe.status == STATUS_TOO_LARGE);
	for (uint32_t i = 0; i < call->caps; i++)
		explore_check(release(ring, duplicate(ring, call->ids[i])) == STATUS_OK);
}

/* Answers and receives, in one or in two; sometimes with the first capability that came, or as an exception. */
static struct cap_cqe answer(struct user_ring *ring, const struct received *call, bool drops)
{
	bool apart = host_random() % 4 == 0;
	struct cap_sqe receive = {.op = CAP_OP_RECV,
				  .target = endpoint_end.raw,
				  .buf_off = RECV_AT,
				  .buf_len = RECV_BUF,
				  .buf_caps = CAPS};
	struct cap_sqe sqe = {.op = CAP_OP_RETURN,
			      .flags = drops ? CAP_SQE_RELEASE_CAPS : 0,
			      .target = call->token,
			      .msg_len = 16};
	uint64_t words[2] = {1ull << 32};

	user_arena_write(ring, 0, words, sizeof words);
	if (call->caps != 0 && call->buf_caps != 0 && host_random() % 2) {
		struct cap_desc desc = {.id = call->ids[0]};
		user_arena_write(ring, DESC_AT, &desc, sizeof desc);
		sqe.caps_off = DESC_AT;
		sqe.caps_len = 1;
	} else if (host_random() % 4 == 0) {
		sqe.flags |= CAP_SQE_IS_EXCEPTION;
	}
	if (apart) {
		explore_check(user_do(ring, &sqe).status == STATUS_OK);
		return user_do(ring, &receive);
	}
	sqe.op = CAP_OP_RETURN_RECV;
	sqe.interface_id = receive.target;
	sqe.buf_off = receive.buf_off;
	sqe.buf_len = receive.buf_len;
	sqe.buf_caps = receive.buf_caps;
	return user_do(ring, &sqe);
}

static void serves(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
							      .target = endpoint_end.raw,
							      .buf_off = RECV_AT,
							      .buf_len = RECV_BUF,
							      .buf_caps = CAPS});
	for (;;) {
		struct received call = look_at(&ring, cqe);
		bool drops = host_random() % 4 != 0, gone = call.caps == CAPS && host_random() % 2;

		explore_check(load_relaxed(&server->ledger.used[LEDGER_ENTRIES]) == charged + CAPS);
		if (host_random() % 4 == 0)
			be_refused(&ring, &call);
		if (gone) /* before the answer */
			explore_check(release(&ring, call.ids[1]) == STATUS_OK);
		cqe = answer(&ring, &call, drops);
		for (uint32_t i = 0; i < call.caps; i++)
			explore_check((release(&ring, call.ids[i]) == STATUS_OK) ==
				      (!drops && !(gone && i == 1)));
	}
}

EXPLORE_TEST(what_a_call_brought_goes_with_its_answer, 1500)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(client, calls, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

EXPLORE_MAIN
