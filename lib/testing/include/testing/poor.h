// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Services with too little: one is started with room for one kernel object (or capability, or some pages) more each time, and a client, a child, goes
 * through what makes it need some. Whatever it lacks, each call is to be answered, and the service to go on, until it has enough.
 *
 * Needs what testing/child.h needs, and capabilityManager.
 */
#pragma once

#include <abi/status.h>
#include <runtime/ring.h>
#include <testing/child.h>

#define POOR_FACETS 2u
#define POOR_UNEXPECTED 100 /* exit codes of a client below: how many of its calls were refused */

struct poor_service {
	const char *program, *argument; /* of the service */
	uint32_t max_message;
	struct poor_facet {       /* what the client gets of it */
		const char *name; /* null: nothing */
		uint64_t interface_id, key;
	} facets[POOR_FACETS];
	/* Started with client_argument (null: "poor"), its own virtualMemory, capabilityManager and console. */
	const char *client, *client_argument;
};

/* A test each for objects, capabilities and pages. */
void poor_test(const struct poor_service *service, struct rpc_transport *transport, cap_id manager);

/* One with those limits: did its client exit with code 0, and was the service there to the end? */
bool poor_serves(const struct poor_service *service, struct rpc_transport *transport, cap_id manager,
		 struct spawn_limits limits);

/* ---- For the client ---- */

/* Counts what was refused: OK with any outcome (0: done), or an exception; without a service, DISCONNECTED. True: it was done. */
bool poor_done(enum status status, unsigned outcome);
/* The same where only the outcome is known. */
void poor_noted(unsigned outcome);
int poor_exit_code(void);
