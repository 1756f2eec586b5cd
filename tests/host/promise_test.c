// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Answers of processes named before they came, over many schedules: chains in one entry, as target and as argument, in
 * order; failures that are inherited; cancel, deadline, release and death at every point. Everything goes back afterwards.
 */
#include "scenario.h"

#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#define REGION_BYTES 16384u
#define MESSAGE 64u
#define CAPS 4u
#define RECV_BUF (56u + MESSAGE + CAPS * 8)
#define CALL_BUF 256u
#define SLOTS 12u /* messages and results of a client */
#define SEND_AT(i) ((i) * 64u)
#define DESCS_AT(i) (1024u + (i) * 64u)
#define RESULT_AT(i) (2048u + (i) * CALL_BUF)
#define RECV_AT 6144u
#define REPLY_AT 7168u
#define REPLY_DESC_AT 7680u
#define FIELD0 0xffffff00u

/* Methods of the scenario's interface. */
enum { MAKE = 1, USE = 2, RAISE = 3, NOTHING = 4, DIE = 5 };
enum { MAKER = 1, THING = 2 }; /* keys */

static struct process *server, *client;
static cap_id server_end, server_thing, maker, own_thing, manager;
static unsigned finished;
static uint64_t seen[64]; /* numbers that THING was used with, in their order */
static unsigned seen_count;

static unsigned entries_made; /* by ring clients */

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;

	entries_made++;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static void give_manager(void)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	explore_check(memory_create(&client->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(client, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, "capabilityManager") == 0)
			manager = scenario_give(client, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
}

static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	server = scenario_process("server");
	client = scenario_process("client");
	struct endpoint *endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	server_thing = scenario_give(server, scenario_facet(endpoint, THING));
	maker = scenario_give(client, scenario_facet(endpoint, MAKER));
	own_thing = scenario_give(client, scenario_facet(endpoint, THING));
	object_put(&endpoint->object);
	finished = seen_count = 0;
}

/* --- the server ------------------------------------------------------------------------------------------------- */

/* The answer's message and descriptors, into `sqe`. A struct with one pointer: a capability, or null. */
static void build_reply(struct user_ring *ring, const struct cap_call_header *header, uint64_t number,
			struct cap_sqe *sqe)
{
	uint64_t words[3] = {1ull << 48, 0, 0};

	sqe->msg_off = REPLY_AT;
	sqe->msg_len = 16;
	switch (header->method) {
	case MAKE: {
		struct cap_desc desc = {.id = server_thing.raw, .kind = CAP_DESC_COPY};
		words[1] = 3;
		user_arena_write(ring, REPLY_DESC_AT, &desc, sizeof desc);
		sqe->caps_off = REPLY_DESC_AT;
		sqe->caps_len = 1;
		break;
	}
	case USE: /* {number + 1}, a struct of one word */
		words[0] = 1ull << 32;
		words[1] = number + 1;
		if (header->key == THING)
			seen[atomic_add(&seen_count, 1u) % 64] = number;
		break;
	case RAISE:
		words[0] = 1ull << 32;
		words[1] = 0xe0e0 + number;
		sqe->flags |= CAP_SQE_IS_EXCEPTION;
		break;
	case DIE:
		host_exit(9, CAP_EXIT_PROCESS);
	default: /* an empty capability field */
		break;
	}
	user_arena_write(ring, REPLY_AT, words, 16);
}

/* Releases what came with a call. */
static void release_received(struct user_ring *ring, const struct cap_cqe *cqe)
{
	for (unsigned i = 0; i < cqe->caps; i++) {
		struct cap_sqe sqe = {.op = CAP_OP_RELEASE,
				      .flags = CAP_SQE_QUIET,
				      .target = user_arena_word(ring, RECV_AT + cqe->len + 8 * i)};
		(void)user_submit(ring, &sqe);
	}
}

static struct cap_sqe recv_sqe(void)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = server_end.raw,
				.buf_off = RECV_AT,
				.buf_len = RECV_BUF,
				.buf_caps = CAPS,
				.user_data = 9};
}

static void serves(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = recv_sqe();

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_call_header header;
		struct cap_cqe cqe = user_do(&ring, &sqe);
		if (cqe.status == STATUS_TIMED_OUT)
			continue;
		explore_check(cqe.status == STATUS_OK);
		user_arena_read(&ring, RECV_AT, &header, sizeof header);
		uint64_t number = user_arena_word(&ring, RECV_AT + (uint32_t)sizeof header + 8);
		release_received(&ring, &cqe);
		sqe = recv_sqe();
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.interface_id = sqe.target;
		sqe.target = cqe.token;
		build_reply(&ring, &header, number, &sqe);
	}
}

/* --- clients ---------------------------------------------------------------------------------------------------- */

/* A call in slot `slot`, with the slot's number as its user_data. */
static struct cap_sqe call_sqe(struct user_ring *ring, unsigned slot, cap_id target, uint16_t method)
{
	uint64_t words[2] = {1ull << 32, slot};

	user_arena_write(ring, SEND_AT(slot), words, sizeof words);
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.method = method,
				.user_data = slot,
				.msg_off = SEND_AT(slot),
				.msg_len = 16,
				.buf_off = RESULT_AT(slot),
				.buf_len = CALL_BUF,
				.buf_caps = 1};
}

static uint64_t keep(struct user_ring *ring, struct cap_sqe sqe)
{
	sqe.flags |= CAP_SQE_KEEP_ANSWER;
	return user_submit(ring, &sqe);
}

static struct cap_sqe on_answer(struct cap_sqe sqe, uint64_t sequence)
{
	sqe.flags |= CAP_SQE_TARGET_IS_ANSWER;
	sqe.target = sequence;
	sqe.path = FIELD0;
	return sqe;
}

/* Sends capability `path` of an answer along. */
static struct cap_sqe with_answer(struct user_ring *ring, struct cap_sqe sqe, uint64_t sequence)
{
	struct cap_desc desc = {.id = sequence, .path_or_key = FIELD0, .kind = CAP_DESC_ANSWER};
	uint32_t at = DESCS_AT((uint32_t)sqe.user_data);

	user_arena_write(ring, at, &desc, sizeof desc);
	sqe.caps_off = at;
	sqe.caps_len = 1;
	return sqe;
}

static void release_answer(struct user_ring *ring, uint64_t sequence, bool caps)
{
	struct cap_sqe sqe = {.op = CAP_OP_RELEASE_ANSWER, .target = sequence, .user_data = 77};

	sqe.flags = (uint8_t)(CAP_SQE_QUIET | (caps ? CAP_SQE_RELEASE_CAPS : 0));
	(void)user_submit(ring, &sqe);
}

/* Reaps `count` completions into by[], by slot. */
static void reap_into(struct user_ring *ring, struct cap_cqe *by, unsigned count)
{
	struct cap_cqe cqe;

	while (count-- > 0) {
		cqe = user_wait(ring);
		explore_check(cqe.user_data < SLOTS);
		by[cqe.user_data] = cqe;
	}
}

static bool used(struct user_ring *ring, const struct cap_cqe *cqe)
{
	return cqe->status == STATUS_OK && cqe->len == 16 &&
	       user_arena_word(ring, RESULT_AT((uint32_t)cqe->user_data) + 8) == cqe->user_data + 1;
}

/* maker.make().thing.use(1), and thing as an argument of another call: one cap_enter. */
static void chains(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe by[SLOTS];

	user_ring_open(&ring, region);
	for (unsigned round = 0; round < 3; round++) {
		uint64_t make = keep(&ring, call_sqe(&ring, 0, maker, MAKE));
		struct cap_sqe sqe = on_answer(call_sqe(&ring, 1, maker, USE), make);
		(void)user_submit(&ring, &sqe);
		sqe = with_answer(&ring, call_sqe(&ring, 2, maker, USE), make);
		(void)user_submit(&ring, &sqe);
		(void)user_enter(&ring, 3, 0);
		for (unsigned i = 0; i < 3; i++) {
			struct cap_cqe cqe;
			explore_check(user_reap(&ring, &cqe)); /* all in that entry */
			by[cqe.user_data] = cqe;
		}
		explore_check(by[0].status == STATUS_OK && by[0].caps == 1);
		explore_check(used(&ring, &by[1]) && used(&ring, &by[2]));
		release_answer(&ring, make, true);
	}
	(void)user_enter(&ring, 0, 0);
	explore_check(ring.completed + ring.quiet == ring.accepted);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_chain_over_processes_is_one_entry, 1500)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, chains, 0);
	scenario_thread(server, serves, 0);
	if (host_random() % 2)
		scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

static void begin_call(struct rpc_call *call, struct rpc_transport *t, struct rpc_target target,
		       uint16_t method)
{
	struct rpc_shape shape = {.interface_id = SCENARIO_INTERFACE,
				  .method = method,
				  .caps = 1,
				  .result_caps = 1,
				  .params_bytes = 16,
				  .result_bytes = 16};

	(void)rpc_begin_root(call, t, target, shape, 1, 0);
}

/* The same with the client that programs have. */
static void chains_by_stubs(uint64_t region)
{
	struct ring_client ring;
	struct rpc_call make, use, take;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	begin_call(&make, &ring.transport, rpc_target_cap(maker), MAKE);
	rpc_keep(&make);
	explore_check(rpc_send(&make) == STATUS_OK);
	begin_call(&use, &ring.transport, rpc_target_field(rpc_answer(&make), 0), USE);
	explore_check(rpc_send(&use) == STATUS_OK);
	begin_call(&take, &ring.transport, rpc_target_cap(maker), USE);
	explore_check(rpc_add_answer(&take, rpc_target_field(rpc_answer(&make), 0)) == 0);
	entries_made = 0;
	explore_check(rpc_wait(&use) == STATUS_OK && make.done && entries_made == 1);
	explore_check(rpc_call(&take) == STATUS_OK && entries_made == 2);
	rpc_end(&take);
	rpc_end(&use);
	ring_release(&ring, rpc_result_cap(&make, 0));
	rpc_end(&make);
	ring_flush(&ring);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_chain_of_stubs_is_one_entry, 500)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, chains_by_stubs, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

/* --- order ------------------------------------------------------------------------------------------------------ */

static unsigned place_of(uint64_t number)
{
	for (unsigned i = 0; i < seen_count; i++)
		if (seen[i] == number)
			return i;
	explore_check(false);
	return 0;
}

/* Calls through one reference arrive in their order, also when some of them wait for an argument. */
static void orders(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe by[SLOTS];
	unsigned left = 8;

	user_ring_open(&ring, region);
	uint64_t a = keep(&ring, call_sqe(&ring, 0, maker, MAKE));
	uint64_t b = keep(&ring, call_sqe(&ring, 1, maker, MAKE));
	struct cap_sqe sqes[] = {
		with_answer(&ring, call_sqe(&ring, 2, own_thing, USE), a),
		call_sqe(&ring, 3, own_thing, USE), /* behind 2 */
		on_answer(call_sqe(&ring, 4, maker, USE), a),
		on_answer(with_answer(&ring, call_sqe(&ring, 5, maker, USE), b), a),
		on_answer(call_sqe(&ring, 6, maker, USE), a), /* behind 5 */
	};
	for (unsigned i = 0; i < array_size(sqes); i++)
		(void)user_submit(&ring, &sqes[i]);
	for (by[0].status = -1; by[0].status != STATUS_OK; left--)
		reap_into(&ring, by, 1);
	explore_check(by[0].status == STATUS_OK && by[0].caps == 1);
	cap_id thing = {user_arena_word(&ring, RESULT_AT(0) + 16)};
	struct cap_sqe by_id = call_sqe(&ring, 7, thing,
					USE); /* behind 6: the same, by the id that it turned out to be */
	(void)user_submit(&ring, &by_id);
	reap_into(&ring, by, left);
	for (unsigned i = 2; i < 8; i++)
		explore_check(used(&ring, &by[i]));
	explore_check(place_of(2) < place_of(3));
	explore_check(place_of(4) < place_of(5) && place_of(5) < place_of(6) && place_of(6) < place_of(7));
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(calls_through_one_reference_keep_their_order, 2000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, orders, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1 && seen_count == 6);
	scenario_end();
}

/* Calls that name the same and are nothing but their messages follow each other: in order, each with its own answer, or none of them
 * with the first one's failure. One of them is cancelled. */
static void follow(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe by[SLOTS] = {0};

	user_ring_open(&ring, region);
	bool fails = host_random() % 4 == 0;
	uint64_t make = keep(&ring, call_sqe(&ring, 0, maker, fails ? RAISE : MAKE));
	unsigned count = 2 + (unsigned)(host_random() % 6), other = 1 + (unsigned)(host_random() % count);
	for (unsigned i = 1; i <= count; i++) {
		struct cap_sqe sqe = on_answer(call_sqe(&ring, i, maker, USE), make);

		sqe.buf_caps = i == other; /* not like the others, but in their order */
		(void)user_submit(&ring, &sqe);
	}
	unsigned cancelled = 1 + (unsigned)(host_random() % count);
	if (host_random() % 2)
		(void)user_enter(&ring, 0, 0);
	(void)user_submit(
		&ring,
		&(struct cap_sqe){.op = CAP_OP_CANCEL, .target = make + cancelled, .user_data = SLOTS - 1});
	release_answer(&ring, make, true);
	reap_into(&ring, by, count + 2);
	explore_check(fails ? by[0].status == STATUS_EXCEPTION : by[0].caps == 1);
	unsigned last = 0;
	for (unsigned i = 1; i <= count; i++) {
		if (i == cancelled && by[i].status == STATUS_CANCELLED)
			continue;
		if (fails) {
			explore_check(by[i].status == STATUS_EXCEPTION &&
				      user_arena_word(&ring, RESULT_AT(i) + 8) == 0xe0e0);
			continue;
		}
		explore_check(used(&ring, &by[i]) && (last == 0 || place_of(last) < place_of(i)));
		last = i;
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(calls_that_follow_each_other_keep_their_order, 3000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(client, follow, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

/* --- failure ---------------------------------------------------------------------------------------------------- */

static void inherits(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe by[SLOTS];

	user_ring_open(&ring, region);
	uint64_t raise = keep(&ring, call_sqe(&ring, 0, maker, RAISE));
	uint64_t second = keep(&ring, on_answer(call_sqe(&ring, 1, maker, MAKE), raise));
	struct cap_sqe sqe = on_answer(call_sqe(&ring, 2, maker, USE), second);
	(void)user_submit(&ring, &sqe);
	sqe = with_answer(&ring, call_sqe(&ring, 3, maker, USE), second);
	(void)user_submit(&ring, &sqe);
	uint64_t nothing = keep(&ring, call_sqe(&ring, 4, maker, NOTHING));
	sqe = on_answer(call_sqe(&ring, 5, maker, USE), nothing);
	(void)user_submit(&ring, &sqe);
	sqe = with_answer(&ring, call_sqe(&ring, 6, maker, USE), ring.sequence); /* its own answer */
	(void)keep(&ring, sqe);
	sqe = with_answer(&ring, call_sqe(&ring, 7, maker, USE), ring.sequence + 1); /* one to come */
	(void)user_submit(&ring, &sqe);
	sqe = (struct cap_sqe){.op = CAP_OP_DUP,
			       .flags = CAP_SQE_TARGET_IS_ANSWER,
			       .path = FIELD0,
			       .target = raise,
			       .user_data = 8};
	(void)user_submit(&ring, &sqe);
	reap_into(&ring, by, 9);
	for (unsigned i = 0; i < 4; i++) { /* one exception for all of them */
		explore_check(by[i].status == STATUS_EXCEPTION && by[i].len == 16);
		explore_check(user_arena_word(&ring, RESULT_AT(i) + 8) == 0xe0e0);
	}
	explore_check(by[4].status == STATUS_OK && by[5].status == STATUS_BAD_ID);
	explore_check(by[6].status == STATUS_BAD_ID && by[7].status == STATUS_BAD_ID);
	explore_check(by[8].status == STATUS_EXCEPTION && by[8].len == 0);
	explore_check(seen_count == 0);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_failed_answer_fails_its_dependants_in_the_same_way, 500)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(client, inherits, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

/* --- release ---------------------------------------------------------------------------------------------------- */

/* RELEASE, DUP and RELEASE_ANSWER of an answer that is still to come. */
static void releases(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe by[SLOTS];

	user_ring_open(&ring, region);
	for (unsigned round = 0; round < 20; round++) { /* more than there are records */
		uint64_t make = keep(&ring, call_sqe(&ring, 0, maker, MAKE));
		struct cap_sqe sqe = {.op = CAP_OP_DUP,
				      .flags = CAP_SQE_TARGET_IS_ANSWER,
				      .path = FIELD0,
				      .target = make,
				      .user_data = 1};
		(void)user_submit(&ring, &sqe);
		sqe.op = CAP_OP_RELEASE;
		sqe.user_data = 2;
		bool by_path = host_random() % 2;
		if (by_path)
			(void)user_submit(&ring, &sqe);
		sqe = on_answer(call_sqe(&ring, 3, maker, USE), make);
		(void)user_submit(&ring, &sqe);
		release_answer(&ring, make, true);
		sqe = on_answer(call_sqe(&ring, 4, maker, USE), make); /* the name is gone */
		(void)user_submit(&ring, &sqe);
		reap_into(&ring, by, 4 + by_path);
		explore_check(by[0].status == STATUS_OK && by[0].caps == 1);
		explore_check(by[1].status == STATUS_OK && by[1].token != 0);
		explore_check(by[4].status == STATUS_BAD_ID);
		if (by_path)
			explore_check(by[2].status == STATUS_OK && by[3].status == STATUS_BAD_ID);
		else
			explore_check(used(&ring, &by[3]));
		/* What came went with the answer; the duplicate stays. */
		sqe = (struct cap_sqe){.op = CAP_OP_RELEASE,
				       .target = user_arena_word(&ring, RESULT_AT(0) + 16)};
		explore_check(user_do(&ring, &sqe).status == STATUS_BAD_ID);
		sqe.target = by[1].token;
		explore_check(user_do(&ring, &sqe).status == STATUS_OK);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(answers_to_come_can_be_released, 500)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(client, releases, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

/* --- anything, at any point ------------------------------------------------------------------------------------- */

struct chaos {
	struct user_ring ring;
	uint64_t kept[16]; /* sequence numbers, also of what has failed or was released */
	unsigned kept_count;
	struct cap_sqe last; /* nothing but its message, on an answer; or all zero */
};

static cap_id gated;  /* maker, under a gate that is revoked at some time */
static unsigned ends; /* in which ways a client may end: 1 by itself, 2 with its process */

static uint64_t any_answer(const struct chaos *c)
{
	return c->kept_count != 0 ? c->kept[host_random() % c->kept_count % 16]
				  : c->ring.sequence + host_random() % 2;
}

static struct cap_sqe any_call(struct chaos *c)
{
	static const uint16_t methods[] = {MAKE, MAKE, MAKE, USE, RAISE, NOTHING};
	cap_id targets[] = {maker, own_thing, {load_acquire(&gated.raw)}};
	struct cap_sqe sqe = call_sqe(&c->ring, (unsigned)(host_random() % SLOTS), targets[host_random() % 3],
				      methods[host_random() % array_size(methods)]);

	if (c->last.op == CAP_OP_CALL && host_random() % 2) { /* follows it */
		c->last.user_data = sqe.user_data;
		c->last.msg_off = sqe.msg_off;
		c->last.buf_off = sqe.buf_off;
		return c->last;
	}
	if (host_random() % 2)
		sqe = on_answer(sqe, any_answer(c));
	if (sqe.method != MAKE && host_random() % 2) {
		sqe.buf_caps = 0;
		c->last = sqe;
		return sqe;
	}
	if (host_random() % 3 == 0)
		sqe = with_answer(&c->ring, sqe, any_answer(c));
	if (host_random() % 2) {
		sqe.flags |= CAP_SQE_KEEP_ANSWER;
		c->kept[c->kept_count++ % 16] = c->ring.sequence;
	}
	if (host_random() % 4 == 0)
		sqe.deadline_ns = host_now_ns() + host_random() % 40000;
	return sqe;
}

static struct cap_sqe any_sqe(struct chaos *c)
{
	struct cap_sqe sqe = {.user_data = SLOTS, .target = any_answer(c)};

	switch (host_random() % 8) {
	case 0:
		sqe.op = CAP_OP_RELEASE_ANSWER;
		sqe.flags = host_random() % 2 ? CAP_SQE_RELEASE_CAPS : 0;
		return sqe;
	case 1:
		sqe.op = CAP_OP_CANCEL;
		sqe.target = c->ring.sequence - (c->ring.sequence ? host_random() % c->ring.sequence : 0);
		return sqe;
	case 2:
		sqe.op = host_random() % 2 ? CAP_OP_DUP : CAP_OP_RELEASE;
		sqe.flags = CAP_SQE_TARGET_IS_ANSWER;
		sqe.path = host_random() % 4 ? FIELD0 : CAP_PATH_ROOT;
		return sqe;
	default:
		return any_call(c);
	}
}

static void wreaks_havoc(uint64_t region)
{
	struct chaos c = {0};
	struct cap_cqe cqe;

	user_ring_open(&c.ring, region);
	for (unsigned round = 0; round < 6; round++) {
		for (uint64_t n = host_random() % 6; n > 0; n--) {
			struct cap_sqe sqe = any_sqe(&c);
			(void)user_submit(&c.ring, &sqe);
		}
		if (ends != 0 && host_random() % 8 == 0) {
			(void)user_enter(&c.ring, 0, 0);
			host_exit(1, ends == 2 ? CAP_EXIT_PROCESS : CAP_EXIT_THREAD);
		}
		(void)user_enter(&c.ring, host_random() % 3, host_now_ns() + 20000);
		while (user_reap(&c.ring, &cqe))
			explore_check(cqe.user_data <= SLOTS);
	}
	while (c.ring.completed < c.ring.sequence)
		(void)user_wait(&c.ring);
	explore_check(c.ring.accepted == c.ring.sequence);
	explore_check(!user_reap(&c.ring, &cqe));
	(void)atomic_add(&finished, 1u);
}

/* As boot code would: the gate dies while calls through it are held, queued, delivered. */
static void revokes(uint64_t region)
{
	struct ring_client ring;
	uint64_t entries, calls, mappings;
	cap_id made = CAP_ID_NULL, revoker = CAP_ID_NULL;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	explore_check(capability_manager_make_revocable(&ring.transport, manager, maker, 0, &made,
							&revoker) == STATUS_OK);
	store_release(&gated.raw, made.raw);
	(void)host_cap_enter(1, host_now_ns() + host_random() % 60000, NULL);
	explore_check(revoker_revoke(&ring.transport, revoker, &entries, &calls, &mappings) == STATUS_OK);
}

static void serves_and_dies(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = recv_sqe();

	user_ring_open(&ring, region);
	for (uint64_t lifetime = host_random() % 8; lifetime > 0; lifetime--) {
		struct cap_call_header header;
		struct cap_cqe cqe = user_do(&ring, &sqe);
		user_arena_read(&ring, RECV_AT, &header, sizeof header);
		if (header.method == MAKE && host_random() % 2)
			header.method = NOTHING;
		release_received(&ring, &cqe);
		sqe = recv_sqe();
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.interface_id = sqe.target;
		sqe.target = cqe.token;
		build_reply(&ring, &header, 0, &sqe);
	}
	if (host_random() % 2)
		(void)user_submit(&ring, &sqe);
	host_exit(0, CAP_EXIT_PROCESS);
}

static void havoc(unsigned clients)
{
	begin(1 + (unsigned)(host_random() % 3));
	give_manager();
	gated = CAP_ID_NULL;
	for (unsigned i = 0; i < clients; i++)
		scenario_thread(client, wreaks_havoc, i);
	scenario_thread(client, revokes, 0);
}

EXPLORE_TEST(what_is_held_is_completed_once, 3000)
{
	ends = 0;
	havoc(2);
	scenario_thread(server, serves, 0);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

EXPLORE_TEST(what_is_held_goes_with_its_thread_or_process, 3000)
{
	havoc(3);
	ends = 1 + (unsigned)(host_random() % 2);
	scenario_thread(server, serves, 0);
	scenario_thread(server, serves, 0);
	scenario_run();
	scenario_end();
}

EXPLORE_TEST(what_is_held_outlives_the_server, 3000)
{
	ends = 0;
	havoc(2);
	scenario_thread(server, serves_and_dies, 0);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

EXPLORE_MAIN
