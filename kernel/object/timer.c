// SPDX-License-Identifier: MIT OR Apache-2.0
/* Timer: the monotonic clock as a capability. */
#include "object_types.h"

#include <core/clock.h>
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

static const struct timer_server_ops timer_ops = {.now = now, .sleep = sleep, .sleep_until = sleep_until};

OBJECT_TYPE(timer, TIMER, object_destroy_never);

struct object timer_object = {.type = &timer_type, .refs = 1};
