// SPDX-License-Identifier: MIT OR Apache-2.0
/* The parts of calls that are not worth inlining: failures and exceptions. */
#include <rpc/rpc.h>

#define RPC_REPEATS 3u

void rpc_call_fail(struct rpc_call *c, enum status s)
{
	c->params = (struct msg_builder){.failed = true};
	c->result_len = 0;
	c->result_caps = 0;
	c->status = s;
	c->done = true;
}

enum status rpc_call_composed(struct rpc_call *c)
{
	enum status s = c->transport->ops->send(c);

	return s == STATUS_OK ? c->transport->ops->wait(c) : s;
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
	const struct cap_desc *descs = (const void *)(c->transport->arena + c->sqe.caps_off);

	if (c->block == RPC_NO_BLOCK || !c->sent || !c->done || c->sqe.flags != 0)
		return false;
	for (uint32_t i = 0; i < c->sqe.caps_len; i++)
		if (descs[i].kind == CAP_DESC_MOVE || descs[i].kind == CAP_DESC_ANSWER)
			return false;
	return true;
}

enum status rpc_repeat(struct rpc_call *c)
{
	for (unsigned tries = 0; tries < RPC_REPEATS && c->status == STATUS_DISCONNECTED && can_repeat(c);
	     tries++) {
		c->done = false;

		enum status s = c->transport->ops->call(c);

		if (s != STATUS_OK)
			rpc_call_fail(c, s);
	}
	return c->status;
}

void rpc_end_slowly(struct rpc_call *c)
{
	if (c->block == RPC_NO_BLOCK)
		return;
	if (c->sent && (!c->done || (c->sqe.flags & CAP_SQE_KEEP_ANSWER) != 0))
		c->transport->ops->end(c);
	rpc_arena_free(c->transport, c->block);
}
