// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls, out of line. */
#include <rpc/quick.h>

struct msg_struct_builder rpc_begin_root_there(struct rpc_call *c, struct rpc_transport *t,
					       struct rpc_target target, struct rpc_shape shape,
					       uint32_t data_words, uint32_t pointers)
{
	return rpc_begin_root_here(c, t, target, shape, data_words, pointers);
}

struct msg_struct_builder rpc_quick_begin_there(struct rpc_quick *q, struct msg_builder *message,
						struct rpc_transport *t, struct rpc_shape shape,
						uint32_t data_words, uint32_t pointers)
{
	return rpc_quick_begin_here(q, message, t, shape, data_words, pointers);
}

enum status rpc_quick_call_there(struct rpc_quick *q, const struct msg_builder *message, cap_id cap,
				 struct rpc_shape shape)
{
	return rpc_quick_call_here(q, message, cap, shape);
}
