// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Release and cancel notices over many schedules. A server that counts what it mints learns exactly when a key has no facet
 * left, whatever it mints meanwhile; and that the caller of a call which it holds is gone.
 */
#include "scenario.h"

#include <ring/endpoint.h>

#define KEYS 3u
#define MESSAGE 64u
#define CLIENTS 2u
#define RECV_AT 1024u
#define RECV_LEN (56 + MESSAGE + 8)

static struct process *server, *clients[CLIENTS];
static cap_id server_end, template, doors[CLIENTS];
static uint64_t minted[KEYS + 1],
	held[KEYS + 1]; /* by key: what the server counts; what clients know to hold */
static unsigned freed, mint_total, finished, cancelled, along;

static void begin(unsigned cpu_total)
{
	struct interface_set all = {SCENARIO_INTERFACE, METHODS_ALL};
	struct endpoint *endpoint;
	struct view *view;

	scenario_begin(cpu_total);
	server = scenario_process("server");
	endpoint = scenario_endpoint(server, MESSAGE, 1);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	explore_check(view_create(NULL, &endpoint->object, VIEW_TEMPLATE, 0, &all, 1, &view) == STATUS_OK);
	template = scenario_give(server, view);
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i] = scenario_process(i == 0 ? "client" : "second");
		doors[i] = scenario_give(clients[i], scenario_facet(endpoint, 100 + i));
	}
	object_put(&endpoint->object);
	for (unsigned k = 0; k <= KEYS; k++)
		minted[k] = held[k] = 0;
	freed = mint_total = finished = cancelled = along = 0;
}

static struct cap_sqe recv_sqe(void)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = server_end.raw,
				.buf_off = RECV_AT,
				.buf_len = RECV_LEN,
				.buf_caps = 1};
}

/* --- release ------------------------------------------------------------------------------------------------------- */

static void on_released(uint64_t key, uint64_t mints)
{
	if (key > KEYS)
		return; /* a client's door */
	explore_check(mints > 0 && mints <= minted[key]);
	minted[key] -= mints;
	if (minted[key] != 0)
		return; /* minted again meanwhile */
	explore_check(load_acquire(&held[key]) == 0);
	freed++;
}

/* What a completion of RECV says of facets that are gone; true: it is a call as well. */
static bool see_notice(struct user_ring *ring, uint16_t flags)
{
	struct cap_call_header header;

	user_arena_read(ring, RECV_AT, &header, sizeof header);
	if (flags & CAP_CQE_KIND_RELEASED) {
		on_released(header.key, header.mints);
	} else if (flags & CAP_CQE_RELEASED_TOO) {
		along++;
		on_released(header.mints, header.released);
	} else {
		explore_check(header.mints == 0 && header.released == 0);
	}
	return (flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)) == 0;
}

/* Answers each call with a new facet of a key of its choice. */
static void mints(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_sqe sqe = recv_sqe();
		sqe.flags = host_random() % 4 ? CAP_SQE_NOTICES : 0;
		(void)user_submit(&ring, &sqe);
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		explore_check((sqe.flags & CAP_SQE_NOTICES) || !(cqe.flags & CAP_CQE_RELEASED_TOO));
		if (!see_notice(&ring, cqe.flags))
			continue;
		uint64_t key = 1 + host_random() % KEYS, message = key;
		struct cap_desc desc = {.id = template.raw, .path_or_key = key, .kind = CAP_DESC_MINT};
		user_arena_write(&ring, 0, &message, 8);
		user_arena_write(&ring, 64, &desc, sizeof desc);
		minted[key]++;
		mint_total++;
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN,
				       .target = cqe.token,
				       .msg_len = 8,
				       .caps_off = 64,
				       .caps_len = 1,
				       .user_data = 7};
		(void)user_submit(&ring, &sqe);
		cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
	}
}

static void takes_and_drops(uint64_t region)
{
	struct user_ring ring;
	uint64_t ids[4], keys[4];
	unsigned have = 0;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 12; i++) {
		if (have == 4 || (have > 0 && host_random() % 2)) {
			have--;
			(void)atomic_sub(&held[keys[have]], 1ull);
			if (host_random() % 2) { /* with the next call, in one batch */
				(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_RELEASE,
									   .flags = CAP_SQE_QUIET,
									   .target = ids[have]});
				continue;
			}
			struct cap_cqe cqe = user_do(
				&ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = ids[have]});
			explore_check(cqe.status == STATUS_OK);
			continue;
		}
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
								      .target = doors[ring.thread_arg].raw,
								      .interface_id = SCENARIO_INTERFACE,
								      .msg_len = 8,
								      .buf_off = 1024,
								      .buf_len = 256,
								      .buf_caps = 1});
		explore_check(cqe.status == STATUS_OK && cqe.len == 8 && cqe.caps == 1);
		keys[have] = user_arena_word(&ring, 1024);
		ids[have] = user_arena_word(&ring, 1032);
		(void)atomic_add(&held[keys[have]], 1ull);
		have++;
	}
	while (have > 0)
		(void)atomic_sub(&held[keys[--have]], 1ull);
	(void)atomic_add(&finished, 1u); /* the rest goes with the process */
}

EXPLORE_TEST(a_server_learns_when_a_key_has_no_facet_left, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(server, mints, 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		scenario_thread(clients[i], takes_and_drops, i);
	scenario_run();
	explore_check(finished == CLIENTS);
	for (unsigned k = 1; k <= KEYS; k++)
		explore_check(minted[k] == 0); /* every mint was retired by exactly one notice */
	explore_check(mint_total == 0 || freed > 0);
	scenario_end();
}

/* One client on one CPU, which opens one thing as it closes another: the server is waiting whenever it does. */
EXPLORE_TEST(a_notice_comes_along_with_the_next_call, 200)
{
	static unsigned total, runs;

	begin(1);
	scenario_thread(server, mints, 0);
	scenario_thread(clients[0], takes_and_drops, 0);
	scenario_run();
	explore_check(finished == 1);
	for (unsigned k = 1; k <= KEYS; k++)
		explore_check(minted[k] == 0);
	total += along;
	explore_check(++runs < 50 || total > 0);
	scenario_end();
}

/* --- cancel -------------------------------------------------------------------------------------------------------- */

/* Receives one call, keeps it, and expects to be told that its caller is gone; returning it then is possible and goes nowhere. */
static void holds_a_call(uint64_t region)
{
	struct user_ring ring;
	uint64_t token = 0;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_sqe sqe = recv_sqe();
		(void)user_submit(&ring, &sqe);
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		if (cqe.flags & CAP_CQE_KIND_RELEASED)
			continue;
		if (!(cqe.flags & CAP_CQE_KIND_CANCELLED)) {
			token = cqe.token;
			continue;
		}
		explore_check(token != 0 && cqe.token == token);
		(void)atomic_add(&cancelled, 1u);
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN, .target = token, .user_data = 7};
		(void)user_submit(&ring, &sqe);
		cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		token = 0;
	}
}

static void gives_up(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe call = {.op = CAP_OP_CALL,
			       .target = doors[0].raw,
			       .interface_id = SCENARIO_INTERFACE,
			       .msg_len = 8,
			       .buf_off = 1024,
			       .buf_len = 256,
			       .user_data = 1};

	user_ring_open(&ring, region);
	bool by_deadline = host_random() % 2;
	if (by_deadline)
		call.deadline_ns = host_now_ns() + 1000;
	uint64_t sequence = user_submit(&ring, &call);
	(void)user_enter(&ring, 0, 0);
	if (host_random() % 3 == 0)
		host_exit(0, CAP_EXIT_PROCESS);
	if (!by_deadline) {
		struct cap_sqe cancel = {
			.op = CAP_OP_CANCEL, .target = sequence, .flags = CAP_SQE_QUIET, .user_data = 2};
		(void)user_submit(&ring, &cancel);
	}
	struct cap_cqe cqe = user_wait(&ring);
	explore_check(cqe.user_data == 1 &&
		      cqe.status == (by_deadline ? STATUS_TIMED_OUT : STATUS_CANCELLED));
	(void)atomic_add(&finished, cqe.flags & CAP_CQE_DELIVERED ? 1u : 100u);
}

EXPLORE_TEST(a_server_learns_that_the_caller_is_gone, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(server, holds_a_call, 0);
	scenario_thread(clients[0], gives_up, 0);
	scenario_run();
	/* Told once if the call had been delivered; withdrawn before, or the client died before it was: not at all. */
	explore_check(cancelled <= 1 && (finished % 100 == 0 || cancelled == 1) &&
		      (finished < 100 || cancelled == 0));
	scenario_end();
}

/* --- a call and the end of what it goes to --------------------------------------------------------------------------- */

/* Calls its door and lets go of it, in one entry. */
static void calls_and_lets_go(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;
	unsigned completions = 0;

	user_ring_open(&ring, region);
	(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
						   .target = doors[ring.thread_arg].raw,
						   .interface_id = SCENARIO_INTERFACE,
						   .msg_len = 16,
						   .buf_off = 1024,
						   .buf_len = 256});
	(void)user_submit(&ring,
			  &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = doors[ring.thread_arg].raw});
	while (completions < 2) {
		(void)user_enter(&ring, 1, 0);
		while (user_reap(&ring, &cqe)) {
			explore_check(cqe.status == STATUS_OK);
			completions++;
		}
	}
	(void)atomic_add(&finished, 1u);
}

static void sees_calls_before_notices(uint64_t region)
{
	struct user_ring ring;
	bool gone[CLIENTS] = {};

	user_ring_open(&ring, region);
	if (host_random() % 2) /* late: the calls are queued */
		(void)host_cap_enter(1, host_now_ns() + 20000, NULL);
	for (;;) {
		struct cap_sqe sqe = recv_sqe();
		struct cap_call_header header;

		(void)user_submit(&ring, &sqe);
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		user_arena_read(&ring, RECV_AT, &header, sizeof header);
		explore_check(header.key >= 100 && header.key < 100 + CLIENTS);
		if (cqe.flags & CAP_CQE_KIND_RELEASED) {
			gone[header.key - 100] = true;
			freed++;
			continue;
		}
		explore_check(!gone[header.key - 100]);
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .msg_len = 16};
		cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_OK);
	}
}

EXPLORE_TEST(a_call_comes_before_the_notice_of_its_facet, 1000)
{
	begin(1 + (unsigned)(host_random() % 3));
	for (unsigned i = 0; i < CLIENTS; i++)
		scenario_thread(clients[i], calls_and_lets_go, i);
	scenario_thread(server, sees_calls_before_notices, 0);
	scenario_run();
	explore_check(finished == CLIENTS && freed == CLIENTS);
	scenario_end();
}

EXPLORE_MAIN
