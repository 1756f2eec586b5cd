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
#include <stddef.h>

#include "ring_private.h"

static void received(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct service *s = (struct service *)(void *)op;

	s->received = *cqe;
	s->state = SERVICE_RECEIVED;
}

/* What a call brought along. */
static inline void take_released(struct service *s)
{
	if (s->options.released)
		s->options.released(s->options.context, s->in->mints, s->in->released);
}

static void post_receive(struct service *s)
{
	struct rpc_transport *t = &s->ring->transport;

	*rpc_slot(t) = s->listen;
	s->posted = rpc_submit(t);
	s->request.token = 0;
	s->state = SERVICE_RECEIVING;
}

/* The submission that answers the call with what was built, and receives the next. */
static inline struct cap_sqe *begin_answer(struct service *s)
{
	struct cap_sqe *sqe = rpc_slot(&s->ring->transport);

	*sqe = s->answer;
	sqe->target = s->request.token;
	sqe->msg_len = (uint32_t)msg_builder_size(&s->request.results);
	return sqe;
}

static inline void post_answer(struct service *s)
{
	s->posted = rpc_submit(&s->ring->transport);
	s->state = SERVICE_RECEIVING;
}

/* The same with capabilities, or with an exception, or without receiving another one. */
static void post_special_answer(struct service *s, bool exception)
{
	struct cap_sqe *sqe = begin_answer(s);

	if (exception) {
		sqe->flags |= CAP_SQE_IS_EXCEPTION;
	} else if (s->request.caps_out_len > 0) {
		sqe->caps_len = s->request.caps_out_len;
		sqe->caps_off = s->caps_off;
	}
	if (s->stopping) {
		sqe->op = CAP_OP_RETURN;
		sqe->flags &= (uint8_t)~CAP_SQE_NOTICES;
		sqe->interface_id = 0;
		sqe->buf_off = sqe->buf_len = sqe->buf_caps = 0;
		s->plain = true;
	}
	post_answer(s);
}

/* ---- One received call ---- */

[[gnu::noinline]] static enum status dispatch_any(struct service *s, struct rpc_request *request, void *self)
{
	const struct service_options *o = &s->options;

	for (uint32_t i = 0; i < o->interface_count; i++) {
		const struct service_interface *served = &o->interfaces[i];
		const struct rpc_interface *interface = served->interface;

		if (o->bound && interface->id == request->interface_id &&
		    request->method < interface->method_count) {
			s->bound = o->bound[i]; /* the next call is most often one of the same */
			s->bound_id = interface->id;
			s->bound_count = interface->method_count;
			return s->bound[request->method](self, request);
		}
	}
	for (uint32_t i = 0; i < o->interface_count; i++) {
		const struct service_interface *served = &o->interfaces[i];

		if (rpc_interface_find(served->interface, request->interface_id))
			return served->interface->dispatch(served->ops, self, request);
	}
	return rpc_raise(request, EXCEPTION_TYPE_UNIMPLEMENTED, "interface", nullptr);
}

static inline enum status dispatch(struct service *s, struct rpc_request *request)
{
	const struct service_options *o = &s->options;
	void *self = o->context;

	if (o->object && !(self = o->object(o->context, request->key)))
		return rpc_raise(request, EXCEPTION_TYPE_DISCONNECTED, "no such object", nullptr);
	if (__builtin_expect(request->interface_id == s->bound_id && request->method < s->bound_count, 1))
		return s->bound[request->method](self, request);
	return dispatch_any(s, request, self);
}

/* Calls that the method makes end with the one that it serves. */
static inline enum status run_method(struct service *s)
{
	struct rpc_transport *t = &s->ring->transport;

	t->deadline_ns = s->request.deadline_ns;
	enum status status = dispatch(s, &s->request);
	t->deadline_ns = 0;
	return status;
}

/* What the caller's buffer takes, less the room for ids; an exception always fits. */
static inline uint32_t results_limit(const struct service *s, const struct cap_call_header *header)
{
	uint32_t room = header->buf_len;

	if (__builtin_expect(header->buf_caps > 0, 0)) {
		uint32_t ids = header->buf_caps * 8u;

		room = room >= ids + RPC_EXCEPTION_BYTES ? room - ids : room;
	}
	return room < s->max_results ? room : s->max_results;
}

/* Sets what differs from call to call; service_init has set the rest. */
static inline void open_request(struct service *s, uint64_t token)
{
	const struct cap_call_header *header = s->in;
	struct rpc_request *r = &s->request;
	uint32_t words = header->msg_len / 8;

	/* interface_id, key, session and deadline lie in both in this order. */
	static_assert(offsetof(struct rpc_request, interface_id) == 0 &&
		      offsetof(struct rpc_request, deadline_ns) ==
			      offsetof(struct cap_call_header, deadline_ns));
	__builtin_memcpy(r, header, offsetof(struct cap_call_header, buf_len));
	r->token = token;
	r->method = header->method;
	r->caps_in_len = header->caps;
	r->caps_out_len = 0;
	r->caps_out_max = header->buf_caps < SERVICE_REPLY_CAPS ? header->buf_caps : SERVICE_REPLY_CAPS;
	r->params.words = words;
	r->params.budget = words * MSG_TRAVERSAL;
	r->params.caps = header->caps;
	r->params.malformed = words == 0;
	r->results.words = 0;
	r->results.capacity = results_limit(s, header) / 8;
	r->results.failed = false;
}

/* What was to go with a refused answer: facets that nobody ever had, and what a method had given up. */
static void withdraw_caps(struct service *s)
{
	for (uint32_t i = 0; i < s->request.caps_out_len; i++) {
		const struct cap_desc *desc = &s->request.caps_out[i];

		if (desc->kind == CAP_DESC_MOVE)
			ring_release(s->ring, (cap_id){desc->id});
		else if (desc->kind == CAP_DESC_MINT && s->options.released)
			s->options.released(s->options.context, desc->path_or_key, 1);
	}
}

[[gnu::noinline]] static void answer_specially(struct service *s, enum status status)
{
	if (status == RPC_DEFERRED) {
		s->state = SERVICE_IDLE;
		return;
	}
	if (status != STATUS_OK && status != STATUS_EXCEPTION) {
		withdraw_caps(s);
		status = rpc_raise(&s->request, EXCEPTION_TYPE_FAILED, "the service could not do it",
				   nullptr);
	}
	post_special_answer(s, status == STATUS_EXCEPTION);
}

static inline void answer(struct service *s, enum status status)
{
	if (__builtin_expect(status != STATUS_OK || s->request.caps_out_len > 0 || s->stopping, 0)) {
		answer_specially(s, status);
	} else {
		(void)begin_answer(s);
		post_answer(s);
	}
}

/* Some stay, or the answer comes later. The ids lie where the next call will go; they are released behind the answer, which may name
 * them. */
[[gnu::noinline]] static void answer_keeping(struct service *s, enum status status)
{
	uint64_t ids[CAP_MESSAGE_MAX_CAPS];
	uint32_t count = s->request.caps_in_len < CAP_MESSAGE_MAX_CAPS ? s->request.caps_in_len
								       : CAP_MESSAGE_MAX_CAPS;

	for (uint32_t i = 0; i < count; i++)
		ids[i] = s->request.caps_in[i];
	answer(s, status);
	for (uint32_t i = 0; i < count; i++)
		if (!(s->kept >> i & 1))
			ring_release(s->ring, (cap_id){ids[i]});
}

/* The same with capabilities. The answer drops them, unless the method keeps some. */
[[gnu::noinline]] static void handle_call_with_caps(struct service *s)
{
	s->kept = 0;
	s->request.caps_in = (const void *)((const uint8_t *)(s->in + 1) + ((s->in->msg_len + 7) & ~7u));

	enum status status = run_method(s);

	if (__builtin_expect(s->kept != 0 || status == RPC_DEFERRED, 0)) {
		answer_keeping(s, status);
		return;
	}
	s->answer.flags |= CAP_SQE_RELEASE_CAPS;
	answer(s, status);
	s->answer.flags &= (uint8_t)~CAP_SQE_RELEASE_CAPS;
}

[[gnu::always_inline]] static inline void handle_call(struct service *s, uint64_t token)
{
	open_request(s, token);
	if (__builtin_expect(s->request.caps_in_len > 0, 0))
		handle_call_with_caps(s);
	else
		answer(s, run_method(s));
}

static void handle_notice(struct service *s)
{
	uint64_t key = s->in->key, mints = s->in->mints;

	s->state = SERVICE_IDLE;
	if (s->received.flags & CAP_CQE_KIND_RELEASED) {
		if (s->options.released)
			s->options.released(s->options.context, key, mints);
	} else if (s->options.cancelled) {
		s->options.cancelled(s->options.context, s->received.token);
	}
}

/* Answers the call once more, with an exception: OK exactly if it was still open. */
static enum status return_exception(struct service *s, uint64_t token)
{
	struct msg_builder *b = &s->request.results;

	b->words = 0;
	b->capacity = RPC_EXCEPTION_BYTES / 8;
	b->failed = false;
	rpc_exception_build(b, EXCEPTION_TYPE_FAILED, "the answer could not be delivered", nullptr);
	return (enum status)ring_do(
		       s->ring,
		       &(struct cap_sqe){
			       .op = CAP_OP_RETURN,
			       .flags = CAP_SQE_IS_EXCEPTION | (s->kept == 0 ? CAP_SQE_RELEASE_CAPS : 0),
			       .target = token,
			       .msg_off = s->answer.msg_off,
			       .msg_len = (uint32_t)msg_builder_size(b),
		       })
		.status;
}

/* The status that ends the loop, or OK if it was an answer that was refused and is dealt with. */
static enum status handle_failure(struct service *s)
{
	enum status status = (enum status)s->received.status;
	uint64_t token = s->request.token;

	s->state = SERVICE_IDLE;
	s->request.token = 0;
	s->plain = false;
	if (token == 0 || return_exception(s, token) != STATUS_OK)
		return status;
	withdraw_caps(s);
	return STATUS_OK;
}

[[gnu::noinline]] static enum status handle(struct service *s)
{
	if (s->received.status != STATUS_OK)
		return handle_failure(s);
	if (s->plain) {
		s->plain = false;
		s->state = SERVICE_IDLE;
	} else if (s->received.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)) {
		handle_notice(s);
	} else {
		uint64_t token = s->received.token;
		if (s->received.flags & CAP_CQE_RELEASED_TOO)
			take_released(s);
		handle_call(s, token);
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

/* A RETURN_RECV or RECV is posted, nobody stops us or wants to look after each entry. */
static inline bool is_usual(const struct service *s)
{
	static_assert(offsetof(struct service, watched) == offsetof(struct service, state) + 3);
	return msg_load32((const uint8_t *)&s->state) == SERVICE_RECEIVING; /* the first byte is the lowest */
}

/*
 * The usual turns in one piece: what completes is our RECV, alone, with a call. Until it is something else: that is dispatched then
 * (service_step does not wait if our completion was among it), or an op's function stopped us.
 */
static void run_usual(struct service *s)
{
	struct ring_client *ring = s->ring;

	while (is_usual(s)) {
		ring_enter(ring, 1, 0);

		const struct cap_cqe *cqe = ring_reap_only(ring, ring_op_data(&s->receive));

		if (__builtin_expect(!cqe, 0)) {
			ring_dispatch(ring);
			return;
		}
		if (__builtin_expect(cqe->status != STATUS_OK || (cqe->flags & ~CAP_CQE_RELEASED_TOO) != 0,
				     0)) {
			received(&s->receive, cqe);
			return;
		}
		uint64_t token = cqe->token;
		if (cqe->flags != 0)
			take_released(s);
		handle_call(s, token);
	}
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

[[gnu::hot]] enum status service_run(struct service *s)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !s->stopping) {
		run_usual(s);
		if (!s->stopping)
			status = service_step(s, 0);
	}
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

static enum status take_limits(struct service_options *o, cap_id endpoint)
{
	struct runtime_grant grant;

	if (o->max_message == 0 && runtime_grant_of(endpoint, &grant)) {
		o->max_message = grant.max_message;
		o->max_caps = grant.max_caps;
	}
	if (o->max_message == 0) {
		o->max_message = SERVICE_DEFAULT_MESSAGE;
		o->max_caps = SERVICE_DEFAULT_CAPS;
	}
	if (o->max_reply < RPC_EXCEPTION_BYTES)
		o->max_reply = SERVICE_DEFAULT_REPLY;
	return o->max_message <= CAP_MAX_MESSAGE && o->max_reply <= CAP_MAX_MESSAGE &&
			       o->max_caps <= CAP_MESSAGE_MAX_CAPS
		       ? STATUS_OK
		       : STATUS_TOO_LARGE;
}

/* The arena block: received call, results, capability descriptors of results. */
static void lay_out(struct service *s, cap_id endpoint, uint32_t in_off, uint32_t in_len)
{
	uint8_t *arena = s->ring->transport.arena;
	uint32_t out_off = in_off + in_len, caps_off = out_off + s->max_results;

	s->in = (const void *)(arena + in_off);
	s->listen = (struct cap_sqe){
		.op = CAP_OP_RECV,
		.flags = CAP_SQE_NOTICES,
		.target = endpoint.raw,
		.user_data = ring_op_data(&s->receive),
		.buf_off = in_off,
		.buf_len = in_len,
		.buf_caps = s->options.max_caps,
	};
	s->answer = s->listen;
	s->answer.op = CAP_OP_RETURN_RECV;
	s->answer.interface_id = endpoint.raw;
	s->answer.msg_off = out_off;
	s->caps_off = caps_off;
	rpc_request_init(&s->request, 0, 0, s->in + 1, 0, arena + out_off, s->max_results);
	rpc_request_set_caps(&s->request, nullptr, 0, (struct cap_desc *)(void *)(arena + caps_off), 0);
	s->request.side = s;
}

enum status service_init(struct service *s, struct ring_client *ring, cap_id endpoint,
			 const struct service_options *options)
{
	const struct service_interface *first = options->interfaces;

	*s = (struct service){.ring = ring, .options = *options, .watched = options->idle != nullptr};
	s->receive.complete = received;
	if (options->interface_count > 0 && options->bound) {
		s->bound = options->bound[0];
		s->bound_id = first->interface->id;
		s->bound_count = first->interface->method_count;
	}

	enum status status = take_limits(&s->options, endpoint);

	if (status != STATUS_OK)
		return status;

	uint32_t in_len = (uint32_t)sizeof(struct cap_call_header) + round_up(s->options.max_message) +
			  s->options.max_caps * 8u;
	uint32_t caps_len = SERVICE_REPLY_CAPS * (uint32_t)sizeof(struct cap_desc);

	s->max_results = round_up(s->options.max_reply);

	uint32_t block = rpc_arena_alloc(&ring->transport, 8 + in_len + s->max_results + caps_len);

	if (block == RPC_NO_BLOCK)
		return STATUS_TOO_LARGE;
	lay_out(s, endpoint, block + 8, in_len);
	return STATUS_OK;
}
