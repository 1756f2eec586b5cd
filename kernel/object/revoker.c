// SPDX-License-Identifier: MIT OR Apache-2.0
/* Revoker: the other end of a revocable capability; the object is the gate itself. */
#include "object_types.h"

#include <cap/gate.h>
#include <ring/revoke.h>
#include <schema/kernel/revoker.capnp.h>

static struct gate *gate_of(void *self)
{
	return container_of((struct object *)self, struct gate, object);
}

static enum status revoke(void *self, struct rpc_request *request,
			  struct revoker_revoke_results_builder results)
{
	struct gate *gate = gate_of(self);
	struct revoke_report report;

	(void)request;
	gate_get(gate); /* revoking waits, and this process may drop the capability meanwhile */
	gate_revoke(gate, &report);
	gate_put(gate);
	revoker_revoke_results_builder_set_entries(results, report.entries);
	revoker_revoke_results_builder_set_calls(results, report.calls);
	revoker_revoke_results_builder_set_mappings(results, report.mappings);
	return STATUS_OK;
}

static enum status info(void *self, struct rpc_request *request, struct revoker_info_results_builder results)
{
	const struct gate *gate = gate_of(self);

	(void)request;
	revoker_info_results_builder_set_alive(results, gate_is_alive(gate));
	revoker_info_results_builder_set_entries(results, load_relaxed(&gate->entries));
	revoker_info_results_builder_set_depth(results, gate->depth);
	revoker_info_results_builder_set_expires_ns(results, gate->expires_ns);
	return STATUS_OK;
}

static const struct revoker_server_ops revoker_ops = {.revoke = revoke, .info = info};

OBJECT_TYPE(revoker, REVOKER, gate_destroy);
