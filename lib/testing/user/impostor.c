// SPDX-License-Identifier: MIT OR Apache-2.0
#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/service.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <testing/impostor.h>
#include <testing/tap.h>

#define MAX_MESSAGE 1024u
#define IN_TIME_NS 10'000'000'000ull

enum status impostor_make(struct impostor *i, struct rpc_transport *transport, cap_id manager,
			  uint64_t interface_id)
{
	struct capability_manager_attenuate_results_reader results;
	struct capability_manager_attenuate_params_builder p;
	struct rpc_call call;
	enum status status;

	*i = (struct impostor){.transport = transport};
	status = capability_manager_create_endpoint(transport, manager, MAX_MESSAGE, 4, &i->endpoint);
	if (status == STATUS_OK)
		status = service_template(transport, i->endpoint, interface_id, UINT64_MAX,
					  &i->facet_template);
	if (status != STATUS_OK)
		return status;
	/* attenuate gives back a capability of its argument, which may be one that is minted for the call. */
	p = capability_manager_attenuate_begin(&call, transport, manager);
	capability_manager_attenuate_params_builder_set_capability(
		p, rpc_add_minted(&call, i->facet_template, 1));
	capability_manager_attenuate_params_builder_set_interface_id(p, interface_id);
	capability_manager_attenuate_params_builder_set_methods(p, UINT64_MAX);
	status = capability_manager_attenuate_call(&call, &results);
	if (status == STATUS_OK)
		i->facet = rpc_result_cap(&call,
					  capability_manager_attenuate_results_reader_capability(results));
	rpc_end(&call);
	return status;
}

void impostor_drop(struct impostor *i)
{
	struct ring_client *ring = ring_of(i->transport);

	ring_release(ring, i->facet);
	ring_release(ring, i->facet_template);
	ring_release(ring, i->endpoint);
	ring_flush(ring);
}

void impostor_send(struct rpc_call *call)
{
	struct ring_client *ring = ring_of(call->transport);

	(void)rpc_send(call);
	ring_flush(ring);
}

bool impostor_refused(struct rpc_call *call, bool served, const char *field)
{
	if (served)
		return tap_raised(call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
	tap_note("others are not served");
	rpc_end(call);
	return false;
}

uint64_t impostor_in_time(void)
{
	return runtime_now() + IN_TIME_NS;
}
