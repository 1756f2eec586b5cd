// SPDX-License-Identifier: MIT OR Apache-2.0
/* Templates of a service's own facets (runtime/service.h). */
#include <runtime/service.h>
#include <schema/kernel/endpoint.capnp.h>

enum status service_template(struct rpc_transport *transport, cap_id endpoint, uint64_t interface_id,
			     uint64_t methods, cap_id *made)
{
	struct endpoint_template_results_reader results;
	struct rpc_call call;
	struct endpoint_method_set_list_builder sets = endpoint_template_params_builder_init_interfaces(
		endpoint_template_begin(&call, transport, endpoint), 1);
	struct endpoint_method_set_builder set = endpoint_method_set_list_builder_at(sets, 0);

	endpoint_method_set_builder_set_interface_id(set, interface_id);
	endpoint_method_set_builder_set_methods(set, methods);

	enum status status = endpoint_template_call(&call, &results);

	*made = status == STATUS_OK
			? rpc_result_cap(&call, endpoint_template_results_reader_template(results))
			: CAP_ID_NULL;
	rpc_end(&call);
	return status;
}

enum status service_identify(struct rpc_transport *transport, cap_id endpoint, cap_id facet,
			     uint64_t interface_id, uint64_t *key, uint64_t *methods)
{
	struct endpoint_identify_results_reader results;
	struct rpc_call call;
	enum status status;

	endpoint_identify_params_builder_set_facet(endpoint_identify_begin(&call, transport, endpoint),
						   rpc_add_cap(&call, facet));
	status = endpoint_identify_call(&call, &results);
	*key = *methods = 0;
	if (status == STATUS_OK && !endpoint_identify_results_reader_mine(results))
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK) {
		struct endpoint_method_set_list_reader sets = endpoint_identify_results_reader_interfaces(
			results);

		*key = endpoint_identify_results_reader_key(results);
		for (uint32_t i = 0; i < endpoint_method_set_list_reader_count(sets); i++) {
			struct endpoint_method_set_reader set = endpoint_method_set_list_reader_at(sets, i);

			if (endpoint_method_set_reader_interface_id(set) == interface_id)
				*methods |= endpoint_method_set_reader_methods(set);
		}
	}
	rpc_end(&call);
	return status;
}
