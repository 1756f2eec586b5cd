// SPDX-License-Identifier: MIT OR Apache-2.0
/* Timer: the monotonic clock as a capability. */
#include "object_types.h"

#include <core/clock.h>
#include <ring/notification.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/timer.capnp.h>

static enum status now(void *self, struct rpc_request *request, struct timer_now_results_builder results)
{
	(void)self, (void)request;
	timer_now_results_builder_set_ns(results, clock_now_ns());
	return STATUS_OK;
}

static enum status wait_until(void *self, struct rpc_request *request, uint64_t deadline_ns)
{
	return deadline_ns <= clock_now_ns() ? STATUS_OK : kcall_sleep(request, self, deadline_ns);
}

static enum status sleep(void *self, struct rpc_request *request, struct timer_sleep_params_reader params)
{
	uint64_t deadline;

	if (__builtin_add_overflow(clock_now_ns(), timer_sleep_params_reader_ns(params), &deadline))
		deadline = UINT64_MAX;
	return wait_until(self, request, deadline);
}

static enum status sleep_until(void *self, struct rpc_request *request,
			       struct timer_sleep_until_params_reader params)
{
	return wait_until(self, request, timer_sleep_until_params_reader_deadline_ns(params));
}

static enum status signal(void *self, struct rpc_request *request, struct timer_signal_params_reader params)
{
	int32_t index = timer_signal_params_reader_notification(params);
	uint64_t bits = timer_signal_params_reader_bits(params);
	uint64_t deadline = timer_signal_params_reader_deadline_ns(params);
	struct object *object = kcall_object(request, index, &notification_type, 1ull << NOTIFICATION_SIGNAL);
	struct notification *notification = container_of(object, struct notification, object);
	struct gate *gate = kcall_gate(request, index);

	(void)self;
	if (object == NULL)
		return object_raise_invalid(request, "not a Notification with the method signal",
					    "notification");
	const struct view *view = kcall_view(request, index);
	uint64_t mask = notification_mask(view);
	bits = bits != 0 ? bits : mask;
	if ((bits & ~mask) != 0)
		return object_raise_invalid(request, "a bit outside the facet's mask", "bits");
	if (gate != NULL && kcall_of(request)->request->gate != NULL)
		return object_raise_invalid(request, "both are revocable", "notification");
	if (deadline > clock_now_ns())
		return kcall_sleep_then_signal(request, notification, bits, gate, deadline);
	notification_set(notification, bits);
	return STATUS_OK;
}

static const struct timer_server_ops timer_ops = {
	.now = now, .sleep = sleep, .sleep_until = sleep_until, .signal = signal};

OBJECT_TYPE(timer, TIMER, object_destroy_never);

struct object timer_object = {.type = &timer_type, .refs = 1};
