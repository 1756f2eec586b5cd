// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A transport that answers in place: client code against server skeletons in one process, without kernel or ring.
 *
 * - Objects are registered with rpc_loopback_add, which gives the capability by which a client calls them.
 * - Sending runs the object's method at once, in the client's arena, and keeps the answer for wait. RPC_DEFERRED keeps the
 *   call open until rpc_loopback_answer.
 * - Capabilities pass through as COPY or MOVE; MINT makes a new capability to the template's object, with that key;
 *   an answer that was kept can be a target or an argument, as on a ring.
 */
#pragma once

#include <rpc/rpc.h>

#define RPC_LOOPBACK_OBJECTS 32u

struct rpc_loopback_object {
	const struct rpc_interface *interface;
	const void *ops;
	void *self;
	uint64_t key;
};

struct rpc_loopback {
	struct rpc_transport transport; /* what clients are given */
	struct rpc_loopback_object objects[RPC_LOOPBACK_OBJECTS];
	uint32_t count;
	struct cap_sqe slot;       /* the queue */
	struct rpc_call *deferred; /* the call that an object last answered with RPC_DEFERRED */
	uint32_t deferred_room;    /* bytes, for its result */
};

/* The arena is the caller's, at least a few KiB. */
void rpc_loopback_init(struct rpc_loopback *l, void *arena, uint32_t bytes);
/* An object with its table of functions, an X_server_ops. The null id when there is no room. */
cap_id rpc_loopback_add(struct rpc_loopback *l, const struct rpc_interface *interface, const void *ops,
			void *self);
/* Answers l->deferred with the message that is in `words` (root pointer first). */
enum status rpc_loopback_answer(struct rpc_loopback *l, const void *words, uint32_t bytes);
