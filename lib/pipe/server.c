// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipe and PipeFactory over the service loop (pipe/server.h). */
#include <pipe/server.h>
#include <queue/order.h>
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

/* ---- Keys: generation, place + 1, ends; of lanes: a bit, generation, place ---- */

#define LANE_KEY (1ull << 63)

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

static struct pipe_lane *lane_of(struct pipe_server *server, uint64_t key)
{
	uint64_t place = key & UINT32_MAX;
	struct pipe_lane *lane = place < PIPE_SERVER_LANES ? &server->lanes[place] : nullptr;

	return lane && lane->slot && (LANE_KEY | (uint64_t)lane->generation << 32 | place) == key ? lane
												  : nullptr;
}

static void *object(void *context, uint64_t key)
{
	if (key & LANE_KEY)
		return lane_of(context, key);
	return key == PIPE_FACTORY_KEY ? context : face_of(context, key);
}

/* ---- Answers ---- */

static void copy_answer(uint8_t *to, const struct pipe_answer *answer)
{
	queue_copy(to, answer->first, answer->first_count);
	queue_copy(to + answer->first_count, answer->second, answer->count - answer->first_count);
}

static void build_read(struct pipe_read_results_builder results, const struct pipe_answer *answer)
{
	pipe_read_results_builder_set_outcome(results, outcome_of(answer->result));
	if (answer->count == 0)
		return;

	uint8_t *bytes = pipe_read_results_builder_init_bytes(results, answer->count);

	if (bytes)
		copy_answer(bytes, answer);
}

/* Of all methods but read: their results have one shape. */
static void build_count(struct pipe_write_results_builder results, enum flow_result result, uint32_t count)
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
	struct pipe_lane *lane = slot->lanes[waiter];
	bool reads = w->end == PIPE_END_READ && !w->asks, in_message = reads && !lane;

	if (service_reply_begin(reply, RESULT_BYTES + (in_message ? answer->count : 0) + 8, 0) != STATUS_OK)
		return false;
	if (reads && lane)
		copy_answer(lane->buffer.data, answer);
	if (in_message)
		build_read(pipe_read_results_builder_root(&reply->results), answer);
	else
		build_count(pipe_write_results_builder_root(&reply->results), answer->result, answer->count);
	return service_reply_send(reply) == STATUS_OK;
}

/* ---- Pipe ---- */

static enum status too_many(struct rpc_request *request)
{
	return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "too many wait at this pipe", nullptr);
}

/* Of so many, of which some are used, some of them by a session: may that have one more? */
static bool has_share(uint32_t limit, uint32_t used, uint32_t own)
{
	return used < limit && own < limit - used;
}

/* Does one more of that session find no room to wait? */
static bool is_full(const struct pipe_slot *slot, uint64_t session)
{
	const struct pipe_server *server = slot->server;
	uint32_t waiting = 0, own = 0;

	for (uint32_t i = 0; i < server->used; i++) {
		const struct pipe_slot *other = &server->slots[i];

		waiting += other->object.waiting;
		for (uint32_t w = 0; w < PIPE_WAITERS && other->object.waiting > 0; w++)
			own += other->object.waiters[w].order != 0 && other->sessions[w] == session;
	}
	return !has_share(PIPE_SERVER_WAITING, waiting, own);
}

static enum status defer(struct pipe_slot *slot, uint32_t waiter, struct pipe_lane *lane,
			 struct rpc_request *request)
{
	slot->lanes[waiter] = lane;
	slot->sessions[waiter] = request->call->session;
	return service_defer(request, &slot->replies[waiter]);
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
	if (is_full(slot, request->call->session) || !pipe_object_wait_read(&slot->object, max, &waiter))
		return too_many(request);
	return defer(slot, waiter, nullptr, request);
}

static enum status write_bytes(struct pipe_slot *slot, struct pipe_bytes bytes, bool now,
			       struct pipe_lane *lane, struct rpc_request *request,
			       struct pipe_write_results_builder results)
{
	uint32_t count, waiter;
	enum flow_result result = pipe_object_write(&slot->object, bytes, &count);

	if (result != FLOW_WAIT || now) {
		build_count(results, result, count);
		return STATUS_OK;
	}
	if (is_full(slot, request->call->session) || !pipe_object_wait_write(&slot->object, bytes, &waiter))
		return too_many(request);
	return defer(slot, waiter, lane, request);
}

static enum status write(void *self, struct rpc_request *request, struct pipe_write_params_reader params,
			 struct pipe_write_results_builder results)
{
	struct msg_data bytes = pipe_write_params_reader_bytes(params);

	return write_bytes(((struct pipe_face *)self)->slot,
			   (struct pipe_bytes){.bytes = bytes.ptr,
					       .len = bytes.len,
					       .whole = pipe_write_params_reader_whole(params)},
			   pipe_write_params_reader_now(params), nullptr, request, results);
}

static enum status ready(struct pipe_slot *slot, enum pipe_ends end, bool wait, struct rpc_request *request,
			 struct pipe_write_results_builder results)
{
	uint32_t count, waiter;
	enum flow_result result = pipe_object_ready(&slot->object, end, &count);

	if (result != FLOW_WAIT || !wait) {
		build_count(results, result, count);
		return STATUS_OK;
	}
	if (is_full(slot, request->call->session) || !pipe_object_wait_ready(&slot->object, end, &waiter))
		return too_many(request);
	return defer(slot, waiter, nullptr, request);
}

static enum status readable(void *self, struct rpc_request *request,
			    struct pipe_readable_params_reader params,
			    struct pipe_readable_results_builder results)
{
	return ready(((struct pipe_face *)self)->slot, PIPE_END_READ,
		     pipe_readable_params_reader_wait(params), request,
		     (struct pipe_write_results_builder){results.b});
}

static enum status writable(void *self, struct rpc_request *request,
			    struct pipe_writable_params_reader params,
			    struct pipe_writable_results_builder results)
{
	return ready(((struct pipe_face *)self)->slot, PIPE_END_WRITE,
		     pipe_writable_params_reader_wait(params), request,
		     (struct pipe_write_results_builder){results.b});
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

/* ---- Lanes ---- */

static struct pipe_lane *new_lane(struct pipe_server *server, uint64_t session)
{
	struct pipe_lane *free = nullptr;
	uint32_t used = 0, own = 0;

	for (uint32_t i = 0; i < PIPE_SERVER_LANES; i++) {
		struct pipe_lane *lane = &server->lanes[i];

		used += lane->slot != nullptr;
		own += lane->slot && lane->session == session;
		if (!lane->slot && lane->generation < INT32_MAX)
			free = lane;
	}
	return has_share(PIPE_SERVER_LANES, used, own) ? free : nullptr;
}

/* Room for a capability is checked first: what was minted is then there to be released. */
static enum status open_lane(struct pipe_face *face, enum pipe_ends end, int32_t memory,
			     struct rpc_request *request, int32_t *minted)
{
	struct pipe_server *server = face->slot->server;
	struct pipe_lane *lane = new_lane(server, request->call->session);
	enum status status;

	if (!server->lane_template.raw)
		return rpc_raise(request, EXCEPTION_TYPE_UNIMPLEMENTED, "no memory is shared here", nullptr);
	if (!lane || request->caps_out_max < 1)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no more buffered ends", nullptr);
	status = shared_buffer_take(&lane->buffer, server->transport, server->space, server->manager,
				    rpc_request_cap(request, memory),
				    end == PIPE_END_READ ? SHARED_BUFFER_WRITE : SHARED_BUFFER_READ,
				    PIPE_BUFFER);
	if (status == STATUS_NO_QUOTA || status == STATUS_NO_MEMORY)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no memory", nullptr);
	if (status != STATUS_OK)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
				 "not a shared buffer of at most 64 KiB, not revocable", "buffer");
	lane->slot = face->slot;
	lane->session = request->call->session;
	lane->slot_generation = face->slot->generation;
	lane->end = end;
	lane->generation++;
	*minted = rpc_request_mint_cap(request, server->lane_template,
				       LANE_KEY | (uint64_t)lane->generation << 32 |
					       (uint64_t)(lane - server->lanes));
	return STATUS_OK;
}

static enum status read_into(void *self, struct rpc_request *request,
			     struct pipe_read_into_params_reader params,
			     struct pipe_read_into_results_builder results)
{
	int32_t minted = -1;
	enum status status = open_lane(
		self, PIPE_END_READ, shared_buffer_reader_memory(pipe_read_into_params_reader_buffer(params)),
		request, &minted);

	if (status == STATUS_OK)
		pipe_read_into_results_builder_set_pipe(results, minted);
	return status;
}

static enum status write_from(void *self, struct rpc_request *request,
			      struct pipe_write_from_params_reader params,
			      struct pipe_write_from_results_builder results)
{
	int32_t minted = -1;
	enum status status = open_lane(
		self, PIPE_END_WRITE,
		shared_buffer_reader_memory(pipe_write_from_params_reader_buffer(params)), request, &minted);

	if (status == STATUS_OK)
		pipe_write_from_results_builder_set_pipe(results, minted);
	return status;
}

static enum status read_lane(struct pipe_lane *lane, uint32_t max, bool now, struct rpc_request *request,
			     struct pipe_write_results_builder results)
{
	struct pipe_slot *slot = lane->slot;
	struct pipe_answer answer;
	enum flow_result result = pipe_object_read(&slot->object, max, &answer);
	uint32_t waiter;

	if (result != FLOW_WAIT || now) {
		copy_answer(lane->buffer.data, &answer);
		build_count(results, result, answer.count);
		pipe_object_take(&slot->object, answer.count);
		return STATUS_OK;
	}
	if (is_full(slot, request->call->session) || !pipe_object_wait_read(&slot->object, max, &waiter))
		return too_many(request);
	return defer(slot, waiter, lane, request);
}

static enum status move(void *self, struct rpc_request *request,
			struct buffered_pipe_move_params_reader params,
			struct buffered_pipe_move_results_builder results)
{
	struct pipe_lane *lane = self;
	const struct pipe_bytes bytes = {.bytes = lane->buffer.data,
					 .len = buffered_pipe_move_params_reader_count(params),
					 .whole = buffered_pipe_move_params_reader_whole(params),
					 .lent = true};
	const struct pipe_write_results_builder same = {results.b};
	bool now = buffered_pipe_move_params_reader_now(params);

	if (!shared_buffer_range(&lane->buffer, 0, bytes.len))
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "the buffer is shorter", "count");
	if (lane->slot->generation != lane->slot_generation)
		return rpc_raise(request, EXCEPTION_TYPE_DISCONNECTED, "the pipe is gone", nullptr);
	if (lane->end == PIPE_END_READ)
		return read_lane(lane, bytes.len, now, request, same);
	return write_bytes(lane->slot, bytes, now, lane, request, same);
}

/* Who still waits with it gave it up: nobody reads or writes there any more. */
static void close_lane(struct pipe_lane *lane)
{
	struct pipe_slot *slot = lane->slot;

	for (uint32_t w = 0; w < PIPE_WAITERS; w++) {
		if (slot->object.waiters[w].order == 0 || slot->lanes[w] != lane)
			continue;
		pipe_object_cancel(&slot->object, w);
		(void)!service_reply_raise(&slot->replies[w], EXCEPTION_TYPE_DISCONNECTED,
					   "the buffer was given up", nullptr);
	}
	shared_buffer_detach(&lane->buffer);
	lane->slot = nullptr;
}

/* ---- PipeFactory ---- */

/* A pipe without ends is none any more: nobody waits there. */
static bool is_over(const struct pipe_slot *slot)
{
	return (slot->object.closed | slot->object.gone) == PIPE_END_BOTH;
}

/* A place whose pipe, if it had one, is over. */
static struct pipe_slot *free_slot(struct pipe_server *server, uint64_t session)
{
	struct pipe_slot *free = nullptr;
	uint32_t used = 0, own = 0;

	for (uint32_t i = 0; i < server->used; i++) {
		struct pipe_slot *slot = &server->slots[i];

		used += !is_over(slot);
		own += !is_over(slot) && slot->session == session;
		if (!free && is_over(slot) && slot->generation < INT32_MAX)
			free = slot;
	}
	if (!has_share(PIPE_SERVER_PIPES, used, own))
		return nullptr;
	if (!free && server->used < PIPE_SERVER_PIPES) {
		free = &server->slots[server->used++];
		free->generation = 0;
		free->server = server;
	}
	return free;
}

static struct pipe_slot *new_pipe(struct pipe_server *server, uint64_t session)
{
	struct pipe_slot *slot = free_slot(server, session);

	if (!slot)
		return nullptr;
	slot->generation++;
	slot->session = session;
	pipe_object_init(&slot->object, complete, slot);
	for (uint8_t ends = PIPE_END_READ; ends <= PIPE_END_BOTH; ends++)
		slot->faces[ends - 1] = (struct pipe_face){slot, (enum pipe_ends)ends};
	return slot;
}

static int32_t mint(struct pipe_server *server, struct rpc_request *request, struct pipe_slot *slot,
		    enum pipe_ends ends)
{
	return rpc_request_mint_cap(request, server->templates[ends - 1], key_of(server, slot, ends));
}

static enum status create(void *self, struct rpc_request *request,
			  struct pipe_factory_create_results_builder results)
{
	struct pipe_slot *slot = request->caps_out_max < 2 ? nullptr : new_pipe(self, request->call->session);

	if (!slot)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no more pipes", nullptr);
	pipe_factory_create_results_builder_set_reader(results, mint(self, request, slot, PIPE_END_READ));
	pipe_factory_create_results_builder_set_writer(results, mint(self, request, slot, PIPE_END_WRITE));
	return STATUS_OK;
}

static enum status create_both(void *self, struct rpc_request *request,
			       struct pipe_factory_create_both_results_builder results)
{
	struct pipe_slot *slot = request->caps_out_max < 1 ? nullptr : new_pipe(self, request->call->session);

	if (!slot)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no more pipes", nullptr);
	pipe_factory_create_both_results_builder_set_pipe(results, mint(self, request, slot, PIPE_END_BOTH));
	return STATUS_OK;
}

/* ---- Notices ---- */

/* A facet of one end is minted once, so the first notice of its key is the last. */
static void released(void *context, uint64_t key, uint64_t mints)
{
	struct pipe_lane *lane = key & LANE_KEY ? lane_of(context, key) : nullptr;
	struct pipe_face *face = key & LANE_KEY ? nullptr : face_of(context, key);

	(void)mints;
	if (lane)
		close_lane(lane);
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

static const struct pipe_server_ops pipe_ops = {
	.read = read,
	.write = write,
	.close_read = close_read,
	.close_write = close_write,
	.readable = readable,
	.writable = writable,
	.read_into = read_into,
	.write_from = write_from,
};
static const struct buffered_pipe_server_ops buffered_pipe_ops = {.move = move};
static const struct pipe_factory_server_ops factory_ops = {.create = create, .create_both = create_both};

PIPE_BIND(pipe, pipe_ops);
BUFFERED_PIPE_BIND(buffered_pipe, buffered_pipe_ops);
PIPE_FACTORY_BIND(factory, factory_ops);

void pipe_server_options(struct pipe_server *server, struct service_options *options)
{
	static const struct service_interface interfaces[] = {
		{&pipe_interface, &pipe_ops},
		{&buffered_pipe_interface, &buffered_pipe_ops},
		{&pipe_factory_interface, &factory_ops},
	};
	static rpc_method_fn *const *const bound[] = {pipe_bound, buffered_pipe_bound, factory_bound};

	options->interfaces = interfaces;
	options->interface_count = sizeof(interfaces) / sizeof(interfaces[0]);
	options->bound = bound;
	options->context = server;
	options->object = object;
	options->released = released;
	options->cancelled = cancelled;
}

enum status pipe_server_init(struct pipe_server *server, struct rpc_transport *transport, cap_id endpoint,
			     cap_id space, cap_id manager)
{
	const uint64_t reader = 1ull << PIPE_READ | 1ull << PIPE_CLOSE_READ | 1ull << PIPE_READABLE |
				1ull << PIPE_READ_INTO;
	const uint64_t writer = 1ull << PIPE_WRITE | 1ull << PIPE_CLOSE_WRITE | 1ull << PIPE_WRITABLE |
				1ull << PIPE_WRITE_FROM;
	const uint64_t methods[] = {reader, writer, reader | writer};
	enum status status = STATUS_OK;

	server->used = 0;
	server->transport = transport;
	server->space = space;
	server->manager = manager;
	for (uint32_t i = 0; i < 3 && status == STATUS_OK; i++)
		status = service_template(transport, endpoint, PIPE_INTERFACE_ID, methods[i],
					  &server->templates[i]);
	if (status == STATUS_OK && space.raw && manager.raw)
		status = service_template(transport, endpoint, BUFFERED_PIPE_INTERFACE_ID, UINT64_MAX,
					  &server->lane_template);
	return status;
}

void pipe_server_fini(struct pipe_server *server, struct rpc_transport *transport)
{
	for (uint32_t i = 0; i < 3; i++)
		ring_release(ring_of(transport), server->templates[i]);
	ring_release(ring_of(transport), server->lane_template);
}
