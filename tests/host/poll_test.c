// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Polled submission (kernel/ring/poll.h) over many schedules: a thread on a leased CPU polls its ring, another one of its process submits
 * there without an entry, and wakes it only if the region's word says so. Meanwhile leases end or are taken back, deadlines pass, servers answer from other
 * CPUs, and everything is killed in whatever state it is.
 *
 * Everything submitted is completed once and in order (P1, P3: a lost wake-up would be a livelock here); nobody's end waits for who polls (P2).
 */
#include "scenario.h"

#include <core/isolation.h>
#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/cpu_isolation.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#define SUBMISSIONS 24u
#define REGION_BYTES 16384u
#define MESSAGE 64u
#define SEND_AT 2048u
#define RESULT_AT 2304u
#define RECV_AT 4096u
#define HOUR 3600000000000ull
#define POLLED offsetof(struct cap_region, polled)

extern struct object cpu_isolation_object, capability_manager_object;

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *owner, *server, *boss, *victim;
static cap_id isolation, manager, revoker, server_end, door, poller_handle, victim_handle;
static uint64_t polled_region; /* 0: nothing is to be polled yet */
static bool stop;
static unsigned finished, found_asleep, found_polling, killed, revoked;

static void begin(void)
{
	struct endpoint *endpoint;

	scenario_begin(2 + (unsigned)(host_random() % 2));
	owner = scenario_process("owner");
	server = scenario_process("server");
	boss = scenario_process("boss");
	endpoint = scenario_endpoint(server, MESSAGE, 0);
	isolation = scenario_give(owner, scenario_full(&cpu_isolation_object));
	manager = scenario_give(owner, scenario_full(&capability_manager_object));
	revoker = CAP_ID_NULL;
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	door = scenario_give(owner, scenario_facet(endpoint, 1));
	object_put(&endpoint->object);
	polled_region = 0;
	stop = false;
	finished = found_asleep = found_polling = killed = 0;
}

static void give_handles(void)
{
	poller_handle = scenario_give(owner,
				      scenario_full(&scenario_started(victim == owner ? 1 : 2)->object));
}

/* ---- Programs ---- */

static void polls(uint64_t region)
{
	struct ring_client ring;
	cap_id lease;
	uint64_t expires;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	explore_check(cpu_isolation_take(&ring.transport, isolation, 1,
					 host_random() % 2 ? HOUR : 1 + host_random() % 400000, &lease,
					 &expires) == STATUS_OK);
	cap_id given = lease;
	if (host_random() % 2) /* somebody may take it back */
		explore_check(capability_manager_make_revocable(&ring.transport, manager, lease, 0, &given,
								&revoker) == STATUS_OK);
	if (cpu_isolation_lease_bind(&ring.transport, given) == STATUS_OK)
		(void)cpu_isolation_lease_poll(&ring.transport, given,
					       host_random() % 4 ? 1 + host_random() % 20000
								 : POLL_IDLE_MAX_NS);
	if (host_random() % 4 == 0)
		(void)cpu_isolation_lease_end(&ring.transport, lease);
	store_release(&polled_region, region);
	while (!load_acquire(&stop))
		(void)host_cap_enter(UINT64_MAX,
				     host_random() % 3 ? 0 : host_now_ns() + host_random() % 30000, NULL);
	(void)atomic_add(&finished, 1u);
	if (host_random() % 2)
		host_exit(0, CAP_EXIT_THREAD);
	(void)host_cap_enter(64, host_now_ns() + 1000, NULL);
}

static struct cap_sqe some_submission(struct user_ring *polled)
{
	uint64_t words[2] = {1ull << 32, 0};

	if (host_random() % 3 != 0)
		return (struct cap_sqe){.op = CAP_OP_NOP};
	user_arena_write(polled, SEND_AT, words, sizeof words);
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = door.raw,
				.interface_id = SCENARIO_INTERFACE,
				.method = 3,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.buf_off = RESULT_AT,
				.buf_len = 256,
				.deadline_ns = host_random() % 4 ? 0 : host_now_ns() + host_random() % 20000};
}

static void wake_if_it_sleeps(struct user_ring *own, const struct user_ring *polled)
{
	full_fence();
	if (host_user_load32(VADDR(polled->region.raw + POLLED)) != 0) {
		found_polling++;
		return;
	}
	found_asleep++;
	struct cap_sqe wake = {.op = CAP_OP_WAKE, .target = poller_handle.raw, .user_data = 7};
	(void)user_do(own, &wake);
}

/* What the one that polls bound itself through. */
static void revokes(struct user_ring *own)
{
	uint64_t empty = 0;

	user_arena_write(own, SEND_AT, &empty, sizeof empty);
	struct cap_sqe sqe = {.op = CAP_OP_CALL,
			      .target = revoker.raw,
			      .interface_id = REVOKER_INTERFACE_ID,
			      .method = REVOKER_REVOKE,
			      .msg_off = SEND_AT,
			      .msg_len = sizeof empty,
			      .buf_off = RESULT_AT,
			      .buf_len = 256};
	explore_check(user_do(own, &sqe).status == STATUS_OK);
	revoked++;
}

static void submits(uint64_t region)
{
	struct user_ring own, polled;
	struct cap_cqe cqe;
	unsigned begun = 0;

	user_ring_open(&own, region);
	while (load_acquire(&polled_region) == 0)
		(void)user_enter(&own, 1, host_now_ns() + 2000);
	user_ring_open(&polled, polled_region);
	polled.sequence = host_user_load32(VADDR(polled_region + offsetof(struct cap_region, sq_tail)));
	polled.cq_head = host_user_load32(VADDR(polled_region + offsetof(struct cap_region, cq_head)));
	while (polled.completed < SUBMISSIONS) {
		if (begun < SUBMISSIONS && begun - polled.completed < 6 && host_random() % 2) {
			struct cap_sqe sqe = some_submission(&polled);
			sqe.user_data = 100 + begun++;
			(void)user_submit(&polled, &sqe);
			wake_if_it_sleeps(&own, &polled);
		}
		if (user_reap(&polled, &cqe)) {
			explore_check(cqe.user_data >= 100 && cqe.user_data < 100 + begun);
			explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_TIMED_OUT);
		} else if (revoker.raw != 0 && host_random() % 64 == 0) {
			revokes(&own);
		} else if (host_random() % 8 == 0) {
			(void)user_enter(&own, 1, host_now_ns() + host_random() % 30000);
		}
	}
	store_release(&stop, true);
	struct cap_sqe wake = {.op = CAP_OP_WAKE, .target = poller_handle.raw, .user_data = 7};
	(void)user_do(&own, &wake);
	(void)atomic_add(&finished, 1u);
}

static void serves(uint64_t region)
{
	struct user_ring ring;
	uint64_t words[2] = {1ull << 32, 0};

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_sqe sqe = {.op = CAP_OP_RECV,
				      .target = server_end.raw,
				      .buf_off = RECV_AT,
				      .buf_len = 56 + MESSAGE + 8,
				      .user_data = 9};
		struct cap_cqe cqe = user_do(&ring, &sqe);
		user_arena_write(&ring, SEND_AT, words, sizeof words);
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN,
				       .target = cqe.token,
				       .user_data = 55,
				       .msg_off = SEND_AT,
				       .msg_len = 16};
		(void)user_do(&ring, &sqe);
	}
}

/* Ends a process, whatever it is doing, and is told so. */
static void kills(uint64_t region)
{
	struct ring_client ring;
	struct process_handle_wait_results_reader results;
	struct rpc_call call;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	(void)host_cap_enter(1, host_now_ns() + host_random() % 200000, NULL);
	explore_check(process_handle_kill(&ring.transport, victim_handle, 5) == STATUS_OK);
	(void)process_handle_wait_begin(&call, &ring.transport, victim_handle);
	explore_check(process_handle_wait_call(&call, &results) == STATUS_OK);
	rpc_end(&call);
	killed++;
}

static void waits(uint64_t region)
{
	(void)region;
	(void)host_cap_enter(1, 0, NULL);
}

/* `of` is what somebody ends. */
static void start(struct process *of)
{
	victim = of;
	victim_handle = scenario_give(boss, scenario_full(&of->object));
	scenario_thread(boss, kills, 0);
	scenario_thread(owner, polls, 0);
	scenario_thread(owner, submits, 0);
	scenario_thread(server, serves, 0);
	scenario_when_started(give_handles);
}

EXPLORE_TEST(what_is_submitted_for_a_thread_that_polls_is_completed, 1500)
{
	begin();
	struct process *bystander = scenario_process("bystander");
	scenario_thread(bystander, waits, 0);
	start(bystander);
	scenario_run();
	explore_check(finished == 2 && killed == 1 && found_asleep + found_polling == SUBMISSIONS);
	scenario_end();
	explore_check(isolation_mask == 0);
}

EXPLORE_TEST(a_thread_that_polls_dies_in_any_state, 10000)
{
	begin();
	start(owner);
	scenario_run();
	explore_check(killed == 1);
	scenario_end();
	explore_check(isolation_mask == 0);
}

EXPLORE_MAIN
