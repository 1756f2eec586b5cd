// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Revocation is linearizable: random concurrent histories of calls through a chain of three gates and of revocations of
 * them, checked afterwards against the sequential meaning (testing/history.h; test-linear does the same on real CPUs). There is a moment for each gate, inside one of the revocations
 * of it or of a gate above, such that every call through it that succeeded can be placed before, and every one that was refused
 * behind. No such moment: the kernel has delivered what was dead, or refused what lived.
 */
#include "scenario.h"

#include <cap/gate.h>
#include <object/object.h>
#include <ring/endpoint.h>
#include <ring/revoke.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/revoker.capnp.h>
#include <testing/history.h>

#define GATES 3u
#define MESSAGE 64u
#define RECV_AT 1024u
#define REGION_BYTES 16384u

static struct process *client, *server;
static struct gate *gates[GATES];
static cap_id lent[GATES], revokers[GATES], server_end;
static struct history history;
static unsigned finished;

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static cap_id give_under(struct view *view, struct gate *gate)
{
	cap_id id = CAP_ID_NULL;

	gate_get(gate);
	explore_check(cap_table_insert(&client->table, (struct cap_ref){view, gate}, (struct provenance){0},
				       &id) == STATUS_OK);
	return id;
}

static void begin(void)
{
	struct endpoint *endpoint;

	scenario_begin(2);
	client = scenario_process("client");
	server = scenario_process("server");
	endpoint = scenario_endpoint(server, MESSAGE, 0);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	for (unsigned i = 0; i < GATES; i++) {
		explore_check(gate_create(client, i > 0 ? gates[i - 1] : NULL, NULL, &gates[i]) == STATUS_OK);
		lent[i] = give_under(scenario_facet(endpoint, i), gates[i]);
		revokers[i] = scenario_give(client, scenario_full(&gates[i]->object));
	}
	object_put(&endpoint->object);
	history_init(&history);
	finished = 0;
}

static void serves(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_call_header header;
		uint64_t begun = history_tick(&history);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = server_end.raw,
								      .buf_off = RECV_AT,
								      .buf_len = 56 + MESSAGE});
		explore_check(cqe.status == STATUS_OK);
		if (user_is_notice(cqe))
			continue;
		user_arena_read(&ring, RECV_AT, &header, sizeof header);
		history_note(&history, HISTORY_DELIVERED, (unsigned)header.key, begun);
		cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token});
		explore_check(cqe.status == STATUS_OK);
	}
}

static void calls(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 10; i++) {
		unsigned gate = (unsigned)(host_random() % GATES);
		uint64_t begun = history_tick(&history);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
								      .target = lent[gate].raw,
								      .interface_id = SCENARIO_INTERFACE,
								      .msg_len = 8,
								      .buf_off = 1024,
								      .buf_len = 256});
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_REVOKED);
		history_note(&history, cqe.status == STATUS_OK ? HISTORY_CALLED : HISTORY_REFUSED, gate,
			     begun);
	}
	(void)atomic_add(&finished, 1u);
}

static void revokes(uint64_t region)
{
	struct ring_client ring;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	for (unsigned i = 0; i < 2; i++) {
		unsigned gate = (unsigned)(host_random() % GATES);
		uint64_t entries, aborted, mappings;
		(void)host_cap_enter(1, host_now_ns() + host_random() % 30000, NULL);
		uint64_t begun = history_tick(&history);
		explore_check(revoker_revoke(&ring.transport, revokers[gate], &entries, &aborted,
					     &mappings) == STATUS_OK);
		history_note(&history, HISTORY_REVOKED, gate, begun);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(calls_and_revocations_have_an_order, 3000)
{
	begin();
	scenario_thread(client, calls, 0);
	scenario_thread(client, calls, 0);
	scenario_thread(client, revokes, 0);
	if (host_random() % 2)
		scenario_thread(client, revokes, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished >= 3);
	explore_check(history_is_linear(&history, GATES));
	for (unsigned i = 0; i < GATES; i++)
		gate_put(gates[i]);
	scenario_end();
}

EXPLORE_MAIN
