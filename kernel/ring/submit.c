// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Admission, but for its straight line (dispatch.h): takes submissions from the shared queue, checks and dispatches them. Only these
 * two files read submission entries.
 *
 * Each SQE is copied once, word by word, into the ring's spare request; fields that its operation does not use must
 * be zero, which is checked on the way. The shared bytes are dead afterwards (double fetch: shared/hazards.md).
 */
#include "capture.h"
#include "complete.h"
#include "ops.h"
#include "promise.h"
#include "dispatch.h"
#include "things.h"

#include <ring/endpoint.h>

/* Which bits of which words an operation may use. Word 0: op, flags, method, path; 1 target; 2 interface_id; 3 user_data;
 * 4 msg_off, msg_len; 5 buf_off, buf_len; 6 caps_off, caps_len, buf_caps; 7 deadline_ns. */
#define W_OP 0xffull
#define W_PATH 0xffffffff00000000ull
#define W_ALL (~0ull)
#define W_BUF_CAPS 0xffff000000000000ull
#define W_CAPS 0x0000ffffffffffffull

#define ALLOW(w0, w1, w2, w4, w5, w6, w7) {~(W_OP | (w0)), ~(w1), ~(w2), 0, ~(w4), ~(w5), ~(w6), ~(w7)}

struct op_row {
	op_fn *run;
	uint64_t forbidden[8];
};

static_assert(CAP_OP_NOP == 0);
static const struct op_row op_table[] = {
	[CAP_OP_NOP] = {op_nop, ALLOW(0ull, 0ull, 0ull, 0ull, 0ull, 0ull, 0ull)},
	[CAP_OP_CALL] = {op_call,
			 ALLOW(W_FLAGS(CAP_SQE_TARGET_IS_ANSWER | CAP_SQE_KEEP_ANSWER | CAP_SQE_INTERRUPT) |
				       W_METHOD | W_PATH,
			       W_ALL, W_ALL, W_ALL, W_ALL, W_ALL, W_ALL)},
	[CAP_OP_RECV] = {op_recv,
			 ALLOW(W_FLAGS(CAP_SQE_NOTICES), W_ALL, 0ull, 0ull, W_ALL, W_BUF_CAPS, W_ALL)},
	[CAP_OP_RETURN] = {op_return, ALLOW(W_FLAGS(CAP_SQE_QUIET | CAP_SQE_IS_EXCEPTION | CAP_SQE_TAIL |
						    CAP_SQE_RELEASE_CAPS) |
						    W_METHOD,
					    W_ALL, W_ALL, W_ALL, 0ull, W_CAPS, 0ull)},
	[CAP_OP_RETURN_RECV] = {op_return_recv,
				ALLOW(W_FLAGS(RETURN_RECV_FLAGS), W_ALL, W_ALL, W_ALL, W_ALL, W_ALL, W_ALL)},
	[CAP_OP_RELEASE] = {op_release, ALLOW(W_FLAGS(CAP_SQE_TARGET_IS_ANSWER | CAP_SQE_QUIET) | W_PATH,
					      W_ALL, 0ull, 0ull, 0ull, 0ull, 0ull)},
	[CAP_OP_RELEASE_ANSWER] = {op_release_answer, ALLOW(W_FLAGS(CAP_SQE_QUIET | CAP_SQE_RELEASE_CAPS),
							    W_ALL, 0ull, 0ull, 0ull, 0ull, 0ull)},
	[CAP_OP_DUP] = {op_dup, ALLOW(W_FLAGS(CAP_SQE_TARGET_IS_ANSWER) | W_PATH, W_ALL, 0ull, 0ull, 0ull,
				      0ull, 0ull)},
	[CAP_OP_CANCEL] = {op_cancel, ALLOW(W_FLAGS(CAP_SQE_QUIET), W_ALL, 0ull, 0ull, 0ull, 0ull, 0ull)},
	[CAP_OP_WAKE] = {op_wake, ALLOW(W_FLAGS(CAP_SQE_QUIET), W_ALL, 0ull, 0ull, 0ull, 0ull, 0ull)},
	[CAP_OP_SIGNAL] = {op_signal, ALLOW(W_FLAGS(CAP_SQE_QUIET), W_ALL, W_ALL, 0ull, 0ull, 0ull, 0ull)},
	[CAP_OP_WAIT] = {op_wait, ALLOW(0ull, W_ALL, W_ALL, 0ull, 0ull, 0ull, W_ALL)},
};
static_assert(array_size(op_table) == CAP_OP_COUNT);

/* Copies one SQE, whose first word was read; false: unknown operation, or a bit that must be zero is not. */
static inline bool fetch(const volatile uint64_t *from, uint64_t word, struct request *request)
{
	unsigned op = word & W_OP;
	bool known = op < CAP_OP_COUNT;

	op = (unsigned)ARCH_INDEX_MASKED("opcode", op, CAP_OP_COUNT); /* unknown: as NOP */
	const uint64_t *forbidden = op_table[op].forbidden;
	uint64_t bad = word & forbidden[0];
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = word;
#pragma clang loop unroll(full)
	for (unsigned i = 1; i < 8; i++) {
		word = from[i];
		store_relaxed(&request->words[i], word); /* a late deadline may look at it */
		bad |= word & forbidden[i];
	}
	return known && bad == 0;
}

static inline enum status run(struct thread *thread, struct request *request)
{
	uint8_t op = request->sqe.op;

	return op_table[ARCH_INDEX_MASKED("opcode", op, CAP_OP_COUNT)].run(thread, request);
}

void submit_complete(struct ring *ring, struct request *request, enum status status)
{
	if (status == OP_WAITING || (status == STATUS_OK && (request->sqe.flags & CAP_SQE_QUIET)))
		return;
	request->result.status = status;
	ring_post(ring, request->sqe.user_data, &request->result);
}

/* Any operation, with all that it may be. */
static inline void dispatch_any(struct thread *thread, struct ring *ring, const volatile uint64_t *from,
				uint64_t word)
{
	struct request *request = ring->free;

	request->sequence = ring->sq_head - 1;
	bool valid = fetch(from, word, request);
	request->result = (struct completion){0};
	submit_complete(ring, request, likely(valid) ? run(thread, request) : STATUS_BAD_OP);
}

/* --- Not what the spare was last ------------------------------------------------------------------------------------ */

/* RETURN_RECV with no flag but its own: all the other words are its own. */
void fetch_return(struct request *request, const volatile uint64_t *from, uint64_t word)
{
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = word;
#pragma clang loop unroll(full)
	for (unsigned i = 1; i < 8; i++)
		store_relaxed(&request->words[i], from[i]); /* a late deadline may look at it */
}

/* --- Calls by id ------------------------------------------------------------------------------------------------------- */

[[gnu::noinline]] ARCH_PRESERVES_NONE void dispatch_call_slowly(struct thread *thread,
								const volatile uint64_t *from, uint64_t word,
								const struct call_target *target)
{
	struct request *request = thread->ring.free;

	quick_call_to_request(&thread->ring, from, word, target);
	submit_complete(&thread->ring, request,
			target != NULL ? call_object(thread, request, target) : call_by_id(thread, request));
}

[[gnu::noinline]] ARCH_PRESERVES_NONE void dispatch_quick_words(struct thread *thread,
								const volatile uint64_t *from,
								uint64_t message)
{
	dispatch_quick_message(thread, from, thread->ring.memory.target, quick_range_of(message));
}

/* A kernel object's target is remembered from now on; true: it was none, and the call has been made. */
[[gnu::noinline]] static ARCH_PRESERVES_NONE bool dispatch_to_facet(struct thread *thread,
								    const volatile uint64_t *from,
								    uint64_t word, uint64_t id,
								    uint64_t interface_id,
								    struct call_target *target)
{
	struct cap_table *table = &thread->process->table;
	const uint64_t *count = cap_table_removals(table, cap_id_slot((cap_id){id}));
	uint64_t removals = load_acquire(count); /* before what is remembered under it */
	struct cap_ref ref;

	if (likely(cap_table_find(table, (cap_id){id}, &ref) == STATUS_OK) &&
	    likely(ref.view->kind == VIEW_FACET) && likely(ref.view->object->type->is_endpoint)) {
		struct request *request = thread->ring.free;
		quick_call_to_request(&thread->ring, from, word, NULL);
		request->words[1] = id; /* what it was found by */
		submit_complete(&thread->ring, request, call_facet(thread, request, ref, count, removals));
		return true;
	}
	if (call_resolve(thread, word, id, interface_id, target)) {
		target->count = count;
		target->removals = removals;
		return false;
	}
	dispatch_call_slowly(thread, from, word, NULL);
	return true;
}

/* A call with neither flags nor path, to a kernel object, or to a process and not as the last one: all the other words are its own. */
ARCH_PRESERVES_NONE void dispatch_other_call(struct thread *thread, const volatile uint64_t *from,
					     uint64_t word, uint64_t id)
{
	struct ring *ring = &thread->ring;
	struct call_target *target = ring->memory.target;

	if (unlikely(!call_target_is(target, word, from))) {
		target = call_target_find(ring, word, from);
		if (target == NULL) {
			target = &ring->memory.targets[ring->memory.target_next % RING_TARGETS];
			if (dispatch_to_facet(thread, from, word, id, from[2], target))
				return;
			ring->memory.target_next++;
		}
		ring->memory.target = target;
	}
	dispatch_quick_message(thread, from, target, quick_range(&from[4]));
}

/* --- One on one thing -------------------------------------------------------------------------------------------------- */

void quick_refused(struct thread *thread, const volatile uint64_t *from, unsigned op, uint64_t target,
		   enum status status)
{
	if (status != STATUS_BAD_OP)
		quick_record(thread, op, target, 0, status);
	quick_post(&thread->ring, from[3], (uint32_t)status, 0);
}

void quick_wait_slowly(struct thread *thread, const volatile uint64_t *from)
{
	dispatch_any(thread, &thread->ring, from, CAP_OP_WAIT);
}

ARCH_PRESERVES_NONE void dispatch_unusual(struct thread *thread, const volatile uint64_t *from, uint64_t word)
{
	dispatch_any(thread, &thread->ring, from, word);
}

ARCH_PRESERVES_NONE void dispatch_other(struct thread *thread, const volatile uint64_t *from, uint64_t word)
{
	struct ring *ring = &thread->ring;

	if (!dispatch_usual(thread, ring, from, word))
		dispatch_any(thread, ring, from, word);
}

/* Enough was done for one entry (false); or something may be held: what is ready goes first, and calls may have to wait behind it. */
static bool may_dispatch(struct thread *thread)
{
	return promise_work(thread) == 0 && (thread->sched.work & ~RING_HOLD_MARK) < CAP_ENTER_MAX_COPY;
}

uint32_t dispatch_marked(struct thread *thread, struct ring *ring, uint32_t most)
{
	if (!may_dispatch(thread))
		return 0;
	uint32_t followed = promise_follow(thread, most);
	if (followed != 0)
		return followed;
	const volatile uint64_t *from = sq_entry(ring, ring->sq_head);
	ring->free->sequence = ring->sq_head;
	count_own(&ring->sq_head, 1);
	dispatch_any(thread, ring, from, from[0]);
	return 1;
}

/* One of a process whose messages are captured: as dispatch_marked, with a record before and, once it is over, behind each call. */
static bool dispatch_captured(struct thread *thread, struct ring *ring)
{
	const volatile uint64_t *from = sq_entry(ring, ring->sq_head);

	if (!may_dispatch(thread))
		return false;
	struct request *request = ring->free; /* behind what was held: that may have taken the spare */
	uint64_t word = from[0];
	request->sequence = ring->sq_head;
	count_own(&ring->sq_head, 1);
	if ((word & W_OP) != CAP_OP_CALL) {
		dispatch_any(thread, ring, from, word);
		return true;
	}
	bool valid = fetch(from, word, request);
	request->result = (struct completion){0};
	if (valid) {
		capture_submitted(thread, request);
		request->extras = (uint16_t)capture_extra(ring, request);
	}
	enum status status = valid ? run(thread, request) : STATUS_BAD_OP;
	if (valid)
		capture_dispatched(ring, request, status);
	submit_complete(ring, request, status);
	return true;
}

/* More than there can be, or any at all of a captured ring. */
[[gnu::cold]] uint32_t submit_captured(struct thread *thread, uint32_t count)
{
	struct ring *ring = &thread->ring;
	uint32_t allowed = ring->sq_quick == 0 && count <= ring->sq_mask + 1 ? room(ring, count) : UINT32_MAX;

	if (allowed == UINT32_MAX)
		return RING_PROTOCOL;
	uint32_t reasons = allowed < count ? RING_FULL : 0;
	for (uint32_t left = allowed; left > 0; left--) {
		if (!dispatch_captured(thread, ring)) {
			reasons = RING_BOUND;
			break;
		}
	}
	publish(ring);
	return reasons;
}
