// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls on their way: received, looked at, forwarded as the bytes that came, answered with the bytes that come back.
 *
 * Each slot has one operation under way: RECV, then CALL (or none, if it is answered here), then RETURN, then RECV again. Functions of
 * operations only note the completion; the loop does the work, which may make calls to the kernel of its own.
 */
#include <fmt/fmt.h>
#include <runtime/status.h>

#include "attenuator.h"

#define TRIES 3u

static uint8_t *at(const struct attenuator *a, uint32_t offset)
{
	return a->transport->arena + offset;
}

static const struct cap_call_header *header_of(const struct attenuator *a, const struct slot *slot)
{
	return (const void *)at(a, slot->in);
}

static uint64_t *received_ids(const struct attenuator *a, const struct slot *slot)
{
	const struct cap_call_header *header = header_of(a, slot);

	return (uint64_t *)(void *)(at(a, slot->in) + sizeof(*header) + ((header->msg_len + 7) & ~7u));
}

static void complete(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct slot *slot = (struct slot *)(void *)op;

	slot->cqe = *cqe;
	slot->done = true;
}

static uint64_t submit(struct attenuator *a, struct slot *slot, const struct cap_sqe *sqe, uint8_t doing)
{
	slot->doing = doing;
	slot->done = false;
	return ring_submit(a->ring, sqe, &slot->op);
}

static void receive(struct attenuator *a, struct slot *slot)
{
	slot->token = 0;
	slot->object = nullptr;
	slot->made_count = 0;
	slot->tries = 0;
	submit(a, slot,
	       &(struct cap_sqe){.op = CAP_OP_RECV,
				 .target = a->endpoint.raw,
				 .buf_off = slot->in,
				 .buf_len = sizeof(struct cap_call_header) + MAX_MESSAGE + MAX_CAPS * 8,
				 .buf_caps = MAX_CAPS},
	       SLOT_RECEIVING);
}

/* ---- Answers ---- */

static void answer(struct attenuator *a, struct slot *slot, uint32_t bytes, uint16_t caps, bool exception)
{
	const struct cap_call_header *header = header_of(a, slot);

	submit(a, slot,
	       &(struct cap_sqe){.op = CAP_OP_RETURN,
				 .flags = exception ? CAP_SQE_IS_EXCEPTION : 0,
				 .target = slot->token,
				 .msg_off = slot->out,
				 .msg_len = bytes,
				 .caps_off = caps ? slot->caps : 0,
				 .caps_len = caps},
	       SLOT_RETURNING);
	/* Behind the RETURN, which may name them. */
	for (uint32_t i = 0; i < header->caps; i++)
		ring_release(a->ring, (cap_id){received_ids(a, slot)[i]});
}

static void answer_exception(struct attenuator *a, struct slot *slot, enum exception_type type,
			     const char *reason, const char *field)
{
	struct msg_builder b;

	msg_builder_init(&b, at(a, slot->out), RPC_EXCEPTION_BYTES);
	rpc_exception_build(&b, type, reason, field);
	answer(a, slot, (uint32_t)msg_builder_size(&b), 0, true);
}

static void answer_status(struct attenuator *a, struct slot *slot, enum status status)
{
	enum exception_type type = EXCEPTION_TYPE_FAILED;

	if (status == STATUS_DISCONNECTED || status == STATUS_REVOKED || status == STATUS_BAD_ID)
		type = EXCEPTION_TYPE_DISCONNECTED;
	else if (status == STATUS_NO_QUOTA || status == STATUS_NO_MEMORY || status == STATUS_NO_SLOT ||
		 status == STATUS_AGAIN)
		type = EXCEPTION_TYPE_OVERLOADED;
	answer_exception(a, slot, type, status_text(status), nullptr);
}

static void refuse(struct attenuator *a, struct slot *slot, const struct rules_refusal *why, bool counted)
{
	const struct cap_call_header *header = header_of(a, slot);
	char reason[112], field[48];

	attenuator_note_refusal(a, slot->object, header->interface_id, header->method, why);
	fmt_print(reason, sizeof(reason), "rule %u: %s", why->rule, why->why);
	fmt_print(field, sizeof(field), "%.*s", (int)why->field.len, why->field.ptr);
	answer_exception(a, slot, counted ? EXCEPTION_TYPE_OVERLOADED : EXCEPTION_TYPE_INVALID_ARGUMENT,
			 reason, field[0] ? field : nullptr);
}

/* ---- What was received ---- */

static uint32_t room_for(const struct cap_call_header *header)
{
	uint32_t room = header->buf_len & ~7u;

	room = room < MAX_RESULT ? room : MAX_RESULT;
	return room < CAP_MIN_RESULT_BUF ? CAP_MIN_RESULT_BUF : room;
}

/* Of the Attenuator itself. */
static void serve(struct attenuator *a, struct slot *slot)
{
	const struct cap_call_header *header = header_of(a, slot);
	uint32_t ids = header->buf_caps * 8u, room = room_for(header);
	uint64_t numbers = a->numbers;
	struct rpc_request r;

	rpc_request_init(&r, header, header + 1, header->msg_len, at(a, slot->out),
			 room >= ids + RPC_EXCEPTION_BYTES ? room - ids : room);
	rpc_request_set_caps(&r, received_ids(a, slot), header->caps,
			     (struct cap_desc *)(void *)at(a, slot->caps),
			     header->buf_caps < MAX_CAPS ? header->buf_caps : MAX_CAPS);

	enum status status = header->interface_id == ATTENUATOR_INTERFACE_ID
				     ? attenuator_serve(a, &r)
				     : rpc_raise(&r, EXCEPTION_TYPE_UNIMPLEMENTED, "interface", nullptr);

	if (status != STATUS_OK && status != STATUS_EXCEPTION) {
		answer_status(a, slot, status);
		return;
	}
	/* What it wrapped is minted by the RETURN, and goes with it if that is refused. */
	for (uint32_t i = 0; i < MAX_WRAPPED && r.caps_out_len > 0 && a->numbers > numbers; i++)
		if (a->wrapped[i].used && a->wrapped[i].number > numbers &&
		    r.caps_out[0].kind == CAP_DESC_MINT)
			slot->made[slot->made_count++] = &a->wrapped[i];
	answer(a, slot, (uint32_t)msg_builder_size(&r.results), r.caps_out_len, status == STATUS_EXCEPTION);
}

static void forward(struct attenuator *a, struct slot *slot)
{
	const struct cap_call_header *header = header_of(a, slot);
	struct cap_desc *descs = (struct cap_desc *)(void *)at(a, slot->caps);

	for (uint32_t i = 0; i < header->caps; i++)
		descs[i] = (struct cap_desc){.id = received_ids(a, slot)[i], .kind = CAP_DESC_COPY};
	slot->tries++;
	slot->sequence = submit(
		a, slot,
		&(struct cap_sqe){.op = CAP_OP_CALL,
				  .method = header->method,
				  .target = slot->object->target.raw,
				  .interface_id = header->interface_id,
				  .msg_off = slot->in + (uint32_t)sizeof(*header),
				  .msg_len = header->msg_len,
				  .buf_off = slot->out,
				  .buf_len = room_for(header),
				  .caps_off = header->caps ? slot->caps : 0,
				  .caps_len = header->caps,
				  .buf_caps = header->buf_caps < MAX_CAPS ? header->buf_caps : MAX_CAPS,
				  .deadline_ns = header->deadline_ns},
		SLOT_FORWARDED);
}

/* Who finds no place to wait in has not used anything up. */
static void take_place(struct attenuator *a, struct slot *slot)
{
	const struct cap_call_header *header = header_of(a, slot);
	struct rules_refusal why;

	if (!shares_take(&a->waiting, header->session, &slot->share)) {
		answer_exception(a, slot, EXCEPTION_TYPE_OVERLOADED, "too many calls of this session wait",
				 nullptr);
	} else if (!rules_take(&slot->object->rules->rules, header->interface_id, header->method,
			       runtime_now(), &why)) {
		shares_give(&a->waiting, slot->share);
		refuse(a, slot, &why, true);
	} else {
		forward(a, slot);
	}
}

static void handle_call(struct attenuator *a, struct slot *slot)
{
	const struct cap_call_header *header = header_of(a, slot);
	struct rules_refusal why;

	slot->token = slot->cqe.token;
	if (header->key == KEY_SELF) {
		serve(a, slot);
		return;
	}
	slot->object = attenuator_find(a, header->key);
	if (!slot->object)
		answer_exception(a, slot, EXCEPTION_TYPE_DISCONNECTED, "no such object", nullptr);
	else if (!rules_check(&slot->object->rules->rules, header->interface_id, header->method, header + 1,
			      header->msg_len, &why))
		refuse(a, slot, &why, false);
	else
		take_place(a, slot);
}

/* The last facet is gone, wherever it was. */
static void released(struct attenuator *a, uint64_t key)
{
	struct wrapped *w = attenuator_find(a, key);

	if (!w)
		return;
	for (uint32_t i = 0; i < SLOTS; i++)
		if (a->slots[i].object == w)
			a->slots[i].object = nullptr;
	attenuator_unwrap(a, w);
}

/* Who called no longer waits: neither need the call that we made for it. */
static void cancelled(struct attenuator *a, uint64_t token)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		const struct slot *slot = &a->slots[i];

		if (slot->doing == SLOT_FORWARDED && !slot->done && slot->token == token)
			ring_submit(a->ring,
				    &(struct cap_sqe){.op = CAP_OP_CANCEL,
						      .flags = CAP_SQE_QUIET,
						      .target = slot->sequence},
				    nullptr);
	}
}

static enum status handle_received(struct attenuator *a, struct slot *slot)
{
	if (slot->cqe.status != STATUS_OK)
		return (enum status)slot->cqe.status;
	if (slot->cqe.flags & CAP_CQE_KIND_RELEASED) {
		released(a, header_of(a, slot)->key);
		receive(a, slot);
	} else if (slot->cqe.flags & CAP_CQE_KIND_CANCELLED) {
		cancelled(a, slot->cqe.token);
		receive(a, slot);
	} else {
		handle_call(a, slot);
	}
	return STATUS_OK;
}

/* ---- What came back ---- */

/* Descriptors for the capabilities of the result. False: one of them must not pass; all are released. */
static bool pass_caps(struct attenuator *a, struct slot *slot)
{
	struct cap_desc *descs = (struct cap_desc *)(void *)at(a, slot->caps);
	const uint64_t *ids = (const uint64_t *)(const void *)(at(a, slot->out) +
							       ((slot->cqe.len + 7) & ~7u));
	uint64_t came[MAX_CAPS];
	uint32_t count = slot->cqe.caps < MAX_CAPS ? slot->cqe.caps : MAX_CAPS;
	bool refused = false;

	for (uint32_t i = 0; i < count; i++)
		came[i] = ids[i];
	for (uint32_t i = 0; i < count && !refused; i++) {
		struct wrapped *w = attenuator_wrap_like(a, (cap_id){came[i]}, slot->object, &refused);

		descs[i] = (struct cap_desc){.id = came[i], .kind = CAP_DESC_MOVE};
		if (w) {
			slot->made[slot->made_count++] = w;
			descs[i] = (struct cap_desc){
				w->facet_template.raw, attenuator_key(a, w), CAP_DESC_MINT, {}};
		}
	}
	if (!refused)
		return true;
	while (slot->made_count > 0)
		attenuator_unwrap(a, slot->made[--slot->made_count]);
	for (uint32_t i = 0; i < count; i++)
		ring_release(a->ring, (cap_id){came[i]}); /* again, perhaps: that does nothing */
	return false;
}

static void handle_answer(struct attenuator *a, struct slot *slot)
{
	const struct cap_call_header *header = header_of(a, slot);
	enum status status = (enum status)slot->cqe.status;

	if (slot->object && status == STATUS_DISCONNECTED && slot->tries <= TRIES && header->caps == 0 &&
	    rules_is_idempotent(&a->registry, header->interface_id, header->method)) {
		forward(a, slot);
		return;
	}
	shares_give(&a->waiting, slot->share);
	if (!slot->object) {
		if (status == STATUS_OK)
			for (uint32_t i = 0; i < slot->cqe.caps; i++)
				ring_release(a->ring,
					     (cap_id){((const uint64_t *)(const void *)(at(a, slot->out) +
											((slot->cqe.len + 7) &
											 ~7u)))[i]});
		answer_exception(a, slot, EXCEPTION_TYPE_DISCONNECTED, "the capability was released",
				 nullptr);
	} else if (status == STATUS_OK) {
		if (pass_caps(a, slot))
			answer(a, slot, slot->cqe.len, slot->cqe.caps, false);
		else
			answer_exception(a, slot, EXCEPTION_TYPE_OVERLOADED,
					 "what came back cannot be wrapped", nullptr);
	} else if (status == STATUS_EXCEPTION) {
		answer(a, slot, slot->cqe.len, 0, true);
	} else {
		answer_status(a, slot, status);
	}
}

static void handle_returned(struct attenuator *a, struct slot *slot)
{
	enum status status = (enum status)slot->cqe.status;

	if (status != STATUS_OK) {
		/* Nothing was minted. What was to be moved is still here; ids that are gone are passed over. */
		const struct cap_desc *descs = (const struct cap_desc *)(const void *)at(a, slot->caps);

		for (uint32_t i = 0; i < MAX_CAPS; i++)
			if (descs[i].kind == CAP_DESC_MOVE)
				ring_release(a->ring, (cap_id){descs[i].id});
		while (slot->made_count > 0)
			attenuator_unwrap(a, slot->made[--slot->made_count]);
		if (status != STATUS_BAD_ID) {
			answer_exception(a, slot, EXCEPTION_TYPE_FAILED, "the answer could not be delivered",
					 nullptr);
			return;
		}
	}
	receive(a, slot);
}

/* ---- The loop ---- */

enum status attenuator_start(struct attenuator *a)
{
	uint32_t in = sizeof(struct cap_call_header) + MAX_MESSAGE + MAX_CAPS * 8;
	uint32_t caps = MAX_CAPS * (uint32_t)sizeof(struct cap_desc);

	shares_init(&a->sets_taken, MAX_RULE_SETS);
	shares_init(&a->wraps_taken, MAX_WRAPPED);
	shares_init(&a->waiting, SLOTS - 1);
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &a->slots[i];
		uint32_t block = rpc_arena_alloc(a->transport, 8 + in + MAX_RESULT + caps);

		if (block == RPC_NO_BLOCK)
			return STATUS_TOO_LARGE;
		slot->op.complete = complete;
		slot->in = block + 8;
		slot->out = slot->in + in;
		slot->caps = slot->out + MAX_RESULT;
		__builtin_memset(at(a, slot->caps), 0, caps);
		receive(a, slot);
	}
	return STATUS_OK;
}

static enum status handle(struct attenuator *a, struct slot *slot)
{
	slot->done = false;
	switch (slot->doing) {
	case SLOT_RECEIVING:
		return handle_received(a, slot);
	case SLOT_FORWARDED:
		handle_answer(a, slot);
		break;
	case SLOT_RETURNING:
		handle_returned(a, slot);
		break;
	}
	return STATUS_OK;
}

enum status attenuator_step(struct attenuator *a)
{
	enum status status = STATUS_OK;
	bool any = false;

	for (uint32_t i = 0; i < SLOTS && status == STATUS_OK; i++) {
		if (!a->slots[i].done)
			continue;
		any = true;
		status = handle(a, &a->slots[i]);
	}
	if (!any)
		ring_wait(a->ring, 0);
	return status;
}
