// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The call in one, foo_bar(transport, cap, params..., results...), for generated code: begin, set, call, read, end in one
 * function, so there is no struct rpc_call and nothing to find again. All of this becomes part of the stub.
 *
 * Between begin and call nothing else happens to the transport, and until the call has come back nobody begins another one so: what runs
 * while it waits, the functions of operations that complete (runtime/ring.h), only records. So all of them use one block, the
 * arena's first, whose place is known when the stub is compiled; those for which it is too small take one of their own.
 */
#pragma once

#include <rpc/client.h>

struct rpc_quick {
	struct rpc_transport *transport;
	struct rpc_outcome outcome;
	uint32_t block; /* 0: the first; RPC_NO_BLOCK: none was free */
	uint16_t caps;
};

/* The message: a builder, over it the root. */
[[gnu::always_inline]] static inline struct msg_struct_builder rpc_quick_begin_here(
	struct rpc_quick *q, struct msg_builder *message, struct rpc_transport *t, struct rpc_shape shape,
	uint32_t data_words, uint32_t pointers)
{
	struct rpc_layout layout = rpc_layout(shape);
	uint32_t block = 0;

	q->transport = t;
	q->caps = 0;
	if (__builtin_expect(t->building != nullptr, 0))
		rpc_slot_slowly(t);
	if (layout.end > RPC_QUICK_BYTES)
		block = rpc_arena_alloc(t, layout.end);
	q->block = block;
	if (layout.end > RPC_QUICK_BYTES && __builtin_expect(block == RPC_NO_BLOCK, 0)) {
		*message = (struct msg_builder){.failed = true};
		return (struct msg_struct_builder){.msg = message};
	}
	msg_builder_init(message, t->arena + block + 8, layout.params);
	return msg_builder_root_as(message, data_words, pointers);
}

/* A copy of a capability goes with it, if it is not null: its index for the setter. There is room for all that the method takes. */
[[gnu::always_inline]] static inline int32_t rpc_quick_add_cap(struct rpc_quick *q, struct rpc_shape shape,
							       cap_id id)
{
	struct cap_desc desc = {.id = id.raw, .kind = CAP_DESC_COPY};

	if (id.raw == 0 || q->block == RPC_NO_BLOCK)
		return -1;
	__builtin_memcpy(q->transport->arena + q->block + rpc_layout(shape).caps + q->caps * sizeof(desc),
			 &desc, sizeof(desc));
	return q->caps++;
}

[[gnu::always_inline]] static inline enum status rpc_quick_call_here(struct rpc_quick *q,
								     const struct msg_builder *message,
								     cap_id cap, struct rpc_shape shape)
{
	struct rpc_transport *t = q->transport;

	if (__builtin_expect(message->failed, 0)) {
		q->outcome = rpc_outcome(STATUS_TOO_LARGE, 0, 0);
		return STATUS_TOO_LARGE;
	}

	struct cap_sqe *sqe = t->slot;

	rpc_fill(sqe, rpc_target_cap(cap), shape, rpc_layout(shape), q->block,
		 (uint32_t)msg_builder_size(message), RPC_ALONE, t->deadline_ns);
	sqe->caps_len = q->caps;
	q->outcome = t->ops->call(t);
	return rpc_outcome_status(q->outcome);
}

/* As rpc_begin_root_there. */
struct msg_struct_builder rpc_quick_begin_there(struct rpc_quick *q, struct msg_builder *message,
						struct rpc_transport *t, struct rpc_shape shape,
						uint32_t data_words, uint32_t pointers);
enum status rpc_quick_call_there(struct rpc_quick *q, const struct msg_builder *message, cap_id cap,
				 struct rpc_shape shape);
#ifdef RPC_SMALL
#define rpc_quick_begin rpc_quick_begin_there
#define rpc_quick_call rpc_quick_call_there
#else
#define rpc_quick_begin rpc_quick_begin_here
#define rpc_quick_call rpc_quick_call_here
#endif

[[gnu::always_inline]] static inline const uint8_t *rpc_quick_message(const struct rpc_quick *q,
								      struct rpc_shape shape)
{
	return q->transport->arena + q->block + rpc_layout(shape).result;
}

/* The root of the results as the schema has it now; null data: look at them with rpc_quick_open. For a call with STATUS_OK. */
[[gnu::always_inline]] static inline struct msg_struct rpc_quick_results(const struct rpc_quick *q,
									 struct rpc_shape shape,
									 uint32_t data_words,
									 uint32_t pointers)
{
	return rpc_message_as(rpc_quick_message(q, shape), rpc_outcome_len(q->outcome), data_words, pointers);
}

/* Is pointer `index` of those results null, or a capability that came? */
[[gnu::always_inline]] static inline bool rpc_quick_is_cap(const struct rpc_quick *q, struct msg_struct s,
							   uint32_t index)
{
	uint64_t word = msg_load64(s.data + s.data_bytes + (size_t)index * 8);

	return word == 0 || ((uint32_t)word == 3 && word >> 32 < q->outcome.caps);
}

[[gnu::always_inline]] static inline void rpc_quick_open(const struct rpc_quick *q, struct rpc_shape shape,
							 struct msg_reader *reader)
{
	msg_reader_init(reader, rpc_quick_message(q, shape), rpc_outcome_len(q->outcome));
	msg_reader_set_caps(reader, (uint32_t)q->outcome.caps);
}

[[gnu::always_inline]] static inline cap_id rpc_quick_cap(const struct rpc_quick *q, struct rpc_shape shape,
							  int32_t index)
{
	return rpc_cap_behind(rpc_quick_message(q, shape), rpc_outcome_len(q->outcome),
			      (uint16_t)q->outcome.caps, index);
}

[[gnu::always_inline]] static inline void rpc_quick_end(const struct rpc_quick *q)
{
	if (q->block != 0 && q->block != RPC_NO_BLOCK)
		rpc_arena_free(q->transport, q->block);
}
