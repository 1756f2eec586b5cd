// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The service loop.
 *
 * States: IDLE (no RECV posted) -> RECEIVING (RECV or RETURN_RECV posted) -> RECEIVED (its completion was dispatched)
 * -> handle: the method runs with no RECV posted, and its answer is the next RETURN_RECV -> RECEIVING.
 *
 * A RETURN_RECV that fails leaves open whether its RETURN was refused or its RECV failed. The call's token tells:
 * answering it once more, with an exception, works exactly if it is still open.
 */
#include <runtime/runtime.h>
#include <runtime/service.h>

#include "ring_private.h"

static inline uint8_t *arena_at(const struct service *s, uint32_t offset)
{
	return s->ring->transport.arena + offset;
}

static void received(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct service *s = (struct service *)(void *)op;

	s->received = *cqe;
	s->state = SERVICE_RECEIVED;
}

static void post_receive(struct service *s)
{
	s->returning = 0;
	s->state = SERVICE_RECEIVING;
	s->posted = ring_submit(s->ring,
				&(struct cap_sqe){
					.op = CAP_OP_RECV,
					.target = s->endpoint.raw,
					.buf_off = s->in_off,
					.buf_len = s->in_len,
					.buf_caps = s->options.max_caps,
				},
				&s->receive);
}

/* Answers a call and, unless the loop ends, receives the next. */
static void post_return(struct service *s, const struct rpc_request *request, bool exception)
{
	uint16_t caps = exception ? 0 : request->caps_out_len;
	struct cap_sqe *sqe = ring_slot(s->ring, &s->posted);

	*sqe = (struct cap_sqe){
		.op = CAP_OP_RETURN_RECV,
		.flags = exception ? CAP_SQE_IS_EXCEPTION : 0,
		.target = request->token,
		.interface_id = s->endpoint.raw,
		.user_data = ring_op_data(&s->receive),
		.msg_off = s->out_off,
		.msg_len = (uint32_t)msg_builder_size(&request->results),
		.buf_off = s->in_off,
		.buf_len = s->in_len,
		.caps_off = caps ? s->out_caps_off : 0,
		.caps_len = caps,
		.buf_caps = s->options.max_caps,
	};
	if (__builtin_expect(s->stopping, 0)) {
		sqe->op = CAP_OP_RETURN;
		sqe->interface_id = 0;
		sqe->buf_off = sqe->buf_len = sqe->buf_caps = 0;
		s->plain = true;
	}
	s->returning = request->token;
	s->state = SERVICE_RECEIVING;
}

static enum status return_exception(struct service *s, uint64_t token, struct msg_builder *b, uint32_t offset)
{
	struct cap_cqe cqe = ring_do(s->ring, &(struct cap_sqe){
						      .op = CAP_OP_RETURN,
						      .flags = CAP_SQE_IS_EXCEPTION,
						      .target = token,
						      .msg_off = offset,
						      .msg_len = (uint32_t)msg_builder_size(b),
					      });
	return (enum status)cqe.status;
}

/* ---- One received call ---- */

static enum status dispatch(const struct service *s, struct rpc_request *request)
{
	const struct service_options *o = &s->options;
	void *self = o->object ? o->object(o->context, request->key) : o->context;

	if (o->object && !self)
		return rpc_raise(request, EXCEPTION_TYPE_DISCONNECTED, "no such object", nullptr);
	for (uint32_t i = 0; i < o->interface_count; i++) {
		const struct rpc_interface *interface = o->interfaces[i].interface;

		if (interface->id == request->interface_id ||
		    rpc_interface_find(interface, request->interface_id))
			return interface->dispatch(o->interfaces[i].ops, self, request);
	}
	return rpc_raise(request, EXCEPTION_TYPE_UNIMPLEMENTED, "interface", nullptr);
}

/* What the caller's buffer takes, less the room for ids; an exception always fits. */
static uint32_t results_limit(const struct service *s, const struct cap_call_header *header)
{
	uint32_t ids = header->buf_caps * 8u;
	uint32_t room = header->buf_len >= ids + RPC_EXCEPTION_BYTES ? header->buf_len - ids
								     : header->buf_len;

	return room < s->out_len ? room : s->out_len;
}

static void release_received(struct service *s, const uint64_t *ids, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!(s->kept >> i & 1))
			ring_release(s->ring, (cap_id){ids[i]});
	}
}

static void handle_call(struct service *s)
{
	const struct cap_call_header *header = (const void *)arena_at(s, s->in_off);
	const uint8_t *message = (const uint8_t *)(header + 1);
	const uint64_t *ids = (const void *)(message + ((header->msg_len + 7) & ~7u));
	uint16_t max_caps = header->buf_caps < SERVICE_REPLY_CAPS ? header->buf_caps : SERVICE_REPLY_CAPS;
	__attribute__((uninitialized)) uint64_t copied[CAP_MESSAGE_MAX_CAPS];
	uint16_t caps = header->caps < CAP_MESSAGE_MAX_CAPS ? header->caps : CAP_MESSAGE_MAX_CAPS;
	__attribute__((uninitialized)) struct rpc_request request; /* init sets it all */

	rpc_request_init(&request, header->interface_id, header->method, message, header->msg_len,
			 arena_at(s, s->out_off), results_limit(s, header));
	rpc_request_set_caps(&request, ids, caps, (struct cap_desc *)(void *)arena_at(s, s->out_caps_off),
			     max_caps);
	request.key = header->key;
	request.session = header->session;
	request.deadline_ns = header->deadline_ns;
	request.token = s->received.token;
	request.side = s;
	s->kept = 0;
	/* The ids lie where the next call will go. */
	for (uint32_t i = 0; i < caps; i++)
		copied[i] = ids[i];

	enum status status = dispatch(s, &request);

	if (status != STATUS_OK && status != STATUS_EXCEPTION && status != RPC_DEFERRED)
		status = rpc_raise(&request, EXCEPTION_TYPE_FAILED, "the service could not do it", nullptr);
	if (status == RPC_DEFERRED)
		s->state = SERVICE_IDLE;
	else
		post_return(s, &request, status == STATUS_EXCEPTION);
	/* Behind the answer, which may name them. */
	release_received(s, copied, caps);
}

static void handle_notice(struct service *s)
{
	const struct cap_call_header *header = (const void *)arena_at(s, s->in_off);
	uint64_t key = header->key, mints = header->mints;

	s->state = SERVICE_IDLE;
	if (s->received.flags & CAP_CQE_KIND_RELEASED) {
		if (s->options.released)
			s->options.released(s->options.context, key, mints);
	} else if (s->options.cancelled) {
		s->options.cancelled(s->options.context, s->received.token);
	}
}

/* The status that ends the loop, or OK if it was an answer that was refused and is dealt with. */
static enum status handle_failure(struct service *s)
{
	enum status status = (enum status)s->received.status;
	uint64_t token = s->returning;
	struct msg_builder b;

	s->state = SERVICE_IDLE;
	s->returning = 0;
	s->plain = false;
	if (token == 0)
		return status;
	msg_builder_init(&b, arena_at(s, s->out_off), s->out_len);
	rpc_exception_build(&b, EXCEPTION_TYPE_FAILED, "the answer could not be delivered", nullptr);
	return return_exception(s, token, &b, s->out_off) == STATUS_OK ? STATUS_OK : status;
}

static enum status handle(struct service *s)
{
	if (s->received.status != STATUS_OK)
		return handle_failure(s);
	if (s->plain) {
		s->plain = false;
		s->state = SERVICE_IDLE;
	} else if (s->received.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)) {
		handle_notice(s);
	} else {
		handle_call(s);
	}
	return STATUS_OK;
}

/* ---- The loop ---- */

enum status service_step(struct service *s, uint64_t deadline_ns)
{
	if (s->state == SERVICE_IDLE)
		post_receive(s);
	if (s->state == SERVICE_RECEIVING) {
		ring_wait(s->ring, deadline_ns);
		if (s->options.idle)
			s->options.idle(s->options.context);
	}
	return s->state == SERVICE_RECEIVED ? handle(s) : STATUS_OK;
}

/* Takes back a posted RECV; a call that it had received before is served. */
static void finish(struct service *s)
{
	if (s->state == SERVICE_RECEIVING && !s->plain)
		ring_submit(
			s->ring,
			&(struct cap_sqe){.op = CAP_OP_CANCEL, .flags = CAP_SQE_QUIET, .target = s->posted},
			nullptr);
	while (s->state != SERVICE_IDLE) {
		while (s->state == SERVICE_RECEIVING)
			ring_wait(s->ring, 0);
		(void)handle(s);
	}
}

enum status service_run(struct service *s)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !s->stopping)
		status = service_step(s, 0);
	if (status == STATUS_OK)
		finish(s);
	return status;
}

void service_stop(struct service *s)
{
	s->stopping = true;
}

cap_id service_keep(struct rpc_request *request, int32_t index)
{
	struct service *s = request->side;
	cap_id id = rpc_request_cap(request, index);

	if (id.raw)
		s->kept |= 1u << (unsigned)index;
	return id;
}

static uint32_t round_up(uint32_t bytes)
{
	return (bytes + 7) & ~7u;
}

enum status service_init(struct service *s, struct ring_client *ring, cap_id endpoint,
			 const struct service_options *options)
{
	struct runtime_grant grant;

	*s = (struct service){.ring = ring, .endpoint = endpoint, .options = *options};
	s->receive.complete = received;
	if (s->options.max_message == 0 && runtime_grant_of(endpoint, &grant)) {
		s->options.max_message = grant.max_message;
		s->options.max_caps = grant.max_caps;
	}
	if (s->options.max_message == 0) {
		s->options.max_message = SERVICE_DEFAULT_MESSAGE;
		s->options.max_caps = SERVICE_DEFAULT_CAPS;
	}
	if (s->options.max_reply < RPC_EXCEPTION_BYTES)
		s->options.max_reply = SERVICE_DEFAULT_REPLY;
	if (s->options.max_message > CAP_MAX_MESSAGE || s->options.max_reply > CAP_MAX_MESSAGE ||
	    s->options.max_caps > CAP_MESSAGE_MAX_CAPS)
		return STATUS_TOO_LARGE;
	s->in_len = (uint32_t)sizeof(struct cap_call_header) + round_up(s->options.max_message) +
		    s->options.max_caps * 8u;
	s->out_len = round_up(s->options.max_reply);

	uint32_t caps_len = SERVICE_REPLY_CAPS * (uint32_t)sizeof(struct cap_desc);
	uint32_t block = rpc_arena_alloc(&ring->transport, 8 + s->in_len + s->out_len + caps_len);

	if (block == RPC_NO_BLOCK)
		return STATUS_TOO_LARGE;
	s->in_off = block + 8;
	s->out_off = s->in_off + s->in_len;
	s->out_caps_off = s->out_off + s->out_len;
	return STATUS_OK;
}
