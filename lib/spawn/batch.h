// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls that use each other's answers, as one entry into the kernel as long as they fit into the ring and its arena; what does not fit goes in
 * further batches, in the same order.
 *
 * `space` is the address space that is filled; the answer of `memory`, which is kept, is the memory object that holds what is the program's own.
 */
#pragma once

#include <rpc/rpc.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <spawn/layout.h>

#include "start_message.h"

#define BATCH 30u /* with two kept calls, what a default ring takes in one entry */

struct batch {
	struct rpc_transport *transport;
	struct rpc_target space;
	enum status status; /* of the first that failed */
	const char *why;    /* what that was */
	uint32_t count;
	struct rpc_call create, memory; /* kept */
	struct rpc_call calls[BATCH];
	const char *steps[BATCH];
};

void batch_note(struct batch *b, enum status status, const char *step);
/* Waits for all calls but the kept ones. */
void batch_settle(struct batch *b);
/* The last opened call goes. */
void batch_send(struct batch *b, const char *step);
/* After begin: true if there was no room, but is now. */
bool batch_again(struct batch *b, struct rpc_call *call);

static inline struct rpc_call *batch_next(struct batch *b)
{
	if (b->count == BATCH)
		batch_settle(b);
	return &b->calls[b->count];
}

/* Opens a call with `begin`, an expression over `call`; once more if room had to be made first. */
#define BATCH_OPEN(b, call, params, begin) \
	do {                               \
		(call) = batch_next(b);    \
		(params) = (begin);        \
	} while (batch_again(b, call))

/* The program's segments, stack and start message, in memory of its own and in its place. */
void batch_load(struct batch *b, const struct spawn_program *program, const struct start_builder *start,
		const struct layout *l);
/* Asks for that memory; kept. */
void batch_create_memory(struct batch *b, uint64_t bytes);
