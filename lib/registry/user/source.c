// SPDX-License-Identifier: MIT OR Apache-2.0
#include <registry/source.h>
#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/schema_registry.capnp.h>

bool registry_open_source(struct registry *registry, cap_id schemas, cap_id space, uint32_t number)
{
	struct schema_registry_data_results_reader results;
	struct rpc_call call;
	uint64_t address = 0, length = 0;

	schema_registry_data_params_builder_set_source(
		schema_registry_data_begin(&call, runtime_transport(), schemas), number);
	if (schema_registry_data_call(&call, &results) == STATUS_OK) {
		cap_id memory = rpc_result_cap(&call, schema_registry_data_results_reader_memory(results));

		length = schema_registry_data_results_reader_length(results);
		if (virtual_memory_map(runtime_transport(), space, memory, 0, (length + 4095) & ~4095ull, 0,
				       VIRTUAL_MEMORY_PROTECTION_READ, &address) != STATUS_OK)
			address = 0;
		ring_release(runtime_ring(), memory);
	}
	rpc_end(&call);
	return address != 0 && registry_open(registry, (const void *)(uintptr_t)address, length);
}
