// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads that meet before a race (guess_test.c, known_test.c): when all else has happened, one of them goes on, and from that moment on the
 * others may. Nobody submits anything for it, so that what rings know of their last operations stays known.
 */
#pragma once

#include "race.h"

extern struct meeting {
	uint64_t when; /* 0: not yet agreed */
	bool now;
} meeting;

void meet_reset(void);
void sleep_until(struct user_ring *ring, uint64_t deadline);
/* Who goes first: returns when the others wait in meet_then. */
void meet_first(struct user_ring *ring);
/* Returns when the first one is about to go on. */
void meet_then(struct user_ring *ring);
/* Waits until somebody has agreed on a time, which is in a while. */
void meet_agreed(struct user_ring *ring);

/* RETURN_RECV: how what race.h has is answered and received. */
static inline struct cap_sqe answer_and_receive(uint64_t of, cap_id from, uint32_t bytes, uint16_t caps)
{
	struct cap_sqe sqe = answer(of, caps);

	sqe.op = CAP_OP_RETURN_RECV;
	sqe.interface_id = from.raw;
	sqe.msg_len = bytes;
	sqe.buf_off = RECV_AT;
	sqe.buf_len = RECV_BUF;
	sqe.buf_caps = CAPS;
	return sqe;
}
