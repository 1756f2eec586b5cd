// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Hostile processes over many schedules: threads submit operations made of valid and invalid pieces, write over the ring
 * memory of their siblings while the kernel reads it, never reap, fault, and die at any moment.
 *
 * The kernel must survive (no panic, no sanitizer report, no livelock), an honest pair of processes beside them must not
 * notice, and every count must be back at the end.
 */
#include "scenario.h"

#include <cap/gate.h>
#include <mm/frame.h>
#include <mm/memory.h>
#include <object/object.h>

#define HOSTILES 2u
#define THREADS 8u
#define MAX_CAPS 64u
#define MESSAGE 64u
#define QUEUES_SIZE (CAP_SQ_DEFAULT * (uint32_t)(sizeof(struct cap_sqe) + 2 * sizeof(struct cap_cqe)))
#define ARENA_OFFSET (CAP_REGION_CONTROL_SIZE + QUEUES_SIZE)

/* What a hostile process knows, shared by its threads (stands for its private memory). */
static struct hostile {
	struct process *process;
	uint64_t caps[MAX_CAPS], interfaces[MAX_CAPS];
	unsigned cap_count;
	uint64_t regions[THREADS];
	unsigned region_count;
	uint64_t tokens[8];
	unsigned token_count;
} hostiles[HOSTILES];

static uint64_t interfaces[64];
static unsigned interface_count;
static unsigned honest_finished;
static cap_id honest_end, honest_facet;
static unsigned hostile_steps;
static bool starving; /* allocations fail now and then */

static uint64_t chance(uint64_t n)
{
	return host_random() % n;
}

/* --- pieces ------------------------------------------------------------------------------------------------------ */

static uint64_t odd_value(void)
{
	static const uint64_t values[] = {0,
					  1,
					  7,
					  8,
					  15,
					  16,
					  63,
					  64,
					  255,
					  256,
					  4095,
					  4096,
					  4097,
					  8192,
					  65535,
					  65536,
					  0x7fffffff,
					  0x80000000,
					  0xffffffff,
					  0x100000000,
					  0x10000000,
					  0x7ffffffff000,
					  0x800000000000,
					  ~0ull,
					  ~0ull - 7,
					  1ull << 63};

	return chance(8) ? values[chance(array_size(values))] : host_random();
}

static uint64_t pick_cap(const struct hostile *h, uint64_t *interface_id)
{
	unsigned i = (unsigned)chance(h->cap_count);

	*interface_id = chance(8) ? h->interfaces[i] : interfaces[chance(interface_count)];
	switch (chance(16)) {
	case 0:
		return h->caps[i] + 1;
	case 1:
		return h->caps[i] + (1ull << 32);
	case 2:
		return odd_value();
	default:
		return h->caps[i];
	}
}

/* One whose interface suits the operation, mostly. */
static uint64_t pick_cap_of(const struct hostile *h, uint64_t interface_id)
{
	uint64_t unused;

	for (unsigned i = (unsigned)chance(h->cap_count), tries = 0; tries < h->cap_count && chance(50);
	     tries++) {
		if (h->interfaces[i] == interface_id)
			return h->caps[i];
		i = (i + 1) % h->cap_count;
	}
	return pick_cap(h, &unused);
}

static void know_cap(struct hostile *h, uint64_t id, uint64_t interface_id)
{
	unsigned i = h->cap_count < MAX_CAPS ? h->cap_count++ : (unsigned)chance(MAX_CAPS);

	h->caps[i] = id;
	h->interfaces[i] = interface_id;
}

/* A struct of two data words and three pointers: capabilities, text, or nonsense. */
static void make_message(struct user_ring *ring, uint32_t at)
{
	uint64_t words[16] = {2ull << 32 | 3ull << 48};

	words[1] = odd_value();
	words[2] = odd_value();
	for (unsigned i = 0; i < 3; i++) {
		switch (chance(4)) {
		case 0:
			words[3 + i] = 3 | chance(3) << 32; /* a capability */
			break;
		case 1: /* a list of bytes, behind the pointers */
			words[3 + i] = 1 | (uint64_t)(2 - i) << 2 | 2ull << 32 | (1 + chance(40)) << 35;
			break;
		case 2:
			words[3 + i] = chance(3) ? 0 : host_random();
			break;
		default:
			break;
		}
	}
	for (unsigned i = 6; i < 16; i++)
		words[i] = chance(2) ? 0x0061616161616161 : odd_value();
	if (!chance(16))
		words[chance(16)] = host_random();
	user_arena_write(ring, at, words, sizeof words);
}

static const uint8_t usual_kinds[] = {CAP_DESC_COPY, CAP_DESC_COPY, CAP_DESC_MOVE, CAP_DESC_ANSWER,
				      CAP_DESC_MINT};

static void make_descriptors(const struct hostile *h, struct user_ring *ring, uint32_t at, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t unused;
		struct cap_desc desc = {
			.id = pick_cap(h, &unused),
			.path_or_key = chance(2) ? 0xffffff00 + chance(3) : odd_value(),
			.kind = (uint8_t)(chance(8) ? usual_kinds[chance(sizeof usual_kinds)] : chance(6)),
		};

		if (desc.kind == CAP_DESC_ANSWER)
			desc.id = ring->sequence - chance(8);
		user_arena_write(ring, at + i * (uint32_t)sizeof desc, &desc, sizeof desc);
	}
}

static const uint8_t usual_ops[] = {
	CAP_OP_CALL,        CAP_OP_CALL,    CAP_OP_CALL,   CAP_OP_CALL,   CAP_OP_CALL,
	CAP_OP_RECV,        CAP_OP_RECV,    CAP_OP_RETURN, CAP_OP_RETURN, CAP_OP_RETURN_RECV,
	CAP_OP_RETURN_RECV, CAP_OP_RELEASE, CAP_OP_DUP,    CAP_OP_CANCEL, CAP_OP_RELEASE_ANSWER,
	CAP_OP_WAKE,        CAP_OP_SIGNAL,  CAP_OP_WAIT,   CAP_OP_NOP};

static void target(const struct hostile *h, const struct user_ring *ring, struct cap_sqe *sqe)
{
	uint64_t interface_id = 0;

	switch (sqe->op) {
	case CAP_OP_RETURN:
	case CAP_OP_RETURN_RECV:
		sqe->target = h->token_count && chance(12) ? h->tokens[chance(h->token_count)] : odd_value();
		if (sqe->op == CAP_OP_RETURN_RECV)
			sqe->interface_id = pick_cap_of(h, endpoint_type.interface_id);
		break;
	case CAP_OP_RECV:
		sqe->target = pick_cap_of(h, endpoint_type.interface_id);
		break;
	case CAP_OP_WAKE:
		sqe->target = pick_cap_of(h, thread_object_type->interface_id);
		break;
	case CAP_OP_SIGNAL:
	case CAP_OP_WAIT:
		sqe->target = pick_cap_of(h, notification_object_type->interface_id);
		sqe->interface_id = chance(3);
		break;
	case CAP_OP_CANCEL:
	case CAP_OP_RELEASE_ANSWER:
		sqe->target = ring->sequence - chance(12);
		break;
	case CAP_OP_NOP:
		break;
	default:
		sqe->target = pick_cap(h, &interface_id);
		if (sqe->op == CAP_OP_CALL)
			sqe->interface_id = interface_id;
	}
}

static void ranges(const struct hostile *h, struct user_ring *ring, struct cap_sqe *sqe)
{
	uint32_t slot = (uint32_t)chance(3) * 2048;
	bool sends = sqe->op == CAP_OP_CALL || sqe->op == CAP_OP_RETURN || sqe->op == CAP_OP_RETURN_RECV;
	bool receives = sqe->op == CAP_OP_CALL || sqe->op == CAP_OP_RECV || sqe->op == CAP_OP_RETURN_RECV;

	if (sends) {
		sqe->msg_off = slot;
		sqe->msg_len = (uint32_t)(chance(4) ? MESSAGE : 8 * chance(17));
		make_message(ring, slot);
		if (chance(2)) {
			sqe->caps_off = slot + 256;
			sqe->caps_len = (uint16_t)(1 + chance(2));
			make_descriptors(h, ring, slot + 256, sqe->caps_len);
		}
	}
	if (receives) {
		sqe->buf_off = slot + 512;
		sqe->buf_len = 512;
		sqe->buf_caps = (uint16_t)(sqe->op == CAP_OP_CALL ? chance(4) : 2);
	}
	if (sqe->op == CAP_OP_CALL || sqe->op == CAP_OP_RECV || sqe->op == CAP_OP_WAIT)
		sqe->deadline_ns = chance(3) ? host_now_ns() + chance(60000) : 0;
}

/* One submission; now and then with a field that makes no sense. */
static struct cap_sqe make_submission(const struct hostile *h, struct user_ring *ring)
{
	struct cap_sqe sqe = {.op = usual_ops[chance(sizeof usual_ops)]};

	if (!chance(24))
		sqe.op = (uint8_t)chance(20);
	target(h, ring, &sqe);
	if (sqe.op == CAP_OP_CALL) {
		sqe.method = (uint16_t)chance(chance(8) ? 8 : 70);
		if (!chance(3))
			sqe.flags |= CAP_SQE_KEEP_ANSWER;
		if (!chance(6)) {
			sqe.flags |= CAP_SQE_TARGET_IS_ANSWER;
			sqe.target = ring->sequence - chance(6);
			sqe.path = 0xffffff00u + (uint32_t)chance(3);
		}
	}
	if (sqe.op == CAP_OP_RETURN && !chance(3))
		sqe.flags |= CAP_SQE_IS_EXCEPTION;
	if ((sqe.op == CAP_OP_RETURN || sqe.op == CAP_OP_RETURN_RECV) && !chance(2))
		sqe.flags |= CAP_SQE_RELEASE_CAPS;
	ranges(h, ring, &sqe);
	sqe.user_data = sqe.op;
	if (!chance(12)) {
		uint64_t *words = (uint64_t *)(void *)&sqe;

		words[chance(8)] = odd_value() << chance(33);
	}
	return sqe;
}

/* --- behaviour ---------------------------------------------------------------------------------------------------- */

/* What creating methods give. */
static uint64_t known_results[6];

static void reap(struct hostile *h, struct user_ring *ring)
{
	uint32_t tail = host_user_load32(VADDR(ring->region.raw + offsetof(struct cap_region, cq_tail)));
	struct cap_cqe cqe;

	for (unsigned i = 0; i < 64 && ring->cq_head != tail; i++) {
		host_user_read(VADDR(ring->region.raw + ring->cq_off +
				     ring->cq_head++ % ring->cq_count * sizeof cqe),
			       &cqe, sizeof cqe);
		if (cqe.user_data == CAP_OP_RECV || cqe.user_data == CAP_OP_RETURN_RECV) {
			if (cqe.status == STATUS_OK)
				h->tokens[h->token_count < 8 ? h->token_count++ : chance(8)] = cqe.token;
		}
		if (cqe.user_data == CAP_OP_DUP && cqe.status == STATUS_OK)
			know_cap(h, cqe.token, interfaces[chance(interface_count)]);
		if (cqe.user_data == CAP_OP_CALL && cqe.status == STATUS_OK && cqe.caps > 0 &&
		    cqe.len <= 512) {
			uint32_t at = (uint32_t)chance(3) * 2048 + 512 + cqe.len;

			know_cap(h, user_arena_word(ring, at),
				 known_results[chance(array_size(known_results))]);
		}
	}
	host_user_store32(VADDR(ring->region.raw + offsetof(struct cap_region, cq_head)), ring->cq_head);
}

/* Writes over some thread's region: indexes, queues, arena. */
static void scribble(const struct hostile *h)
{
	uint64_t region = h->regions[chance(h->region_count)];
	static const uint32_t places[] = {
		offsetof(struct cap_region, sq_tail),       offsetof(struct cap_region, sq_head),
		offsetof(struct cap_region, cq_head),       offsetof(struct cap_region, cq_tail),
		offsetof(struct cap_region, upcall_mask),   offsetof(struct cap_region, upcall_pending),
		offsetof(struct cap_region, upcall_faults), 48};
	uint32_t at;

	if (!chance(12)) /* mostly deadly */
		at = places[chance(array_size(places))];
	else if (chance(2))
		at = CAP_REGION_CONTROL_SIZE + (uint32_t)chance(QUEUES_SIZE / 8) * 8;
	else
		at = ARENA_OFFSET + (uint32_t)chance(CAP_ARENA_DEFAULT / 8) * 8;
	if (chance(2))
		host_user_store32(VADDR(region + at), (uint32_t)odd_value());
	else
		host_user_store64(VADDR(region + at), odd_value());
}

static void hostile_life(struct hostile *h, struct user_ring *ring, uint64_t steps)
{
	for (uint64_t i = 0; i < steps; i++) {
		struct cap_sqe sqe = make_submission(h, ring);
		uint64_t reasons;

		if (starving && !chance(6))
			frame_fail_after(chance(3) ? 1 + chance(6) : 0);
		(void)user_submit(ring, &sqe);
		if (!chance(6))
			scribble(h);
		if (chance(3))
			continue;
		(void)host_cap_enter(chance(4), chance(6) ? host_now_ns() + chance(60000) : 0, &reasons);
		if (chance(8))
			reap(h, ring);
		(void)atomic_add(&hostile_steps, 1u);
	}
}

/* Its header may have been written over before it runs: the address may be that of a thread that is gone. */
static void open_hostile_ring(struct user_ring *ring, uint64_t region)
{
	*ring = (struct user_ring){
		.region = VADDR(region),
		.sq_off = CAP_REGION_CONTROL_SIZE,
		.sq_count = CAP_SQ_DEFAULT,
		.cq_off = CAP_REGION_CONTROL_SIZE + CAP_SQ_DEFAULT * sizeof(struct cap_sqe),
		.cq_count = 2 * CAP_SQ_DEFAULT,
		.arena_off = ARENA_OFFSET,
		.arena_len = CAP_ARENA_DEFAULT,
	};
	ring->thread_arg = host_user_load64(VADDR(region + offsetof(struct cap_region, thread_arg)));
}

static void hostile(uint64_t region)
{
	struct user_ring ring;
	struct hostile *h;

	open_hostile_ring(&ring, region);
	h = &hostiles[ring.thread_arg % HOSTILES];
	if (h->region_count < THREADS)
		h->regions[h->region_count++] = region;
	hostile_life(h, &ring, 6 + chance(30));
	switch (chance(5)) {
	case 0:
		host_exit(1, CAP_EXIT_PROCESS);
	case 1:
		host_user_store64(VADDR(odd_value()), 1);
		break;
	case 2:
		for (;;)
			(void)host_syscall(chance(3) ? CAP_SYSCALL_ENTER : odd_value(), odd_value(),
					   odd_value(), NULL);
	default:
		break;
	}
}

/* --- the honest pair ------------------------------------------------------------------------------------------------ */

static void honest_server(uint64_t region)
{
	struct user_ring ring;
	uint64_t word;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = honest_end.raw,
								      .buf_off = 1024,
								      .buf_len = 56 + MESSAGE});

		if (cqe.status != STATUS_OK || cqe.len != 56 + 8)
			host_die("RECV: status %d, %u bytes", cqe.status, cqe.len);
		word = user_arena_word(&ring, 1024 + 56) + 1;
		user_arena_write(&ring, 0, &word, 8);
		explore_check(
			user_do(&ring,
				&(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .msg_len = 8})
				.status == STATUS_OK);
	}
}

static void honest_client(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (uint64_t i = 0; i < 4; i++) {
		user_arena_write(&ring, 0, &i, 8);
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
								      .target = honest_facet.raw,
								      .interface_id = SCENARIO_INTERFACE,
								      .msg_len = 8,
								      .buf_off = 1024,
								      .buf_len = 256});

		explore_check(cqe.status == STATUS_OK && user_arena_word(&ring, 1024) == i + 1);
	}
	(void)atomic_add(&honest_finished, 1u);
}

/* --- the scenario ----------------------------------------------------------------------------------------------------- */

static void know_interface(uint64_t id)
{
	interfaces[interface_count++] = id;
}

static void give(struct hostile *h, struct view *view, uint64_t interface_id)
{
	know_cap(h, scenario_give(h->process, view).raw, interface_id);
}

/* All that init gets, except the power switch. */
static void give_initial_objects(struct hostile *h)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	explore_check(memory_create(&h->process->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(h->process, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		uint64_t id = initial[i].object->type->interface_id;
		struct view *view;

		explore_check(view_create_full(NULL, initial[i].object, &view) == STATUS_OK);
		if (__builtin_strcmp(initial[i].name, "power") == 0) {
			view_put(view);
			continue;
		}
		give(h, view, id);
		know_interface(id);
	}
}

static void give_shared(struct endpoint *endpoint, struct notification *notification)
{
	for (unsigned i = 0; i < HOSTILES; i++) {
		struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
		struct view *template;

		give(&hostiles[i], scenario_full(&endpoint->object), endpoint->object.type->interface_id);
		give(&hostiles[i], scenario_facet(endpoint, i), SCENARIO_INTERFACE);
		give(&hostiles[i], scenario_facet(endpoint, i + 10), SCENARIO_INTERFACE);
		explore_check(view_create(NULL, &endpoint->object, VIEW_TEMPLATE, 0, &set, 1, &template) ==
			      STATUS_OK);
		give(&hostiles[i], template, SCENARIO_INTERFACE);
		give(&hostiles[i], scenario_full(&notification->object),
		     notification->object.type->interface_id);
	}
}

static void know_results(void)
{
	known_results[0] = endpoint_type.interface_id;
	known_results[1] = thread_object_type->interface_id;
	known_results[2] = notification_object_type->interface_id;
	known_results[3] = process_object_type->interface_id;
	known_results[4] = gate_object_type->interface_id;
	known_results[5] = SCENARIO_INTERFACE;
	for (unsigned i = 0; i < array_size(known_results); i++)
		know_interface(known_results[i]);
}

static void hostile_scenario(unsigned cpu_total, bool with_kernel_objects)
{
	struct process *pair[2];
	struct endpoint *endpoint, *honest;
	struct notification *notification;

	scenario_begin(cpu_total);
	__builtin_memset(hostiles, 0, sizeof hostiles);
	interface_count = honest_finished = hostile_steps = 0;
	know_interface(SCENARIO_INTERFACE);
	know_results();
	for (unsigned i = 0; i < HOSTILES; i++)
		hostiles[i].process = scenario_process(i ? "hostile-1" : "hostile-0");
	pair[0] = scenario_process("honest-server");
	pair[1] = scenario_process("honest-client");
	endpoint = scenario_endpoint(hostiles[0].process, MESSAGE, 2);
	honest = scenario_endpoint(pair[0], MESSAGE, 0);
	explore_check(notification_create(hostiles[1].process, &notification) == STATUS_OK);
	give_shared(endpoint, notification);
	honest_end = scenario_give(pair[0], scenario_full(&honest->object));
	honest_facet = scenario_give(pair[1], scenario_facet(honest, 1));
	object_put(&endpoint->object);
	object_put(&honest->object);
	object_put(&notification->object);
	if (with_kernel_objects) {
		give_initial_objects(&hostiles[0]);
		give_initial_objects(&hostiles[1]);
	}
	for (unsigned i = 0; i < 4; i++)
		scenario_thread(hostiles[i % HOSTILES].process, hostile, i);
	if (!starving) {
		scenario_thread(pair[0], honest_server, 0);
		scenario_thread(pair[1], honest_client, 0);
	}
	scenario_run();
	frame_fail_after(0);
	explore_check(starving || honest_finished == 1);
	scenario_end();
}

EXPLORE_TEST(ring_operations_of_hostile_processes, 3000)
{
	starving = false;
	hostile_scenario(1 + (unsigned)chance(3), false);
}

EXPLORE_TEST(kernel_objects_in_hostile_hands, 3000)
{
	starving = false;
	hostile_scenario(1 + (unsigned)chance(3), true);
}

EXPLORE_TEST(hostile_processes_while_memory_runs_out, 2000)
{
	starving = true;
	hostile_scenario(1 + (unsigned)chance(3), true);
}

EXPLORE_MAIN
