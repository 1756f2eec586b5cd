// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a server sees of a call: a kernel object as well as an object of a process.
 *
 * The side that received the call (the kernel's dispatch, a service loop) fills a struct rpc_request and hands it to
 * the generated dispatcher, X_dispatch(ops, self, request). That decodes, checks, and calls ops->method(self, request,
 * params, results). The function's status:
 *   STATUS_OK          the results are built; they and caps_out go to the caller
 *   STATUS_EXCEPTION   rpc_raise built an exception where the results would be
 *   RPC_DEFERRED       answered later: the side keeps the call open. What the function needs later it must copy; the request is dead when it returns
 *   any other          transport status, as the side allows: the kernel passes its own objects' on, a service loop
 *                      turns it into the exception `failed`
 *
 * Params are read in place and stay valid until the function returns.
 */
#pragma once

#include <abi/cap.h>
#include <abi/ring.h>
#include <abi/status.h>
#include <message/message.h>
#include <schema/exception.capnp.h>

#define RPC_DEFERRED ((enum status)1)
/* An exception's message is at most this long, so that it fits into every caller's buffer. */
#define RPC_EXCEPTION_BYTES 256u

struct rpc_request;
/*
 * A method bound to its operations: decodes, checks, calls (generated X_BIND). message is request->params.base, and has `bytes`, a
 * multiple of 8; nobody writes there before the method has returned. The reader is opened here, if the method needs one.
 */
typedef enum status rpc_method_fn(void *self, struct rpc_request *request, const uint8_t *message,
				  uint32_t bytes);

struct rpc_request {
	/* As it came: interface, method, the key of the facet called, the caller's session, deadline. Null in the kernel. */
	const struct cap_call_header *call;

	/*
	 * Capabilities that came. A value's meaning is the side's: in a process a cap_id's raw value, in the kernel the
	 * address of a struct cap_ref. They belong to the server: in a process it must release them.
	 */
	uint16_t caps_in_len;
	uint16_t caps_out_len;
	uint16_t caps_out_max;
	const uint64_t *caps_in;
	/*
	 * Capabilities that go with the results, as abi/cap.h describes them (COPY, MOVE or MINT); `id` and, for MINT,
	 * the template are in the side's terms, as above.
	 */
	struct cap_desc *caps_out;

	struct msg_reader params;
	struct msg_builder results; /* over the buffer for results; at least RPC_EXCEPTION_BYTES */
	void *side;                 /* the receiving side's own */
};

/*
 * For the receiving side. The buffers stay the side's; results_bytes is at most what the caller can take.
 * Then it sets side as it has it.
 */
static inline void rpc_request_init(struct rpc_request *r, const struct cap_call_header *call,
				    const void *params, size_t params_bytes, void *results,
				    size_t results_bytes)
{
	r->call = call;
	r->caps_in_len = r->caps_out_len = r->caps_out_max = 0;
	r->caps_in = nullptr;
	r->caps_out = nullptr;
	r->side = nullptr;
	msg_reader_init(&r->params, params, params_bytes);
	msg_reader_set_caps(&r->params, 0);
	msg_builder_init(&r->results, results, results_bytes);
}

static inline void rpc_request_set_caps(struct rpc_request *r, const uint64_t *in, uint16_t in_len,
					struct cap_desc *out, uint16_t out_max)
{
	r->caps_in = in;
	r->caps_in_len = in_len;
	r->caps_out = out;
	r->caps_out_max = out_max;
	msg_reader_set_caps(&r->params, in_len);
}

/* ---- For generated code: the parameters ---- */

/* Makes the message readable from its start. */
static inline void rpc_open_params(struct rpc_request *r, uint32_t bytes)
{
	r->params.words = bytes / 8;
	r->params.budget = r->params.words * MSG_TRAVERSAL;
	r->params.caps = r->caps_in_len;
	r->params.malformed = bytes == 0;
}

/* The root struct of a message of which msg_is holds. Without pointers it needs no reader. */
[[gnu::always_inline]] static inline struct msg_struct rpc_params_root(struct rpc_request *r,
								       const uint8_t *message, uint32_t bytes,
								       uint32_t data_words, uint32_t pointers)
{
	if (pointers == 0)
		return (struct msg_struct){.data = message + 8, .data_bytes = data_words * 8};
	rpc_open_params(r, bytes);
	return (struct msg_struct){&r->params, message + 8, data_words * 8, (uint16_t)pointers,
				   MSG_NESTING - 1};
}

/* ---- Capabilities ---- */

/* The capability that a generated getter's index names; 0: none. */
static inline uint64_t rpc_request_cap_raw(const struct rpc_request *r, int32_t index)
{
	return index >= 0 && (uint32_t)index < r->caps_in_len ? r->caps_in[index] : 0;
}

/* The same in a process. */
static inline cap_id rpc_request_cap(const struct rpc_request *r, int32_t index)
{
	return (cap_id){rpc_request_cap_raw(r, index)};
}

/* Adds a capability to the results; gives its index for a generated setter, or -1 if there is no room. */
static inline int32_t rpc_request_add_cap(struct rpc_request *r, enum cap_desc_kind kind, uint64_t id,
					  uint64_t key)
{
	if (r->caps_out_len >= r->caps_out_max) {
		r->results.failed = true;
		return -1;
	}
	r->caps_out[r->caps_out_len] = (struct cap_desc){.id = id, .path_or_key = key, .kind = kind};
	return r->caps_out_len++;
}

static inline int32_t rpc_request_copy_cap(struct rpc_request *r, cap_id id)
{
	return rpc_request_add_cap(r, CAP_DESC_COPY, id.raw, 0);
}

static inline int32_t rpc_request_move_cap(struct rpc_request *r, cap_id id)
{
	return rpc_request_add_cap(r, CAP_DESC_MOVE, id.raw, 0);
}

/* A new facet of `endpoint_template` that names the object `key`. */
static inline int32_t rpc_request_mint_cap(struct rpc_request *r, cap_id endpoint_template, uint64_t key)
{
	return rpc_request_add_cap(r, CAP_DESC_MINT, endpoint_template.raw, key);
}

/*
 * Builds an exception in place of the results and gives STATUS_EXCEPTION: `return rpc_raise(...)`. reason and field
 * may be null; what does not fit into RPC_EXCEPTION_BYTES is cut. Capabilities that were added are dropped.
 */
enum status rpc_raise(struct rpc_request *r, enum exception_type type, const char *reason, const char *field);

/* The same into any builder: for an answer that comes later. */
void rpc_exception_build(struct msg_builder *b, enum exception_type type, const char *reason,
			 const char *field);

/* For dispatchers: the object does not have that interface, or its table not that method. */
enum status rpc_unimplemented(struct rpc_request *r, const char *interface_name);
/* For dispatchers: after the function; results that did not fit become TOO_LARGE. */
static inline enum status rpc_finish(const struct rpc_request *r, enum status s)
{
	return s == STATUS_OK && __builtin_expect(r->results.failed, 0) ? STATUS_TOO_LARGE : s;
}
