// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Passing a call on (runtime/service.h): RETURN with TAIL. A call that was begun has message and descriptors in the arena; the
 * capability that it goes to becomes the first descriptor, and the others move into the room of its result, which nobody wants.
 */
#include <runtime/ring.h>
#include <runtime/service.h>

/* Gives where the descriptors are. */
static uint32_t put_target_first(struct rpc_call *call)
{
	const struct cap_sqe *sqe = rpc_sqe(call);
	struct cap_desc target = {.id = sqe->target, .kind = CAP_DESC_COPY};
	uint32_t at = sqe->caps_off ? sqe->caps_off
				    : sqe->buf_off; /* a method without capabilities has no place */
	uint8_t *descs = call->transport->arena + at;

	if (sqe->flags & CAP_SQE_TARGET_IS_ANSWER)
		target = (struct cap_desc){sqe->target, sqe->path, CAP_DESC_ANSWER, {}};
	__builtin_memmove(descs + sizeof(target), descs, sqe->caps_len * sizeof(target));
	__builtin_memcpy(descs, &target, sizeof(target));
	return at;
}

enum status service_pass_on(struct rpc_request *request, struct rpc_call *call)
{
	const struct service_slot *slot = request->side;
	enum status status = call->block == RPC_NO_BLOCK || call->params.failed ? STATUS_TOO_LARGE
										: STATUS_OK;

	if (status == STATUS_OK) {
		const struct cap_sqe *sqe = rpc_sqe(call);
		uint32_t descs = put_target_first(call);
		struct cap_cqe cqe = ring_do(slot->service->ring,
					     &(struct cap_sqe){
						     .op = CAP_OP_RETURN,
						     .flags = CAP_SQE_TAIL,
						     .method = sqe->method,
						     .target = slot->answer.target,
						     .interface_id = sqe->interface_id,
						     .msg_off = sqe->msg_off,
						     .msg_len = (uint32_t)msg_builder_size(&call->params),
						     .caps_off = descs,
						     .caps_len = (uint16_t)(sqe->caps_len + 1),
					     });
		status = (enum status)cqe.status;
	}
	rpc_end(call);
	return status == STATUS_OK ? RPC_DEFERRED : status;
}
