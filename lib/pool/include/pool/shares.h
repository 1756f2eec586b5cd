// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Shares of something bounded (handles, buffers) among the sessions that use a service: nobody can take all of it.
 *
 * A session may take one more as long as it has no more than is left. So one alone gets half, two that are greedy get a
 * third each, and whoever comes later always finds something. Who has nothing is not remembered.
 *
 * Sessions are told apart by their reference (struct rpc_request.session), which is all that a service knows of them; 0 (none) is
 * one like others. With SHARES_SESSIONS that have something at a time, further ones count as one together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SHARES_SESSIONS 61u /* the last place is for the others */

struct shares {
	uint64_t limit, used; /* of all */
	struct {
		uint64_t session;
		uint64_t used; /* 0: the place is free */
	} places[SHARES_SESSIONS + 1];
};

void shares_init(struct shares *shares, uint64_t limit);
/* One for that session. False: it has its share. `*place` is to be kept for shares_give. */
[[nodiscard]] bool shares_take(struct shares *shares, uint64_t session, uint8_t *place);
void shares_give(struct shares *shares, uint8_t place);

/* ---- Of what is counted in bytes ---- */

/* Where that session's bytes are counted; its own as long as there are any. */
uint8_t shares_place(struct shares *shares, uint64_t session);
/* So many for who is there: one by one, as shares_take, but all or none. */
[[nodiscard]] bool shares_take_many(struct shares *shares, uint8_t place, uint64_t count);
void shares_give_many(struct shares *shares, uint8_t place, uint64_t count);
