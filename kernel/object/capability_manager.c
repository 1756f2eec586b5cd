// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CapabilityManager: the calling process's own table, and kernel objects that need no other authority than a ledger.
 *
 * It acts on the process that calls, so holding somebody else's capability to it gives nothing of theirs.
 */
#include "object_types.h"

#include <core/clock.h>
#include <ring/endpoint.h>
#include <ring/notification.h>
#include <ring/revoke.h>
#include <ring/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/process_handle.capnp.h>

static struct process *caller(struct rpc_request *request)
{
	return kcall_of(request)->thread->process;
}

static enum status list(void *self, struct rpc_request *request,
			struct capability_manager_list_params_reader params,
			struct capability_manager_list_results_builder results)
{
	struct cap_table *table = &caller(request)->table;
	uint32_t from = capability_manager_list_params_reader_from(params);
	uint32_t count = object_count_entries(table, from);

	(void)self;
	capability_manager_list_results_builder_set_next(
		results,
		object_fill_entries(table, from, count,
				    capability_manager_list_results_builder_init_entries(results, count),
				    false));
	return STATUS_OK;
}

/* The caller's entry that a capability among the arguments was named by; it may be gone. */
static bool find_entry(struct rpc_request *request, int32_t index, uint32_t *slot, struct cap_entry *entry,
		       struct provenance *provenance)
{
	cap_id id = kcall_id(request, index);

	return cap_table_next(&caller(request)->table, cap_id_slot(id), slot, entry, provenance) &&
	       *slot == cap_id_slot(id) && entry->generation == cap_id_generation(id);
}

static enum status describe(void *self, struct rpc_request *request,
			    struct capability_manager_describe_params_reader params,
			    struct capability_manager_describe_results_builder results)
{
	int32_t index = capability_manager_describe_params_reader_capability(params);
	struct provenance provenance = {0};
	struct cap_entry entry = {0};
	uint32_t slot = 0;

	(void)self;
	if (kcall_view(request, index) == NULL)
		return object_raise_invalid(request, "no capability was given", "capability");
	if (!find_entry(request, index, &slot, &entry, &provenance))
		entry = (struct cap_entry){.view = kcall_view(request, index),
					   .gate = kcall_gate(request, index)};
	object_fill_entry(capability_manager_describe_results_builder_init_entry(results), slot, &entry,
			  &provenance, false);
	return STATUS_OK;
}

static enum status interfaces(void *self, struct rpc_request *request,
			      struct capability_manager_interfaces_params_reader params,
			      struct capability_manager_interfaces_results_builder results)
{
	const struct view *view = kcall_view(request,
					     capability_manager_interfaces_params_reader_capability(params));

	(void)self;
	if (view == NULL)
		return object_raise_invalid(request, "no capability was given", "capability");
	object_fill_sets(capability_manager_interfaces_results_builder_init_sets(results, view->count), view);
	return STATUS_OK;
}

/* A view made from one that came, under the same gate. Takes over the reference on it. */
static enum status give_derived(struct rpc_request *request, struct view *view, struct gate *gate,
				int32_t *index)
{
	gate_get(gate);
	return kcall_return_ref(request, (struct cap_ref){view, gate}, index);
}

static enum status attenuate(void *self, struct rpc_request *request,
			     struct capability_manager_attenuate_params_reader params,
			     struct capability_manager_attenuate_results_builder results)
{
	int32_t from = capability_manager_attenuate_params_reader_capability(params), index;
	struct view *view = kcall_view(request, from), *smaller;
	uint64_t interface_id = capability_manager_attenuate_params_reader_interface_id(params);

	(void)self;
	if (view == NULL || view->kind == VIEW_TEMPLATE)
		return object_raise_invalid(request, "not a capability that can be attenuated", "capability");
	uint64_t held = view_methods(view, interface_id);
	if (held == 0)
		return object_raise_invalid(request, "it does not have that interface", "interfaceId");
	struct interface_set set = {
		interface_id, held & capability_manager_attenuate_params_reader_methods(params)}; /* V1 */
	enum status status = view_derive(caller(request), view, view->kind, view->key, &set, 1, &smaller);
	if (status != STATUS_OK)
		return status;
	status = give_derived(request, smaller, kcall_gate(request, from), &index);
	if (status == STATUS_OK)
		capability_manager_attenuate_results_builder_set_capability(results, index);
	return status;
}

static enum status confine(void *self, struct rpc_request *request,
			   struct capability_manager_confine_params_reader params,
			   struct capability_manager_confine_results_builder results)
{
	int32_t from = capability_manager_confine_params_reader_capability(params), index;
	enum capability_manager_transfer_scope scope = capability_manager_confine_params_reader_scope(params);
	struct view *view = kcall_view(request, from), *confined;

	(void)self;
	if (view == NULL)
		return object_raise_invalid(request, "no capability was given", "capability");
	if ((unsigned)scope > SCOPE_PROCESS)
		return object_raise_invalid(request, "there is no such scope", "scope");
	enum status status = view_derive(caller(request), view, view->kind, view->key, view->sets,
					 view->count, &confined);
	if (status != STATUS_OK)
		return status;
	confined->scope = view->scope > (uint8_t)scope ? view->scope : (enum transfer_scope)scope;
	status = give_derived(request, confined, kcall_gate(request, from), &index);
	if (status == STATUS_OK)
		capability_manager_confine_results_builder_set_capability(results, index);
	return status;
}

static enum status make_revocable(void *self, struct rpc_request *request,
				  struct capability_manager_make_revocable_params_reader params,
				  struct capability_manager_make_revocable_results_builder results)
{
	int32_t index = capability_manager_make_revocable_params_reader_capability(params), lent, revoker;
	uint64_t expires = capability_manager_make_revocable_params_reader_expires_ns(params);
	struct view *view = kcall_view(request, index);
	struct gate *gate;

	(void)self;
	if (view == NULL)
		return object_raise_invalid(request, "no capability was given", "capability");
	if (expires != 0 && expires <= clock_now_ns())
		return object_raise_invalid(request, "that time is past", "expiresNs");
	if (request->caps_out_max < 2)
		return STATUS_NO_SLOT;
	enum status status = gate_create(caller(request), kcall_gate(request, index), NULL, &gate);
	if (status != STATUS_OK)
		return status;
	if (expires != 0)
		gate_expire_at(gate, expires);
	gate_get(gate);
	view_get(view);
	status = kcall_return_ref(request, (struct cap_ref){view, gate}, &lent);
	enum status second = kcall_return_object(request, &gate->object, &revoker);
	if (status == STATUS_OK)
		status = second;
	if (status == STATUS_OK) {
		capability_manager_make_revocable_results_builder_set_capability(results, lent);
		capability_manager_make_revocable_results_builder_set_revoker(results, revoker);
	}
	return status;
}

static enum status grant(void *self, struct rpc_request *request,
			 struct capability_manager_grant_params_reader params,
			 struct capability_manager_grant_results_builder results)
{
	struct object *object = kcall_object(request, capability_manager_grant_params_reader_process(params),
					     &process_handle_type, 1ull << PROCESS_HANDLE_GRANT);
	cap_id id;

	(void)self;
	if (object == NULL)
		return object_raise_invalid(request, "not a ProcessHandle that may grant", "process");
	enum status status = process_handle_insert(request, container_of(object, struct process, object),
						   capability_manager_grant_params_reader_capability(params),
						   capability_manager_grant_params_reader_slot(params),
						   capability_manager_grant_params_reader_note(params), false,
						   &id);
	if (status == STATUS_OK)
		capability_manager_grant_results_builder_set_id(results, id.raw);
	return status;
}

static enum status drop(void *self, struct rpc_request *request,
			struct capability_manager_drop_params_reader params)
{
	cap_id id = {capability_manager_drop_params_reader_id(params)};

	(void)self;
	if (cap_table_release(&caller(request)->table, id) != STATUS_OK)
		return object_raise_invalid(request, "there is no such capability", "id");
	return STATUS_OK;
}

static enum status create_endpoint(void *self, struct rpc_request *request,
				   struct capability_manager_create_endpoint_params_reader params,
				   struct capability_manager_create_endpoint_results_builder results)
{
	struct endpoint *endpoint;
	int32_t index;

	(void)self;
	enum status status = endpoint_create(
		caller(request), capability_manager_create_endpoint_params_reader_max_message(params),
		capability_manager_create_endpoint_params_reader_max_caps(params), &endpoint);
	if (status == STATUS_INVALID)
		return object_raise_invalid(request, "a multiple of 8 up to 65536, and up to 16",
					    "maxMessage or maxCaps");
	if (status == STATUS_OK)
		status = kcall_return_object(request, &endpoint->object, &index);
	if (status == STATUS_OK)
		capability_manager_create_endpoint_results_builder_set_endpoint(results, index);
	return status;
}

static enum status create_notification(void *self, struct rpc_request *request,
				       struct capability_manager_create_notification_results_builder results)
{
	struct notification *notification;
	int32_t index;

	(void)self;
	enum status status = notification_create(caller(request), &notification);
	if (status == STATUS_OK)
		status = kcall_return_object(request, &notification->object, &index);
	if (status == STATUS_OK)
		capability_manager_create_notification_results_builder_set_notification(results, index);
	return status;
}

static const struct capability_manager_server_ops capability_manager_ops = {
	.list = list,
	.describe = describe,
	.interfaces = interfaces,
	.attenuate = attenuate,
	.confine = confine,
	.grant = grant,
	.make_revocable = make_revocable,
	.drop = drop,
	.create_endpoint = create_endpoint,
	.create_notification = create_notification,
};

OBJECT_TYPE(capability_manager, CAPABILITY_MANAGER, object_destroy_never);

struct object capability_manager_object = {.type = &capability_manager_type, .refs = 1};
