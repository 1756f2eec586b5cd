// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The service loop.
 *
 * States of a slot: IDLE (no RECV posted) -> RECEIVING (RECV or RETURN_RECV posted) -> RECEIVED (its completion was dispatched)
 * -> handle: the method runs with no RECV posted, and its answer is the next RETURN_RECV -> RECEIVING.
 *
 * A RETURN_RECV that fails leaves open whether its RETURN was refused or its RECV failed. The call's token tells:
 * answering it once more, with an exception, works exactly if it is still open.
 */
#include <runtime/runtime.h>
#include <runtime/service.h>
#include <stddef.h>

#include "ring_private.h"

/* Also while something that was received waits to be handled. */
enum service_unusual : uint8_t { UNUSUAL_RECEIVED = 1, UNUSUAL_WATCHED = 2, UNUSUAL_WORKING = 4 };

static void received(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct service_slot *slot = (struct service_slot *)(void *)op;
	struct service *s = slot->service;

	slot->received = *cqe;
	slot->state = SERVICE_RECEIVED;
	slot->later = nullptr;
	*s->last = slot;
	s->last = &slot->later;
	s->unusual |= UNUSUAL_RECEIVED;
}

static struct service_slot *take_first(struct service *s)
{
	struct service_slot *slot = s->first;

	s->first = slot->later;
	if (!s->first) {
		s->last = &s->first;
		s->unusual &= (uint8_t)~UNUSUAL_RECEIVED;
	}
	return slot;
}

static void become_idle(struct service_slot *slot)
{
	slot->state = SERVICE_IDLE;
	slot->service->idle++;
}

/* What a call brought along. */
static inline void take_released(struct service *s, const struct service_slot *slot)
{
	if (s->options.released)
		s->options.released(s->options.context, slot->in->mints, slot->in->released);
}

static void post_receive(struct service_slot *slot)
{
	struct service *s = slot->service;
	struct rpc_transport *t = &s->ring->transport;
	struct cap_sqe *sqe = rpc_slot(t);

	*sqe = slot->answer; /* less what it answers */
	sqe->op = CAP_OP_RECV;
	sqe->target = slot->answer.interface_id;
	sqe->interface_id = 0;
	sqe->msg_off = 0;
	slot->posted = rpc_submit(t);
	slot->answer.target = 0;
	slot->state = SERVICE_RECEIVING;
	s->idle--;
}

/* The submission that answers the call with what was built, and receives the next. */
static inline struct cap_sqe *begin_answer(struct ring_client *ring, struct service_slot *slot)
{
	struct cap_sqe *sqe = rpc_slot(&ring->transport);

	*sqe = slot->answer;
	sqe->msg_len = (uint32_t)msg_builder_size(&slot->request.results);
	return sqe;
}

static inline void post_answer(struct ring_client *ring, struct service_slot *slot)
{
	slot->posted = rpc_submit(&ring->transport);
}

/* The same with capabilities, or with an exception, or without receiving another one. */
static void post_special_answer(struct service *s, struct service_slot *slot, bool exception)
{
	struct cap_sqe *sqe = begin_answer(s->ring, slot);

	if (exception) {
		sqe->flags |= CAP_SQE_IS_EXCEPTION;
	} else if (slot->request.caps_out_len > 0) {
		sqe->caps_len = slot->request.caps_out_len;
		sqe->caps_off = slot->caps_off;
	}
	if (s->stopping) {
		sqe->op = CAP_OP_RETURN;
		sqe->flags &= (uint8_t)~CAP_SQE_NOTICES;
		sqe->interface_id = 0;
		sqe->buf_off = sqe->buf_len = sqe->buf_caps = 0;
		slot->plain = true;
	}
	post_answer(s->ring, slot);
}

/* ---- One received call ---- */

/* What the header says of the room that the caller has. */
static void take_room(const struct service *s, struct rpc_request *r)
{
	uint32_t room = r->call->buf_len, caps = r->call->buf_caps, ids = caps * 8u;

	r->caps_out_max = caps < SERVICE_REPLY_CAPS ? (uint16_t)caps : SERVICE_REPLY_CAPS;
	if (room >= ids + RPC_EXCEPTION_BYTES)
		room -= ids;
	r->results.capacity = (room < s->max_results ? room : s->max_results) / 8;
}

/* Methods that are not bound, and those that the service does not have. */
static enum status dispatch_unbound(void *self, struct rpc_request *request, const uint8_t *, uint32_t bytes)
{
	const struct service_slot *slot = request->side;
	const struct service_options *o = &slot->service->options;

	rpc_open_params(request, bytes);
	for (uint32_t i = 0; i < o->interface_count; i++) {
		const struct service_interface *served = &o->interfaces[i];

		if (rpc_interface_find(served->interface, request->call->interface_id))
			return served->interface->dispatch(served->ops, self, request);
	}
	return rpc_raise(request, EXCEPTION_TYPE_UNIMPLEMENTED, "interface", nullptr);
}

static rpc_method_fn *find_method(const struct service_options *o, const struct cap_call_header *call)
{
	for (uint32_t i = 0; o->bound && i < o->interface_count; i++) {
		const struct rpc_interface *interface = o->interfaces[i].interface;

		if (interface->id == call->interface_id && call->method < interface->method_count)
			return o->bound[i][call->method];
	}
	return dispatch_unbound;
}

/* Room and method of a call lie side by side in its header. */
static inline uint64_t shape_of(const struct cap_call_header *call)
{
	static_assert(offsetof(struct cap_call_header, buf_len) % 8 == 0 &&
		      offsetof(struct cap_call_header, msg_len) ==
			      offsetof(struct cap_call_header, buf_len) + 8);
	return msg_load64((const uint8_t *)&call->buf_len);
}

[[gnu::noinline]] static void look_up(struct service_slot *slot)
{
	const struct service *s = slot->service;

	take_room(s, &slot->request);
	slot->method = find_method(&s->options, slot->in);
	slot->interface_id = slot->in->interface_id;
	slot->shape = shape_of(slot->in);
}

[[gnu::noinline]] static enum status raise_no_object(struct rpc_request *request)
{
	return rpc_raise(request, EXCEPTION_TYPE_DISCONNECTED, "no such object", nullptr);
}

/* Calls that the method makes end with the one that it serves. */
static inline enum status run_method(struct service *s, struct ring_client *ring, struct service_slot *slot)
{
	const struct service_options *o = &s->options;
	const struct cap_call_header *call = slot->in;
	struct rpc_transport *t = &ring->transport;

	if (__builtin_expect(call->interface_id != slot->interface_id || shape_of(call) != slot->shape, 0))
		look_up(slot);

	void *self = o->context;

	if (o->object && !(self = o->object(o->context, call->key)))
		return raise_no_object(&slot->request);
	t->deadline_ns = call->deadline_ns;
	enum status status = slot->method(self, &slot->request, (const uint8_t *)(call + 1), call->msg_len);
	t->deadline_ns = 0;
	return status;
}

/* Sets what differs from call to call; service_init has set the rest, look_up what is most often the same. */
static inline void open_request(struct service_slot *slot, uint64_t token, bool caps)
{
	struct rpc_request *r = &slot->request;
	const struct cap_call_header *call = slot->in;

	slot->answer.target = token;
	r->caps_out_len = 0;
	r->caps_in_len = 0;
	if (caps) {
		r->caps_in_len = call->caps;
		r->caps_in = (const void *)((const uint8_t *)(call + 1) + ((call->msg_len + 7) & ~7u));
	}
}

/* What was to go with a refused answer: facets that nobody ever had, and what a method had given up. */
static void withdraw_caps(struct service *s, const struct service_slot *slot)
{
	for (uint32_t i = 0; i < slot->request.caps_out_len; i++) {
		const struct cap_desc *desc = &slot->request.caps_out[i];

		if (desc->kind == CAP_DESC_MOVE)
			ring_release(s->ring, (cap_id){desc->id});
		else if (desc->kind == CAP_DESC_MINT && s->options.released)
			s->options.released(s->options.context, desc->path_or_key, 1);
	}
}

[[gnu::noinline]] static void answer_specially(struct service *s, struct service_slot *slot,
					       enum status status)
{
	if (status == RPC_DEFERRED) {
		become_idle(slot);
		return;
	}
	if (status != STATUS_OK && status != STATUS_EXCEPTION) {
		withdraw_caps(s, slot);
		status = rpc_raise(&slot->request, EXCEPTION_TYPE_FAILED, "the service could not do it",
				   nullptr);
	}
	post_special_answer(s, slot, status == STATUS_EXCEPTION);
}

static inline void answer(struct service *s, struct service_slot *slot, enum status status)
{
	if (__builtin_expect(status != STATUS_OK || slot->request.caps_out_len > 0 || s->stopping, 0)) {
		answer_specially(s, slot, status);
	} else {
		(void)begin_answer(s->ring, slot);
		post_answer(s->ring, slot);
	}
}

/* The answer comes later. What came lies where the next call will go. */
[[gnu::noinline]] static void release_caps(struct service *s, const struct service_slot *slot)
{
	const struct rpc_request *request = &slot->request;

	for (uint32_t i = 0; i < request->caps_in_len && i < CAP_MESSAGE_MAX_CAPS; i++)
		ring_release(s->ring, (cap_id){request->caps_in[i]});
}

/* The answer of a call that brought capabilities drops them. */
[[gnu::noinline]] static void answer_with_caps(struct service *s, struct service_slot *slot,
					       enum status status)
{
	if (__builtin_expect(status == RPC_DEFERRED, 0)) {
		release_caps(s, slot);
		answer(s, slot, status);
		return;
	}
	slot->answer.flags |= CAP_SQE_RELEASE_CAPS;
	answer(s, slot, status);
	slot->answer.flags &= (uint8_t)~CAP_SQE_RELEASE_CAPS;
}

/* No capabilities came or go back. */
static inline bool has_no_caps(const struct rpc_request *r)
{
	static_assert(offsetof(struct rpc_request, caps_out_len) ==
		      offsetof(struct rpc_request, caps_in_len) + 2);
	return msg_load32((const uint8_t *)&r->caps_in_len) == 0;
}

/* Of a usual turn: the loop looks by itself, behind the call, whether it is to stop, and then takes the RECV back. */
[[gnu::noinline]] static void answer_usually(struct service *s, struct ring_client *ring,
					     struct service_slot *slot, enum status status)
{
	const struct rpc_request *r = &slot->request;

	if (status == STATUS_OK && r->caps_in_len == 0) {
		struct cap_sqe *sqe = begin_answer(ring, slot);

		sqe->caps_len = r->caps_out_len;
		sqe->caps_off = slot->caps_off;
		post_answer(ring, slot);
	} else if (status == STATUS_OK && r->caps_out_len == 0) {
		begin_answer(ring, slot)->flags |= CAP_SQE_RELEASE_CAPS;
		post_answer(ring, slot);
	} else if (r->caps_in_len > 0) {
		answer_with_caps(s, slot, status);
	} else {
		answer(s, slot, status);
	}
}

static void handle_notice(struct service *s, struct service_slot *slot)
{
	uint64_t key = slot->in->key, mints = slot->in->mints;

	become_idle(slot);
	if (slot->received.flags & CAP_CQE_KIND_RELEASED) {
		if (s->options.released)
			s->options.released(s->options.context, key, mints);
	} else if (s->options.cancelled) {
		s->options.cancelled(s->options.context, slot->received.token);
	}
}

/* Answers the call once more, with an exception: OK exactly if it was still open. */
static enum status return_exception(struct service *s, struct service_slot *slot, uint64_t token)
{
	struct msg_builder *b = &slot->request.results;

	b->capacity = RPC_EXCEPTION_BYTES / 8;
	slot->shape = 0; /* its room is not that of its last call */
	rpc_exception_build(b, EXCEPTION_TYPE_FAILED, "the answer could not be delivered", nullptr);
	return (enum status)ring_do(s->ring,
				    &(struct cap_sqe){
					    .op = CAP_OP_RETURN,
					    .flags = CAP_SQE_IS_EXCEPTION | CAP_SQE_RELEASE_CAPS,
					    .target = token,
					    .msg_off = slot->answer.msg_off,
					    .msg_len = (uint32_t)msg_builder_size(b),
				    })
		.status;
}

/* The status that ends the loop, or OK if it was an answer that was refused and is dealt with. */
static enum status handle_failure(struct service *s, struct service_slot *slot)
{
	enum status status = (enum status)slot->received.status;
	uint64_t token = slot->answer.target;

	become_idle(slot);
	slot->answer.target = 0;
	slot->plain = false;
	if (token == 0 || return_exception(s, slot, token) != STATUS_OK)
		return status;
	withdraw_caps(s, slot);
	return STATUS_OK;
}

/* What a slot received. */
[[gnu::noinline]] static enum status handle(struct service *s, struct service_slot *slot)
{
	if (slot->received.status != STATUS_OK)
		return handle_failure(s, slot);
	if (slot->plain) {
		slot->plain = false;
		become_idle(slot);
	} else if (slot->received.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)) {
		handle_notice(s, slot);
	} else {
		slot->state = SERVICE_RECEIVING; /* what becomes of it, unless it is deferred */
		if (slot->received.flags & CAP_CQE_RELEASED_TOO)
			take_released(s, slot);
		open_request(slot, slot->received.token, slot->in->caps > 0);

		enum status status = run_method(s, s->ring, slot);

		if (slot->request.caps_in_len > 0)
			answer_with_caps(s, slot, status);
		else
			answer(s, slot, status);
	}
	return STATUS_OK;
}

/* ---- The loop ---- */

static struct service_slot *first_slot(struct service *s)
{
	return s->options.slots ? s->options.slots : &s->own;
}

static void post_receives(struct service *s)
{
	for (struct service_slot *slot = first_slot(s); s->idle > 0; slot = slot->after)
		if (slot->state == SERVICE_IDLE)
			post_receive(slot);
}

#define NO_WAIT 1u /* a deadline that has passed */

enum status service_step(struct service *s, uint64_t deadline_ns)
{
	enum status status = STATUS_OK;

	post_receives(s);
	if (!s->first) {
		ring_wait(s->ring, s->work ? NO_WAIT : deadline_ns);
		if (s->options.idle)
			s->options.idle(s->options.context);
	}
	while (status == STATUS_OK && s->first && !s->stopping)
		status = handle(s, take_first(s));
	if (s->work && !s->work(s->options.context))
		service_work(s, nullptr);
	return status;
}

void service_work(struct service *s, service_work_fn *work)
{
	s->work = work;
	if (work)
		s->unusual |= UNUSUAL_WORKING;
	else
		s->unusual &= (uint8_t)~UNUSUAL_WORKING;
}

/* All slots have something posted, and nobody stops us, has received otherwise, or wants to look after each entry. */
static inline bool is_usual(const struct service *s)
{
	static_assert(offsetof(struct service, unusual) == offsetof(struct service, idle) + 3);
	return msg_load32((const uint8_t *)&s->idle) == 0;
}

/* Zero for a call that came without capabilities and notice. */
static inline uint64_t caps_and_flags(const struct cap_cqe *cqe)
{
	static_assert(offsetof(struct cap_cqe, caps) % 8 == 0 &&
		      offsetof(struct cap_cqe, token) == offsetof(struct cap_cqe, caps) + 8);
	return msg_load64((const uint8_t *)&cqe->caps);
}

/* The slot of a completion that is not the next one's; null: it is none. */
[[gnu::noinline]] static struct service_slot *find_slot(struct service *s, uint64_t data)
{
	struct service_slot *first = first_slot(s), *slot = first;

	do {
		if (slot->answer.user_data == data)
			return slot;
		slot = slot->after;
	} while (slot != first);
	return nullptr;
}

/* A completion that is more than a call, or none: false, and it is still there, if it is for somebody else to handle. */
[[gnu::noinline]] static bool open_unusual(struct service *s, struct service_slot *slot,
					   const struct cap_cqe *cqe)
{
	uint64_t token = cqe->token;
	uint16_t flags = cqe->flags;

	if (cqe->status != STATUS_OK || (flags & ~CAP_CQE_RELEASED_TOO) != 0)
		return false;
	ring_take_first(s->ring);
	if (flags != 0)
		take_released(s, slot); /* may dispatch what is behind it */
	open_request(slot, token, slot->in->caps > 0);
	return true;
}

/*
 * The usual turns in one piece: what completes are our RECVs, most often in the order in which they were posted, with calls. Until
 * something else does: that is dispatched then (service_step does not wait if a completion of ours was among it), or an op's
 * function stopped us. A method may dispatch what came behind its call, so nothing is held over it.
 */
static void run_usual(struct service *s)
{
	struct ring_client *ring = s->ring;
	/* The kernel takes the one first that it had last, and those of a batch in their order. */
	struct service_slot *first = first_slot(s);

	while (is_usual(s)) {
		struct service_slot *slot = first;
		uint64_t reasons = ring_enter_only(ring, 1, 0);

		if (__builtin_expect(reasons != CAP_ENTER_COMPLETIONS, 0)) {
			(void)ring_note_reasons(ring, reasons);
			ring_dispatch(ring);
			return;
		}
		do {
			const struct cap_cqe *cqe = ring_first(ring);

			if (__builtin_expect(cqe->user_data != slot->answer.user_data, 0)) {
				slot = first = find_slot(s, cqe->user_data);
				if (!slot) {
					ring_dispatch(ring);
					return;
				}
				cqe = ring_first(ring);
			}
			if (__builtin_expect(((uint32_t)cqe->status | caps_and_flags(cqe)) != 0, 0)) {
				if (!open_unusual(s, slot, cqe)) {
					ring_dispatch(ring);
					return;
				}
			} else {
				open_request(slot, cqe->token, false);
				ring_take_first(ring);
			}

			enum status status = run_method(s, ring, slot);

			if (__builtin_expect(status == STATUS_OK && has_no_caps(&slot->request), 1)) {
				(void)begin_answer(ring, slot);
				post_answer(ring, slot);
			} else {
				answer_usually(s, ring, slot, status);
			}
			slot = slot->after;
		} while (ring_has_completions(ring));
	}
}

/* Takes back posted RECVs; calls that they had received before are served. */
static void finish(struct service *s)
{
	struct service_slot *first = first_slot(s), *slot = first;
	uint32_t count = s->options.slots ? s->options.slot_count : 1;

	do {
		if (slot->state == SERVICE_RECEIVING && !slot->plain)
			ring_submit(s->ring,
				    &(struct cap_sqe){.op = CAP_OP_CANCEL,
						      .flags = CAP_SQE_QUIET,
						      .target = slot->posted},
				    nullptr);
		slot = slot->after;
	} while (slot != first);
	while (s->idle < count) {
		while (!s->first)
			ring_wait(s->ring, 0);
		(void)handle(s, take_first(s));
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

/*
 * A duplicate, so that what came is released with the answer, and the RECV that follows finds as many slots as the last one: who keeps
 * what clients bring until its table is full could receive nothing more.
 */
cap_id service_keep(struct rpc_request *request, int32_t index)
{
	const struct service_slot *slot = request->side;
	cap_id id = rpc_request_cap(request, index), copy;

	if (!id.raw || ring_dup(slot->service->ring, id, &copy) != STATUS_OK)
		return CAP_ID_NULL;
	return copy;
}

bool service_has_room(const struct service *s)
{
	const struct service_slot *slot = s->options.slots ? s->options.slots : &s->own;
	cap_id endpoint = {slot->answer.interface_id}, copies[CAP_MESSAGE_MAX_CAPS];
	uint32_t count = 0;

	while (count < s->options.max_caps && ring_dup(s->ring, endpoint, &copies[count]) == STATUS_OK)
		count++;
	for (uint32_t i = 0; i < count; i++)
		ring_release(s->ring, copies[i]);
	return count == s->options.max_caps;
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

/* The arena block of a slot: received call, results, capability descriptors of results. */
static void lay_out(struct service *s, struct service_slot *slot, cap_id endpoint, uint32_t in_off,
		    uint32_t in_len)
{
	uint8_t *arena = s->ring->transport.arena;
	uint32_t out_off = in_off + in_len;

	*slot = (struct service_slot){.service = s, .caps_off = out_off + s->max_results};
	slot->receive.complete = received;
	slot->in = (const void *)(arena + in_off);
	slot->answer = (struct cap_sqe){
		.op = CAP_OP_RETURN_RECV,
		.flags = CAP_SQE_NOTICES,
		.interface_id = endpoint.raw,
		.user_data = ring_op_data(&slot->receive),
		.msg_off = out_off,
		.buf_off = in_off,
		.buf_len = in_len,
		.buf_caps = s->options.max_caps,
	};
	rpc_request_init(&slot->request, slot->in, slot->in + 1, 0, arena + out_off, s->max_results);
	rpc_request_set_caps(&slot->request, nullptr, 0, (struct cap_desc *)(void *)(arena + slot->caps_off),
			     0);
	slot->request.side = slot;
}

enum status service_init(struct service *s, struct ring_client *ring, cap_id endpoint,
			 const struct service_options *options)
{
	uint32_t count = options->slots ? options->slot_count : 1;

	*s = (struct service){
		.ring = ring,
		.options = *options,
		.last = &s->first,
		.idle = (uint16_t)count,
		.unusual = options->idle ? UNUSUAL_WATCHED : 0,
	};

	enum status status = take_limits(&s->options, endpoint);

	if (status != STATUS_OK)
		return status;

	uint32_t in_len = (uint32_t)sizeof(struct cap_call_header) + round_up(s->options.max_message) +
			  s->options.max_caps * 8u;
	uint32_t caps_len = SERVICE_REPLY_CAPS * (uint32_t)sizeof(struct cap_desc);

	s->max_results = round_up(s->options.max_reply);

	uint64_t each = in_len + s->max_results + caps_len;
	struct rpc_transport *t = &ring->transport;
	uint32_t block = count * each < t->limit ? rpc_arena_alloc(t, (uint32_t)(8 + count * each))
						 : RPC_NO_BLOCK;

	if (block == RPC_NO_BLOCK || count == 0)
		return STATUS_TOO_LARGE;

	struct service_slot *slots = first_slot(s);

	for (uint32_t i = 0; i < count; i++) {
		lay_out(s, &slots[i], endpoint, block + 8 + i * (uint32_t)each, in_len);
		slots[i].after = &slots[(i + 1) % count];
	}
	return STATUS_OK;
}
