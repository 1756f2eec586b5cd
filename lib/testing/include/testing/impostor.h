// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Impostors: facets of this program's own endpoint that say they are something of the kernel's, and never answer. A service that is
 * handed one, and calls it, waits for as long as this program likes, and so do all its other clients.
 *
 *   impostor_make(&impostor, transport, manager, MEMORY_OBJECT_INTERFACE_ID);
 *   foo_use_begin(&call, ...);                         with impostor.facet as an argument
 *   impostor_send(&call);
 *   served = ... a call of another client, with the deadline impostor_in_time() ...
 *   tap_ok(impostor_refused(&call, served, "memory"), "...");
 *   impostor_drop(&impostor);
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <stdint.h>

struct rpc_call;
struct rpc_transport;

struct impostor {
	struct rpc_transport *transport;
	cap_id endpoint, facet_template, facet;
};

/* What remains after a failure is impostor_drop's, too. */
enum status impostor_make(struct impostor *impostor, struct rpc_transport *transport, cap_id manager,
			  uint64_t interface_id);
/* Whoever still waits for an answer learns that there is none. */
void impostor_drop(struct impostor *impostor);
/* Sends it without a deadline, now. */
void impostor_send(struct rpc_call *call);
/*
 * Ends it: was the other one served, and this one refused with invalidArgument about that field? One that was not refused is not
 * waited for.
 */
bool impostor_refused(struct rpc_call *call, bool served, const char *field);
/* A deadline (absolute) by which a service that waits for nobody has answered. */
uint64_t impostor_in_time(void);
