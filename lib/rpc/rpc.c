// SPDX-License-Identifier: MIT OR Apache-2.0
/* The parts of calls that are not worth inlining: failures and exceptions. */
#include <rpc/rpc.h>

RPC_ASIDE void rpc_call_fail(struct rpc_call *c, enum status s)
{
	if (c->transport->building == c)
		rpc_move_out(c->transport);
	c->params = (struct msg_builder){.failed = true};
	c->result_len = 0;
	c->result_caps = 0;
	c->status = s;
	c->done = true;
}

RPC_ASIDE uint32_t rpc_begin_slowly(struct rpc_call *c, struct rpc_transport *t, uint32_t params,
				    uint32_t bytes)
{
	uint32_t block = params <= RPC_MAX_PARAMS ? rpc_arena_reuse(t, bytes) : RPC_NO_BLOCK;

	if (block == RPC_NO_BLOCK) {
		c->transport = t;
		c->block = block;
		c->special = RPC_UNSENT;
		rpc_call_fail(c, STATUS_TOO_LARGE);
	}
	return block;
}

void rpc_move_out(struct rpc_transport *t)
{
	t->building->own = *t->slot;
	t->building->special |= RPC_UNSENT;
	t->building = nullptr;
}

RPC_ASIDE void rpc_slot_slowly(struct rpc_transport *t)
{
	/* Making room may run functions that begin calls. */
	while (t->building) {
		if (t->building == RPC_FULL)
			t->ops->make_room(t);
		else
			rpc_move_out(t);
	}
}

RPC_ASIDE enum status rpc_send_slowly(struct rpc_call *c)
{
	struct rpc_transport *t = c->transport;

	if (rpc_was_sent(c)) /* foo_bar_call of what foo_bar_send has sent only waits */
		return STATUS_OK;
	if (c->params.failed) {
		rpc_call_fail(c, c->block == RPC_NO_BLOCK ? c->status : STATUS_TOO_LARGE);
		return c->status;
	}
	if (t->building == c)
		rpc_move_out(t);

	struct cap_sqe *slot = rpc_slot(t);

	c->own.msg_len = (uint32_t)msg_builder_size(&c->params);
	*slot = c->own;
	c->special &= (uint8_t)~RPC_UNSENT;
	c->done = false;
	c->sequence = t->sequence;
	if (c->special & RPC_COMPOSED)
		t->composed = c->sequence + 1;
	if (c->special & RPC_KEPT) {
		c->next_kept = t->kept;
		t->kept = c;
	}
	(void)rpc_submit(t);
	return STATUS_OK;
}

static struct msg_text text_cut(const char *s, uint32_t room)
{
	struct msg_text text = msg_text_from(s);

	if (text.len > room) {
		text.len = room;
		while (text.len > 0 &&
		       ((uint8_t)text.ptr[text.len] & 0xc0) == 0x80) /* not within a character */
			text.len--;
	}
	return text;
}

void rpc_exception_build(struct msg_builder *b, enum exception_type type, const char *reason,
			 const char *field)
{
	static constexpr uint32_t field_max = 63,
				  overhead = 8 * (1 + EXCEPTION_DATA_WORDS + EXCEPTION_POINTERS);
	uint32_t room = RPC_EXCEPTION_BYTES - overhead;
	struct exception_builder e = exception_builder_root(b);

	exception_builder_set_type(e, type);
	if (field) {
		struct msg_text text = text_cut(field, field_max);

		exception_builder_set_field(e, text);
		room -= (text.len + 8) & ~7u;
	}
	if (reason)
		exception_builder_set_reason(e, text_cut(reason, room - 1));
}

enum status rpc_raise(struct rpc_request *r, enum exception_type type, const char *reason, const char *field)
{
	r->caps_out_len = 0;
	rpc_exception_build(&r->results, type, reason, field);
	return r->results.failed ? STATUS_TOO_LARGE : STATUS_EXCEPTION;
}

enum status rpc_unimplemented(struct rpc_request *r, const char *interface_name)
{
	return rpc_raise(r, EXCEPTION_TYPE_UNIMPLEMENTED, interface_name, nullptr);
}

/* Everything that the call had is still there, and means the same. */
static bool can_repeat(const struct rpc_call *c)
{
	const struct cap_desc *descs = (const void *)(c->transport->arena + c->own.caps_off);

	if (c->block == RPC_NO_BLOCK || c->special != 0)
		return false;
	for (uint32_t i = 0; i < c->own.caps_len; i++)
		if (descs[i].kind == CAP_DESC_MOVE)
			return false;
	return true;
}

static void send_again(struct rpc_call *c)
{
	struct rpc_transport *t = c->transport;

	*rpc_slot(t) = c->own;
	c->done = false;
	c->sequence = t->sequence;
	(void)rpc_submit(t);
}

enum status rpc_wait_idempotent(struct rpc_call *c)
{
	enum status s = rpc_wait(c);

	for (unsigned tries = 0; tries < RPC_REPEATS && s == STATUS_DISCONNECTED && can_repeat(c); tries++) {
		send_again(c);
		s = rpc_wait(c);
	}
	return s;
}

static void forget_kept(struct rpc_call *c)
{
	struct rpc_call **at = &c->transport->kept;

	while (*at && *at != c)
		at = &(*at)->next_kept;
	if (*at)
		*at = c->next_kept;
}

RPC_ASIDE void rpc_end_slowly(struct rpc_call *c)
{
	struct rpc_transport *t = c->transport;
	bool sent = rpc_was_sent(c);

	if (c->block == RPC_NO_BLOCK)
		return;
	if (t->building == c)
		t->building = nullptr;
	if (sent) {
		if (c->special & RPC_KEPT)
			forget_kept(c);
		if (!c->done || (c->special & RPC_KEPT) != 0)
			t->ops->end(c);
	}
	rpc_arena_free(t, c->block);
}
