// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Answers that come after their method has returned (runtime/service.h).
 */
#include <runtime/service.h>

enum status service_defer(struct rpc_request *request, struct service_reply *reply)
{
	const struct service_slot *slot = request->side;
	const struct cap_call_header *header = slot->in;
	uint32_t ids = header->buf_caps * 8u;

	*reply = (struct service_reply){
		.service = slot->service,
		.token = slot->answer.target,
		.max_bytes = header->buf_len >= ids + RPC_EXCEPTION_BYTES ? header->buf_len - ids
									  : header->buf_len,
		.max_caps = header->buf_caps,
		.block = RPC_NO_BLOCK,
	};
	return RPC_DEFERRED;
}

enum status service_reply_begin(struct service_reply *reply, uint32_t bytes, uint16_t caps)
{
	struct rpc_transport *t = &reply->service->ring->transport;

	bytes = bytes ? (bytes + 7) & ~7u : SERVICE_DEFAULT_REPLY;
	if (bytes > (reply->max_bytes & ~7u))
		bytes = reply->max_bytes & ~7u;
	if (bytes < RPC_EXCEPTION_BYTES)
		bytes = RPC_EXCEPTION_BYTES;
	if (reply->max_caps > caps)
		reply->max_caps = caps;
	reply->caps_len = 0;
	reply->block = rpc_arena_alloc(t, 8 + reply->max_caps * (uint32_t)sizeof(struct cap_desc) + bytes);
	if (reply->block == RPC_NO_BLOCK) {
		msg_builder_init(&reply->results, nullptr, 0);
		reply->results.failed = true;
		return STATUS_TOO_LARGE;
	}
	msg_builder_init(&reply->results,
			 t->arena + reply->block + 8 + reply->max_caps * (uint32_t)sizeof(struct cap_desc),
			 bytes);
	return STATUS_OK;
}

int32_t service_reply_add_cap(struct service_reply *reply, struct cap_desc desc)
{
	uint8_t *caps = reply->service->ring->transport.arena + reply->block + 8;

	if (reply->block == RPC_NO_BLOCK || reply->caps_len >= reply->max_caps) {
		reply->results.failed = true;
		return -1;
	}
	__builtin_memcpy(caps + reply->caps_len * sizeof(desc), &desc, sizeof(desc));
	return reply->caps_len++;
}

static enum status return_reply(struct service_reply *reply, bool exception)
{
	struct ring_client *ring = reply->service->ring;
	struct cap_sqe sqe = {
		.op = CAP_OP_RETURN,
		.flags = exception ? CAP_SQE_IS_EXCEPTION : 0,
		.target = reply->token,
		.msg_off = (uint32_t)(reply->results.base - ring->transport.arena),
		.msg_len = (uint32_t)msg_builder_size(&reply->results),
	};

	if (!exception && reply->caps_len > 0) {
		sqe.caps_off = reply->block + 8;
		sqe.caps_len = reply->caps_len;
	}
	return (enum status)ring_do(ring, &sqe).status;
}

static void free_reply(struct service_reply *reply)
{
	if (reply->block != RPC_NO_BLOCK)
		rpc_arena_free(&reply->service->ring->transport, reply->block);
	reply->block = RPC_NO_BLOCK;
	reply->token = 0;
}

enum status service_reply_send(struct service_reply *reply)
{
	enum status status = STATUS_TOO_LARGE;

	if (reply->block != RPC_NO_BLOCK && msg_builder_ok(&reply->results))
		status = return_reply(reply, false);
	if (status != STATUS_OK && status != STATUS_BAD_ID) {
		(void)service_reply_raise(reply, EXCEPTION_TYPE_FAILED, "the answer could not be delivered",
					  nullptr);
		return status;
	}
	free_reply(reply);
	return status;
}

enum status service_reply_raise(struct service_reply *reply, enum exception_type type, const char *reason,
				const char *field)
{
	enum status status = STATUS_OK;

	if (reply->block == RPC_NO_BLOCK)
		status = service_reply_begin(reply, RPC_EXCEPTION_BYTES, 0);
	if (status == STATUS_OK) {
		msg_builder_init(&reply->results, reply->results.base, RPC_EXCEPTION_BYTES);
		rpc_exception_build(&reply->results, type, reason, field);
		status = return_reply(reply, true);
	}
	free_reply(reply);
	return status;
}
