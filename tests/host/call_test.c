// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls between processes over many schedules: every call is answered once, to its caller, with its own answer; or ends
 * with the status that its deadline, its cancellation or a death gives it. Everything goes back afterwards.
 */
#include "scenario.h"

#define MESSAGE 64u
#define RECV_BUF (56u + MESSAGE + 16u)
#define CALL_BUF 256u
#define SEND_AT 0u /* arena offsets */
#define RESULT_AT 1024u
#define RECV_AT 4096u

static struct process *server, *client, *second_client;
static struct endpoint *endpoint;
static cap_id server_end, client_facet, second_facet;
static unsigned finished, answered, served;
static uint64_t calls_each;

static void begin(unsigned cpu_total, uint16_t max_caps)
{
	scenario_begin(cpu_total);
	server = scenario_process("server");
	client = scenario_process("client");
	second_client = scenario_process("second");
	endpoint = scenario_endpoint(server, MESSAGE, max_caps);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	client_facet = scenario_give(client, scenario_facet(endpoint, 1));
	second_facet = scenario_give(second_client, scenario_facet(endpoint, 2));
	object_put(&endpoint->object);
	finished = answered = served = 0;
}

static struct cap_sqe call_sqe(cap_id facet, uint64_t number)
{
	return (struct cap_sqe){
		.op = CAP_OP_CALL,
		.target = facet.raw,
		.interface_id = SCENARIO_INTERFACE,
		.method = 3,
		.user_data = number,
		.msg_off = SEND_AT,
		.msg_len = 16,
		.buf_off = RESULT_AT,
		.buf_len = CALL_BUF,
	};
}

static struct cap_sqe recv_sqe(uint32_t at)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = server_end.raw,
				.buf_off = at,
				.buf_len = RECV_BUF,
				.user_data = 9};
}

/* --- plain calls ------------------------------------------------------------------------------------------------ */

/* Sends {key, number}, expects {key + 1, number * 2}. */
static void calls(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	cap_id facet = ring.thread_arg == 1 ? client_facet : second_facet;
	for (uint64_t i = 0; i < calls_each; i++) {
		uint64_t message[2] = {ring.thread_arg, i};
		struct cap_sqe sqe = call_sqe(facet, 100 + i);

		user_arena_write(&ring, SEND_AT, message, sizeof message);
		struct cap_cqe cqe = user_do(&ring, &sqe);

		explore_check(cqe.status == STATUS_OK && cqe.len == 16 && cqe.caps == 0 &&
			      cqe.flags == CAP_CQE_DELIVERED);
		explore_check(user_arena_word(&ring, RESULT_AT) == ring.thread_arg + 1);
		explore_check(user_arena_word(&ring, RESULT_AT + 8) == 2 * i);
		(void)atomic_add(&answered, 1u);
	}
	explore_check(ring.completed == ring.accepted);
	(void)atomic_add(&finished, 1u);
}

/* Checks what was received at `at` and writes the answer there. */
static void answer(struct user_ring *ring, const struct cap_cqe *cqe, uint32_t at)
{
	struct cap_call_header header;
	uint64_t message[2];

	explore_check(cqe->status == STATUS_OK && cqe->len == sizeof header + 16);
	user_arena_read(ring, at, &header, sizeof header);
	user_arena_read(ring, at + (uint32_t)sizeof header, message, sizeof message);
	explore_check(header.interface_id == SCENARIO_INTERFACE && header.method == 3 &&
		      header.msg_len == 16);
	explore_check(header.key == message[0] && header.buf_len == CALL_BUF);
	message[0]++;
	message[1] *= 2;
	user_arena_write(ring, SEND_AT, message, sizeof message);
	(void)atomic_add(&served, 1u);
}

static void serves_by_return_recv(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = recv_sqe(RECV_AT);

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_cqe cqe = user_do(&ring, &sqe);

		answer(&ring, &cqe, RECV_AT);
		sqe = recv_sqe(RECV_AT);
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.interface_id = sqe.target;
		sqe.target = cqe.token;
		sqe.msg_off = SEND_AT;
		sqe.msg_len = 16;
	}
}

static void serves_by_return(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_sqe sqe = recv_sqe(RECV_AT);
		struct cap_cqe cqe = user_do(&ring, &sqe);

		answer(&ring, &cqe, RECV_AT);
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN,
				       .flags = (uint8_t)(host_random() % 2 ? CAP_SQE_QUIET : 0),
				       .target = cqe.token,
				       .msg_off = SEND_AT,
				       .msg_len = 16,
				       .user_data = 55};
		if (sqe.flags) {
			(void)user_submit(&ring, &sqe);
		} else {
			cqe = user_do(&ring, &sqe);
			explore_check(cqe.status == STATUS_OK);
		}
	}
}

static void plain_calls(unsigned cpu_total)
{
	begin(cpu_total, 0);
	calls_each = 3;
	scenario_thread(client, calls, 1);
	scenario_thread(client, calls, 1);
	scenario_thread(second_client, calls, 2);
	scenario_thread(server, serves_by_return_recv, 0);
	scenario_thread(server, serves_by_return, 0);
	scenario_run();
	explore_check(finished == 3 && answered == 9 && served == 9);
	scenario_end();
}

EXPLORE_TEST(calls_are_answered_on_one_cpu, 500)
{
	plain_calls(1);
}

EXPLORE_TEST(calls_are_answered_on_two_cpus, 2000)
{
	plain_calls(2);
}

EXPLORE_TEST(calls_are_answered_on_four_cpus, 1000)
{
	plain_calls(4);
}

/* --- deadlines and cancellation ------------------------------------------------------------------------------------- */

/* Keeps two calls in flight; the first has a deadline or is cancelled. */
static void calls_impatiently(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	cap_id facet = ring.thread_arg == 1 ? client_facet : second_facet;
	uint64_t message[2] = {ring.thread_arg, 1};
	user_arena_write(&ring, SEND_AT, message, sizeof message);
	for (uint64_t i = 0; i < calls_each; i++) {
		struct cap_sqe sqe = call_sqe(facet, 1);
		bool cancel = host_random() % 2;
		unsigned expected = 2;

		if (!cancel)
			sqe.deadline_ns = host_now_ns() + host_random() % 40000;
		uint64_t sequence = user_submit(&ring, &sqe);
		sqe = call_sqe(facet, 2);
		sqe.buf_off = RESULT_AT + CALL_BUF;
		(void)user_submit(&ring, &sqe);
		if (cancel) {
			expected++;
			if (host_random() % 2)
				(void)user_enter(&ring, 0, 0);
			sqe = (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 3};
			(void)user_submit(&ring, &sqe);
		}
		while (expected > 0) {
			cqe = user_wait(&ring);
			expected--;
			if (cqe.user_data == 2)
				explore_check(cqe.status == STATUS_OK);
			else if (cqe.user_data == 1)
				explore_check(cqe.status == STATUS_OK ||
					      cqe.status == (cancel ? STATUS_CANCELLED : STATUS_TIMED_OUT));
			else
				explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_TOO_LATE);
		}
	}
	explore_check(ring.completed == ring.accepted);
	(void)atomic_add(&finished, 1u);
}

/* RECV with a deadline now and then; answers whatever comes. */
static void serves_with_deadlines(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_sqe sqe = recv_sqe(RECV_AT);
		struct cap_cqe cqe;

		if (host_random() % 2 && load_relaxed(&finished) < 2)
			sqe.deadline_ns = host_now_ns() + host_random() % 20000;
		cqe = user_do(&ring, &sqe);
		if (cqe.status == STATUS_TIMED_OUT)
			continue;
		answer(&ring, &cqe, RECV_AT);
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN,
				       .target = cqe.token,
				       .msg_off = SEND_AT,
				       .msg_len = 16,
				       .user_data = 55};
		cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_OK);
	}
}

EXPLORE_TEST(deadlines_and_cancels_race_returns, 3000)
{
	begin(2 + (unsigned)(host_random() % 2), 0);
	calls_each = 4;
	scenario_thread(client, calls_impatiently, 1);
	scenario_thread(second_client, calls_impatiently, 2);
	scenario_thread(server, serves_with_deadlines, 0);
	scenario_thread(server, serves_by_return, 0);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

/* --- death ----------------------------------------------------------------------------------------------------------- */

static void calls_until_disconnected(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	cap_id facet = ring.thread_arg == 1 ? client_facet : second_facet;
	uint64_t message[2] = {ring.thread_arg, 1};
	user_arena_write(&ring, SEND_AT, message, sizeof message);
	for (;;) {
		struct cap_sqe sqe = call_sqe(facet, 7);
		struct cap_cqe cqe = user_do(&ring, &sqe);

		if (cqe.status == STATUS_DISCONNECTED)
			break;
		explore_check(cqe.status == STATUS_OK);
	}
	(void)atomic_add(&finished, 1u);
}

/* Serves a few calls, then dies in one of the ways that there are. */
static void serves_and_dies(uint64_t region)
{
	struct user_ring ring;
	uint64_t lifetime = host_random() % 4;

	user_ring_open(&ring, region);
	struct cap_sqe sqe = recv_sqe(RECV_AT);
	(void)user_submit(&ring, &sqe);
	for (uint64_t i = 0;; i++) {
		if (i == lifetime) {
			switch (host_random() % 4) {
			case 0:
				host_exit(3, CAP_EXIT_PROCESS);
			case 1:
				host_exit(4, CAP_EXIT_THREAD);
			case 2:
				host_user_store64(VADDR(0x123456000), 1);
				break;
			default:
				host_user_fault(ARCH_FAULT_ILLEGAL);
			}
		}
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		if (user_is_notice(cqe)) {
			sqe = recv_sqe(RECV_AT);
			(void)user_submit(&ring, &sqe);
			continue;
		}
		if (i + 1 == lifetime && host_random() % 2)
			continue; /* dies with a call received and open */
		if (cqe.user_data != 9)
			continue;
		answer(&ring, &cqe, RECV_AT);
		sqe = recv_sqe(RECV_AT);
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.interface_id = sqe.target;
		sqe.target = cqe.token;
		sqe.msg_off = SEND_AT;
		sqe.msg_len = 16;
		(void)user_submit(&ring, &sqe);
	}
}

EXPLORE_TEST(when_the_server_dies_its_callers_learn_so, 3000)
{
	begin(2 + (unsigned)(host_random() % 2), 0);
	scenario_thread(client, calls_until_disconnected, 1);
	scenario_thread(second_client, calls_until_disconnected, 2);
	scenario_thread(server, serves_and_dies, 0);
	if (host_random() % 2)
		scenario_thread(server, serves_and_dies, 0);
	scenario_run();
	explore_check(finished == 2);
	explore_check(server->state == PROCESS_ENDED && client->state == PROCESS_ENDED);
	scenario_end();
}

/* The client dies in mid-call; the server and the other client go on. */
static void calls_and_dies(uint64_t region)
{
	struct user_ring ring;
	uint64_t message[2] = {1, 1};

	user_ring_open(&ring, region);
	user_arena_write(&ring, SEND_AT, message, sizeof message);
	for (uint64_t i = host_random() % 4;; i--) {
		struct cap_sqe sqe = call_sqe(client_facet, 7);

		(void)user_submit(&ring, &sqe);
		(void)user_enter(&ring, i == 0 ? 0 : 1, 0);
		if (i == 0)
			host_exit(0, host_random() % 2);
		struct cap_cqe cqe;
		explore_check(user_reap(&ring, &cqe) && cqe.status == STATUS_OK);
	}
}

EXPLORE_TEST(when_a_client_dies_the_server_goes_on, 3000)
{
	begin(2 + (unsigned)(host_random() % 2), 0);
	calls_each = 4;
	scenario_thread(client, calls_and_dies, 1);
	scenario_thread(client, calls_and_dies, 1);
	scenario_thread(second_client, calls, 2);
	scenario_thread(server, serves_by_return_recv, 0);
	scenario_thread(server, serves_by_return, 0);
	scenario_run();
	explore_check(finished == 1 && answered == 4);
	explore_check(client->state == PROCESS_ENDED && server->state == PROCESS_RUNNING);
	scenario_end();
}

/* --- as many capabilities as a message takes ------------------------------------------------------------------------- */

#define DESCS_AT 512u /* of 16 descriptors */
#define MANY 16u
#define MANY_BUF (56u + MESSAGE + MANY * 8)

static void write_descs(struct user_ring *ring, const uint64_t ids[MANY], uint8_t kind)
{
	for (uint32_t i = 0; i < MANY; i++) {
		struct cap_desc desc = {.id = ids[i], .kind = kind};
		user_arena_write(ring, DESCS_AT + i * (uint32_t)sizeof desc, &desc, sizeof desc);
	}
}

/* Sixteen copies of one facet there, all of them moved back; a message with one bad id among them moves none. */
static void sends_sixteen(uint64_t region)
{
	struct user_ring ring;
	uint64_t ids[MANY];

	user_ring_open(&ring, region);
	for (uint32_t i = 0; i < MANY; i++)
		ids[i] = client_facet.raw;
	for (unsigned round = 0; round < 2; round++) {
		struct cap_sqe sqe = call_sqe(client_facet, 1);
		write_descs(&ring, ids, CAP_DESC_COPY);
		sqe.caps_off = DESCS_AT;
		sqe.caps_len = sqe.buf_caps = MANY;
		struct cap_cqe cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_OK && cqe.caps == MANY);
		uint64_t came[MANY];
		user_arena_read(&ring, RESULT_AT + cqe.len, came, sizeof came);
		uint64_t last = came[MANY - 1];
		came[MANY - 1] = last ^ 1ull << 40;
		write_descs(&ring, came, CAP_DESC_MOVE);
		cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_BAD_ID);
		came[MANY - 1] = last;
		for (uint32_t i = 0; i < MANY; i++) { /* each is still there */
			struct cap_sqe release = {.op = CAP_OP_RELEASE, .target = came[i], .user_data = 2};
			explore_check(user_do(&ring, &release).status == STATUS_OK);
		}
	}
	(void)atomic_add(&finished, 1u);
}

static void returns_sixteen(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_sqe sqe = recv_sqe(RECV_AT);
		uint64_t ids[MANY];
		sqe.buf_len = MANY_BUF;
		sqe.buf_caps = MANY;
		struct cap_cqe cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_OK && cqe.caps == MANY);
		user_arena_read(&ring, RECV_AT + cqe.len, ids, sizeof ids);
		write_descs(&ring, ids, CAP_DESC_MOVE);
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN,
				       .target = cqe.token,
				       .msg_off = SEND_AT,
				       .msg_len = 16,
				       .caps_off = DESCS_AT,
				       .caps_len = MANY,
				       .user_data = 55};
		explore_check(user_do(&ring, &sqe).status == STATUS_OK);
	}
}

EXPLORE_TEST(sixteen_capabilities_go_there_and_back, 300)
{
	begin(1 + (unsigned)(host_random() % 2), MANY);
	scenario_thread(client, sends_sixteen, 0);
	scenario_thread(server, returns_sixteen, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

/* --- a deadline without a server ------------------------------------------------------------------------------------- */

/* Queued, and delivered and never answered. */
static void waits_until_its_deadline(uint64_t region)
{
	struct user_ring ring;
	uint64_t deadline = host_now_ns() + 30000;

	user_ring_open(&ring, region);
	struct cap_sqe sqe = call_sqe(client_facet, 7);
	sqe.deadline_ns = deadline;
	struct cap_cqe cqe = user_do(&ring, &sqe);
	explore_check(cqe.status == STATUS_TIMED_OUT && host_now_ns() >= deadline);
	(void)atomic_add(&finished, 1u);
}

static void receives_and_keeps(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = recv_sqe(RECV_AT);

	user_ring_open(&ring, region);
	(void)user_do(&ring, &sqe);
	(void)user_enter(&ring, 1, 0);
}

EXPLORE_TEST(a_call_ends_at_its_deadline, 200)
{
	begin(1 + (unsigned)(host_random() % 2), 0);
	scenario_thread(client, waits_until_its_deadline, 0);
	if (host_random() % 2)
		scenario_thread(server, receives_and_keeps, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

/* --- a thread that serves itself ------------------------------------------------------------------------------------ */

/* Calls its own endpoint and answers with RETURN_RECV, more often than its ring has requests. */
static void serves_itself(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = recv_sqe(RECV_AT);

	user_ring_open(&ring, region);
	(void)user_submit(&ring, &sqe);
	for (uint64_t i = 0; i < calls_each; i++) {
		sqe = call_sqe(client_facet, 100);
		(void)user_submit(&ring, &sqe);
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK && cqe.user_data == 9 && !user_is_notice(cqe));
		sqe = recv_sqe(RECV_AT);
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.interface_id = sqe.target;
		sqe.target = cqe.token;
		(void)user_submit(&ring, &sqe);
		cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK && cqe.user_data == 100);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_thread_may_serve_itself, 20)
{
	begin(1, 0);
	client_facet = scenario_give(server, scenario_facet(endpoint, 1));
	calls_each = 200;
	scenario_thread(server, serves_itself, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

EXPLORE_MAIN
