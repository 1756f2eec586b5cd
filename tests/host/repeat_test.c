// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a request remembers of the submission that it was last (ring/request.h, struct request_memory) never answers for another
 * one: calls and answers whose words change one at a time, at random, are accepted and refused as if each were the first.
 */
#include "scenario.h"

#define MESSAGE 64u
#define CAPS 1u
#define HEADER ((uint32_t)sizeof(struct cap_call_header))
#define RECV_BUF (HEADER + MESSAGE + CAPS * 8)
#define ANSWER_AT 512u
#define RECV_AT(i) (1024u + (i) * 512u)
#define RESULT_AT(i) (4096u + (i) * 512u)
#define DESC_AT 768u
#define ALLOWED(n) (3u + 2 * (n)) /* the one method of facet n */
#define OTHER_INTERFACE (SCENARIO_INTERFACE + 1)
#define CALLS 40u

static struct process *client, *server;
static cap_id facet[2];               /* the client's, of one endpoint */
static cap_id endpoint_of[2], passed; /* the server's; a facet of the second one */
static unsigned finished;

static struct view *facet_with(struct endpoint *endpoint, unsigned method)
{
	struct interface_set set = {SCENARIO_INTERFACE, 1ull << method};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, method, &set, 1, &view) == STATUS_OK);
	return view;
}

static void begin(unsigned cpu_total)
{
	struct endpoint *endpoint[2];

	scenario_begin(cpu_total);
	client = scenario_process("client");
	server = scenario_process("server");
	for (unsigned i = 0; i < 2; i++) {
		endpoint[i] = scenario_endpoint(server, MESSAGE, CAPS);
		endpoint_of[i] = scenario_give(server, scenario_full(&endpoint[i]->object));
	}
	for (unsigned i = 0; i < 2; i++)
		facet[i] = scenario_give(client, facet_with(endpoint[0], ALLOWED(i)));
	passed = scenario_give(server, scenario_facet(endpoint[1], 0));
	for (unsigned i = 0; i < 2; i++)
		object_put(&endpoint[i]->object);
	finished = 0;
}

/* --- the client ------------------------------------------------------------------------------------------------------ */

static uint64_t one_of(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t choice = host_random() % 4;

	return choice < 2 ? a : choice == 2 ? b : c;
}

/* Changes one word of the last call, or none. */
static void vary_call(struct cap_sqe *sqe, const struct user_ring *ring)
{
	uint32_t end = ring->arena_len;

	switch (host_random() % 9) {
	case 7:
		sqe->caps_off = (uint32_t)host_random() % 64 * 8;
		break;
	case 0:
		sqe->target = facet[host_random() % 2].raw;
		break;
	case 1:
		sqe->method = (uint16_t)one_of(ALLOWED(0), ALLOWED(1), 64);
		break;
	case 2:
		sqe->interface_id = one_of(SCENARIO_INTERFACE, SCENARIO_INTERFACE, OTHER_INTERFACE);
		break;
	case 3:
		sqe->msg_off = (uint32_t)one_of(0, 64, one_of(4, end - 8, end));
		break;
	case 4:
		sqe->msg_len = (uint32_t)one_of(16, MESSAGE, one_of(MESSAGE + 8, 20, UINT32_MAX & ~7u));
		break;
	case 5:
		sqe->buf_off = (uint32_t)one_of(RESULT_AT(0), RESULT_AT(1), one_of(end - 128, 4, end));
		break;
	case 6:
		sqe->buf_len = (uint32_t)one_of(CAP_MIN_RESULT_BUF, 512, one_of(128, 260, UINT32_MAX & ~7u));
		break;
	default:
		sqe->deadline_ns = one_of(0, 0, host_now_ns() + 1000000000000000ull);
	}
}

static bool is_range(const struct user_ring *ring, uint64_t offset, uint64_t len)
{
	return offset % 8 == 0 && len % 8 == 0 && offset + len <= ring->arena_len;
}

/* What a call that comes first would get. */
static enum status expected(const struct user_ring *ring, const struct cap_sqe *sqe)
{
	unsigned which = sqe->target == facet[0].raw ? 0 : 1;

	if (!is_range(ring, sqe->msg_off, sqe->msg_len) || !is_range(ring, sqe->buf_off, sqe->buf_len) ||
	    sqe->buf_len < CAP_MIN_RESULT_BUF)
		return STATUS_BAD_RANGE;
	if (sqe->target != facet[which].raw)
		return STATUS_BAD_ID;
	if (sqe->interface_id != SCENARIO_INTERFACE)
		return STATUS_EXCEPTION;
	if (sqe->method != ALLOWED(which))
		return STATUS_DENIED;
	return sqe->msg_len > MESSAGE ? STATUS_TOO_LARGE : STATUS_OK;
}

static void call_once(struct user_ring *ring, const struct cap_sqe *sqe, uint64_t number)
{
	uint64_t words[8] = {1ull << 32, number};
	enum status status = expected(ring, sqe);

	if (is_range(ring, sqe->msg_off, 16))
		user_arena_write(ring, sqe->msg_off, words, 16);
	struct cap_cqe cqe = user_do(ring, sqe);
	explore_check(cqe.status == status && cqe.user_data == sqe->user_data);
	if (status == STATUS_OK)
		explore_check(cqe.len == 16 &&
			      user_arena_word(ring, sqe->buf_off + 8) == number + sqe->method);
}

/* The capability leaves its slot and comes back under another id; the old one names nothing. */
static void replace_facet(struct user_ring *ring, struct cap_sqe *sqe)
{
	unsigned which = (unsigned)(host_random() % 2);
	cap_id old = facet[which];

	struct cap_cqe cqe = user_do(ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = old.raw});
	explore_check(cqe.status == STATUS_OK);
	facet[which].raw = cqe.token;
	cqe = user_do(ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = old.raw});
	explore_check(cqe.status == STATUS_OK);
	call_once(ring, sqe, 0);
	if (sqe->target == old.raw)
		sqe->target = facet[which].raw;
}

static void calls(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = {.op = CAP_OP_CALL,
			      .target = facet[0].raw,
			      .interface_id = SCENARIO_INTERFACE,
			      .method = ALLOWED(0),
			      .msg_len = 16,
			      .buf_off = RESULT_AT(0),
			      .buf_len = CAP_MIN_RESULT_BUF};

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < CALLS; i++) {
		struct cap_sqe before = sqe;

		sqe.user_data = i;
		if (host_random() % 2)
			vary_call(&sqe, &ring);
		if (host_random() % 16 == 0)
			replace_facet(&ring, &sqe);
		call_once(&ring, &sqe, i);
		if (host_random() % 2) { /* most are refused otherwise, and for the first reason */
			before.target = facet[before.target == facet[0].raw ? 0 : 1].raw;
			before.method = ALLOWED(before.target == facet[0].raw ? 0 : 1);
			sqe = before;
		}
	}
	(void)atomic_add(&finished, 1u);
}

/* --- the server ------------------------------------------------------------------------------------------------------ */

/* Its RECV half, sometimes one that is refused: then the call stays open. */
static enum status vary_receive(struct cap_sqe *sqe, const struct user_ring *ring)
{
	sqe->interface_id = endpoint_of[0].raw;
	sqe->buf_off = RECV_AT(host_random() % 8 == 0);
	sqe->buf_len = RECV_BUF;
	sqe->buf_caps = CAPS;
	switch (host_random() % 24) {
	case 0:
		sqe->interface_id = passed.raw;
		return STATUS_WRONG_TYPE;
	case 1:
		sqe->interface_id = endpoint_of[0].raw + (1ull << 32);
		return STATUS_BAD_ID;
	case 2:
		sqe->buf_off = ring->arena_len - 64;
		return STATUS_BAD_RANGE;
	case 3:
		sqe->buf_len = RECV_BUF - 8;
		return STATUS_TOO_LARGE;
	case 4:
		sqe->buf_caps = 0;
		return STATUS_TOO_LARGE;
	case 5:
		sqe->msg_off = ring->arena_len - 8;
		return STATUS_BAD_RANGE;
	case 6:
		sqe->msg_len = 1024;
		return STATUS_TOO_LARGE;
	case 7:
		sqe->target += 1ull << 32;
		return STATUS_BAD_ID;
	default:
		return STATUS_OK;
	}
}

static uint64_t answer_of(struct user_ring *ring, uint32_t received)
{
	struct cap_call_header header;
	uint64_t words[2] = {1ull << 32};

	user_arena_read(ring, received, &header, sizeof header);
	explore_check(header.interface_id == SCENARIO_INTERFACE && header.method == header.key &&
		      header.session != 0 && header.caps == 0);
	words[1] = user_arena_word(ring, received + HEADER + 8) + header.method;
	user_arena_write(ring, ANSWER_AT, words, sizeof words);
	return words[1];
}

/* The call goes on as one of another method, which its caller may not call, and comes back from there. */
static struct cap_cqe pass_on(struct user_ring *ring, uint64_t token)
{
	struct cap_desc desc = {.id = passed.raw};

	user_arena_write(ring, DESC_AT, &desc, sizeof desc);
	struct cap_cqe cqe = user_do(ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
							     .flags = CAP_SQE_TAIL,
							     .method = (uint16_t)ALLOWED(host_random() % 2),
							     .target = token,
							     .interface_id = SCENARIO_INTERFACE,
							     .msg_off = ANSWER_AT,
							     .msg_len = 16,
							     .caps_off = DESC_AT,
							     .caps_len = 1});
	explore_check(cqe.status == STATUS_OK);
	cqe = user_do(ring, &(struct cap_sqe){.op = CAP_OP_RECV,
					      .target = endpoint_of[1].raw,
					      .buf_off = RECV_AT(2),
					      .buf_len = RECV_BUF,
					      .buf_caps = CAPS});
	explore_check(cqe.status == STATUS_OK);
	return cqe;
}

static void serves(uint64_t region)
{
	struct user_ring ring;
	uint32_t received = RECV_AT(0);

	user_ring_open(&ring, region);
	struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
							      .target = endpoint_of[0].raw,
							      .buf_off = received,
							      .buf_len = RECV_BUF,
							      .buf_caps = CAPS});
	for (;;) {
		enum status status;
		struct cap_sqe sqe;

		explore_check(cqe.status == STATUS_OK);
		(void)answer_of(&ring, received);
		uint64_t token = host_random() % 8 == 0 ? pass_on(&ring, cqe.token).token : cqe.token;
		do {
			sqe = (struct cap_sqe){.op = CAP_OP_RETURN_RECV,
					       .target = token,
					       .msg_off = ANSWER_AT,
					       .msg_len = 16};
			status = vary_receive(&sqe, &ring);
			(void)user_submit(&ring, &sqe);
			do
				cqe = user_wait(&ring);
			while (user_is_notice(cqe));
			explore_check(cqe.status == status);
		} while (status != STATUS_OK);
		received = sqe.buf_off;
	}
}

EXPLORE_TEST(what_a_request_remembers_answers_for_nothing_else, 2000)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(client, calls, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

EXPLORE_MAIN
