// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: the straight line of admission, as part of cap_enter. What is not on it is submit.c's.
 */
#pragma once

#include "again.h"
#include "batch_line.h"
#include "quick.h"
#include "submit.h"
#include "things.h"

#include <ring/endpoint.h>

/* Of a submission's first word. */
#define W_METHOD 0xffff0000ull
#define W_FLAGS(f) ((uint64_t)(f) << 8)

#define RETURN_RECV_FLAGS (CAP_SQE_IS_EXCEPTION | CAP_SQE_NOTICES | CAP_SQE_RELEASE_CAPS)

#define QUIET_WORD ((uint64_t)CAP_SQE_QUIET << 8)

/* submit.c: what is not what the spare was last. */
void fetch_return(struct request *request, const volatile uint64_t *from, uint64_t word);
ARCH_PRESERVES_NONE void dispatch_other_call(struct thread *thread, const volatile uint64_t *from,
					     uint64_t word, uint64_t id);
ARCH_PRESERVES_NONE void dispatch_other(struct thread *thread, const volatile uint64_t *from, uint64_t word);
/* The same, of which is known that it is none of those that dispatch_usual knows. */
ARCH_PRESERVES_NONE void dispatch_unusual(struct thread *thread, const volatile uint64_t *from,
					  uint64_t word);
/* While something is held, or enough was done for one entry: how many of `most` submissions were dispatched, in their order. 0: none may
 * be now. */
uint32_t dispatch_marked(struct thread *thread, struct ring *ring, uint32_t most);
/* More than there can be, or any at all of a captured ring. */
uint32_t submit_captured(struct thread *thread, uint32_t count);
void submit_complete(struct ring *ring, struct request *request, enum status status);

/* --- What was submitted before, once more ----------------------------------------------------------------------------- */

/*
 * Most calls and answers repeat the words of the last ones: those that the spare had when it was used last. They are compared with it,
 * and only the others are copied. A word that differs is read again with all the rest (fetch): what was read here means nothing
 * then.
 */
static inline bool is_remembered(const struct request *request)
{
	return likely((request->memory.removals & ~REQUEST_MORE) == load_acquire(request->memory.count));
}

/* And it is plain. */
static inline bool is_remembered_plain(const struct request *request)
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

/* Another place for the result. */
[[gnu::noinline]] static bool change_buffer(const struct ring *ring, struct request *request, uint64_t buffer)
{
	if (!is_message(ring, buffer) || buffer >> 32 < CAP_MIN_RESULT_BUF)
		return false;
	request->words[5] = buffer;
	request->memory.shape = call_shape(request);
	return true;
}

/* Another message. */
static inline bool change_message(const struct ring *ring, struct request *request, uint64_t message)
{
	if (!is_message(ring, message) || unlikely(message >> 32 > request->memory.endpoint->max_message))
		return false;
	request->words[4] = message;
	return true;
}

/* False: another call, or a message or buffer that may be no such. */
[[gnu::noinline]] static bool is_similar_call(struct request *request, const volatile uint64_t *from,
					      uint64_t word, uint64_t id)
{
	const struct ring *ring = request->ring;
	uint64_t message = from[4], buffer = from[5], caps = from[6];
	uint64_t differs = (word ^ request->words[0]) | (id ^ request->words[1]) |
			   (from[2] ^ request->words[2]) | (from[7] ^ request->words[7]);

	if (differs != 0 || !is_remembered(request))
		return false;
	if (unlikely(message != request->words[4]) && !change_message(ring, request, message))
		return false;
	if (unlikely(buffer != request->words[5])) {
		if (unlikely((buffer ^ request->words[5]) >> 32 != 0)) {
			if (!change_buffer(ring, request, buffer))
				return false;
		} else if (unlikely(!is_message(ring, buffer))) {
			return false;
		}
		request->words[5] = buffer; /* as long, elsewhere */
	}
	if (unlikely(caps != request->words[6])) {
		if ((caps ^ request->words[6]) >> 32 != 0)
			return false;
		request->words[6] = caps; /* as many, elsewhere */
	}
	request->words[3] = from[3];
	return true;
}

/* The same words, or nearly. What they meant counts if it still is_remembered. Those that were read before are not read again: the first
 * says that it is a call, and the spare may remember an answer. */
static inline bool is_same_call(struct request *request, const volatile uint64_t *from, uint64_t word,
				uint64_t id)
{
	return likely(word == request->words[0]) && likely(id == request->words[1]) &&
	       (likely(arch_is_same_48(from + 2, request->words + 2)) ||
		is_similar_call(request, from, word, id));
}

[[gnu::noinline]] static bool is_similar_return(struct request *request, const volatile uint64_t *from,
						uint64_t word)
{
	const struct ring *ring = request->ring;
	uint64_t message = from[4], buffer = from[5];
	uint64_t differs = (word ^ request->words[0]) | (from[2] ^ request->words[2]) |
			   (from[6] ^ request->words[6]) | (from[7] ^ request->words[7]);

	if (differs != 0 || !is_remembered(request))
		return false;
	if (unlikely(buffer != request->words[5])) {
		if ((buffer ^ request->words[5]) >> 32 != 0 || !is_message(ring, buffer))
			return false;
		request->words[5] = buffer; /* as long, elsewhere */
	}
	if (unlikely(message != request->words[4])) {
		request->words[4] = message;
		if (!is_message(ring, message))
			return false; /* with all other words read again */
	}
	request->words[3] = from[3];
	return true;
}

/* The same for a RETURN_RECV, but for the token. */
static inline bool is_same_return(struct request *request, const volatile uint64_t *from, uint64_t word)
{
	request->words[1] = from[1];
	return (likely(word == request->words[0]) && likely(arch_is_same_48(from + 2, request->words + 2))) ||
	       is_similar_return(request, from, word);
}

/* RETURN_RECV; `again`: the same as the last one, and that is remembered. */
[[gnu::always_inline]] static inline void dispatch_return_recv(struct thread *thread,
							       const volatile uint64_t *from, uint64_t word,
							       uint64_t sequence, bool again)
{
	struct request *request = thread->ring.free;

	request->sequence = sequence;
	if (unlikely(!again))
		fetch_return(request, from, word);
	enum status status = op_return_recv_here(thread, request, again);
	if (unlikely(status != OP_WAITING)) {
		request->result = (struct completion){0};
		submit_complete(request->ring, request, status);
	}
}

/* CALL, but not the last one again. */
[[gnu::always_inline]] static inline void dispatch_new_call(struct thread *thread,
							    const volatile uint64_t *from, uint64_t word,
							    uint64_t id)
{
	if (likely((word & ~W_METHOD) == CAP_OP_CALL)) /* so were the words of all that is remembered */
		dispatch_other_call(thread, from, word, id);
	else
		dispatch_other(thread, from, word);
}

[[gnu::always_inline]] static inline void dispatch_call(struct thread *thread, const volatile uint64_t *from,
							uint64_t word, uint64_t sequence)
{
	struct request *request = thread->ring.free;
	uint64_t id = from[1];

	if (is_same_call(request, from, word, id)) {
		if (is_remembered_plain(request) && likely(call_in_line(thread, request, sequence)))
			return;
		if (is_remembered(request)) {
			request->sequence = sequence;
			op_call_again(thread, request);
			return;
		}
	}
	dispatch_new_call(thread, from, word, id);
}

/* --- What ends where it begins ---------------------------------------------------------------------------------------- */

static inline void quick_nop(struct ring *ring, const volatile uint64_t *from)
{
	bool fits = (from[1] | from[2] | from[4] | from[5] | from[6] | from[7]) == 0;

	quick_post(ring, from[3], (uint32_t)(likely(fits) ? STATUS_OK : STATUS_BAD_OP), 0);
}

/* NOP, and what works on one thing, as programs submit them. False: it is something else. */
[[gnu::always_inline]] static inline bool dispatch_usual(struct thread *thread, struct ring *ring,
							 const volatile uint64_t *from, uint64_t word)
{
	if (word == (CAP_OP_SIGNAL | QUIET_WORD)) {
		quick_signal(thread, from);
	} else if (word == CAP_OP_WAIT) {
		if (unlikely(!quick_wait(thread, from)))
			quick_wait_slowly(thread, from);
	} else if (word == CAP_OP_DUP) {
		quick_dup(thread, from);
	} else if (word == (CAP_OP_RELEASE | QUIET_WORD)) {
		quick_release(thread, from);
	} else if (word == CAP_OP_NOP) {
		quick_nop(ring, from);
	} else {
		return false;
	}
	return true;
}

/* --- The loop ---------------------------------------------------------------------------------------------------------- */

static inline bool is_return_recv(uint64_t word)
{
	return (word & ~W_FLAGS(RETURN_RECV_FLAGS)) == CAP_OP_RETURN_RECV;
}

/* In a loop, for the compiler: addresses of what few submissions need are not computed ahead of it, and kept on the stack. */
#define not_ahead(pointer) __asm__ volatile("" : "+r"(pointer))

#define OP_NIBBLE 15u /* every opcode is one: what `word` then is, each of them compares */
static_assert(CAP_OP_COUNT <= OP_NIBBLE + 1);

/* One of a batch. True: it was one that adds nothing to the entry's work. */
[[gnu::always_inline]] static inline bool dispatch(struct thread *thread)
{
	struct ring *ring = &thread->ring;
	uint64_t sequence = ring->sq_head;
	count_own(&ring->sq_head, 1);
	const volatile uint64_t *from = sq_entry(ring, sequence);
	uint64_t word = from[0];

	switch ((unsigned)word & OP_NIBBLE) {
	case CAP_OP_CALL: {
		const struct call_target *target = ring->memory.target;
		if (call_target_is(target, word, from))
			dispatch_quick_call(thread, from, target);
		else
			dispatch_call(thread, from, word, sequence);
		return false;
	}
	case CAP_OP_RETURN_RECV:
		if (unlikely(!is_return_recv(word)))
			break;
		if (is_same_return(ring->free, from, word)) {
			if (is_remembered_plain(ring->free) &&
			    likely(return_in_line(thread, ring->free, sequence)))
				return false;
			dispatch_return_recv(thread, from, word, sequence, is_remembered(ring->free));
		} else {
			dispatch_return_recv(thread, from, word, sequence, false);
		}
		return false;
	case CAP_OP_SIGNAL:
		if (unlikely(word != (CAP_OP_SIGNAL | QUIET_WORD)))
			break;
		quick_signal(thread, from);
		return true;
	case CAP_OP_WAIT:
		if (unlikely(word != CAP_OP_WAIT) || unlikely(!quick_wait(thread, from)))
			break;
		return true;
	case CAP_OP_DUP:
		if (unlikely(word != CAP_OP_DUP))
			break;
		quick_dup(thread, from);
		return true;
	case CAP_OP_RELEASE:
		if (unlikely(word != (CAP_OP_RELEASE | QUIET_WORD)))
			break;
		quick_release(thread, from);
		return false;
	case CAP_OP_NOP:
		if (unlikely(word != CAP_OP_NOP))
			break;
		quick_nop(ring, from);
		return true;
	case CAP_OP_RECV:
	case CAP_OP_RETURN:
	case CAP_OP_RELEASE_ANSWER:
	case CAP_OP_CANCEL:
	case CAP_OP_WAKE:
	case 12:
	case 13:
	case 14:
	case 15:
		break;
	default:
		__builtin_unreachable(); /* so that the compiler asks no more */
	}
	dispatch_unusual(thread, from, word);
	return false;
}

/* `count` submissions have a completion slot (Q1), as if everything unreaped when last looked still is. */
static inline bool has_room(const struct ring *ring, uint32_t count)
{
	return ring->cq_tail - ring->cq_head + ring->pending + count <= ring->cq_count;
}

/* How many of them have; looks again only when that leaves too few. UINT32_MAX: impossible index. */
static inline uint32_t room(struct ring *ring, uint32_t count)
{
	if (likely(has_room(ring, count)))
		return count;
	uint32_t unreaped = ring_unreaped(ring);
	/* An index that went backwards takes back room that is promised already. */
	if (unreaped == UINT32_MAX || unreaped + ring->pending > ring->cq_count)
		return UINT32_MAX;
	uint32_t left = ring->cq_count - unreaped - ring->pending;
	return left < count ? left : count;
}

static inline void publish(struct ring *ring)
{
	store_release(&ring->control->sq_head, (uint32_t)ring->sq_head);
	store_release(&ring->control->cq_tail, ring->cq_tail);
}

/* The only submission: there is room for its completion, also if that comes later, and the ring is not captured. `unreaped`: so many
 * completions. */
static inline bool may_submit_one(const struct ring *ring, uint32_t unreaped)
{
	return likely(unreaped + ring->pending < ring->room_alone);
}
