// SPDX-License-Identifier: MIT OR Apache-2.0
/* Profiler: what all CPUs are doing, sampled (ring/profile.h). */
#include "object_types.h"

#include <ring/profile.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/profiler.capnp.h>

#define MEMORY_METHODS (1ull << MEMORY_OBJECT_READ | 1ull << MEMORY_OBJECT_WRITE)

static enum status sample(void *self, struct rpc_request *request,
			  struct profiler_sample_params_reader params,
			  struct profiler_sample_results_builder results)
{
	uint64_t period = profiler_sample_params_reader_period_ns(params);
	uint64_t duration = profiler_sample_params_reader_duration_ns(params), ends;
	struct object *object = kcall_object(request, profiler_sample_params_reader_memory(params),
					     &memory_object_type, MEMORY_METHODS);

	(void)self;
	if (object == NULL)
		return object_raise_invalid(request, "not a MemoryObject with read and write", "memory");
	if (period < PROFILE_MIN_PERIOD_NS)
		return object_raise_invalid(request, "below 100000", "periodNs");
	if (duration < period || duration > PROFILE_MAX_DURATION_NS)
		return object_raise_invalid(request, "less than a period, or more than 60 s", "durationNs");
	enum status status = profile_start(container_of(object, struct memory_object, object)->memory, period,
					   duration, &ends);
	if (status == STATUS_INVALID)
		return object_raise_invalid(request, "1 to 512 pages of memory", "memory");
	if (status == STATUS_AGAIN)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "another profile is being taken", NULL);
	if (status == STATUS_OK)
		profiler_sample_results_builder_set_ends_ns(results, ends);
	return status;
}

static const struct profiler_server_ops profiler_ops = {.sample = sample};

OBJECT_TYPE(profiler, PROFILER, object_destroy_never);

struct object profiler_object = {.type = &profiler_type, .refs = 1};
