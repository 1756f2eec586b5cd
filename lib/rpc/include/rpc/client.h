// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making calls: struct rpc_call, and the transport that carries it (a ring; a loopback in tests; a network later).
 *
 * The life of a call:
 *   struct rpc_call call;
 *   struct foo_bar_params_builder p = foo_bar_begin(&call, transport, cap);   room in the transport's arena
 *   foo_bar_params_builder_set_x(p, 1);                                       built in place
 *   status = foo_bar_call(&call, &results);          = foo_bar_send(&call), then foo_bar_wait(&call, &results)
 *   ... results are read in place, and are valid until
 *   rpc_end(&call);                                   always, also after a failure
 *
 * - No step before send or call reports failure: a call that found no room, or whose message outgrew it, has inert
 *   builders, and send gives the status.
 * - Several calls may be open at a time, in any order of begin, send, wait and end. struct rpc_call must not move
 *   between begin and end.
 * - An answer can be used before it came: rpc_keep(&call) before send; then rpc_answer(&call), or the generated
 *   foo_bar_pipeline_x(&call), is a target for foo_baz_begin_on, and rpc_add_answer makes it an argument.
 * - A transport, and what hangs on it, belongs to one thread.
 *
 * Cost: begin is a pointer bump and stores of constants; the call is built as the submission entry that a ring wants
 * (struct cap_sqe), so that sending is a copy of 64 bytes.
 */
#pragma once

#include <abi/cap.h>
#include <abi/ring.h>
#include <abi/status.h>
#include <message/message.h>
#include <schema/exception.capnp.h>

struct rpc_call;
struct rpc_transport;

struct rpc_transport_ops {
	/*
	 * Submits call->sqe, whose offsets are relative to transport->arena; sets call->sequence. A status other than
	 * OK: not sent, and nothing will come.
	 */
	enum status (*send)(struct rpc_call *call);
	/* Until call->done; whoever learns of the completion calls rpc_complete. A status other than OK: it never will. */
	enum status (*wait)(struct rpc_call *call);
	/* send and wait in one. */
	enum status (*call)(struct rpc_call *call);
	/*
	 * The call is given up: it was sent and is not done (cancel it, and wait until its buffer is no longer
	 * written to), or its answer was kept (release it). Otherwise this is not called.
	 */
	void (*end)(struct rpc_call *call);
};

/*
 * The arena holds blocks, one for each open call: a header of 8 bytes, the message, its capability descriptors, the
 * buffer for the result. Blocks form a stack from `start`; ended ones below the top are reused when the top reaches
 * `limit` (arena.c).
 */
struct rpc_transport {
	const struct rpc_transport_ops *ops;
	uint8_t *arena;
	uint32_t start; /* where blocks may be, offsets in bytes, multiples of 8 */
	uint32_t limit;
	uint32_t next; /* first byte above the topmost block */
	uint32_t top;  /* the topmost block; next == start: none */
	/* Of the call that is being served (runtime/service.h); 0: none. Calls that begin meanwhile have it, too. */
	uint64_t deadline_ns;
};

struct rpc_call {
	struct cap_sqe sqe;
	struct rpc_transport *transport;
	union {
		struct msg_builder params; /* until sent */
		struct msg_reader results; /* when done */
	};
	uint64_t sequence;          /* names the answer, from send on */
	struct rpc_call *next_kept; /* with rpc_keep: the transport's */
	uint32_t block;             /* in the arena; RPC_NO_BLOCK: none */
	uint32_t result_len;        /* bytes of message at sqe.buf_off */
	/* Together, so that one store sets them. */
	enum status status;
	uint16_t result_caps; /* ids that came, behind the message */
	bool sent;
	bool done; /* nothing is under way: not sent yet, or completed */
};

#define RPC_NO_BLOCK UINT32_MAX
/* For a local struct rpc_call: rpc_begin sets what is read of it, so the compiler need not clear it. */
#define RPC_UNCLEARED __attribute__((uninitialized))
/* What is reserved for a part of a message whose size the schema does not fix, unless the caller says otherwise. */
#define RPC_DEFAULT_VARIABLE 512u
#define RPC_DEFAULT_RESULT 1024u
/* The same for capabilities inside lists and AnyPointers. */
#define RPC_DEFAULT_CAPS 4u
/* More than a message may be long: what several Texts of that length would ask for is refused when sent. */
#define RPC_MAX_PARAMS (16 * CAP_MAX_MESSAGE)

/* What a method needs; all constants in generated code. */
struct rpc_shape {
	uint64_t interface_id;
	uint16_t method;
	uint16_t caps;         /* descriptors that may be added */
	uint16_t result_caps;  /* capabilities that may come back */
	uint32_t params_bytes; /* of message, a multiple of 8 */
	uint32_t result_bytes; /* of message, a multiple of 8 */
};

/* What Text and Data of len bytes take up in a message. */
static inline uint32_t rpc_text_room(uint32_t len)
{
	return len < CAP_MAX_MESSAGE ? (len + 8) & ~7u : CAP_MAX_MESSAGE;
}

static inline uint32_t rpc_data_room(uint32_t len)
{
	return len < CAP_MAX_MESSAGE ? (len + 7) & ~7u : CAP_MAX_MESSAGE;
}

/* Whom a call goes to. */
struct rpc_target {
	uint64_t value; /* capability id, or sequence number of a kept call */
	uint32_t path;  /* as cap_sqe.path; 0 for a capability */
	bool is_answer;
};

static inline struct rpc_target rpc_target_cap(cap_id id)
{
	return (struct rpc_target){.value = id.raw};
}

/* The arena of a transport: [start, limit) of `arena`, multiples of 8. */
static inline void rpc_transport_init(struct rpc_transport *t, const struct rpc_transport_ops *ops,
				      void *arena, uint32_t start, uint32_t limit)
{
	*t = (struct rpc_transport){ops, arena, start, limit, start, start, 0};
}

/* Room for a block of `bytes` where ended calls left some; RPC_NO_BLOCK: none. */
uint32_t rpc_arena_reuse(struct rpc_transport *t, uint32_t bytes);

/* Block header: size in bytes (bit 0: free), and where the block below starts. */
static inline uint32_t rpc_arena_alloc(struct rpc_transport *t, uint32_t bytes)
{
	uint32_t block = t->next;

	if (__builtin_expect(bytes > t->limit - block, 0))
		return rpc_arena_reuse(t, bytes);
	msg_store64(t->arena + block, (uint64_t)t->top << 32 | bytes);
	t->top = block;
	t->next = block + bytes;
	return block;
}

/* Gives the topmost block back. */
static inline void rpc_arena_pop(struct rpc_transport *t, uint32_t block)
{
	t->top = (uint32_t)(msg_load64(t->arena + block) >> 32);
	t->next = block;
}

/* Gives a block back. */
static inline void rpc_arena_free(struct rpc_transport *t, uint32_t block)
{
	if (block == t->top)
		rpc_arena_pop(t, block);
	else
		msg_store64(t->arena + block, msg_load64(t->arena + block) | 1);
}

/* A call that was not sent, with a status that says why. */
void rpc_call_fail(struct rpc_call *c, enum status s);
/* rpc_end of a call that is under way, or whose answer was kept, or whose block is not the topmost. */
void rpc_end_slowly(struct rpc_call *c);

/*
 * Opens a call: room for message, descriptors and result, and the submission entry but for what send knows. The
 * message is c->params. For generated code, and for callers that know a schema only at run time.
 */
[[gnu::always_inline]] static inline void rpc_begin(struct rpc_call *c, struct rpc_transport *t,
						    struct rpc_target target, struct rpc_shape shape)
{
	uint32_t params = (shape.params_bytes + 7) & ~7u;
	uint32_t result = shape.result_bytes + shape.result_caps * 8u;
	uint32_t caps_at = 8 + params, result_at = caps_at + shape.caps * (uint32_t)sizeof(struct cap_desc);

	result = result < CAP_MIN_RESULT_BUF ? CAP_MIN_RESULT_BUF : result;
	c->transport = t;
	c->status = STATUS_BAD_STATE; /* what rpc_wait says of a call that was not sent */
	c->result_caps = 0;
	c->sent = false;
	c->done = true;

	uint32_t block = RPC_NO_BLOCK;

	if (shape.params_bytes <= RPC_MAX_PARAMS)
		block = rpc_arena_alloc(t, result_at + result);
	c->block = block;
	if (__builtin_expect(block == RPC_NO_BLOCK, 0)) {
		rpc_call_fail(c, STATUS_TOO_LARGE);
		return;
	}
	uint8_t *message = t->arena + block + 8;

	c->sqe = (struct cap_sqe){
		.op = CAP_OP_CALL,
		.flags = target.is_answer ? CAP_SQE_TARGET_IS_ANSWER : 0,
		.method = shape.method,
		.path = target.path,
		.target = target.value,
		.interface_id = shape.interface_id,
		.user_data = target.is_answer, /* until it is sent: names an answer, or keeps its own */
		.msg_off = block + 8,
		.buf_off = block + result_at,
		.buf_len = result,
		.caps_off = block + caps_at,
		.buf_caps = shape.result_caps,
		.deadline_ns = t->deadline_ns,
	};
	msg_builder_init(&c->params, message, params);
}

/*
 * The same with the root struct of the message, of sizes that the schema fixes: shape.params_bytes has room for it, so
 * it is there whenever the block is.
 */
[[gnu::always_inline]] static inline struct msg_struct_builder rpc_begin_root(
	struct rpc_call *c, struct rpc_transport *t, struct rpc_target target, struct rpc_shape shape,
	uint32_t data_words, uint32_t pointers)
{
	rpc_begin(c, t, target, shape);
	if (__builtin_expect(c->block == RPC_NO_BLOCK, 0))
		return (struct msg_struct_builder){.msg = &c->params};

	uint8_t *message = c->transport->arena + c->block + 8;

	__builtin_memset(message + 8, 0, (size_t)(data_words + pointers) * 8);
	msg_store64(message, msg_root_word(data_words, pointers));
	c->params.words = 1 + data_words + pointers;
	return (struct msg_struct_builder){&c->params, message + 8};
}

/* Before send: the answer may be named by later submissions until rpc_end. */
static inline void rpc_keep(struct rpc_call *c)
{
	c->sqe.flags |= CAP_SQE_KEEP_ANSWER;
	c->sqe.user_data = 1;
}

/* Before send: absolute, on the monotonic clock; 0: none. The deadline of the call that is being served holds if that is earlier. */
static inline void rpc_set_deadline(struct rpc_call *c, uint64_t deadline_ns)
{
	uint64_t served = c->transport->deadline_ns;

	c->sqe.deadline_ns = served != 0 && (deadline_ns == 0 || served < deadline_ns) ? served : deadline_ns;
}

/* How many descriptors fit: the area lies between message and result. */
static inline uint32_t rpc_caps_max(const struct rpc_call *c)
{
	return (c->sqe.buf_off - c->sqe.caps_off) / (uint32_t)sizeof(struct cap_desc);
}

/* Adds a capability to the message; gives its index for a generated setter, -1 (a null) if there is no room. */
static inline int32_t rpc_add_desc(struct rpc_call *c, struct cap_desc desc)
{
	uint32_t i = c->sqe.caps_len;

	if (c->params.failed)
		return -1;
	if (i >= rpc_caps_max(c)) {
		c->params.failed = true;
		return -1;
	}
	__builtin_memcpy(c->transport->arena + c->sqe.caps_off + i * sizeof(desc), &desc, sizeof(desc));
	c->sqe.caps_len = (uint16_t)(i + 1);
	return (int32_t)i;
}

/* The null id gives a null pointer. */
static inline int32_t rpc_add_cap(struct rpc_call *c, cap_id id)
{
	return id.raw ? rpc_add_desc(c, (struct cap_desc){.id = id.raw, .kind = CAP_DESC_COPY}) : -1;
}

/* As rpc_add_cap; the sender loses it when the message is delivered. */
static inline int32_t rpc_add_moved(struct rpc_call *c, cap_id id)
{
	return id.raw ? rpc_add_desc(c, (struct cap_desc){.id = id.raw, .kind = CAP_DESC_MOVE}) : -1;
}

static inline int32_t rpc_add_minted(struct rpc_call *c, cap_id endpoint_template, uint64_t key)
{
	return rpc_add_desc(c, (struct cap_desc){endpoint_template.raw, key, CAP_DESC_MINT, {}});
}

/* A capability in the answer of a call that was sent with rpc_keep (or, for a target that is a capability, that). */
static inline int32_t rpc_add_answer(struct rpc_call *c, struct rpc_target t)
{
	if (!t.is_answer)
		return rpc_add_cap(c, (cap_id){t.value});
	c->sqe.user_data = 1;
	return rpc_add_desc(c, (struct cap_desc){t.value, t.path, CAP_DESC_ANSWER, {}});
}

/* The root of the answer of a call that was sent with rpc_keep. */
static inline struct rpc_target rpc_answer(const struct rpc_call *c)
{
	return (struct rpc_target){c->sequence, CAP_PATH_ROOT, true};
}

/* The target's pointer field `index`; at most four levels, indexes below 255. */
static inline struct rpc_target rpc_target_field(struct rpc_target t, uint8_t index)
{
	for (unsigned shift = 0; shift < 32; shift += 8) {
		if ((t.path >> shift & 0xff) == 0xff) {
			t.path = (t.path & ~(0xffu << shift)) | (uint32_t)index << shift;
			break;
		}
	}
	return t;
}

/* For transports: the call's completion. len bytes of message at sqe.buf_off, then, at the next multiple of 8, ids. */
static inline void rpc_complete(struct rpc_call *c, enum status s, uint32_t len, uint16_t caps)
{
	c->status = s;
	c->result_len = len;
	c->result_caps = caps;
	c->done = true;
}

static inline bool rpc_seal(struct rpc_call *c)
{
	if (__builtin_expect(c->params.failed, 0)) {
		rpc_call_fail(c, c->block == RPC_NO_BLOCK ? c->status : STATUS_TOO_LARGE);
		return false;
	}
	c->sqe.msg_len = (uint32_t)msg_builder_size(&c->params);
	c->sent = true;
	c->done = false;
	return true;
}

static inline enum status rpc_send(struct rpc_call *c)
{
	if (!rpc_seal(c))
		return c->status;

	enum status s = c->transport->ops->send(c);
	if (__builtin_expect(s != STATUS_OK, 0)) {
		rpc_call_fail(c, s);
		c->sent = false;
	}
	return s;
}

/* Makes the message that came readable, from its start; for a call with STATUS_OK or STATUS_EXCEPTION. */
static inline void rpc_open(struct rpc_call *c)
{
	uint32_t words = c->result_len / 8;

	c->results.base = c->transport->arena + c->sqe.buf_off;
	c->results.words = words;
	c->results.budget = words * MSG_TRAVERSAL;
	c->results.caps = c->result_caps;
	c->results.nesting = MSG_NESTING;
	c->results.malformed = words == 0;
}

/*
 * The fields of a result whose root has exactly the sizes that the schema has now: they need no further check, and
 * capabilities (whose pointers do) are read by msg_struct_cap as ever. Null data: look at it with rpc_open. For calls with
 * STATUS_OK.
 */
[[gnu::always_inline]] static inline struct msg_struct rpc_results_as(const struct rpc_call *c,
								      uint32_t data_words, uint32_t pointers)
{
	const uint8_t *message = c->transport->arena + c->sqe.buf_off;

	if (__builtin_expect(c->result_len < (1 + data_words + pointers) * 8 ||
				     msg_load64(message) != msg_root_word(data_words, pointers),
			     0))
		return (struct msg_struct){};
	return (struct msg_struct){.data = message + 8, .data_bytes = data_words * 8};
}

/* The same, whatever became of the call. */
static inline enum status rpc_open_results(struct rpc_call *c)
{
	if (c->status == STATUS_OK || c->status == STATUS_EXCEPTION)
		rpc_open(c);
	else
		c->results = (struct msg_reader){};
	return c->status;
}

/* Until the answer is there; gives the call's status. */
static inline enum status rpc_wait(struct rpc_call *c)
{
	if (!c->done) {
		enum status s = c->transport->ops->wait(c);

		if (__builtin_expect(s != STATUS_OK, 0))
			rpc_call_fail(c, s);
	}
	return rpc_open_results(c);
}

/* rpc_call_closed of a sealed call that names an answer or keeps its own. */
enum status rpc_call_composed(struct rpc_call *c);

/* rpc_send and rpc_wait without making the results readable; for generated code. */
static inline enum status rpc_call_closed(struct rpc_call *c)
{
	if (rpc_seal(c)) {
		enum status s = __builtin_expect(c->sqe.user_data != 0, 0) ? rpc_call_composed(c)
									   : c->transport->ops->call(c);

		if (__builtin_expect(s != STATUS_OK, 0))
			rpc_call_fail(c, s);
	}
	return c->status;
}

/*
 * Sends a call again whose server ended (DISCONNECTED) before it had answered, up to three times; gives the status of the last. Only for
 * methods that are annotated idempotent. Calls that name answers, whose answer was kept, or that moved a capability away are not sent
 * again. Behind other calls of this thread then: the order of calls to that object is lost.
 */
enum status rpc_repeat(struct rpc_call *c);

/* rpc_call_closed and rpc_wait, for generated code of idempotent methods. */
static inline enum status rpc_call_idempotent(struct rpc_call *c)
{
	enum status s = rpc_call_closed(c);

	return __builtin_expect(s == STATUS_DISCONNECTED, 0) ? rpc_repeat(c) : s;
}

static inline enum status rpc_wait_idempotent(struct rpc_call *c)
{
	enum status s = rpc_wait(c);

	if (__builtin_expect(s != STATUS_DISCONNECTED, 1))
		return s;
	(void)!rpc_repeat(c);
	return rpc_open_results(c);
}

/* rpc_send, then rpc_wait. */
static inline enum status rpc_call(struct rpc_call *c)
{
	(void)!rpc_call_closed(c);
	return rpc_open_results(c);
}

/* The id of a capability that came with the results, by the index that a generated getter gives; null: none. */
static inline cap_id rpc_result_cap(const struct rpc_call *c, int32_t index)
{
	if (index < 0 || index >= (int32_t)c->result_caps)
		return CAP_ID_NULL;
	return (cap_id){msg_load64(c->transport->arena + c->sqe.buf_off + ((c->result_len + 7) & ~7u) +
				   (uint32_t)index * 8)};
}

/* After STATUS_EXCEPTION: what was raised. */
static inline struct exception_reader rpc_exception(struct rpc_call *c)
{
	rpc_open(c);
	return exception_reader_root(&c->results);
}

/* Gives back the call's room; results and builders are dead then. Capabilities that came stay the caller's. */
static inline void rpc_end(struct rpc_call *c)
{
	struct rpc_transport *t = c->transport;

	if (__builtin_expect(!c->done || c->block != t->top || (c->sqe.flags & CAP_SQE_KEEP_ANSWER) != 0, 0))
		rpc_end_slowly(c);
	else
		rpc_arena_pop(t, c->block);
}
