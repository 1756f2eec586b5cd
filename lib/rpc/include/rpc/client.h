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
 * Cost: begin builds the submission where the transport will read it, in the slot of its queue that comes next; sending
 * is counting it. A call whose slot somebody else wants first, and one that is needed again later (it may be repeated, or
 * names answers), is built in struct rpc_call and copied when it is sent.
 */
#pragma once

#include <abi/cap.h>
#include <abi/ring.h>
#include <abi/status.h>
#include <message/message.h>
#include <schema/exception.capnp.h>
#include <stddef.h>

struct rpc_call;
struct rpc_transport;

/* What a call came to, in two registers. */
struct rpc_outcome {
	uint64_t status_and_len; /* len, bytes of message, in the upper half: as they lie in a completion */
	uint64_t caps;           /* ids that came, behind the message */
};

static inline struct rpc_outcome rpc_outcome(enum status status, uint32_t len, uint16_t caps)
{
	return (struct rpc_outcome){(uint64_t)len << 32 | (uint32_t)status, caps};
}

static inline enum status rpc_outcome_status(struct rpc_outcome o)
{
	return (enum status)(uint32_t)o.status_and_len;
}

static inline uint32_t rpc_outcome_len(struct rpc_outcome o)
{
	return (uint32_t)(o.status_and_len >> 32);
}

/* Of functions that are called rarely from code that is in line: they save the registers, and their callers need not. */
#define RPC_ASIDE __attribute__((preserve_most))

struct rpc_transport_ops {
	/*
	 * The last slot at hand was filled: sets slot and left for the next submission, or building to RPC_FULL.
	 * Submissions are CALLs as their user_data (a struct rpc_call, or RPC_ALONE) says; whoever learns of a completion
	 * calls rpc_complete.
	 */
	RPC_ASIDE void (*advance)(struct rpc_transport *t);
	/* building is RPC_FULL, and a slot is wanted: makes room and clears it. */
	void (*make_room)(struct rpc_transport *t);
	/* Until call->done. A status other than OK: it never will be. */
	enum status (*wait)(struct rpc_call *call);
	/* Submits the CALL that is in the slot, whose user_data is RPC_ALONE, and waits for its completion. */
	struct rpc_outcome (*call)(struct rpc_transport *t);
	/*
	 * The call is given up: it was sent and is not done (cancel it, and wait until its buffer is no longer
	 * written to), or its answer was kept (release it). Otherwise this is not called.
	 */
	void (*end)(struct rpc_call *call);
};

/*
 * A queue of submissions, and an arena. The arena holds blocks, one for each open call: a header of 8 bytes, the
 * message, its capability descriptors, the buffer for the result. The first is always there, for calls in one (rpc/quick.h). The
 * others lie side by side from RPC_QUICK_BYTES to `next`; ended ones below the topmost are reused when `next` reaches `limit`
 * (arena.c).
 *
 * T1  building null: `slot` is free, and left - 1 more behind it. A call: its submission is begun in `slot`.
 *     RPC_FULL: there is no slot.
 */
struct rpc_transport {
	const struct rpc_transport_ops *ops;
	uint8_t *arena;
	struct cap_sqe *slot; /* where the next submission is built */
	struct rpc_call *building;
	uint64_t sequence; /* of the next submission */
	uint32_t left;     /* slots at hand */
	uint32_t next;     /* first byte above the topmost block */
	uint32_t limit;    /* where blocks may be: an offset in bytes, a multiple of 8 */
	/* Of the call that is being served (runtime/service.h); 0: none. Calls that begin meanwhile have it, too. */
	uint64_t deadline_ns;
	struct rpc_call *kept; /* calls whose answers are kept, the last sent first */
	uint64_t composed;     /* sequence number behind that of the last call that names an answer */
};

#define RPC_FULL ((struct rpc_call *)1)
/* user_data of a call in one: a transport has at most one at a time. No struct rpc_call is there. */
#define RPC_ALONE 2u
#define RPC_QUICK_BYTES 512u

/* struct rpc_call, special: the way that nothing is special is the quick one. */
enum : uint8_t {
	RPC_UNSENT = 1 << 0,   /* nor in the transport's slot */
	RPC_KEPT = 1 << 1,     /* the answer can be named */
	RPC_COMPOSED = 1 << 2, /* names answers */
};

struct rpc_call {
	struct rpc_transport *transport;
	struct msg_builder params; /* until sent */
	struct msg_reader results; /* when opened */
	uint32_t block;            /* in the arena; RPC_NO_BLOCK: none */
	uint32_t end;              /* of that block */
	uint32_t result_off;       /* in the arena: where the result comes */
	uint8_t special;
	bool done; /* completed, or it will never be sent */
	/* Set when it is done, side by side as in a completion. */
	enum status status;
	uint32_t result_len;   /* bytes of message at result_off */
	uint16_t result_caps;  /* ids that came, behind the message */
	uint16_t result_flags; /* enum cap_cqe_flag */
	uint32_t reserved;
	uint64_t sequence;          /* names the answer, from send on */
	struct rpc_call *next_kept; /* with rpc_keep: the transport's */
	struct cap_sqe own;         /* the submission, while it is not in the transport's slot */
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
	bool again;            /* may be sent more than once */
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

/* The arena has `bytes`, a multiple of 8, at least RPC_QUICK_BYTES. */
static inline void rpc_transport_init(struct rpc_transport *t, const struct rpc_transport_ops *ops,
				      void *arena, uint32_t bytes)
{
	*t = (struct rpc_transport){
		.ops = ops, .arena = arena, .building = RPC_FULL, .next = RPC_QUICK_BYTES, .limit = bytes};
}

/* ---- The queue ---- */

/* The slot is wanted though a call is being built there, or there is none. */
[[gnu::cold]] RPC_ASIDE void rpc_slot_slowly(struct rpc_transport *t);

/* The next submission's slot, to be filled before anything else is done with the transport; then rpc_submit. */
static inline struct cap_sqe *rpc_slot(struct rpc_transport *t)
{
	if (__builtin_expect(t->building != nullptr, 0))
		rpc_slot_slowly(t);
	return t->slot;
}

/* Counts what was filled. False: it was the last slot at hand, and the transport is to advance. */
[[gnu::always_inline]] static inline bool rpc_count_submission(struct rpc_transport *t)
{
	t->sequence++;
	t->slot++;
	return --t->left != 0;
}

/* The same, and advances. Gives its sequence number. */
[[gnu::always_inline]] static inline uint64_t rpc_submit(struct rpc_transport *t)
{
	uint64_t sequence = t->sequence;

	if (__builtin_expect(!rpc_count_submission(t), 0))
		t->ops->advance(t);
	return sequence;
}

/* ---- The arena ---- */

/* Room for a block of `bytes` where ended calls left some; RPC_NO_BLOCK: none. */
[[gnu::cold]] RPC_ASIDE uint32_t rpc_arena_reuse(struct rpc_transport *t, uint32_t bytes);

/* Block header: size in bytes (bit 0: free). */
static inline uint32_t rpc_arena_alloc(struct rpc_transport *t, uint32_t bytes)
{
	uint32_t block = t->next;

	if (__builtin_expect(bytes > t->limit - block, 0))
		return rpc_arena_reuse(t, bytes);
	__builtin_assume(block != RPC_NO_BLOCK);
	t->next = block + bytes;
	msg_store64(t->arena + block, bytes);
	return block;
}

/* Gives a block back. */
static inline void rpc_arena_free(struct rpc_transport *t, uint32_t block)
{
	uint64_t size = msg_load64(t->arena + block);

	if (__builtin_expect(block + size == t->next, 1))
		t->next = block;
	else
		msg_store64(t->arena + block, size | 1);
}

/* ---- Beginning ---- */

/* A call that was not sent, with a status that says why. */
[[gnu::cold]] RPC_ASIDE void rpc_call_fail(struct rpc_call *c, enum status s);
/* What was begun in the slot goes on in struct rpc_call. */
void rpc_move_out(struct rpc_transport *t);
/* rpc_end of a call that is under way, was not sent, or whose answer was kept. */
[[gnu::cold]] RPC_ASIDE void rpc_end_slowly(struct rpc_call *c);

/* Where the call's submission is, until it is sent. */
static inline struct cap_sqe *rpc_sqe(struct rpc_call *c)
{
	return c->transport->building == c ? c->transport->slot : &c->own;
}

/* How a block is laid out. */
struct rpc_layout {
	uint32_t params;            /* bytes, behind the header */
	uint32_t caps, result, end; /* where descriptors and result begin */
};

[[gnu::always_inline]] static inline struct rpc_layout rpc_layout(struct rpc_shape shape)
{
	uint32_t params = (shape.params_bytes + 7) & ~7u;
	uint32_t result = shape.result_bytes + shape.result_caps * 8u;
	uint32_t caps_at = 8 + params, result_at = caps_at + shape.caps * (uint32_t)sizeof(struct cap_desc);

	result = result < CAP_MIN_RESULT_BUF ? CAP_MIN_RESULT_BUF : result;
	return (struct rpc_layout){params, caps_at, result_at, result_at + result};
}

/* All of a CALL but caps_len. */
[[gnu::always_inline]] static inline void rpc_fill(struct cap_sqe *sqe, struct rpc_target target,
						   struct rpc_shape shape, struct rpc_layout layout,
						   uint32_t block, uint32_t msg_len, uint64_t user_data,
						   uint64_t deadline_ns)
{
	*sqe = (struct cap_sqe){
		.op = CAP_OP_CALL,
		.flags = target.is_answer ? CAP_SQE_TARGET_IS_ANSWER : 0,
		.method = shape.method,
		.path = target.path,
		.target = target.value,
		.interface_id = shape.interface_id,
		.user_data = user_data,
		.msg_off = block + 8,
		.msg_len = msg_len,
		.buf_off = block + layout.result,
		.buf_len = layout.end - layout.result,
		.caps_off = shape.caps ? block + layout.caps : 0,
		.buf_caps = shape.result_caps,
		.deadline_ns = deadline_ns,
	};
}

/* Room for a call where ended ones left some; RPC_NO_BLOCK: there is none, and the call has failed. */
[[gnu::cold]] RPC_ASIDE uint32_t rpc_begin_slowly(struct rpc_call *c, struct rpc_transport *t,
						  uint32_t params, uint32_t bytes);

/*
 * Opens a call whose message has `words` already, room for them being fixed by the schema; `root` is the first of them. The order is
 * for the compiler, which cannot know that the arena and the struct are two things: first what is read, then what goes into the arena,
 * the submission, the struct, and the transport: so what it has just written need not be read again by who sends it, and zeroes that
 * setters write over need not be written.
 */
[[gnu::always_inline]] static inline bool rpc_begin_words(struct rpc_call *c, struct rpc_transport *t,
							  struct rpc_target target, struct rpc_shape shape,
							  uint32_t words, uint64_t root)
{
	struct rpc_layout layout = rpc_layout(shape);
	struct cap_sqe *sqe = &c->own;
	bool in_slot = !target.is_answer && !shape.again;

	if (in_slot)
		sqe = rpc_slot(t);
	uint32_t block = t->next, end = block + layout.end;
	if (__builtin_expect(shape.params_bytes > RPC_MAX_PARAMS, 0) || __builtin_expect(end > t->limit, 0)) {
		block = rpc_begin_slowly(c, t, shape.params_bytes, layout.end);
		end = block + layout.end;
		if (block == RPC_NO_BLOCK) {
			c->transport = t;
			c->params.failed = true; /* for the compiler, which then knows what send does */
			if (target.is_answer)
				c->special |= RPC_COMPOSED;
			return false;
		}
	} else {
		t->next = end;
	}
	uint8_t *at = t->arena + block;
	uint64_t deadline_ns = t->deadline_ns;
	msg_store64(at, layout.end);
	if (words != 0) {
		msg_store64(at + 8, root);
		__builtin_memset(at + 16, 0, (size_t)(words - 1) * 8);
	}
	rpc_fill(sqe, target, shape, layout, block, words * 8, (uint64_t)(uintptr_t)c, deadline_ns);
	c->transport = t;
	msg_builder_init(&c->params, at + 8, layout.params);
	c->params.words = words;
	c->block = block;
	c->end = end;
	c->result_off = block + layout.result;
	c->special = target.is_answer ? RPC_UNSENT | RPC_COMPOSED : in_slot ? 0 : RPC_UNSENT;
	c->done = false;
	if (in_slot)
		t->building = c;
	return true;
}

/*
 * Opens a call: room for message, descriptors and result, and the submission entry but for what send knows. The
 * message is c->params. For generated code, and for callers that know a schema only at run time.
 */
[[gnu::always_inline]] static inline void rpc_begin(struct rpc_call *c, struct rpc_transport *t,
						    struct rpc_target target, struct rpc_shape shape)
{
	(void)rpc_begin_words(c, t, target, shape, 0, 0);
}

/*
 * The same with the root struct of the message, of sizes that the schema fixes: shape.params_bytes has room for it, so
 * it is there whenever the block is.
 */
[[gnu::always_inline]] static inline struct msg_struct_builder rpc_begin_root_here(
	struct rpc_call *c, struct rpc_transport *t, struct rpc_target target, struct rpc_shape shape,
	uint32_t data_words, uint32_t pointers)
{
	if (__builtin_expect(!rpc_begin_words(c, t, target, shape, 1 + data_words + pointers,
					      msg_root_word(data_words, pointers)),
			     0))
		return (struct msg_struct_builder){.msg = &c->params};
	__builtin_assume(c->params.base + 8 != nullptr);
	return (struct msg_struct_builder){&c->params, c->params.base + 8};
}

/* Once, for code that is to be small rather than quick (RPC_SMALL): begin.c. */
struct msg_struct_builder rpc_begin_root_there(struct rpc_call *c, struct rpc_transport *t,
					       struct rpc_target target, struct rpc_shape shape,
					       uint32_t data_words, uint32_t pointers);
#ifdef RPC_SMALL
#define rpc_begin_root rpc_begin_root_there
#else
#define rpc_begin_root rpc_begin_root_here
#endif

/* Before send: the answer may be named by later submissions until rpc_end. */
static inline void rpc_keep(struct rpc_call *c)
{
	if (c->transport->building == c)
		rpc_move_out(c->transport);
	c->own.flags |= CAP_SQE_KEEP_ANSWER;
	c->special |= RPC_KEPT;
}

/* Before send: absolute, on the monotonic clock; 0: none. The deadline of the call that is being served holds if that is earlier. */
static inline void rpc_set_deadline(struct rpc_call *c, uint64_t deadline_ns)
{
	uint64_t served = c->transport->deadline_ns;

	rpc_sqe(c)->deadline_ns = served != 0 && (deadline_ns == 0 || served < deadline_ns) ? served
											    : deadline_ns;
}

/* Adds a capability to the message; gives its index for a generated setter, -1 (a null) if there is no room. */
static inline int32_t rpc_add_desc(struct rpc_call *c, struct cap_desc desc)
{
	struct cap_sqe *sqe = rpc_sqe(c);
	uint32_t i = sqe->caps_len;

	if (c->params.failed)
		return -1;
	/* The area lies between message and result; a method without capabilities has none. */
	if (sqe->caps_off == 0 || sqe->caps_off + (i + 1) * sizeof(desc) > sqe->buf_off) {
		c->params.failed = true;
		return -1;
	}
	__builtin_memcpy(c->transport->arena + sqe->caps_off + i * sizeof(desc), &desc, sizeof(desc));
	sqe->caps_len = (uint16_t)(i + 1);
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
	if (c->transport->building == c)
		rpc_move_out(c->transport);
	c->special |= RPC_COMPOSED;
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

/* ---- Sending and waiting ---- */

/* For transports: the call's completion, as the kernel wrote it. */
static inline void rpc_complete_by(struct rpc_call *c, const struct cap_cqe *cqe)
{
	static_assert(offsetof(struct rpc_call, result_len) - offsetof(struct rpc_call, status) ==
			      offsetof(struct cap_cqe, len) - offsetof(struct cap_cqe, status) &&
		      offsetof(struct rpc_call, result_caps) - offsetof(struct rpc_call, status) ==
			      offsetof(struct cap_cqe, caps) - offsetof(struct cap_cqe, status) &&
		      offsetof(struct rpc_call, reserved) - offsetof(struct rpc_call, status) == 12);
	__builtin_memcpy(&c->status, &cqe->status, 16);
	c->done = true;
}

/* The same in other words. len bytes of message at the result's place, then, at the next multiple of 8, ids. */
static inline void rpc_complete(struct rpc_call *c, enum status s, uint32_t len, uint16_t caps)
{
	c->status = s;
	c->result_len = len;
	c->result_caps = caps;
	c->result_flags = 0;
	c->done = true;
}

static inline bool rpc_was_sent(const struct rpc_call *c)
{
	return (c->special & RPC_UNSENT) == 0 && c->transport->building != c;
}

/* Of a call whose shape says `again`, and that is done: may be sent once more. Its message is where it was; c->params is to be set to
 * what the builder was when it was finished. */
static inline void rpc_again(struct rpc_call *c)
{
	c->special |= RPC_UNSENT;
}

/* rpc_send of a call whose submission is not in the slot, or that has failed. */
RPC_ASIDE enum status rpc_send_slowly(struct rpc_call *c);

/* The submission in the slot is complete. */
static inline enum status rpc_send_slot(struct rpc_call *c)
{
	struct rpc_transport *t = c->transport;

	c->sequence = t->sequence;
	t->building = nullptr;
	(void)rpc_submit(t);
	return STATUS_OK;
}

/* A status other than OK: the message found no room, and nothing was sent. What was sent before is not sent again. */
static inline enum status rpc_send(struct rpc_call *c)
{
	struct rpc_transport *t = c->transport;

	if (__builtin_expect(c->params.failed || t->building != c, 0))
		return rpc_send_slowly(c);
	t->slot->msg_len = (uint32_t)msg_builder_size(&c->params);
	return rpc_send_slot(c);
}

/* The same for generated code, of a message that is as long as it was when it was begun. */
static inline enum status rpc_send_fixed(struct rpc_call *c)
{
	if (__builtin_expect(c->params.failed || c->transport->building != c, 0))
		return rpc_send_slowly(c);
	return rpc_send_slot(c);
}

/* Until the answer is there; gives the call's status. The generated foo_bar_results(call) then reads it. */
static inline enum status rpc_wait(struct rpc_call *c)
{
	if (!c->done) {
		enum status s = c->transport->ops->wait(c);

		if (__builtin_expect(s != STATUS_OK, 0))
			rpc_call_fail(c, s);
	}
	return c->status;
}

/* rpc_send, then rpc_wait. */
static inline enum status rpc_call(struct rpc_call *c)
{
	return rpc_send(c) == STATUS_OK ? rpc_wait(c) : c->status;
}

/*
 * rpc_wait; a call whose server ended (DISCONNECTED) before it had answered is sent again, up to three times. Only for methods that
 * are annotated idempotent. Calls that name answers, whose answer was kept, or that moved a capability away are not sent again. Behind
 * other calls of this thread then: the order of calls to that object is lost.
 */
enum status rpc_wait_idempotent(struct rpc_call *c);

/* rpc_send, then rpc_wait_idempotent. */
static inline enum status rpc_call_idempotent(struct rpc_call *c)
{
	return rpc_send(c) == STATUS_OK ? rpc_wait_idempotent(c) : c->status;
}

/* How often rpc_wait_idempotent sends again. */
#define RPC_REPEATS 3u

/* ---- Results ---- */

/* Makes the message that came readable, from its start; for a call with STATUS_OK or STATUS_EXCEPTION. */
static inline void rpc_open(struct rpc_call *c)
{
	uint32_t words = c->result_len / 8;

	c->results.base = c->transport->arena + c->result_off;
	c->results.words = words;
	c->results.budget = words * MSG_TRAVERSAL;
	c->results.caps = c->result_caps;
	c->results.nesting = MSG_NESTING;
	c->results.malformed = words == 0;
}

/* The same, whatever became of the call: without a message there is nothing to read. */
static inline enum status rpc_open_results(struct rpc_call *c)
{
	if (c->status == STATUS_OK || c->status == STATUS_EXCEPTION)
		rpc_open(c);
	else
		c->results = (struct msg_reader){};
	return c->status;
}

/*
 * Is there a message whose root has exactly the sizes that the schema has now? Its fields then need no further check. For calls with
 * STATUS_OK.
 */
[[gnu::always_inline]] static inline struct msg_struct rpc_message_as(const uint8_t *message, uint32_t len,
								      uint32_t data_words, uint32_t pointers)
{
	if (__builtin_expect(!msg_is(message, len, data_words, pointers), 0))
		return (struct msg_struct){};
	__builtin_assume(message + 8 != nullptr);
	return (struct msg_struct){
		.data = message + 8, .data_bytes = data_words * 8, .pointers = (uint16_t)pointers};
}

/* The root of results; without pointers they need no reader if the server has the same schema. */
[[gnu::always_inline]] static inline struct msg_struct rpc_results_root(struct rpc_call *c,
									uint32_t data_words,
									uint32_t pointers)
{
	if (pointers == 0) {
		struct msg_struct s = rpc_message_as(c->transport->arena + c->result_off, c->result_len,
						     data_words, 0);

		c->results.malformed = false;
		if (__builtin_expect(s.data != nullptr, 1))
			return s;
	}
	rpc_open(c);
	return msg_reader_root_of(&c->results, data_words, pointers);
}

/* The id of a capability behind a message, by the index that a generated getter gives; null: none. */
static inline cap_id rpc_cap_behind(const uint8_t *message, uint32_t len, uint16_t caps, int32_t index)
{
	if (index < 0 || index >= (int32_t)caps)
		return CAP_ID_NULL;
	return (cap_id){msg_load64(message + ((len + 7) & ~7u) + (uint32_t)index * 8)};
}

/* The id of a capability that came with the results. */
static inline cap_id rpc_result_cap(const struct rpc_call *c, int32_t index)
{
	return rpc_cap_behind(c->transport->arena + c->result_off, c->result_len, c->result_caps, index);
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
	static_assert(offsetof(struct rpc_call, done) == offsetof(struct rpc_call, special) + 1);
	/* done, and nothing special */
	if (__builtin_expect(msg_load16(&c->special) != 0x0100, 0))
		rpc_end_slowly(c);
	else if (__builtin_expect(c->end == c->transport->next, 1))
		c->transport->next = c->block;
	else
		rpc_arena_free(c->transport, c->block);
}
