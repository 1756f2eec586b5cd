// SPDX-License-Identifier: MIT OR Apache-2.0
/* The loopback transport: what a ring, the kernel and a service loop do for one call, in one function. */
#include <rpc/loopback.h>

static struct rpc_loopback *loopback_of(struct rpc_transport *t)
{
	return (struct rpc_loopback *)t; /* its first member */
}

/* Resolves a path in the answer of a kept call to a capability of that answer. */
static cap_id resolve_answer(const struct rpc_loopback *l, uint64_t sequence, uint32_t path)
{
	const struct rpc_call *kept = l->transport.kept;

	while (kept && kept->sequence != sequence)
		kept = kept->next_kept;
	if (!kept || kept->status != STATUS_OK)
		return CAP_ID_NULL;

	struct msg_reader r;
	msg_reader_init(&r, l->transport.arena + kept->result_off, kept->result_len);
	struct msg_pointer p = msg_reader_root_pointer(&r);
	for (unsigned shift = 0; shift < 32 && (path >> shift & 0xff) != 0xff; shift += 8)
		p = msg_struct_pointer(msg_read_struct(p), path >> shift & 0xff);
	int32_t index = msg_read_cap(p);
	return rpc_result_cap(kept, index);
}

static const struct rpc_loopback_object *object_of(const struct rpc_loopback *l, cap_id id)
{
	return id.raw > 0 && id.raw <= l->count ? &l->objects[id.raw - 1] : nullptr;
}

/* What a descriptor gives to its receiver; the null id: nothing that exists. */
static cap_id deliver(struct rpc_loopback *l, struct cap_desc d)
{
	const struct rpc_loopback_object *o = object_of(l, (cap_id){d.id});
	cap_id id;

	switch (d.kind) {
	case CAP_DESC_ANSWER:
		return resolve_answer(l, d.id, (uint32_t)d.path_or_key);
	case CAP_DESC_MINT:
		if (!o)
			return CAP_ID_NULL;
		id = rpc_loopback_add(l, o->interface, o->ops, o->self);
		if (id.raw)
			l->objects[id.raw - 1].key = d.path_or_key;
		return id;
	default:
		return o ? (cap_id){d.id} : CAP_ID_NULL;
	}
}

static enum status deliver_all(struct rpc_loopback *l, const void *descs, uint32_t count, uint64_t *ids)
{
	for (uint32_t i = 0; i < count; i++) {
		struct cap_desc d;

		__builtin_memcpy(&d, (const uint8_t *)descs + i * sizeof(d), sizeof(d));
		ids[i] = deliver(l, d).raw;
		if (ids[i] == 0)
			return STATUS_BAD_ID;
	}
	return STATUS_OK;
}

/* Writes ids behind the answer and completes the call. */
static void complete(struct rpc_loopback *l, struct rpc_call *c, const struct cap_sqe *sqe, enum status s,
		     const struct rpc_request *r)
{
	uint32_t len = 0;
	uint16_t caps = 0;

	if (s == STATUS_OK || s == STATUS_EXCEPTION)
		len = (uint32_t)msg_builder_size(&r->results);
	if (s == STATUS_OK) {
		uint64_t ids[CAP_MESSAGE_MAX_CAPS];

		caps = r->caps_out_len;
		if (caps > sqe->buf_caps || len + caps * 8u > sqe->buf_len)
			s = STATUS_TOO_LARGE;
		else
			s = deliver_all(l, r->caps_out, caps, ids);
		if (s == STATUS_OK && caps)
			__builtin_memcpy(l->transport.arena + sqe->buf_off + len, ids, caps * 8u);
	}
	rpc_complete(c, s, len, caps);
}

/* The submission is a copy: the method may make calls of its own. */
static void run(struct rpc_loopback *l, struct cap_sqe sqe)
{
	struct rpc_call *c = (struct rpc_call *)(uintptr_t)sqe.user_data;
	uint8_t *arena = l->transport.arena;
	uint64_t ids[CAP_MESSAGE_MAX_CAPS];
	struct cap_desc out[CAP_MESSAGE_MAX_CAPS];
	struct rpc_request r;
	cap_id id = {sqe.target};

	if ((sqe.flags & CAP_SQE_TARGET_IS_ANSWER) != 0)
		id = resolve_answer(l, sqe.target, sqe.path);

	const struct rpc_loopback_object *o = object_of(l, id);
	if (!o || deliver_all(l, arena + sqe.caps_off, sqe.caps_len, ids) != STATUS_OK) {
		rpc_complete(c, STATUS_BAD_ID, 0, 0);
		return;
	}
	const struct cap_call_header header = {
		.interface_id = sqe.interface_id,
		.key = o->key,
		.deadline_ns = sqe.deadline_ns,
		.buf_len = sqe.buf_len,
		.method = sqe.method,
		.buf_caps = sqe.buf_caps,
		.msg_len = sqe.msg_len,
		.caps = sqe.caps_len,
	};

	rpc_request_init(&r, &header, arena + sqe.msg_off, sqe.msg_len, arena + sqe.buf_off, sqe.buf_len);
	rpc_request_set_caps(&r, ids, sqe.caps_len, out, CAP_MESSAGE_MAX_CAPS);

	enum status s = o->interface->dispatch(o->ops, o->self, &r);
	if (s == RPC_DEFERRED) {
		l->deferred = c;
		l->deferred_room = sqe.buf_len;
	} else {
		complete(l, c, &sqe, s, &r);
	}
}

/* The queue has one slot. */
static void empty(struct rpc_loopback *l)
{
	l->transport.slot = &l->slot;
	l->transport.left = 1;
	l->transport.building = nullptr;
}

RPC_ASIDE static void loopback_advance(struct rpc_transport *t)
{
	struct rpc_loopback *l = loopback_of(t);
	struct cap_sqe sqe = l->slot;

	empty(l);
	run(l, sqe);
}

static void loopback_make_room(struct rpc_transport *t)
{
	empty(loopback_of(t)); /* it is never full */
}

static enum status loopback_wait(struct rpc_call *c)
{
	if (c->done)
		return STATUS_OK;
	if (!rpc_was_sent(c))
		return STATUS_BAD_STATE;
	loopback_of(c->transport)->deferred = nullptr; /* nobody else runs who could answer */
	return STATUS_TIMED_OUT;
}

static struct rpc_outcome loopback_call(struct rpc_transport *t)
{
	struct cap_sqe *sqe = t->slot;
	uint8_t *to = t->arena + sqe->buf_off;
	uint32_t block = RPC_NO_BLOCK;

	/* The method runs here and may make such a call itself, so it finds this one elsewhere. */
	if (sqe->msg_off < RPC_QUICK_BYTES) {
		block = rpc_arena_alloc(t, 8 + RPC_QUICK_BYTES);
		if (block == RPC_NO_BLOCK)
			return rpc_outcome(STATUS_TOO_LARGE, 0, 0);
		__builtin_memcpy(t->arena + block + 8, t->arena, RPC_QUICK_BYTES);
		sqe->msg_off += block + 8;
		sqe->buf_off += block + 8;
		sqe->caps_off += block + 8;
	}

	struct rpc_call call = {.transport = t, .result_off = sqe->buf_off};

	sqe->user_data = (uint64_t)(uintptr_t)&call;
	(void)rpc_submit(t);
	if (loopback_wait(&call) != STATUS_OK)
		rpc_complete(&call, STATUS_TIMED_OUT, 0, 0);
	if (block != RPC_NO_BLOCK) {
		__builtin_memcpy(to, t->arena + call.result_off, call.result_len + call.result_caps * 8u);
		rpc_arena_free(t, block);
	}
	return rpc_outcome(call.status, call.result_len, call.result_caps);
}

static void loopback_end(struct rpc_call *c)
{
	struct rpc_loopback *l = loopback_of(c->transport);

	if (l->deferred == c)
		l->deferred = nullptr;
}

static const struct rpc_transport_ops loopback_ops = {
	.advance = loopback_advance,
	.make_room = loopback_make_room,
	.wait = loopback_wait,
	.call = loopback_call,
	.end = loopback_end,
};

void rpc_loopback_init(struct rpc_loopback *l, void *arena, uint32_t bytes)
{
	__builtin_memset(l, 0, sizeof(*l));
	rpc_transport_init(&l->transport, &loopback_ops, arena, bytes & ~7u);
	empty(l);
}

cap_id rpc_loopback_add(struct rpc_loopback *l, const struct rpc_interface *interface, const void *ops,
			void *self)
{
	if (l->count == RPC_LOOPBACK_OBJECTS)
		return CAP_ID_NULL;
	l->objects[l->count] = (struct rpc_loopback_object){interface, ops, self, 0};
	return (cap_id){++l->count};
}

enum status rpc_loopback_answer(struct rpc_loopback *l, const void *words, uint32_t bytes)
{
	struct rpc_call *c = l->deferred;

	if (!c)
		return STATUS_BAD_STATE;
	if (bytes > l->deferred_room)
		return STATUS_TOO_LARGE;
	l->deferred = nullptr;
	__builtin_memcpy(l->transport.arena + c->result_off, words, bytes);
	rpc_complete(c, STATUS_OK, bytes, 0);
	return STATUS_OK;
}
