// SPDX-License-Identifier: MIT OR Apache-2.0
/* See storm.h. */
#include "storm.h"
#include "input.h"
#include "invariants.h"
#include "methods.h"
#include "scenario.h"

#include <archimpl/test.h>
#include <mm/frame.h>
#include <mm/memory.h>
#include <mm/slab.h>
#include <object/object.h>
#include <stdio.h>

#pragma clang attribute push(__attribute__((no_sanitize("thread"))), \
			     apply_to = function) /* as input.h: they share what they know */

#define PROCESSES 3u
#define THREADS 4u
#define KNOWN 32u
#define KEPT_TOKENS 4u
#define MESSAGE 128u /* bytes that endpoints take */
#define MESSAGE_CAPS 2u
#define BATCH 8u /* submissions in one entry */
#define SLOTS 3u /* parts of the arena that submissions use */
#define SLOT_BYTES 2560u
#define MESSAGE_WORDS 64u
#define ISA_LINES 16u
#define CAPS_AT 1024u /* in a slot: descriptors, then the buffer */
#define BUFFER_AT 1280u
#define BUFFER_BYTES 1280u

struct known {
	uint64_t id, interface_id;
};

/* What a process knows; shared by its threads. */
static struct actor {
	struct process *process;
	struct known caps[KNOWN];
	unsigned cap_count;
	uint64_t tokens[KEPT_TOKENS];
	unsigned token_count;
} actors[PROCESSES];

static struct input input;
static const struct storm_options *options;
static uint64_t operations;

/* ---- Choices ---- */

static void know(struct actor *actor, uint64_t id, uint64_t interface_id)
{
	unsigned i = actor->cap_count < KNOWN ? actor->cap_count++ : 8 + (unsigned)id % (KNOWN - 8);

	actor->caps[i] = (struct known){id, interface_id};
}

static struct known pick(const struct actor *actor)
{
	struct known known = actor->caps[input_below(&input, actor->cap_count)];

	if (input_rarely(&input, 16))
		known.id += input_below(&input, 2) ? 1ull << 32 : 1;
	return known;
}

/* One with that interface, if there is one. */
static uint64_t pick_of(const struct actor *actor, uint64_t interface_id)
{
	unsigned start = input_below(&input, actor->cap_count);

	for (unsigned i = 0; i < actor->cap_count; i++) {
		const struct known *known = &actor->caps[(start + i) % actor->cap_count];
		if (known->interface_id == interface_id)
			return known->id;
	}
	return actor->caps[start].id;
}

static uint64_t pick_token(const struct actor *actor)
{
	return actor->token_count ? actor->tokens[input_below(&input, actor->token_count)] : 1;
}

/* ---- Submissions ---- */

/* `wanted`: interfaces that are asked for, or NULL. */
static void put_descriptors(const struct actor *actor, struct user_ring *ring, uint32_t at, unsigned count,
			    const uint64_t *wanted)
{
	for (unsigned i = 0; i < count; i++) {
		static const uint8_t kinds[] = {CAP_DESC_COPY,
						CAP_DESC_COPY,
						CAP_DESC_COPY,
						CAP_DESC_MOVE,
						CAP_DESC_ANSWER,
						CAP_DESC_MINT,
						9};
		struct cap_desc desc = {.id = pick(actor).id,
					.kind = kinds[input_below(&input, sizeof(kinds))]};

		if (wanted != NULL && wanted[i] != 0 && !input_rarely(&input, 4))
			desc.id = pick_of(actor, wanted[i]);
		if (desc.kind == CAP_DESC_ANSWER) {
			desc.id = ring->sequence - input_below(&input, BATCH);
			desc.path_or_key = 0xffffff00u + input_below(&input, 3);
		} else if (desc.kind == CAP_DESC_MINT) {
			desc.path_or_key = input_below(&input, 4);
		}
		user_arena_write(ring, at + i * (uint32_t)sizeof(desc), &desc, sizeof(desc));
	}
}

/* Message and descriptors into the slot; sets what the submission says of them. */
static void put_message(const struct actor *actor, struct user_ring *ring, struct cap_sqe *sqe, uint32_t slot,
			const struct method *method)
{
	uint64_t words[MESSAGE_WORDS], wanted[METHOD_CAPS];
	unsigned count, caps = 0;

	if (method) {
		count = method_message(method, &input, words, MESSAGE_WORDS, &caps, wanted);
	} else {
		count = 1 + input_below(&input, MESSAGE / 8 + 1);
		caps = input_below(&input, MESSAGE_CAPS + 2);
		for (unsigned i = 0; i < count; i++)
			words[i] = i * 0x0101010101010101ull;
		words[0] = 0;
	}
	user_arena_write(ring, slot, words, count * 8);
	put_descriptors(actor, ring, slot + CAPS_AT, caps, method ? wanted : NULL);
	sqe->msg_off = slot;
	sqe->msg_len = count * 8;
	sqe->caps_off = caps ? slot + CAPS_AT : 0;
	sqe->caps_len = (uint16_t)caps;
}

static void put_buffer(struct cap_sqe *sqe, uint32_t slot, unsigned caps)
{
	sqe->buf_off = slot + BUFFER_AT;
	sqe->buf_len = BUFFER_BYTES;
	sqe->buf_caps = (uint16_t)caps;
}

static uint64_t deadline(void)
{
	return input_rarely(&input, 4) ? host_now_ns() + input_below(&input, 65536) : 0;
}

static void make_call(const struct actor *actor, struct user_ring *ring, struct cap_sqe *sqe, uint32_t slot)
{
	struct known target = pick(actor);
	unsigned count, first = methods_of(target.interface_id, &count);
	const struct method *method = count ? methods_at(first + input_below(&input, count)) : NULL;

	sqe->target = target.id;
	sqe->interface_id = target.interface_id;
	sqe->method = method ? method->ordinal : (uint16_t)input_below(&input, 4);
	if (input_rarely(&input, 8)) {
		sqe->flags |= CAP_SQE_TARGET_IS_ANSWER;
		sqe->target = ring->sequence - input_below(&input, BATCH);
		sqe->path = 0xffffff00u + input_below(&input, 3);
	}
	if (input_rarely(&input, 4))
		sqe->flags |= CAP_SQE_KEEP_ANSWER;
	put_message(actor, ring, sqe, slot, method);
	put_buffer(sqe, slot, input_below(&input, 4));
	sqe->deadline_ns = deadline();
	/* What the answer brings is known by the operation's name (learn). */
	sqe->user_data |= (uint64_t)(method ? first + 1 + (unsigned)(method - methods_at(first)) : 0) << 16;
}

static void make_return(const struct actor *actor, struct user_ring *ring, struct cap_sqe *sqe, uint32_t slot)
{
	sqe->target = pick_token(actor);
	put_message(actor, ring, sqe, slot, NULL);
	if (sqe->op == CAP_OP_RETURN_RECV) {
		sqe->interface_id = pick_of(actor, endpoint_type.interface_id);
		put_buffer(sqe, slot, MESSAGE_CAPS);
		sqe->deadline_ns = deadline();
	} else if (input_rarely(&input, 4)) {
		sqe->flags |= CAP_SQE_TAIL;
		sqe->interface_id = SCENARIO_INTERFACE;
		sqe->caps_off = slot + CAPS_AT;
		sqe->caps_len = (uint16_t)(1 + input_below(&input, 2));
		put_descriptors(actor, ring, sqe->caps_off, sqe->caps_len, NULL);
	}
	if (input_rarely(&input, 8))
		sqe->flags |= CAP_SQE_IS_EXCEPTION;
	if (input_rarely(&input, 2))
		sqe->flags |= CAP_SQE_RELEASE_CAPS;
}

static void make_submission(struct actor *actor, struct user_ring *ring, struct cap_sqe *sqe)
{
	static const uint8_t ops[] = {CAP_OP_CALL,
				      CAP_OP_CALL,
				      CAP_OP_CALL,
				      CAP_OP_CALL,
				      CAP_OP_CALL,
				      CAP_OP_CALL,
				      CAP_OP_RECV,
				      CAP_OP_RECV,
				      CAP_OP_RETURN,
				      CAP_OP_RETURN_RECV,
				      CAP_OP_RELEASE,
				      CAP_OP_DUP,
				      CAP_OP_CANCEL,
				      CAP_OP_RELEASE_ANSWER,
				      CAP_OP_WAKE,
				      CAP_OP_SIGNAL,
				      CAP_OP_WAIT,
				      CAP_OP_NOP,
				      31};
	uint32_t slot = input_below(&input, SLOTS) * SLOT_BYTES;

	*sqe = (struct cap_sqe){.op = ops[input_below(&input, sizeof(ops))]};
	sqe->user_data = sqe->op | (uint64_t)slot << 32;
	switch (sqe->op) {
	case CAP_OP_CALL:
		make_call(actor, ring, sqe, slot);
		break;
	case CAP_OP_RETURN:
	case CAP_OP_RETURN_RECV:
		make_return(actor, ring, sqe, slot);
		break;
	case CAP_OP_RECV:
		sqe->target = pick_of(actor, endpoint_type.interface_id);
		put_buffer(sqe, slot, MESSAGE_CAPS);
		sqe->deadline_ns = deadline();
		break;
	case CAP_OP_WAKE:
		sqe->target = pick_of(actor, thread_object_type->interface_id);
		break;
	case CAP_OP_SIGNAL:
	case CAP_OP_WAIT:
		sqe->target = pick_of(actor, notification_object_type->interface_id);
		sqe->interface_id = input_below(&input, 4);
		sqe->deadline_ns = sqe->op == CAP_OP_WAIT ? deadline() : 0;
		break;
	case CAP_OP_CANCEL:
	case CAP_OP_RELEASE_ANSWER:
		sqe->target = ring->sequence - input_below(&input, 2 * BATCH);
		break;
	case CAP_OP_RELEASE:
	case CAP_OP_DUP:
		sqe->target = pick(actor).id;
		break;
	default:
		break;
	}
	if (input_rarely(&input, 32))
		((uint64_t *)(void *)sqe)[input_below(&input, 8)] ^= input_number(&input)
								     << input_below(&input, 64);
}

/* For who wants to read a finding. */
static void show(const struct user_ring *ring, const struct cap_sqe *sqe)
{
	fprintf(stderr,
		"thread %llu: op %u flags %#x method %u target %#llx interface %#llx msg %u caps %u buf_caps %u\n",
		(unsigned long long)ring->thread_arg, sqe->op, sqe->flags, sqe->method,
		(unsigned long long)sqe->target, (unsigned long long)sqe->interface_id, sqe->msg_len,
		sqe->caps_len, sqe->buf_caps);
}

/* ---- Completions ---- */

static void learn(struct actor *actor, struct user_ring *ring, const struct cap_cqe *cqe)
{
	unsigned op = cqe->user_data & 0xff, method = (unsigned)(cqe->user_data >> 16) & 0xffff;
	uint32_t slot = (uint32_t)(cqe->user_data >> 32);

	if (cqe->status != STATUS_OK)
		return;
	if ((op == CAP_OP_RECV || op == CAP_OP_RETURN_RECV) && !user_is_notice(*cqe))
		actor->tokens[actor->token_count < KEPT_TOKENS ? actor->token_count++
							       : cqe->token % KEPT_TOKENS] = cqe->token;
	if (op == CAP_OP_DUP)
		know(actor, cqe->token, SCENARIO_INTERFACE);
	if (cqe->caps == 0 || slot % SLOT_BYTES != 0 || slot >= SLOTS * SLOT_BYTES ||
	    cqe->len > BUFFER_BYTES - 64)
		return;
	for (unsigned i = 0; i < cqe->caps && i < METHOD_RESULTS; i++) {
		uint64_t interface_id = SCENARIO_INTERFACE;
		if (method != 0 && method <= methods_count() && methods_at(method - 1)->results[i] != 0)
			interface_id = methods_at(method - 1)->results[i];
		know(actor, user_arena_word(ring, slot + BUFFER_AT + cqe->len + 8 * i), interface_id);
	}
}

static void reap(struct actor *actor, struct user_ring *ring)
{
	struct cap_cqe cqe;

	while (user_reap(ring, &cqe))
		learn(actor, ring, &cqe);
}

/* ---- A thread ---- */

static bool starving; /* in this storm allocations fail now and then */

/* The n-th kernel object from now on finds no memory; or no frame from the n-th on, until somebody comes by here again. */
static void starve(void)
{
	unsigned choice = input_byte(&input);

	frame_fail_after(choice == 0 ? 1 + input_below(&input, 8) : 0);
	if (choice > 224)
		slab_fail_after(1 + input_below(&input, 16));
}

static void life(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct actor *actor = &actors[ring.thread_arg % PROCESSES];
	while (!input_ended(&input)) {
		uint32_t count = 1 + input_below(&input, BATCH);
		uint64_t reasons;
		for (uint32_t i = 0; i < count && ring.sequence - ring.accepted < ring.sq_count; i++) {
			struct cap_sqe sqe;
			make_submission(actor, &ring, &sqe);
			if (unlikely(options->trace))
				show(&ring, &sqe);
			(void)user_submit(&ring, &sqe);
		}
		if (starving)
			starve();
		if (input_rarely(&input, 32))
			host_raise_irq(input_below(&input, ISA_LINES));
		int64_t consumed = host_cap_enter(input_below(&input, 3), host_now_ns() + 20000, &reasons);
		if (consumed < 0)
			host_die("cap_enter of a ring that keeps to the protocol: %lld", (long long)consumed);
		ring.accepted += (uint64_t)consumed;
		operations += (uint64_t)consumed;
		reap(actor, &ring);
	}
}

/* ---- A machine ---- */

static void give(struct actor *actor, struct view *view, uint64_t interface_id)
{
	know(actor, scenario_give(actor->process, view).raw, interface_id);
}

/* What init gets, but the power switch. */
static void give_initial_objects(struct actor *actor)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	explore_check(memory_create(&actor->process->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(actor->process, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		struct view *view;
		explore_check(view_create_full(NULL, initial[i].object, &view) == STATUS_OK);
		if (__builtin_strcmp(initial[i].name, "power") == 0)
			view_put(view);
		else
			give(actor, view, initial[i].object->type->interface_id);
	}
}

/* Each process has an endpoint of its own, facets of all, a template of the next one's, and one notification in common. */
static void give_shared(void)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct endpoint *endpoints[PROCESSES];
	struct notification *notification;

	explore_check(notification_create(actors[0].process, &notification) == STATUS_OK);
	for (unsigned i = 0; i < PROCESSES; i++) {
		endpoints[i] = scenario_endpoint(actors[i].process, MESSAGE, MESSAGE_CAPS);
		give(&actors[i], scenario_full(&endpoints[i]->object), endpoint_type.interface_id);
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct endpoint *next = endpoints[(i + 1) % PROCESSES];
		struct view *template;
		for (unsigned k = 0; k < PROCESSES; k++)
			give(&actors[i], scenario_facet(endpoints[k], i), SCENARIO_INTERFACE);
		explore_check(view_create(NULL, &next->object, VIEW_TEMPLATE, 0, &set, 1, &template) ==
			      STATUS_OK);
		give(&actors[i], template, SCENARIO_INTERFACE);
		give(&actors[i], scenario_full(&notification->object),
		     notification_object_type->interface_id);
	}
	for (unsigned i = 0; i < PROCESSES; i++)
		object_put(&endpoints[i]->object);
	object_put(&notification->object);
}

uint64_t storm_operations(void)
{
	return operations;
}

void storm(const uint8_t *data, size_t size, const struct storm_options *how)
{
	options = how;
	methods_load();
	input = (struct input){data, data + size};
	unsigned cpu_total = 1 + input_below(&input, 3);
	host_seed(input_below(&input, 2) ? input_byte(&input) : 0);
	scenario_begin(cpu_total);
	invariants_every(input_rarely(&input, 64) || options->look);
	invariants_spawns();
	for (unsigned i = 0; i < PROCESSES; i++) {
		actors[i] = (struct actor){.process = scenario_process("fuzzed")};
	}
	give_shared();
	for (unsigned i = 0; i < PROCESSES; i++)
		give_initial_objects(&actors[i]);
	for (unsigned i = 0; i < THREADS; i++)
		scenario_thread(actors[i % PROCESSES].process, life, i);
	starving = input_rarely(&input, 4);
	scenario_run();
	slab_fail_after(0);
	frame_fail_after(0);
	scenario_end();
}

#pragma clang attribute pop
