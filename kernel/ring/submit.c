// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Admission: takes submissions from the shared queue, checks and dispatches them. The only function that reads
 * submission entries.
 *
 * Each SQE is copied once, word by word, into the ring's spare request; fields that its operation does not use must
 * be zero, which is checked on the way. The shared bytes are dead afterwards (double fetch: shared/hazards.md).
 */
#include "capture.h"
#include "complete.h"
#include "ops.h"
#include "promise.h"
#include "quick.h"
#include "submit.h"

#include <core/cpu.h>
#include <ring/endpoint.h>

/* Which bits of which words an operation may use. Word 0: op, flags, method, path; 1 target; 2 interface_id; 3 user_data;
 * 4 msg_off, msg_len; 5 buf_off, buf_len; 6 caps_off, caps_len, buf_caps; 7 deadline_ns. */
#define W_OP 0xffull
#define W_FLAGS(f) ((uint64_t)(f) << 8)
#define W_METHOD 0xffff0000ull
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
			 ALLOW(W_FLAGS(CAP_SQE_TARGET_IS_ANSWER | CAP_SQE_KEEP_ANSWER) | W_METHOD | W_PATH,
			       W_ALL, W_ALL, W_ALL, W_ALL, W_ALL, W_ALL)},
	[CAP_OP_RECV] = {op_recv,
			 ALLOW(W_FLAGS(CAP_SQE_NOTICES), W_ALL, 0ull, 0ull, W_ALL, W_BUF_CAPS, W_ALL)},
	[CAP_OP_RETURN] = {op_return,
			   ALLOW(W_FLAGS(CAP_SQE_QUIET | CAP_SQE_IS_EXCEPTION | CAP_SQE_TAIL) | W_METHOD,
				 W_ALL, W_ALL, W_ALL, 0ull, W_CAPS, 0ull)},
	[CAP_OP_RETURN_RECV] = {op_return_recv, ALLOW(W_FLAGS(CAP_SQE_IS_EXCEPTION | CAP_SQE_NOTICES), W_ALL,
						      W_ALL, W_ALL, W_ALL, W_ALL, W_ALL)},
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

static inline void complete(struct ring *ring, struct request *request, enum status status)
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
	complete(ring, request, likely(valid) ? run(thread, request) : STATUS_BAD_OP);
}

/* --- What was submitted before, once more ----------------------------------------------------------------------------- */

/*
 * Most calls and answers repeat the words of the last ones: those that the spare had when it was used last. They are compared with it,
 * and only the others are copied. A word that differs is read again with all the rest (fetch): what was read here means nothing
 * then.
 */
static inline bool is_remembered(const struct request *request)
{
	return likely(request->memory.removals == load_acquire(request->memory.count));
}

#define ALIGNED_RANGE 0x0000000700000007ull /* in {offset, length} */

/* A message that lies in the arena. */
static inline bool is_message(const struct ring *ring, uint64_t range)
{
	return likely((range & ALIGNED_RANGE) == 0) &&
	       likely((uint32_t)range + (range >> 32) <= ring->arena_len);
}

/* False: another call, or a message that may be no such. */
static inline bool is_same_call(const struct ring *ring, struct request *request,
				const volatile uint64_t *from, uint64_t word, uint64_t id)
{
	uint64_t differs = (word ^ request->words[0]) | (id ^ request->words[1]) |
			   (from[2] ^ request->words[2]) | (from[5] ^ request->words[5]) |
			   (from[6] ^ request->words[6]) | (from[7] ^ request->words[7]);

	if (differs != 0 || !is_remembered(request))
		return false;
	uint64_t message = from[4];
	if (unlikely(message != request->words[4])) {
		if (!is_message(ring, message) || message >> 32 > request->memory.endpoint->max_message)
			return false;
		request->words[4] = message;
	}
	request->words[3] = from[3];
	return true;
}

static inline bool is_same_return(struct request *request, const volatile uint64_t *from, uint64_t word)
{
	uint64_t differs = (word ^ request->words[0]) | (from[2] ^ request->words[2]) |
			   (from[5] ^ request->words[5]) | (from[6] ^ request->words[6]) |
			   (from[7] ^ request->words[7]);

	if (differs != 0 || !is_remembered(request))
		return false;
	request->words[1] = from[1];
	request->words[3] = from[3];
	request->words[4] = from[4];
	return true;
}

/* RETURN_RECV with no flag but those two: all the other words are its own. */
[[gnu::noinline]] static void fetch_return(struct request *request, const volatile uint64_t *from,
					   uint64_t word)
{
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = word;
#pragma clang loop unroll(full)
	for (unsigned i = 1; i < 8; i++)
		store_relaxed(&request->words[i], from[i]); /* a late deadline may look at it */
}

static inline void dispatch_return_recv(struct thread *thread, struct ring *ring,
					const volatile uint64_t *from, uint64_t word)
{
	struct request *request = ring->free;
	bool again = is_same_return(request, from, word);

	request->sequence = ring->sq_head - 1;
	if (unlikely(!again))
		fetch_return(request, from, word);
	enum status status = op_return_recv_here(thread, request, again);
	if (likely(status == OP_WAITING))
		return;
	request->result = (struct completion){0};
	complete(ring, request, status);
}

/* --- Calls by id ------------------------------------------------------------------------------------------------------- */

/* A call that is more than a kernel object's method without capabilities, or whose target (NULL) is unusual. */
[[gnu::noinline]] static void dispatch_call_slowly(struct thread *thread, const struct call_target *target,
						   const volatile uint64_t *from, struct quick_call call)
{
	struct request *request = thread->ring.free;

	quick_call_to_request(&thread->ring, from, call);
	complete(&thread->ring, request,
		 target != NULL ? call_object(thread, request, target) : call_by_id(thread, request));
}

/* A kernel object's target is remembered from now on; true: it was none, and the call has been made. */
[[gnu::noinline]] static bool dispatch_to_facet(struct thread *thread, struct call_target *target,
						const volatile uint64_t *from, struct quick_call call)
{
	struct cap_table *table = &thread->process->table;
	const uint64_t *count = cap_table_removals(table, cap_id_slot((cap_id){call.id}));
	uint64_t removals = load_acquire(count); /* before what is remembered under it */
	struct cap_ref ref;

	if (likely(cap_table_find(table, (cap_id){call.id}, &ref) == STATUS_OK) &&
	    likely(ref.view->kind == VIEW_FACET) && likely(ref.view->object->type->is_endpoint)) {
		struct request *request = thread->ring.free;
		quick_call_to_request(&thread->ring, from, call);
		complete(&thread->ring, request, call_facet(thread, request, ref, count, removals));
		return true;
	}
	if (call_resolve(thread, call.word, call.id, call.interface_id, target))
		return false;
	dispatch_call_slowly(thread, NULL, from, call);
	return true;
}

/* A call with neither flags nor path, to a kernel object, or to a process and not as the last one: all the other words are its own. */
[[gnu::noinline]] static ARCH_PRESERVES_NONE void dispatch_other_call(struct thread *thread,
								      const volatile uint64_t *from,
								      uint64_t word, uint64_t id)
{
	struct process *process = thread->process;
	const struct ring *ring = &thread->ring;
	struct call_target *target = call_target_slot(this_cpu()->kcall, process, word, id);
	uint64_t interface_id = from[2], message = from[4], buffer = from[5], caps = from[6];
	struct quick_call call = {word, id, interface_id, message, buffer, caps};

	if (unlikely(!quick_target_is(target, process, word, id, interface_id)) &&
	    dispatch_to_facet(thread, target, from, call))
		return;
	if (unlikely(!quick_ranges_ok(ring, message, buffer)) ||
	    unlikely(!session_is_alive(process->session)))
		dispatch_call_slowly(thread, NULL, from, call);
	else if (unlikely(caps >> 32 != 0) || unlikely(message >> 32 > CAP_MAX_KERNEL_MESSAGE))
		dispatch_call_slowly(thread, target, from, call);
	else
		quick_call(thread, target, from, message, buffer);
}

static inline void dispatch_call(struct thread *thread, struct ring *ring, const volatile uint64_t *from,
				 uint64_t word)
{
	struct request *request = ring->free;
	uint64_t id = from[1];

	if (id == request->words[1] && is_same_call(ring, request, from, word, id)) {
		request->sequence = ring->sq_head - 1;
		op_call_again(thread, request);
		return;
	}
	dispatch_other_call(thread, from, word, id);
}

/* --- One on one thing -------------------------------------------------------------------------------------------------- */

#define QUIET_WORD ((uint64_t)CAP_SQE_QUIET << 8)

/* `quiet` is its only flag. */
static inline void dispatch_quick(struct thread *thread, struct ring *ring, const volatile uint64_t *from,
				  unsigned op, bool quiet)
{
	struct quick_sqe sqe = quick_read(from);
	uint64_t token = 0;
	enum status status = STATUS_BAD_OP;

	switch (op) {
	case CAP_OP_DUP:
		if (likely((sqe.bits | sqe.deadline | sqe.rest | quiet) == 0))
			status = quick_dup(thread, sqe.target, &token);
		break;
	case CAP_OP_RELEASE:
		if (likely((sqe.bits | sqe.deadline | sqe.rest) == 0))
			status = quick_release(thread, sqe.target);
		break;
	case CAP_OP_SIGNAL:
		if (likely((sqe.deadline | sqe.rest) == 0))
			status = quick_signal(thread, &sqe);
		break;
	case CAP_OP_WAKE:
		if (likely((sqe.bits | sqe.deadline | sqe.rest) == 0))
			status = quick_wake(thread, sqe.target);
		break;
	default: /* WAIT */
		if (unlikely((sqe.rest | quiet) != 0))
			break;
		status = quick_wait(thread, &sqe, &token);
		if (status != OP_WAITING)
			break;
		quick_to_request(ring, op, &sqe);
		complete(ring, ring->free, op_wait(thread, ring->free));
		return;
	}
	if (status != STATUS_OK || !quiet)
		quick_post(ring, sqe.user_data, (uint32_t)status, token);
}

[[gnu::noinline]] static ARCH_PRESERVES_NONE void dispatch_other(struct thread *thread,
								 const volatile uint64_t *from, uint64_t word)
{
	struct ring *ring = &thread->ring;

	switch (word & ~QUIET_WORD) {
	case CAP_OP_DUP:
	case CAP_OP_RELEASE:
	case CAP_OP_SIGNAL:
	case CAP_OP_WAIT:
	case CAP_OP_WAKE:
		dispatch_quick(thread, ring, from, word & W_OP, (word & QUIET_WORD) != 0);
		return;
	default:
		dispatch_any(thread, ring, from, word);
	}
}

/* --- The loop ---------------------------------------------------------------------------------------------------------- */

static inline void dispatch(struct thread *thread, struct ring *ring)
{
	uint64_t sequence = ring->sq_head++;
	const volatile uint64_t *from = (const volatile uint64_t *)(const volatile void *)&ring
						->sq[(uint32_t)sequence & ring->sq_mask];
	uint64_t word = from[0];

	if ((word & ~W_METHOD) == CAP_OP_CALL) {
		dispatch_call(thread, ring, from, word);
	} else if ((word & ~W_FLAGS(CAP_SQE_IS_EXCEPTION | CAP_SQE_NOTICES)) == CAP_OP_RETURN_RECV) {
		dispatch_return_recv(thread, ring, from, word);
	} else if (word == CAP_OP_NOP) {
		uint64_t user_data = from[3];
		bool fits = (from[1] | from[2] | from[4] | from[5] | from[6] | from[7]) == 0;
		quick_post(ring, user_data, likely(fits) ? 0 : (uint32_t)STATUS_BAD_OP, 0);
	} else {
		dispatch_other(thread, from, word);
	}
}

/* Enough was done for one entry (false); or something may be held: what is ready goes first, and calls may have to wait behind it. */
static bool may_dispatch(struct thread *thread)
{
	return promise_work(thread) == 0 && (thread->sched.work & ~RING_HOLD_MARK) < CAP_ENTER_MAX_COPY;
}

static bool dispatch_marked(struct thread *thread, struct ring *ring)
{
	if (!may_dispatch(thread))
		return false;
	uint64_t sequence = ring->sq_head++;
	const volatile uint64_t *from = (const volatile uint64_t *)(const volatile void *)&ring
						->sq[(uint32_t)sequence & ring->sq_mask];
	ring->free->sequence = sequence;
	dispatch_any(thread, ring, from, from[0]);
	return true;
}

/* How many of `count` submissions have a completion slot (Q1), as if everything unreaped when last looked still is; looks
 * again only when that leaves too few. UINT32_MAX: impossible index. */
static inline uint32_t room(struct ring *ring, uint32_t count)
{
	uint32_t used = ring->cq_tail - ring->cq_head + ring->pending;

	if (likely(used + count <= ring->cq_count))
		return count;
	uint32_t unreaped = ring_unreaped(ring);
	/* An index that went backwards takes back room that is promised already. */
	if (unreaped == UINT32_MAX || unreaped + ring->pending > ring->cq_count)
		return UINT32_MAX;
	uint32_t left = ring->cq_count - unreaped - ring->pending;
	return left < count ? left : count;
}

/* One of a process whose messages are captured: as dispatch_marked, with a record before and, once it is over, behind each call. */
static bool dispatch_captured(struct thread *thread, struct ring *ring)
{
	const volatile uint64_t *from = (const volatile uint64_t *)(const volatile void *)&ring
						->sq[(uint32_t)ring->sq_head & ring->sq_mask];

	if (!may_dispatch(thread))
		return false;
	struct request *request = ring->free; /* behind what was held: that may have taken the spare */
	uint64_t word = from[0];
	request->sequence = ring->sq_head++;
	if ((word & W_OP) != CAP_OP_CALL) {
		dispatch_any(thread, ring, from, word);
		return true;
	}
	bool valid = fetch(from, word, request);
	request->result = (struct completion){0};
	if (valid)
		capture_submitted(thread, request);
	enum status status = valid ? run(thread, request) : STATUS_BAD_OP;
	if (valid)
		capture_dispatched(ring, request, status);
	complete(ring, request, status);
	return true;
}

static inline void publish(struct ring *ring)
{
	store_release(&ring->control->sq_head, (uint32_t)ring->sq_head);
	store_release(&ring->control->cq_tail, ring->cq_tail);
}

/* More than there can be, or any at all of a captured ring. */
[[gnu::noinline, gnu::cold]] static uint32_t submit_captured(struct thread *thread, uint32_t count)
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

ARCH_PRESERVES_NONE uint32_t submit(struct thread *thread, uint32_t tail)
{
	struct ring *ring = &thread->ring;
	uint32_t count = tail - (uint32_t)ring->sq_head;

	if (unlikely(count > ring->sq_quick))
		return submit_captured(thread, count);
	uint32_t allowed = room(ring, count);
	uint32_t reasons = 0;
	if (unlikely(allowed < count))
		reasons = RING_FULL;
	else if (unlikely(allowed == UINT32_MAX))
		return RING_PROTOCOL;
	struct cpu *cpu = this_cpu();
	cpu->batch = allowed > 1;
	/* Each takes at most one slot, so that there is room for all of them (Q1). */
	for (uint32_t left = allowed; left > 0; left--) {
		if (likely(thread->sched.work < CAP_ENTER_MAX_COPY)) {
			dispatch(thread, ring);
		} else if (!dispatch_marked(thread, ring)) {
			reasons = RING_BOUND;
			break;
		}
	}
	cpu->batch = false;
	if (unlikely(cpu->told_later != NULL))
		facet_tell_now(cpu);
	publish(ring);
	return reasons;
}
