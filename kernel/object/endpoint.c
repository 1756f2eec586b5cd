// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Endpoint, seen by who receives from it: templates to mint facets from, and recognising one's own. And by who stands behind that: what
 * becomes of callers and objects while there is no server.
 */
#include "object_types.h"

#include <cap/session.h>
#include <ring/endpoint.h>
#include <schema/kernel/endpoint.capnp.h>

#define KEEP_MAX 64u

static struct endpoint *endpoint_of(void *self)
{
	return container_of((struct object *)self, struct endpoint, object);
}

static enum status receive(void *self, struct rpc_request *request)
{
	(void)self, (void)request;
	return STATUS_OK;
}

static enum status make_template(void *self, struct rpc_request *request,
				 struct endpoint_template_params_reader params,
				 struct endpoint_template_results_builder results)
{
	struct endpoint_method_set_list_reader list = endpoint_template_params_reader_interfaces(params);
	uint32_t count = endpoint_method_set_list_reader_count(list);
	struct interface_set sets[VIEW_MAX_INTERFACES];
	struct view *view;
	int32_t index;

	if (count == 0 || count > VIEW_MAX_INTERFACES)
		return object_raise_invalid(request, "1 to 8 interfaces", "interfaces");
	for (uint32_t i = 0; i < count; i++) {
		struct endpoint_method_set_reader set = endpoint_method_set_list_reader_at(list, i);
		sets[i] = (struct interface_set){endpoint_method_set_reader_interface_id(set),
						 endpoint_method_set_reader_methods(set)};
	}
	enum status status = view_create(kcall_of(request)->thread->process, self, VIEW_TEMPLATE, 0, sets,
					 count, &view);
	if (status != STATUS_OK)
		return status;
	view->scope = kcall_called(request)->scope;
	status = kcall_return(request, view, &index);
	if (status == STATUS_OK)
		endpoint_template_results_builder_set_template(results, index);
	return status;
}

void object_fill_sets(struct endpoint_method_set_list_builder list, const struct view *view)
{
	for (uint32_t i = 0; i < view->count; i++) {
		struct endpoint_method_set_builder set = endpoint_method_set_list_builder_at(list, i);
		endpoint_method_set_builder_set_interface_id(set, view->sets[i].interface_id);
		endpoint_method_set_builder_set_methods(set, view->sets[i].methods);
	}
}

static enum status identify(void *self, struct rpc_request *request,
			    struct endpoint_identify_params_reader params,
			    struct endpoint_identify_results_builder results)
{
	struct view *view = kcall_view(request, endpoint_identify_params_reader_facet(params));

	if (view == NULL)
		return object_raise_invalid(request, "no capability was given", "facet");
	if (view->object != self || view->kind != VIEW_FACET)
		return STATUS_OK; /* mine = false */
	endpoint_identify_results_builder_set_mine(results, true);
	endpoint_identify_results_builder_set_key(results, view->key);
	object_fill_sets(endpoint_identify_results_builder_init_interfaces(results, view->count), view);
	return STATUS_OK;
}

static enum status retire(void *self, struct rpc_request *request,
			  struct endpoint_retire_params_reader params,
			  struct endpoint_retire_results_builder results)
{
	endpoint_retire_results_builder_set_found(
		results, endpoint_retire_key(endpoint_of(self), endpoint_retire_params_reader_key(params),
					     &kcall_of(request)->thread->ring));
	return STATUS_OK;
}

enum { FIELD_ACCOUNT = 1, FIELD_PROFILE = 2, FIELD_ID = 4, FIELD_AUTHENTICATED = 8 };

/* Only what was asked for and may be known. */
static void disclose(const struct session_subject *subject, uint32_t fields,
		     struct endpoint_caller_results_builder results)
{
	endpoint_caller_results_builder_set_disclosed(results, fields);
	if (fields & FIELD_ACCOUNT)
		endpoint_caller_results_builder_set_account(results, msg_text_from(subject->account));
	if (fields & FIELD_PROFILE)
		endpoint_caller_results_builder_set_profile(results, msg_text_from(subject->profile));
	if (fields & FIELD_ID)
		endpoint_caller_results_builder_set_id(results, subject->id);
	if (fields & FIELD_AUTHENTICATED)
		endpoint_caller_results_builder_set_authenticated_ns(results, subject->authenticated_ns);
}

static enum status caller(void *self, struct rpc_request *request,
			  struct endpoint_caller_params_reader params,
			  struct endpoint_caller_results_builder results)
{
	struct endpoint *endpoint = container_of((struct object *)self, struct endpoint, object);
	struct session *session = session_find(endpoint_caller_params_reader_session(params),
					       endpoint->service);

	(void)request;
	if (session == NULL)
		return STATUS_OK; /* alive = false */
	endpoint_caller_results_builder_set_alive(results, true);
	disclose(&session->subject,
		 endpoint_caller_params_reader_fields(params) & load_relaxed(&endpoint->disclosure), results);
	object_put(&session->object);
	return STATUS_OK;
}

static enum status successor(void *self, struct rpc_request *request,
			     struct endpoint_successor_params_reader params,
			     struct endpoint_successor_results_builder results)
{
	const struct endpoint *old = container_of((struct object *)self, struct endpoint, object);
	struct endpoint *endpoint;
	int32_t index;
	enum status status = endpoint_create(kcall_of(request)->thread->process,
					     endpoint_successor_params_reader_max_message(params),
					     endpoint_successor_params_reader_max_caps(params), &endpoint);

	if (status == STATUS_INVALID)
		return object_raise_invalid(request, "a multiple of 8 up to 65536, and up to 16",
					    "maxMessage or maxCaps");
	if (status != STATUS_OK)
		return status;
	endpoint->service = old->service;
	endpoint->disclosure = load_relaxed(&old->disclosure);
	status = kcall_return_object(request, &endpoint->object, &index);
	if (status == STATUS_OK)
		endpoint_successor_results_builder_set_endpoint(results, index);
	return status;
}

static enum status retire_others(void *self, struct rpc_request *request,
				 struct endpoint_retire_others_params_reader params,
				 struct endpoint_retire_others_results_builder results)
{
	struct msg_list keep = endpoint_retire_others_params_reader_keep(params);
	uint64_t keys[KEEP_MAX];

	if (keep.count > KEEP_MAX)
		return object_raise_invalid(request, "at most 64 keys", "keep");
	for (uint32_t i = 0; i < keep.count; i++)
		keys[i] = msg_list_u64(keep, i);
	endpoint_retire_others_results_builder_set_retired(
		results, endpoint_retire_other_keys(endpoint_of(self), keys, keep.count,
						    &kcall_of(request)->thread->ring));
	return STATUS_OK;
}

static enum status close(void *self, struct rpc_request *request)
{
	(void)request;
	endpoint_shut(endpoint_of(self));
	return STATUS_OK;
}

static enum status open(void *self, struct rpc_request *request)
{
	(void)request;
	endpoint_reopen(endpoint_of(self));
	return STATUS_OK;
}

static const struct endpoint_server_ops endpoint_ops = {
	.receive = receive,
	.template = make_template,
	.identify = identify,
	.retire = retire,
	.caller = caller,
	.successor = successor,
	.retire_others = retire_others,
	.close = close,
	.open = open,
};

ENDPOINT_BIND(endpoint, endpoint_ops);

const struct object_type endpoint_type = {
	.name = "endpoint",
	.interface_id = ENDPOINT_INTERFACE_ID,
	OBJECT_METHODS(endpoint),
	.is_endpoint = true,
	.destroy = endpoint_destroy,
	.view_created = endpoint_view_created,
	.view_gone = endpoint_view_gone,
};
