// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Every allocation of the kernel fails once: a client and a server go through what processes do with capabilities, and the n-th
 * allocation finds no memory, n = 1, 2, ... until nothing fails any more. Whatever fails says so with a status of its own, what
 * failed has changed nothing, the rest works, and everything goes back (scenario_end). After SQLite's method.
 * process_test.c does the same with frames, memory, threads and processes.
 */
#include "scenario.h"

#include <mm/slab.h>
#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#define REGION_BYTES 16384u
#define MESSAGE 64u
#define SEND_AT 6144u
#define RESULT_AT 7168u
#define ROUNDS_MAX 400u

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *server, *client;
static cap_id server_end, manager, facet;
static uint64_t fail_at;
static bool finished, missed; /* missed: something found no memory */

static void begin(void)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	struct endpoint *endpoint;
	unsigned count;

	scenario_begin(1);
	server = scenario_process("server");
	client = scenario_process("client");
	endpoint = scenario_endpoint(server, MESSAGE, 4);
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
	finished = missed = false;
}

/* It worked, or there was no memory for it. */
static bool worked(enum status status)
{
	explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
	missed |= status == STATUS_NO_MEMORY;
	return status == STATUS_OK;
}

/* Sends two capabilities, one of them for good, and gets two back. */
static void calls(struct ring_client *ring, cap_id target, cap_id sent)
{
	struct cap_desc desc[2] = {{.id = manager.raw, .kind = CAP_DESC_COPY},
				   {.id = sent.raw, .kind = CAP_DESC_MOVE}};
	unsigned char *arena = (unsigned char *)ring->region + ring->region->arena_off;
	cap_id copy = CAP_ID_NULL;

	__builtin_memcpy(arena + SEND_AT, desc, sizeof desc);
	struct cap_cqe cqe = ring_do(ring, &(struct cap_sqe){.op = CAP_OP_CALL,
							     .target = target.raw,
							     .interface_id = SCENARIO_INTERFACE,
							     .msg_off = SEND_AT + 64,
							     .msg_len = 16,
							     .buf_off = RESULT_AT,
							     .buf_len = 512,
							     .caps_off = SEND_AT,
							     .caps_len = 2,
							     .buf_caps = 2});
	if (!worked((enum status)cqe.status)) { /* then the one that was to move is still there */
		explore_check(cqe.flags == CAP_CQE_DELIVERED || ring_dup(ring, sent, &copy) != STATUS_BAD_ID);
		ring_release(ring, copy);
		ring_release(ring, sent);
		return;
	}
	explore_check(cqe.caps == 2 && ring_dup(ring, sent, &copy) == STATUS_BAD_ID);
	for (unsigned i = 0; i < 2; i++) {
		__builtin_memcpy(&copy, arena + RESULT_AT + cqe.len + 8 * i, 8);
		ring_release(ring, copy);
	}
}

static void uses_capabilities(uint64_t region)
{
	struct ring_client ring;
	cap_id lent = CAP_ID_NULL, revoker = CAP_ID_NULL, few = CAP_ID_NULL, copy = CAP_ID_NULL,
	       made = CAP_ID_NULL;
	uint64_t entries, cancelled, mappings;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	slab_fail_after(fail_at);
	for (unsigned i = 0; i < 3; i++) {
		if (worked(capability_manager_create_endpoint(&ring.transport, manager, MESSAGE, 1, &made)))
			ring_release(&ring, made);
		if (worked(capability_manager_create_notification(&ring.transport, manager, &made)))
			ring_release(&ring, made);
		if (worked(capability_manager_attenuate(&ring.transport, manager, facet, SCENARIO_INTERFACE,
							1, &few)) &&
		    worked(ring_dup(&ring, few, &copy)))
			calls(&ring, facet, copy);
		ring_release(&ring, few);
		if (!worked(capability_manager_make_revocable(&ring.transport, manager, facet, 0, &lent,
							      &revoker)))
			continue;
		if (worked(ring_dup(&ring, lent, &copy)))
			calls(&ring, lent, copy);
		enum status status = revoker_revoke(&ring.transport, revoker, &entries, &cancelled,
						    &mappings);
		explore_check(worked(status) && entries >= 1);
		explore_check(ring_dup(&ring, lent, &copy) == STATUS_REVOKED);
		ring_release(&ring, lent);
		ring_release(&ring, revoker);
	}
	slab_fail_after(0);
	finished = true;
}

/* Returns what it got; if that finds no memory, nothing. */
static void gives_back(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = server_end.raw,
								      .buf_off = 1024,
								      .buf_len = 56 + MESSAGE + 4 * 8,
								      .buf_caps = 4});
		struct cap_desc desc[4] = {};

		if (cqe.status == STATUS_NO_MEMORY)
			continue;
		explore_check(cqe.status == STATUS_OK);
		for (unsigned i = 0; i < cqe.caps; i++) {
			user_arena_read(&ring, 1024 + cqe.len + 8 * i, &desc[i].id, 8);
			desc[i].kind = CAP_DESC_MOVE;
		}
		user_arena_write(&ring, 0, desc, sizeof desc);
		uint16_t caps = cqe.caps;
		uint64_t token = cqe.token;
		cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
						       .target = token,
						       .msg_len = 16,
						       .msg_off = 512,
						       .caps_len = caps});
		while (cqe.status == STATUS_NO_MEMORY) /* refused as a whole: the call is still open */
			cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
							       .target = token,
							       .msg_len = 16,
							       .msg_off = 512,
							       .caps_len = caps});
		explore_check(cqe.status == STATUS_OK);
	}
}

EXPLORE_TEST(every_allocation_fails_once, 1)
{
	for (fail_at = 1; fail_at < ROUNDS_MAX; fail_at++) {
		begin();
		scenario_thread(client, uses_capabilities, 0);
		scenario_thread(server, gives_back, 0);
		scenario_run();
		explore_check(finished);
		scenario_end();
		if (!missed)
			break;
	}
	explore_check(fail_at > 10 && fail_at < ROUNDS_MAX); /* it did fail, and it came to an end */
}

EXPLORE_MAIN
