// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * RETURN with TAIL, and turns at an endpoint, over many schedules: a call that is passed on is answered once, by whom it
 * reached, under the deadline, the session and the gates that it had; whatever dies, is cancelled or revoked in between.
 */
#include "scenario.h"

#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/timer.capnp.h>

#define REGION_BYTES 16384u
#define MESSAGE 64u
#define CAPS 2u
#define RECV_BUF (56u + MESSAGE + CAPS * 8)
#define CALL_BUF 256u
#define SEND_AT 0u
#define DESC_AT 512u
#define RESULT_AT(i) (1024u + (i) * CALL_BUF)
#define RECV_AT 4096u

#define STAGES 3u

static struct process *client, *crowd, *process_of[STAGES];
static cap_id endpoint_of[STAGES]; /* in its process */
static cap_id next_of
	[STAGES]; /* a facet of the stage after it, in its process; the last one's leads to the first */
static cap_id first, manager;
static cap_id first_of_crowd;             /* as `first`, in another client */
static cap_id stage_timer, stage_manager; /* the first stage's own */
static cap_id gated;                      /* `first` under a gate, once it is there */
static unsigned finished, answered;
static bool circular; /* the last stage passes on, too */
static unsigned hops; /* of a circular call */

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static void give_kernel_objects(struct process *process, cap_id *manager_of_it, cap_id *timer_of_it)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	explore_check(memory_create(&process->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(process, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, "capabilityManager") == 0)
			*manager_of_it = scenario_give(process, scenario_full(initial[i].object));
		if (__builtin_strcmp(initial[i].name, "timer") == 0)
			*timer_of_it = scenario_give(process, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
}

static void begin(unsigned cpu_total)
{
	struct endpoint *endpoint[STAGES];

	scenario_begin(cpu_total);
	client = scenario_process("client");
	crowd = scenario_process("crowd");
	for (unsigned i = 0; i < STAGES; i++) {
		process_of[i] = scenario_process("stage");
		endpoint[i] = scenario_endpoint(process_of[i], MESSAGE, CAPS);
		endpoint_of[i] = scenario_give(process_of[i], scenario_full(&endpoint[i]->object));
	}
	for (unsigned i = 0; i < STAGES; i++)
		next_of[i] = scenario_give(process_of[i], scenario_facet(endpoint[(i + 1) % STAGES], i + 1));
	first = scenario_give(client, scenario_facet(endpoint[0], 0));
	first_of_crowd = scenario_give(crowd, scenario_facet(endpoint[0], 0));
	for (unsigned i = 0; i < STAGES; i++)
		object_put(&endpoint[i]->object);
	cap_id unused;
	give_kernel_objects(client, &manager, &unused);
	give_kernel_objects(process_of[0], &stage_manager, &stage_timer);
	gated = CAP_ID_NULL;
	finished = answered = hops = 0;
	circular = false;
}

/* --- the stages --------------------------------------------------------------------------------------------------- */

static struct cap_sqe recv_sqe(unsigned stage)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = endpoint_of[stage].raw,
				.buf_off = RECV_AT,
				.buf_len = RECV_BUF,
				.buf_caps = CAPS,
				.user_data = 9};
}

/* Passes {number + 1} on, with a copy of `next` as a capability now and then. */
static struct cap_sqe tail_sqe(struct user_ring *ring, uint64_t token, cap_id next, uint64_t number)
{
	uint64_t words[2] = {1ull << 32, number + 1};
	struct cap_desc descs[2] = {{.id = next.raw}, {.id = next.raw}};

	user_arena_write(ring, SEND_AT, words, sizeof words);
	user_arena_write(ring, DESC_AT, descs, sizeof descs);
	return (struct cap_sqe){.op = CAP_OP_RETURN,
				.flags = CAP_SQE_TAIL,
				.method = 4,
				.target = token,
				.interface_id = SCENARIO_INTERFACE,
				.user_data = 55,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.caps_off = DESC_AT,
				.caps_len = (uint16_t)(1 + host_random() % 2)};
}

static struct cap_sqe return_sqe(struct user_ring *ring, uint64_t token, uint64_t number)
{
	uint64_t words[2] = {1ull << 32, number};

	user_arena_write(ring, SEND_AT, words, sizeof words);
	return (struct cap_sqe){
		.op = CAP_OP_RETURN, .target = token, .user_data = 55, .msg_off = SEND_AT, .msg_len = 16};
}

static void release_received(struct user_ring *ring, const struct cap_cqe *cqe)
{
	for (unsigned i = 0; i < cqe->caps; i++) {
		struct cap_sqe sqe = {.op = CAP_OP_RELEASE,
				      .flags = CAP_SQE_QUIET,
				      .target = user_arena_word(ring, RECV_AT + cqe->len + 8 * i)};
		(void)user_submit(ring, &sqe);
	}
}

/* One call: received, checked, passed on or answered. */
static void serve_one(struct user_ring *ring, unsigned stage)
{
	struct cap_call_header header;
	struct cap_sqe sqe = recv_sqe(stage);
	struct cap_cqe cqe = user_do(ring, &sqe);

	explore_check(cqe.status == STATUS_OK);
	user_arena_read(ring, RECV_AT, &header, sizeof header);
	uint64_t number = user_arena_word(ring, RECV_AT + (uint32_t)sizeof header + 8);
	explore_check(header.interface_id == SCENARIO_INTERFACE && header.msg_len == 16);
	explore_check(header.buf_len == CALL_BUF && header.session != 0);
	release_received(ring, &cqe);
	bool last = stage == STAGES - 1 && !circular;
	sqe = last ? return_sqe(ring, cqe.token, number) : tail_sqe(ring, cqe.token, next_of[stage], number);
	if (!circular)
		explore_check(number == stage && header.key == stage && header.method == (stage ? 4 : 3));
	struct cap_cqe done = user_do(ring, &sqe);
	if (done.status == STATUS_OK) {
		(void)atomic_add(&hops, last ? 0u : 1u);
		return;
	}
	/* The call is still open: the next stage is gone, or it went round too often. */
	explore_check(!last && (done.status == STATUS_DISCONNECTED || done.status == STATUS_BAD_STATE));
	sqe = return_sqe(ring, cqe.token, 77);
	explore_check(user_do(ring, &sqe).status == STATUS_OK);
}

static void serves(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;)
		serve_one(&ring, (unsigned)ring.thread_arg);
}

/* Ends after a few calls: with one received, or none. */
static void serves_and_dies(uint64_t region)
{
	struct user_ring ring;
	uint64_t lifetime = host_random() % 4;

	user_ring_open(&ring, region);
	while (lifetime-- > 0)
		serve_one(&ring, (unsigned)ring.thread_arg);
	if (host_random() % 2) {
		struct cap_sqe sqe = recv_sqe((unsigned)ring.thread_arg);
		(void)user_submit(&ring, &sqe);
		(void)user_enter(&ring, host_random() % 2, 0);
	}
	host_exit(0, CAP_EXIT_PROCESS);
}

/* --- callers ------------------------------------------------------------------------------------------------------- */

static struct cap_sqe call_sqe(struct user_ring *ring, unsigned slot, cap_id target)
{
	uint64_t words[2] = {1ull << 32, 0};

	user_arena_write(ring, SEND_AT, words, sizeof words);
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.method = 3,
				.user_data = slot,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.buf_off = RESULT_AT(slot),
				.buf_len = CALL_BUF,
				.buf_caps = 1};
}

static void calls(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 4; i++) {
		struct cap_sqe sqe = call_sqe(&ring, 0, first);
		struct cap_cqe cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_OK && cqe.len == 16);
		explore_check(user_arena_word(&ring, RESULT_AT(0) + 8) == STAGES - 1);
		(void)atomic_add(&answered, 1u);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_call_that_is_passed_on_is_answered_by_whom_it_reached, 1500)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, calls, 0);
	scenario_thread(client, calls, 0);
	for (unsigned i = 0; i < STAGES; i++)
		scenario_thread(process_of[i], serves, i);
	scenario_run();
	explore_check(finished == 2 && answered == 8 && hops == 8 * (STAGES - 1));
	scenario_end();
}

static void calls_in_circles(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_sqe sqe = call_sqe(&ring, 0, first);
	struct cap_cqe cqe = user_do(&ring, &sqe);
	explore_check(cqe.status == STATUS_OK && user_arena_word(&ring, RESULT_AT(0) + 8) == 77);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_call_is_not_passed_on_for_ever, 50)
{
	begin(1 + (unsigned)(host_random() % 2));
	circular = true;
	scenario_thread(client, calls_in_circles, 0);
	for (unsigned i = 0; i < STAGES; i++)
		scenario_thread(process_of[i], serves, i);
	scenario_run();
	explore_check(finished == 1 && hops == 32);
	scenario_end();
}

/* Deadlines, cancels, the end of a thread, at any point of the way. */
static void calls_impatiently(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 6; i++) {
		cap_id through = {load_acquire(&gated.raw)};
		struct cap_sqe sqe = call_sqe(&ring, i % 4,
					      through.raw && host_random() % 2 ? through : first);
		if (host_random() % 2)
			sqe.deadline_ns = host_now_ns() + host_random() % 60000;
		uint64_t sequence = user_submit(&ring, &sqe);
		if (host_random() % 3 == 0) {
			(void)user_enter(&ring, 0, 0);
			sqe = (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 8};
			(void)user_submit(&ring, &sqe);
		}
		if (host_random() % 16 == 0) {
			(void)user_enter(&ring, 0, 0);
			host_exit(1, ring.thread_arg == 1 ? CAP_EXIT_PROCESS : CAP_EXIT_THREAD);
		}
		(void)user_enter(&ring, host_random() % 2, host_now_ns() + 30000);
		while (user_reap(&ring, &cqe))
			;
	}
	while (ring.completed < ring.sequence)
		(void)user_wait(&ring);
	(void)atomic_add(&finished, 1u);
}

static void revokes(uint64_t region)
{
	struct ring_client ring;
	uint64_t entries, count, mappings;
	cap_id made = CAP_ID_NULL, revoker = CAP_ID_NULL;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	explore_check(capability_manager_make_revocable(&ring.transport, manager, first, 0, &made,
							&revoker) == STATUS_OK);
	store_release(&gated.raw, made.raw);
	(void)host_cap_enter(1, host_now_ns() + host_random() % 60000, NULL);
	explore_check(revoker_revoke(&ring.transport, revoker, &entries, &count, &mappings) == STATUS_OK);
}

/* A stage passes on through a capability under a gate of its own: the call is then under both. */
static void put_under_gate(unsigned stage, struct gate **gate)
{
	struct cap_ref ref;

	explore_check(cap_table_get(&process_of[stage]->table, next_of[stage], &ref) == STATUS_OK);
	explore_check(gate_create(process_of[stage], NULL, NULL, gate) == STATUS_OK);
	gate_put(ref.gate);
	ref.gate = *gate;
	gate_get(*gate);
	explore_check(cap_table_insert(&process_of[stage]->table, ref, (struct provenance){0},
				       &next_of[stage]) == STATUS_OK);
}

EXPLORE_TEST(what_is_passed_on_can_be_cancelled_revoked_and_time_out, 3000)
{
	struct gate *gate = NULL;

	begin(1 + (unsigned)(host_random() % 3));
	bool own_gate = host_random() % 2;
	if (own_gate)
		put_under_gate(0, &gate);
	scenario_thread(client, calls_impatiently, host_random() % 2);
	scenario_thread(client, calls_impatiently, 2);
	scenario_thread(client, revokes, 0);
	for (unsigned i = 0; i < STAGES; i++)
		scenario_thread(process_of[i], serves, i);
	scenario_run();
	if (own_gate)
		gate_put(gate);
	scenario_end();
}

EXPLORE_TEST(when_a_stage_dies_the_caller_learns_so, 3000)
{
	begin(1 + (unsigned)(host_random() % 3));
	unsigned dying = (unsigned)(host_random() % STAGES);
	scenario_thread(client, calls_impatiently, 2);
	scenario_thread(client, calls_impatiently, 2);
	for (unsigned i = 0; i < STAGES; i++)
		scenario_thread(process_of[i], i == dying ? serves_and_dies : serves, i);
	scenario_run();
	scenario_end();
}

/* --- to the kernel's objects ------------------------------------------------------------------------------------------ */

enum kernel_call { NOW, SLEEP, NOTIFICATION, UNKNOWN_METHOD, KERNEL_CALLS };

/* To the stage's own Timer or CapabilityManager; a sleep is one of up to `ns`. */
static struct cap_sqe kernel_tail(struct user_ring *ring, uint64_t token, enum kernel_call what, uint64_t ns)
{
	static const uint16_t method[] = {TIMER_NOW, TIMER_SLEEP, CAPABILITY_MANAGER_CREATE_NOTIFICATION, 60};
	bool of_timer = what == NOW || what == SLEEP;
	uint64_t words[2] = {1ull << 32, ns};
	struct cap_desc desc = {.id = of_timer ? load_acquire(&stage_timer.raw) : stage_manager.raw};

	user_arena_write(ring, SEND_AT, words, sizeof words);
	user_arena_write(ring, DESC_AT, &desc, sizeof desc);
	return (struct cap_sqe){.op = CAP_OP_RETURN,
				.flags = CAP_SQE_TAIL,
				.method = method[what],
				.target = token,
				.interface_id = of_timer ? TIMER_INTERFACE_ID
							 : CAPABILITY_MANAGER_INTERFACE_ID,
				.user_data = 55,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.caps_off = DESC_AT,
				.caps_len = 1};
}

/* What the message asks for; the low bits say what, the others how long. */
static void serves_by_the_kernel(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_sqe sqe = recv_sqe(0);
		struct cap_cqe cqe = user_do(&ring, &sqe);
		uint64_t asked = user_arena_word(&ring, RECV_AT + 56 + 8);
		release_received(&ring, &cqe);
		sqe = kernel_tail(&ring, cqe.token, asked % KERNEL_CALLS, asked / KERNEL_CALLS);
		struct cap_cqe done = user_do(&ring, &sqe);
		if (done.status == STATUS_OK) {
			(void)atomic_add(&hops, 1u);
			sqe = return_sqe(&ring, cqe.token, 0); /* it is out of it */
			explore_check(user_do(&ring, &sqe).status == STATUS_BAD_ID);
			continue;
		}
		explore_check(done.status == STATUS_DENIED || done.status == STATUS_REVOKED);
		sqe = return_sqe(&ring, cqe.token, 77);
		explore_check(user_do(&ring, &sqe).status == STATUS_OK);
	}
}

static struct cap_sqe asking_sqe(struct user_ring *ring, unsigned slot, cap_id target, uint64_t asked)
{
	uint64_t words[2] = {1ull << 32, asked};
	struct cap_sqe sqe = call_sqe(ring, slot, target);

	sqe.msg_off = SEND_AT + slot * 16;
	user_arena_write(ring, sqe.msg_off, words, sizeof words);
	return sqe;
}

static void asks_for_everything(uint64_t region)
{
	struct user_ring ring;
	uint64_t last = 0;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 2 * KERNEL_CALLS; i++) {
		uint64_t before = host_now_ns(), ns = 5000 + host_random() % 5000;
		struct cap_sqe sqe = asking_sqe(&ring, 0, first, i % KERNEL_CALLS + ns * KERNEL_CALLS);
		struct cap_cqe cqe = user_do(&ring, &sqe);
		if (i % KERNEL_CALLS == UNKNOWN_METHOD) { /* what the object raises is the answer, too */
			explore_check(cqe.status == STATUS_EXCEPTION && cqe.len != 0 && cqe.caps == 0);
			continue;
		}
		explore_check(cqe.status == STATUS_OK && (cqe.flags & CAP_CQE_DELIVERED) != 0);
		if (i % KERNEL_CALLS == NOW) {
			uint64_t ns_now = user_arena_word(&ring, RESULT_AT(0) + 8);
			explore_check(cqe.len == 16 && ns_now >= last && cqe.caps == 0);
			last = ns_now;
		} else if (i % KERNEL_CALLS == SLEEP) {
			explore_check(host_now_ns() >= before + ns && cqe.caps == 0);
		} else { /* the caller has it, and can use it */
			cap_id made = {user_arena_word(&ring, RESULT_AT(0) + cqe.len)};
			explore_check(cqe.caps == 1);
			sqe = (struct cap_sqe){.op = CAP_OP_SIGNAL, .target = made.raw, .interface_id = 4};
			explore_check(user_do(&ring, &sqe).status == STATUS_OK);
			sqe = (struct cap_sqe){.op = CAP_OP_WAIT, .target = made.raw};
			explore_check(user_do(&ring, &sqe).token == 4);
			sqe = (struct cap_sqe){.op = CAP_OP_RELEASE, .target = made.raw};
			explore_check(user_do(&ring, &sqe).status == STATUS_OK);
		}
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(an_object_of_the_kernel_answers_what_is_passed_on_to_it, 1500)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, asks_for_everything, 0);
	scenario_thread(client, asks_for_everything, 0);
	scenario_thread(process_of[0], serves_by_the_kernel, 0);
	scenario_run();
	explore_check(finished == 2 && hops == 4 * KERNEL_CALLS);
	scenario_end();
}

/* As calls_impatiently. */
static void asks_impatiently(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 8; i++) {
		cap_id through = {load_acquire(&gated.raw)};
		uint64_t asked = host_random() % KERNEL_CALLS + host_random() % 60000 * KERNEL_CALLS;
		struct cap_sqe sqe = asking_sqe(&ring, i % 4,
						through.raw && host_random() % 2 ? through : first, asked);
		if (host_random() % 2)
			sqe.deadline_ns = host_now_ns() + host_random() % 60000;
		uint64_t sequence = user_submit(&ring, &sqe);
		if (host_random() % 3 == 0) {
			(void)user_enter(&ring, 0, host_now_ns() + host_random() % 20000);
			sqe = (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence, .user_data = 8};
			(void)user_submit(&ring, &sqe);
		}
		if (host_random() % 16 == 0) {
			(void)user_enter(&ring, 0, 0);
			host_exit(1, ring.thread_arg == 1 ? CAP_EXIT_PROCESS : CAP_EXIT_THREAD);
		}
		(void)user_enter(&ring, host_random() % 2, host_now_ns() + 30000);
		while (user_reap(&ring, &cqe))
			;
	}
	while (ring.completed < ring.sequence)
		(void)user_wait(&ring);
	(void)atomic_add(&finished, 1u);
}

/* The stage's Timer is lent to it, and taken back. */
static void revokes_the_timer(uint64_t region)
{
	struct ring_client ring;
	uint64_t entries, count, mappings;
	cap_id made = CAP_ID_NULL, revoker = CAP_ID_NULL;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	explore_check(capability_manager_make_revocable(&ring.transport, stage_manager, stage_timer, 0, &made,
							&revoker) == STATUS_OK);
	store_release(&stage_timer.raw, made.raw);
	(void)host_cap_enter(1, host_now_ns() + host_random() % 60000, NULL);
	explore_check(revoker_revoke(&ring.transport, revoker, &entries, &count, &mappings) == STATUS_OK);
}

EXPLORE_TEST(a_call_that_waits_at_an_object_ends_as_the_callers_own_would, 3000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, asks_impatiently, host_random() % 2);
	scenario_thread(client, asks_impatiently, 2);
	scenario_thread(client, revokes, 0);
	if (host_random() % 2)
		scenario_thread(process_of[0], revokes_the_timer, 0);
	scenario_thread(process_of[0], serves_by_the_kernel, 0);
	scenario_thread(process_of[0], serves_by_the_kernel, 0);
	scenario_run();
	scenario_end();
}

/* --- turns ----------------------------------------------------------------------------------------------------------- */

static unsigned order_count;
static uint64_t order[32]; /* who was served */

/* Six calls at once, or one: whose name is the message. */
static void calls_at_once(uint64_t region)
{
	struct user_ring ring;
	unsigned count;

	user_ring_open(&ring, region);
	count = ring.thread_arg == 0 ? 6 : 1;
	for (unsigned i = 0; i < count; i++) {
		struct cap_sqe sqe = call_sqe(&ring, i, first);
		uint64_t words[2] = {1ull << 32, ring.thread_arg};
		user_arena_write(&ring, SEND_AT, words, sizeof words);
		sqe.buf_off = RESULT_AT(i);
		(void)user_submit(&ring, &sqe);
	}
	(void)user_enter(&ring, 0, 0);
	(void)atomic_add(&finished, 1u);
	for (unsigned i = 0; i < count; i++)
		explore_check(user_wait(&ring).status == STATUS_OK);
}

/* Begins when everybody has called. */
static void serves_in_order(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (load_acquire(&finished) < 3)
		(void)user_enter(&ring, 1, host_now_ns() + 10000);
	for (;;) {
		struct cap_sqe sqe = recv_sqe(0);
		struct cap_cqe cqe = user_do(&ring, &sqe);
		uint64_t who = user_arena_word(&ring, RECV_AT + 56 + 8);
		order[order_count++] = who;
		sqe = return_sqe(&ring, cqe.token, who);
		(void)user_do(&ring, &sqe);
	}
}

EXPLORE_TEST(rings_take_turns_at_an_endpoint, 500)
{
	unsigned last = 0;

	begin(1 + (unsigned)(host_random() % 3));
	order_count = 0;
	scenario_thread(client, calls_at_once, 0);
	scenario_thread(client, calls_at_once, 1);
	scenario_thread(client, calls_at_once, 2);
	scenario_thread(process_of[0], serves_in_order, 0);
	scenario_run();
	explore_check(order_count == 8);
	for (unsigned i = 0; i < 8; i++)
		last = order[i] != 0 ? i : last;
	explore_check(last <= 2); /* behind at most one call of the ring that has six */
	scenario_end();
}

/* One call each, by a process with one ring. */
static void calls_alone(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (load_acquire(&finished) < 3) /* all the others wait already */
		(void)user_enter(&ring, 1, host_now_ns() + 10000);
	struct cap_sqe sqe = asking_sqe(&ring, 0, first_of_crowd, 9);
	(void)user_submit(&ring, &sqe);
	(void)user_enter(&ring, 0, 0);
	(void)atomic_add(&finished, 1u);
	explore_check(user_wait(&ring).status == STATUS_OK);
}

static void serves_when_all_have_called(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	while (load_acquire(&finished) < 4)
		(void)user_enter(&ring, 1, host_now_ns() + 10000);
	for (;;) {
		struct cap_sqe sqe = recv_sqe(0);
		struct cap_cqe cqe = user_do(&ring, &sqe);
		uint64_t who = user_arena_word(&ring, RECV_AT + 56 + 8);
		order[order_count++] = who;
		sqe = return_sqe(&ring, cqe.token, who);
		(void)user_do(&ring, &sqe);
	}
}

/* Three rings of one process, one of them with six calls, and then another process's only one. */
EXPLORE_TEST(processes_take_turns_at_an_endpoint_however_many_rings_they_have, 500)
{
	unsigned at = 99, ones = 0;

	begin(1 + (unsigned)(host_random() % 3));
	order_count = 0;
	for (unsigned i = 0; i < 3; i++)
		scenario_thread(client, calls_at_once, i);
	scenario_thread(crowd, calls_alone, 0);
	scenario_thread(process_of[0], serves_when_all_have_called, 0);
	scenario_run();
	explore_check(order_count == 9);
	for (unsigned i = 0; i < 9; i++)
		at = order[i] == 9 ? i : at;
	explore_check(
		at ==
		1); /* behind one call of the other process, though that has three rings and eight calls */
	for (unsigned i = 0; i < 4; i++)
		ones += order[i] == 1 || order[i] == 2;
	explore_check(
		ones ==
		2); /* and there the rings have turns: each single call is behind at most one of the six */
	scenario_end();
}

EXPLORE_MAIN
