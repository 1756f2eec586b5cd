// SPDX-License-Identifier: MIT OR Apache-2.0
/* SessionContext and SessionFactory: on whose behalf processes run. */
#include "object_types.h"

#include <cap/session.h>
#include <core/clock.h>
#include <object/object.h>
#include <ring/endpoint.h>
#include <ring/session.h>
#include <schema/kernel/session_context.capnp.h>

static struct session *session_of(void *self)
{
	return container_of((struct object *)self, struct session, object);
}

static uint32_t members(const struct session *session)
{
	struct process *process;
	uint32_t count = 0;

	for (uint32_t from = 0; (process = process_next(from)) != NULL;) {
		count += process->session == session;
		from = process->pid + 1;
		process_put(process);
	}
	return count;
}

static enum status info(void *self, struct rpc_request *request,
			struct session_context_info_results_builder results)
{
	const struct session *session = session_of(self);

	(void)request;
	session_context_info_results_builder_set_alive(results, session_is_alive(session));
	session_context_info_results_builder_set_processes(results, members(session));
	session_context_info_results_builder_set_expires_ns(results, session->expires_ns);
	struct subject_builder subject = session_context_info_results_builder_init_subject(results);
	subject_builder_set_account(subject, msg_text_from(session->subject.account));
	subject_builder_set_profile(subject, msg_text_from(session->subject.profile));
	subject_builder_set_id(subject, session->subject.id);
	subject_builder_set_authenticated_ns(subject, session->subject.authenticated_ns);
	return STATUS_OK;
}

static enum status end(void *self, struct rpc_request *request,
		       struct session_context_end_results_builder results)
{
	struct session *session = session_of(self);

	(void)request;
	object_get(&session->object); /* ending waits, and the caller may drop the capability meanwhile */
	session_context_end_results_builder_set_calls(results, session_end(session));
	object_put(&session->object);
	return STATUS_OK;
}

static enum status member(void *self, struct rpc_request *request)
{
	(void)self, (void)request;
	return STATUS_OK;
}

static enum status bind(void *self, struct rpc_request *request,
			struct session_context_bind_params_reader params,
			struct session_context_bind_results_builder results)
{
	int32_t index = session_context_bind_params_reader_capability(params);
	struct session *session = session_of(self);
	struct view *view = kcall_view(request, index);
	struct gate *gate;

	if (view == NULL)
		return object_raise_invalid(request, "no capability was given", "capability");
	if (session->gate == NULL)
		return object_raise_invalid(request, "the first session never ends", "capability");
	enum status status = gate_create(kcall_of(request)->thread->process, kcall_gate(request, index),
					 session->gate, &gate);
	if (status != STATUS_OK)
		return status;
	if (!gate_is_alive(gate)) {
		gate_put(gate);
		return STATUS_REVOKED;
	}
	view_get(view);
	status = kcall_return_ref(request, (struct cap_ref){view, gate}, &index);
	if (status == STATUS_OK)
		session_context_bind_results_builder_set_capability(results, index);
	return status;
}

static const struct session_context_server_ops session_context_ops = {
	.info = info, .end = end, .member = member, .bind = bind};

OBJECT_TYPE(session_context, SESSION_CONTEXT, session_gone);

static bool copy_text(char out[SESSION_TEXT_MAX + 1], struct msg_text text)
{
	if (text.len > SESSION_TEXT_MAX)
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		out[i] = text.ptr[i];
	return true;
}

static enum status create(void *self, struct rpc_request *request,
			  struct session_factory_create_params_reader params,
			  struct session_factory_create_results_builder results)
{
	struct subject_reader from = session_factory_create_params_reader_subject(params);
	uint64_t expires = session_factory_create_params_reader_expires_ns(params), secret[2];
	struct session_subject subject = {.id = subject_reader_id(from),
					  .authenticated_ns = subject_reader_authenticated_ns(from)};
	struct session *session;
	int32_t index;

	(void)self;
	if (!copy_text(subject.account, subject_reader_account(from)))
		return object_raise_invalid(request, "at most 31 bytes", "account");
	if (!copy_text(subject.profile, subject_reader_profile(from)))
		return object_raise_invalid(request, "at most 31 bytes", "profile");
	if (expires != 0 && expires <= clock_now_ns())
		return object_raise_invalid(request, "that time is past", "expiresNs");
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	entropy_fill(secret, sizeof(secret));
	enum status status = session_create(kcall_of(request)->thread->process, secret, &subject, &session);
	if (status == STATUS_AGAIN)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "there are too many sessions", NULL);
	if (status != STATUS_OK)
		return status;
	if (expires != 0)
		session_expire_at(session, expires);
	status = kcall_return_object(request, &session->object, &index);
	if (status == STATUS_OK)
		session_factory_create_results_builder_set_session(results, index);
	return status;
}

#define FIELDS 15u /* of Subject */

static enum status disclose(void *self, struct rpc_request *request,
			    struct session_factory_disclose_params_reader params)
{
	uint32_t fields = session_factory_disclose_params_reader_fields(params);
	struct object *endpoint = kcall_object(
		request, session_factory_disclose_params_reader_endpoint(params), &endpoint_type, 0);

	(void)self;
	/* A facet is of that type, too, but it is what clients hold. */
	if (endpoint == NULL ||
	    kcall_view(request, session_factory_disclose_params_reader_endpoint(params))->kind != VIEW_OBJECT)
		return object_raise_invalid(request, "not an Endpoint", "endpoint");
	if ((fields & ~FIELDS) != 0)
		return object_raise_invalid(request, "there is no such field", "fields");
	store_relaxed(&container_of(endpoint, struct endpoint, object)->disclosure, fields);
	return STATUS_OK;
}

static const struct session_factory_server_ops session_factory_ops = {.create = create, .disclose = disclose};

OBJECT_TYPE(session_factory, SESSION_FACTORY, object_destroy_never);

struct object session_factory_object = {.type = &session_factory_type, .refs = 1};
