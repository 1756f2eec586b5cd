// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One thread that is client and server at once, for tests in which everything happens in one order (order_*test.c): what it has, and its
 * operations, each in an entry of its own.
 */
#pragma once

#include "scenario.h"

#include <cap/gate.h>
#include <ring/session.h>

#define MESSAGE 64u
#define CAPS 2u
#define HEADER ((uint32_t)sizeof(struct cap_call_header))
#define RECV_BUF (HEADER + MESSAGE + 8 * CAPS)
#define SEND_AT 0u
#define DESC_AT 256u
#define RECV_AT 512u
#define RESULT_AT 1024u
#define BUFFER 512u
#define PENDING 99
#define STRUCT(data, pointers) ((uint64_t)(pointers) << 48 | (uint64_t)(data) << 32)
#define CAP_FIRST 3ull /* the first one */

typedef void order_script(struct user_ring *ring);

/* What there is, and what the actor has. */
struct order {
	struct process *actor, *other;
	struct thread *thread; /* the actor's */
	struct endpoint *endpoint;
	struct session *session;
	struct gate *gate, *dead_gate;
	cap_id end, facet, plain,
		second; /* plain: takes no capabilities; second: another facet of the first endpoint */
	cap_id template, lent_facet, lent_end, bound_facet, private_facet, dead_facet;
	cap_id manager, timer, lent_manager, lent_timer, weak_timer;
	cap_id word, lent_word, weak_word; /* notifications */
	cap_id faceted_word;               /* a facet of one: no process serves it */
	cap_id spawner, other_handle;
	order_script *script;
	struct ring_geometry geometry; /* of the next ones */
	bool captured;                 /* the next ones are */
	unsigned finished;
};
extern struct order the;

void order_begin(void);
void order_end(void);
/* The entry of the actor's thread: plays the script. */
void order_plays(uint64_t region);
/* Its messages are written down: everything goes another way. */
void order_capture(struct process *process);
/* From order_begin to order_end. */
void order_play(order_script *script);
cap_id order_lend(struct view *view, struct gate *under);

/* The completion of that name, if it has come. */
bool take(struct user_ring *ring, uint64_t user_data, struct cap_cqe *out);
/* In an entry of its own: its completion, or PENDING. */
struct cap_cqe go(struct user_ring *ring, struct cap_sqe sqe);
struct cap_cqe await(struct user_ring *ring, uint64_t user_data);
void is(int line, struct cap_cqe cqe, int status);
#define IS(cqe, status) is(__LINE__, cqe, status)
/* The call that waits at the endpoint. */
uint64_t received(struct user_ring *ring);
/* Until there is no credit; and back, by what fill gave. */
uint64_t fill(struct user_ring *ring);
void unfill(struct user_ring *ring, uint64_t first);

static inline void put(struct user_ring *ring, uint32_t at, const uint64_t *words, unsigned count)
{
	user_arena_write(ring, at, words, count * 8);
}

static inline void describe(struct user_ring *ring, unsigned i, cap_id id, uint64_t path_or_key,
			    enum cap_desc_kind kind)
{
	struct cap_desc desc = {.id = id.raw, .path_or_key = path_or_key, .kind = kind};

	user_arena_write(ring, DESC_AT + i * (uint32_t)sizeof desc, &desc, sizeof desc);
}

static inline struct cap_sqe call(cap_id target)
{
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.caps_off = DESC_AT,
				.buf_off = RESULT_AT,
				.buf_len = BUFFER};
}

static inline struct cap_sqe receive(cap_id from)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = from.raw,
				.buf_off = RECV_AT,
				.buf_len = RECV_BUF,
				.buf_caps = CAPS};
}

static inline struct cap_sqe answer(uint64_t token)
{
	return (struct cap_sqe){
		.op = CAP_OP_RETURN, .target = token, .msg_off = SEND_AT, .msg_len = 16, .caps_off = DESC_AT};
}

static inline void release(struct user_ring *ring, uint64_t id)
{
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_RELEASE, .target = id}), STATUS_OK);
}

static inline uint64_t id_behind(struct user_ring *ring, struct cap_cqe cqe)
{
	explore_check(cqe.caps >= 1);
	return user_arena_word(ring, RESULT_AT + cqe.len);
}

static inline struct cap_sqe call_with(cap_id target, uint16_t sends, uint16_t takes)
{
	struct cap_sqe sqe = call(target);

	sqe.caps_len = sends;
	sqe.buf_caps = takes;
	sqe.user_data = 1;
	return sqe;
}

static inline void cancel(struct user_ring *ring, uint64_t sequence, uint64_t user_data)
{
	IS(go(ring, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence}), STATUS_OK);
	IS(await(ring, user_data), STATUS_CANCELLED);
}
