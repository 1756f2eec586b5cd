// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What processes serve to each other: one endpoint for each exporting process, one template for each export. Holders
 * get facets minted from the template with the export's key.
 *
 * init keeps the right to receive at the endpoints of supervised processes, and never uses it: so a call waits for the successor
 * when a server has ended.
 */
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/status.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>

#include "init.h"

struct process *init_find_process(struct init *init, struct msg_text name)
{
	for (uint32_t i = 0; i < init->count; i++)
		if (msg_text_equal(init->processes[i].name, name))
			return &init->processes[i];
	return nullptr;
}

enum status init_make_template(struct init *init, cap_id endpoint, const uint64_t *interface_ids,
			       uint32_t count, uint64_t methods, cap_id *made)
{
	struct endpoint_template_results_reader results;
	struct rpc_call call;
	struct endpoint_template_params_builder p = endpoint_template_begin(&call, init->transport, endpoint);
	struct endpoint_method_set_list_builder sets = endpoint_template_params_builder_init_interfaces(
		p, count);

	for (uint32_t i = 0; i < count; i++) {
		struct endpoint_method_set_builder set = endpoint_method_set_list_builder_at(sets, i);

		endpoint_method_set_builder_set_interface_id(set, interface_ids[i]);
		endpoint_method_set_builder_set_methods(set, methods);
	}

	enum status status = endpoint_template_call(&call, &results);

	*made = status == STATUS_OK
			? rpc_result_cap(&call, endpoint_template_results_reader_template(results))
			: CAP_ID_NULL;
	rpc_end(&call);
	return status;
}

static enum status make_export(struct init *init, struct process *process, uint32_t index)
{
	struct image_export_reader e = image_export_list_reader_at(
		image_process_reader_exports(process->image), index);
	struct msg_list supers = image_export_reader_supers(e);
	uint64_t ids[8] = {image_export_reader_interface_id(e)};
	uint32_t count = 1;

	for (uint32_t i = 0; i < supers.count && count < 8; i++)
		ids[count++] = msg_list_u64(supers, i);
	return init_make_template(init, process->maker, ids, count, UINT64_MAX, &process->templates[index]);
}

enum status init_make_endpoints(struct init *init)
{
	for (uint32_t i = 0; i < init->count; i++) {
		struct process *process = &init->processes[i];
		uint32_t exports = image_export_list_reader_count(
			image_process_reader_exports(process->image));
		enum status status = STATUS_OK;

		if (exports == 0)
			continue;
		if (exports > MAX_EXPORTS)
			return STATUS_TOO_LARGE;
		status = capability_manager_create_endpoint(
			init->transport, init->manager, image_process_reader_max_message(process->image),
			image_process_reader_max_caps(process->image), &process->endpoint);
		if (status == STATUS_OK)
			status = capability_manager_attenuate(init->transport, init->manager,
							      process->endpoint, ENDPOINT_INTERFACE_ID,
							      1ull << ENDPOINT_TEMPLATE, &process->maker);
		for (uint32_t n = 0; n < exports && status == STATUS_OK; n++)
			status = make_export(init, process, n);
		if (status != STATUS_OK) {
			runtime_print("%.*s: cannot make its exports: %s\n", (int)process->name.len,
				      process->name.ptr, status_text(status));
			return status;
		}
	}
	return STATUS_OK;
}

void init_drop_endpoints(struct init *init)
{
	struct ring_client *ring = ring_of(init->transport);

	for (uint32_t i = 0; i < init->count; i++) {
		struct process *process = &init->processes[i];

		if (init_supervises(process))
			continue;
		ring_release(ring, process->endpoint);
		process->endpoint = CAP_ID_NULL;
	}
	ring_flush(ring);
}

void init_retire_objects(struct init *init, const struct process *process)
{
	struct image_export_list_reader exports = image_process_reader_exports(process->image);
	uint32_t count = image_export_list_reader_count(exports);
	struct rpc_call call;

	if (!process->endpoint.raw ||
	    image_restart_reader_keeps_objects(image_process_reader_restart(process->image)))
		return;

	struct endpoint_retire_others_params_builder p = endpoint_retire_others_begin(&call, init->transport,
										      process->endpoint);
	struct msg_list_builder keep = endpoint_retire_others_params_builder_init_keep(p, count);

	for (uint32_t i = 0; i < count; i++)
		msg_list_set_u64(keep, i, image_export_reader_key(image_export_list_reader_at(exports, i)));
	(void)rpc_call(&call);
	rpc_end(&call);
}

void init_close_endpoint(struct init *init, const struct process *process, bool closed)
{
	if (process->endpoint.raw)
		(void)(closed ? endpoint_close(init->transport, process->endpoint)
			      : endpoint_open(init->transport, process->endpoint));
}
