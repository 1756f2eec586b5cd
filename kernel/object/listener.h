// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the object room: whom an object tells by bits of a notification, for longer than a call.
 *
 * It was bound through a capability to the notification and one to the object, each of which may be behind a gate: when either is revoked, no bit
 * is set any more. Telling happens inside of quiescence, so revoke waits for it.
 */
#pragma once

#include <cap/gate.h>
#include <ring/kcall.h>
#include <ring/notification.h>

struct listener {
	struct notification *notification; /* counted; NULL: nobody */
	uint64_t bits;
	struct gate *gates[2]; /* counted; NULL */
};

/* The notification that is a method's argument `index`, with its argument `bits`. invalidArgument, raised, with those as fields. */
enum status listener_init(struct listener *listener, struct rpc_request *request, int32_t index,
			  uint64_t bits);
/* It is told nothing any more. Without any lock. */
void listener_fini(struct listener listener);

static inline void listener_tell(const struct listener *listener)
{
	if (listener->notification == NULL)
		return;
	for (unsigned i = 0; i < array_size(listener->gates); i++)
		if (listener->gates[i] != NULL && !gate_is_alive(listener->gates[i]))
			return;
	notification_set(listener->notification, listener->bits);
}
