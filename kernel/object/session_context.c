// SPDX-License-Identifier: MIT OR Apache-2.0
/* SessionContext and SessionFactory: on whose behalf processes run. */
#include "object_types.h"

#include <cap/session.h>
#include <object/object.h>
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
	(void)request;
	session_context_info_results_builder_set_alive(results, session_is_alive(session_of(self)));
	session_context_info_results_builder_set_processes(results, members(session_of(self)));
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

static const struct session_context_server_ops session_context_ops = {.info = info, .end = end};

OBJECT_TYPE(session_context, SESSION_CONTEXT, session_destroy);

static enum status create(void *self, struct rpc_request *request,
			  struct session_factory_create_results_builder results)
{
	struct session *session;
	uint64_t secret[2];
	int32_t index;

	(void)self;
	entropy_fill(secret, sizeof(secret));
	enum status status = session_create(kcall_of(request)->thread->process, secret, &session);
	if (status == STATUS_OK)
		status = kcall_return_object(request, &session->object, &index);
	if (status == STATUS_OK)
		session_factory_create_results_builder_set_session(results, index);
	return status;
}

static const struct session_factory_server_ops session_factory_ops = {.create = create};

OBJECT_TYPE(session_factory, SESSION_FACTORY, object_destroy_never);

struct object session_factory_object = {.type = &session_factory_type, .refs = 1};
