// SPDX-License-Identifier: MIT OR Apache-2.0
/* test-pipe: shared memory between processes, with itself as the other process. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "pipe.h"

struct world w;

void nap(uint64_t ns)
{
	uint64_t end = runtime_now() + ns;

	while (runtime_now() < end)
		ring_wait(runtime_ring(), end);
}

cap_id granted(const char *name)
{
	cap_id id = CAP_ID_NULL;

	(void)!runtime_cap(name, 0, &id);
	return id;
}

void fill_pattern(uint8_t *bytes, uint64_t from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		bytes[i] = pattern(from + i);
}

bool is_pattern(const uint8_t *bytes, uint64_t from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (bytes[i] != pattern(from + i))
			return false;
	return true;
}

enum status make_template(cap_id endpoint, uint64_t interface_id, cap_id *out)
{
	struct endpoint_template_results_reader results;
	struct rpc_call call;
	struct endpoint_method_set_list_builder sets = endpoint_template_params_builder_init_interfaces(
		endpoint_template_begin(&call, w.t, endpoint), 1);

	endpoint_method_set_builder_set_interface_id(endpoint_method_set_list_builder_at(sets, 0),
						     interface_id);

	enum status status = endpoint_template_call(&call, &results);

	*out = rpc_result_cap(&call, endpoint_template_results_reader_template(results));
	rpc_end(&call);
	return status;
}

/* attenuate gives back a capability of its argument, which may be one that is minted for the call. */
enum status make_facet(cap_id facet_template, uint64_t interface_id, uint64_t key, cap_id *facet)
{
	struct capability_manager_attenuate_results_reader results;
	struct rpc_call call;
	struct capability_manager_attenuate_params_builder p = capability_manager_attenuate_begin(&call, w.t,
												  w.manager);

	capability_manager_attenuate_params_builder_set_capability(
		p, rpc_add_minted(&call, facet_template, key));
	capability_manager_attenuate_params_builder_set_interface_id(p, interface_id);
	capability_manager_attenuate_params_builder_set_methods(p, UINT64_MAX);

	enum status status = capability_manager_attenuate_call(&call, &results);

	*facet = rpc_result_cap(&call, capability_manager_attenuate_results_reader_capability(results));
	rpc_end(&call);
	return status;
}

static int child(void)
{
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("stream")))
		return stream_child(runtime_argument(1));
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("buffer")))
		return buffer_child(runtime_argument(1));
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("pipe")))
		return pipe_child(runtime_argument(1));
	return 99;
}

int main(void)
{
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.space = granted("virtualMemory");
	if (runtime_argument_count() > 0)
		return child();
	w.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	w.sessions = granted("sessions");
	tap_start();
	child_start_up();
	test_streams();
	test_stream_deaths();
	test_stream_threads();
	test_buffers();
	test_records();
	test_pipes();
	return tap_end();
}
