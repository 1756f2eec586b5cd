// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the threads of race_test.c submit: where it is in their arenas, and the entries as they are when nothing is said of them.
 */
#pragma once

#include "scenario.h"

#define MESSAGE 64u
#define CAPS 1u
#define RECV_BUF (56u + MESSAGE + 8 * CAPS)
#define DESC_AT 0u
#define SEND_AT 256u
#define RECV_AT 512u
#define RESULT_AT 1024u
#define PENDING 99
#define STRUCT(data, pointers) ((uint64_t)(pointers) << 48 | (uint64_t)(data) << 32)

static inline struct cap_sqe call(cap_id target)
{
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.user_data = 1,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.caps_off = DESC_AT,
				.buf_off = RESULT_AT,
				.buf_len = 256,
				.buf_caps = 1};
}

static inline struct cap_sqe receive(cap_id from)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = from.raw,
				.buf_off = RECV_AT,
				.buf_len = RECV_BUF,
				.buf_caps = CAPS};
}

static inline struct cap_sqe answer(uint64_t of, uint16_t caps)
{
	return (struct cap_sqe){.op = CAP_OP_RETURN,
				.target = of,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.caps_off = DESC_AT,
				.caps_len = caps};
}

static inline void describe(struct user_ring *ring, cap_id id, enum cap_desc_kind kind)
{
	struct cap_desc desc = {.id = id.raw, .path_or_key = kind == CAP_DESC_MINT ? 9 : 0, .kind = kind};

	user_arena_write(ring, DESC_AT, &desc, sizeof desc);
}

static inline struct cap_sqe on_kernel(cap_id target, uint64_t interface_id, uint16_t method)
{
	struct cap_sqe sqe = call(target);

	sqe.interface_id = interface_id;
	sqe.method = method;
	sqe.msg_len = 8;
	sqe.buf_caps = 0;
	return sqe;
}
