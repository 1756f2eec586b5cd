// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Serving pipes: joins struct pipe_object to the service loop. A process that serves nothing else does
 *
 *   static struct pipe_server server;
 *   struct service service;
 *   struct service_options options = {};
 *   pipe_server_init(&server, runtime_transport(), endpoint);
 *   pipe_server_options(&server, &options);
 *   service_init(&service, runtime_ring(), endpoint, &options);
 *   service_run(&service);
 *
 * and hands out facets of PipeFactory with the key PIPE_FACTORY_KEY.
 *
 * - Each end of a pipe is a key of its own: the notice that the last facet of a key is gone is the end's end.
 * - A pipe whose two ends are over gives its place to a new one; its facets then answer `disconnected`.
 * - A lane is a client's memory through which it reads or writes at one end (BufferedPipe). There are some, if the server has an address space to
 *   map them into; clients without one use messages. What lies in a lane is copied, never looked at.
 */
#pragma once

#include <pipe/object.h>
#include <runtime/service.h>
#include <shared_buffer/shared_buffer.h>

/* One session gets at most half of each, and whoever comes later something (as pool/shares.h). */
#define PIPE_SERVER_PIPES 64u
#define PIPE_SERVER_WAITING \
	56u /* operations that may wait at all of them: below what a process can have received */
#define PIPE_SERVER_LANES 128u
#define PIPE_FACTORY_KEY 1u /* no pipe has it */

struct pipe_slot;
struct pipe_server;

/* What a facet names: the `self` of methods. */
struct pipe_face {
	struct pipe_slot *slot;
	enum pipe_ends ends;
};

struct pipe_lane {
	struct pipe_slot *slot; /* null: free */
	uint64_t session;       /* of who opened it */
	enum pipe_ends end;
	uint32_t generation;      /* in the keys */
	uint32_t slot_generation; /* of the pipe that it is for */
	struct shared_buffer buffer;
};

struct pipe_slot {
	struct pipe_server *server;
	uint64_t session;                           /* of who made it */
	struct service_reply replies[PIPE_WAITERS]; /* of the object's waiters */
	uint64_t sessions[PIPE_WAITERS];            /* theirs */
	struct pipe_lane *lanes[PIPE_WAITERS];      /* through which they read or write; null: messages */
	struct pipe_face faces[3];                  /* by ends - 1 */
	uint32_t generation;                        /* in the keys: those of an older pipe name nothing */
	struct pipe_object object;
};

struct pipe_server {
	cap_id templates[3];   /* by ends - 1 */
	cap_id lane_template;  /* null: there are no lanes */
	cap_id space, manager; /* null: the same */
	struct rpc_transport *transport;
	struct pipe_lane lanes[PIPE_SERVER_LANES];
	uint32_t used; /* slots that a pipe has had; the others were never touched */
	struct pipe_slot slots[PIPE_SERVER_PIPES];
};

/*
 * Makes what pipes are minted from. space, and a CapabilityManager with describe: for lanes; null: there are none. The server is zeroes.
 * Errors: those of Endpoint.template.
 */
enum status pipe_server_init(struct pipe_server *server, struct rpc_transport *transport, cap_id endpoint,
			     cap_id space, cap_id manager);
/* Releases it. */
void pipe_server_fini(struct pipe_server *server, struct rpc_transport *transport);
/* Sets interfaces, context and functions; limits stay as they are. */
void pipe_server_options(struct pipe_server *server, struct service_options *options);
