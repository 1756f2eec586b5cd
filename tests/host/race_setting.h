// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Three threads on as many CPUs, a client's, a server's and one more, and all that they may call: what the races of race_test.c and
 * race_end_test.c begin with. All but the race itself happens in one order (host_exhaust_pause).
 */
#pragma once

#include "race.h"

#include <cap/capture.h>
#include <cap/gate.h>
#include <object/object.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/timer.capnp.h>

static struct process *client, *server;
static struct endpoint *endpoint, *elsewhere_endpoint;
static struct session *session;
static struct gate *gate;
static cap_id end, lent_end, elsewhere, template, next, lent_next, lent_timer, revoker, word,
	lent_word;                                     /* the server's */
static cap_id facet, lent, spare, bound, client_timer; /* the client's */
typedef void does(struct user_ring *ring);
static struct { /* a thread of that process */
	struct process **process;
	does *does;
} threads[3];
static cap_id handles[2][3]; /* by process, of each thread */
static uint64_t token, sequence;
static int32_t first_status, then_status, call_status;
static unsigned finished;

static inline struct view *view_of(enum view_kind kind, uint64_t key, enum transfer_scope scope)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, kind, key, &set, 1, &view) == STATUS_OK);
	view->scope = scope;
	return view;
}

static inline cap_id lend_to(struct process *process, struct view *view)
{
	gate_get(gate);
	return scenario_lend(process, view, gate);
}

static inline void give_timer(void)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	explore_check(memory_create(&server->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(server, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, "timer") == 0) {
			lent_timer = lend_to(server, scenario_full(initial[i].object));
			client_timer = scenario_give(client, scenario_full(initial[i].object));
		}
		object_put(initial[i].object);
	}
}

static bool only_of_call; /* nobody else has the gate that the client calls through */

static inline void give_all(void)
{
	struct notification *notification;

	end = scenario_give(server, scenario_full(&endpoint->object));
	lent_end = lend_to(server, scenario_full(&endpoint->object));
	elsewhere = scenario_give(server, scenario_full(&elsewhere_endpoint->object));
	next = scenario_give(server, scenario_facet(elsewhere_endpoint, 1));
	template = scenario_give(server, view_of(VIEW_TEMPLATE, 0, SCOPE_ANY));
	revoker = scenario_give(server, scenario_full(&gate->object));
	lent_next = lend_to(server, scenario_facet(elsewhere_endpoint, 2));
	explore_check(notification_create(server, &notification) == STATUS_OK);
	word = scenario_give(server, scenario_full(&notification->object));
	lent_word = lend_to(server, scenario_full(&notification->object));
	object_put(&notification->object);
	facet = scenario_give(client, scenario_facet(endpoint, 1));
	lent = lend_to(client, scenario_facet(endpoint, 2));
	if (only_of_call) {
		struct gate *its_own;
		explore_check(gate_create(NULL, NULL, NULL, &its_own) == STATUS_OK);
		lent = scenario_lend(client, scenario_facet(endpoint, 5), its_own);
	}
	spare = scenario_give(client, scenario_facet(endpoint, 3));
	bound = scenario_give(client, view_of(VIEW_FACET, 4, SCOPE_SESSION));
	give_timer();
}

static inline void begin(void)
{
	scenario_begin(3);
	explore_check(session_create(NULL, (uint64_t[]){7, 8}, NULL, &session) == STATUS_OK);
	explore_check(gate_create(NULL, NULL, NULL, &gate) == STATUS_OK);
	client = scenario_process("client");
	server = scenario_process("server");
	capture_end(client);
	capture_end(server);
	object_put(&client->session->object);
	client->session = session;
	object_get(&session->object);
	endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	elsewhere_endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	give_all();
	token = sequence = 0;
	first_status = then_status = call_status = PENDING;
	finished = 0;
}

/* --- the three threads ------------------------------------------------------------------------------------------------- */

static inline struct cap_cqe go(struct user_ring *ring, struct cap_sqe sqe)
{
	struct cap_cqe cqe = {.status = PENDING};

	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	(void)user_reap(ring, &cqe);
	return cqe;
}

/* Wakes that thread, which goes on when this one is preempted: from here on that may be anywhere. */
static inline void begin_race(struct user_ring *ring, unsigned with)
{
	struct process *mine = *threads[ring->thread_arg].process;
	struct cap_sqe wake = {
		.op = CAP_OP_WAKE, .flags = CAP_SQE_QUIET, .target = handles[mine == server][with].raw};

	(void)user_enter(ring, UINT32_MAX, host_now_ns() + 1000000); /* all else has happened */
	(void)user_submit(ring, &wake);
	(void)user_enter(ring, 0, 0);
	host_exhaust_pause(false);
}

static inline void race(struct user_ring *ring, unsigned with, struct cap_sqe sqe)
{
	begin_race(ring, with);
	first_status = go(ring, sqe).status;
	host_exhaust_pause(true);
}

static inline void until_woken(struct user_ring *ring)
{
	while (!(user_enter(ring, UINT32_MAX, 0) & CAP_ENTER_WOKEN))
		;
}

static inline void program(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	threads[ring.thread_arg].does(&ring);
	(void)atomic_add(&finished, 1u);
}

static inline void give_handles(void)
{
	for (unsigned i = 0; i < 3; i++) {
		handles[0][i] = scenario_give(client, scenario_full(&scenario_started(i)->object));
		handles[1][i] = scenario_give(server, scenario_full(&scenario_started(i)->object));
	}
	host_exhaust_pause(true);
}

static inline void does_nothing([[maybe_unused]] struct user_ring *ring)
{
}

/* A thread of the client, one of the server, and one more; each has a CPU. */
static inline void run(does *of_client, does *of_server, struct process **whose, does *third)
{
	begin();
	threads[0].process = &client;
	threads[0].does = of_client;
	threads[1].process = &server;
	threads[1].does = of_server;
	threads[2].process = whose;
	threads[2].does = third;
	for (unsigned i = 0; i < 3; i++)
		scenario_thread(*threads[i].process, program, i);
	scenario_when_started(give_handles);
	scenario_run();
	explore_check(finished == 3);
	object_put(&endpoint->object);
	object_put(&elsewhere_endpoint->object);
	object_put(&session->object);
	gate_put(gate);
	scenario_end();
}

#define CLIENT 0u
#define SERVER 1u
#define THIRD 2u

/* --- what they do ---------------------------------------------------------------------------------------------------------- */

static inline struct cap_sqe answer_and_receive(uint64_t of, uint16_t caps)
{
	struct cap_sqe sqe = answer(of, caps);

	sqe.op = CAP_OP_RETURN_RECV;
	sqe.interface_id = end.raw;
	sqe.buf_off = RECV_AT;
	sqe.buf_len = RECV_BUF;
	sqe.buf_caps = CAPS;
	return sqe;
}

static inline uint64_t received(struct user_ring *ring)
{
	struct cap_sqe sqe = receive(end);

	struct cap_cqe cqe = user_do(ring, &sqe);
	explore_check(cqe.status == STATUS_OK);
	return cqe.token;
}
