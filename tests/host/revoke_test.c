// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Revocation over many schedules. After `revoke` returned: no call through the gate is delivered, none is answered, nothing
 * obtained through it works. Gates come and go under their users, parents and children in any order.
 */
#include "scenario.h"

#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#define REGION_BYTES 16384u
#define MESSAGE 64u

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *server, *client;
static cap_id server_end, manager, facet;
static cap_id gated, revoker; /* in the client */
static bool revoked;
static unsigned finished, delivered_after;

static void begin(unsigned cpu_total)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	struct endpoint *endpoint;
	unsigned count;

	scenario_begin(cpu_total);
	server = scenario_process("server");
	client = scenario_process("client");
	endpoint = scenario_endpoint(server, MESSAGE, 1);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	facet = scenario_give(client, scenario_facet(endpoint, 1));
	object_put(&endpoint->object);
	explore_check(memory_create(&client->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(client, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, "capabilityManager") == 0)
			manager = scenario_give(client, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
	gated = revoker = CAP_ID_NULL;
	revoked = false;
	finished = delivered_after = 0;
}

static void open_ring(struct ring_client *ring, uint64_t region)
{
	ring_client_init(ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
}

/* --- one gate, calls in flight ------------------------------------------------------------------------------------- */

static void makes_and_revokes(uint64_t region)
{
	struct ring_client ring;
	uint64_t entries, calls, mappings;
	cap_id made = CAP_ID_NULL, handle = CAP_ID_NULL;

	open_ring(&ring, region);
	explore_check(capability_manager_make_revocable(&ring.transport, manager, facet, 0, &made, &handle) ==
		      STATUS_OK);
	revoker = handle;
	store_release(&gated.raw, made.raw);
	(void)host_cap_enter(1, host_now_ns() + host_random() % 40000, NULL);
	explore_check(revoker_revoke(&ring.transport, revoker, &entries, &calls, &mappings) == STATUS_OK);
	store_release(&revoked, true);
	(void)atomic_add(&finished, 1u);
}

static void calls_through_the_gate(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (load_acquire(&gated.raw) == 0)
		host_user_step();
	for (unsigned i = 0; i < 1000; i++) {
		bool was_revoked = load_acquire(&revoked);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
								      .target = gated.raw,
								      .interface_id = SCENARIO_INTERFACE,
								      .msg_len = 16,
								      .buf_off = 1024,
								      .buf_len = 256});
		explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_REVOKED);
		explore_check(!was_revoked || cqe.status == STATUS_REVOKED);
		if (cqe.status == STATUS_REVOKED)
			break;
	}
	(void)atomic_add(&finished, 1u);
}

static void echoes(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		/* Nothing is delivered once it is over: a RECV posted after that stays unanswered. */
		bool was_revoked = load_acquire(&revoked);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = server_end.raw,
								      .buf_off = 1024,
								      .buf_len = 56 + MESSAGE + 8,
								      .buf_caps = 1});

		explore_check(cqe.status == STATUS_OK);
		if (was_revoked)
			(void)atomic_add(&delivered_after, 1u);
		cqe = user_do(&ring,
			      &(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .msg_len = 16});
		explore_check(cqe.status == STATUS_OK);
	}
}

EXPLORE_TEST(after_revoke_returned_nothing_is_delivered, 3000)
{
	begin(2 + (unsigned)(host_random() % 2));
	scenario_thread(client, makes_and_revokes, 0);
	scenario_thread(client, calls_through_the_gate, 1);
	scenario_thread(client, calls_through_the_gate, 2);
	scenario_thread(server, echoes, 0);
	if (host_random() % 2)
		scenario_thread(server, echoes, 0);
	scenario_run();
	explore_check(finished == 3 && delivered_after == 0);
	scenario_end();
}

/* --- trees of gates under their users -------------------------------------------------------------------------------- */

#define SHARED 6u

static uint64_t shared_caps[SHARED], shared_revokers[SHARED];

/* Makes gates under gates, with leases now and then, calls, releases and revokes what anybody made. */
static void tends_gates(uint64_t region)
{
	struct ring_client ring;

	open_ring(&ring, region);
	for (unsigned i = 0; i < 18; i++) {
		uint64_t slot = host_random() % SHARED, entries, calls, mappings;
		cap_id made = CAP_ID_NULL, handle = CAP_ID_NULL;
		cap_id source = {load_acquire(&shared_caps[host_random() % SHARED])};
		uint64_t expires = host_random() % 3 == 0 ? host_now_ns() + host_random() % 60000 : 0;
		enum status status;

		switch (host_random() % 6) {
		case 4:
		case 5:
			status = (enum status)ring_do(&ring,
						      &(struct cap_sqe){.op = CAP_OP_CALL,
									.target = source.raw,
									.interface_id = SCENARIO_INTERFACE,
									.msg_off = 6144,
									.msg_len = 16,
									.buf_off = 7168,
									.buf_len = 256})
					 .status;
			explore_check(status == STATUS_OK || status == STATUS_REVOKED ||
				      status == STATUS_BAD_ID);
			break;
		case 0:
		case 1:
			status = capability_manager_make_revocable(&ring.transport, manager,
								   source.raw ? source : facet, expires,
								   &made, &handle);
			explore_check(status == STATUS_OK || status == STATUS_REVOKED ||
				      status == STATUS_BAD_ID || status == STATUS_GATE_DEPTH ||
				      status == STATUS_EXCEPTION);
			if (status != STATUS_OK)
				break;
			ring_release(&ring, (cap_id){atomic_swap(&shared_caps[slot], made.raw)});
			ring_release(&ring, (cap_id){atomic_swap(&shared_revokers[slot], handle.raw)});
			break;
		case 2:
			handle = (cap_id){load_acquire(&shared_revokers[slot])};
			status = revoker_revoke(&ring.transport, handle, &entries, &calls, &mappings);
			explore_check(status == STATUS_OK || status == STATUS_BAD_ID);
			break;
		default:
			ring_release(&ring, (cap_id){atomic_swap(&shared_caps[slot], 0ull)});
			if (host_random() % 2)
				ring_release(&ring, (cap_id){atomic_swap(&shared_revokers[slot], 0ull)});
		}
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(gates_come_and_go_in_any_order, 4000)
{
	begin(2 + (unsigned)(host_random() % 2));
	for (unsigned i = 0; i < SHARED; i++)
		shared_caps[i] = shared_revokers[i] = 0;
	scenario_thread(client, tends_gates, 0);
	scenario_thread(client, tends_gates, 1);
	scenario_thread(client, tends_gates, 2);
	scenario_thread(server, echoes, 0);
	scenario_run();
	explore_check(finished == 3);
	scenario_end();
}

/* --- more calls than one piece of the work ------------------------------------------------------------------------------ */

#define CALLERS 3u
#define CALLS_EACH 20u

static unsigned waiting;

static void waits_through_the_gate(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (load_acquire(&gated.raw) == 0)
		(void)user_enter(&ring, 1, host_now_ns() + 10000);
	for (unsigned i = 0; i < CALLS_EACH; i++)
		(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
							   .target = gated.raw,
							   .interface_id = SCENARIO_INTERFACE,
							   .msg_len = 16,
							   .buf_off = 1024,
							   .buf_len = 256});
	(void)user_enter(&ring, 0, 0);
	(void)atomic_add(&waiting, 1u);
	for (unsigned i = 0; i < CALLS_EACH; i++)
		explore_check(user_wait(&ring).status == STATUS_REVOKED);
	(void)atomic_add(&finished, 1u);
}

static void revokes_when_all_wait(uint64_t region)
{
	struct ring_client ring;
	uint64_t entries, calls, mappings;
	cap_id made = CAP_ID_NULL, handle = CAP_ID_NULL;

	open_ring(&ring, region);
	explore_check(capability_manager_make_revocable(&ring.transport, manager, facet, 0, &made, &handle) ==
		      STATUS_OK);
	store_release(&gated.raw, made.raw);
	while (load_acquire(&waiting) < CALLERS)
		(void)host_cap_enter(1, host_now_ns() + 10000, NULL);
	explore_check(revoker_revoke(&ring.transport, handle, &entries, &calls, &mappings) == STATUS_OK);
	explore_check(entries == 1 && calls == CALLERS * CALLS_EACH && mappings == 0);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(all_calls_through_a_gate_end_with_it_however_many, 50)
{
	begin(1 + (unsigned)(host_random() % 3));
	waiting = 0;
	scenario_thread(client, revokes_when_all_wait, 0);
	for (unsigned i = 0; i < CALLERS; i++)
		scenario_thread(client, waits_through_the_gate, 0);
	scenario_run();
	explore_check(finished == CALLERS + 1);
	scenario_end();
}

EXPLORE_MAIN
