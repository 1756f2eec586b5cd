// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Sessions over many schedules: a service sees one reference for a session, another for another, whatever the caller says; once a
 * session's end has returned, no call of its processes is delivered, and those that waited have completed.
 */
#include "scenario.h"

#include <cap/session.h>
#include <ring/session.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/session_context.capnp.h>

#define MESSAGE 64u
#define RECV_AT 1024u
#define REGION_BYTES 16384u

static struct process *server, *first, *sibling, *other;
static cap_id server_end, context, door[4];
static struct session *session;
static uint64_t seen[4]; /* references, by who called */
static bool ended;
static unsigned finished;

static struct process *in_session(const char *name, struct session *of)
{
	struct process *process = scenario_process(name);

	object_put(&process->session->object); /* as its creator would have chosen */
	process->session = of;
	object_get(&of->object);
	return process;
}

static void begin(unsigned cpu_total)
{
	const uint64_t secret[2] = {host_random(), host_random()};
	struct endpoint *endpoint;

	scenario_begin(cpu_total);
	explore_check(session_create(NULL, secret, NULL, &session) == STATUS_OK);
	server = scenario_process("server");
	first = in_session("first", session);
	sibling = in_session("sibling", session);
	other = scenario_process("other");
	endpoint = scenario_endpoint(server, MESSAGE, 0);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	door[1] = scenario_give(first, scenario_facet(endpoint, 1));
	door[2] = scenario_give(sibling, scenario_facet(endpoint, 2));
	door[3] = scenario_give(other, scenario_facet(endpoint, 3));
	object_put(&endpoint->object);
	context = scenario_give(server, scenario_full(&session->object));
	seen[1] = seen[2] = seen[3] = 0;
	ended = false;
	finished = 0;
}

static void serves(uint64_t region)
{
	struct user_ring ring;
	struct cap_call_header header;

	user_ring_open(&ring, region);
	for (;;) {
		bool was_ended = load_acquire(&ended);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = server_end.raw,
								      .buf_off = RECV_AT,
								      .buf_len = 56 + MESSAGE});
		explore_check(cqe.status == STATUS_OK);
		user_arena_read(&ring, RECV_AT, &header, sizeof header);
		explore_check(header.session != 0);
		explore_check(seen[header.key] == 0 || seen[header.key] == header.session);
		explore_check(!was_ended || header.key == 3);
		seen[header.key] = header.session;
		cqe = user_do(&ring,
			      &(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .user_data = 5});
		explore_check(cqe.status == STATUS_OK);
	}
}

static void calls(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 6; i++) {
		bool was_ended = load_acquire(&ended);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
								      .target = door[ring.thread_arg].raw,
								      .interface_id = SCENARIO_INTERFACE,
								      .msg_len = 8,
								      .buf_off = 1024,
								      .buf_len = 256});
		bool mine = ring.thread_arg != 3;
		explore_check(cqe.status == STATUS_OK || (mine && cqe.status == STATUS_REVOKED));
		explore_check(!(was_ended && mine) || cqe.status == STATUS_REVOKED);
	}
	(void)atomic_add(&finished, 1u);
}

static void calls_until_refused(uint64_t region)
{
	struct user_ring ring;
	int status;

	user_ring_open(&ring, region);
	do
		status = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
							  .target = door[ring.thread_arg].raw,
							  .interface_id = SCENARIO_INTERFACE,
							  .msg_len = 8,
							  .buf_off = 1024,
							  .buf_len = 256})
				 .status;
	while (status == STATUS_OK);
	explore_check(status == STATUS_REVOKED && !session_is_alive(session));
	(void)atomic_add(&finished, 1u);
}

/* ---- Capabilities that may only go to processes of the session ---- */

static cap_id inside_end, outside_end;
static unsigned works_inside, works_outside;

static void receives(uint64_t region, unsigned *works)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = ring.thread_arg,
								      .buf_off = RECV_AT,
								      .buf_len = 56 + MESSAGE + 8,
								      .buf_caps = 1});
		explore_check(cqe.status == STATUS_OK);
		if (cqe.flags != 0)
			continue;
		(void)atomic_add(works, cqe.caps);
		cqe = user_do(&ring,
			      &(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .user_data = 5});
		explore_check(cqe.status == STATUS_OK);
	}
}

static void receives_inside(uint64_t region)
{
	receives(region, &works_inside);
}

static void receives_outside(uint64_t region)
{
	receives(region, &works_outside);
}

static void sends_confined(uint64_t region)
{
	struct user_ring ring;
	unsigned sent = 0;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 6; i++) {
		struct view *view = scenario_full(&session->object);
		view->scope = SCOPE_SESSION;
		cap_id confined = scenario_give(first, view);
		struct cap_desc desc = {.id = confined.raw,
					.kind = host_random() % 2 ? CAP_DESC_MOVE : CAP_DESC_COPY};
		user_arena_write(&ring, 512, &desc, sizeof desc);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
								      .target = door[0].raw,
								      .interface_id = SCENARIO_INTERFACE,
								      .msg_len = 8,
								      .caps_off = 512,
								      .caps_len = 1,
								      .buf_off = 1024,
								      .buf_len = 256});
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_OUT_OF_SCOPE);
		sent += cqe.status == STATUS_OK;
		cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = confined.raw});
		/* Moved, it is gone; refused or copied, it is here. */
		explore_check(cqe.status == STATUS_OK ||
			      (cqe.status == STATUS_BAD_ID && desc.kind == CAP_DESC_MOVE));
	}
	explore_check(load_acquire(&works_inside) == sent);
	(void)atomic_add(&finished, 1u);
}

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

/* Another process ends the session, some time. */
static void waits_then_ends(uint64_t region)
{
	struct ring_client ring;
	uint64_t calls_ended;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	(void)host_cap_enter(1, host_now_ns() + host_random() % 60000, NULL);
	explore_check(session_context_end(&ring.transport, context, &calls_ended) == STATUS_OK);
	store_release(&ended, true);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_service_sees_the_session_and_nothing_else, 500)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(server, serves, 0);
	scenario_thread(first, calls, 1);
	scenario_thread(sibling, calls, 2);
	scenario_thread(other, calls, 3);
	scenario_run();
	explore_check(finished == 3);
	explore_check(seen[1] == seen[2] && seen[1] != seen[3]);
	explore_check(session_reference(session, 1) != session_reference(session, 2));
	object_put(&session->object);
	scenario_end();
}

EXPLORE_TEST(after_a_session_ended_none_of_its_calls_is_delivered, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(server, serves, 0);
	scenario_thread(first, calls, 1);
	scenario_thread(sibling, calls, 2);
	scenario_thread(other, calls, 3);
	scenario_thread(server, waits_then_ends, 0);
	scenario_run();
	explore_check(finished == 4);
	object_put(&session->object);
	scenario_end();
}

/* An expiry is no caller that waits: what it leaves is done behind it, and nothing that begins later is delivered. */
EXPLORE_TEST(after_a_session_expired_none_of_its_calls_is_delivered, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	session_expire_at(session, host_now_ns() + 1 + host_random() % 60000);
	scenario_thread(server, serves, 0);
	scenario_thread(first, calls_until_refused, 1);
	scenario_thread(sibling, calls_until_refused, 2);
	scenario_thread(other, calls, 3);
	scenario_run();
	explore_check(finished == 3 && !session_is_alive(session));
	object_put(&session->object);
	scenario_end();
}

/* All that one process has waiting: more calls than are ended at once, and a WAIT. A RECV is no use of the session. */
#define MANY 20u

static cap_id own_end, own_word;

static void waits_for_everything(uint64_t region)
{
	struct user_ring ring;
	unsigned revoked = 0;

	user_ring_open(&ring, region);
	(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
						   .target = own_end.raw,
						   .buf_off = RECV_AT,
						   .buf_len = 56 + MESSAGE,
						   .user_data = 9});
	(void)user_submit(&ring,
			  &(struct cap_sqe){.op = CAP_OP_WAIT, .target = own_word.raw, .interface_id = 1});
	for (unsigned i = 0; i < MANY; i++)
		(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
							   .target = door[0].raw,
							   .interface_id = SCENARIO_INTERFACE,
							   .msg_len = 8,
							   .buf_off = 2048,
							   .buf_len = 256});
	(void)user_enter(&ring, 0, 0);
	(void)atomic_add(&finished, 1u);
	for (; revoked < MANY + 1; revoked++) {
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_REVOKED && cqe.user_data == 0);
	}
	(void)atomic_add(&finished, 1u);
}

static void ends_when_all_wait(uint64_t region)
{
	struct ring_client ring;
	uint64_t calls_ended = 0;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	while (load_acquire(&finished) == 0)
		(void)host_cap_enter(1, host_now_ns() + 10000, NULL);
	explore_check(session_context_end(&ring.transport, context, &calls_ended) == STATUS_OK);
	explore_check(calls_ended == MANY + 1);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(when_a_session_ends_everything_that_waits_in_it_does, 100)
{
	struct notification *notification;
	struct endpoint *endpoint, *silent;

	begin(1 + (unsigned)(host_random() % 3));
	endpoint = scenario_endpoint(first, MESSAGE, 0);
	silent = scenario_endpoint(server, MESSAGE, 0);
	own_end = scenario_give(first, scenario_full(&endpoint->object));
	(void)scenario_give(server, scenario_full(&silent->object));
	door[0] = scenario_give(first, scenario_facet(silent, 1));
	object_put(&endpoint->object);
	object_put(&silent->object);
	explore_check(notification_create(first, &notification) == STATUS_OK);
	own_word = scenario_give(first, scenario_full(&notification->object));
	object_put(&notification->object);
	scenario_thread(first, waits_for_everything, 0);
	scenario_thread(server, ends_when_all_wait, 0);
	scenario_run();
	explore_check(finished == 3);
	object_put(&session->object);
	scenario_end();
}

/* What may only go to processes of the session arrives there, and nowhere else; a call that is refused keeps what it would have
 * moved, whoever receives first. */
EXPLORE_TEST(what_is_confined_to_a_session_does_not_leave_it, 2000)
{
	struct endpoint *mixed;

	begin(1 + (unsigned)(host_random() % 3));
	mixed = scenario_endpoint(sibling, MESSAGE, 1);
	inside_end = scenario_give(sibling, scenario_full(&mixed->object));
	outside_end = scenario_give(other, scenario_full(&mixed->object));
	door[0] = scenario_give(first, scenario_facet(mixed, 9));
	object_put(&mixed->object);
	works_outside = works_inside = 0;
	scenario_thread(first, sends_confined, 0);
	scenario_thread(sibling, receives_inside, inside_end.raw);
	if (host_random() % 4 != 0)
		scenario_thread(other, receives_outside, outside_end.raw);
	scenario_run();
	explore_check(finished == 1 && works_outside == 0);
	object_put(&session->object);
	scenario_end();
}

EXPLORE_MAIN
