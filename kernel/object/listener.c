// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who is told by bits of a notification: see listener.h. */
#include "listener.h"

#include "object_types.h"

#include <schema/kernel/notification.capnp.h>

enum status listener_init(struct listener *listener, struct rpc_request *request, int32_t index,
			  uint64_t bits)
{
	struct object *object = kcall_object(request, index, &notification_type, 1ull << NOTIFICATION_SIGNAL);

	if (object == NULL)
		return object_raise_invalid(request, "not a Notification that may be signalled",
					    "notification");
	if (bits == 0 || (bits & ~notification_mask(kcall_view(request, index))) != 0)
		return object_raise_invalid(request, "no bits, or a bit outside the notification's mask",
					    "bits");
	*listener = (struct listener){
		.notification = container_of(object, struct notification, object),
		.bits = bits,
		.gates = {kcall_gate(request, index), kcall_own_gate(request)},
	};
	object_get(object);
	gate_get(listener->gates[0]);
	gate_get(listener->gates[1]);
	return STATUS_OK;
}

void listener_fini(struct listener listener)
{
	gate_put(listener.gates[0]);
	gate_put(listener.gates[1]);
	if (listener.notification != NULL)
		object_put(&listener.notification->object);
}
