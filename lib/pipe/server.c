// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipe and PipeFactory over the service loop (pipe/server.h). */
#include <pipe/server.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/service/pipe.capnp.h>

#define RESULT_BYTES 24u /* of an answer without bytes: root pointer and struct */

static uint16_t outcome_of(enum flow_result result)
{
	switch (result) {
	case FLOW_END:
		return PIPE_OUTCOME_END;
	case FLOW_BROKEN:
		return PIPE_OUTCOME_BROKEN;
	case FLOW_CLOSED:
		return PIPE_OUTCOME_CLOSED;
	case FLOW_WAIT:
		return PIPE_OUTCOME_WOULD_WAIT;
	default:
		return PIPE_OUTCOME_DONE;
	}
}

/* ---- Keys: generation, place + 1, ends ---- */

static uint64_t key_of(const struct pipe_server *server, const struct pipe_slot *slot, enum pipe_ends ends)
{
	return (uint64_t)slot->generation << 32 | (uint64_t)(slot - server->slots + 1) << 2 | ends;
}

static struct pipe_face *face_of(struct pipe_server *server, uint64_t key)
{
	uint64_t place = (key & UINT32_MAX) >> 2, ends = key & 3;

	if (place == 0 || place > server->used || ends == 0)
		return nullptr;

	struct pipe_slot *slot = &server->slots[place - 1];

	return slot->generation == key >> 32 ? &slot->faces[ends - 1] : nullptr;
}

static void *object(void *context, uint64_t key)
{
	return key == PIPE_FACTORY_KEY ? context : face_of(context, key);
}

/* ---- Answers ---- */

static void build_read(struct pipe_read_results_builder results, const struct pipe_answer *answer)
{
	pipe_read_results_builder_set_outcome(results, outcome_of(answer->result));
	if (answer->count == 0)
		return;

	uint8_t *bytes = pipe_read_results_builder_init_bytes(results, answer->count);

	if (!bytes)
		return;
	__builtin_memcpy(bytes, answer->first, answer->first_count);
	__builtin_memcpy(bytes + answer->first_count, answer->second, answer->count - answer->first_count);
}

/* Of readable, and of writable, whose results have the same shape. */
static void build_ready(struct pipe_readable_results_builder results, enum flow_result result, uint32_t count)
{
	pipe_readable_results_builder_set_outcome(results, outcome_of(result));
	pipe_readable_results_builder_set_count(results, count);
}

static void build_write(struct pipe_write_results_builder results, enum flow_result result, uint32_t count)
{
	pipe_write_results_builder_set_outcome(results, outcome_of(result));
	pipe_write_results_builder_set_count(results, count);
}

/* A waiter's answer. False: it did not reach its caller, who is gone, or has no room for it. */
static bool complete(void *context, uint32_t waiter, const struct pipe_answer *answer)
{
	struct pipe_slot *slot = context;
	struct service_reply *reply = &slot->replies[waiter];

	const struct pipe_waiter *w = &slot->object.waiters[waiter];
	uint32_t bytes = w->asks ? 0 : answer->count;

	if (service_reply_begin(reply, RESULT_BYTES + bytes + 8, 0) != STATUS_OK)
		return false;
	if (w->asks)
		build_ready(pipe_readable_results_builder_root(&reply->results), answer->result,
			    answer->count);
	else if (w->end == PIPE_END_READ)
		build_read(pipe_read_results_builder_root(&reply->results), answer);
	else
		build_write(pipe_write_results_builder_root(&reply->results), answer->result, answer->count);
	return service_reply_send(reply) == STATUS_OK;
}

/* ---- Pipe ---- */

static enum status too_many(struct rpc_request *request)
{
	return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "too many wait at this pipe", nullptr);
}

/* Does one more find room to wait? */
static bool is_full(const struct pipe_slot *slot)
{
	const struct pipe_server *server = slot->server;
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < server->used; i++)
		for (uint32_t w = 0; w < PIPE_WAITERS; w++)
			waiting += server->slots[i].object.waiters[w].order != 0;
	return waiting >= PIPE_SERVER_WAITING;
}

static enum status read(void *self, struct rpc_request *request, struct pipe_read_params_reader params,
			struct pipe_read_results_builder results)
{
	struct pipe_slot *slot = ((struct pipe_face *)self)->slot;
	uint32_t max = pipe_read_params_reader_max(params),
		 room = (uint32_t)request->results.capacity * 8 - RESULT_BYTES;
	struct pipe_answer answer;
	uint32_t waiter;

	max = max < room ? max : room;
	if (pipe_object_read(&slot->object, max, &answer) != FLOW_WAIT ||
	    pipe_read_params_reader_now(params)) {
		build_read(results, &answer);
		if (!request->results.failed)
			pipe_object_take(&slot->object, answer.count);
		return STATUS_OK;
	}
	if (is_full(slot) || !pipe_object_wait_read(&slot->object, max, &waiter))
		return too_many(request);
	return service_defer(request, &slot->replies[waiter]);
}

static enum status write(void *self, struct rpc_request *request, struct pipe_write_params_reader params,
			 struct pipe_write_results_builder results)
{
	struct pipe_slot *slot = ((struct pipe_face *)self)->slot;
	struct msg_data bytes = pipe_write_params_reader_bytes(params);
	uint32_t count, waiter;
	enum flow_result result = pipe_object_write(&slot->object, bytes.ptr, bytes.len, &count);

	if (result != FLOW_WAIT || pipe_write_params_reader_now(params)) {
		build_write(results, result, count);
		return STATUS_OK;
	}
	if (is_full(slot) || !pipe_object_wait_write(&slot->object, bytes.ptr, bytes.len, &waiter))
		return too_many(request);
	return service_defer(request, &slot->replies[waiter]);
}

static enum status ready(struct pipe_slot *slot, enum pipe_ends end, bool wait, struct rpc_request *request,
			 struct pipe_readable_results_builder results)
{
	uint32_t count, waiter;
	enum flow_result result = pipe_object_ready(&slot->object, end, &count);

	if (result != FLOW_WAIT || !wait) {
		build_ready(results, result, count);
		return STATUS_OK;
	}
	if (is_full(slot) || !pipe_object_wait_ready(&slot->object, end, &waiter))
		return too_many(request);
	return service_defer(request, &slot->replies[waiter]);
}

static enum status readable(void *self, struct rpc_request *request,
			    struct pipe_readable_params_reader params,
			    struct pipe_readable_results_builder results)
{
	return ready(((struct pipe_face *)self)->slot, PIPE_END_READ,
		     pipe_readable_params_reader_wait(params), request, results);
}

static enum status writable(void *self, struct rpc_request *request,
			    struct pipe_writable_params_reader params,
			    struct pipe_writable_results_builder results)
{
	return ready(((struct pipe_face *)self)->slot, PIPE_END_WRITE,
		     pipe_writable_params_reader_wait(params), request,
		     (struct pipe_readable_results_builder){results.b});
}

static enum status close_read(void *self, struct rpc_request *request)
{
	(void)request;
	pipe_object_close(&((struct pipe_face *)self)->slot->object, PIPE_END_READ);
	return STATUS_OK;
}

static enum status close_write(void *self, struct rpc_request *request)
{
	(void)request;
	pipe_object_close(&((struct pipe_face *)self)->slot->object, PIPE_END_WRITE);
	return STATUS_OK;
}

/* ---- PipeFactory ---- */

/* A place whose pipe, if it had one, has no ends any more: nobody waits there. */
static struct pipe_slot *new_pipe(struct pipe_server *server)
{
	for (uint32_t i = 0; i < PIPE_SERVER_PIPES; i++) {
		struct pipe_slot *slot = &server->slots[i];

		if (i < server->used && ((slot->object.closed | slot->object.gone) != PIPE_END_BOTH ||
					 slot->generation == UINT32_MAX))
			continue; /* open, or used up */
		if (i == server->used) {
			server->used++;
			slot->generation = 0;
			slot->server = server;
		}
		slot->generation++;
		pipe_object_init(&slot->object, complete, slot);
		for (uint8_t ends = PIPE_END_READ; ends <= PIPE_END_BOTH; ends++)
			slot->faces[ends - 1] = (struct pipe_face){slot, (enum pipe_ends)ends};
		return slot;
	}
	return nullptr;
}

static int32_t mint(struct pipe_server *server, struct rpc_request *request, struct pipe_slot *slot,
		    enum pipe_ends ends)
{
	return rpc_request_mint_cap(request, server->templates[ends - 1], key_of(server, slot, ends));
}

static enum status create(void *self, struct rpc_request *request,
			  struct pipe_factory_create_results_builder results)
{
	struct pipe_slot *slot = request->caps_out_max < 2 ? nullptr : new_pipe(self);

	if (!slot)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no more pipes", nullptr);
	pipe_factory_create_results_builder_set_reader(results, mint(self, request, slot, PIPE_END_READ));
	pipe_factory_create_results_builder_set_writer(results, mint(self, request, slot, PIPE_END_WRITE));
	return STATUS_OK;
}

static enum status create_both(void *self, struct rpc_request *request,
			       struct pipe_factory_create_both_results_builder results)
{
	struct pipe_slot *slot = request->caps_out_max < 1 ? nullptr : new_pipe(self);

	if (!slot)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no more pipes", nullptr);
	pipe_factory_create_both_results_builder_set_pipe(results, mint(self, request, slot, PIPE_END_BOTH));
	return STATUS_OK;
}

/* ---- Notices ---- */

/* A facet of one end is minted once, so the first notice of its key is the last. */
static void released(void *context, uint64_t key, uint64_t mints)
{
	struct pipe_face *face = face_of(context, key);

	(void)mints;
	if (face)
		pipe_object_gone(&face->slot->object, face->ends);
}

static void cancelled(void *context, uint64_t token)
{
	struct pipe_server *server = context;

	for (uint32_t i = 0; i < server->used; i++) {
		for (uint32_t w = 0; w < PIPE_WAITERS; w++) {
			struct pipe_slot *slot = &server->slots[i];

			if (slot->object.waiters[w].order == 0 || slot->replies[w].token != token)
				continue;
			pipe_object_cancel(&slot->object, w);
			(void)!service_reply_raise(&slot->replies[w], EXCEPTION_TYPE_FAILED, "cancelled",
						   nullptr);
		}
	}
}

void pipe_server_options(struct pipe_server *server, struct service_options *options)
{
	static const struct pipe_server_ops pipe_ops = {.read = read,
							.write = write,
							.close_read = close_read,
							.close_write = close_write,
							.readable = readable,
							.writable = writable};
	static const struct pipe_factory_server_ops factory_ops = {.create = create,
								   .create_both = create_both};
	static const struct service_interface interfaces[] = {
		{&pipe_interface, &pipe_ops},
		{&pipe_factory_interface, &factory_ops},
	};

	options->interfaces = interfaces;
	options->interface_count = 2;
	options->context = server;
	options->object = object;
	options->released = released;
	options->cancelled = cancelled;
}

static enum status make_template(struct rpc_transport *t, cap_id endpoint, uint64_t methods, cap_id *out)
{
	struct endpoint_template_results_reader results;
	struct rpc_call call;
	struct endpoint_method_set_list_builder sets = endpoint_template_params_builder_init_interfaces(
		endpoint_template_begin(&call, t, endpoint), 1);
	struct endpoint_method_set_builder set = endpoint_method_set_list_builder_at(sets, 0);

	endpoint_method_set_builder_set_interface_id(set, PIPE_INTERFACE_ID);
	endpoint_method_set_builder_set_methods(set, methods);

	enum status status = endpoint_template_call(&call, &results);

	*out = status == STATUS_OK ? rpc_result_cap(&call, endpoint_template_results_reader_template(results))
				   : CAP_ID_NULL;
	rpc_end(&call);
	return status;
}

enum status pipe_server_init(struct pipe_server *server, struct rpc_transport *transport, cap_id endpoint)
{
	const uint64_t reader = 1ull << PIPE_READ | 1ull << PIPE_CLOSE_READ | 1ull << PIPE_READABLE;
	const uint64_t writer = 1ull << PIPE_WRITE | 1ull << PIPE_CLOSE_WRITE | 1ull << PIPE_WRITABLE;
	enum status status;

	server->used = 0;
	status = make_template(transport, endpoint, reader, &server->templates[PIPE_END_READ - 1]);
	if (status == STATUS_OK)
		status = make_template(transport, endpoint, writer, &server->templates[PIPE_END_WRITE - 1]);
	if (status == STATUS_OK)
		status = make_template(transport, endpoint, reader | writer,
				       &server->templates[PIPE_END_BOTH - 1]);
	return status;
}

void pipe_server_fini(struct pipe_server *server, struct rpc_transport *transport)
{
	for (uint32_t i = 0; i < 3; i++)
		ring_release(ring_of(transport), server->templates[i]);
}
